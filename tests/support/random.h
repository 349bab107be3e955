/* SPDX-License-Identifier: MIT */
/* Random numbers for tests: the same seed gives the same numbers everywhere. */
#ifndef PLANCHE_TESTS_SUPPORT_RANDOM_H
#define PLANCHE_TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

/* splitmix64 (Steele, Lea and Flood, 2014). */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* least .. most */
static inline int test_random_int(uint64_t *state, int least, int most)
{
    return least + (int)(test_random(state) % (uint64_t)(most - least + 1));
}

/* least <= v < most */
static inline double test_random_real(uint64_t *state, double least, double most)
{
    return least + (most - least) * (double)(test_random(state) >> 11) / 9007199254740992.0;
}

#endif
