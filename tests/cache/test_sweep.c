/* SPDX-License-Identifier: MIT */
/* Sweeps: what is removed, in which order, and what is not. */
#include "cache_test.h"

#include "cache/files.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE 1000
#define HOUR ((int64_t)3600)
#define DAY  (24 * HOUR)

static struct planche_cache_tally prune(struct planche_cache *cache, uint64_t bytes,
                                        int64_t max_age_s, bool strict)
{
    const struct planche_cache_limits limits = {.max_bytes = bytes,
                                                .target_bytes = bytes,
                                                .max_age = max_age_s * 1000000000,
                                                .strict = strict};
    struct planche_cache_tally tally;
    struct planche_error error = {0};
    if (planche_cache_prune(cache, &limits, &tally, NULL, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    return tally;
}

/* Bytes of the file of an entry. */
static uint64_t entry_bytes(void)
{
    struct planche_cache *cache = cache_test_open(0);
    cache_test_store(cache, 0, SIZE);
    uint64_t bytes = cache_test_stats(cache).bytes;
    planche_cache_close(&cache);
    return bytes;
}

/* The order of use, not of storing: and all numbers of entries that may stay. */
static void test_order(void **state)
{
    enum { COUNT = 12 };
    uint64_t size = entry_bytes();
    struct planche_cache *cache = cache_test_open(0);
    unsigned order[COUNT];
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(cache_test_store(cache, i, SIZE), PLANCHE_OK);
        order[i] = i * 7 % COUNT;
    }
    for (unsigned i = 0; i < COUNT; i++) {
        fault_step_clock((i + 1) * 2 * HOUR);
        assert_true(cache_test_has(cache, order[i], SIZE));
    }
    struct planche_cache_tally tally = prune(cache, COUNT * size, 0, false);
    assert_int_equal(tally.removed, 0);
    assert_int_equal(tally.entries, COUNT);
    assert_int_equal(tally.bytes, COUNT * size);
    assert_in_range((tally.newest - tally.oldest) / 1000000000, (COUNT - 1) * 2 * HOUR - 60,
                    (COUNT - 1) * 2 * HOUR + 60);
    for (unsigned left = COUNT; left > 0; left--) {
        tally = prune(cache, left * size - 1, 0, false);
        assert_int_equal(tally.removed, 1);
        assert_int_equal(tally.removed_bytes, size);
        assert_int_equal(tally.entries, left - 1);
        for (unsigned i = 0; i < COUNT; i++)
            assert_int_equal(cache_test_exists(cache, order[i]), i > COUNT - left);
        assert_int_equal(cache_test_stats(cache).bytes, (left - 1) * size);
    }
    assert_int_equal(tally.oldest, 0);
    assert_int_equal(cache_test_stats(cache).evictions, COUNT);
    planche_cache_close(&cache);
}

/* More entries than one walk remembers: files made by hand, since storing takes longer. */
static void test_many(void **state)
{
    enum { COUNT = 300 };
    struct planche_cache *cache = cache_test_open(0);
    char path[PLANCHE_CACHE_PATH];
    (void)state;
    cache->candidates = 16;
    for (unsigned i = 0; i < COUNT; i++) {
        struct planche_cache_key key = cache_test_key(i);
        planche_cache_entry_path(cache, &key, path);
        planche_folder_make_parents(path, 0700);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);
        const struct timespec times[2] = {{.tv_sec = 1700000000 + i * 7919 % COUNT},
                                          {.tv_sec = 1700000000 + i * 7919 % COUNT}};
        assert_int_equal(futimens(fd, times), 0);
        assert_int_equal(ftruncate(fd, 10), 0);
        assert_int_equal(futimens(fd, times), 0);
        close(fd);
    }
    struct planche_cache_tally tally = prune(cache, 1000, 0, false);
    assert_int_equal(tally.entries, 100);
    assert_int_equal(tally.removed, COUNT - 100);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(cache_test_exists(cache, i), i * 7919 % COUNT >= COUNT - 100);
    planche_cache_close(&cache);
}

