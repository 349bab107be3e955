/* SPDX-License-Identifier: MIT */
/* One function in several threads. */
#ifndef PLANCHE_CLI_WORKERS_H
#define PLANCHE_CLI_WORKERS_H

#include <stddef.h>

/* Runs work(user) in up to `count` threads (at most PLANCHE_CLI_MAX_JOBS), the caller's among them,
 * and returns when all have. */
void planche_cli_work(size_t count, void *(*work)(void *user), void *user);

#endif
