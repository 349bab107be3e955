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
    assert(!admission->queue && !admission->occupied && !admission->kept);
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
    admission->changes++;
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
    while (waits && (admission->occupied || admission->kept || is_full(admission) ||
                     first_of(admission) != &waiter))
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

enum planche_shed planche_admission_shed(struct planche_admission *admission, unsigned held,
                                         bool last)
{
    return admission->shed ? admission->shed(admission->shed_user, held, last)
                           : PLANCHE_SHED_NOTHING;
}

/* Makes room for bytes that are more than all pages could have: gives up what nobody uses, or waits
 * for pages that use it. False: there is nothing, or the token has fired. */
static bool make_room(struct planche_admission *admission,
                      const struct planche_cancel_token *cancel)
{
    const uint64_t seen = admission->changes;
    const bool last = admission->kept; /* for a page that needs others */
    planche_mutex_unlock(&admission->mutex);
    enum planche_shed came = planche_admission_shed(admission, 0, last);
    planche_mutex_lock(&admission->mutex);
    if (came == PLANCHE_SHED_DONE || admission->changes != seen)
        return true;
    bool used = came == PLANCHE_SHED_LATER && (admission->inside || admission->occupied);
    return used && wait_for_change(admission, cancel);
}

bool planche_admission_set_aside(struct planche_admission *admission, uint64_t bytes,
                                 const struct planche_cancel_token *cancel)
{
    bool waits = true;
    planche_mutex_lock(&admission->mutex);
    while (waits && (bytes >= admission->memory || !can_be_set_aside(admission, bytes)))
        waits = bytes >= admission->memory ? make_room(admission, cancel)
                                           : wait_for_change(admission, cancel);
    if (waits)
        admission->memory -= bytes;
    planche_mutex_unlock(&admission->mutex);
    return waits;
}

uint64_t planche_admission_enough(struct planche_admission *admission, uint64_t limit,
                                  uint64_t bytes)
{
    planche_mutex_lock(&admission->mutex);
    uint64_t others = limit > admission->memory ? limit - admission->memory : 0;
    planche_mutex_unlock(&admission->mutex);
    return ((others + bytes) >> 20) + 1 + PLANCHE_SMALL_PAGE_MIB;
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

/* Between being at the door and having it kept. */
static void set_kept(struct planche_admission *admission, bool kept)
{
    planche_mutex_lock(&admission->mutex);
    assert(admission->occupied == kept && admission->kept != kept);
    admission->occupied = !kept;
    admission->kept = kept;
    announce(admission);
    planche_mutex_unlock(&admission->mutex);
}

void planche_admission_step_back(struct planche_admission *admission)
{
    set_kept(admission, true);
}

void planche_admission_step_up(struct planche_admission *admission)
{
    set_kept(admission, false);
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
    bool idle =
        admission->inside == 0 && !admission->queue && !admission->occupied && !admission->kept;
    announce(admission);
    planche_mutex_unlock(&admission->mutex);
    return idle;
}
