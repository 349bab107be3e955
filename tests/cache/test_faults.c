/* SPDX-License-Identifier: MIT */
/* Faults at every call: the process is killed there, or the call fails. Whatever happens, an entry
 * is whole or not there, and nothing stays behind. */
#include "cache_test.h"

#include "support/remove_tree.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE  3000
#define CALLS 400 /* more than any scenario makes */

/* What a process does with the cache: in it are the entries 1 and 2. */
typedef void (*scenario_fn)(struct planche_cache *cache);

static void store_new(struct planche_cache *cache)
{
    cache_test_store(cache, 3, SIZE);
}

/* The same content, since the key decides it. */
static void store_again(struct planche_cache *cache)
{
    cache_test_store(cache, 1, SIZE);
}

static void look_up(struct planche_cache *cache)
{
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_result *result;
    fault_step_clock(100 * 3600); /* a use to be noted */
    if (planche_cache_lookup(cache, &key, false, &result) == PLANCHE_CACHE_HIT)
        planche_cache_result_release(&result);
}

static void remove_all(struct planche_cache *cache)
{
    const struct planche_cache_limits limits = {0};
    struct planche_cache_tally tally;
    struct planche_error error;
    planche_cache_prune(cache, &limits, &tally, NULL, &error);
}

static void claim(struct planche_cache *cache)
{
    struct planche_cache_key key = cache_test_key(3);
    struct planche_cache_claim claim;
    struct planche_cache_result *result;
    assert_false(planche_cache_claim_take(&claim, cache, &key, NULL, 0, &result));
    cache_test_store(cache, 3, SIZE); /* whatever becomes of it on the disk */
    planche_cache_claim_drop(&claim);
}

static const struct {
    const char *name;
    scenario_fn run;
    bool removes, fresh; /* 1 and 2 may be gone; there is no folder yet */
    bool loses;          /* they may be gone after a failure: late errors, damage that is none */
} scenarios[] = {
    {"store", store_new, false, false, false},        {"first store", store_new, true, true, true},
    {"store again", store_again, false, false, true}, {"look-up", look_up, false, false, true},
    {"prune", remove_all, true, false, true},         {"claim", claim, false, false, false},
};
#define SCENARIOS (sizeof scenarios / sizeof *scenarios)

static void fill_cache(void)
{
    struct planche_cache *cache = cache_test_open(0);
    cache_test_store(cache, 1, SIZE);
    cache_test_store(cache, 2, SIZE);
    planche_cache_close(&cache);
}

static void tell(void *user, const char *path, const char *reason)
{
    (void)user;
    fail_msg("%s: %s", path, reason);
}

/* What the next process finds. */
static void check(const char *name, unsigned n, bool removes)
{
    const struct planche_cache_limits limits = {.max_bytes = UINT64_MAX};
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_tally tally;
    struct planche_error error = {0};
    if (planche_cache_verify(cache, tell, NULL, &tally, NULL, &error) != PLANCHE_OK)
        fail_msg("%s, call %u: %s", name, n, error.message);
    for (unsigned i = 1; i <= 2; i++) {
        if (!cache_test_has(cache, i, SIZE) && !removes)
            fail_msg("%s, call %u: entry %u is gone", name, n, i);
    }
    cache_test_has(cache, 3, SIZE);
    assert_int_equal(cache_test_stats(cache).damaged, 0);
    assert_int_equal(planche_cache_prune(cache, &limits, &tally, NULL, &error), PLANCHE_OK);
    assert_int_equal(cache_test_files("tmp") + cache_test_files("busy"), 0);
    assert_int_equal(cache_test_store(cache, 3, SIZE), PLANCHE_OK);
    assert_true(cache_test_has(cache, 3, SIZE));
    planche_cache_close(&cache);
}

static void empty(void)
{
    if (access(cache_test_folder, F_OK) == 0)
        assert_int_equal(remove_tree(cache_test_folder), 0);
}

/* True: the child was killed before it was done. */
static bool run_killed(size_t scenario, unsigned n)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct planche_cache *cache;
        const struct planche_cache_options options = {
            .folder = cache_test_folder, .min_free = -1, .still = true};
        struct planche_error error;
        if (scenarios[scenario].fresh)
            fault_kill_at(n);
        if (planche_cache_open(&cache, &options, &error) != PLANCHE_OK)
            _exit(1);
        if (!scenarios[scenario].fresh)
            fault_kill_at(n);
        scenarios[scenario].run(cache);
        fault_reset();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return false;
}

static void test_killed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        unsigned n = 1;
        for (bool killed = true; killed; n++) {
            assert_true(n < CALLS);
            empty();
            if (!scenarios[i].fresh)
                fill_cache();
            killed = run_killed(i, n);
            check(scenarios[i].name, n, scenarios[i].removes);
        }
        print_message("%s: killed at each of %u calls\n", scenarios[i].name, n - 2);
        assert_true(n > 5);
    }
}

/* Whatever fails is survived by the same process, and by what comes after it. */
static void test_failing(void **state)
{
    static const int reasons[] = {ENOSPC, EIO, EMFILE, EACCES};
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        bool done = false;
        for (unsigned n = 1; !done; n++) {
            assert_true(n < CALLS);
            empty();
            if (!scenarios[i].fresh)
                fill_cache();
            struct planche_cache *cache = cache_test_open(0);
            fault_fail_at(n, reasons[n % 4]);
            scenarios[i].run(cache);
            done = fault_calls() < n;
            fault_reset();
            planche_cache_close(&cache);
            check(scenarios[i].name, n, scenarios[i].loses);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_failing, cache_test_setup, cache_test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
