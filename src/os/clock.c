/* SPDX-License-Identifier: MIT */
/* The monotonic clock. */
#include "os/clock.h"

#include <time.h>

int64_t planche_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

double planche_clock_ms(void)
{
    return (double)planche_clock_ns() / 1e6;
}
