/* SPDX-License-Identifier: MIT */
/* Running a page of a queue, and saying what became of it. */
#include "queue/run.h"

#include "base/status.h"
#include "cli/hints.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "os/clock.h"
#include "os/system.h"
#include "queue/ack.h"
#include "queue/bring_model.h"
#include "queue/state.h"
#include "queue/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a worker tries to tell of a result while the queue is away: others make the page
 * meanwhile, but may not be there. */
#define TELL_NS   INT64_C(600000000000)
#define PAUSE_NS  INT64_C(500000000)
#define ANSWER_MS 400 /* for other workers to answer in */

/* What a page is made into. */
struct made {
    void *data;
    size_t size;
    struct planche_queue_result result;
    bool lacks; /* the model is gone */
    bool alone; /* it is none of this machine's, and no other worker is there */
    bool unfit; /* this machine cannot: its disk is full, the store refuses it */
};

static void on_progress(void *user, double done)
{
    struct planche_queue_page *page = user;
    (void)done;
    atomic_store(&page->moved, planche_clock_ns());
}

/* Whether another machine would fail in the same way. */
static bool is_own_fault(enum planche_status status)
{
    return status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_LIMIT ||
           status == PLANCHE_ERROR_UNSUPPORTED || status == PLANCHE_ERROR_ARGUMENT;
}

static enum planche_priority priority_of(enum planche_queue_class class)
{
    static const enum planche_priority of[] = {
        PLANCHE_PRIORITY_INTERACTIVE, PLANCHE_PRIORITY_NORMAL, PLANCHE_PRIORITY_BACKGROUND};
    return of[class];
}

/* Whether a page has the engine's arithmetic: where its GPUs fail or are gone, the CPU makes pages,
 * with another one; another of its GPUs has the same. */
static bool is_made_by(const struct planche_engine_info *info,
                       const struct planche_page_result *page)
{
    return page->backend == NULL || strcmp(page->backend, info->backend) == 0;
}

static enum planche_status run_engine(struct planche_queue_worker *worker,
                                      struct planche_queue_page *page,
                                      const struct planche_engine *engine, struct made *made,
                                      struct planche_error *error)
{
    struct planche_queue_job *job = &page->job;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    planche_engine_get_info(engine, &info, NULL);
    planche_queue_numerics(&info, made->result.numerics);
    /* Some models have no arithmetic but their own. */
    if (strcmp(job->need, PLANCHE_QUEUE_ANY) != 0 && strcmp(job->need, made->result.numerics) != 0)
        return planche_fail(error, PLANCHE_ERROR_DEVICE, "%s: made with %s, not with %s", job->name,
                            made->result.numerics, job->need);
    job->page.progress = on_progress;
    job->page.progress_user = page;
    job->page.priority = priority_of(page->class);
    snprintf(made->result.worker, sizeof made->result.worker, "%s", worker->id);
    enum planche_status status =
        planche_engine_run_bytes(engine, page->data, (size_t)job->source.size, &made->data,
                                 &made->size, &job->page, &made->result.page, error);
    if (status == PLANCHE_OK && strcmp(job->need, PLANCHE_QUEUE_ANY) != 0 &&
        !is_made_by(&info, &made->result.page))
        status = planche_fail(error, PLANCHE_ERROR_DEVICE, "%s: made with %s, not with %s: %s",
                              job->name, made->result.page.backend, job->need,
                              made->result.page.redone_reason);
    if (status != PLANCHE_OK)
        planche_cli_hint_name(error->message, sizeof error->message, job->name);
    return status;
}

/* Whether no other worker is there who may have what this one lacks. */
static bool is_alone(struct planche_queue_worker *worker)
{
    struct planche_queue_state state;
    struct planche_error error;
    bool alone =
        planche_queue_ask_workers(&worker->queue, ANSWER_MS, planche_cli_interrupt_cancel(), &state,
                                  &error) == PLANCHE_OK &&
        json_array_size(state.workers) == 1; /* itself */
    planche_queue_state_clear(&state);
    return alone;
}

/* What an engine says of its model names files of this machine, which are for its own log. */
static enum planche_status hide_reason(const struct planche_queue_worker *worker,
                                       const struct planche_queue_page *page,
                                       enum planche_status status, struct planche_error *error)
{
    const struct planche_queue_job *job = &page->job;
    planche_cli_message("%s: %s", job->name, error->message);
    if (status == PLANCHE_ERROR_NOT_FOUND)
        return planche_fail(error, status,
                            "%s: worker %s does not have the model %s (planche models fetch)",
                            job->name, worker->id, job->model);
    return planche_fail(error, status,
                        "%s: worker %s cannot use the model %s: %s; its log says why", job->name,
                        worker->id, job->model, planche_status_name(status));
}

