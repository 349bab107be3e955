/* SPDX-License-Identifier: MIT */
/* Front of a queue: opening it, and pages that are waited for. */
#include "queue/front.h"

#include "base/status.h"
#include "base/text.h"
#include "cli/model_options.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "os/clock.h"
#include "os/fd.h"
#include "queue/lookout.h"
#include "queue/open.h"
#include "queue/shared/folder.h"
#include "queue/store.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND      INT64_C(1000000000)
#define LOOK_NS     (20 * SECOND) /* news may have been missed, or a job been removed */
#define COMPLAIN_NS (60 * SECOND)
#define OFTEN       10 /* times that a job was lost */

/* News of a page, or "all" for each: who waits for it looks. A worker that found that its bytes are
 * gone says so, too: the page is to be put into the queue again. */
static void on_news(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                    void *user)
{
    struct planche_queue_front *front = user;
    const char *dot = strrchr(planche_libnats.natsMsg_GetSubject(message), '.');
    (void)connection;
    (void)subscription;
    planche_mutex_lock(&front->lock);
    for (struct planche_queue_waiting *page = front->waiting; page != NULL; page = page->next) {
        if (dot != NULL && (strcmp(dot + 1, page->key) == 0 || strcmp(dot + 1, "all") == 0)) {
            page->called = true;
            planche_cond_signal(&page->changed);
        }
    }
    planche_mutex_unlock(&front->lock);
    planche_libnats.natsMsg_Destroy(message);
}

static enum planche_status subscribe(struct planche_queue_front *front, struct planche_error *error)
{
    struct planche_queue *queue = &front->queue;
    natsStatus status =
        planche_queue_listen(&front->results, queue, "planche.result.*", on_news, front);
    if (status == NATS_OK)
        status = planche_queue_listen(&front->dead, queue, "planche.dead.*", on_news, front);
    if (status == NATS_OK)
        status = planche_queue_listen(&front->gone, queue, PLANCHE_QUEUE_GONE ".*", on_news, front);
    return status == NATS_OK ? PLANCHE_OK : planche_queue_fail(error, status, "cannot subscribe");
}

/* A model of the catalogue is named; of another the files go to the workers. */
static enum planche_status put_model(struct planche_queue_front *front, const char *model,
                                     struct planche_error *error)
{
    struct planche_queue_job *base = &front->base;
    const char *name = model != NULL ? model : PLANCHE_CLI_DEFAULT_MODEL;
    enum planche_status status = planche_queue_check_model(model, error);
    if (status != PLANCHE_OK)
        return status;
    if (!planche_cli_model_is_path(model)) {
        snprintf(base->model, sizeof base->model, "%s", name);
        return PLANCHE_OK;
    }
    const char *file = planche_cli_base_name(name);
    const char *dot = strrchr(file, '.'); /* of its extension, which says that it is a file */
    snprintf(base->model, sizeof base->model, "%.*s", (int)(dot - file), file);
    snprintf(base->extension, sizeof base->extension, "%s", dot + 1);
    front->model = name;
    return planche_queue_send_model(front, &front->no_file, error);
}

/* A store in a folder, at first and once a day. */
static void sweep(struct planche_queue_front *front, int64_t now)
{
    planche_mutex_lock(&front->lock);
    bool due = front->swept == 0 || now - front->swept > PLANCHE_QUEUE_SWEEP_NS;
    front->swept = due ? now : front->swept;
    planche_mutex_unlock(&front->lock);
    if (due)
        planche_queue_sweep(&front->queue);
}

enum planche_status planche_queue_front_open(struct planche_queue_front *front,
                                             const struct planche_cli_queue_options *options,
                                             const struct planche_engine_options *engine,
                                             const struct planche_engine_info *info,
                                             struct planche_error *error)
{
    *front =
        (struct planche_queue_front){.lock = PLANCHE_MUTEX_INIT, .model_lock = PLANCHE_MUTEX_INIT};
    planche_cond_init(&front->checked);
    front->isolates = options->isolates;
    planche_queue_set_engine(&front->base, engine);
    if (options->same_bytes)
        planche_queue_numerics(info, front->base.need);
    else
        snprintf(front->base.need, sizeof front->base.need, PLANCHE_QUEUE_ANY);
    enum planche_status status = planche_queue_open(&front->queue, options, "planche-front", error);
    if (status == PLANCHE_OK) {
        sweep(front, planche_clock_ns());
        status = put_model(front, engine->model, error);
    }
    if (status == PLANCHE_OK)
        status = subscribe(front, error);
    if (status != PLANCHE_OK)
        planche_queue_front_close(front);
    return status;
}

