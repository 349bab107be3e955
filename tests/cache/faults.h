/* SPDX-License-Identifier: MIT */
/* Faults of the system, for tests of the cache: the linker's --wrap leads its calls here. */
#ifndef PLANCHE_TESTS_CACHE_FAULTS_H
#define PLANCHE_TESTS_CACHE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

/* Calls that were made since fault_reset. */
unsigned fault_calls(void);
/* No faults, the true clock, and counting from 0. */
void fault_reset(void);
/* The process is killed instead of the n-th call (1: the next). */
void fault_kill_at(unsigned n);
/* The n-th call fails with this errno. */
void fault_fail_at(unsigned n, int reason);
/* So many bytes can be written, then the disk is full. */
void fault_full_after(uint64_t bytes);
/* The time of day is so many seconds off. */
void fault_step_clock(int64_t seconds);

#endif