static enum planche_status make(struct planche_queue_worker *worker,
                                struct planche_queue_page *page, struct made *made,
                                struct planche_error *error)
{
    const struct planche_engine *engine = NULL;
    struct planche_engine_options wanted = page->job.engine;
    char path[PLANCHE_QUEUE_NAME_BYTES + sizeof worker->models];
    enum planche_status status =
        planche_queue_bring_model(worker, &page->job, &wanted, path, sizeof path, error);
    made->lacks = status == PLANCHE_ERROR_NOT_FOUND;
    made->unfit = status == PLANCHE_ERROR_IO || status == PLANCHE_ERROR_MEMORY;
    if (status != PLANCHE_OK)
        return status;
    status = planche_cli_engine_cache_acquire(worker->engines, &wanted, NULL, &engine, error);
    if (status != PLANCHE_OK) {
        made->alone = status == PLANCHE_ERROR_NOT_FOUND && is_alone(worker);
        return hide_reason(worker, page, status, error);
    }
    atomic_store(&page->moved, planche_clock_ns());
    status = run_engine(worker, page, engine, made, error);
    planche_cli_engine_cache_release(worker->engines, engine);
    return status;
}

/* Calls until it works or time is up; the queue may be away for a while. */
static natsStatus insist(struct planche_queue_worker *worker, const char *subject, const char *text,
                         uint64_t *sequence, bool *taken)
{
    int64_t end = planche_clock_ns() + TELL_NS;
    natsStatus status;
    while ((status = planche_queue_publish(&worker->queue, subject, text, strlen(text), sequence,
                                           taken)) != NATS_OK &&
           planche_clock_ns() < end) {
        planche_mutex_lock(&worker->lock);
        planche_cond_wait_until(&worker->changed, &worker->lock, planche_clock_ns() + PAUSE_NS);
        planche_mutex_unlock(&worker->lock);
    }
    return status;
}

static enum planche_status store(struct planche_queue_worker *worker, struct made *made,
                                 struct planche_error *error)
{
    int64_t end = planche_clock_ns() + TELL_NS;
    enum planche_status status;
    while ((status = planche_queue_put(&worker->queue, &made->result.source, made->data, made->size,
                                       &made->result.object, NULL, error)) == PLANCHE_ERROR_IO &&
           !planche_queue_is_refused(&worker->queue) && planche_clock_ns() < end) {
        planche_mutex_lock(&worker->lock);
        planche_cond_wait_until(&worker->changed, &worker->lock, planche_clock_ns() + PAUSE_NS);
        planche_mutex_unlock(&worker->lock);
    }
    return status;
}

/* A result that was told late: who waited has one of another worker, and has removed the page's
 * bytes before that result, so that this one could take its place. It would lie there for long. */
static void take_back_late(struct planche_queue_worker *worker, struct planche_queue_page *page,
                           struct made *made, uint64_t sequence)
{
    jsErrCode reason;
    bool there;
    if (planche_queue_has(&worker->queue, &page->job.source, &there) != NATS_OK || there)
        return;
    planche_libnats.js_DeleteMsg(worker->queue.js, PLANCHE_QUEUE_RESULTS, sequence, NULL, &reason);
    planche_queue_remove(&worker->queue, &made->result.object);
}

/* The result, then the end of the job: who dies between them makes a page twice, and none is lost.
 */