static void test_age(void **state)
{
    struct planche_cache *cache = cache_test_open(0);
    (void)state;
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_int_equal(cache_test_store(cache, 2, SIZE), PLANCHE_OK);
    fault_step_clock(29 * DAY);
    assert_true(cache_test_has(cache, 2, SIZE));
    assert_int_equal(prune(cache, UINT64_MAX, 30 * DAY, false).removed, 0);
    fault_step_clock(31 * DAY);
    assert_int_equal(prune(cache, UINT64_MAX, 30 * DAY, false).removed, 1);
    assert_false(cache_test_exists(cache, 1));
    /* Even the latest is too old: the clock may have stepped. Who says so means it. */
    fault_step_clock(20000 * DAY);
    assert_int_equal(prune(cache, UINT64_MAX, 30 * DAY, false).removed, 0);
    assert_int_equal(prune(cache, UINT64_MAX, 0, true).removed, 0);
    struct planche_cache_tally tally = prune(cache, UINT64_MAX, 30 * DAY, true);
    assert_int_equal(tally.removed, 1);
    assert_int_equal(tally.entries, 0);
    planche_cache_close(&cache);
}

/* What was used in the future goes first, once there is too much; and is not too old. */
static void test_future(void **state)
{
    uint64_t size = entry_bytes();
    struct planche_cache *cache = cache_test_open(0);
    (void)state;
    prune(cache, 0, 0, false);
    fault_step_clock(400 * DAY);
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    fault_step_clock(0);
    assert_int_equal(cache_test_store(cache, 2, SIZE), PLANCHE_OK);
    assert_int_equal(prune(cache, UINT64_MAX, DAY, true).removed, 0);
    assert_int_equal(prune(cache, size, 0, false).removed, 1);
    assert_false(cache_test_exists(cache, 1));
    assert_true(cache_test_has(cache, 2, SIZE));
    planche_cache_close(&cache);
}

/* Removed while it is being read; and what is no entry stays. */
static void test_readers(void **state)
{
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_result *result;
    char path[128];
    (void)state;
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    snprintf(path, sizeof path, "%s/%02x/notes.txt", cache_test_folder, key.bytes[0]);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    close(fd);
    assert_int_equal(planche_cache_lookup(cache, &key, false, &result), PLANCHE_CACHE_HIT);
    assert_int_equal(prune(cache, 0, 0, true).removed, 1);
    assert_false(cache_test_has(cache, 1, SIZE));
    assert_true(cache_test_is(result, 1, SIZE));
    planche_cache_result_release(&result);
    assert_int_equal(access(path, F_OK), 0);
    planche_cache_close(&cache);
}

static unsigned told;

static void tell(void *user, const char *path, const char *reason)
{
    (void)user;
    assert_non_null(strstr(path, cache_test_folder));
    assert_true(strcmp(reason, "damaged") == 0 || strstr(reason, "is no result"));
    told++;
}

static void test_verify(void **state)
{
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_tally tally;
    struct planche_error error = {0};
    char path[PLANCHE_CACHE_PATH];
    (void)state;
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(cache_test_store(cache, i, SIZE), PLANCHE_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct planche_cache_key key = cache_test_key(i);
        planche_cache_entry_path(cache, &key, path);
        int fd = open(path, O_WRONLY);
        assert_int_equal(i == 0 ? pwrite(fd, "?", 1, SIZE) : ftruncate(fd, SIZE), i == 0);
        close(fd);
    }
    assert_int_equal(planche_cache_verify(cache, tell, NULL, &tally, NULL, &error), PLANCHE_OK);
    assert_int_equal(told, 2);
    assert_int_equal(tally.damaged, 2);
    assert_int_equal(tally.entries, 4);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(cache_test_exists(cache, i), i >= 2);
    assert_int_equal(planche_cache_verify(cache, tell, NULL, &tally, NULL, &error), PLANCHE_OK);
    assert_int_equal(tally.damaged, 0);
    planche_cache_close(&cache);
}

/* Files of others with the names of entries, as an object store has them, are not removed, whatever
 * is asked for; what a power cut has left of an entry is. */
