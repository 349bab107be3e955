/* SPDX-License-Identifier: MIT */
/* Keys of pages: what a result depends on. What this machine adds to them is remembered: asking
 * GPUs may take a tenth of a second. */
#ifndef PLANCHE_PAGES_KEYS_H
#define PLANCHE_PAGES_KEYS_H

#include "cache/page_key.h"
#include "service/request.h"

struct planche_pages_keys;

/* Of engines that have these options, but for what requests change; base must outlive the result.
 * shared: pages are made by other machines, whichever.
 * NULL: no memory. */
struct planche_pages_keys *planche_pages_keys_create(const struct planche_engine_options *base,
                                                     const char *commit, bool shared);
/* NULL is fine. */
void planche_pages_keys_destroy(struct planche_pages_keys *keys);

/* The key of a page, data[0..size), with the settings of a request. Thread-safe. Errors: IO,
 * NOT_FOUND: a model file that cannot be read. */
enum planche_status planche_pages_keys_get(struct planche_pages_keys *keys, const void *data,
                                           size_t size, const struct planche_cli_request *request,
                                           struct planche_cache_key *key,
                                           struct planche_error *error);
/* Asks the machine now, and reads the files of a model (a name or a path; NULL: the default).
 * Thread-safe: who needs the machine meanwhile waits. */
void planche_pages_keys_prepare(struct planche_pages_keys *keys, const char *model);

#endif
