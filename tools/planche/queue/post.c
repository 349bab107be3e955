/* SPDX-License-Identifier: MIT */
/* Posting pages. */
#include "queue/post.h"

#include "base/file_names.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/model_options.h"
#include "cli/paths.h"
#include "io/digest.h"
#include "os/clock.h"
#include "os/fd.h"
#include "profile/parts.h"
#include "queue/ack.h"
#include "queue/store.h"
#include "queue/streams.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAKE_NS     INT64_C(30000000)
#define PATIENT_NS  INT64_C(3000000000) /* no page is late before that */
#define CONSUMER_NS INT64_C(1000000000) /* from one question to the server to the next */
#define EMPTY_NS    INT64_C(5000000000)
#define RAISE_NS    INT64_C(1000000000) /* from one attempt to raise a page to the next */
#define PATIENCE    2 /* times that a job is passed over before the stream is emptied */

enum planche_status planche_queue_read_file(const char *path, void **data, size_t *size,
                                            struct planche_error *error)
{
    struct planche_file_info info;
    int fd = planche_fd_open(path, 0, &info);
    *data = NULL;
    if (fd >= 0 && info.kind == PLANCHE_FILE_REGULAR && info.size > PLANCHE_QUEUE_MAX_OBJECT) {
        planche_fd_close(&fd);
        return planche_fail(error, PLANCHE_ERROR_LIMIT, "%s: too large for a queue", path);
    }
    *size = fd >= 0 && info.kind == PLANCHE_FILE_REGULAR ? (size_t)info.size : 0;
    *data = *size > 0 ? malloc(*size) : NULL;
    int reason = fd < 0 ? errno : *data == NULL && *size > 0 ? ENOMEM : EINVAL;
    if (*data != NULL && planche_fd_read_all(fd, *data, *size) == (int64_t)*size) {
        planche_fd_close(&fd);
        return PLANCHE_OK;
    }
    planche_fd_close(&fd);
    free(*data);
    *data = NULL;
    if (reason == ENOMEM)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: out of memory", path);
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read: %s", path, strerror(reason));
}

enum planche_status planche_queue_check_model(const char *model, struct planche_error *error)
{
    struct planche_queue_job *job = NULL;
    const char *name = model != NULL ? model : PLANCHE_CLI_DEFAULT_MODEL;
    if (planche_parts_are_several(name))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%.200s: a queue's workers run one model; chains and profiles run on "
                            "this machine alone",
                            name);
    const char *file = planche_cli_base_name(name), *dot = strrchr(file, '.');
    bool is_path = planche_cli_model_is_path(model); /* its extension says so */
    size_t stem = is_path ? (size_t)(dot - file) : strlen(file);
    char text[sizeof job->model];
    if (stem >= sizeof text)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%.200s: a model in a queue has a name of at most 63 characters", name);
    snprintf(text, sizeof text, "%.*s", (int)stem, file);
    if (!planche_queue_is_name(text))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%.200s: the name of a model in a queue has letters, digits, -, _ and "
                            ". only",
                            name);
    return PLANCHE_OK;
}

static enum planche_status put_file(struct planche_queue_front *front, const char *path,
                                    struct planche_queue_object *object, bool *own,
                                    struct planche_error *error)
{
    void *data = NULL;
    size_t size = 0;
    enum planche_status status = planche_queue_read_file(path, &data, &size, error);
    *own = status != PLANCHE_OK;
    if (status != PLANCHE_OK)
        return status;
    status = planche_queue_put(&front->queue, NULL, data, size, object, NULL, error);
    free(data);
    return status;
}

/* The model lock is held. */
static enum planche_status put_model(struct planche_queue_front *front, bool *own,
                                     struct planche_error *error)
{
    struct planche_queue_job *base = &front->base;
    const char *extension = strrchr(front->model, '.');
    enum planche_status status = put_file(front, front->model, &base->model_file[0], own, error);
    if (status != PLANCHE_OK || strcmp(extension, ".param") != 0) {
        base->model_files = status == PLANCHE_OK;
        return status;
    }
    char bin[PATH_MAX];
    if (planche_name_partner(front->model, bin, sizeof bin) >= sizeof bin)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long",
                            front->model);
    status = put_file(front, bin, &base->model_file[1], own, error);
    base->model_files = status == PLANCHE_OK ? 2 : 0;
    return status;
}

