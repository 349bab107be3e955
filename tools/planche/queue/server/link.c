/* SPDX-License-Identifier: MIT */
/* Link to a queue: opening it, and pages that workers make. */
#include "queue/server/link.h"

#include "base/status.h"
#include "cli/model_options.h"
#include "os/clock.h"
#include "queue/server/watch.h"

#include <stdlib.h>
#include <string.h>

void planche_queue_link_need(const struct planche_engine_info *info,
                             char need[PLANCHE_QUEUE_NEED_TEXT])
{
    planche_queue_numerics(info, need);
}

/* A front of a model's file, or of the catalogue (NULL). The lock is held. NULL: no memory. */
static struct planche_queue_link_front *find_front(struct planche_queue_link *link,
                                                   const char *file)
{
    struct planche_queue_link_front *front = link->fronts;
    while (front != NULL &&
           !(file == NULL ? front->model == NULL
                          : front->model != NULL && strcmp(front->model, file) == 0))
        front = front->next;
    if (front != NULL)
        return front;
    front = calloc(1, sizeof *front);
    if (front == NULL)
        return NULL;
    front->model = file != NULL ? strdup(file) : NULL;
    if (file != NULL && front->model == NULL) {
        free(front);
        return NULL;
    }
    front->next = link->fronts;
    link->fronts = front;
    link->hurry = true;
    planche_cond_broadcast(&link->changed);
    return front;
}

enum planche_status planche_queue_link_open(struct planche_queue_link **out,
                                            const struct planche_cli_queue_options *options,
                                            unsigned wait_s, const struct planche_log *log,
                                            struct planche_error *error)
{
    struct planche_queue_link *link = calloc(1, sizeof *link);
    *out = NULL;
    if (link == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    planche_mutex_init(&link->lock);
    planche_cond_init(&link->changed);
    if (find_front(link, NULL) == NULL) {
        planche_queue_link_close(link);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    }
    link->options = *options;
    link->options.same_bytes = false; /* each page says it */
    link->wait_ns = wait_s * INT64_C(1000000000);
    link->log = log;
    link->heard = planche_clock_ns();
    link->hurry = false;
    planche_queue_link_round(link);
    struct planche_queue_link_front *front = link->fronts;
    enum planche_status status = PLANCHE_OK;
    if (front->failed)
        status = planche_fail(error, front->problem.status, "%s", front->problem.message);
    else
        link->watched = planche_thread_start(&link->thread, planche_queue_link_watch, link);
    if (status == PLANCHE_OK && !link->watched)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "no thread can be started");
    if (status == PLANCHE_OK)
        *out = link;
    else
        planche_queue_link_close(link);
    return status;
}

void planche_queue_link_close(struct planche_queue_link *link)
{
    if (link == NULL)
        return;
    planche_mutex_lock(&link->lock);
    planche_cancel_set(&link->ending);
    planche_cond_broadcast(&link->changed);
    planche_mutex_unlock(&link->lock);
    if (link->watched)
        planche_thread_join(&link->thread);
    while (link->fronts != NULL) {
        struct planche_queue_link_front *front = link->fronts;
        link->fronts = front->next;
        planche_queue_front_close(&front->front);
        free(front->model);
        free(front);
    }
    json_decref(link->state);
    planche_cond_destroy(&link->changed);
    planche_mutex_destroy(&link->lock);
    free(link);
}

/* A page that is waited for. */
struct visit {
    struct planche_queue_link *link;
    const struct planche_queue_link_page *page;
    struct planche_cancel *cancel; /* of the front's work */
    int64_t began;
    bool absent, away; /* there is no worker; nor a queue */
};

/* Whether no worker has been heard of for long, and none answered since the page came. The lock is
 * held. */
static bool is_absent(const struct visit *visit, int64_t now)
{
    const struct planche_queue_link *link = visit->link;
    return !visit->page->patient && now - link->heard > link->wait_ns && link->asked > visit->began;
}

/* Whether the page is to be given up. The lock is held. */
static bool is_over(struct visit *visit)
{
    visit->absent = visit->absent || is_absent(visit, planche_clock_ns());
    visit->away = visit->link->away;
    return visit->absent || planche_cancel_requested(visit->page->page->cancel);
}

/* Several times a second, while the front waits for the page. */
static void on_wait(void *user, double done)
{
    struct visit *visit = user;
    (void)done;
    planche_mutex_lock(&visit->link->lock);
    bool over = is_over(visit);
    planche_mutex_unlock(&visit->link->lock);
    if (over)
        planche_cancel_request(visit->cancel);
}