static void test_others(void **state)
{
    static const char *const contents[] = {"somebody's", "x", "PLNC", "", "\0\0\0\0\0\0\0\0\0\0"};
    static const size_t sizes[] = {10, 1, 4, 0, 10};
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_tally tally;
    struct planche_error error = {0};
    char path[PLANCHE_CACHE_PATH];
    (void)state;
    for (int verifies = 0; verifies < 2; verifies++) {
        for (unsigned i = 0; i < 5; i++) {
            struct planche_cache_key key = cache_test_key(i);
            assert_int_equal(cache_test_store(cache, i, SIZE), PLANCHE_OK);
            planche_cache_entry_path(cache, &key, path);
            int fd = open(path, O_WRONLY | O_TRUNC);
            assert_int_equal(write(fd, contents[i], sizes[i]), sizes[i]);
            close(fd);
        }
        told = 0;
        assert_int_equal(planche_cache_count(cache, &tally, NULL, &error), PLANCHE_OK);
        assert_int_equal(tally.entries, 3);
        assert_int_equal(tally.bytes, 4 + 0 + 10);
        assert_int_equal(tally.foreign, 2);
        assert_int_equal(tally.foreign_bytes, 10 + 1);
        if (verifies)
            assert_int_equal(planche_cache_verify(cache, tell, NULL, &tally, NULL, &error),
                             PLANCHE_OK);
        else
            tally = prune(cache, 0, 0, false);
        assert_int_equal(told, verifies ? 5 : 0);
        assert_int_equal(tally.foreign, 2);
        assert_int_equal(tally.unreadable + tally.kept + tally.entries, 0);
        assert_int_equal(verifies ? tally.damaged : tally.removed, 3);
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(cache_test_exists(cache, i), i < 2);
    }
    snprintf(path, sizeof path, "%s/tmp/0123456789abcdef", cache_test_folder);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "mine", 4), 4);
    close(fd);
    prune(cache, 0, 0, false);
    assert_int_equal(unlink(path), 0);
    planche_cache_close(&cache);
}

/* A large file of somebody else's is not within the limit: no result has to go for it. */
static void test_large_other(void **state)
{
    uint64_t size = entry_bytes();
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_key key = cache_test_key(0);
    char path[PLANCHE_CACHE_PATH];
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(cache_test_store(cache, i, SIZE), PLANCHE_OK);
    planche_cache_entry_path(cache, &key, path);
    int fd = open(path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "mine", 4), 4);
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    close(fd);
    struct planche_cache_tally tally = prune(cache, 2 * size, 0, false);
    assert_int_equal(tally.removed + tally.kept, 0);
    assert_int_equal(tally.entries, 2);
    assert_int_equal(tally.bytes, 2 * size);
    assert_int_equal(tally.foreign_bytes, 1 << 20);
    assert_int_equal(cache_test_stats(cache).bytes, 2 * size);
    planche_cache_close(&cache);
}

/* Of a file that cannot be read it is not known that it is somebody else's: it counts. Nothing that
 * fails on the way to it takes it out of a count that ends well, and it is not removed unread. */
static void test_unread(void **state)
{
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_tally tally;
    struct planche_error error = {0};
    (void)state;
    assert_int_equal(cache_test_store(cache, 0, SIZE), PLANCHE_OK);
    unsigned counted = 0;
    bool done = false;
    for (unsigned n = 1; !done; n++) {
        fault_fail_at(n, EIO);
        enum planche_status status = planche_cache_count(cache, &tally, NULL, &error);
        done = fault_calls() < n;
        fault_reset();
        assert_int_equal(status == PLANCHE_OK ? tally.entries : 1, 1);
        counted += status == PLANCHE_OK;
    }
    assert_true(counted > 3); /* opening the file, its fstat, its pread */
    planche_cache_close(&cache);
}

/* What a killed process leaves has no lock; what is being written has one. */
static void test_collect(void **state)
{
    struct planche_cache *cache = cache_test_open(0);
    char path[256];
    int fds[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, i % 2 ? "%s/busy/%064d" : "%s/tmp/%016d", cache_test_folder, i);
        fds[i] = open(path, O_RDWR | O_CREAT, 0600);
        assert_true(fds[i] >= 0);
        assert_int_equal(write(fds[i], "PLNCH", 5), 5);
        if (i < 2)
            assert_int_equal(planche_fd_lock(fds[i]), 0);
    }
    /* Somebody's own, which was there before the folder was used for results. */
    snprintf(path, sizeof path, "%s/tmp/mydoc", cache_test_folder);
    close(open(path, O_RDWR | O_CREAT, 0600));
    struct planche_cache_tally tally;
    assert_int_equal(planche_cache_count(cache, &tally, NULL, NULL), PLANCHE_OK);
    assert_int_equal(tally.unfinished, 2);
    assert_int_equal(tally.unfinished_bytes, 10);
    tally = prune(cache, UINT64_MAX, 0, false);
    assert_int_equal(tally.abandoned, 1);
    assert_int_equal(tally.unfinished, 1);
    assert_int_equal(tally.unfinished_bytes, 5);
    assert_int_equal(cache_test_files("tmp"), 2);
    assert_int_equal(cache_test_files("busy"), 1);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    prune(cache, UINT64_MAX, 0, false);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(cache_test_files("tmp") + cache_test_files("busy"), 0);
    planche_cache_close(&cache);
}

