/* SPDX-License-Identifier: MIT */
/* How much tests try. Under sanitizers, which make all slow, PLANCHE_TEST_QUICK is 1; under an
 * emulator, slower by another order of magnitude, 2. PLANCHE_TEST_FULL=1 asks for the variety that
 * takes too long for every day; it has no effect on a quick run. */
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

static inline bool test_full(void)
{
    const char *text = getenv("PLANCHE_TEST_FULL");
    return !test_quick() && text && atoi(text) != 0;
}

#endif
