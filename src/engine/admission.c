/* SPDX-License-Identifier: MIT */
/* The door of an engine: which pages run at once. */
#include "engine/admission.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

/* How often who waits is asked whether to go on. */
#define ASK_MS 100

/* Somebody who waits, and what to ask. */
struct patience {
    struct planche_gate *gate;
    planche_gate_stop_fn stop; /* NULL: endless */
    void *user;
    struct timespec until; /* time to ask */
};

void planche_gate_init(struct planche_gate *gate)
{
    pthread_condattr_t attributes;
    *gate = (struct planche_gate){0};
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&gate->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void planche_gate_destroy(struct planche_gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->mutex);
}

void planche_gate_open(struct planche_gate *gate, uint64_t memory, unsigned threads, unsigned jobs)
{
    gate->memory = memory;
    gate->parts = jobs ? jobs : 1;
    gate->threads = jobs ? UINT_MAX : threads;
    gate->jobs = jobs ? jobs : threads; /* each keeps a thread busy, so there are never more */
}

static bool is_full(const struct planche_gate *gate)
{
    return gate->inside >= gate->jobs || gate->busy >= gate->threads;
}

static void renew(struct patience *patience)
{
    struct timespec *until = &patience->until;
    clock_gettime(CLOCK_MONOTONIC, until);
    until->tv_nsec += ASK_MS * 1000000L;
    until->tv_sec += until->tv_nsec / 1000000000L;
    until->tv_nsec %= 1000000000L;
}

static struct patience make_patience(struct planche_gate *gate, planche_gate_stop_fn stop,
                                     void *user)
{
    struct patience patience = {.gate = gate, .stop = stop, .user = user};
    renew(&patience);
    return patience;
}

/* Waits for a change, or until it is time to ask: that is done without the lock, since the answer
 * comes from outside. False: stop. */
static bool wait_for_change(struct patience *patience)
{
    struct planche_gate *gate = patience->gate;
    if (!patience->stop) {
        pthread_cond_wait(&gate->changed, &gate->mutex);
        return true;
    }
    if (pthread_cond_timedwait(&gate->changed, &gate->mutex, &patience->until) != ETIMEDOUT)
        return true;
    pthread_mutex_unlock(&gate->mutex);
    bool stopped = patience->stop(patience->user);
    pthread_mutex_lock(&gate->mutex);
    renew(patience);
    return !stopped;
}

static void queue_up(struct planche_gate *gate, struct planche_gate_waiter *waiter)
{
    struct planche_gate_waiter **link = &gate->queue;
    while (*link)
        link = &(*link)->next;
    *link = waiter;
}

static void leave_queue(struct planche_gate *gate, const struct planche_gate_waiter *waiter)
{
    struct planche_gate_waiter **link = &gate->queue;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
}

bool planche_gate_arrive(struct planche_gate *gate, planche_gate_stop_fn stop, void *user)
{
    struct patience patience = make_patience(gate, stop, user);
    struct planche_gate_waiter waiter = {NULL};
    bool waits = true;
    pthread_mutex_lock(&gate->mutex);
    queue_up(gate, &waiter);
    while (waits && (gate->queue != &waiter || gate->occupied || is_full(gate)))
        waits = wait_for_change(&patience);
    leave_queue(gate, &waiter);
    if (waits)
        gate->occupied = true;
    else
        pthread_cond_broadcast(&gate->changed); /* the next may be first now */
    pthread_mutex_unlock(&gate->mutex);
    return waits;
}

static struct planche_room room_of(const struct planche_gate *gate)
{
    uint64_t left = gate->memory - gate->taken, most = gate->memory / gate->parts;
    return (struct planche_room){left < most ? left : most, most};
}

struct planche_room planche_gate_room(struct planche_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    struct planche_room room = room_of(gate);
    pthread_mutex_unlock(&gate->mutex);
    return room;
}

bool planche_gate_wait(struct planche_gate *gate, uint64_t room, planche_gate_stop_fn stop,
                       void *user)
{
    struct patience patience = make_patience(gate, stop, user);
    bool waits = true;
    pthread_mutex_lock(&gate->mutex);
    while (waits && room_of(gate).now <= room)
        waits = wait_for_change(&patience);
    pthread_mutex_unlock(&gate->mutex);
    return waits;
}

bool planche_gate_wait_alone(struct planche_gate *gate, planche_gate_stop_fn stop, void *user)
{
    struct patience patience = make_patience(gate, stop, user);
    bool waits = true;
    pthread_mutex_lock(&gate->mutex);
    while (waits && gate->inside > 0)
        waits = wait_for_change(&patience);
    pthread_mutex_unlock(&gate->mutex);
    return waits;
}

/* The page at the door has been told what room there is. */
static bool can_be_held(const struct planche_gate *gate, uint64_t bytes)
{
    return !gate->occupied && bytes <= gate->memory - gate->taken;
}

bool planche_gate_hold(struct planche_gate *gate, uint64_t bytes, planche_gate_stop_fn stop,
                       void *user)
{
    struct patience patience = make_patience(gate, stop, user);
    bool waits = true;
    pthread_mutex_lock(&gate->mutex);
    while (waits && bytes < gate->memory && !can_be_held(gate, bytes))
        waits = wait_for_change(&patience);
    bool held = waits && bytes < gate->memory;
    if (held)
        gate->memory -= bytes;
    pthread_mutex_unlock(&gate->mutex);
    return held;
}

void planche_gate_let_go(struct planche_gate *gate, uint64_t bytes)
{
    pthread_mutex_lock(&gate->mutex);
    gate->memory += bytes;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

void planche_gate_enter(struct planche_gate *gate, const struct planche_stake *stake)
{
    pthread_mutex_lock(&gate->mutex);
    gate->inside++;
    gate->busy += stake->threads;
    gate->taken += stake->bytes;
    gate->occupied = false;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

void planche_gate_go_away(struct planche_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->occupied = false;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

void planche_gate_lower(struct planche_gate *gate, struct planche_stake *stake,
                        const struct planche_stake *to)
{
    pthread_mutex_lock(&gate->mutex);
    gate->busy -= stake->threads - to->threads;
    gate->taken -= stake->bytes - to->bytes;
    *stake = *to;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

bool planche_gate_leave(struct planche_gate *gate, const struct planche_stake *stake)
{
    pthread_mutex_lock(&gate->mutex);
    gate->inside--;
    gate->busy -= stake->threads;
    gate->taken -= stake->bytes;
    bool idle = gate->inside == 0 && !gate->queue && !gate->occupied;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
    return idle;
}
