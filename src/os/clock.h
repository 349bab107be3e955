/* SPDX-License-Identifier: MIT */
/* The monotonic clock: it never steps, whatever becomes of the time of day. */
#ifndef PLANCHE_OS_CLOCK_H
#define PLANCHE_OS_CLOCK_H

#include <stdint.h>

/* Since some fixed moment, in nanoseconds and in milliseconds. */
int64_t planche_clock_ns(void);
double planche_clock_ms(void);

#endif
