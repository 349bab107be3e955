/* SPDX-License-Identifier: MIT */
/* Watching a queue: connecting to it, and asking it for workers. */
#include "queue/server/watch.h"

#include "base/log.h"
#include "base/status.h"
#include "cli/model_options.h"
#include "os/clock.h"
#include "queue/state.h"

#define SECOND      INT64_C(1000000000)
#define BUSY_NS     (2 * SECOND)  /* from one round to the next, while somebody wants news */
#define ROUNDS      4             /* within the time that a worker may be silent */
#define IDLE_NS     (15 * SECOND) /* and while nobody does */
#define LOOKED_NS   (60 * SECOND) /* who looked so lately may look again */
#define COMPLAIN_NS (60 * SECOND)
#define ANSWER_MS   400 /* for workers to answer in */

/* The log has it once a minute. */
static void complain(struct planche_queue_link *link, const struct planche_error *error)
{
    int64_t now = planche_clock_ns();
    planche_mutex_lock(&link->lock);
    bool due = !link->away || now - link->complained > COMPLAIN_NS;
    link->away = true;
    link->complained = due ? now : link->complained;
    planche_mutex_unlock(&link->lock);
    if (due)
        planche_log_write(link->log, PLANCHE_LOG_WARNING, "%s; pages wait or are refused",
                          error->message);
}

static bool is_passing(enum planche_status status)
{
    return status == PLANCHE_ERROR_IO || status == PLANCHE_ERROR_MEMORY;
}

/* The lock is not held: connecting takes seconds where nothing answers. */
static void open_front(struct planche_queue_link *link, struct planche_queue_link_front *front)
{
    struct planche_error error = {0};
    struct planche_engine_options engine = PLANCHE_ENGINE_OPTIONS_INIT;
    engine.model = front->model;
    enum planche_status status =
        planche_queue_front_open(&front->front, &link->options, &engine, NULL, &error);
    front->front.quiet = true;
    /* What is wrong with a file is told to its pages: the queue is there for others. */
    if (status != PLANCHE_OK && front->model == NULL)
        complain(link, &error);
    planche_mutex_lock(&link->lock);
    front->open = status == PLANCHE_OK;
    front->refused = !front->open && front->front.no_file;
    front->failed = !front->open && !is_passing(status) && !front->refused;
    front->problem = error;
    planche_cond_broadcast(&link->changed);
    planche_mutex_unlock(&link->lock);
}

/* The log has what changes: who reads it knows why pages wait or are refused. That workers are
 * there from the start is no news. The lock is held. */
static const char *find_news(struct planche_queue_link *link, size_t workers)
{
    bool back = link->away, crew = workers > 0;
    const char *news = NULL;
    if (link->known ? link->crew != crew : !crew)
        news =
            crew ? "workers of the queue are there"
                 : "the queue has no worker: pages wait or are refused until one is started, with "
                   "planche worker --queue and the same address";
    else if (back)
        news = "the queue answers again";
    link->known = true;
    link->crew = crew;
    link->away = false;
    return news;
}

static void ask(struct planche_queue_link *link, struct planche_queue_front *front)
{
    struct planche_queue_state state = {0};
    struct planche_error error = {0};
    enum planche_status status =
        planche_queue_is_away(&front->queue)
            ? planche_fail(&error, PLANCHE_ERROR_IO, "the queue does not answer")
            : planche_queue_ask(&front->queue, ANSWER_MS, &link->ending, &state, &error);
    if (status != PLANCHE_OK && !planche_cancel_is_set(&link->ending))
        complain(link, &error);
    json_t *json = status == PLANCHE_OK ? planche_queue_state_json(&state) : NULL;
    const char *news = NULL;
    planche_mutex_lock(&link->lock);
    if (json != NULL) {
        json_decref(link->state);
        link->state = json;
        news = find_news(link, json_array_size(state.workers));
        if (json_array_size(state.workers) > 0)
            link->heard = planche_clock_ns();
    }
    planche_mutex_unlock(&link->lock);
    if (news != NULL)
        planche_log_write(link->log, PLANCHE_LOG_WARNING, "%s", news);
    planche_queue_state_clear(&state);
}

void planche_queue_link_round(struct planche_queue_link *link)
{
    int64_t began = planche_clock_ns();
    struct planche_queue_front *open = NULL;
    planche_mutex_lock(&link->lock);
    for (struct planche_queue_link_front *front = link->fronts;
         front != NULL && !planche_cancel_is_set(&link->ending); front = front->next) {
        bool opens = !front->open && !front->failed && !front->refused;
        planche_mutex_unlock(&link->lock);
        if (opens)
            open_front(link, front);
        if (front->open)
            open = &front->front;
        planche_mutex_lock(&link->lock);
    }
    planche_mutex_unlock(&link->lock);
    if (open != NULL)
        ask(link, open);
    planche_mutex_lock(&link->lock);
    link->asked = began;
    planche_cond_broadcast(&link->changed);
    planche_mutex_unlock(&link->lock);
}

void planche_queue_link_watch(void *user)
{
    struct planche_queue_link *link = user;
    int64_t busy = link->wait_ns / ROUNDS < BUSY_NS ? link->wait_ns / ROUNDS : BUSY_NS;
    for (;;) {
        planche_mutex_lock(&link->lock);
        int64_t since = link->asked;
        for (;;) {
            int64_t now = planche_clock_ns();
            bool wanted = link->waiting > 0 || now - link->looked < LOOKED_NS;
            int64_t due = since + (wanted ? busy : IDLE_NS);
            if (planche_cancel_is_set(&link->ending) || link->hurry || now >= due)
                break;
            planche_cond_wait_until(&link->changed, &link->lock, due);
        }
        bool ending = planche_cancel_is_set(&link->ending);
        link->hurry = false;
        planche_mutex_unlock(&link->lock);
        if (ending)
            return;
        planche_queue_link_round(link);
    }
}
