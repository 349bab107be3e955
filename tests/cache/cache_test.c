/* SPDX-License-Identifier: MIT */
/* What tests of the cache share. */
#include "cache_test.h"

#include "support/random.h"
#include "support/remove_tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char cache_test_root[64], cache_test_folder[80];

int cache_test_setup(void **state)
{
    (void)state;
    fault_reset();
    /* In memory, where there is such a place: thousands of small files are made. */
    snprintf(cache_test_root, sizeof cache_test_root, "/dev/shm/planche-test-XXXXXX");
    if (!mkdtemp(cache_test_root))
        snprintf(cache_test_root, sizeof cache_test_root, "/tmp/planche-test-XXXXXX");
    if (access(cache_test_root, F_OK) != 0 && !mkdtemp(cache_test_root))
        return -1;
    snprintf(cache_test_folder, sizeof cache_test_folder, "%s/results", cache_test_root);
    return 0;
}

int cache_test_teardown(void **state)
{
    (void)state;
    fault_reset();
    return remove_tree(cache_test_root);
}

struct planche_cache *cache_test_open_with(const struct planche_cache_options *options)
{
    struct planche_cache *cache;
    struct planche_cache_options own = *options;
    struct planche_error error = {0};
    own.folder = cache_test_folder;
    if (planche_cache_open(&cache, &own, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    return cache;
}

struct planche_cache *cache_test_open(uint64_t max_bytes)
{
    const struct planche_cache_options options = {
        .max_bytes = max_bytes, .min_free = -1, .max_age_s = -1, .still = true};
    return cache_test_open_with(&options);
}

struct planche_cache_key cache_test_key(unsigned number)
{
    struct planche_cache_hash hash;
    struct planche_cache_key key;
    planche_cache_hash_begin(&hash);
    planche_cache_hash_number(&hash, "test", number);
    planche_cache_hash_end(&hash, &key);
    return key;
}

static void fill(uint8_t *data, unsigned seed, size_t size)
{
    uint64_t state = seed;
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)test_random(&state);
}

struct planche_cache_result *cache_test_result(unsigned seed, size_t size)
{
    static const struct planche_cache_header headers[] = {{"Width", "1200"}, {"Result", ""}};
    const struct planche_cache_meta meta = {"image/webp", headers, 2};
    struct planche_cache_result *result;
    uint8_t *data = malloc(size ? size : 1);
    assert_non_null(data);
    fill(data, seed, size);
    assert_int_equal(planche_cache_result_create(&result, NULL, data, size, free, &meta, NULL),
                     PLANCHE_OK);
    return result;
}

bool cache_test_is(const struct planche_cache_result *result, unsigned seed, size_t size)
{
    uint8_t *expected = malloc(size + 1), *data = malloc(size + 1);
    assert_true(expected && data);
    fill(expected, seed, size);
    bool same = result->size == size && planche_cache_result_read(result, data, size, 0) &&
                memcmp(data, expected, size) == 0 && strcmp(result->type, "image/webp") == 0 &&
                result->header_count == 2 &&
                strcmp(planche_cache_result_header(result, "Width"), "1200") == 0 &&
                strcmp(planche_cache_result_header(result, "Result"), "") == 0 &&
                !planche_cache_result_header(result, "Height");
    free(expected);
    free(data);
    return same;
}

enum planche_status cache_test_store(struct planche_cache *cache, unsigned number, size_t size)
{
    struct planche_cache_key key = cache_test_key(number);
    struct planche_cache_result *result = cache_test_result(number, size);
    struct planche_error error = {0};
    enum planche_status status = planche_cache_store(cache, &key, result, &error);
    assert_int_equal(status, error.status);
    planche_cache_result_release(&result);
    return status;
}

bool cache_test_has(struct planche_cache *cache, unsigned number, size_t size)
{
    struct planche_cache_key key = cache_test_key(number);
    struct planche_cache_result *result;
    if (planche_cache_lookup(cache, &key, false, &result) != PLANCHE_CACHE_HIT) {
        assert_null(result);
        return false;
    }
    assert_true(cache_test_is(result, number, size));
    planche_cache_result_release(&result);
    return true;
}

bool cache_test_exists(struct planche_cache *cache, unsigned number)
{
    char path[PLANCHE_CACHE_PATH];
    struct planche_cache_key key = cache_test_key(number);
    struct stat info;
    planche_cache_entry_path(cache, &key, path);
    return stat(path, &info) == 0;
}

unsigned cache_test_files(const char *folder)
{
    char path[128];
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/%s", cache_test_folder, folder);
    DIR *stream = opendir(path);
    for (struct dirent *entry; stream && (entry = readdir(stream)) != NULL;)
        count += entry->d_name[0] != '.';
    if (stream)
        closedir(stream);
    return count;
}

struct planche_cache_stats cache_test_stats(struct planche_cache *cache)
{
    struct planche_cache_stats stats;
    planche_cache_get_stats(cache, &stats);
    return stats;
}
