/* SPDX-License-Identifier: MIT */
/* Work: one request for a page. */
#include "serve/work.h"

#include "cache/result.h"
#include "http/image.h"
#include "http/text.h"
#include "os/fd.h"
#include "pages/keys.h"
#include "serve/figures.h"
#include "serve/problem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void planche_serve_work_end(struct planche_serve_work *work, bool keep)
{
    planche_pages_ready_leave(&work->ready);
    planche_pages_leave(work->serve->pages, &work->waiter, keep);
    planche_http_timer_stop(&work->timer);
    planche_cli_request_clear(&work->wish.request);
    planche_http_blob_drop(work->body);
    json_decref(work->more);
    free(work);
}

static void on_gone(void *user)
{
    struct planche_serve_work *work = user;
    planche_serve_work_end(work, false);
}

/* What every answer with a result has. */
static void add_fields(const struct planche_serve_work *work, const char *result)
{
    char tag[PLANCHE_CACHE_KEY_TAG];
    planche_cache_key_tag(&work->wish.key, tag);
    planche_http_add_field(work->c, "ETag", tag);
    planche_http_add_field(work->c, "Cache-Control", "private, max-age=0, must-revalidate");
    planche_http_add_field(work->c, "X-Planche-Result", result);
}

static void add_timing(struct planche_http_connection *c,
                       const struct planche_pages_outcome *outcome)
{
    const struct planche_page_result *page = outcome->page;
    planche_http_add_field_format(
        c, "Server-Timing", "queue;dur=%.1f, decode;dur=%.1f, network;dur=%.1f, encode;dur=%.1f",
        outcome->queue_ms, page->decode_ms, page->network_ms, page->encode_ms);
}

/* The content of a result: in memory, or in a file, whose descriptor the answer gets a copy of. */
static void answer_content(struct planche_serve_work *work, struct planche_cache_result *result,
                           struct planche_http_blob *blob)
{
    struct planche_http_answer answer = {.status = 200, .type = result->type};
    for (size_t i = 0; i < result->header_count; i++)
        planche_http_add_field(work->c, result->headers[i].name, result->headers[i].value);
    if (blob != NULL) {
        answer.blob = blob;
        answer.size = blob->size;
    } else {
        answer.fd = planche_fd_duplicate(result->fd);
        answer.has_file = true;
        answer.file_offset = result->offset;
        answer.file_size = result->size;
    }
    if (answer.has_file && answer.fd < 0) {
        work->kind->refuse(work, 503, "memory", "there are no descriptors left");
        return;
    }
    planche_http_answer(work->c, &answer);
    planche_serve_work_end(work, false);
}

static void on_done(void *user, const struct planche_pages_outcome *outcome)
{
    struct planche_serve_work *work = user;
    static const char *const reasons[] = {
        [PLANCHE_ERROR_DATA] = "damaged",      [PLANCHE_ERROR_UNSUPPORTED] = "unsupported",
        [PLANCHE_ERROR_LIMIT] = "too-large",   [PLANCHE_ERROR_BUDGET] = "memory",
        [PLANCHE_ERROR_MEMORY] = "memory",     [PLANCHE_ERROR_CANCELLED] = "shutdown",
        [PLANCHE_ERROR_DEADLINE] = "deadline",
    };
    size_t status = outcome->status;
    if (outcome->status == PLANCHE_OK) {
        add_fields(work, outcome->cached ? "cached" : "upscaled");
        if (!outcome->cached)
            add_timing(work->c, outcome);
        planche_serve_count_page(work->serve,
                                 outcome->cached ? PLANCHE_SERVE_CACHED : PLANCHE_SERVE_UPSCALED,
                                 outcome->result, outcome->cached ? NULL : outcome->page);
        answer_content(work, outcome->result, outcome->blob);
        return;
    }
    const struct planche_pages_wish *wish = &work->wish;
    if (outcome->status == PLANCHE_ERROR_DATA &&
        planche_http_image_type(work->body->data + wish->offset, wish->size) == NULL)
        status = PLANCHE_ERROR_UNSUPPORTED;
    if (outcome->absent) {
        work->kind->refuse(work, 503, "no-worker", outcome->message);
        return;
    }
    work->lasts = outcome->status == PLANCHE_ERROR_BUDGET;
    bool known = status < sizeof reasons / sizeof *reasons && reasons[status] != NULL;
    work->kind->refuse(work, planche_serve_status_of((enum planche_status)status),
                       known ? reasons[status] : "error",
                       planche_serve_tell(work->serve, work->c, outcome->status, outcome->message));
}

/* Whether the client has this result already. */
static bool answer_unchanged(struct planche_serve_work *work)
{
    const char *tags = planche_http_head_field(&work->c->head, "if-none-match");
    char tag[PLANCHE_CACHE_KEY_TAG];
    planche_cache_key_tag(&work->wish.key, tag);
    if (tags == NULL || !planche_http_matches_tag(tags, tag))
        return false;
    const struct planche_http_answer answer = {.status = 304};
    add_fields(work, "unchanged");
    planche_serve_count_page(work->serve, PLANCHE_SERVE_UNCHANGED, NULL, NULL);
    planche_http_answer(work->c, &answer);
    planche_serve_work_end(work, false);
    return true;
}

static void on_deadline(void *user)
{
    struct planche_serve_work *work = user;
    work->kind->refuse(work, 503, "deadline", "the deadline passed before the page was made");
}

