/* SPDX-License-Identifier: MIT */
/* Several processes with one cache: storing, reading and removing at once; and one computation of
 * them all. */
#include "cache_test.h"

#include "io/folder_lock.h"
#include "support/quick.h"
#include "support/random.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE      2000
#define PROCESSES 4
#define KEYS      50

/* In a child nothing may be asserted: its parent looks at its exit status. */
static void end_child(bool good)
{
    _exit(good ? 0 : 1);
}

static void join_child(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Stores, looks up and removes by turns, for a moment. */
static bool work(unsigned seed, unsigned rounds)
{
    const struct planche_cache_options options = {
        .folder = cache_test_folder, .max_bytes = (uint64_t)KEYS * SIZE / 2, .min_free = -1};
    struct planche_cache *cache;
    struct planche_error error;
    uint64_t random = seed;
    bool good = planche_cache_open(&cache, &options, &error) == PLANCHE_OK;
    for (unsigned i = 0; good && i < rounds; i++) {
        unsigned number = (unsigned)test_random_int(&random, 0, KEYS - 1);
        struct planche_cache_key key = cache_test_key(number);
        struct planche_cache_result *result, *made;
        enum planche_cache_found found = planche_cache_lookup(cache, &key, false, &result);
        /* Others may remove it while it is read. */
        good = found != PLANCHE_CACHE_HIT || cache_test_is(result, number, SIZE);
        planche_cache_result_release(&result);
        if (found == PLANCHE_CACHE_HIT && i % 2)
            continue;
        made = cache_test_result(number, SIZE);
        good = good && planche_cache_store(cache, &key, made, &error) == PLANCHE_OK;
        planche_cache_result_release(&made);
    }
    struct planche_cache_stats stats;
    planche_cache_get_stats(cache, &stats);
    good = good && stats.damaged == 0 && stats.errors == 0;
    planche_cache_close(&cache);
    return good;
}

static void test_at_once(void **state)
{
    pid_t children[PROCESSES];
    (void)state;
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0)
            end_child(work(i + 1, test_quick() ? 100 : 400));
    }
    for (unsigned i = 0; i < PROCESSES; i++)
        join_child(children[i]);
    const struct planche_cache_limits limits = {.max_bytes = (uint64_t)KEYS * SIZE / 2,
                                                .target_bytes = (uint64_t)KEYS * SIZE / 2};
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_tally tally;
    struct planche_error error = {0};
    assert_int_equal(planche_cache_prune(cache, &limits, &tally, NULL, &error), PLANCHE_OK);
    assert_true(tally.entries > 0 && tally.bytes <= limits.max_bytes);
    assert_int_equal(tally.unfinished + tally.abandoned, 0);
    assert_int_equal(cache_test_files("tmp"), 0);
    planche_cache_close(&cache);
}

/* Only one prunes at a time, and a killed one leaves no lock. */
static void test_prune_lock(void **state)
{
    const struct planche_cache_limits limits = {0};
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_tally tally;
    struct planche_error error = {0};
    int ready[2];
    char byte;
    (void)state;
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct planche_folder_lock lock = PLANCHE_FOLDER_LOCK_NONE;
        char path[128];
        snprintf(path, sizeof path, "%s/lock", cache_test_folder);
        if (planche_file_lock_take(&lock, path) != PLANCHE_FOLDER_LOCK_TAKEN ||
            write(ready[1], "x", 1) != 1)
            end_child(false);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(planche_cache_prune(cache, &limits, &tally, NULL, &error),
                     PLANCHE_ERROR_EXISTS);
    assert_true(cache_test_has(cache, 1, SIZE));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(planche_cache_prune(cache, &limits, &tally, NULL, &error), PLANCHE_OK);
    assert_int_equal(tally.removed, 1);
    close(ready[0]);
    close(ready[1]);
    planche_cache_close(&cache);
}

/* A process that computes: it says when it has begun, and ends after a byte. */
static void compute(int begun, int go, bool stores)
{
    const struct planche_cache_options options = {
        .folder = cache_test_folder, .min_free = -1, .still = true};
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_claim claim;
    struct planche_cache *cache;
    struct planche_cache_result *result;
    struct planche_error error;
    char byte;
    bool good = planche_cache_open(&cache, &options, &error) == PLANCHE_OK &&
                !planche_cache_claim_take(&claim, cache, &key, NULL, 0, &result) &&
                write(begun, "x", 1) == 1 && read(go, &byte, 1) == 1;
    if (!good)
        end_child(false);
    if (stores)
        good = cache_test_store(cache, 1, SIZE) == PLANCHE_OK;
    planche_cache_claim_drop(&claim);
    end_child(good);
}

/* How the other ends; what the one that waited got. */
enum ending { STORES, FAILS, KILLED, LASTS };

static void run_ending(enum ending ending)
{
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_claim claim;
    struct planche_cache_result *result;
    int begun[2], go[2];
    char byte;
    assert_int_equal(pipe(begun) | pipe(go), 0);
    pid_t child = fork();
    if (child == 0)
        compute(begun[1], go[0], ending == STORES);
    assert_int_equal(read(begun[0], &byte, 1), 1);
    /* It has not ended yet. */
    assert_false(planche_cache_claim_take(&claim, cache, &key, NULL, 30, &result));
    planche_cache_claim_drop(&claim);
    if (ending == STORES || ending == FAILS)
        assert_int_equal(write(go[1], "x", 1), 1);
    if (ending == KILLED)
        kill(child, SIGKILL);
    bool found =
        planche_cache_claim_take(&claim, cache, &key, NULL, ending == LASTS ? 30 : 20000, &result);
    assert_int_equal(found, ending == STORES);
    if (found)
        assert_true(cache_test_is(result, 1, SIZE));
    else
        assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    planche_cache_claim_drop(&claim);
    planche_cache_result_release(&result);
    assert_int_equal(cache_test_stats(cache).stores, ending == STORES ? 0 : 1);
    if (ending == LASTS)
        assert_int_equal(write(go[1], "x", 1), 1);
    waitpid(child, NULL, 0);
    assert_true(cache_test_has(cache, 1, SIZE));
    assert_int_equal(cache_test_files("busy"), 0);
    for (int i = 0; i < 2; i++) {
        close(begun[i]);
        close(go[i]);
    }
    planche_cache_close(&cache);
}

static void test_stores(void **state)
{
    (void)state;
    run_ending(STORES);
}

static void test_fails(void **state)
{
    (void)state;
    run_ending(FAILS);
}

static void test_killed(void **state)
{
    (void)state;
    run_ending(KILLED);
}

/* Whoever has waited for long enough computes as well. */
static void test_lasts(void **state)
{
    (void)state;
    run_ending(LASTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_at_once, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_prune_lock, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_stores, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_fails, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_killed, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_lasts, cache_test_setup, cache_test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
