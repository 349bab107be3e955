/* SPDX-License-Identifier: MIT */
/* Admission control: the queue of pages, and the memory and threads of those inside. */
#include "engine/admission.h"

#include "os/clock.h"

#include <assert.h>
#include <limits.h>

#define AGING_NS (PLANCHE_ADMISSION_AGING_MS * INT64_C(1000000))

void planche_admission_init(struct planche_admission *admission)
{
    *admission = (struct planche_admission){.clock = planche_clock_ns};
    planche_mutex_init(&admission->mutex);
    planche_cond_init(&admission->changed);
}

void planche_admission_destroy(struct planche_admission *admission)
{
    assert(!admission->queue && !admission->occupied);
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

/* Something that pages wait for has changed. Those that wait compare themselves as of this moment:
 * if each took its own, two could give way to each other. */
static void announce(struct planche_admission *admission)
{
    admission->now = admission->clock();
    planche_cond_broadcast(&admission->changed);
}

/* False: the token has fired. */
static bool wait_for_change(struct planche_admission *admission,
                            const struct planche_cancel_token *cancel)
{
    admission->sleeping++;
    bool goes_on = planche_cancel_wait(cancel, &admission->changed, &admission->mutex);
    admission->sleeping--;
    return goes_on;
}

/* The earliest of a token and its parents. */
static int64_t deadline_of(const struct planche_cancel_token *token)
{
    int64_t deadline = INT64_MAX;
    for (; token; token = token->parent)
        if (token->deadline && token->deadline < deadline)
            deadline = token->deadline;
    return deadline;
}

/* The class of a page, 0 the most urgent, after the wait that it has had. */
static int64_t class_of(const struct planche_admission_waiter *waiter, int64_t now)
{
    static const int classes[] = {
        [PLANCHE_PRIORITY_INTERACTIVE] = 0,
        [PLANCHE_PRIORITY_NORMAL] = 1,
        [PLANCHE_PRIORITY_BACKGROUND] = 2,
    };
    int64_t lifted = (now - waiter->since) / AGING_NS;
    int64_t urgency = classes[waiter->priority];
    return urgency > lifted ? urgency - lifted : 0;
}

/* Whether a goes before b, which came earlier. */
static bool goes_before(const struct planche_admission_waiter *a,
                        const struct planche_admission_waiter *b, int64_t now)
{
    int64_t first = class_of(a, now), second = class_of(b, now);
    return first < second || (first == second && a->deadline < b->deadline);
}

static const struct planche_admission_waiter *first_of(const struct planche_admission *admission)
{
    const struct planche_admission_waiter *first = admission->queue;
    for (const struct planche_admission_waiter *w = first; w; w = w->next)
        if (goes_before(w, first, admission->now))
            first = w;
    return first;
}

static void join_queue(struct planche_admission *admission, struct planche_admission_waiter *waiter)
{
    struct planche_admission_waiter **link = &admission->queue;
    while (*link)
        link = &(*link)->next;
    *link = waiter;
    announce(admission);
    waiter->since = admission->now;
}

static void leave_queue(struct planche_admission *admission,
                        const struct planche_admission_waiter *waiter)
{
    struct planche_admission_waiter **link = &admission->queue;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
}

bool planche_admission_acquire(struct planche_admission *admission,
                               const struct planche_admission_ticket *ticket)
{
    struct planche_admission_waiter waiter = {
        .priority = ticket->priority,
        .deadline = deadline_of(ticket->cancel),
    };
    bool waits = planche_cancel_check(ticket->cancel) == PLANCHE_OK;
    planche_mutex_lock(&admission->mutex);
    join_queue(admission, &waiter);
    while (waits && (admission->occupied || is_full(admission) || first_of(admission) != &waiter))
        waits = wait_for_change(admission, ticket->cancel);
    leave_queue(admission, &waiter);
    if (waits)
        admission->occupied = true;
    else
        announce(admission); /* the next may be first now */
    planche_mutex_unlock(&admission->mutex);
    return waits;
}

static struct planche_available available(const struct planche_admission *admission)
{
    assert(admission->taken <= admission->memory);
    uint64_t left = admission->memory - admission->taken,
             most = admission->memory / admission->parts;
    return (struct planche_available){left < most ? left : most, most};
}

struct planche_available planche_admission_available(struct planche_admission *admission)
{
    planche_mutex_lock(&admission->mutex);
    struct planche_available bytes = available(admission);
    planche_mutex_unlock(&admission->mutex);
    return bytes;
}

bool planche_admission_wait_for_memory(struct planche_admission *admission, uint64_t bytes,
                                       const struct planche_cancel_token *cancel)
{
    bool waits = true;
    planche_mutex_lock(&admission->mutex);
    assert(admission->occupied);
    while (waits && available(admission).now <= bytes)
        waits = wait_for_change(admission, cancel);
    planche_mutex_unlock(&admission->mutex);
    return waits;
}

bool planche_admission_wait_idle(struct planche_admission *admission,
                                 const struct planche_cancel_token *cancel)
{
    bool waits = true;
    planche_mutex_lock(&admission->mutex);
    assert(admission->occupied);
    while (waits && admission->inside > 0)
        waits = wait_for_change(admission, cancel);
    planche_mutex_unlock(&admission->mutex);
    return waits;
}

/* The page at the door has been told what is available. */
static bool can_be_set_aside(const struct planche_admission *admission, uint64_t bytes)
{
    return !admission->occupied && bytes <= admission->memory - admission->taken;
}

bool planche_admission_set_aside(struct planche_admission *admission, uint64_t bytes,
                                 const struct planche_cancel_token *cancel)
{
    bool waits = true;
    planche_mutex_lock(&admission->mutex);
    while (waits && bytes < admission->memory && !can_be_set_aside(admission, bytes))
        waits = wait_for_change(admission, cancel);
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
    announce(admission);
    planche_mutex_unlock(&admission->mutex);
}

void planche_admission_commit(struct planche_admission *admission,
                              const struct planche_reservation *reservation)
{
    planche_mutex_lock(&admission->mutex);
    assert(admission->occupied && reservation->threads > 0);
    assert(reservation->bytes <= admission->memory - admission->taken);
    admission->inside++;
    admission->busy += reservation->threads;
    admission->taken += reservation->bytes;
    admission->occupied = false;
    announce(admission);
    planche_mutex_unlock(&admission->mutex);
}

void planche_admission_cancel(struct planche_admission *admission)
{
    planche_mutex_lock(&admission->mutex);
    assert(admission->occupied);
    admission->occupied = false;
    announce(admission);
    planche_mutex_unlock(&admission->mutex);
}

void planche_admission_shrink(struct planche_admission *admission,
                              struct planche_reservation *reservation,
                              const struct planche_reservation *to)
{
    planche_mutex_lock(&admission->mutex);
    assert(admission->inside > 0);
    assert(to->threads <= reservation->threads && to->bytes <= reservation->bytes);
    admission->busy -= reservation->threads - to->threads;
    admission->taken -= reservation->bytes - to->bytes;
    *reservation = *to;
    announce(admission);
    planche_mutex_unlock(&admission->mutex);
}

bool planche_admission_release(struct planche_admission *admission,
                               const struct planche_reservation *reservation)
{
    planche_mutex_lock(&admission->mutex);
    assert(admission->inside > 0 && admission->busy >= reservation->threads &&
           admission->taken >= reservation->bytes);
    admission->inside--;
    admission->busy -= reservation->threads;
    admission->taken -= reservation->bytes;
    bool idle = admission->inside == 0 && !admission->queue && !admission->occupied;
    announce(admission);
    planche_mutex_unlock(&admission->mutex);
    return idle;
}
