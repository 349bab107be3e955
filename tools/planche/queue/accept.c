/* SPDX-License-Identifier: MIT */
/* Accepting results. */
#include "queue/accept.h"

#include "base/cancel.h"
#include "base/status.h"
#include "os/clock.h"
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

/* Takes so many of the places for decoding. False: nobody waits for the page any more. */
static bool enter(struct planche_queue_front *front, const struct planche_page_options *options,
                  unsigned places, unsigned most)
{
    bool over = false;
    planche_mutex_lock(&front->lock);
    while (!over && front->checking + places > most) {
        planche_cond_wait_until(&front->checked, &front->lock,
                                planche_clock_ns() + PLANCHE_QUEUE_TICK_NS);
        planche_mutex_unlock(&front->lock);
        if (options->progress != NULL)
            options->progress(options->progress_user, 0.0);
        over = planche_cancel_requested(options->cancel);
        planche_mutex_lock(&front->lock);
    }
    front->checking += over ? 0 : places;
    planche_mutex_unlock(&front->lock);
    return !over;
}

static void leave(struct planche_queue_front *front, unsigned places)
{
    planche_mutex_lock(&front->lock);
    front->checking -= places;
    planche_cond_broadcast(&front->checked);
    planche_mutex_unlock(&front->lock);
}

/* A result that is looked at. */
struct result {
    struct planche_queue_post *post;
    struct planche_queue_result made;
    void *data; /* NULL: there is none that is sound */
};

/* Decodes the picture in a share of the memory. */
static enum planche_status decode(struct planche_queue_front *front, const struct result *result,
                                  unsigned places, unsigned most, struct planche_error *error)
{
    const struct planche_page_result *page = &result->made.page;
    struct planche_image_options options = PLANCHE_IMAGE_OPTIONS_INIT;
    planche_engine_defaults(&options.memory, NULL);
    options.memory = options.memory / most * places;
    options.max_pixels = (uint64_t)page->output_width * page->output_height;
    options.isolate = front->isolates;
    /* A worker on this machine goes first, unless somebody waits. */
    options.priority = result->post->class == PLANCHE_QUEUE_READER ? PLANCHE_PRIORITY_NORMAL
                                                                   : PLANCHE_PRIORITY_BACKGROUND;
    if (!enter(front, result->post->options, places, most))
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
    enum planche_status status =
        planche_image_check_bytes(result->data, (size_t)result->made.object.size, &options, error);
    leave(front, places);
    return status;
}

/* Decodes all of the picture, for as many at once as there are processors: hundreds of pages may
 * come at the same time, and some formats take the whole picture's memory. One that takes more than
 * its share is decoded alone. */
static enum planche_status check_picture(struct planche_queue_front *front,
                                         const struct result *result, struct planche_error *error)
{
    unsigned most = planche_system_cpus();
    enum planche_status status = decode(front, result, 1, most, error);
    return status == PLANCHE_ERROR_BUDGET ? decode(front, result, most, most, error) : status;
}

/* Whether the page can have become so large: by a scale that is named exactly, with a target by 64
 * times at most. */
static bool has_possible_size(const struct planche_queue_post *post,
                              const struct planche_page_result *made)
{
    const struct planche_page_options *page = &post->job.page;
    uint64_t scale = page->scale != 0             ? page->scale
                     : post->job.engine.scale > 0 ? (uint64_t)post->job.engine.scale
                     : made->scale > 0            ? made->scale
                                                  : 1;
    if (post->pixels > 0 && (uint64_t)made->input_width * made->input_height != post->pixels)
        return false;
    if (page->width == 0 && page->height == 0)
        return made->output_width == made->input_width * scale &&
               made->output_height == made->input_height * scale;
    return made->output_width <= made->input_width * UINT64_C(64) &&
           made->output_height <= made->input_height * UINT64_C(64);
}

/* Whether what a result tells is what was asked for. */
static bool is_answer(const struct planche_queue_post *post,
                      const struct planche_queue_result *made)
{
    const struct planche_queue_job *job = &post->job;
    if (job->page.format != PLANCHE_FORMAT_AUTO && !made->page.switched &&
        made->page.format != job->page.format)
        return false;
    if (strcmp(job->need, PLANCHE_QUEUE_ANY) != 0 && strcmp(job->need, made->numerics) != 0)
        return false;
    return strcmp(made->source.sha256, job->source.sha256) == 0 &&
           has_possible_size(post, &made->page);
}

/* Whether the bytes are the page that the result tells of. */
static enum planche_status check_bytes(struct planche_queue_front *front,
                                       const struct result *result, struct planche_error *error)
{
    struct planche_provenance found = PLANCHE_PROVENANCE_INIT;
    const struct planche_queue_job *job = &result->post->job;
    const struct planche_queue_result *made = &result->made;
    enum planche_status status =
        planche_provenance_read_bytes(result->data, (size_t)made->object.size, 0, &found, error);
    if (status != PLANCHE_OK)
        return status;
    if (found.width != made->page.output_width || found.height != made->page.output_height ||
        (job->page.provenance && strcmp(found.source, job->source.sha256) != 0))
        return planche_fail(error, PLANCHE_ERROR_DATA, "it is another page");
    return check_picture(front, result, error);
}

static enum planche_status write_page(const char *output, const struct planche_page_result *page,
                                      const void *data, size_t size, struct planche_error *error)
{
    char path[PATH_MAX];
    planche_page_file_name(path, sizeof path, output, page, 1);
    /* An earlier run of the book, which failed, may have given the file to its output as well. */
    int fd = planche_fd_create_anew(path, 0666);
    bool written = fd >= 0 && planche_fd_write(fd, data, size) && planche_fd_has_size(fd, size);
    int reason = errno;
    bool closed = planche_fd_close(&fd);
    if (written && closed)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be written: %s", path,
                        strerror(written ? errno : reason));
}

