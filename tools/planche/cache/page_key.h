/* SPDX-License-Identifier: MIT */
/* Keys of pages: what decides the bytes of a page's result.
 *
 * - the input's bytes;
 * - the page's options, but for those that change when or whether there is a result;
 * - the model: its name, scale, denoise level and the sha256 of its files;
 * - the numerics: precision, page-wide averages, instruction sets, and unless the backend is the
 *   CPU, GPUs with their drivers. Results are the same whatever the budget, threads and tiles are;
 * - Planche's version with the commit, and the versions of the libraries that encode.
 */
#ifndef PLANCHE_CACHE_PAGE_KEY_H
#define PLANCHE_CACHE_PAGE_KEY_H

#include "cache/key.h"

#include <planche/planche.h>

/* What all pages of an engine have in common. */
struct planche_cache_engine_key {
    struct planche_cache_key key;
};

/* Of an engine that has, or would have, these options: planche_cli_choose has put the catalogue's
 * defaults in. commit: of the build. Reads the files of a model that is not of the catalogue, and
 * asks Vulkan for the GPUs: up to a second, once an engine. Errors: IO, NOT_FOUND. */
enum planche_status planche_cache_engine_key(struct planche_cache_engine_key *engine,
                                             const struct planche_engine_options *options,
                                             const char *commit, struct planche_error *error);
/* Of a page: digest is the sha256 of the input's bytes. */
void planche_cache_page_key(struct planche_cache_key *key,
                            const struct planche_cache_engine_key *engine,
                            const uint8_t digest[PLANCHE_CACHE_KEY_BYTES],
                            const struct planche_page_options *options);

#endif
