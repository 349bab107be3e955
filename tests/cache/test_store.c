/* SPDX-License-Identifier: MIT */
/* Storing and looking up: what is kept, what is said of it, and folders that give trouble. With
 * --bench FOLDER the times on its file system. */
#include "cache_test.h"

#include "os/clock.h"
#include "support/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE 1000
#define HOUR ((int64_t)3600)

static int64_t used(struct planche_cache *cache, unsigned number)
{
    char path[PLANCHE_CACHE_PATH];
    struct planche_cache_key key = cache_test_key(number);
    struct stat info;
    planche_cache_entry_path(cache, &key, path);
    assert_int_equal(stat(path, &info), 0);
    return (int64_t)info.st_mtim.tv_sec;
}

static void test_hits(void **state)
{
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_result *result, *again;
    (void)state;
    assert_false(cache_test_has(cache, 1, SIZE));
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    /* What this process has stored is known to be sound. */
    assert_int_equal(planche_cache_lookup(cache, &key, true, &result), PLANCHE_CACHE_HIT);
    assert_true(result->fd >= 0 && !result->data && result->stored > 0);
    assert_true(cache_test_is(result, 1, SIZE));
    again = planche_cache_result_hold(result);
    planche_cache_result_release(&result);
    assert_null(result);
    assert_true(cache_test_is(again, 1, SIZE));
    planche_cache_result_release(&again);
    struct planche_cache_stats stats = cache_test_stats(cache);
    assert_int_equal(stats.hits, 1);
    assert_int_equal(stats.misses, 1);
    assert_int_equal(stats.stores, 1);
    assert_int_equal(stats.entries, 1);
    assert_int_equal(stats.errors, 0);
    assert_true(stats.bytes > SIZE && stats.bytes < SIZE + 300);
    /* In its own place once more. */
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_int_equal(cache_test_stats(cache).entries, 1);
    assert_int_equal(cache_test_stats(cache).bytes, stats.bytes);
    assert_int_equal(cache_test_files("tmp"), 0);
    planche_cache_close(&cache);
    /* To another process it is new: a quick look does not read it. */
    cache = cache_test_open(0);
    assert_int_equal(planche_cache_lookup(cache, &key, true, &result), PLANCHE_CACHE_UNSURE);
    assert_null(result);
    assert_int_equal(cache_test_stats(cache).hits + cache_test_stats(cache).misses, 0);
    assert_true(cache_test_has(cache, 1, SIZE));
    assert_int_equal(planche_cache_lookup(cache, &key, true, &result), PLANCHE_CACHE_HIT);
    planche_cache_result_release(&result);
    planche_cache_close(&cache);
    planche_cache_close(&cache);
}

static enum planche_cache_found look(struct planche_cache *cache, unsigned number)
{
    struct planche_cache_key key = cache_test_key(number);
    struct planche_cache_result *result;
    enum planche_cache_found found = planche_cache_lookup(cache, &key, true, &result);
    if (found == PLANCHE_CACHE_HIT)
        assert_true(cache_test_is(result, number, SIZE));
    planche_cache_result_release(&result);
    return found;
}

/* What was looked up stays open: another look costs one call of the system, and sees what others
 * have done meanwhile. */
static void test_hot(void **state)
{
    struct planche_cache *cache = cache_test_open(0);
    char path[PLANCHE_CACHE_PATH], other[PLANCHE_CACHE_PATH + 8];
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_result *first, *second;
    (void)state;
    planche_cache_entry_path(cache, &key, path);
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_int_equal(look(cache, 1), PLANCHE_CACHE_HIT);
    fault_reset();
    assert_int_equal(planche_cache_lookup(cache, &key, true, &first), PLANCHE_CACHE_HIT);
    assert_int_equal(fault_calls(), 1);
    assert_int_equal(planche_cache_lookup(cache, &key, true, &second), PLANCHE_CACHE_HIT);
    assert_ptr_equal(first, second);
    planche_cache_result_release(&second);
    /* Removed by another process; those who have it read on. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(look(cache, 1), PLANCHE_CACHE_MISS);
    assert_true(cache_test_is(first, 1, SIZE));
    planche_cache_result_release(&first);
    /* Replaced. */
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_int_equal(look(cache, 1), PLANCHE_CACHE_HIT);
    struct planche_cache *another = cache_test_open(0);
    assert_int_equal(cache_test_store(another, 1, SIZE), PLANCHE_OK);
    planche_cache_close(&another);
    assert_int_equal(look(cache, 1), PLANCHE_CACHE_UNSURE);
    assert_true(cache_test_has(cache, 1, SIZE));
    assert_int_equal(look(cache, 1), PLANCHE_CACHE_HIT);
    /* Another kind of file in its place. */
    snprintf(other, sizeof other, "%s.moved", path);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(look(cache, 1), PLANCHE_CACHE_MISS);
    unlink(path);
    assert_int_equal(rename(other, path), 0);
    assert_true(cache_test_has(cache, 1, SIZE));
    /* Damaged where it lies. */
    assert_int_equal(look(cache, 1), PLANCHE_CACHE_HIT);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "?", 1, 500), 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(look(cache, 1), PLANCHE_CACHE_UNSURE);
    assert_false(cache_test_has(cache, 1, SIZE));
    planche_cache_close(&cache);
}

