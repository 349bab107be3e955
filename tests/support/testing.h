/* SPDX-License-Identifier: MIT */
/* What every cmocka test includes. */
#ifndef PLANCHE_TESTS_SUPPORT_TESTING_H
#define PLANCHE_TESTS_SUPPORT_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