static void wait(struct planche_serve_work *work)
{
    if (work->kind->wait != NULL)
        work->kind->wait(work);
    else if (work->deadline != 0)
        planche_http_timer_set(work->serve->loop, &work->timer, work->deadline);
}

static void submit(struct planche_serve_work *work)
{
    struct planche_cache_result *result = NULL;
    work->waiter = (struct planche_pages_waiter){.done = on_done, .user = work};
    switch (planche_pages_submit(work->serve->pages, &work->wish, &work->waiter, &result)) {
    case PLANCHE_PAGES_HAS:
        add_fields(work, "cached");
        planche_serve_count_page(work->serve, PLANCHE_SERVE_CACHED, result, NULL);
        answer_content(work, result, NULL);
        planche_cache_result_release(&result);
        break;
    case PLANCHE_PAGES_WAITS:
        wait(work);
        break;
    default:
        work->kind->refuse(work, 503, "queue", "too many pages are waiting");
        break;
    }
}

static void find_page(void *user)
{
    struct planche_serve_work *work = user;
    struct planche_pages_wish *wish = &work->wish;
    struct planche_error error = {0};
    enum planche_status status =
        planche_pages_keys_get(work->serve->keys, wish->input->data + wish->offset, wish->size,
                               &wish->request, &wish->key, &error);
    if (status != PLANCHE_OK)
        work->kind->refuse(work, planche_serve_status_of(status), "error",
                           planche_serve_tell(work->serve, work->c, status, error.message));
    else if (!answer_unchanged(work))
        submit(work);
}

static void take_body(struct planche_serve_work *work)
{
    struct planche_error error = {0};
    work->body = planche_http_take_body(work->c);
    if (planche_serve_find_image(work->c, work->body, &work->wish, &error) != PLANCHE_OK) {
        work->kind->refuse(work, 400, "empty", error.message);
        return;
    }
    if (work->kind->prepare != NULL && !work->kind->prepare(work))
        return;
    enum planche_status status = planche_serve_read_query(work->serve, work->c, work->more,
                                                          &work->extras, &work->wish, &error);
    if (status != PLANCHE_OK) {
        work->kind->refuse(work, planche_serve_status_of(status), "parameters",
                           planche_serve_tell(work->serve, work->c, status, error.message));
        return;
    }
    if (work->extras.deadline_ms != 0)
        work->deadline = work->c->began + (int64_t)work->extras.deadline_ms * 1000000;
    work->ready = (struct planche_pages_ready_waiter){
        .go = find_page, .user = work, .model = work->wish.request.engine.model};
    if (planche_pages_ready_wait(work->serve->ready, &work->ready))
        wait(work);
    else
        find_page(work);
}

static void refuse_large(struct planche_serve_work *work)
{
    char detail[128];
    snprintf(detail, sizeof detail, "the body is larger than the %llu bytes that this server takes",
             (unsigned long long)work->serve->max_bytes);
    work->kind->refuse(work, 413, "too-large", detail);
}

static void on_body(void *user, struct planche_http_connection *c,
                    enum planche_http_received outcome)
{
    struct planche_serve_work *work = user;
    (void)c;
    switch (outcome) {
    case PLANCHE_HTTP_RECEIVED:
        take_body(work);
        break;
    case PLANCHE_HTTP_TOO_LARGE:
        refuse_large(work);
        break;
    case PLANCHE_HTTP_NO_ROOM:
        work->kind->refuse(work, 503, "memory", "there is no memory for the body now");
        break;
    case PLANCHE_HTTP_TOO_SLOW:
        work->kind->refuse(work, 408, "slow", "the body did not come in time");
        break;
    default:
        work->kind->refuse(work, 400, "malformed", "the chunks of the body are malformed");
        break;
    }
}

/* A query that is wrong is told before the body is read, if it can be. */
static bool check_query(struct planche_serve_work *work)
{
    struct planche_error error = {0};
    struct planche_pages_wish wish = {0};
    enum planche_status status =
        planche_serve_read_query(work->serve, work->c, work->more, &work->extras, &wish, &error);
    if (status == PLANCHE_OK)
        planche_cli_request_clear(&wish.request);
    else
        work->kind->refuse(work, planche_serve_status_of(status), "parameters",
                           planche_serve_tell(work->serve, work->c, status, error.message));
    return status == PLANCHE_OK;
}

void planche_serve_work_begin(struct planche_serve *serve, struct planche_http_connection *c,
                              const struct planche_serve_kind *kind, json_t *more)
{
    struct planche_serve_work *work = calloc(1, sizeof *work);
    if (work == NULL) {
        json_decref(more);
        planche_http_drop(c);
        return;
    }
    /* Before the body of the first page is read, so that it need not wait for it, or for less. Not
     * when the server starts: GPUs are asked, which takes up to a second, and their drivers take 50
     * MB. */
    planche_pages_ready_prepare(serve->ready);
    work->serve = serve;
    work->c = c;
    work->kind = kind;
    work->more = more;
    work->extras.timed = kind->timed;
    work->timer = (struct planche_http_timer){.fire = on_deadline, .user = work};
    planche_http_on_gone(c, on_gone, work);
    if (!kind->late && !check_query(work))
        return;
    planche_http_receive(c, serve->max_bytes, on_body, work);
}
