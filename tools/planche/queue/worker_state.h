/* SPDX-License-Identifier: MIT */
/* Worker: a machine that makes pages of a queue. One thread takes pages and their bytes, says that
 * they go on, and watches for signals; others run them. */
#ifndef PLANCHE_QUEUE_WORKER_STATE_H
#define PLANCHE_QUEUE_WORKER_STATE_H

#include "cli/options.h"
#include "os/thread.h"
#include "queue/job.h"
#include "queue/queue.h"
#include "queue/shared/listen.h"
#include "queue/shared/rate.h"
#include "service/engine_cache.h"

#include <stdatomic.h>

/* Pages that are held beyond those that run: their bytes are there when a thread is free. */
#define PLANCHE_QUEUE_AHEAD 1
/* Consumers of a worker: each class for any worker and for its arithmetic. */
#define PLANCHE_QUEUE_SOURCES (2 * PLANCHE_QUEUE_CLASSES)

/* A page that this worker holds. */
struct planche_queue_page {
    struct planche_queue_page *next;
    natsMsg *message;
    struct planche_queue_job job;
    enum planche_queue_class class;
    uint64_t tries; /* deliveries, this one included */
    void *data;     /* of the source */
    bool running;
    _Atomic int64_t moved; /* when the engine was last heard of */
};

struct planche_queue_worker {
    struct planche_queue queue;
    struct planche_cli_options options;
    struct planche_cli_engine_cache *engines;
    char id[PLANCHE_QUEUE_NAME_BYTES], numerics[PLANCHE_QUEUE_NEED_TEXT];
    char device[256];  /* what computes, for people */
    char models[1024]; /* folder of models that came through the queue */
    char source[PLANCHE_QUEUE_SOURCES][PLANCHE_QUEUE_CONSUMER_BYTES];
    struct planche_queue_listener wake, who;
    unsigned slots;

    struct planche_mutex lock; /* of all that follows */
    struct planche_cond changed;
    struct planche_queue_page *pages; /* held, the oldest last */
    unsigned held, running;
    bool woken;    /* there is work, somebody says */
    bool stopping; /* threads end when no page waits */
    uint64_t done, failed;
    int64_t resting; /* this machine is at fault: it takes no pages before this time */
    char problem[PLANCHE_ERROR_MESSAGE_SIZE]; /* of that; "": none, or pages are made again */
    int64_t started;
    struct planche_queue_rate rate;
};

#endif
