/* SPDX-License-Identifier: MIT */
/* Parallel for: one function for each of many items, through a job queue. */
#include "cli/workers.h"

#include "cli/options.h"

#include <planche/job.h>
#include <stdatomic.h>

struct items {
    void (*run)(void *user, size_t index);
    void *user;
    atomic_size_t next; /* jobs begin in the order in which they came: they need no number */
};

static enum planche_status run_next(void *user, struct planche_cancel *cancel)
{
    struct items *items = user;
    (void)cancel;
    items->run(items->user, items->next++);
    return PLANCHE_OK;
}

enum planche_status planche_cli_for_each(size_t workers, size_t count,
                                         void (*run)(void *user, size_t index), void *user,
                                         struct planche_error *error)
{
    struct items items = {.run = run, .user = user};
    struct planche_job_queue *queue;
    struct planche_job_queue_options options = PLANCHE_JOB_QUEUE_OPTIONS_INIT;
    struct planche_job job = PLANCHE_JOB_INIT;
    if (count == 0)
        return PLANCHE_OK;
    workers = workers < count ? workers : count;
    options.workers = workers < PLANCHE_CLI_MAX_JOBS ? (unsigned)workers : PLANCHE_CLI_MAX_JOBS;
    job.run = run_next;
    job.user = &items;
    enum planche_status status = planche_job_queue_create(&queue, &options, error);
    for (size_t i = 0; status == PLANCHE_OK && i < count; i++)
        status = planche_job_submit(queue, &job, NULL, NULL, error);
    if (status == PLANCHE_OK)
        status = planche_job_queue_drain(queue, NULL, error);
    planche_job_queue_destroy(&queue);
    return status;
}
