/* SPDX-License-Identifier: MIT */
/* Runs a scenario while allocations fail. */
#include "support/oom.h"

#include "support/quick.h"
#include "support/testing.h"

/* What is wrong with the outcome of a run in which allocation n was to fail; NULL: nothing. */
static const char *complaint(enum planche_status status, const struct planche_error *error,
                             bool failure_met)
{
    if (status == PLANCHE_OK)
        return NULL;
    if (!failure_met)
        return "failed although no allocation did";
    if (status != PLANCHE_ERROR_MEMORY && status != PLANCHE_ERROR_BUDGET)
        return "failed with another status than MEMORY or BUDGET";
    if (error->status != status || !error->message[0])
        return "did not fill in the error";
    return NULL;
}

/* One run in which allocation n fails (0: none). Returns the number of allocations. */
static uint64_t run_once(const char *name, oom_scenario scenario, void *user, uint64_t n,
                         bool forever)
{
    struct planche_budget budget;
    struct planche_error error = {.status = PLANCHE_OK};
    planche_budget_init(&budget, 0);
    planche_alloc_fail_at(n, forever);
    enum planche_status status = scenario(user, &budget, &error);
    uint64_t count = planche_alloc_count();
    planche_alloc_fail_at(0, false);

    const char *wrong = complaint(status, &error, n > 0 && count >= n);
    if (!wrong && atomic_load(&budget.used) != 0)
        wrong = "left memory in use";
    if (wrong)
        fail_msg("%s, allocation %llu of %llu failing %s: %s (status %d, %llu bytes in use): %s",
                 name, (unsigned long long)n, (unsigned long long)count,
                 forever ? "for good" : "once", wrong, (int)status,
                 (unsigned long long)atomic_load(&budget.used), error.message);
    return count;
}

uint64_t oom_run(const char *name, oom_scenario scenario, void *user, uint64_t step)
{
    uint64_t total = run_once(name, scenario, user, 0, false);
    unsigned once = 0, for_good = 0;
    for (uint64_t n = 1; run_once(name, scenario, user, n, false) >= n;
         n += test_quick() ? step : 1) {
        if (!test_quick() || once % 4 == 0) {
            run_once(name, scenario, user, n, true);
            for_good++;
        }
        once++;
    }
    print_message("%s: %llu allocations; %u failed once, %u for good\n", name,
                  (unsigned long long)total, once, for_good);
    return total;
}
