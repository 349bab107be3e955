/* SPDX-License-Identifier: MIT */
/* Job queues: arguments and struct sizes. */
#include "job/finish.h"
#include "job/queue.h"
#include "job/submit.h"

#include "api/args.h"

#define MAX_WORKERS  1024
#define MAX_CAPACITY 65536

enum planche_status planche_job_queue_create(struct planche_job_queue **out,
                                             const struct planche_job_queue_options *options,
                                             struct planche_error *error)
{
    struct planche_error own = {0};
    struct planche_job_queue_options taken;
    error = planche_args_error(error, &own);
    if (!out)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "out must be given");
    *out = NULL;
    enum planche_status status = planche_args_take(
        &taken, options,
        PLANCHE_ARGS_STRUCT(struct planche_job_queue_options, PLANCHE_JOB_QUEUE_OPTIONS_INIT),
        error);
    if (status)
        return status;
    if (taken.workers > MAX_WORKERS || taken.capacity > MAX_CAPACITY)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "a queue has at most %d workers and a capacity of %d", MAX_WORKERS,
                            MAX_CAPACITY);
    return planche_job_queue_make(out, &taken, NULL, error);
}

void planche_job_queue_destroy(struct planche_job_queue **queue)
{
    if (queue)
        planche_job_queue_unmake(queue);
}

/* In a child of fork() a queue has no workers. */
static enum planche_status check_queue(const struct planche_job_queue *queue,
                                       struct planche_error *error)
{
    if (!queue)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "queue must be given");
    if (planche_job_queue_is_inherited(queue))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "the queue was made before fork(), and its threads are not in this "
                            "process; create a queue in the process that uses it");
    return PLANCHE_OK;
}

static enum planche_status submit(struct planche_job_queue *queue, const struct planche_job *job,
                                  bool wait, const struct planche_cancel *cancel, uint64_t *id,
                                  struct planche_error *error)
{
    struct planche_error own = {0};
    struct planche_job taken;
    error = planche_args_error(error, &own);
    enum planche_status status = check_queue(queue, error);
    if (status)
        return status;
    if (!job)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "job must be given");
    status = planche_args_take(&taken, job,
                               PLANCHE_ARGS_STRUCT(struct planche_job, PLANCHE_JOB_INIT), error);
    if (status)
        return status;
    if (!taken.run)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "a job must have a function to run");
    if ((unsigned)taken.priority > PLANCHE_PRIORITY_BACKGROUND)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%d is not a priority",
                            (int)taken.priority);
    return planche_job_queue_add(queue, &taken, wait, cancel, id, error);
}

enum planche_status planche_job_submit(struct planche_job_queue *queue,
                                       const struct planche_job *job,
                                       const struct planche_cancel *cancel, uint64_t *id,
                                       struct planche_error *error)
{
    return submit(queue, job, true, cancel, id, error);
}

enum planche_status planche_job_try_submit(struct planche_job_queue *queue,
                                           const struct planche_job *job, uint64_t *id,
                                           struct planche_error *error)
{
    return submit(queue, job, false, NULL, id, error);
}

int planche_job_cancel(struct planche_job_queue *queue, uint64_t id)
{
    return queue && !planche_job_queue_is_inherited(queue) && planche_job_queue_cancel(queue, id);
}

enum planche_status planche_job_queue_drain(struct planche_job_queue *queue,
                                            const struct planche_cancel *cancel,
                                            struct planche_error *error)
{
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    enum planche_status status = check_queue(queue, error);
    if (status)
        return status;
    return planche_job_queue_wait_done(queue, cancel, error);
}

void planche_job_queue_shutdown(struct planche_job_queue *queue)
{
    if (queue && !planche_job_queue_is_inherited(queue))
        planche_job_queue_stop(queue);
}
