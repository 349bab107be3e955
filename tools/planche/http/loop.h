/* SPDX-License-Identifier: MIT */
/* Event loop: descriptors, timers and tasks of other threads, on the thread that runs it. */
#ifndef PLANCHE_HTTP_LOOP_H
#define PLANCHE_HTTP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* A loop belongs to the thread that runs it: all calls are for that thread, but
 * planche_http_loop_post. Nothing wakes it while nothing happens and no timer is set. */
struct planche_http_loop;

/* A descriptor that the loop waits for. Owned by the caller, and stays where it is while it is
 * watched. */
struct planche_http_watch {
    int fd;
    /* events: of epoll (EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR), level-triggered. */
    void (*ready)(void *user, uint32_t events);
    void *user;
    bool added; /* the loop's own */
};

/* A moment at which the loop calls a function, once. Owned by the caller; zeroed but for fire and
 * user, it is not set. */
struct planche_http_timer {
    void (*fire)(void *user);
    void *user;
    int64_t at; /* of planche_clock_ns */
    struct planche_http_timer *next, **link;
};

/* A call that another thread asks for. Owned by the caller until it is run. */
struct planche_http_task {
    void (*run)(void *user);
    void *user;
    struct planche_http_task *next;
};

/* NULL: the system refused (descriptors, memory). */
struct planche_http_loop *planche_http_loop_create(void);
/* Everything must be unwatched, and no timer set. NULL is fine. */
void planche_http_loop_destroy(struct planche_http_loop *loop);

/* Waits for these events from now on, instead of others before; 0: for errors alone. False: the
 * system refused. */
bool planche_http_loop_watch(struct planche_http_loop *loop, struct planche_http_watch *watch,
                             uint32_t events);
/* Not called any more, from now on. Before its descriptor is closed. Of one that is not watched:
 * fine. */
void planche_http_loop_unwatch(struct planche_http_loop *loop, struct planche_http_watch *watch);

/* Sets or moves a timer. */
void planche_http_timer_set(struct planche_http_loop *loop, struct planche_http_timer *timer,
                            int64_t at);
/* Of one that is not set: fine. */
void planche_http_timer_stop(struct planche_http_timer *timer);

/* Runs the task on the loop's thread, in order. From any thread. */
void planche_http_loop_post(struct planche_http_loop *loop, struct planche_http_task *task);

/* Runs the tasks that were posted so far, now: for who ends the loop. */
void planche_http_loop_flush(struct planche_http_loop *loop);

/* planche_clock_ns when the loop woke last: cheap. */
int64_t planche_http_loop_now(const struct planche_http_loop *loop);
/* Runs until planche_http_loop_stop is called; it may be run again then. False: the system refused
 * to wait. */
bool planche_http_loop_run(struct planche_http_loop *loop);
void planche_http_loop_stop(struct planche_http_loop *loop);

#endif
