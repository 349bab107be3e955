/* SPDX-License-Identifier: MIT */
/* Pages of a server. Everything here runs on the loop's thread, and so without locks, but for the
 * jobs: a page is given to the job queue when a worker is free, and comes back as a task. */
#include "pages/pages.h"

#include "base/status.h"
#include "cache/claim.h"
#include "cache/lookup.h"
#include "cache/store.h"
#include "os/clock.h"
#include "pages/order.h"
#include "pages/run.h"
#include "service/engine_cache.h"

#include <planche/job.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define NEWEST_WEIGHT 0.2   /* of the last page in the mean time of pages */
#define CLAIM_MS      60000 /* to wait for another process that makes the same page */
#define GUESS_SECONDS 2.0   /* a page takes, before one has run */
#define CHECKS        1024  /* of entries may wait for their thread */

struct planche_pages {
    struct planche_pages_settings settings;
    struct planche_job_queue *queue;
    struct planche_job_queue *checks; /* one thread; NULL without a cache */
    struct planche_pages_flight *checking, *waiting, *running;
    struct planche_pages_order order;
    struct planche_pages_state state;
    struct planche_http_room room; /* waited for while results use all of the budget */
    struct planche_http_timer unload;
    bool ending;
    struct planche_pages_external external;
    unsigned external_waiting, external_running;
    bool external_turn;      /* after a page of class BOOK */
    int64_t external_change; /* when one was granted or left last */
    struct planche_http_task engine_wanted;
    atomic_bool engine_is_wanted; /* the task is posted */
};

static void link_to(struct planche_pages_flight **list, struct planche_pages_flight *flight)
{
    flight->next = *list;
    flight->link = list;
    if (flight->next != NULL)
        flight->next->link = &flight->next;
    *list = flight;
}

static void unlink_flight(struct planche_pages_flight *flight)
{
    *flight->link = flight->next;
    if (flight->next != NULL)
        flight->next->link = flight->link;
}

static void remove_waiter(struct planche_pages_waiter *waiter)
{
    *waiter->link = waiter->next;
    if (waiter->next != NULL)
        waiter->next->link = waiter->link;
    waiter->flight = NULL;
}

static void destroy_flight(struct planche_pages_flight *flight)
{
    free(flight->ticket);
    planche_http_blob_drop(flight->wish.input);
    planche_cli_request_clear(&flight->wish.request);
    planche_cache_result_release(&flight->result);
    free(flight);
}

static void release_result(void *result)
{
    struct planche_cache_result *held = result;
    planche_cache_result_release(&held);
}

/* The result's bytes as a blob, which counts in the budget even if that is full: they are there.
 * NULL: no memory, or they are in a file. */
static struct planche_http_blob *make_blob(struct planche_pages *pages,
                                           struct planche_cache_result *result)
{
    struct planche_http_budget *budget = pages->settings.budget;
    struct planche_http_blob *blob = planche_http_blob_create(
        (void *)result->data, result->size, release_result, result, budget, result->size);
    if (blob == NULL)
        return NULL;
    planche_cache_result_hold(result);
    planche_http_budget_charge(budget, result->size);
    return blob;
}

/* Tells all who wait. The flight is in no list any more. */
static void deliver(struct planche_pages *pages, struct planche_pages_flight *flight)
{
    struct planche_pages_outcome outcome = {
        .status = flight->status, .message = flight->error.message, .page = &flight->page};
    outcome.queue_ms = flight->start != 0 ? (double)(flight->start - flight->arrival) * 1e-6 : 0;
    outcome.queue_ms += flight->queued_ms;
    outcome.absent = flight->absent;
    outcome.result = flight->result;
    outcome.cached = flight->cached;
    if (flight->waiters != NULL && flight->result != NULL && flight->result->data != NULL) {
        outcome.blob = make_blob(pages, flight->result);
        if (outcome.blob == NULL) {
            outcome.status = PLANCHE_ERROR_MEMORY;
            outcome.message = "no memory for the result";
        }
    }
    if (pages->settings.observe != NULL)
        pages->settings.observe(pages->settings.user, flight);
    struct planche_pages_waiter *waiter;
    while ((waiter = flight->waiters) != NULL) {
        remove_waiter(waiter);
        waiter->done(waiter->user, &outcome);
    }
    planche_http_blob_drop(outcome.blob);
    destroy_flight(flight);
}