/* False also when there is no answer: what is put twice does no harm. */
static bool has_files(struct planche_queue_front *front, const struct planche_queue_job *job)
{
    bool there = true;
    for (unsigned i = 0; i < job->model_files && there; i++)
        planche_queue_has(&front->queue, &job->model_file[i], &there);
    return there;
}

enum planche_status planche_queue_send_model(struct planche_queue_front *front, bool *own,
                                             struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    *own = false;
    if (front->model == NULL)
        return PLANCHE_OK;
    planche_mutex_lock(&front->model_lock);
    if (front->base.model_files == 0 || !has_files(front, &front->base))
        status = put_model(front, own, error);
    planche_mutex_unlock(&front->model_lock);
    return status;
}

/* The options of a page as others see them. */
static void set_page(struct planche_page_options *page, const struct planche_page_options *options)
{
    *page = *options;
    page->struct_size = sizeof *page;
    page->progress = NULL;
    page->progress_user = NULL;
    page->cancel = NULL;
    page->overwrite = 0;
    page->priority = PLANCHE_PRIORITY_NORMAL;
    page->deadline_ms = 0;
    if (page->on_limit == PLANCHE_ON_LIMIT_SPLIT)
        page->on_limit = PLANCHE_ON_LIMIT_FAIL;
}

/* The content of a page. *own: to be freed, if it is its file's. */
static enum planche_status read_page(const struct planche_queue_wanted *wanted, void **own,
                                     const void **data, size_t *size, struct planche_error *error)
{
    *own = NULL;
    *data = wanted->data;
    *size = wanted->size;
    if (wanted->input == NULL)
        return wanted->size <= PLANCHE_QUEUE_MAX_OBJECT
                   ? PLANCHE_OK
                   : planche_fail(error, PLANCHE_ERROR_LIMIT, "%s: too large for a queue",
                                  wanted->name);
    enum planche_status status = planche_queue_read_file(wanted->input, own, size, error);
    *data = *own;
    return status;
}

void planche_queue_set_engine(struct planche_queue_job *job,
                              const struct planche_engine_options *engine)
{
    job->engine = (struct planche_engine_options)PLANCHE_ENGINE_OPTIONS_INIT;
    job->engine.scale = engine->scale;
    job->engine.denoise = engine->denoise;
    job->engine.se = engine->se;
    job->engine.has_level = engine->has_level;
    job->engine.level = engine->has_level ? engine->level : 0.0;
}

/* All that the job has but for the page's content. */
static void set_job(struct planche_queue_front *front, struct planche_queue_post *post,
                    const struct planche_page_options *options)
{
    const struct planche_queue_wanted *wanted = post->wanted;
    struct planche_queue_job *job = &post->job;
    planche_mutex_lock(&front->model_lock);
    *job = front->base;
    planche_mutex_unlock(&front->model_lock);
    set_page(&job->page, options);
    if (wanted->engine != NULL)
        planche_queue_set_engine(job, wanted->engine);
    if (wanted->model != NULL && front->model == NULL)
        snprintf(job->model, sizeof job->model, "%s", wanted->model);
    if (wanted->need != NULL)
        snprintf(job->need, sizeof job->need, "%s", wanted->need);
    snprintf(job->name, sizeof job->name, "%s", wanted->name);
    planche_text_clean(job->name);
}

/* Looks at the header: what is no image, or is damaged there, is told at once, whether a worker is
 * there or not. *pixels: 0 if this build cannot read the format, which a worker's may. */
static enum planche_status look_at_page(const char *name, const void *data, size_t size,
                                        uint64_t *pixels, struct planche_error *error)
{
    char why[sizeof error->message];
    struct planche_provenance found = PLANCHE_PROVENANCE_INIT;
    enum planche_status status = planche_provenance_read_bytes(data, size, 0, &found, error);
    *pixels = status == PLANCHE_OK ? (uint64_t)found.width * found.height : 0;
    if (status != PLANCHE_ERROR_DATA)
        return PLANCHE_OK;
    snprintf(why, sizeof why, "%s", error->message);
    const char *colon = strstr(why, ": "); /* after the name that these bytes have there */
    return planche_fail(error, status, "%.200s: %s", name, colon != NULL ? colon + 2 : why);
}

