/* SPDX-License-Identifier: MIT */
/* Front: puts pages into a queue, waits for what workers make of them, and checks it. Nothing of it
 * is kept but in the work folders of books: a front that was killed finds in the queue what was
 * made meanwhile, by the keys of its pages. */
#ifndef PLANCHE_QUEUE_FRONT_STATE_H
#define PLANCHE_QUEUE_FRONT_STATE_H

#include "os/thread.h"
#include "queue/job.h"
#include "queue/queue.h"
#include "queue/shared/listen.h"

/* A page that is waited for; on its thread's stack. */
struct planche_queue_waiting {
    struct planche_queue_waiting *next;
    const char *key;
    struct planche_cond changed; /* of its own: news of one page wakes no others */
    bool called;                 /* there is news */
};

/* What the server said last of the consumer that jobs of a class go to. All pages share it: one
 * request a second, however many wait. */
struct planche_queue_consumer {
    char need[PLANCHE_QUEUE_NEED_TEXT]; /* whose it is: pages may want the arithmetic of others */
    int64_t asked;                      /* when; 0: never */
    unsigned reconnects;                /* of the connection then */
    bool known;
    bool waits;     /* there are jobs that no worker has asked for */
    uint64_t floor; /* no job up to here will be given to a worker */
    uint64_t given; /* workers were given all up to here */
};

struct planche_queue_front {
    struct planche_queue queue;
    struct planche_queue_job base;   /* all that pages have in common */
    const char *model;               /* its file; NULL: one of the catalogue */
    struct planche_mutex model_lock; /* of the base's model files */
    struct planche_queue_listener results, dead, gone;
    bool no_file;  /* it did not open for its model's file, not for the queue */
    bool isolates; /* results are decoded in processes of their own */

    struct planche_mutex lock;   /* of all that follows */
    struct planche_cond checked; /* a picture was */
    struct planche_queue_waiting *waiting;
    unsigned in_flight, checking; /* pages; those that are decoded */
    double mean_ms;               /* that a worker takes for a page */
    int64_t published, woken, complained, emptied, swept, looked;
    bool quiet;    /* who has it says himself that the queue is away, or has no worker */
    bool away;     /* that the connection is lost was told */
    unsigned crew; /* what was told of workers (queue/lookout.c); 0: nothing, or they are there */
    bool asleep;   /* there is news that workers were not woken for */
    uint64_t made, copies, damaged;
    uint64_t made_then; /* when one looked for workers last */
    struct planche_queue_consumer consumer[PLANCHE_QUEUE_CLASSES][2]; /* of one need, of any */
};

#endif
