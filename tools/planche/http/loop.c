/* SPDX-License-Identifier: MIT */
/* Event loop: epoll for descriptors, a list of timers with a lower bound, an eventfd for tasks. */
#include "http/loop.h"

#include "os/clock.h"
#include "os/thread.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH 64 /* events that one wait returns */

struct planche_http_loop {
    int poll, wake;
    struct planche_http_watch wake_watch;
    bool stopping;
    int64_t now;

    struct planche_http_timer *timers;
    int64_t next_timer; /* no timer is due before; INT64_MAX: there is none */

    /* What this wait has returned: a watch that is removed meanwhile leaves it. */
    struct epoll_event events[BATCH];
    int count, next;

    struct planche_mutex lock; /* of the tasks */
    struct planche_http_task *tasks, **last_task;
};

static struct planche_http_task *take_tasks(struct planche_http_loop *loop)
{
    planche_mutex_lock(&loop->lock);
    struct planche_http_task *tasks = loop->tasks;
    loop->tasks = NULL;
    loop->last_task = &loop->tasks;
    planche_mutex_unlock(&loop->lock);
    return tasks;
}

static void on_wake(void *user, uint32_t events)
{
    struct planche_http_loop *loop = user;
    uint64_t count;
    (void)events;
    ssize_t got = read(loop->wake, &count, sizeof count);
    (void)got; /* nobody else reads it: there is a count, or it is read the next time */
    planche_http_loop_flush(loop);
}

void planche_http_loop_flush(struct planche_http_loop *loop)
{
    for (struct planche_http_task *task = take_tasks(loop), *next; task != NULL; task = next) {
        next = task->next; /* the task may be gone once it has run */
        task->run(task->user);
    }
}

void planche_http_loop_post(struct planche_http_loop *loop, struct planche_http_task *task)
{
    const uint64_t one = 1;
    task->next = NULL;
    planche_mutex_lock(&loop->lock);
    bool first = loop->tasks == NULL;
    *loop->last_task = task;
    loop->last_task = &task->next;
    ssize_t written = first ? write(loop->wake, &one, sizeof one) : 0;
    (void)written; /* it fails only if the count is full, and then the loop wakes */
    planche_mutex_unlock(&loop->lock);
}

struct planche_http_loop *planche_http_loop_create(void)
{
    struct planche_http_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    loop->poll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->wake_watch = (struct planche_http_watch){loop->wake, on_wake, loop, false};
    loop->now = planche_clock_ns();
    loop->next_timer = INT64_MAX;
    loop->last_task = &loop->tasks;
    planche_mutex_init(&loop->lock);
    if (loop->poll < 0 || loop->wake < 0 ||
        !planche_http_loop_watch(loop, &loop->wake_watch, EPOLLIN)) {
        planche_http_loop_destroy(loop);
        return NULL;
    }
    return loop;
}

void planche_http_loop_destroy(struct planche_http_loop *loop)
{
    if (loop == NULL)
        return;
    if (loop->poll >= 0)
        close(loop->poll);
    if (loop->wake >= 0)
        close(loop->wake);
    planche_mutex_destroy(&loop->lock);
    free(loop);
}

bool planche_http_loop_watch(struct planche_http_loop *loop, struct planche_http_watch *watch,
                             uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.ptr = watch}};
    int how = watch->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(loop->poll, how, watch->fd, &event) != 0)
        return false;
    watch->added = true;
    return true;
}

void planche_http_loop_unwatch(struct planche_http_loop *loop, struct planche_http_watch *watch)
{
    if (!watch->added)
        return;
    watch->added = false;
    epoll_ctl(loop->poll, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = loop->next; i < loop->count; i++) {
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
    }
}

void planche_http_timer_stop(struct planche_http_timer *timer)
{
    if (timer->link == NULL)
        return;
    *timer->link = timer->next;
    if (timer->next != NULL)
        timer->next->link = timer->link;
    timer->link = NULL;
}

void planche_http_timer_set(struct planche_http_loop *loop, struct planche_http_timer *timer,
                            int64_t at)
{
    timer->at = at;
    if (at < loop->next_timer)
        loop->next_timer = at;
    if (timer->link != NULL)
        return;
    timer->next = loop->timers;
    timer->link = &loop->timers;
    if (timer->next != NULL)
        timer->next->link = &timer->next;
    loop->timers = timer;
}

/* The first timer that is due, or NULL after the bound has been set to the earliest one. */
static struct planche_http_timer *find_due(struct planche_http_loop *loop)
{
    int64_t earliest = INT64_MAX;
    for (struct planche_http_timer *timer = loop->timers; timer != NULL; timer = timer->next) {
        if (timer->at <= loop->now)
            return timer;
        earliest = timer->at < earliest ? timer->at : earliest;
    }
    loop->next_timer = earliest;
    return NULL;
}

static void fire_timers(struct planche_http_loop *loop)
{
    struct planche_http_timer *timer;
    while (loop->next_timer <= loop->now && (timer = find_due(loop)) != NULL) {
        planche_http_timer_stop(timer);
        timer->fire(timer->user);
    }
}

/* For epoll_wait: until the next timer, rounded up. */
static int milliseconds_left(const struct planche_http_loop *loop)
{
    if (loop->timers == NULL)
        return -1;
    int64_t left = loop->next_timer - planche_clock_ns();
    if (left <= 0)
        return 0;
    int64_t milliseconds = (left - 1) / 1000000 + 1;
    return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

int64_t planche_http_loop_now(const struct planche_http_loop *loop)
{
    return loop->now;
}

bool planche_http_loop_run(struct planche_http_loop *loop)
{
    loop->stopping = false;
    while (!loop->stopping) {
        int count = epoll_wait(loop->poll, loop->events, BATCH, milliseconds_left(loop));
        if (count < 0 && errno != EINTR)
            return false;
        loop->now = planche_clock_ns();
        loop->count = count > 0 ? count : 0;
        for (loop->next = 0; loop->next < loop->count;) {
            const struct epoll_event *event = &loop->events[loop->next++];
            const struct planche_http_watch *watch = event->data.ptr;
            if (watch != NULL)
                watch->ready(watch->user, event->events);
        }
        loop->count = 0;
        fire_timers(loop);
    }
    return true;
}

void planche_http_loop_stop(struct planche_http_loop *loop)
{
    loop->stopping = true;
}
