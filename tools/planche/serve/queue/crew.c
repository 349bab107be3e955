/* SPDX-License-Identifier: MIT */
/* Crew: pages that workers make, and those that this process makes while there is none. */
#include "serve/queue/crew.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/status.h"
#include "books/books.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/mistakes.h"
#include "cli/model_options.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "os/clock.h"
#include "os/thread.h"
#include "profile/parts.h"
#include "queue/server/link.h"
#include "serve/log.h"
#include "service/engine_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct planche_serve_crew {
    struct planche_serve *serve;
    struct planche_pages_maker maker;
    struct planche_mutex lock; /* of the next two */
    struct planche_cond changed;
    unsigned here, most; /* pages that this process makes, and may make at once */
};

/* The word for the arithmetic that pages must have. *need stays NULL where any will do. */
static enum planche_status find_need(const struct planche_serve_crew *crew,
                                     const struct planche_engine_options *wanted,
                                     const struct planche_cancel *cancel,
                                     char text[PLANCHE_QUEUE_NEED_TEXT], const char **need,
                                     struct planche_error *error)
{
    const struct planche_serve *serve = crew->serve;
    const struct planche_cancel_token token = {.handle = cancel};
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    const struct planche_engine *engine = NULL;
    *need = NULL;
    if (!serve->options.queue.same_bytes)
        return PLANCHE_OK;
    enum planche_status status =
        planche_cli_engine_cache_acquire(serve->engines, wanted, &token, &engine, error);
    if (status != PLANCHE_OK)
        return status;
    status = planche_engine_get_info(engine, &info, error);
    if (status == PLANCHE_OK) {
        planche_queue_link_need(&info, text);
        *need = text;
    }
    planche_cli_engine_cache_release(serve->engines, engine);
    return status;
}

/* The name of what made a page, as the engine of this machine would tell it. */
static void name_model(const struct planche_engine_options *wanted,
                       const struct planche_page_result *page, char *text, size_t size)
{
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    info.model = wanted->model != NULL ? wanted->model : PLANCHE_CLI_DEFAULT_MODEL;
    char stem[sizeof page->networks];
    snprintf(stem, sizeof stem, "%s", planche_cli_base_name(info.model));
    char *dot = strrchr(stem, '.');
    if (dot != NULL && planche_cli_model_is_path(info.model))
        *dot = 0;
    info.variant = stem;
    planche_cli_json_networks(page, &info, text, size);
}

static enum planche_queue_class class_of(enum planche_pages_class class)
{
    static const enum planche_queue_class classes[PLANCHE_PAGES_CLASSES] = {
        [PLANCHE_PAGES_READER] = PLANCHE_QUEUE_READER,
        [PLANCHE_PAGES_PREFETCH] = PLANCHE_QUEUE_PREFETCH,
        [PLANCHE_PAGES_BOOK] = PLANCHE_QUEUE_BOOK};
    return classes[class];
}

static enum planche_queue_class find_urgency(void *user)
{
    const struct planche_pages_flight *flight = user;
    return class_of(atomic_load(&flight->urgency));
}

static enum planche_status make(void *user, struct planche_pages_flight *flight,
                                struct planche_cancel *cancel, struct planche_pages_made *made)
{
    const struct planche_serve_crew *crew = user;
    const struct planche_serve *serve = crew->serve;
    const struct planche_pages_wish *wish = &flight->wish;
    char need[PLANCHE_QUEUE_NEED_TEXT];
    struct planche_queue_link_made got;
    struct planche_queue_link_page page = {.class = class_of(wish->class),
                                           .urgency = find_urgency,
                                           .user = flight,
                                           .name = "page",
                                           .data = wish->input->data + wish->offset,
                                           .size = wish->size,
                                           .engine = &wish->request.engine,
                                           .page = &wish->request.page};
    double start = planche_clock_ms();
    made->here = planche_parts_are_several(page.engine->model); /* workers run one model */
    if (made->here)
        return PLANCHE_OK;
    enum planche_status status =
        find_need(crew, page.engine, cancel, need, &page.need, &flight->error);
    if (status != PLANCHE_OK)
        return status;
    status = planche_queue_link_make(serve->link, &page, &got, &flight->error);
    made->here = got.absent && serve->options.queue.makes_itself;
    flight->absent = got.absent && !made->here;
    double waited = planche_clock_ms() - start - got.worker_ms;
    flight->queued_ms = waited > 0 ? waited : 0;
    if (status == PLANCHE_ERROR_NOT_FOUND) { /* which worker says so is for the log */
        planche_log_write(&serve->log, PLANCHE_LOG_WARNING, "%s", flight->error.message);
        return planche_fail(&flight->error, PLANCHE_ERROR_ARGUMENT,
                            "no worker of the queue has this model");
    }
    if (status != PLANCHE_OK)
        return status;
    made->data = got.data;
    made->size = got.size;
    flight->page = got.page;
    flight->page.backend = "worker";
    name_model(page.engine, &got.page, flight->model, sizeof flight->model);
    return PLANCHE_OK;
}

