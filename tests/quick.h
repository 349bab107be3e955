/* SPDX-License-Identifier: MIT */
/* Whether tests should try less: under sanitizers, which make all slow, PLANCHE_TEST_QUICK is 1. */
#ifndef PLANCHE_TESTS_QUICK_H
#define PLANCHE_TESTS_QUICK_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool test_quick(void)
{
    const char *text = getenv("PLANCHE_TEST_QUICK");
    return text && strcmp(text, "1") == 0;
}

#endif
