/* SPDX-License-Identifier: MIT */
/* planche worker: makes pages of a queue until it is told to stop. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/logging.h"
#include "cli/model_options.h"
#include "cli/terminal.h"
#include "io/cache_dir.h"
#include "os/clock.h"
#include "os/system.h"
#include "queue/ack.h"
#include "queue/answer.h"
#include "queue/command.h"
#include "queue/lookout.h"
#include "queue/open.h"
#include "queue/run.h"
#include "queue/take.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEATS    4                     /* of a worker within a lease */
#define STALL_NS INT64_C(300000000000) /* an engine that was not heard of for so long is stuck */
#define IDLE_NS  INT64_C(1000000000)   /* from one look to the next, at first and at most */
#define REST_NS  INT64_C(5000000000)
#define TICK_NS  INT64_C(200000000) /* for signals */

static int64_t beat_ns(const struct planche_queue_worker *worker)
{
    return worker->options.queue.lease_s * INT64_C(1000000000) / BEATS;
}

/* The page that goes first: the most urgent one, then the oldest. The lock is held. */
static struct planche_queue_page *next_page(struct planche_queue_worker *worker)
{
    struct planche_queue_page *first = NULL;
    for (struct planche_queue_page *page = worker->pages; page != NULL; page = page->next) {
        if (!page->running && (first == NULL || page->class <= first->class))
            first = page;
    }
    return first;
}

/* The lock is held. */
static void unlink_page(struct planche_queue_worker *worker, struct planche_queue_page *page)
{
    struct planche_queue_page **link = &worker->pages;
    while (*link != page)
        link = &(*link)->next;
    *link = page->next;
    worker->held--;
    worker->running -= page->running;
    planche_queue_rate_run(&worker->rate, worker->running, planche_clock_ns());
    planche_cond_broadcast(&worker->changed);
}

/* A thread that runs pages. */
static void run_pages(void *user)
{
    struct planche_queue_worker *worker = user;
    struct planche_queue_page *page;
    planche_mutex_lock(&worker->lock);
    for (;;) {
        while ((page = next_page(worker)) == NULL && !worker->stopping)
            planche_cond_wait(&worker->changed, &worker->lock);
        if (page == NULL)
            break;
        page->running = true;
        worker->running++;
        planche_queue_rate_run(&worker->rate, worker->running, planche_clock_ns());
        planche_cond_broadcast(&worker->changed);
        planche_mutex_unlock(&worker->lock);
        planche_queue_run(worker, page);
        planche_mutex_lock(&worker->lock);
        unlink_page(worker, page);
        planche_queue_drop(page);
    }
    planche_mutex_unlock(&worker->lock);
}

/* Says that pages go on, but for those whose engine has not moved for long. The lock is held, so
 * that no message goes meanwhile. */
static void beat(struct planche_queue_worker *worker, int64_t now)
{
    for (struct planche_queue_page *page = worker->pages; page != NULL; page = page->next) {
        if (!page->running || now - atomic_load(&page->moved) < STALL_NS)
            planche_queue_beat(&worker->queue, page->message);
    }
}

/* Takes pages until a signal comes. */
static void take_pages(struct planche_queue_worker *worker)
{
    int64_t next_beat = 0, next_look = 0, idle = IDLE_NS;
    bool away = false;
    planche_mutex_lock(&worker->lock);
    while (planche_cli_interrupt_signal() == 0) {
        int64_t now = planche_clock_ns();
        planche_queue_tell_connection(&away, planche_queue_is_away(&worker->queue));
        if (now >= next_beat) {
            beat(worker, now);
            next_beat = now + beat_ns(worker);
        }
        bool rests = now < worker->resting;
        bool room = !rests && worker->held < worker->slots + PLANCHE_QUEUE_AHEAD;
        bool looks = worker->woken || (room && now >= next_look);
        /* Somebody who waits is not kept waiting by a page of a book that was taken early. */
        bool readers = !rests && !room && worker->held <= worker->slots + PLANCHE_QUEUE_AHEAD;
        if (!looks || !(room || readers)) {
            int64_t until = room && next_look < now + TICK_NS ? next_look : now + TICK_NS;
            planche_cond_wait_until(&worker->changed, &worker->lock, until);
            continue;
        }
        worker->woken = false;
        planche_mutex_unlock(&worker->lock);
        bool took = planche_queue_take(worker, readers);
        if (!readers) { /* that no reader waits says nothing of books */
            idle = took ? IDLE_NS : idle < REST_NS ? idle + IDLE_NS : REST_NS;
            next_look = took ? 0 : planche_clock_ns() + idle;
        }
        planche_mutex_lock(&worker->lock);
    }
    planche_mutex_unlock(&worker->lock);
}