/* The last use is kept to the hour, whatever the clock does. */
static void test_uses(void **state)
{
    struct planche_cache *cache = cache_test_open(0);
    (void)state;
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    int64_t stored = used(cache, 1);
    fault_step_clock(HOUR - 60);
    assert_true(cache_test_has(cache, 1, SIZE));
    assert_int_equal(used(cache, 1), stored);
    fault_step_clock(HOUR + 60);
    assert_true(cache_test_has(cache, 1, SIZE));
    assert_in_range(used(cache, 1), stored + HOUR, stored + HOUR + 120);
    /* Its own change makes it no stranger. */
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_result *result;
    assert_int_equal(planche_cache_lookup(cache, &key, true, &result), PLANCHE_CACHE_HIT);
    planche_cache_result_release(&result);
    fault_step_clock(1000 * HOUR);
    assert_true(cache_test_has(cache, 1, SIZE));
    assert_in_range(used(cache, 1), stored + 1000 * HOUR, stored + 1000 * HOUR + 60);
    fault_step_clock(-1000 * HOUR);
    assert_true(cache_test_has(cache, 1, SIZE));
    assert_in_range(used(cache, 1), stored - 1000 * HOUR, stored - 1000 * HOUR + 60);
    /* A clock that was not set yet says nothing. */
    fault_step_clock(-500000 * HOUR);
    assert_true(cache_test_has(cache, 1, SIZE));
    assert_in_range(used(cache, 1), stored - 1000 * HOUR, stored - 1000 * HOUR + 60);
    planche_cache_close(&cache);
}

static void test_too_large(void **state)
{
    struct planche_cache *cache = cache_test_open(4000);
    (void)state;
    assert_int_equal(cache_test_store(cache, 1, 1001), PLANCHE_ERROR_LIMIT);
    assert_int_equal(cache_test_store(cache, 1, 1000), PLANCHE_OK);
    assert_int_equal(cache_test_stats(cache).too_large, 1);
    assert_int_equal(cache_test_stats(cache).errors, 0);
    planche_cache_close(&cache);
}

/* Lines that were logged. */
static unsigned lines;
static char last_line[512];

static void log_line(void *user, enum planche_log_level level, const char *message)
{
    (void)user;
    lines += level >= PLANCHE_LOG_WARNING;
    snprintf(last_line, sizeof last_line, "%s", message);
}

/* The disk is full after each number of bytes: nothing is left, one line a minute says so, and the
 * result in memory is as good as before. */
static void test_full(void **state)
{
    const struct planche_log log = {.fn = log_line};
    const struct planche_cache_options options = {.log = &log, .min_free = -1, .still = true};
    (void)state;
    for (uint64_t room = 0; room < SIZE; room += 97) {
        struct planche_cache *cache = cache_test_open_with(&options);
        lines = 0;
        fault_full_after(room);
        for (unsigned i = 1; i <= 3; i++) {
            assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_ERROR_IO);
            assert_int_equal(cache_test_stats(cache).errors, i);
        }
        assert_int_equal(lines, 1);
        assert_non_null(strstr(last_line, "No space left"));
        assert_int_equal(cache_test_files("tmp"), 0);
        assert_int_equal(cache_test_stats(cache).bytes, 0);
        assert_false(cache_test_has(cache, 1, SIZE));
        planche_cache_close(&cache);
        fault_reset();
    }
    struct planche_cache *cache = cache_test_open_with(&options);
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_true(cache_test_has(cache, 1, SIZE));
    planche_cache_close(&cache);
}