enum planche_status planche_queue_prepare(struct planche_queue_front *front,
                                          struct planche_queue_post *post,
                                          const struct planche_page_options *options,
                                          struct planche_error *error)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    void *own;
    const void *data;
    size_t size;
    enum planche_status status =
        front->model == NULL ? planche_queue_check_model(post->wanted->model, error) : PLANCHE_OK;
    if (status == PLANCHE_OK)
        status = read_page(post->wanted, &own, &data, &size, error);
    if (status != PLANCHE_OK)
        return status;
    set_job(front, post, options);
    post->class = post->urgency = post->wanted->class;
    post->options = options;
    status = look_at_page(post->wanted->name, data, size, &post->pixels, error);
    if (status == PLANCHE_OK)
        planche_digest_of(data, size, digest);
    free(own);
    if (status != PLANCHE_OK)
        return status;
    planche_text_hex(post->job.source.sha256, digest, sizeof digest);
    post->job.source.size = size;
    if (!planche_queue_job_identify(&post->job))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: out of memory", post->wanted->name);
    return PLANCHE_OK;
}

static void name_job(const struct planche_queue_post *post, const char *copy, char *subject,
                     size_t size)
{
    snprintf(subject, size, "planche.job.%s.%s.%s.%s", planche_queue_class_name(post->class),
             post->job.need, post->job.key, copy);
}

/* Of all jobs of the page, whatever their class. */
static void name_jobs(const struct planche_queue_post *post, char *subject, size_t size)
{
    snprintf(subject, size, "planche.job.*.%s.%s.*", post->job.need, post->job.key);
}

static struct planche_queue_consumer *consumer_of(struct planche_queue_front *front,
                                                  const struct planche_queue_post *post)
{
    bool any = strcmp(post->job.need, PLANCHE_QUEUE_ANY) == 0;
    return &front->consumer[post->class][any];
}

/* One that is not there is made, so that planche queue counts what waits before a worker comes. One
 * that is there has the lease of its workers. */
static void ask_consumer(struct planche_queue_front *front, const struct planche_queue_post *post)
{
    char name[PLANCHE_QUEUE_CONSUMER_BYTES];
    jsConsumerInfo *info = NULL;
    jsErrCode reason;
    struct planche_error error;
    planche_queue_consumer_name(post->class, post->job.need, name, sizeof name);
    natsStatus status = planche_libnats.js_GetConsumerInfo(&info, front->queue.js,
                                                           PLANCHE_QUEUE_JOBS, name, NULL, &reason);
    bool known = status == NATS_OK;
    if (status == NATS_NOT_FOUND) /* else the next question makes it */
        planche_queue_make_consumer(&front->queue, post->class, post->job.need, &error);
    planche_mutex_lock(&front->lock);
    struct planche_queue_consumer *consumer = consumer_of(front, post);
    snprintf(consumer->need, sizeof consumer->need, "%s", post->job.need);
    consumer->known = known;
    consumer->waits = known && info->NumPending > 0;
    consumer->floor = known ? info->AckFloor.Stream : 0;
    consumer->given = known ? info->Delivered.Stream : 0;
    planche_mutex_unlock(&front->lock);
    planche_libnats.jsConsumerInfo_Destroy(info);
}

/* The consumer that a page's job goes to, as it was a second ago at most, or as long ago as its
 * answer takes. */
static struct planche_queue_consumer get_consumer(struct planche_queue_front *front,
                                                  const struct planche_queue_post *post)
{
    struct planche_queue_consumer *shared = consumer_of(front, post), consumer;
    unsigned reconnects = atomic_load(&front->queue.reconnects);
    int64_t now = planche_clock_ns();
    planche_mutex_lock(&front->lock);
    bool stale = shared->asked == 0 || shared->reconnects != reconnects ||
                 strcmp(shared->need, post->job.need) != 0;
    bool due = stale || now - shared->asked > CONSUMER_NS;
    if (stale)
        shared->known = false; /* a server that lost its disk counts from 1 again */
    if (due) {
        shared->asked = now;
        shared->reconnects = reconnects;
    }
    planche_mutex_unlock(&front->lock);
    if (due)
        ask_consumer(front, post);
    planche_mutex_lock(&front->lock);
    consumer = *shared;
    planche_mutex_unlock(&front->lock);
    if (strcmp(consumer.need, post->job.need) != 0) /* a page with another asked meanwhile */
        consumer.known = false;
    return consumer;
}

