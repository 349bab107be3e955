/* SPDX-License-Identifier: MIT */
/* What tests of the cache share: a folder of their own, keys and results by numbers. */
#ifndef PLANCHE_TESTS_CACHE_CACHE_TEST_H
#define PLANCHE_TESTS_CACHE_CACHE_TEST_H

#include "support/testing.h"

#include "cache/cache.h"
#include "cache/files.h"
#include "faults.h"

/* cmocka's setup and teardown: a new folder, in which cache_folder is to be, and nothing of it
 * left. */
int cache_test_setup(void **state);
int cache_test_teardown(void **state);
/* The folder that is around the cache, and the cache's in it. */
extern char cache_test_root[64], cache_test_folder[80];

/* Opens the cache without a keeper, with a size (0: the default) and no greatest age. */
struct planche_cache *cache_test_open(uint64_t max_bytes);
struct planche_cache *cache_test_open_with(const struct planche_cache_options *options);
struct planche_cache_key cache_test_key(unsigned number);
/* A result of so many bytes, which depend on seed. */
struct planche_cache_result *cache_test_result(unsigned seed, size_t size);
/* Whether it has these bytes, wherever it has them. */
bool cache_test_is(const struct planche_cache_result *result, unsigned seed, size_t size);
/* Stores a result under the key of a number, and looks for it: the seed is the number. */
enum planche_status cache_test_store(struct planche_cache *cache, unsigned number, size_t size);
bool cache_test_has(struct planche_cache *cache, unsigned number, size_t size);
/* Whether there is an entry, without a look that counts as a use. */
bool cache_test_exists(struct planche_cache *cache, unsigned number);
/* Files in a folder of the cache ("tmp"). */
unsigned cache_test_files(const char *folder);
struct planche_cache_stats cache_test_stats(struct planche_cache *cache);

#endif
