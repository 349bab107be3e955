/* SPDX-License-Identifier: MIT */
/* Whether tests should try less: under sanitizers, which make all slow, PLANCHE_TEST_QUICK is 1;
 * under an emulator, slower by another order of magnitude, 2. */
#ifndef PLANCHE_TESTS_SUPPORT_QUICK_H
#define PLANCHE_TESTS_SUPPORT_QUICK_H

#include <stdbool.h>
#include <stdlib.h>

static inline int test_quick_level(void)
{
    const char *text = getenv("PLANCHE_TEST_QUICK");
    return text ? atoi(text) : 0;
}

static inline bool test_quick(void)
{
    return test_quick_level() >= 1;
}

static inline bool test_quickest(void)
{
    return test_quick_level() >= 2;
}

#endif
