/* SPDX-License-Identifier: MIT */
/* Results: the bytes of a page that is done, with what is known of them. They are immutable and
 * shared by counting references, from any thread. */
#ifndef PLANCHE_CACHE_RESULT_H
#define PLANCHE_CACHE_RESULT_H

#include "base/alloc.h"

#include <planche/error.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_CACHE_DIGEST_BYTES 32
/* Headers of a result at most, and bytes of all texts with the 0 at the end of each. */
#define PLANCHE_CACHE_HEADERS    8
#define PLANCHE_CACHE_TEXT_BYTES 2048

/* A fact that is kept beside the content. Visible characters and blanks only. */
struct planche_cache_header {
    const char *name, *value;
};

/* What is kept beside the content: its type ("image/webp") and some headers. */
struct planche_cache_meta {
    const char *type;
    const struct planche_cache_header *headers;
    size_t header_count;
};

/* Content: in memory if data is not NULL, else in fd from offset on. The descriptor is read by
 * offset only (pread, sendfile), so that threads can share it. It stays readable when the entry is
 * removed. */
struct planche_cache_result {
    atomic_uint references;
    const void *data;
    int fd;
    uint64_t offset, size;
    uint8_t digest[PLANCHE_CACHE_DIGEST_BYTES]; /* sha256 of the content: a strong ETag */
    int64_t stored;                             /* ns since 1970; 0: not yet */
    const char *type;
    size_t header_count;
    struct planche_cache_header headers[PLANCHE_CACHE_HEADERS];
    void (*release)(void *data);
    size_t text_size;
    char text[PLANCHE_CACHE_TEXT_BYTES]; /* type, then name and value of each header */
};

/* A result in memory, with one reference. It owns data if that succeeds, and gives it to release
 * (may be NULL) in the end. Errors: ARGUMENT (texts too long or with control characters), MEMORY,
 * BUDGET. budget may be NULL; it counts the result without its content. */
enum planche_status planche_cache_result_create(struct planche_cache_result **out,
                                                struct planche_budget *budget, const void *data,
                                                size_t size, void (*release)(void *data),
                                                const struct planche_cache_meta *meta,
                                                struct planche_error *error);
/* Another reference; returns the result. */
struct planche_cache_result *planche_cache_result_hold(struct planche_cache_result *result);
/* Gives one back and sets *result to NULL; NULL is fine. */
void planche_cache_result_release(struct planche_cache_result **result);
/* Part of the content. False: errno says why, EIO if there is less. */
bool planche_cache_result_read(const struct planche_cache_result *result, void *data, size_t size,
                               uint64_t offset);
/* The value of a header, NULL: it has none. Names are compared as they are written. */
const char *planche_cache_result_header(const struct planche_cache_result *result,
                                        const char *name);

/* For entry.c and lookup.c: an empty result that owns fd (also -1); NULL: no memory. */
struct planche_cache_result *planche_cache_result_make(struct planche_budget *budget, int fd);
/* Finds type and headers in text[text_size]. False: they are not well-formed. */
bool planche_cache_result_index(struct planche_cache_result *result);
/* Digest of what a file holds from offset on. False: errno says why, EIO if there is less. */
bool planche_cache_digest_file(int fd, uint64_t offset, uint64_t size,
                               uint8_t digest[PLANCHE_CACHE_DIGEST_BYTES]);

#endif