/* Waits for the front to be open. NULL: it is not, and *status says why. */
static struct planche_queue_front *wait_for_front(struct visit *visit, enum planche_status *status,
                                                  struct planche_error *error)
{
    struct planche_queue_link *link = visit->link;
    const char *model = visit->page->engine->model;
    struct planche_queue_front *open = NULL;
    planche_mutex_lock(&link->lock);
    struct planche_queue_link_front *front =
        find_front(link, planche_cli_model_is_path(model) ? model : NULL);
    /* Who has not heard of a worker for long asks at once; a file that lacked may be there. */
    bool again = front != NULL && front->refused;
    if (again || planche_clock_ns() - link->heard > link->wait_ns) {
        if (again)
            front->refused = false;
        link->hurry = true;
        planche_cond_broadcast(&link->changed);
    }
    while (front != NULL && !front->open && !front->failed && !front->refused && !is_over(visit))
        planche_cond_wait_until(&link->changed, &link->lock,
                                planche_clock_ns() + PLANCHE_QUEUE_TICK_NS);
    if (front == NULL)
        *status = planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    else if (front->failed || front->refused)
        *status = planche_fail(error, front->problem.status, "%s", front->problem.message);
    else if (front->open)
        open = &front->front;
    else
        *status = PLANCHE_ERROR_CANCELLED;
    planche_mutex_unlock(&link->lock);
    return open;
}

static enum planche_status visit_front(struct visit *visit, struct planche_queue_link_made *made,
                                       struct planche_error *error)
{
    const struct planche_queue_link_page *page = visit->page;
    enum planche_status status = PLANCHE_OK;
    struct planche_queue_front *front = wait_for_front(visit, &status, error);
    if (front == NULL)
        return status;
    const struct planche_queue_wanted wanted = {
        .class = page->class,
        .urgency = page->urgency,
        .user = page->user,
        .name = page->name,
        .input = page->input,
        .data = page->data,
        .size = page->size,
        .engine = page->engine,
        .model = page->engine->model != NULL ? page->engine->model : PLANCHE_CLI_DEFAULT_MODEL,
        .need = page->need};
    struct planche_queue_target target = {.output = page->output};
    struct planche_page_options options = *page->page;
    options.cancel = visit->cancel;
    options.progress = on_wait;
    options.progress_user = visit;
    status =
        planche_queue_make(front, &wanted, &target, &options, !page->patient, &made->page, error);
    made->data = target.data;
    made->size = target.size;
    made->worker_ms = target.ms;
    return status;
}

static void count(struct planche_queue_link *link, int waiting, bool made, bool refused)
{
    planche_mutex_lock(&link->lock);
    link->waiting += (unsigned)waiting;
    if (waiting > 0) /* who watches looks more often from now on */
        planche_cond_broadcast(&link->changed);
    link->made += made;
    link->refused += refused;
    planche_mutex_unlock(&link->lock);
}

enum planche_status planche_queue_link_make(struct planche_queue_link *link,
                                            const struct planche_queue_link_page *page,
                                            struct planche_queue_link_made *made,
                                            struct planche_error *error)
{
    struct visit visit = {.link = link, .page = page, .began = planche_clock_ns()};
    *made = (struct planche_queue_link_made){.page = PLANCHE_PAGE_RESULT_INIT};
    enum planche_status status = planche_queue_check_model(page->engine->model, error);
    if (status == PLANCHE_OK)
        status = planche_cancel_create(&visit.cancel, error);
    if (status != PLANCHE_OK)
        return status;
    count(link, 1, false, false);
    status = visit_front(&visit, made, error);
    planche_cancel_destroy(&visit.cancel);
    made->absent = status == PLANCHE_ERROR_CANCELLED && visit.absent;
    count(link, -1, status == PLANCHE_OK, made->absent);
    if (made->absent)
        return planche_fail(error, PLANCHE_ERROR_DEVICE, "%s; the page can be asked for later",
                            visit.away ? "the queue of the workers does not answer"
                                       : "the queue has no worker now");
    if (status == PLANCHE_ERROR_CANCELLED)
        return planche_fail(error, status, "cancelled");
    return status;
}

json_t *planche_queue_link_state(struct planche_queue_link *link)
{
    int64_t now = planche_clock_ns();
    planche_mutex_lock(&link->lock);
    json_t *known = json_incref(link->state); /* it is replaced, never changed */
    bool away = link->away;
    json_int_t made = (json_int_t)link->made, refused = (json_int_t)link->refused;
    bool late = now - link->looked > INT64_C(15000000000);
    link->looked = now;
    link->hurry = link->hurry || late;
    if (late)
        planche_cond_broadcast(&link->changed);
    planche_mutex_unlock(&link->lock);
    json_t *state = known != NULL ? json_deep_copy(known) : json_object();
    planche_mutex_lock(&link->lock); /* counts of references are not safe in every jansson */
    json_decref(known);
    planche_mutex_unlock(&link->lock);
    json_object_set_new(state, "connected", json_boolean(known != NULL && !away));
    json_object_set_new(state, "made", json_integer(made));
    json_object_set_new(state, "refused", json_integer(refused));
    if (json_object_get(state, "workers") == NULL || away)
        json_object_set_new(state, "workers", json_array());
    return state;
}