void planche_queue_front_close(struct planche_queue_front *front)
{
    if (front->queue.connection == NULL)
        return;
    for (unsigned i = 0; i < front->base.model_files; i++)
        planche_queue_remove(&front->queue, &front->base.model_file[i]);
    planche_libnats.natsConnection_Close(front->queue.connection);
    planche_queue_unlisten(&front->results);
    planche_queue_unlisten(&front->dead);
    planche_queue_unlisten(&front->gone);
    planche_queue_close(&front->queue);
    planche_cond_destroy(&front->checked);
}

static void enter(struct planche_queue_front *front, struct planche_queue_waiting *page)
{
    planche_cond_init(&page->changed);
    planche_mutex_lock(&front->lock);
    page->next = front->waiting;
    front->waiting = page;
    front->in_flight++;
    planche_mutex_unlock(&front->lock);
}

static void leave(struct planche_queue_front *front, struct planche_queue_waiting *page)
{
    planche_mutex_lock(&front->lock);
    struct planche_queue_waiting **link = &front->waiting;
    while (*link != page)
        link = &(*link)->next;
    *link = page->next;
    front->in_flight--;
    planche_mutex_unlock(&front->lock);
    planche_cond_destroy(&page->changed);
}

/* Waits for news or until a time. */
static void wait_for_news(struct planche_queue_front *front, struct planche_queue_waiting *page,
                          int64_t until)
{
    planche_mutex_lock(&front->lock);
    if (!page->called)
        planche_cond_wait_until(&page->changed, &front->lock, until);
    planche_mutex_unlock(&front->lock);
}

static bool take_news(struct planche_queue_front *front, struct planche_queue_waiting *page)
{
    planche_mutex_lock(&front->lock);
    bool called = page->called;
    page->called = false;
    planche_mutex_unlock(&front->lock);
    return called;
}

/* A queue that is away comes back, or somebody stops waiting. */
static void complain(struct planche_queue_front *front, const struct planche_error *error)
{
    int64_t now = planche_clock_ns();
    planche_mutex_lock(&front->lock);
    bool due = front->complained == 0 || now - front->complained > COMPLAIN_NS;
    front->complained = due ? now : front->complained;
    planche_mutex_unlock(&front->lock);
    if (due && !front->quiet)
        planche_cli_message("%s; waiting", error->message);
}

static void tell_connection(struct planche_queue_front *front, bool away)
{
    planche_mutex_lock(&front->lock);
    if (!front->quiet)
        planche_queue_tell_connection(&front->away, away);
    planche_mutex_unlock(&front->lock);
}

/* A page while it is waited for. */
struct turn {
    struct planche_queue_post post;
    struct planche_queue_waiting waiting;
    int64_t next_try, next_look;
    unsigned reconnects; /* that were seen */
    bool looked;         /* what an earlier run has left is known */
};

/* Whether something may have happened to the page: there is news, workers are done with its job, or
 * the server was away, which may have lost the job. */
static bool is_due(struct planche_queue_front *front, struct turn *turn, int64_t now)
{
    unsigned reconnects = atomic_load(&front->queue.reconnects);
    bool called = take_news(front, &turn->waiting);
    bool due = called || reconnects != turn->reconnects || now >= turn->next_look ||
               planche_queue_is_passed(front, &turn->post);
    turn->reconnects = reconnects;
    return due;
}

/* A job that is not there any more is put again after a second: where a server passes over jobs,
 * all pages see that at the same time, and its file begins anew once the last of them is removed.
 * Later after some times: a worker may see another store than this front does. */
