/* SPDX-License-Identifier: MIT */
/* Runs a scenario while allocations fail: the first, the second, the third ..., each once and for
 * good, until the scenario ends before the failure is met. */
#ifndef PLANCHE_TESTS_SUPPORT_OOM_H
#define PLANCHE_TESTS_SUPPORT_OOM_H

#include "base/alloc.h"

#include <planche/error.h>

/* Does something from the beginning and cleans up behind itself, whatever the outcome. Everything
 * it keeps alive must be gone when it returns. */
typedef enum planche_status (*oom_scenario)(void *user, struct planche_budget *budget,
                                            struct planche_error *error);

/* Fails the running cmocka test when, for some N,
 * - the scenario fails with anything but MEMORY or BUDGET, or without filling in the error;
 * - something is left in use of the budget;
 * - the scenario fails although no allocation did.
 * (It may succeed when it can do without; that its result is right then is its own affair to
 * check.) A quick run takes every step-th N (1: all), and lets only every fourth of these fail for
 * good: step is for what allocates as another scenario does, and computes long. Returns
 * the number of allocations of an undisturbed run. */
uint64_t oom_run(const char *name, oom_scenario scenario, void *user, uint64_t step);

#endif