static void count(struct planche_pages *pages, const struct planche_pages_flight *flight)
{
    struct planche_pages_state *state = &pages->state;
    if (flight->cached) {
        state->shared++;
    } else if (flight->status == PLANCHE_OK) {
        double seconds = flight->run_ms * 1e-3;
        state->made++;
        state->page_seconds =
            state->page_seconds == 0
                ? seconds
                : state->page_seconds + NEWEST_WEIGHT * (seconds - state->page_seconds);
    } else if (flight->status == PLANCHE_ERROR_CANCELLED) {
        state->cancelled++;
    } else {
        state->failed++;
    }
}

static void dispatch(struct planche_pages *pages);

static void on_room(void *user)
{
    dispatch(user);
}

static void rest(struct planche_pages *pages)
{
    if (pages->settings.unload_ns > 0 && pages->running == NULL && !pages->ending)
        planche_http_timer_set(pages->settings.loop, &pages->unload,
                               planche_http_loop_now(pages->settings.loop) +
                                   pages->settings.unload_ns);
}

static void on_end(void *user)
{
    struct planche_pages_flight *flight = user;
    struct planche_pages *pages = flight->pages;
    unlink_flight(flight);
    pages->state.running--;
    count(pages, flight);
    dispatch(pages); /* before the answers are written: workers wait for nobody */
    deliver(pages, flight);
    rest(pages);
}

/* The loop goes on with a flight; the worker has it no more. */
static void end_flight(struct planche_pages_ticket *ticket)
{
    struct planche_pages_flight *flight = ticket->flight;
    ticket->ended = true;
    planche_http_loop_post(flight->pages->settings.loop, &flight->end);
}

/* Makes the page, unless another process has made it or does so now. Who waits is told before the
 * result is stored. */
static enum planche_status run_flight(void *user, struct planche_cancel *cancel)
{
    struct planche_pages_ticket *ticket = user;
    struct planche_pages_flight *flight = ticket->flight;
    struct planche_cache *cache = flight->pages->settings.cache;
    const struct planche_cancel_token token = {.handle = cancel};
    struct planche_cache_claim claim;
    struct planche_error error;
    struct planche_cache_result *result = NULL;
    flight->page = (struct planche_page_result)PLANCHE_PAGE_RESULT_INIT;
    flight->cached = cache != NULL && planche_cache_claim_take(&claim, cache, &flight->wish.key,
                                                               &token, CLAIM_MS, &flight->result);
    if (!flight->cached)
        planche_pages_run(flight, flight->pages->settings.engines, flight->pages->settings.maker,
                          cancel);
    enum planche_status status = flight->cached ? PLANCHE_OK : flight->status;
    bool stores = cache != NULL && !flight->cached && status == PLANCHE_OK;
    flight->status = status;
    if (stores)
        result = planche_cache_result_hold(flight->result);
    end_flight(ticket);
    if (stores)
        planche_cache_store(cache, &claim.key, result, &error); /* the log is told */
    if (cache != NULL)
        planche_cache_claim_drop(&claim);
    planche_cache_result_release(&result);
    return status;
}

/* On any thread. A job that has not run ends here. */
static void flight_done(void *user, enum planche_status status)
{
    struct planche_pages_ticket *ticket = user;
    if (!ticket->ended) {
        planche_fail(&ticket->flight->error, status, "cancelled before the page began");
        ticket->flight->status = status;
        end_flight(ticket);
    }
    free(ticket);
}

/* Gives a flight to a worker. If that cannot be, which a full memory alone can cause, it ends as if
 * it had run: by a task, so that who has just begun to wait for it is not told before he knows. */
static void start(struct planche_pages *pages, struct planche_pages_flight *flight)
{
    struct planche_job job = PLANCHE_JOB_INIT;
    job.run = run_flight;
    job.done = flight_done;
    job.user = flight->ticket;
    flight->start = planche_clock_ns();
    flight->running = true;
    flight->end = (struct planche_http_task){.run = on_end, .user = flight};
    unlink_flight(flight);
    pages->state.waiting[flight->wish.class]--;
    link_to(&pages->running, flight);
    pages->state.running++;
    /* From here on the worker has it, but for its lists and waiters. */
    struct planche_pages_ticket *ticket = flight->ticket;
    struct planche_error error = {0};
    flight->ticket = NULL;
    enum planche_status status = planche_job_try_submit(pages->queue, &job, &flight->job, &error);
    if (status == PLANCHE_OK)
        return;
    flight->ticket = ticket;
    flight->status = status;
    flight->error = error;
    planche_http_loop_post(pages->settings.loop, &flight->end);
}

