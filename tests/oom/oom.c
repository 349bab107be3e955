/* SPDX-License-Identifier: MIT */
/* Runs a scenario while allocations fail. */
#include "oom/oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ALWAYS_RUN 200

/* One run in which allocation n fails (0: none); true: the scenario succeeded. */
static bool run_once(const char *name, oom_scenario scenario, void *user, uint64_t n, bool forever)
{
    struct planche_budget budget;
    struct planche_error error = {.status = PLANCHE_OK};
    planche_budget_init(&budget, 0);
    planche_alloc_fail_at(n, forever);
    enum planche_status status = scenario(user, &budget, &error);
    uint64_t count = planche_alloc_count();
    planche_alloc_fail_at(0, false);

    const char *how = forever ? "for good" : "once";
    uint64_t used = atomic_load(&budget.used);
    if (used != 0)
        fail_msg("%s: %llu bytes left in use after allocation %llu failed %s", name,
                 (unsigned long long)used, (unsigned long long)n, how);
    if (status == PLANCHE_OK)
        return true;
    if (n == 0 || count < n)
        fail_msg("%s: failed although no allocation did: %s", name, error.message);
    if (status != PLANCHE_ERROR_MEMORY && status != PLANCHE_ERROR_BUDGET)
        fail_msg("%s: status %d (%s) when allocation %llu failed %s", name, (int)status,
                 error.message, (unsigned long long)n, how);
    if (error.status != status || !error.message[0])
        fail_msg("%s: no error filled in when allocation %llu failed %s", name,
                 (unsigned long long)n, how);
    return false;
}

uint64_t oom_run(const char *name, oom_scenario scenario, void *user, uint64_t step)
{
    run_once(name, scenario, user, 0, false);
    planche_alloc_fail_at(0, false);
    struct planche_budget budget;
    planche_budget_init(&budget, 0);
    if (scenario(user, &budget, NULL) != PLANCHE_OK)
        fail_msg("%s: failed without anybody to tell", name);
    uint64_t total = planche_alloc_count();

    for (uint64_t n = 1; n <= total; n += n < ALWAYS_RUN ? 1 : step) {
        run_once(name, scenario, user, n, false);
        if (run_once(name, scenario, user, n, true))
            fail_msg("%s: succeeded although no allocation from %llu of %llu on did", name,
                     (unsigned long long)n, (unsigned long long)total);
    }
    print_message("%s: %llu allocations failed one by one\n", name, (unsigned long long)total);
    return total;
}
