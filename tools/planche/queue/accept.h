/* SPDX-License-Identifier: MIT */
/* Accepting results: nothing counts that was not checked. */
#ifndef PLANCHE_QUEUE_ACCEPT_H
#define PLANCHE_QUEUE_ACCEPT_H

#include "queue/post.h"

/* Where a result goes to. */
struct planche_queue_target {
    const char *output; /* a path as in planche_engine_run_file; NULL: into memory */
    void *data;         /* to be freed; NULL: there is none yet */
    size_t size;
    double ms; /* that the worker took */
};

/* Looks for the result of a job, and writes it as the page's file or gives its bytes. *found: there
 * was one that is what it says, or writing failed. One that is not is removed, and counts as none;
 * the third of a page is an error of the page, DATA. So is one that this machine cannot decode:
 * UNSUPPORTED, LIMIT, BUDGET. What the queue holds of the page is removed then, first its bytes: a
 * worker that is late with it sees by them that it is over. result as in planche_engine_run_file.
 * Errors: those, IO (of the file), CANCELLED. */
enum planche_status planche_queue_accept(struct planche_queue_front *front,
                                         struct planche_queue_post *post,
                                         struct planche_queue_target *target,
                                         struct planche_page_result *result, bool *found,
                                         struct planche_error *error);
/* Looks whether a job was given up. clear: forget it, and let it be tried again. OK: no. Errors:
 * those of the page; NOT_FOUND: no worker has its model. */
enum planche_status planche_queue_look_dead(struct planche_queue_front *front,
                                            const struct planche_queue_job *job, bool clear,
                                            struct planche_error *error);

#endif
