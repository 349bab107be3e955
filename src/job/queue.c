/* SPDX-License-Identifier: MIT */
/* Worker threads, and the life of the queue that feeds them. */
#include "job/queue.h"

#include "base/alloc.h"
#include "base/status.h"
#include "job/finish.h"
#include "job/list.h"
#include "job/order.h"
#include "os/clock.h"
#include "os/system.h"

#include <assert.h>
#include <string.h>

#define AGING_MS 10000

/* A job and those with its key leave the waiting together. The mutex is held. */
static void start(struct planche_job_queue *queue, struct planche_job_slot *slot)
{
    assert(slot->state == PLANCHE_JOB_WAITING && !slot->leader);
    planche_job_list_remove(&queue->waiting, slot);
    queue->waiting_count--;
    slot->state = PLANCHE_JOB_RUNNING;
    planche_job_list_append(&queue->running, slot);
    struct planche_job_slot *other = slot->job.key ? queue->waiting : NULL;
    for (; other; other = other->next)
        if (other->job.key && strcmp(other->job.key, slot->job.key) == 0)
            other->leader = slot;
    planche_cond_broadcast(&queue->changed);
}

/* The leader, and those that waited for its outcome. The mutex is held. */
static void finish(struct planche_job_queue *queue, struct planche_job_slot *slot,
                   enum planche_status status)
{
    struct planche_job_slot *finished = NULL, *next;
    planche_job_list_remove(&queue->running, slot);
    planche_job_finish(queue, slot, status, &finished);
    for (struct planche_job_slot *other = queue->waiting; other; other = next) {
        next = other->next;
        if (other->leader == slot)
            planche_job_finish(queue, other, status, &finished);
    }
    planche_job_deliver(queue, &finished);
}

static void work(void *user)
{
    struct planche_job_queue *queue = user;
    planche_mutex_lock(&queue->mutex);
    while (!queue->ending) {
        planche_job_expire(queue);
        struct planche_job_slot *slot = planche_job_choose(queue);
        if (slot) {
            start(queue, slot);
            planche_mutex_unlock(&queue->mutex);
            enum planche_status status = slot->job.run(slot->job.user, &slot->cancel);
            planche_mutex_lock(&queue->mutex);
            finish(queue, slot, status);
        } else if (!queue->ending) {
            planche_cond_wait(&queue->changed, &queue->mutex);
        }
    }
    planche_mutex_unlock(&queue->mutex);
}

static int64_t system_now(void *user)
{
    (void)user;
    return planche_clock_ns();
}

static enum planche_status start_workers(struct planche_job_queue *queue, unsigned workers,
                                         struct planche_error *error)
{
    while (queue->workers < workers &&
           planche_thread_start(&queue->threads[queue->workers], work, queue))
        queue->workers++;
    return queue->workers
               ? PLANCHE_OK
               : planche_fail(error, PLANCHE_ERROR_MEMORY, "cannot start a thread; see ulimit -u");
}

enum planche_status planche_job_queue_make(struct planche_job_queue **out,
                                           const struct planche_job_queue_options *options,
                                           const struct planche_job_clock *clock,
                                           struct planche_error *error)
{
    unsigned workers = options->workers ? options->workers : 1;
    size_t capacity = options->capacity ? options->capacity : workers;
    uint64_t aging = options->aging_ms ? options->aging_ms : AGING_MS;
    struct planche_job_queue *queue = planche_calloc(NULL, 1, sizeof(*queue));
    *out = NULL;
    if (!queue)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a queue of jobs");
    planche_mutex_init(&queue->mutex);
    planche_cond_init(&queue->changed);
    queue->process = planche_system_process();
    queue->real_time = !clock;
    queue->clock = clock ? *clock : (struct planche_job_clock){.now = system_now};
    queue->capacity = capacity;
    queue->aging = (int64_t)(aging < UINT32_MAX ? aging : UINT32_MAX) * 1000000;
    queue->threads = planche_calloc(NULL, workers, sizeof(*queue->threads));
    queue->slots = planche_calloc(NULL, capacity + workers, sizeof(*queue->slots));
    enum planche_status status = PLANCHE_OK;
    if (!queue->threads || !queue->slots)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a queue of %zu jobs",
                              capacity);
    for (size_t i = 0; !status && i < capacity + workers; i++) {
        assert(queue->slots);
        queue->slots[i].next = queue->free;
        queue->free = &queue->slots[i];
    }
    if (!status)
        status = start_workers(queue, workers, error);
    if (status)
        planche_job_queue_unmake(&queue);
    *out = queue;
    return status;
}

enum planche_status planche_job_queue_wait_done(struct planche_job_queue *queue,
                                                const struct planche_cancel *cancel,
                                                struct planche_error *error)
{
    const struct planche_cancel_token token = {.handle = cancel};
    enum planche_status status = PLANCHE_OK;
    planche_mutex_lock(&queue->mutex);
    queue->closed = true;
    planche_cond_broadcast(&queue->changed);
    while (!status && queue->open) {
        if (!planche_cancel_wait(cancel ? &token : NULL, &queue->changed, &queue->mutex))
            status = planche_cancel_fail(&token, error);
    }
    planche_mutex_unlock(&queue->mutex);
    return status;
}

void planche_job_queue_stop(struct planche_job_queue *queue)
{
    planche_mutex_lock(&queue->mutex);
    queue->closed = true;
    planche_cond_broadcast(&queue->changed);
    planche_job_cancel_all(queue);
    while (queue->open)
        planche_cond_wait(&queue->changed, &queue->mutex);
    planche_mutex_unlock(&queue->mutex);
}

void planche_job_queue_unmake(struct planche_job_queue **out)
{
    struct planche_job_queue *queue = *out;
    *out = NULL;
    if (!queue || planche_job_queue_is_inherited(queue))
        return;
    planche_job_queue_stop(queue);
    assert(!queue->waiting && !queue->running && !queue->waiting_count);
    planche_mutex_lock(&queue->mutex);
    queue->ending = true;
    planche_cond_broadcast(&queue->changed);
    planche_mutex_unlock(&queue->mutex);
    for (unsigned i = 0; i < queue->workers; i++)
        planche_thread_join(&queue->threads[i]);
    if (queue->keeps_time)
        planche_thread_join(&queue->timekeeper);
    planche_cond_destroy(&queue->changed);
    planche_mutex_destroy(&queue->mutex);
    planche_free(queue->slots);
    planche_free(queue->threads);
    planche_free(queue);
}

bool planche_job_queue_is_inherited(const struct planche_job_queue *queue)
{
    return queue->process != planche_system_process();
}