/* Reads the message of a result and its bytes, and checks them. */
static enum planche_status read_result(struct planche_queue_front *front, struct result *result,
                                       natsMsg *message, struct planche_error *error)
{
    struct planche_queue_result *made = &result->made;
    if (!planche_queue_result_read(made, planche_libnats.natsMsg_GetData(message),
                                   (size_t)planche_libnats.natsMsg_GetDataLength(message)) ||
        !is_answer(result->post, made))
        return planche_fail(error, PLANCHE_ERROR_DATA, "it tells of another page");
    enum planche_status status = planche_queue_get(&front->queue, &made->object, &result->data,
                                                   result->post->options, error);
    if (status == PLANCHE_OK)
        status = check_bytes(front, result, error);
    if (status != PLANCHE_OK) {
        free(result->data);
        result->data = NULL;
    }
    return status;
}

/* Damage may be of the way or of one worker, and the page is made again, but not without end. */
static enum planche_status count_damage(struct planche_queue_front *front,
                                        const struct result *result, struct planche_error *error)
{
    char why[sizeof error->message];
    struct planche_queue_post *post = result->post;
    planche_mutex_lock(&front->lock);
    front->damaged++;
    planche_mutex_unlock(&front->lock);
    if (++post->damaged < PLANCHE_QUEUE_TRIES)
        return PLANCHE_OK;
    snprintf(why, sizeof why, "%s", error->message);
    return planche_fail(error, PLANCHE_ERROR_DATA,
                        "%.120s: %u results of workers are damaged, the last one by %.100s: %.200s",
                        post->wanted->name, post->damaged, result->made.worker, why);
}

static enum planche_status refuse(const struct result *result, enum planche_status status,
                                  struct planche_error *error)
{
    char why[sizeof error->message];
    snprintf(why, sizeof why, "%s", error->message);
    return planche_fail(error, status,
                        "%.120s: the result of %.100s cannot be decoded here: %.200s",
                        result->post->wanted->name, result->made.worker, why);
}

/* OK: result->data are its bytes, or NULL: there is no result that is sound; one that is not is
 * gone, and one that this machine cannot decode ends the page. */
static enum planche_status fetch(struct planche_queue_front *front, struct result *result,
                                 natsMsg *message, struct planche_error *error)
{
    enum planche_status status = read_result(front, result, message, error);
    if (status == PLANCHE_OK || status == PLANCHE_ERROR_CANCELLED)
        return status;
    /* The queue is away, or memory is short: another time. */
    if (status == PLANCHE_ERROR_IO || status == PLANCHE_ERROR_MEMORY)
        return PLANCHE_OK;
    forget(front, PLANCHE_QUEUE_RESULTS, message);
    planche_queue_remove(&front->queue, &result->made.object);
    if (status == PLANCHE_ERROR_NOT_FOUND) /* the queue has lost its bytes */
        return PLANCHE_OK;
    return status == PLANCHE_ERROR_DATA ? count_damage(front, result, error)
                                        : refuse(result, status, error);
}

static void count(struct planche_queue_front *front, const struct planche_queue_result *made)
{
    planche_mutex_lock(&front->lock);
    front->made++;
    front->mean_ms += (made->ms - front->mean_ms) / (front->made < 16 ? (double)front->made : 16.0);
    planche_mutex_unlock(&front->lock);
}

/* The page is done: removes what the queue holds of it, first its bytes. */
static void finish(struct planche_queue_front *front, const struct result *result, natsMsg *message)
{
    struct planche_queue_post *post = result->post;
    if (!post->posted) /* an earlier run has put the page in */
        post->job.source = result->made.source;
    planche_queue_withdraw(front, post);
    forget(front, PLANCHE_QUEUE_RESULTS, message);
    planche_queue_remove(&front->queue, &result->made.object);
    count(front, &result->made);
}

enum planche_status planche_queue_accept(struct planche_queue_front *front,
                                         struct planche_queue_post *post,
                                         struct planche_queue_target *target,
                                         struct planche_page_result *result, bool *found,
                                         struct planche_error *error)
{
    struct result got = {.post = post};
    const struct planche_queue_result *made = &got.made;
    natsMsg *message = NULL;
    *found = false;
    if (get(front, PLANCHE_QUEUE_RESULTS, "result", post->job.key, &message) != NATS_OK)
        return PLANCHE_OK;
    enum planche_status status = fetch(front, &got, message, error);
    if (status == PLANCHE_OK && got.data != NULL && target->output != NULL)
        status =
            write_page(target->output, &made->page, got.data, (size_t)made->object.size, error);
    *found = status != PLANCHE_OK || got.data != NULL;
    if (status == PLANCHE_OK && got.data != NULL) {
        *result = made->page;
        finish(front, &got, message);
        target->ms = made->ms;
        if (target->output == NULL) {
            target->data = got.data;
            target->size = (size_t)made->object.size;
            got.data = NULL;
        }
    }
    planche_libnats.natsMsg_Destroy(message);
    free(got.data);
    return status;
}

/* A page that no worker could make is a fault of the page for its book, which goes on. */
static enum planche_status status_of(const struct planche_queue_dead *dead)
{
    bool own = dead->status == PLANCHE_ERROR_DATA || dead->status == PLANCHE_ERROR_LIMIT ||
               dead->status == PLANCHE_ERROR_UNSUPPORTED || dead->status == PLANCHE_ERROR_BUDGET ||
               dead->status == PLANCHE_ERROR_NOT_FOUND;
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