/* Whether an external page is next. */
static bool is_external_turn(const struct planche_pages *pages)
{
    const unsigned *waiting = pages->state.waiting;
    return pages->external_waiting > 0 && waiting[PLANCHE_PAGES_READER] == 0 &&
           waiting[PLANCHE_PAGES_PREFETCH] == 0 &&
           (waiting[PLANCHE_PAGES_BOOK] == 0 || pages->external_turn);
}

static void grant_external(struct planche_pages *pages)
{
    pages->external_waiting--;
    pages->external_running++;
    pages->state.running++;
    pages->external_turn = false;
    pages->external_change = planche_clock_ns();
    planche_http_timer_stop(&pages->unload);
    pages->external.granted(pages->external.user);
}

static void dispatch_external(struct planche_pages *pages)
{
    while (is_external_turn(pages) && pages->state.running < pages->settings.workers &&
           !pages->ending)
        grant_external(pages);
}

/* Begins pages while workers are free, unless results that are not written yet fill the budget: the
 * readers are slower than the pages then. */
static void dispatch(struct planche_pages *pages)
{
    const struct planche_http_budget *budget = pages->settings.budget;
    dispatch_external(pages);
    while (pages->waiting != NULL && pages->state.running < pages->settings.workers &&
           !pages->ending) {
        if (budget->used > budget->limit) {
            if (pages->room.link == NULL)
                planche_http_budget_wait(pages->settings.budget, &pages->room, 0);
            return;
        }
        struct planche_pages_flight *flight =
            planche_pages_order_next(&pages->order, pages->waiting);
        pages->external_turn = flight->wish.class == PLANCHE_PAGES_BOOK;
        start(pages, flight);
        dispatch_external(pages);
    }
}

void planche_pages_set_external(struct planche_pages *pages,
                                const struct planche_pages_external *external)
{
    pages->external = *external;
}

/* On the thread of a page. */
static void on_engine_wait(void *user)
{
    struct planche_pages *pages = user;
    if (!atomic_exchange(&pages->engine_is_wanted, true))
        planche_http_loop_post(pages->settings.loop, &pages->engine_wanted);
}

static void on_engine_wanted(void *user)
{
    struct planche_pages *pages = user;
    atomic_store(&pages->engine_is_wanted, false);
    pages->external_waiting = 0;
    if (pages->external.yield != NULL)
        pages->external.yield(pages->external.user);
}

void planche_pages_external_wait(struct planche_pages *pages)
{
    pages->external_waiting++;
    dispatch(pages);
}

void planche_pages_external_leave(struct planche_pages *pages)
{
    pages->external_running--;
    pages->state.running--;
    pages->external_change = planche_clock_ns();
    dispatch(pages);
    rest(pages);
}

void planche_pages_external_forget(struct planche_pages *pages)
{
    pages->external_waiting = 0;
}

/* Puts a flight in the queue. */
static void enqueue(struct planche_pages *pages, struct planche_pages_flight *flight)
{
    planche_pages_order_arrive(&pages->order, flight);
    link_to(&pages->waiting, flight);
    pages->state.waiting[flight->wish.class]++;
    planche_http_timer_stop(&pages->unload);
}

static enum planche_status drop_engines(void *user, struct planche_cancel *cancel)
{
    (void)cancel;
    planche_cli_engine_cache_trim(user);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    return PLANCHE_OK;
}

/* Nobody has wanted a page for a while. */
static void on_unload(void *user)
{
    struct planche_pages *pages = user;
    struct planche_job job = PLANCHE_JOB_INIT;
    job.run = drop_engines;
    job.user = pages->settings.engines;
    if (pages->running == NULL && planche_job_try_submit(pages->queue, &job, NULL, NULL))
        rest(pages); /* later, then */
}

