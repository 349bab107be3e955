/* SPDX-License-Identifier: MIT */
/* Ends of jobs: cancelled, too late, or done; and their completion callbacks. */
#include "job/finish.h"

#include "base/alloc.h"
#include "job/list.h"

#include <assert.h>

static bool has_followers(const struct planche_job_queue *queue,
                          const struct planche_job_slot *leader)
{
    for (const struct planche_job_slot *slot = queue->waiting; slot; slot = slot->next)
        if (slot->leader == leader)
            return true;
    return false;
}

/* Nobody wants what this job does any more if its last follower has left as well. */
static void stop_if_abandoned(const struct planche_job_queue *queue,
                              struct planche_job_slot *leader)
{
    if (leader && leader->abandoned && !has_followers(queue, leader))
        planche_cancel_set(&leader->cancel);
}

void planche_job_finish(struct planche_job_queue *queue, struct planche_job_slot *slot,
                        enum planche_status status, struct planche_job_slot **finished)
{
    struct planche_job_slot *leader = slot->leader;
    if (slot->state == PLANCHE_JOB_WAITING) {
        assert(queue->waiting_count > 0);
        planche_job_list_remove(&queue->waiting, slot);
        queue->waiting_count--;
    }
    assert(slot->state == PLANCHE_JOB_WAITING || slot->state == PLANCHE_JOB_RUNNING);
    slot->state = PLANCHE_JOB_FINISHED;
    slot->status = status;
    slot->leader = NULL;
    planche_job_list_append(finished, slot);
    stop_if_abandoned(queue, leader);
}

void planche_job_deliver(struct planche_job_queue *queue, struct planche_job_slot **finished)
{
    while (*finished) {
        struct planche_job_slot *slot = *finished;
        const struct planche_job job = slot->job;
        enum planche_status status = slot->status;
        assert(slot->state == PLANCHE_JOB_FINISHED && queue->open > 0);
        planche_job_list_remove(finished, slot);
        slot->state = PLANCHE_JOB_FREE;
        slot->job.key = NULL;
        slot->next = queue->free;
        queue->free = slot;
        planche_cond_broadcast(&queue->changed);
        planche_mutex_unlock(&queue->mutex);
        planche_free((char *)job.key);
        if (job.done)
            job.done(job.user, status);
        planche_mutex_lock(&queue->mutex);
        queue->open--;
        planche_cond_broadcast(&queue->changed);
    }
}

bool planche_job_queue_cancel(struct planche_job_queue *queue, uint64_t id)
{
    struct planche_job_slot *finished = NULL, *waits, *runs = NULL;
    planche_mutex_lock(&queue->mutex);
    waits = planche_job_list_find(queue->waiting, id);
    if (waits)
        planche_job_finish(queue, waits, PLANCHE_ERROR_CANCELLED, &finished);
    else
        runs = planche_job_list_find(queue->running, id);
    if (runs) {
        runs->abandoned = true;
        stop_if_abandoned(queue, runs);
    }
    planche_job_deliver(queue, &finished);
    planche_mutex_unlock(&queue->mutex);
    return waits || runs;
}

void planche_job_cancel_all(struct planche_job_queue *queue)
{
    struct planche_job_slot *finished = NULL;
    for (struct planche_job_slot *slot = queue->running; slot; slot = slot->next)
        planche_cancel_set(&slot->cancel);
    while (queue->waiting)
        planche_job_finish(queue, queue->waiting, PLANCHE_ERROR_CANCELLED, &finished);
    planche_job_deliver(queue, &finished);
}

void planche_job_expire(struct planche_job_queue *queue)
{
    struct planche_job_slot *finished = NULL, *next;
    int64_t now = queue->clock.now(queue->clock.user);
    for (struct planche_job_slot *slot = queue->waiting; slot; slot = next) {
        next = slot->next;
        if (slot->deadline && slot->deadline <= now)
            planche_job_finish(queue, slot, PLANCHE_ERROR_DEADLINE, &finished);
    }
    planche_job_deliver(queue, &finished);
}

void planche_job_queue_expire(struct planche_job_queue *queue)
{
    planche_mutex_lock(&queue->mutex);
    planche_job_expire(queue);
    planche_mutex_unlock(&queue->mutex);
}