/* A part of a second at most, on the slowest machine. */
static bool becomes(struct planche_cache *cache, uint64_t most)
{
    for (int i = 0; i < 1000; i++) {
        struct planche_cache_stats stats = cache_test_stats(cache);
        if (stats.counted && stats.bytes <= most)
            return true;
        usleep(5000);
    }
    return false;
}

/* The keeper: it counts what is there at the start, and removes when there is too much. */
static void test_keeper(void **state)
{
    enum { COUNT = 64 };
    uint64_t size = entry_bytes();
    const struct planche_cache_options options = {
        .max_bytes = COUNT * size, .min_free = -1, .max_age_s = -1};
    struct planche_cache *cache = cache_test_open(0);
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        fault_step_clock((int64_t)i - COUNT);
        assert_int_equal(cache_test_store(cache, i, SIZE), PLANCHE_OK);
    }
    fault_step_clock(0);
    planche_cache_close(&cache);
    cache = cache_test_open_with(&options);
    assert_true(becomes(cache, UINT64_MAX));
    assert_int_equal(cache_test_stats(cache).entries, COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(cache_test_store(cache, COUNT + i, SIZE), PLANCHE_OK);
    assert_true(becomes(cache, COUNT * size));
    assert_true(cache_test_stats(cache).evictions >= COUNT);
    assert_false(cache_test_exists(cache, 0));
    assert_true(cache_test_has(cache, 2 * COUNT - 1, SIZE));
    planche_cache_close(&cache);
}

/* Waits until the keeper has removed so many. */
static bool has_removed(struct planche_cache *cache, uint64_t count)
{
    for (int i = 0; i < 1000 && cache_test_stats(cache).evictions < count; i++)
        usleep(5000);
    return cache_test_stats(cache).evictions == count;
}

/* What was not used for long goes when others are used. */
static void test_keeper_age(void **state)
{
    const struct planche_cache_options options = {.min_free = -1, .max_age_s = 2 * DAY};
    struct planche_cache *cache = cache_test_open_with(&options);
    (void)state;
    assert_true(becomes(cache, UINT64_MAX));
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_int_equal(cache_test_store(cache, 2, SIZE), PLANCHE_OK);
    fault_step_clock(3 * DAY);
    assert_true(cache_test_has(cache, 2, SIZE));
    assert_int_equal(cache_test_stats(cache).evictions, 0);
    cache->next_sweep = 1;
    assert_true(cache_test_has(cache, 2, SIZE));
    assert_true(has_removed(cache, 1));
    assert_false(cache_test_exists(cache, 1));
    assert_true(cache->next_sweep > planche_clock_ns());
    planche_cache_close(&cache);
}

/* The disk is about to be full: nothing is stored, room is made for some more of that size, and
 * then there is room. */
static void test_space(void **state)
{
    enum { COUNT = 20, SPACE = 2000 };
    struct planche_cache *cache;
    const struct planche_cache_options options = {.min_free = INT64_MAX, .max_age_s = -1};
    (void)state;
    cache = cache_test_open(0);
    for (unsigned i = 0; i < COUNT; i++) {
        fault_step_clock((int64_t)i - COUNT);
        assert_int_equal(cache_test_store(cache, i, SPACE), PLANCHE_OK);
    }
    fault_step_clock(0);
    planche_cache_close(&cache);
    cache = cache_test_open_with(&options);
    assert_true(becomes(cache, UINT64_MAX));
    /* What is missing is more than there is. */
    assert_int_equal(cache_test_store(cache, COUNT, SPACE), PLANCHE_ERROR_IO);
    assert_true(has_removed(cache, COUNT));
    assert_int_equal(cache_test_files("tmp"), 0);
    cache->min_free = 1;
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(cache_test_store(cache, i, SPACE), PLANCHE_OK);
    /* The system says so: room is made for the bytes of 16, which 15 files have with their heads.
     */
    cache->no_sweep_before = 0;
    fault_full_after(100);
    assert_int_equal(cache_test_store(cache, COUNT, SPACE), PLANCHE_ERROR_IO);
    assert_true(has_removed(cache, COUNT + 15));
    fault_reset();
    assert_int_equal(cache_test_store(cache, COUNT, SPACE), PLANCHE_ERROR_IO);
    cache->full_until = 1;
    assert_int_equal(cache_test_store(cache, COUNT, SPACE), PLANCHE_OK);
    planche_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_many, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_age, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_future, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_readers, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_verify, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_others, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_large_other, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_unread, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_collect, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_keeper, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_keeper_age, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_space, cache_test_setup, cache_test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