static bool create_queues(struct planche_pages *pages, struct planche_error *error)
{
    struct planche_job_queue_options options = PLANCHE_JOB_QUEUE_OPTIONS_INIT;
    options.workers = pages->settings.workers;
    options.capacity = pages->settings.workers + 1;
    if (planche_job_queue_create(&pages->queue, &options, error) != PLANCHE_OK)
        return false;
    options.workers = 1;
    options.capacity = CHECKS;
    return pages->settings.cache == NULL ||
           planche_job_queue_create(&pages->checks, &options, error) == PLANCHE_OK;
}

struct planche_pages *planche_pages_create(const struct planche_pages_settings *settings,
                                           struct planche_error *error)
{
    struct planche_pages *pages = calloc(1, sizeof *pages);
    if (pages == NULL) {
        planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    pages->settings = *settings;
    pages->state.workers = settings->workers;
    pages->state.queue_limit = settings->queue_limit;
    pages->room = (struct planche_http_room){.granted = on_room, .user = pages};
    pages->unload = (struct planche_http_timer){.fire = on_unload, .user = pages};
    pages->engine_wanted = (struct planche_http_task){.run = on_engine_wanted, .user = pages};
    planche_cli_engine_cache_on_wait(settings->engines, on_engine_wait, pages);
    if (!create_queues(pages, error)) {
        planche_job_queue_destroy(&pages->queue);
        free(pages);
        return NULL;
    }
    return pages;
}

/* Ends a flight that has not begun. */
static void give_up(struct planche_pages *pages, struct planche_pages_flight *flight)
{
    unlink_flight(flight);
    pages->state.waiting[flight->wish.class]--;
    flight->status =
        planche_fail(&flight->error, PLANCHE_ERROR_CANCELLED, "cancelled before the page began");
    count(pages, flight);
    deliver(pages, flight);
}

static struct planche_pages_flight *find_flight(struct planche_pages_flight *list,
                                                const struct planche_cache_key *key)
{
    while (list != NULL && (list->cancelled || memcmp(&list->wish.key, key, sizeof *key) != 0))
        list = list->next;
    return list;
}

static void join(struct planche_pages_flight *flight, struct planche_pages_waiter *waiter)
{
    waiter->flight = flight;
    waiter->next = flight->waiters;
    waiter->link = &flight->waiters;
    if (waiter->next != NULL)
        waiter->next->link = &waiter->next;
    flight->waiters = waiter;
}

/* A flight that somebody more urgent wants, too, becomes as urgent. One that runs keeps its class
 * here: who makes it may have a queue of his own. */
static void raise_class(struct planche_pages *pages, struct planche_pages_flight *flight,
                        enum planche_pages_class class)
{
    if (class < atomic_load(&flight->urgency))
        atomic_store(&flight->urgency, class);
    if (flight->running || class >= flight->wish.class)
        return;
    if (!flight->checking) {
        pages->state.waiting[flight->wish.class]--;
        pages->state.waiting[class]++;
    }
    flight->wish.class = class;
}

static bool is_full(const struct planche_pages *pages, enum planche_pages_class class)
{
    const unsigned *waiting = pages->state.waiting;
    return class == PLANCHE_PAGES_BOOK
               ? waiting[class] >= pages->settings.queue_limit
               : waiting[PLANCHE_PAGES_READER] + waiting[PLANCHE_PAGES_PREFETCH] >=
                     pages->settings.queue_limit;
}

static struct planche_pages_flight *make_flight(struct planche_pages *pages,
                                                struct planche_pages_wish *wish)
{
    struct planche_pages_flight *flight = calloc(1, sizeof *flight);
    struct planche_pages_ticket *ticket = calloc(1, sizeof *ticket);
    if (flight == NULL || ticket == NULL) {
        free(flight);
        free(ticket);
        return NULL;
    }
    flight->pages = pages;
    flight->wish = *wish;
    flight->ticket = ticket;
    atomic_init(&flight->urgency, wish->class);
    ticket->flight = flight;
    planche_http_blob_hold(wish->input);
    wish->request = (struct planche_cli_request){0};
    flight->arrival = planche_clock_ns();
    return flight;
}

/* Reads an entry whole, on the thread of checks. This is where it is counted as a hit or a miss. */
static enum planche_status run_check(void *user, struct planche_cancel *cancel)
{
    struct planche_pages_flight *flight = user;
    (void)cancel;
    flight->cached = planche_cache_lookup(flight->pages->settings.cache, &flight->wish.key, false,
                                          &flight->result) == PLANCHE_CACHE_HIT;
    return PLANCHE_OK;
}

/* On any thread. */
static void check_done(void *user, enum planche_status status)
{
    struct planche_pages_flight *flight = user;
    (void)status;
    planche_http_loop_post(flight->pages->settings.loop, &flight->end);
}

/* A damaged entry's page is made, even if the queue is full: it has been accepted. */
static void on_checked(void *user)
{
    struct planche_pages_flight *flight = user;
    struct planche_pages *pages = flight->pages;
    unlink_flight(flight);
    flight->checking = false;
    if (flight->cached) {
        deliver(pages, flight);
        return;
    }
    enqueue(pages, flight);
    if (pages->ending || (flight->waiters == NULL && !flight->kept))
        give_up(pages, flight);
    else
        dispatch(pages);
}

/* Has an entry checked, beside the pages that wait or run. Without room it is checked here. */
static void check(struct planche_pages *pages, struct planche_pages_flight *flight)
{
    static const enum planche_priority priorities[PLANCHE_PAGES_CLASSES] = {
        [PLANCHE_PAGES_READER] = PLANCHE_PRIORITY_INTERACTIVE,
        [PLANCHE_PAGES_PREFETCH] = PLANCHE_PRIORITY_NORMAL,
        [PLANCHE_PAGES_BOOK] = PLANCHE_PRIORITY_BACKGROUND,
    };
    struct planche_job job = PLANCHE_JOB_INIT;
    job.run = run_check;
    job.done = check_done;
    job.user = flight;
    job.priority = priorities[flight->wish.class];
    flight->checking = true;
    flight->end = (struct planche_http_task){.run = on_checked, .user = flight};
    link_to(&pages->checking, flight);
    if (planche_job_try_submit(pages->checks, &job, NULL, NULL) == PLANCHE_OK)
        return;
    run_check(flight, NULL);
    check_done(flight, PLANCHE_OK);
}

static enum planche_pages_submitted begin(struct planche_pages *pages,
                                          struct planche_pages_wish *wish,
                                          struct planche_pages_waiter *waiter,
                                          struct planche_cache_result **result)
{
    struct planche_cache *cache = pages->settings.cache;
    enum planche_cache_found found =
        cache != NULL ? planche_cache_lookup(cache, &wish->key, true, result) : PLANCHE_CACHE_MISS;
    bool unsure = found == PLANCHE_CACHE_UNSURE;
    if (found == PLANCHE_CACHE_HIT)
        return PLANCHE_PAGES_HAS;
    if (pages->ending || (!unsure && is_full(pages, wish->class)))
        return PLANCHE_PAGES_FULL;
    struct planche_pages_flight *flight = make_flight(pages, wish);
    if (flight == NULL)
        return PLANCHE_PAGES_FULL;
    join(flight, waiter);
    if (unsure) {
        check(pages, flight);
    } else {
        enqueue(pages, flight);
        dispatch(pages);
    }
    return PLANCHE_PAGES_WAITS;
}

enum planche_pages_submitted planche_pages_submit(struct planche_pages *pages,
                                                  struct planche_pages_wish *wish,
                                                  struct planche_pages_waiter *waiter,
                                                  struct planche_cache_result **result)
{
    struct planche_pages_flight *flight = find_flight(pages->running, &wish->key);
    if (flight == NULL)
        flight = find_flight(pages->waiting, &wish->key);
    if (flight == NULL)
        flight = find_flight(pages->checking, &wish->key);
    if (flight == NULL)
        return begin(pages, wish, waiter, result);
    pages->state.shared++;
    raise_class(pages, flight, wish->class);
    planche_cli_request_clear(&wish->request);
    join(flight, waiter);
    return PLANCHE_PAGES_WAITS;
}

static void cancel_job(struct planche_pages *pages, struct planche_pages_flight *flight)
{
    flight->cancelled = true;
    planche_job_cancel(pages->queue, flight->job);
}

void planche_pages_leave(struct planche_pages *pages, struct planche_pages_waiter *waiter,
                         bool keep)
{
    struct planche_pages_flight *flight = waiter->flight;
    if (flight == NULL)
        return;
    remove_waiter(waiter);
    bool stored = pages->settings.cache != NULL;
    flight->kept = flight->kept || (keep && stored);
    if (flight->waiters != NULL || flight->kept || flight->checking)
        return;
    if (!flight->running)
        give_up(pages, flight);
    else if (!stored)
        cancel_job(pages, flight);
}

void planche_pages_cancel(struct planche_pages *pages)
{
    pages->ending = true;
    while (pages->waiting != NULL)      /* it leaves the list */
        give_up(pages, pages->waiting); /* NOLINT(clang-analyzer-unix.Malloc) */
    for (struct planche_pages_flight *flight = pages->running; flight != NULL;
         flight = flight->next)
        cancel_job(pages, flight);
}

/* A call on another thread. */
struct call {
    struct planche_pages *pages;
    void (*run)(void *user);
    void *user;
    struct planche_http_task *done;
};

static enum planche_status run_call(void *user, struct planche_cancel *cancel)
{
    const struct call *call = user;
    (void)cancel;
    call->run(call->user);
    return PLANCHE_OK;
}

/* On any thread. */
static void call_done(void *user, enum planche_status status)
{
    struct call *call = user;
    (void)status;
    planche_http_loop_post(call->pages->settings.loop, call->done);
    free(call);
}

void planche_pages_call(struct planche_pages *pages, void (*run)(void *user), void *user,
                        struct planche_http_task *done)
{
    struct planche_job job = PLANCHE_JOB_INIT;
    struct call *call = malloc(sizeof *call);
    struct planche_job_queue *queue = pages->checks != NULL ? pages->checks : pages->queue;
    job.run = run_call;
    job.done = call_done;
    job.user = call;
    job.priority = PLANCHE_PRIORITY_INTERACTIVE;
    if (call != NULL)
        *call = (struct call){pages, run, user, done};
    if (call != NULL && planche_job_try_submit(queue, &job, NULL, NULL) == PLANCHE_OK)
        return;
    free(call);
    planche_http_loop_post(pages->settings.loop, done);
}

void planche_pages_get_state(const struct planche_pages *pages, struct planche_pages_state *state)
{
    int64_t oldest = 0, waiting = 0, now = planche_clock_ns();
    *state = pages->state;
    for (const struct planche_pages_flight *flight = pages->waiting; flight != NULL;
         flight = flight->next)
        waiting = now - flight->arrival > waiting ? now - flight->arrival : waiting;
    /* Pages of other machines wait for these, which says nothing of this process. */
    for (const struct planche_pages_flight *flight = pages->running;
         flight != NULL && pages->settings.maker == NULL; flight = flight->next)
        oldest = now - flight->start > oldest ? now - flight->start : oldest;
    if (pages->external_running > 0 && now - pages->external_change > oldest)
        oldest = now - pages->external_change;
    state->waiting[PLANCHE_PAGES_BOOK] += pages->external_waiting;
    state->oldest_seconds = (double)oldest * 1e-9;
    state->oldest_waiting_seconds = (double)waiting * 1e-9;
}

unsigned planche_pages_retry_after(const struct planche_pages *pages)
{
    const struct planche_pages_state *state = &pages->state;
    unsigned before = state->running;
    for (int class = 0; class < PLANCHE_PAGES_BOOK; class ++)
        before += state->waiting[class];
    double each = state->page_seconds > 0 ? state->page_seconds : GUESS_SECONDS;
    double seconds = each * before / state->workers;
    return seconds < 1 ? 1 : seconds > 600 ? 600 : (unsigned)seconds + 1;
}

void planche_pages_destroy(struct planche_pages *pages)
{
    if (pages == NULL)
        return;
    planche_http_timer_stop(&pages->unload);
    planche_http_budget_leave(pages->settings.budget, &pages->room);
    planche_pages_cancel(pages);
    planche_job_queue_shutdown(pages->queue);
    if (pages->checks != NULL)
        planche_job_queue_shutdown(pages->checks);
    /* The loop may not run any more: what it was to be told is done here. */
    planche_http_loop_flush(pages->settings.loop);
    planche_job_queue_destroy(&pages->queue);
    planche_job_queue_destroy(&pages->checks);
    free(pages);
}