static bool enter(void *user, const struct planche_cancel *cancel)
{
    struct planche_serve_crew *crew = user;
    planche_mutex_lock(&crew->lock);
    while (crew->here == crew->most && !planche_cancel_requested(cancel))
        planche_cond_wait_until(&crew->changed, &crew->lock,
                                planche_clock_ns() + PLANCHE_QUEUE_TICK_NS);
    bool entered = crew->here < crew->most;
    crew->here += entered;
    planche_mutex_unlock(&crew->lock);
    return entered;
}

static void leave(void *user)
{
    struct planche_serve_crew *crew = user;
    planche_mutex_lock(&crew->lock);
    crew->here--;
    planche_cond_signal(&crew->changed);
    planche_mutex_unlock(&crew->lock);
}

static enum planche_status make_here(struct planche_serve_crew *crew,
                                     const struct planche_engine *engine, const char *input,
                                     const char *output, const struct planche_page_options *options,
                                     struct planche_page_result *result,
                                     struct planche_error *error)
{
    if (!enter(crew, options->cancel))
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
    *error = (struct planche_error){0}; /* of the attempt before, if there was one */
    enum planche_status status =
        planche_engine_run_file(engine, input, output, options, result, error);
    leave(crew);
    return status;
}

/* A page of a book; NOT_FOUND is not among what a page fails with. */
static enum planche_status make_book_page(void *user, const struct planche_engine *engine,
                                          const struct planche_engine_options *wanted,
                                          const char *name, const char *input, const char *output,
                                          const struct planche_page_options *options,
                                          struct planche_page_result *result,
                                          struct planche_error *error)
{
    struct planche_serve_crew *crew = user;
    const struct planche_cli_queue_options *queue = &crew->serve->options.queue;
    char need[PLANCHE_QUEUE_NEED_TEXT];
    struct planche_queue_link_made got;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_queue_link_page page = {.class = PLANCHE_QUEUE_BOOK,
                                           .name = name,
                                           .input = input,
                                           .output = output,
                                           .engine = wanted,
                                           .page = options,
                                           .patient = !queue->makes_itself};
    enum planche_status status = planche_engine_get_info(engine, &info, error);
    if (status != PLANCHE_OK)
        return status;
    planche_queue_link_need(&info, need);
    page.need = queue->same_bytes ? need : NULL;
    if (planche_parts_are_several(wanted->model))
        return make_here(crew, engine, input, output, options, result, error);
    status = planche_queue_link_make(crew->serve->link, &page, &got, error);
    bool cuts = status == PLANCHE_ERROR_LIMIT && options->on_limit == PLANCHE_ON_LIMIT_SPLIT;
    if (status == PLANCHE_OK)
        *result = got.page;
    if (status == PLANCHE_ERROR_NOT_FOUND) /* no worker has the model: the book goes on without */
        status = error->status = PLANCHE_ERROR_UNSUPPORTED;
    if (!cuts && !got.absent)
        return status;
    return make_here(crew, engine, input, output, options, result, error);
}

int planche_serve_crew_open(struct planche_serve *serve)
{
    const struct planche_cli_queue_options *options = &serve->options.queue;
    struct planche_error error = {0};
    if (options->url == NULL)
        return PLANCHE_CLI_OK;
    if (planche_parts_are_several(serve->options.engine.model))
        return planche_cli_usage_error("queue",
                                       "%.200s: workers of a queue run one model, so this server "
                                       "would make all of its pages itself: choose one model, or "
                                       "leave out the queue; requests may name a chain, which "
                                       "this machine makes",
                                       serve->options.engine.model);
    struct planche_serve_crew *crew = calloc(1, sizeof *crew);
    if (crew == NULL)
        return planche_cli_no_memory();
    crew->serve = serve;
    crew->maker = (struct planche_pages_maker){make, enter, leave, crew};
    crew->most = planche_cli_count_jobs(&serve->options.engine);
    planche_mutex_init(&crew->lock);
    planche_cond_init(&crew->changed);
    serve->crew = crew;
    serve->log = (struct planche_log){.fn = planche_serve_log_library, .user = serve};
    enum planche_status status =
        planche_queue_link_open(&serve->link, options, options->wait_s, &serve->log, &error);
    if (status == PLANCHE_OK)
        return PLANCHE_CLI_OK;
    if (status == PLANCHE_ERROR_ARGUMENT)
        return planche_cli_usage_error("queue", "%s", error.message);
    planche_cli_message("%s", error.message);
    return PLANCHE_CLI_NOT_STARTED;
}

void planche_serve_crew_close(struct planche_serve *serve)
{
    struct planche_serve_crew *crew = serve->crew;
    planche_queue_link_close(serve->link);
    serve->link = NULL;
    serve->crew = NULL;
    if (crew == NULL)
        return;
    planche_cond_destroy(&crew->changed);
    planche_mutex_destroy(&crew->lock);
    free(crew);
}

const struct planche_pages_maker *planche_serve_crew_maker(const struct planche_serve *serve)
{
    return serve->crew != NULL ? &serve->crew->maker : NULL;
}

void planche_serve_crew_books(struct planche_serve *serve, struct planche_books_settings *settings)
{
    if (serve->crew == NULL)
        return;
    settings->make = make_book_page;
    settings->makers = PLANCHE_SERVE_CREW_PAGES;
    settings->make_user = serve->crew;
}
