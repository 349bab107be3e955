/* SPDX-License-Identifier: MIT */
/* The foundation under failing allocations, and the helper's own ability to notice mistakes. */
#include "support/oom.h"

#include "base/pool.h"
#include "base/status.h"

#include "support/testing.h"

static enum planche_status pool_scenario(void *user, struct planche_budget *budget,
                                         struct planche_error *error)
{
    (void)user;
    struct planche_pool *pool;
    enum planche_status status = planche_pool_create(&pool, 3, budget, error);
    planche_pool_destroy(&pool);
    return status;
}

/* Every kind of allocation, growing and shrinking, small and mapped. */
static enum planche_status alloc_scenario(void *user, struct planche_budget *budget,
                                          struct planche_error *error)
{
    (void)user;
    enum planche_status status = PLANCHE_OK;
    char *text = planche_strdup(budget, "planche");
    void *zeroes = planche_calloc(budget, 3, 5);
    void *block = planche_alloc(budget, 100);
    bool reserved = planche_budget_reserve(budget, 1000);
    const size_t sizes[] = {5000, 3 << 20, 5 << 20, 70};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && block; i++) {
        void *resized = planche_realloc(budget, block, sizes[i]);
        if (!resized)
            status = PLANCHE_ERROR_MEMORY;
        else
            block = resized;
    }
    if (!text || !zeroes || !block || !reserved || status != PLANCHE_OK)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    if (reserved)
        planche_budget_release(budget, 1000);
    planche_free(block);
    planche_free(zeroes);
    planche_free(text);
    return status;
}

static void test_base(void **state)
{
    (void)state;
    assert_int_equal(oom_run("pool", pool_scenario, NULL, 1), 2);
    assert_int_equal(oom_run("alloc", alloc_scenario, NULL, 1), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_base)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
