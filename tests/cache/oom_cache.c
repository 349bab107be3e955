/* SPDX-License-Identifier: MIT */
/* The cache while memory runs out: what was computed goes out all the same. */
#include "cache_test.h"

#include "support/oom.h"

#include <stdlib.h>

#define SIZE 1000

static enum planche_status scenario(void *user, struct planche_budget *budget,
                                    struct planche_error *error)
{
    const struct planche_cache_meta meta = {"image/png", NULL, 0};
    const struct planche_cache_options options = {
        .folder = cache_test_folder, .budget = budget, .min_free = -1, .still = true};
    const struct planche_cache_limits limits = {0};
    static const char content[SIZE];
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_claim claim;
    struct planche_cache *cache;
    struct planche_cache_result *result = NULL;
    struct planche_cache_tally tally;
    struct planche_error unstored;
    (void)user;
    enum planche_status status = planche_cache_open(&cache, &options, error);
    if (status)
        return status;
    if (!planche_cache_claim_take(&claim, cache, &key, NULL, 0, &result)) {
        status = planche_cache_result_create(&result, budget, content, SIZE, NULL, &meta, error);
        if (status == PLANCHE_OK)
            planche_cache_store(cache, &key, result, &unstored);
    }
    planche_cache_claim_drop(&claim);
    planche_cache_result_release(&result);
    planche_cache_lookup(cache, &key, false, &result);
    planche_cache_result_release(&result);
    if (status == PLANCHE_OK)
        status = planche_cache_prune(cache, &limits, &tally, NULL, error);
    planche_cache_close(&cache);
    return status;
}

static void test_all(void **state)
{
    (void)state;
    assert_true(oom_run("cache", scenario, NULL, 1) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all, cache_test_setup, cache_test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
