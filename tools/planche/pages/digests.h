/* SPDX-License-Identifier: MIT */
/* Digests of pages that come again and again: the sha256 of bytes that this process has seen
 * before, found by a hash that takes a sixth of its time.
 *
 * The hash is UMAC (RFC 4418) with a key that this process alone has and never shows: whoever does
 * not know the key finds two pages with the same hash by chance alone, once in 2^100 tries. So a
 * page's digest can be told by its hash, which decides nothing outside of this process. */
#ifndef PLANCHE_PAGES_DIGESTS_H
#define PLANCHE_PAGES_DIGESTS_H

#include "io/digest.h"

struct planche_pages_digests;

/* NULL: no memory, or no random numbers. */
struct planche_pages_digests *planche_pages_digests_create(void);
/* NULL is fine. */
void planche_pages_digests_destroy(struct planche_pages_digests *digests);
/* The sha256 of data[0..size). Thread-safe. True: it was known. */
bool planche_pages_digests_get(struct planche_pages_digests *digests, const void *data, size_t size,
                               uint8_t digest[PLANCHE_IO_DIGEST_BYTES]);

#endif
