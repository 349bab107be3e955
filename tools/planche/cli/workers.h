/* SPDX-License-Identifier: MIT */
/* Parallel for: one function for each of many items, through a job queue. */
#ifndef PLANCHE_CLI_WORKERS_H
#define PLANCHE_CLI_WORKERS_H

#include <planche/error.h>
#include <stddef.h>

/* Calls run(user, index) for 0..count-1, begun in this order, in up to `workers` threads (at most
 * PLANCHE_CLI_MAX_JOBS), and returns when all have returned. Errors, after which none was called:
 * MEMORY. */
enum planche_status planche_cli_for_each(size_t workers, size_t count,
                                         void (*run)(void *user, size_t index), void *user,
                                         struct planche_error *error);

#endif