static void remove_job(struct planche_queue_front *front, natsMsg *message)
{
    jsErrCode reason;
    planche_libnats.js_DeleteMsg(front->queue.js, PLANCHE_QUEUE_JOBS,
                                 planche_libnats.natsMsg_GetSequence(message), NULL, &reason);
}

/* Whether no worker will be given a job up to a sequence, though it may lie there. A server that
 * was killed may have back what was acknowledged, or have lost the end of its stream but not what
 * its consumer knows, so that the next jobs get numbers that were acknowledged already. One of
 * version 2.9 passes over jobs of a file that has a gap since it was killed. */
static bool is_below(struct planche_queue_front *front, const struct planche_queue_post *post,
                     uint64_t sequence)
{
    struct planche_queue_consumer consumer = get_consumer(front, post);
    return consumer.known && sequence <= consumer.floor;
}

bool planche_queue_is_passed(struct planche_queue_front *front,
                             const struct planche_queue_post *post)
{
    return post->posted && is_below(front, post, post->sequence);
}

/* The same of a job that lies in the queue. */
static bool is_ghost(struct planche_queue_front *front, const struct planche_queue_post *post,
                     natsMsg *message)
{
    return is_below(front, post, planche_libnats.natsMsg_GetSequence(message));
}

/* Whether a job may be waited for. One that no worker is given may not, and one whose bytes are
 * gone: it is left of a page that was done. Such are removed. */
static bool is_whole(struct planche_queue_front *front, const struct planche_queue_post *post,
                     const struct planche_queue_job *job, natsMsg *message)
{
    bool there;
    natsStatus status = planche_queue_has(&front->queue, &job->source, &there);
    there = there && has_files(front, job);
    bool useless = (status == NATS_OK && !there) || is_ghost(front, post, message);
    if (useless)
        remove_job(front, message);
    return there && !useless;
}

/* A job of the same key that is in the queue already, with its bytes in the store. */
static bool adopt(struct planche_queue_front *front, struct planche_queue_post *post)
{
    char subject[PLANCHE_QUEUE_NEED_TEXT + 160];
    natsMsg *message = NULL;
    bool found = false;
    name_job(post, "*", subject, sizeof subject);
    struct planche_queue_job *job = malloc(sizeof *job);
    if (job != NULL &&
        planche_queue_get_last(&front->queue, PLANCHE_QUEUE_JOBS, subject, &message) == NATS_OK)
        found = planche_queue_job_read(job, planche_libnats.natsMsg_GetData(message),
                                       (size_t)planche_libnats.natsMsg_GetDataLength(message)) &&
                is_whole(front, post, job, message);
    if (found) {
        post->copied = true; /* there may be more of it */
        post->job.source = job->source;
        post->sequence = planche_libnats.natsMsg_GetSequence(message);
    }
    planche_libnats.natsMsg_Destroy(message);
    free(job);
    return found;
}