/* The same by the system: files have a greatest size. */
static void test_file_limit(void **state)
{
    struct planche_cache *cache = cache_test_open(0);
    struct rlimit before, less;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    less = (struct rlimit){.rlim_cur = 20000, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    enum planche_status large = cache_test_store(cache, 1, 30000);
    enum planche_status small = cache_test_store(cache, 2, 10000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(large, PLANCHE_ERROR_IO);
    assert_int_equal(small, PLANCHE_OK);
    assert_int_equal(cache_test_files("tmp"), 0);
    assert_false(cache_test_exists(cache, 1));
    assert_true(cache_test_has(cache, 2, 10000));
    planche_cache_close(&cache);
}

/* Who may do all things may also write into folders that are read-only: the calls that would fail
 * for others fail by faults.c then. */
static void test_read_only(void **state)
{
    char path[128];
    struct planche_cache *cache = cache_test_open(0);
    (void)state;
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    planche_cache_close(&cache);
    snprintf(path, sizeof path, "%s/tmp", cache_test_folder);
    assert_int_equal(chmod(path, 0500), 0);
    assert_int_equal(chmod(cache_test_folder, 0500), 0);
    cache = cache_test_open(0);
    if (geteuid() == 0)
        fault_fail_at(1, EROFS);
    assert_int_equal(cache_test_store(cache, 2, SIZE), PLANCHE_ERROR_IO);
    assert_true(cache_test_has(cache, 1, SIZE));
    assert_int_equal(cache_test_stats(cache).errors, 1);
    assert_int_equal(chmod(cache_test_folder, 0700), 0);
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(cache_test_store(cache, 2, SIZE), PLANCHE_OK);
    planche_cache_close(&cache);
}

/* Somebody removes the whole folder, or parts of it, while it is in use. */
static void test_vanished(void **state)
{
    char command[256];
    struct planche_cache *cache = cache_test_open(0);
    static const char *const parts[] = {"", "/tmp", "/busy", "/lock", "/CACHEDIR.TAG", "/??"};
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
        snprintf(command, sizeof command, "rm -rf %s%s", cache_test_folder, parts[i]);
        assert_int_equal(system(command), 0);
        bool gone = i == 0 || i == 5;
        assert_int_equal(cache_test_has(cache, 1, SIZE), !gone);
        assert_int_equal(cache_test_store(cache, 2, SIZE), PLANCHE_OK);
        assert_true(cache_test_has(cache, 2, SIZE));
    }
    assert_int_equal(cache_test_stats(cache).errors, 0);
    planche_cache_close(&cache);
}

/* Whichever folder the disk has no room for, it is told. */
static void test_folders_that_cannot_be_made(void **state)
{
    char tmp[128], busy[128];
    unsigned told = 0;
    (void)state;
    snprintf(tmp, sizeof tmp, "%s/tmp", cache_test_folder);
    snprintf(busy, sizeof busy, "%s/busy", cache_test_folder);
    for (unsigned n = 1; n < 20; n++) {
        fault_fail_at(n, ENOSPC);
        struct planche_cache *cache = cache_test_open(0);
        fault_reset();
        uint64_t errors = cache_test_stats(cache).errors;
        assert_int_equal(errors > 0, access(tmp, F_OK) != 0 || access(busy, F_OK) != 0);
        told += errors > 0;
        planche_cache_close(&cache);
        (void)remove_tree(cache_test_folder); /* it may not be there */
    }
    assert_in_range(told, 2, 18);
}

static enum planche_status open_status(const char *folder, bool existing)
{
    struct planche_cache *cache;
    struct planche_error error = {0};
    const struct planche_cache_options options = {
        .folder = folder, .min_free = -1, .still = true, .existing = existing};
    enum planche_status status = planche_cache_open(&cache, &options, &error);
    assert_int_equal(status == PLANCHE_OK, cache != NULL);
    assert_int_equal(error.status, status);
    planche_cache_close(&cache);
    return status;
}

static void test_open(void **state)
{
    char path[128], long_path[5000];
    struct stat info;
    (void)state;
    /* With all folders above, private, and known to programs that save folders. */
    snprintf(path, sizeof path, "%s/a/b", cache_test_root);
    assert_int_equal(open_status(path, true), PLANCHE_OK);
    assert_int_not_equal(stat(path, &info), 0);
    assert_int_equal(open_status(path, false), PLANCHE_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    snprintf(path, sizeof path, "%s/a/b/CACHEDIR.TAG", cache_test_root);
    assert_int_equal(stat(path, &info), 0);
    /* A file; a folder that others may write into. */
    assert_int_equal(open_status(path, false), PLANCHE_ERROR_IO);
    snprintf(path, sizeof path, "%s/a/b", cache_test_root);
    assert_int_equal(chmod(path, 0777), 0);
    assert_int_equal(open_status(path, false), PLANCHE_ERROR_IO);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(open_status(path, false), PLANCHE_OK);
    memset(long_path, 'x', sizeof long_path);
    long_path[sizeof long_path - 1] = 0;
    assert_int_equal(open_status(long_path, false), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(open_status("", false), PLANCHE_ERROR_ARGUMENT);
    /* The user's own. */
    assert_int_equal(setenv("XDG_CACHE_HOME", cache_test_root, 1), 0);
    assert_int_equal(open_status(NULL, false), PLANCHE_OK);
    snprintf(path, sizeof path, "%s/planche/results/tmp", cache_test_root);
    assert_int_equal(stat(path, &info), 0);
    /* A service's: the first of a list. */
    snprintf(path, sizeof path, "%s/service:/nowhere", cache_test_root);
    assert_int_equal(setenv("CACHE_DIRECTORY", path, 1), 0);
    assert_int_equal(open_status(NULL, false), PLANCHE_OK);
    snprintf(path, sizeof path, "%s/service/results/tmp", cache_test_root);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(unsetenv("CACHE_DIRECTORY"), 0);
}

/* Entries of the measurement, about as large as pages for a phone. */
enum { ENTRIES = 1000, ENTRY_BYTES = 300000 };

static void print_time(const char *what, int64_t start, unsigned count)
{
    printf("%-28s %8.2f us\n", what, (double)(planche_clock_ns() - start) / count / 1e3);
}

static void look_up(struct planche_cache *cache, unsigned first, unsigned count, bool quick)
{
    struct planche_cache_result *result;
    for (unsigned i = 0; i < count; i++) {
        struct planche_cache_key key = cache_test_key(first + i % ENTRIES);
        planche_cache_lookup(cache, &key, quick, &result);
        planche_cache_result_release(&result);
    }
}

static void measure(void)
{
    enum { ROUNDS = 200000 };
    struct planche_cache_tally tally;
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_result *made = cache_test_result(1, ENTRY_BYTES);
    int64_t start = planche_clock_ns();
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct planche_cache_key key = cache_test_key(i);
        planche_cache_store(cache, &key, made, NULL);
    }
    print_time("store, 300 kB", start, ENTRIES);
    planche_cache_result_release(&made);
    start = planche_clock_ns();
    look_up(cache, 0, ROUNDS, true);
    print_time("look-up", start, ROUNDS);
    start = planche_clock_ns();
    look_up(cache, ENTRIES, ROUNDS, true);
    print_time("look-up of what is not there", start, ROUNDS);
    planche_cache_close(&cache);
    cache = cache_test_open(0);
    start = planche_clock_ns();
    look_up(cache, 0, ENTRIES, false);
    print_time("first look-up, 300 kB", start, ENTRIES);
    start = planche_clock_ns();
    const struct planche_cache_limits limits = {.max_bytes = UINT64_MAX};
    planche_cache_prune(cache, &limits, &tally, NULL, NULL);
    print_time("sweep, an entry", start, ENTRIES);
    planche_cache_close(&cache);
}

static int bench(const char *folder)
{
    void *state = NULL;
    snprintf(cache_test_root, sizeof cache_test_root, "%s/planche-test-XXXXXX", folder);
    if (!mkdtemp(cache_test_root))
        return 1;
    snprintf(cache_test_folder, sizeof cache_test_folder, "%s/results", cache_test_root);
    measure();
    return cache_test_teardown(&state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hits, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_hot, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_uses, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_too_large, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_full, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_file_limit, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_read_only, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_vanished, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_folders_that_cannot_be_made, cache_test_setup,
                                        cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_open, cache_test_setup, cache_test_teardown),
    };
    if (argc > 2 && strcmp(argv[1], "--bench") == 0)
        return bench(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
