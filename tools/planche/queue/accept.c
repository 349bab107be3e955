/* SPDX-License-Identifier: MIT */
/* Accepting results. */
#include "queue/accept.h"

#include "base/status.h"
#include "os/fd.h"
#include "os/system.h"
#include "queue/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static natsStatus get(struct planche_queue_front *front, const char *stream, const char *kind,
                      const char *key, natsMsg **message)
{
    char subject[128];
    snprintf(subject, sizeof subject, "planche.%s.%s", kind, key);
    return planche_queue_get_last(&front->queue, stream, subject, message);
}

static void forget(struct planche_queue_front *front, const char *stream, natsMsg *message)
{
    jsErrCode reason;
    planche_libnats.js_DeleteMsg(front->queue.js, stream,
                                 planche_libnats.natsMsg_GetSequence(message), NULL, &reason);
}

/* Whether all of a picture can be decoded, for as many at once as there are processors: hundreds of
 * pages may come at the same time, and some formats take the whole picture's memory. */
static bool is_whole(struct planche_queue_front *front, const void *data, size_t size)
{
    unsigned most = planche_system_cpus();
    planche_mutex_lock(&front->lock);
    while (front->checking >= most)
        planche_cond_wait(&front->checked, &front->lock);
    front->checking++;
    planche_mutex_unlock(&front->lock);
    bool whole = planche_image_check_bytes(data, size, NULL, NULL) == PLANCHE_OK;
    planche_mutex_lock(&front->lock);
    front->checking--;
    planche_cond_signal(&front->checked);
    planche_mutex_unlock(&front->lock);
    return whole;
}

/* Whether the bytes are the page that the result tells of. */
static bool is_sound(const struct planche_queue_job *job, const struct planche_queue_result *made,
                     const void *data)
{
    struct planche_provenance found = PLANCHE_PROVENANCE_INIT;
    if (planche_provenance_read_bytes(data, (size_t)made->object.size, 0, &found, NULL) !=
        PLANCHE_OK)
        return false;
    if (found.width != made->page.output_width || found.height != made->page.output_height)
        return false;
    if (job->page.format != PLANCHE_FORMAT_AUTO && !made->page.switched &&
        made->page.format != job->page.format)
        return false;
    if (strcmp(job->need, PLANCHE_QUEUE_ANY) != 0 && strcmp(job->need, made->numerics) != 0)
        return false;
    if (strcmp(made->source.sha256, job->source.sha256) != 0)
        return false;
    return !job->page.provenance || strcmp(found.source, job->source.sha256) == 0;
}

static enum planche_status write_page(const char *output, const struct planche_page_result *page,
                                      const void *data, size_t size, struct planche_error *error)
{
    char path[PATH_MAX];
    planche_page_file_name(path, sizeof path, output, page, 1);
    int fd = planche_fd_create_or_empty(path, 0666);
    bool written = fd >= 0 && planche_fd_write(fd, data, size) && planche_fd_has_size(fd, size);
    int reason = errno;
    bool closed = planche_fd_close(&fd);
    if (written && closed)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be written: %s", path,
                        strerror(written ? errno : reason));
}

/* OK: *data are its bytes, or NULL: there is no result that is sound; one that is not is gone. */
static enum planche_status fetch(struct planche_queue_front *front,
                                 const struct planche_queue_job *job, natsMsg *message,
                                 struct planche_queue_result *made, void **data,
                                 struct planche_error *error)
{
    bool right = planche_queue_result_read(made, planche_libnats.natsMsg_GetData(message),
                                           (size_t)planche_libnats.natsMsg_GetDataLength(message));
    enum planche_status status =
        right ? planche_queue_get(&front->queue, &made->object, data, error) : PLANCHE_ERROR_DATA;
    if (status == PLANCHE_OK &&
        (!is_sound(job, made, *data) || !is_whole(front, *data, (size_t)made->object.size))) {
        free(*data);
        *data = NULL;
        status = PLANCHE_ERROR_DATA;
    }
    if (status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_NOT_FOUND) {
        forget(front, PLANCHE_QUEUE_RESULTS, message);
        planche_queue_remove(&front->queue, &made->object);
        planche_mutex_lock(&front->lock);
        front->damaged++;
        planche_mutex_unlock(&front->lock);
        status = PLANCHE_OK;
    }
    return status == PLANCHE_ERROR_IO ? PLANCHE_OK : status; /* the queue is away: another time */
}

static void count(struct planche_queue_front *front, const struct planche_queue_result *made)
{
    planche_mutex_lock(&front->lock);
    front->made++;
    front->mean_ms += (made->ms - front->mean_ms) / (front->made < 16 ? (double)front->made : 16.0);
    planche_mutex_unlock(&front->lock);
}

enum planche_status planche_queue_accept(struct planche_queue_front *front,
                                         struct planche_queue_post *post,
                                         struct planche_queue_target *target,
                                         struct planche_page_result *result, bool *found,
                                         struct planche_error *error)
{
    const struct planche_queue_job *job = &post->job;
    struct planche_queue_result made;
    natsMsg *message = NULL;
    void *data = NULL;
    *found = false;
    if (get(front, PLANCHE_QUEUE_RESULTS, "result", job->key, &message) != NATS_OK)
        return PLANCHE_OK;
    enum planche_status status = fetch(front, job, message, &made, &data, error);
    if (status == PLANCHE_OK && data != NULL && target->output != NULL)
        status = write_page(target->output, &made.page, data, (size_t)made.object.size, error);
    *found = status != PLANCHE_OK || data != NULL;
    if (status == PLANCHE_OK && data != NULL) {
        *result = made.page;
        if (!post->posted) /* an earlier run has put the page in */
            post->job.source = made.source;
        planche_queue_withdraw(front, post);
        forget(front, PLANCHE_QUEUE_RESULTS, message);
        planche_queue_remove(&front->queue, &made.object);
        count(front, &made);
        target->ms = made.ms;
        if (target->output == NULL) {
            target->data = data;
            target->size = (size_t)made.object.size;
            data = NULL;
        }
    }
    planche_libnats.natsMsg_Destroy(message);
    free(data);
    return status;
}

/* A page that no worker could make is a fault of the page for its book, which goes on. */
static enum planche_status status_of(const struct planche_queue_dead *dead)
{
    bool own = dead->status == PLANCHE_ERROR_DATA || dead->status == PLANCHE_ERROR_LIMIT ||
               dead->status == PLANCHE_ERROR_UNSUPPORTED || dead->status == PLANCHE_ERROR_BUDGET;
    return own ? dead->status : PLANCHE_ERROR_UNSUPPORTED;
}

enum planche_status planche_queue_look_dead(struct planche_queue_front *front,
                                            const struct planche_queue_job *job, bool clear,
                                            struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    natsMsg *message = NULL;
    if (get(front, PLANCHE_QUEUE_DEAD, "dead", job->key, &message) != NATS_OK)
        return PLANCHE_OK;
    struct planche_queue_dead *dead = malloc(sizeof *dead);
    if (clear)
        forget(front, PLANCHE_QUEUE_DEAD, message);
    else if (dead == NULL)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    else if (planche_queue_dead_read(dead, planche_libnats.natsMsg_GetData(message),
                                     (size_t)planche_libnats.natsMsg_GetDataLength(message)))
        status = planche_fail(error, status_of(dead), "%s", dead->message);
    free(dead);
    planche_libnats.natsMsg_Destroy(message);
    return status;
}
