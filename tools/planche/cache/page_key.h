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

#include <stdbool.h>

/* What all pages that this process makes have in common: of options the fields that no request
 * changes (se, precision, backend, gpu_path, cpu_mask). commit: of the build. Asks Vulkan for the
 * GPUs unless the backend is the CPU, which may take a tenth of a second: once a process. */
void planche_cache_machine_key(struct planche_cache_key *machine,
                               const struct planche_engine_options *options, const char *commit);
/* The same where pages are made by whatever machines there are: of the build its version alone. */
void planche_cache_shared_key(struct planche_cache_key *machine,
                              const struct planche_engine_options *options);
/* What all pages of a model have in common, with its scale and denoise level: planche_cli_choose
 * has put the catalogue's defaults in. Reads the files of a model that is not of the catalogue when
 * they are new or have changed. Errors: IO, NOT_FOUND: the key is that of no other model then. */
enum planche_status planche_cache_engine_key(struct planche_cache_key *engine,
                                             const struct planche_cache_key *machine,
                                             const struct planche_engine_options *options,
                                             struct planche_error *error);
/* Whether the files of a model (a name or a path; NULL: the default) need not be read for that:
 * their content is known, or it is of the catalogue. Looks at their size and time only. */
bool planche_cache_model_is_read(const char *model);
/* Of a page: digest is the sha256 of the input's bytes. */
void planche_cache_page_key(struct planche_cache_key *key, const struct planche_cache_key *engine,
                            const uint8_t digest[PLANCHE_CACHE_KEY_BYTES],
                            const struct planche_page_options *options);

#endif