static enum planche_status tell(struct planche_queue_worker *worker,
                                struct planche_queue_page *page, struct made *made,
                                struct planche_error *error)
{
    char subject[128];
    uint64_t sequence = 0;
    bool taken = true;
    /* Another worker was faster, and the result was taken; a second one would lie there for long.
     */
    if (!planche_queue_is_wanted(&worker->queue, page->message)) {
        planche_queue_tell_gone(&worker->queue, page->job.key);
        return PLANCHE_OK;
    }
    enum planche_status status = store(worker, made, error);
    if (status != PLANCHE_OK)
        return status;
    char *text = planche_queue_result_write(&made->result);
    if (text == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    snprintf(subject, sizeof subject, "planche.result.%s", page->job.key);
    natsStatus outcome = insist(worker, subject, text, &sequence, &taken);
    free(text);
    if (outcome != NATS_OK)
        return planche_queue_fail(error, outcome, "cannot tell of a result");
    if (!taken) /* another was first */
        planche_queue_remove(&worker->queue, &made->result.object);
    else
        take_back_late(worker, page, made, sequence);
    planche_queue_ack(&worker->queue, page->message);
    return PLANCHE_OK;
}

void planche_queue_bury(struct planche_queue_worker *worker, struct planche_queue_page *page,
                        const struct planche_error *why)
{
    char subject[128];
    struct planche_queue_dead dead = {
        .status = why->status, .tries = (unsigned)page->tries, .job = page->job};
    snprintf(dead.message, sizeof dead.message, "%s", why->message);
    snprintf(dead.worker, sizeof dead.worker, "%s", worker->id);
    snprintf(subject, sizeof subject, "planche.dead.%s", page->job.key);
    bool taken = true; /* else its copy was given up before */
    char *text = planche_queue_dead_write(&dead);
    planche_cli_message("given up: %s", why->message);
    if (text != NULL && insist(worker, subject, text, NULL, &taken) == NATS_OK)
        planche_queue_ack(&worker->queue, page->message);
    free(text);
}

/* As a new message: a delivery that nobody began is none that has failed. Of a job that is over
 * there is nothing to give back. */
void planche_queue_give_back(struct planche_queue_worker *worker, struct planche_queue_page *page)
{
    char subject[PLANCHE_QUEUE_NEED_TEXT + 160];
    uint64_t number = 0;
    bool taken = false;
    if (!planche_queue_is_wanted(&worker->queue, page->message))
        return;
    char *text = planche_queue_job_write(&page->job);
    bool random = planche_system_random(&number, sizeof number);
    snprintf(subject, sizeof subject, "planche.job.%s.%s.%s.%016" PRIx64,
             planche_queue_class_name(page->class), page->job.need, page->job.key, number);
    if (random && text != NULL &&
        planche_queue_publish(&worker->queue, subject, text, strlen(text), NULL, &taken) ==
            NATS_OK &&
        taken)
        planche_queue_ack(&worker->queue, page->message);
    else
        planche_queue_nak(&worker->queue, page->message, 0);
    free(text);
}

static void count(struct planche_queue_worker *worker, bool done)
{
    planche_mutex_lock(&worker->lock);
    worker->done += done;
    worker->failed += !done;
    if (done) {
        planche_queue_rate_end(&worker->rate, planche_clock_ns());
        *worker->problem = 0;
    }
    planche_mutex_unlock(&worker->lock);
}

/* Half a lease: others may have the pages, who would otherwise come to this machine again. */
void planche_queue_decline(struct planche_queue_worker *worker, struct planche_queue_page *page,
                           const struct planche_error *why)
{
    planche_cli_message("%s; other workers may have its pages", why->message);
    planche_mutex_lock(&worker->lock);
    worker->resting = planche_clock_ns() + worker->options.queue.lease_s * INT64_C(500000000);
    /* What else it says may name files of this machine, which are for its own log. */
    snprintf(worker->problem, sizeof worker->problem, "%s",
             why->status == PLANCHE_ERROR_UNSUPPORTED ? why->message
                                                      : "a fault of its own, which its log tells");
    planche_mutex_unlock(&worker->lock);
    planche_queue_give_back(worker, page);
}

/* A sixth of the lease: memory that lacks may be free then. */
static unsigned again_ms(const struct planche_queue_worker *worker)
{
    return worker->options.queue.lease_s * 1000 / 6;
}

void planche_queue_run(struct planche_queue_worker *worker, struct planche_queue_page *page)
{
    struct planche_error error = {0};
    struct made made = {.result.page = PLANCHE_PAGE_RESULT_INIT};
    double start = planche_clock_ms();
    enum planche_status status = make(worker, page, &made, &error);
    made.result.ms = planche_clock_ms() - start;
    made.result.source = page->job.source;
    if (status == PLANCHE_OK)
        status = tell(worker, page, &made, &error);
    made.unfit =
        made.unfit || (status == PLANCHE_ERROR_IO && planche_queue_is_refused(&worker->queue));
    planche_free_bytes(made.data);
    count(worker, status == PLANCHE_OK);
    if (status == PLANCHE_OK) {
        if (worker->options.verbose)
            planche_cli_note("%s  %ux%u -> %ux%u  %.1f s", page->job.name,
                             made.result.page.input_width, made.result.page.input_height,
                             made.result.page.output_width, made.result.page.output_height,
                             (planche_clock_ms() - start) / 1e3);
    } else if (made.lacks) {
        planche_queue_ack(&worker->queue, page->message);
        planche_queue_tell_gone(&worker->queue, page->job.key);
    } else if (made.unfit) { /* no fault of the page, and none of its tries */
        planche_queue_decline(worker, page, &error);
    } else if (is_own_fault(status) || made.alone || page->tries >= PLANCHE_QUEUE_TRIES) {
        planche_queue_bury(worker, page, &error);
    } else {
        planche_cli_message("%s; another worker may try", error.message);
        planche_queue_nak(&worker->queue, page->message, again_ms(worker));
    }
}
