/* SPDX-License-Identifier: MIT */
/* Lookout. */
#include "queue/lookout.h"

#include "cli/terminal.h"
#include "queue/state.h"

#include <string.h>

#define SECOND    INT64_C(1000000000)
#define FIRST_NS  SECOND /* for workers that are started together with the front */
#define AGAIN_NS  (2 * SECOND)
#define ANSWER_MS 700 /* for workers to answer in */

void planche_queue_tell_connection(bool *was, bool away)
{
    if (away && !*was)
        planche_cli_message("the queue: the connection is lost; waiting for it");
    else if (!away && *was)
        planche_cli_message("the queue: connected again");
    *was = away;
}

/* Whether it is time to look. The lock is held. */
static bool is_due(struct planche_queue_front *front, int64_t now)
{
    if (front->made != front->made_then && front->crew == 0) {
        front->made_then = front->made;
        front->looked = now; /* a result says as much */
    }
    if (front->looked == 0)
        front->looked = now - AGAIN_NS + FIRST_NS;
    bool due = now - front->looked >= AGAIN_NS;
    front->looked = due ? now : front->looked;
    return due;
}

/* Workers that can make the front's pages: they have the arithmetic that is wanted, and no problem.
 * *problem: of one that has. */
static size_t count_fit(const struct planche_queue_front *front, const json_t *workers,
                        const char **problem)
{
    bool any = strcmp(front->base.need, PLANCHE_QUEUE_ANY) == 0;
    size_t fit = 0;
    *problem = NULL;
    for (size_t i = 0; i < json_array_size(workers); i++) {
        const json_t *worker = json_array_get(workers, i);
        const char *word = json_string_value(json_object_get(worker, "numerics"));
        const char *says = json_string_value(json_object_get(worker, "problem"));
        bool right = any || (word != NULL && strcmp(word, front->base.need) == 0);
        fit += right && says == NULL;
        *problem = right && says != NULL ? says : *problem;
    }
    return fit;
}

/* What is told. */
enum crew { CREW_THERE, CREW_NONE, CREW_OTHER, CREW_TROUBLED };

static void tell(const struct planche_queue_front *front, enum crew crew, size_t workers,
                 const char *problem)
{
    if (crew == CREW_THERE)
        planche_cli_message("a worker of the queue is there now");
    else if (crew == CREW_NONE)
        planche_cli_message("the queue has no worker: its pages wait until one is started, with "
                            "planche worker --queue and the same address");
    else if (crew == CREW_TROUBLED)
        planche_cli_message("none of the queue's %zu workers makes its pages: one says: %s",
                            workers, problem);
    else
        planche_cli_message("none of the queue's %zu workers computes as this machine does (%s), "
                            "which --same-bytes wants: pages wait for one",
                            workers, front->base.need);
}

void planche_queue_look_out(struct planche_queue_front *front, const struct planche_cancel *cancel,
                            int64_t now)
{
    struct planche_queue_state state;
    struct planche_error error;
    planche_mutex_lock(&front->lock);
    bool due = !front->quiet && is_due(front, now);
    planche_mutex_unlock(&front->lock);
    if (!due)
        return;
    const char *problem;
    bool known =
        planche_queue_ask_workers(&front->queue, ANSWER_MS, cancel, &state, &error) == PLANCHE_OK;
    size_t workers = json_array_size(state.workers);
    size_t fit = count_fit(front, state.workers, &problem);
    enum crew crew = fit > 0           ? CREW_THERE
                     : workers == 0    ? CREW_NONE
                     : problem != NULL ? CREW_TROUBLED
                                       : CREW_OTHER;
    planche_mutex_lock(&front->lock);
    bool news = known && front->crew != crew;
    front->crew = news ? crew : front->crew;
    planche_mutex_unlock(&front->lock);
    if (news)
        tell(front, crew, workers, problem);
    planche_queue_state_clear(&state);
}
