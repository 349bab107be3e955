/* SPDX-License-Identifier: MIT */
/* Verification: reading all that is kept. */
#ifndef PLANCHE_CACHE_VERIFY_H
#define PLANCHE_CACHE_VERIFY_H

#include "cache/sweep.h"

/* Reads every entry, and removes those that are damaged; told is called for each, for each that
 * cannot be read (then with errno's text), and for each foreign file. Errors: IO. */
enum planche_status planche_cache_verify(struct planche_cache *cache,
                                         void (*told)(void *user, const char *path,
                                                      const char *reason),
                                         void *user, struct planche_cache_tally *tally,
                                         const atomic_bool *stop, struct planche_error *error);

#endif
