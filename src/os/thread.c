/* SPDX-License-Identifier: MIT */
/* Threads, mutexes and condition variables over pthreads. */
#include "os/thread.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <time.h>

/* The calls below fail only when they are misused. */
static void check(int result)
{
    assert(result == 0);
    (void)result;
}

void planche_mutex_init(struct planche_mutex *mutex)
{
    check(pthread_mutex_init(&mutex->handle, NULL));
}

void planche_mutex_destroy(struct planche_mutex *mutex)
{
    check(pthread_mutex_destroy(&mutex->handle));
}

void planche_mutex_lock(struct planche_mutex *mutex)
{
    check(pthread_mutex_lock(&mutex->handle));
}

bool planche_mutex_try_lock(struct planche_mutex *mutex)
{
    int result = pthread_mutex_trylock(&mutex->handle);
    assert(result == 0 || result == EBUSY);
    return result == 0;
}

void planche_mutex_unlock(struct planche_mutex *mutex)
{
    check(pthread_mutex_unlock(&mutex->handle));
}

void planche_cond_init(struct planche_cond *cond)
{
    pthread_condattr_t attributes;
    check(pthread_condattr_init(&attributes));
    check(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    check(pthread_cond_init(&cond->handle, &attributes));
    pthread_condattr_destroy(&attributes);
}

void planche_cond_destroy(struct planche_cond *cond)
{
    check(pthread_cond_destroy(&cond->handle));
}

void planche_cond_signal(struct planche_cond *cond)
{
    check(pthread_cond_signal(&cond->handle));
}

void planche_cond_broadcast(struct planche_cond *cond)
{
    check(pthread_cond_broadcast(&cond->handle));
}

void planche_cond_wait(struct planche_cond *cond, struct planche_mutex *mutex)
{
    check(pthread_cond_wait(&cond->handle, &mutex->handle));
}

bool planche_cond_wait_until(struct planche_cond *cond, struct planche_mutex *mutex,
                             int64_t deadline)
{
    struct timespec until = {.tv_sec = (time_t)(deadline / 1000000000),
                             .tv_nsec = (long)(deadline % 1000000000)};
    int result = pthread_cond_timedwait(&cond->handle, &mutex->handle, &until);
    assert(result == 0 || result == ETIMEDOUT);
    return result != ETIMEDOUT;
}

static void *thread_main(void *user)
{
    const struct planche_thread *thread = user;
    thread->run(thread->user);
    return NULL;
}

bool planche_thread_start(struct planche_thread *thread, void (*run)(void *user), void *user)
{
    sigset_t all, before;
    thread->run = run;
    thread->user = user;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&thread->handle, NULL, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result == 0;
}

void planche_thread_join(struct planche_thread *thread)
{
    check(pthread_join(thread->handle, NULL));
}

void planche_thread_detach(struct planche_thread *thread)
{
    check(pthread_detach(thread->handle));
}
