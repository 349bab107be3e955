/* SPDX-License-Identifier: MIT */
/* Admission control: which pages run at once, and with how much memory.
 *
 * Pages that come wait in a queue: by class (interactive, normal, background), within a class by
 * deadline, and with the same deadline in the order in which they came. The first is at the door
 * once a thread of the engine is idle: it looks how much memory the pages inside leave, and goes in
 * with what it needs, or waits until there is more. Only that page takes memory that no reservation
 * covers, and only what is left. Networks that it lacks it makes there: for that it steps back, so
 * that memory can be set aside while nobody else comes to the door.
 *
 * Memory that was set aside for networks that no page runs on is given up (`shed`) before anybody
 * is refused for want of it.
 *
 * A page that has waited for PLANCHE_ADMISSION_AGING_MS counts as one of the next class, so that no
 * class starves. Nobody overtakes the page at the door: it may wait for memory, and pages that need
 * less would keep it from getting any. */
#ifndef PLANCHE_ENGINE_ADMISSION_H
#define PLANCHE_ENGINE_ADMISSION_H

#include "base/cancel.h"
#include "os/thread.h"

#include <planche/types.h>
#include <stdbool.h>
#include <stdint.h>

/* MiB beside the engine in which pages of 600 x 900 pixels come out of most models. */
#define PLANCHE_SMALL_PAGE_MIB 16
/* Milliseconds that lift a waiting page by one class. */
#define PLANCHE_ADMISSION_AGING_MS 10000

/* A reservation: what a page inside has for itself. */
struct planche_reservation {
    uint64_t bytes;   /* it will not take more */
    unsigned threads; /* it can keep busy, at least 1 */
};

/* A page that asks to come in. Its place follows from the earliest deadline of the token, too. */
struct planche_admission_ticket {
    const struct planche_cancel_token *cancel; /* ends the wait; NULL: nothing does */
    enum planche_priority priority;
};

/* An entry of the queue, on the stack of its page's thread. */
struct planche_admission_waiter {
    struct planche_admission_waiter *next;
    enum planche_priority priority;
    int64_t deadline; /* of planche_clock_ns; INT64_MAX: none */
    int64_t since;    /* of the clock, when it came */
};

/* What giving up something came to. */
enum planche_shed {
    PLANCHE_SHED_NOTHING, /* there is nothing that is not in use by those who ask */
    PLANCHE_SHED_LATER,   /* other pages use it */
    PLANCHE_SHED_DONE     /* some was put back */
};

/* Initialised and started before the first page; then any thread may use it. */
struct planche_admission {
    /* Gives up one thing that memory was set aside for, with planche_admission_put_back. held: how
     * many of them the caller's page uses; last: also the only one that is left. NULL: there are
     * none. */
    enum planche_shed (*shed)(void *user, unsigned held, bool last);
    void *shed_user;
    unsigned parts;   /* of the memory: a page has one at most */
    unsigned threads; /* to be kept busy */
    unsigned jobs;    /* most pages inside */
    /* Nanoseconds that only grow, for aging: planche_clock_ns, another in tests. */
    int64_t (*clock)(void);
    struct planche_mutex mutex;
    struct planche_cond changed;
    /* under mutex */
    int64_t now;                            /* of the clock, at the last change */
    uint64_t memory;                        /* for all pages */
    struct planche_admission_waiter *queue; /* pages that wait for their turn, as they came */
    bool occupied;                          /* a page is at the door */
    bool kept;                              /* for the one that has stepped back */
    uint64_t changes;                       /* that were announced */
    unsigned sleeping;                      /* threads that wait for a change */
    unsigned inside, busy;
    uint64_t taken;
};

void planche_admission_init(struct planche_admission *admission);
void planche_admission_destroy(struct planche_admission *admission);

/* To be called once, before the first page: jobs pages at once, with equal parts of the memory; 0:
 * as many as keep the threads busy, each with what it needs of all the memory. */
void planche_admission_start(struct planche_admission *admission, uint64_t memory, unsigned threads,
                             unsigned jobs);

/* Waits for the page's turn, then until there is a thread for one more page. The caller is then at
 * the door and must commit or cancel. False: the ticket's token has fired, and the caller has left
 * the queue. */
bool planche_admission_acquire(struct planche_admission *admission,
                               const struct planche_admission_ticket *ticket);
/* Bytes that the page at the door could have. */
struct planche_available {
    uint64_t now;
    uint64_t most; /* when it need not share */
};
struct planche_available planche_admission_available(struct planche_admission *admission);
/* Waits until more than `bytes` are available. False: the token (may be NULL) has fired; the caller
 * is still at the door. */
bool planche_admission_wait_for_memory(struct planche_admission *admission, uint64_t bytes,
                                       const struct planche_cancel_token *cancel);
/* Waits until nobody is inside. False: as above. */
bool planche_admission_wait_idle(struct planche_admission *admission,
                                 const struct planche_cancel_token *cancel);
/* Goes in. The reservation is no larger than what was available. */
void planche_admission_commit(struct planche_admission *admission,
                              const struct planche_reservation *reservation);
/* Leaves the door, for the next to come to it. */
void planche_admission_cancel(struct planche_admission *admission);
/* From the door, which is kept for the page until it steps up: others can take memory meanwhile, so
 * what was available is void. */
void planche_admission_step_back(struct planche_admission *admission);
void planche_admission_step_up(struct planche_admission *admission);
/* Gives up one thing that nobody uses, so that pages have its memory; held: things that the
 * caller's page uses; last: also the only one that is left. */
enum planche_shed planche_admission_shed(struct planche_admission *admission, unsigned held,
                                         bool last);

/* Inside: from now on less is needed. */
void planche_admission_shrink(struct planche_admission *admission,
                              struct planche_reservation *reservation,
                              const struct planche_reservation *to);
/* Goes out. True: nobody is inside or waiting now. */
bool planche_admission_release(struct planche_admission *admission,
                               const struct planche_reservation *reservation);

/* Takes bytes for something else than pages, once the pages inside leave them; what nobody uses is
 * given up for it. False: the token has fired, or there would be nothing left for pages. The caller
 * is not at the door, but may have stepped back from it. */
bool planche_admission_set_aside(struct planche_admission *admission, uint64_t bytes,
                                 const struct planche_cancel_token *cancel);
/* For the message when it was refused: MiB that a budget of `limit` bytes would have to have, small
 * pages included. */
uint64_t planche_admission_enough(struct planche_admission *admission, uint64_t limit,
                                  uint64_t bytes);
void planche_admission_put_back(struct planche_admission *admission, uint64_t bytes);

#endif