/* Gives back what was not begun, and waits for the rest. */
static void drain(struct planche_queue_worker *worker, struct planche_thread *threads,
                  unsigned count)
{
    struct planche_queue_page *page;
    int64_t next_beat = planche_clock_ns();
    planche_mutex_lock(&worker->lock);
    while ((page = next_page(worker)) != NULL) {
        unlink_page(worker, page);
        planche_mutex_unlock(&worker->lock);
        planche_queue_give_back(worker, page);
        planche_queue_drop(page);
        planche_mutex_lock(&worker->lock);
    }
    worker->stopping = true;
    planche_cond_broadcast(&worker->changed);
    while (worker->held > 0) {
        int64_t now = planche_clock_ns();
        if (now >= next_beat) {
            beat(worker, now);
            next_beat = now + beat_ns(worker);
        }
        planche_cond_wait_until(&worker->changed, &worker->lock, now + TICK_NS);
    }
    planche_mutex_unlock(&worker->lock);
    for (unsigned i = 0; i < count; i++)
        planche_thread_join(&threads[i]);
}

static int run(struct planche_queue_worker *worker)
{
    struct planche_error error = {0};
    struct planche_thread threads[PLANCHE_CLI_MAX_JOBS];
    unsigned count = 0;
    if (planche_queue_open_sources(worker, &error) != PLANCHE_OK ||
        planche_queue_answer(worker, &error) != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_NOT_STARTED;
    }
    while (count < worker->slots && planche_thread_start(&threads[count], run_pages, worker))
        count++;
    worker->slots = count;
    if (count == 0)
        return planche_cli_no_memory();
    if (!worker->options.quiet)
        planche_cli_note("%s: %u page%s at once, %s", worker->id, count, count == 1 ? "" : "s",
                         worker->numerics);
    take_pages(worker);
    drain(worker, threads, count);
    planche_cli_interrupt_forget();
    if (!worker->options.quiet)
        planche_cli_note("%s: %" PRIu64 " pages made", worker->id, worker->done);
    return PLANCHE_CLI_OK;
}

/* What this machine is: by an engine of the model that is there and loads fast. */
static enum planche_status learn(struct planche_queue_worker *worker, struct planche_error *error)
{
    struct planche_engine_options wanted = worker->options.engine;
    wanted.model = "small";
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    const struct planche_engine *engine;
    unsigned scale;
    enum planche_status status = planche_cli_choose(&wanted, PLANCHE_CLI_NO_LEVEL, &scale, error);
    if (status == PLANCHE_OK)
        status = planche_cli_engine_cache_acquire(worker->engines, &wanted, NULL, &engine, error);
    if (status != PLANCHE_OK)
        return status;
    planche_engine_get_info(engine, &info, NULL);
    planche_queue_numerics(&info, worker->numerics);
    snprintf(worker->device, sizeof worker->device, "%s",
             info.device != NULL ? info.device : "CPU");
    worker->slots = info.jobs < PLANCHE_CLI_MAX_JOBS ? info.jobs : PLANCHE_CLI_MAX_JOBS;
    planche_cli_engine_cache_release(worker->engines, engine);
    return PLANCHE_OK;
}

static void name_worker(struct planche_queue_worker *worker)
{
    char host[128] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        snprintf(host, sizeof host, "worker");
    snprintf(worker->id, sizeof worker->id, "%s-%" PRIu64, host, planche_system_process());
}

static int start(struct planche_queue_worker *worker)
{
    struct planche_error error = {0};
    name_worker(worker);
    worker->started = planche_clock_ns();
    enum planche_status status =
        planche_cache_path(worker->models, sizeof worker->models, "queue", &error);
    if (status == PLANCHE_OK)
        status = learn(worker, &error);
    if (status == PLANCHE_OK)
        status = planche_queue_open(&worker->queue, &worker->options.queue, worker->id, &error);
    int result;
    if (status == PLANCHE_OK)
        result = run(worker);
    else
        result = planche_queue_refuse(status, &error);
    if (worker->queue.connection != NULL) {
        planche_libnats.natsConnection_Close(worker->queue.connection);
        planche_queue_unlisten(&worker->who);
        planche_queue_unlisten(&worker->wake);
    }
    planche_queue_close(&worker->queue);
    return result;
}

int planche_cli_worker(int argc, char **argv)
{
    struct planche_queue_worker *worker = calloc(1, sizeof *worker);
    int first, status;
    if (worker == NULL)
        return planche_cli_no_memory();
    if (!planche_cli_options_parse(&worker->options, PLANCHE_CLI_WORKER, "worker", argc, argv,
                                   &first, &status)) {
        free(worker);
        return status;
    }
    status = planche_queue_check_usage("worker", &worker->options, argc, argv, first);
    if (status == PLANCHE_CLI_OK)
        status = planche_queue_isolate(&worker->options);
    if (status == PLANCHE_CLI_OK) {
        planche_mutex_init(&worker->lock);
        planche_cond_init(&worker->changed);
        planche_cli_log_to(&worker->options.engine, &worker->options);
        worker->engines =
            planche_cli_engine_cache_create(&worker->options.engine, worker->options.engines);
        if (worker->engines == NULL)
            status = planche_cli_no_memory();
        else if (!planche_cli_interrupt_install())
            status = PLANCHE_CLI_NOT_STARTED;
        else
            status = start(worker);
        planche_cli_engine_cache_destroy(worker->engines);
        planche_mutex_destroy(&worker->lock);
        planche_cond_destroy(&worker->changed);
    }
    free(worker);
    return status;
}
