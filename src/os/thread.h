/* SPDX-License-Identifier: MIT */
/* Threads, mutexes and condition variables.
 *
 * Timed waits use the monotonic clock. Threads start with all signals blocked: those belong to the
 * program's own threads. Misuse (unlocking what is not locked, destroying what is waited for) is
 * undefined. */
#ifndef PLANCHE_OS_THREAD_H
#define PLANCHE_OS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Mutual exclusion lock, not recursive. */
struct planche_mutex {
    pthread_mutex_t handle;
};

/* Initialises a static mutex. */
#define PLANCHE_MUTEX_INIT                                                                         \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER                                                                  \
    }

/* Condition variable, with waits by the monotonic clock. */
struct planche_cond {
    pthread_cond_t handle;
};

/* Thread: its function and the argument, which belongs to the caller. */
struct planche_thread {
    pthread_t handle;
    void (*run)(void *user);
    void *user;
};

void planche_mutex_init(struct planche_mutex *mutex);
void planche_mutex_destroy(struct planche_mutex *mutex);
void planche_mutex_lock(struct planche_mutex *mutex);
/* False: somebody else holds it. */
bool planche_mutex_try_lock(struct planche_mutex *mutex);
void planche_mutex_unlock(struct planche_mutex *mutex);

void planche_cond_init(struct planche_cond *cond);
void planche_cond_destroy(struct planche_cond *cond);
void planche_cond_signal(struct planche_cond *cond);
void planche_cond_broadcast(struct planche_cond *cond);
/* Like pthread_cond_wait: may return without a signal. */
void planche_cond_wait(struct planche_cond *cond, struct planche_mutex *mutex);
/* The same until a time of planche_clock_ns. False: it has come. */
bool planche_cond_wait_until(struct planche_cond *cond, struct planche_mutex *mutex,
                             int64_t deadline);

/* Runs run(user) on a thread of its own. *thread must stay where it is until it is joined. False:
 * the system has no room for another thread. */
bool planche_thread_start(struct planche_thread *thread, void (*run)(void *user), void *user);
void planche_thread_join(struct planche_thread *thread);
/* Instead of joining: nobody learns when it ends, and *thread must stay until then. */
void planche_thread_detach(struct planche_thread *thread);

#endif
