/* SPDX-License-Identifier: MIT */
/* The door of an engine: which pages run at once. */
#include "engine/admission.h"

#include "os/clock.h"

#include <limits.h>

/* How often who waits is asked whether to go on. */
#define ASK_MS 100

/* Somebody who waits, and what to ask. */
struct patience {
    struct planche_admission *admission;
    planche_admission_stop_fn stop; /* NULL: endless */
    void *user;
    int64_t until; /* time of planche_clock_ns to ask */
};

void planche_admission_init(struct planche_admission *admission)
{
    *admission = (struct planche_admission){0};
    planche_mutex_init(&admission->mutex);
    planche_cond_init(&admission->changed);
}

void planche_admission_destroy(struct planche_admission *admission)
{
    planche_cond_destroy(&admission->changed);
    planche_mutex_destroy(&admission->mutex);
}

void planche_admission_start(struct planche_admission *admission, uint64_t memory, unsigned threads,
                             unsigned jobs)
{
    admission->memory = memory;
    admission->parts = jobs ? jobs : 1;
    admission->threads = jobs ? UINT_MAX : threads;
    admission->jobs = jobs ? jobs : threads; /* each keeps a thread busy, so there are never more */
}

static bool is_full(const struct planche_admission *admission)
{
    return admission->inside >= admission->jobs || admission->busy >= admission->threads;
}

static void renew(struct patience *patience)
{
    patience->until = planche_clock_ns() + ASK_MS * 1000000L;
}

static struct patience make_patience(struct planche_admission *admission,
                                     planche_admission_stop_fn stop, void *user)
{
    struct patience patience = {.admission = admission, .stop = stop, .user = user};
    renew(&patience);
    return patience;
}

/* Waits for a change, or until it is time to ask: that is done without the lock, since the answer
 * comes from outside. False: stop. */
static bool wait_for_change(struct patience *patience)
{
    struct planche_admission *admission = patience->admission;
    if (!patience->stop) {
        planche_cond_wait(&admission->changed, &admission->mutex);
        return true;
    }
    if (planche_cond_wait_until(&admission->changed, &admission->mutex, patience->until))
        return true;
    planche_mutex_unlock(&admission->mutex);
    bool stopped = patience->stop(patience->user);
    planche_mutex_lock(&admission->mutex);
    renew(patience);
    return !stopped;
}

static void queue_up(struct planche_admission *admission, struct planche_admission_waiter *waiter)
{
    struct planche_admission_waiter **link = &admission->queue;
    while (*link)
        link = &(*link)->next;
    *link = waiter;
}

static void leave_queue(struct planche_admission *admission,
                        const struct planche_admission_waiter *waiter)
{
    struct planche_admission_waiter **link = &admission->queue;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
}

bool planche_admission_acquire(struct planche_admission *admission, planche_admission_stop_fn stop,
                               void *user)
{
    struct patience patience = make_patience(admission, stop, user);
    struct planche_admission_waiter waiter = {NULL};
    bool waits = true;
    planche_mutex_lock(&admission->mutex);
    queue_up(admission, &waiter);
    while (waits && (admission->queue != &waiter || admission->occupied || is_full(admission)))
        waits = wait_for_change(&patience);
    leave_queue(admission, &waiter);
    if (waits)
        admission->occupied = true;
    else
        planche_cond_broadcast(&admission->changed); /* the next may be first now */
    planche_mutex_unlock(&admission->mutex);
    return waits;
}

static struct planche_available room_of(const struct planche_admission *admission)
{
    uint64_t left = admission->memory - admission->taken,
             most = admission->memory / admission->parts;
    return (struct planche_available){left < most ? left : most, most};
}

struct planche_available planche_admission_available(struct planche_admission *admission)
{
    planche_mutex_lock(&admission->mutex);
    struct planche_available room = room_of(admission);
    planche_mutex_unlock(&admission->mutex);
    return room;
}

bool planche_admission_wait_for_memory(struct planche_admission *admission, uint64_t room,
                                       planche_admission_stop_fn stop, void *user)
{
    struct patience patience = make_patience(admission, stop, user);
    bool waits = true;
    planche_mutex_lock(&admission->mutex);
    while (waits && room_of(admission).now <= room)
        waits = wait_for_change(&patience);
    planche_mutex_unlock(&admission->mutex);
    return waits;
}

bool planche_admission_wait_idle(struct planche_admission *admission,
                                 planche_admission_stop_fn stop, void *user)
{
    struct patience patience = make_patience(admission, stop, user);
    bool waits = true;
    planche_mutex_lock(&admission->mutex);
    while (waits && admission->inside > 0)
        waits = wait_for_change(&patience);
    planche_mutex_unlock(&admission->mutex);
    return waits;
}

/* The page at the door has been told what room there is. */
static bool can_be_held(const struct planche_admission *admission, uint64_t bytes)
{
    return !admission->occupied && bytes <= admission->memory - admission->taken;
}

bool planche_admission_set_aside(struct planche_admission *admission, uint64_t bytes,
                                 planche_admission_stop_fn stop, void *user)
{
    struct patience patience = make_patience(admission, stop, user);
    bool waits = true;
    planche_mutex_lock(&admission->mutex);
    while (waits && bytes < admission->memory && !can_be_held(admission, bytes))
        waits = wait_for_change(&patience);
    bool held = waits && bytes < admission->memory;
    if (held)
        admission->memory -= bytes;
    planche_mutex_unlock(&admission->mutex);
    return held;
}

void planche_admission_put_back(struct planche_admission *admission, uint64_t bytes)
{
    planche_mutex_lock(&admission->mutex);
    admission->memory += bytes;
    planche_cond_broadcast(&admission->changed);
    planche_mutex_unlock(&admission->mutex);
}

void planche_admission_commit(struct planche_admission *admission,
                              const struct planche_reservation *reservation)
{
    planche_mutex_lock(&admission->mutex);
    admission->inside++;
    admission->busy += reservation->threads;
    admission->taken += reservation->bytes;
    admission->occupied = false;
    planche_cond_broadcast(&admission->changed);
    planche_mutex_unlock(&admission->mutex);
}

void planche_admission_cancel(struct planche_admission *admission)
{
    planche_mutex_lock(&admission->mutex);
    admission->occupied = false;
    planche_cond_broadcast(&admission->changed);
    planche_mutex_unlock(&admission->mutex);
}

void planche_admission_shrink(struct planche_admission *admission,
                              struct planche_reservation *reservation,
                              const struct planche_reservation *to)
{
    planche_mutex_lock(&admission->mutex);
    admission->busy -= reservation->threads - to->threads;
    admission->taken -= reservation->bytes - to->bytes;
    *reservation = *to;
    planche_cond_broadcast(&admission->changed);
    planche_mutex_unlock(&admission->mutex);
}

bool planche_admission_release(struct planche_admission *admission,
                               const struct planche_reservation *reservation)
{
    planche_mutex_lock(&admission->mutex);
    admission->inside--;
    admission->busy -= reservation->threads;
    admission->taken -= reservation->bytes;
    bool idle = admission->inside == 0 && !admission->queue && !admission->occupied;
    planche_cond_broadcast(&admission->changed);
    planche_mutex_unlock(&admission->mutex);
    return idle;
}
