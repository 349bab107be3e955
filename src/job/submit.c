/* SPDX-License-Identifier: MIT */
/* Accepting jobs: waiting for room, and the thread that keeps their deadlines. */
#include "job/submit.h"

#include "base/alloc.h"
#include "base/status.h"
#include "job/finish.h"
#include "job/list.h"
#include "job/order.h"

#include <assert.h>

/* Until when the timekeeper sleeps; 0: no job that waits has a deadline. */
static int64_t first_deadline(const struct planche_job_queue *queue)
{
    int64_t first = 0;
    for (const struct planche_job_slot *slot = queue->waiting; slot; slot = slot->next)
        if (slot->deadline && (!first || slot->deadline < first))
            first = slot->deadline;
    return first;
}

/* All workers may be busy when a deadline passes. */
static void keep_time(void *user)
{
    struct planche_job_queue *queue = user;
    planche_mutex_lock(&queue->mutex);
    while (!queue->ending) {
        planche_job_expire(queue);
        int64_t first = first_deadline(queue);
        if (queue->ending)
            break; /* came while jobs were delivered */
        if (first)
            planche_cond_wait_until(&queue->changed, &queue->mutex, first);
        else
            planche_cond_wait(&queue->changed, &queue->mutex);
    }
    planche_mutex_unlock(&queue->mutex);
}

static bool has_room(const struct planche_job_queue *queue)
{
    return queue->waiting_count < queue->capacity && queue->free;
}

/* Until there is room. The mutex is held. */
static enum planche_status wait_for_room(struct planche_job_queue *queue, bool wait,
                                         const struct planche_cancel_token *token,
                                         struct planche_error *error)
{
    while (!queue->closed && !has_room(queue)) {
        if (!wait)
            return planche_fail(error, PLANCHE_ERROR_LIMIT, "the queue is full: %zu jobs wait",
                                queue->waiting_count);
        bool polls = token->handle || token->deadline;
        if (!planche_cancel_wait(polls ? token : NULL, &queue->changed, &queue->mutex))
            return planche_cancel_fail(token, error);
    }
    if (queue->closed)
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "the queue takes no more jobs");
    return PLANCHE_OK;
}

static int64_t deadline_after(int64_t now, uint64_t milliseconds)
{
    const uint64_t most = INT64_MAX / 2 / 1000000;
    uint64_t ms = milliseconds < most ? milliseconds : most;
    return ms ? now + (int64_t)(ms * 1000000) : 0;
}

/* The mutex is held, there is room, and the key is the slot's from now on. */
static void accept(struct planche_job_queue *queue, const struct planche_job *job, char *key,
                   uint64_t *id)
{
    struct planche_job_slot *slot = queue->free;
    assert(slot->state == PLANCHE_JOB_FREE);
    queue->free = slot->next;
    int64_t now = queue->clock.now(queue->clock.user);
    *slot = (struct planche_job_slot){
        .job = *job,
        .id = ++queue->last_id,
        .state = PLANCHE_JOB_WAITING,
        .arrival = now,
        .deadline = deadline_after(now, job->deadline_ms),
    };
    slot->job.key = key;
    struct planche_job_slot *leader = planche_job_running(queue, key);
    /* One that has been told to stop has nothing to give. */
    slot->leader = leader && !planche_cancel_is_set(&leader->cancel) ? leader : NULL;
    planche_job_list_append(&queue->waiting, slot);
    queue->waiting_count++;
    queue->open++;
    if (id)
        *id = slot->id;
    /* Without it a deadline shows when a worker comes to the job. */
    if (slot->deadline && queue->real_time && !queue->keeps_time)
        queue->keeps_time = planche_thread_start(&queue->timekeeper, keep_time, queue);
    planche_cond_broadcast(&queue->changed);
}

enum planche_status planche_job_queue_add(struct planche_job_queue *queue,
                                          const struct planche_job *job, bool wait,
                                          const struct planche_cancel *cancel, uint64_t *id,
                                          struct planche_error *error)
{
    const struct planche_cancel_token token = {
        .handle = cancel,
        .deadline = queue->real_time ? planche_cancel_deadline(job->deadline_ms) : 0,
    };
    char *key = job->key ? planche_strdup(NULL, job->key) : NULL;
    if (job->key && !key)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the key of a job");
    enum planche_status status = planche_cancel_fail(&token, error);
    planche_mutex_lock(&queue->mutex);
    if (!status)
        status = wait_for_room(queue, wait, &token, error);
    if (!status)
        accept(queue, job, key, id);
    planche_mutex_unlock(&queue->mutex);
    if (status)
        planche_free(key);
    return status;
}
