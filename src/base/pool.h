/* SPDX-License-Identifier: MIT */
/* A pool of threads that share loops. */
#ifndef PLANCHE_BASE_POOL_H
#define PLANCHE_BASE_POOL_H

#include "base/alloc.h"

#include <planche/error.h>

struct planche_pool;

/* threads counts the caller of planche_pool_run: threads - 1 are started (threads >= 1). */
enum planche_status planche_pool_create(struct planche_pool **out, unsigned threads,
                                        struct planche_budget *budget, struct planche_error *error);
void planche_pool_destroy(struct planche_pool **pool);
unsigned planche_pool_threads(const struct planche_pool *pool);

/* Calls fn(user, index, worker) once for every index in 0..count-1, in any order, on the calling
 * thread and on idle pool threads, and returns when all are done. worker is below
 * planche_pool_threads() and no two calls of one run share it at the same time; the caller itself
 * is worker 0. Several threads may run loops at once. */
typedef void (*planche_pool_fn)(void *user, size_t index, unsigned worker);
void planche_pool_run(struct planche_pool *pool, size_t count, planche_pool_fn fn, void *user);

/* For a caller that is going to compute for a while, with loops or without: until it leaves it
 * counts as one of the pool's threads, and beyond the first such caller a worker rests for each. */
void planche_pool_enter(struct planche_pool *pool);
void planche_pool_leave(struct planche_pool *pool);
/* How many threads a caller that has entered may take at this moment: its own, and those that no
 * other such caller counts as. At least 1. */
unsigned planche_pool_spare(struct planche_pool *pool);

/* A call that can wait: it is made once, by a thread of the pool that finds no loop to help with,
 * or at the latest by planche_pool_task_end. */
struct planche_pool_task;
/* NULL: no memory. The pool must outlive the task. */
struct planche_pool_task *planche_pool_task_create(struct planche_pool *pool,
                                                   struct planche_budget *budget);
/* No call may be under way. NULL is fine. */
void planche_pool_task_destroy(struct planche_pool_task **task);
/* Hands over fn(user, 0, worker). The last call has ended. */
void planche_pool_task_begin(struct planche_pool_task *task, planche_pool_fn fn, void *user);
/* Whether the call that was begun last has been made; planche_pool_task_end must still follow. */
bool planche_pool_task_is_done(struct planche_pool_task *task);
/* Returns when the call has been made, on another thread or on this one. */
void planche_pool_task_end(struct planche_pool_task *task);

#endif
