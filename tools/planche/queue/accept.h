/* SPDX-License-Identifier: MIT */
/* Accepting results: nothing counts that was not checked. */
#ifndef PLANCHE_QUEUE_ACCEPT_H
#define PLANCHE_QUEUE_ACCEPT_H

#include "queue/front_state.h"

/* Looks for the result of a job, and writes it as the page's file. *found: there was one that is
 * what it says, or writing failed. One that is not is removed, and counts as none. output and
 * result as in planche_engine_run_file. Errors: IO (of the file), MEMORY. */
enum planche_status planche_queue_accept(struct planche_queue_front *front,
                                         const struct planche_queue_job *job, const char *output,
                                         struct planche_page_result *result, bool *found,
                                         struct planche_error *error);
/* Looks whether a job was given up. clear: forget it, and let it be tried again. OK: no. Errors:
 * those of the page. */
enum planche_status planche_queue_look_dead(struct planche_queue_front *front,
                                            const struct planche_queue_job *job, bool clear,
                                            struct planche_error *error);

#endif