static enum planche_status publish(struct planche_queue_front *front,
                                   struct planche_queue_post *post, const char *copy, bool *taken,
                                   struct planche_error *error)
{
    char subject[PLANCHE_QUEUE_NEED_TEXT + 160];
    char *text = planche_queue_job_write(&post->job);
    if (text == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    name_job(post, copy, subject, sizeof subject);
    get_consumer(front, post); /* it is there before its first job */
    natsStatus status =
        planche_queue_publish(&front->queue, subject, text, strlen(text), &post->sequence, taken);
    free(text);
    return status == NATS_OK ? PLANCHE_OK : planche_queue_fail(error, status, "cannot take a page");
}

void planche_queue_wake(struct planche_queue_front *front, bool news, int64_t now)
{
    planche_mutex_lock(&front->lock);
    front->published = news ? now : front->published;
    front->asleep = front->asleep || news;
    bool due = front->asleep && now - front->woken > WAKE_NS;
    front->woken = due ? now : front->woken;
    front->asleep = front->asleep && !due;
    planche_mutex_unlock(&front->lock);
    if (due)
        planche_libnats.natsConnection_Publish(front->queue.connection, PLANCHE_QUEUE_WAKE, "", 0);
}

/* The model may be gone as the page's bytes are. */
static enum planche_status send_again(struct planche_queue_front *front,
                                      struct planche_queue_post *post, struct planche_error *error)
{
    enum planche_status status = planche_queue_send_model(front, &post->own, error);
    planche_mutex_lock(&front->model_lock);
    memcpy(post->job.model_file, front->base.model_file, sizeof post->job.model_file);
    planche_mutex_unlock(&front->model_lock);
    return status;
}

enum planche_status planche_queue_post(struct planche_queue_front *front,
                                       struct planche_queue_post *post, struct planche_error *error)
{
    void *own;
    const void *data;
    size_t size;
    bool taken = true;
    enum planche_status status = PLANCHE_OK;
    post->own = false;
    if (!adopt(front, post)) {
        if (post->lost > 0)
            status = send_again(front, post, error);
        if (status == PLANCHE_OK) {
            status = read_page(post->wanted, &own, &data, &size, error);
            post->own = status != PLANCHE_OK;
        }
        if (status != PLANCHE_OK)
            return status;
        status = planche_queue_put(&front->queue, NULL, data, size, &post->job.source,
                                   post->options, error);
        free(own);
        post->own = status == PLANCHE_ERROR_LIMIT || status == PLANCHE_ERROR_ARGUMENT;
        bool stored = status == PLANCHE_OK;
        if (stored)
            status = publish(front, post, "0", &taken, error);
        /* Somebody else was faster; or the queue is away, and nothing refers to the bytes. */
        if (stored && (status != PLANCHE_OK || !taken))
            planche_queue_remove(&front->queue, &post->job.source);
        if (status == PLANCHE_OK && !taken && !adopt(front, post))
            return planche_fail(error, PLANCHE_ERROR_IO, "the queue: a page was there and is gone");
    }
    post->posted = status == PLANCHE_OK;
    post->since = planche_clock_ns();
    if (post->posted)
        planche_queue_wake(front, true, post->since);
    return status;
}

/* A server of version 2.9 that was killed may pass over all but a few jobs of a file for as long as
 * it is in use. An empty stream has a new one. What others have in it they put again. */
static void empty_jobs(struct planche_queue_front *front)
{
    jsErrCode reason;
    int64_t now = planche_clock_ns();
    planche_mutex_lock(&front->lock);
    bool due = front->emptied == 0 || now - front->emptied > EMPTY_NS;
    front->emptied = due ? now : front->emptied;
    planche_mutex_unlock(&front->lock);
    if (!due)
        return;
    planche_libnats.js_PurgeStream(front->queue.js, PLANCHE_QUEUE_JOBS, NULL, &reason);
    planche_libnats.natsConnection_Publish(front->queue.connection, PLANCHE_QUEUE_GONE ".all", "",
                                           0);
}

bool planche_queue_check_post(struct planche_queue_front *front, struct planche_queue_post *post)
{
    char subject[PLANCHE_QUEUE_NEED_TEXT + 160];
    natsMsg *message = NULL;
    name_job(post, "*", subject, sizeof subject);
    natsStatus status = planche_queue_get_next(&front->queue, PLANCHE_QUEUE_JOBS, subject,
                                               post->sequence, &message);
    if (status == NATS_OK && is_ghost(front, post, message)) {
        remove_job(front, message);
        if (post->lost >= PATIENCE)
            empty_jobs(front);
        status = NATS_NOT_FOUND;
    } else if (status == NATS_OK) { /* a worker may have given it back, as a new message */
        post->sequence = planche_libnats.natsMsg_GetSequence(message);
    }
    planche_libnats.natsMsg_Destroy(message);
    if (status == NATS_NOT_FOUND) {
        planche_queue_withdraw(front, post);
        post->posted = false;
        post->lost++;
    }
    return status == NATS_OK || status == NATS_NOT_FOUND;
}

/* Whether no worker was given the job yet. */
static bool is_untouched(struct planche_queue_front *front, struct planche_queue_post *post)
{
    ask_consumer(front, post);
    planche_mutex_lock(&front->lock);
    const struct planche_queue_consumer *consumer = consumer_of(front, post);
    bool untouched = !consumer->known || post->sequence > consumer->given;
    planche_mutex_unlock(&front->lock);
    return untouched;
}

void planche_queue_raise(struct planche_queue_front *front, struct planche_queue_post *post,
                         int64_t now)
{
    const struct planche_queue_wanted *wanted = post->wanted;
    enum planche_queue_class before = post->class,
                             class = wanted->urgency ? wanted->urgency(wanted->user) : before;
    struct planche_error error;
    uint64_t sequence = post->sequence;
    jsErrCode reason;
    bool taken = false;
    if (class >= post->urgency || now < post->next_raise)
        return;
    if (!post->posted) { /* it is put there when it is */
        post->class = post->urgency = class;
        return;
    }
    post->next_raise = now + RAISE_NS;
    if (!is_untouched(front, post)) {
        post->urgency = class;
        return;
    }
    post->class = class;
    enum planche_status status = publish(front, post, "0", &taken, &error);
    if (status == PLANCHE_OK) /* else the next turn tries again */
        post->urgency = class;
    if (status != PLANCHE_OK) /* it may be there all the same, and goes when the page is over */
        post->strays = true;
    if (status != PLANCHE_OK || !taken) {
        post->class = before; /* or another front waits there for the same */
        post->sequence = sequence;
        return;
    }
    /* One that others may wait for, too, or that cannot be removed now, goes when the page is over.
     */
    if (!post->copied)
        post->strays |= planche_libnats.js_DeleteMsg(front->queue.js, PLANCHE_QUEUE_JOBS, sequence,
                                                     NULL, &reason) != NATS_OK;
    planche_queue_wake(front, true, planche_clock_ns());
}

void planche_queue_post_copy(struct planche_queue_front *front, struct planche_queue_post *post,
                             int64_t now)
{
    struct planche_error error;
    uint64_t sequence = post->sequence;
    bool taken;
    planche_mutex_lock(&front->lock);
    int64_t late = (int64_t)(front->mean_ms * 3e6);
    late = late > PATIENT_NS ? late : PATIENT_NS;
    bool last = front->made > 0 && now - front->published > late && now - post->since > late;
    planche_mutex_unlock(&front->lock);
    if (post->copied || !last)
        return;
    post->since = now; /* the next look is as far away */
    struct planche_queue_consumer consumer = get_consumer(front, post);
    if (!consumer.known || consumer.waits)
        return;
    post->copied = publish(front, post, "1", &taken, &error) == PLANCHE_OK;
    post->sequence = sequence;
    if (!post->copied)
        return;
    planche_mutex_lock(&front->lock);
    front->copies++;
    planche_mutex_unlock(&front->lock);
    planche_libnats.natsConnection_Publish(front->queue.connection, PLANCHE_QUEUE_WAKE, "", 0);
}

/* All messages of a subject. */
static void purge(struct planche_queue_front *front, const char *stream, const char *subject)
{
    jsOptions options;
    jsErrCode reason;
    planche_libnats.jsOptions_Init(&options);
    options.Stream.Purge.Subject = subject;
    planche_libnats.js_PurgeStream(front->queue.js, stream, &options, &reason);
}

static void remove_jobs(struct planche_queue_front *front, struct planche_queue_post *post)
{
    char subject[PLANCHE_QUEUE_NEED_TEXT + 160];
    name_jobs(post, subject, sizeof subject);
    purge(front, PLANCHE_QUEUE_JOBS, subject);
}

void planche_queue_end_post(struct planche_queue_front *front, struct planche_queue_post *post,
                            bool made)
{
    char subject[128];
    jsErrCode reason;
    planche_queue_withdraw(front, post);
    if (!made && post->posted) /* no worker may have taken it */
        planche_libnats.js_DeleteMsg(front->queue.js, PLANCHE_QUEUE_JOBS, post->sequence, NULL,
                                     &reason);
    if (!post->copied && !post->strays)
        return;
    remove_jobs(front, post);
    if (!made)
        return;
    snprintf(subject, sizeof subject, "planche.dead.%s", post->job.key); /* one of them failed */
    purge(front, PLANCHE_QUEUE_DEAD, subject);
}

void planche_queue_withdraw(struct planche_queue_front *front, struct planche_queue_post *post)
{
    planche_queue_remove(&front->queue, &post->job.source);
    post->job.source.count = 0;
    post->job.source.file = 0;
}

void planche_queue_take_back(struct planche_queue_front *front, struct planche_queue_post *post)
{
    if (!post->posted || planche_queue_is_away(&front->queue))
        return;
    remove_jobs(front, post);
    planche_queue_withdraw(front, post);
    planche_queue_tell_gone(&front->queue, post->job.key);
}