static void check(struct planche_queue_front *front, struct turn *turn, int64_t now)
{
    turn->next_look = planche_queue_check_post(front, &turn->post) ? now + LOOK_NS : now + SECOND;
    if (turn->post.posted)
        return;
    turn->next_try = now + (turn->post.lost < OFTEN ? SECOND : LOOK_NS);
    turn->next_look = turn->next_try; /* it may have an outcome that was not heard of */
}

/* OK and *found, or an error of the page: it is over. */
static enum planche_status look(struct planche_queue_front *front, struct turn *turn,
                                struct planche_queue_target *target,
                                struct planche_page_result *result, bool *found,
                                struct planche_error *error)
{
    int64_t now = planche_clock_ns();
    *found = false;
    if (!is_due(front, turn, now))
        return PLANCHE_OK;
    turn->next_look = now + LOOK_NS;
    enum planche_status status =
        planche_queue_accept(front, &turn->post, target, result, found, error);
    if (status == PLANCHE_OK && !*found)
        status = planche_queue_look_dead(front, &turn->post.job, !turn->looked, error);
    turn->looked = true;
    if (status == PLANCHE_OK && !*found && turn->post.posted)
        check(front, turn, now);
    return status;
}

/* Puts the page into the queue unless it is there, and a copy for another worker where it is time
 * for that. An error is one of the page, which is over; what lacks of the queue or of memory may
 * come back. */
static enum planche_status keep_posted(struct planche_queue_front *front, struct turn *turn,
                                       int64_t now, struct planche_error *error)
{
    sweep(front, now);
    planche_queue_wake(front, false, now);
    planche_queue_raise(front, &turn->post, now);
    planche_queue_look_out(front, turn->post.options->cancel, now);
    if (!turn->post.posted && now >= turn->next_try) {
        enum planche_status status = planche_queue_post(front, &turn->post, error);
        if (turn->post.own && status != PLANCHE_OK && status != PLANCHE_ERROR_MEMORY)
            return status;
        if (status != PLANCHE_OK && status != PLANCHE_ERROR_CANCELLED)
            complain(front, error);
        turn->next_try = now + SECOND;
        turn->next_look = now + LOOK_NS;
    }
    if (turn->post.posted)
        planche_queue_post_copy(front, &turn->post, now);
    return PLANCHE_OK;
}

static enum planche_status run_turn(struct planche_queue_front *front, struct turn *turn,
                                    struct planche_queue_target *target,
                                    const struct planche_page_options *options,
                                    struct planche_page_result *result, struct planche_error *error)
{
    bool found = false;
    turn->reconnects = atomic_load(&front->queue.reconnects);
    for (;;) {
        if (planche_cancel_requested(options->cancel))
            return planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
        enum planche_status status = PLANCHE_OK;
        bool away = planche_queue_is_away(&front->queue);
        tell_connection(front, away);
        if (!away)
            status = look(front, turn, target, result, &found, error);
        if (status != PLANCHE_OK || found)
            return status;
        int64_t now = planche_clock_ns();
        if (!away)
            status = keep_posted(front, turn, now, error);
        if (status != PLANCHE_OK)
            return status;
        wait_for_news(front, &turn->waiting, now + PLANCHE_QUEUE_TICK_NS);
        if (options->progress != NULL)
            options->progress(options->progress_user, 0.0);
    }
}

enum planche_status
planche_queue_make(struct planche_queue_front *front, const struct planche_queue_wanted *wanted,
                   struct planche_queue_target *target, const struct planche_page_options *options,
                   bool withdraw, struct planche_page_result *result, struct planche_error *error)
{
    struct turn *turn = calloc(1, sizeof *turn);
    if (turn == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: out of memory", wanted->name);
    turn->post.wanted = wanted;
    enum planche_status status = planche_queue_prepare(front, &turn->post, options, error);
    if (status == PLANCHE_OK) {
        turn->waiting.key = turn->post.job.key;
        enter(front, &turn->waiting);
        status = run_turn(front, turn, target, options, result, error);
        leave(front, &turn->waiting);
        if (status != PLANCHE_ERROR_CANCELLED)
            planche_queue_end_post(front, &turn->post, status == PLANCHE_OK);
        else if (withdraw)
            planche_queue_take_back(front, &turn->post);
    }
    free(turn);
    return status;
}
