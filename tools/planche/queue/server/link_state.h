/* SPDX-License-Identifier: MIT */
/* Link: its state. */
#ifndef PLANCHE_QUEUE_SERVER_LINK_STATE_H
#define PLANCHE_QUEUE_SERVER_LINK_STATE_H

#include "base/cancel.h"
#include "os/thread.h"
#include "queue/front.h"

#include <jansson.h>

/* A connection, and the model that its pages are made with: one front has all models of the
 * catalogue, and each model that is a file has one of its own. */
struct planche_queue_link_front {
    struct planche_queue_link_front *next;
    char *model;  /* the file; NULL: of the catalogue */
    bool open;    /* front is, and stays so until the end */
    bool failed;  /* it never will be: problem says why */
    bool refused; /* its file could not be read: the next page tries again */
    struct planche_error problem;
    struct planche_queue_front front;
};

struct planche_queue_link {
    struct planche_cli_queue_options options;
    int64_t wait_ns;
    const struct planche_log *log;
    struct planche_thread thread;
    bool watched; /* the thread is there */

    struct planche_mutex lock; /* of all that follows */
    struct planche_cond changed;
    struct planche_queue_link_front *fronts; /* new ones come first; none goes before the end */
    struct planche_cancel ending;            /* is set with the lock held, asked without it, too */
    bool hurry;                              /* somebody waits for news */
    int64_t heard;                           /* when a worker answered last, or the link began */
    int64_t asked;                           /* when the last round of questions began that ended */
    int64_t looked;                          /* when somebody wanted the state */
    int64_t complained;
    bool away;        /* the last round had no answer */
    bool known, crew; /* whether workers are there was told, and what */
    unsigned waiting;
    uint64_t made, refused;
    json_t *state; /* of the last answer; NULL: none yet */
};

#endif
