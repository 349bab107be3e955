/* SPDX-License-Identifier: MIT */
/* POST /suwayomi. Suwayomi looks neither at the status nor at the type: an error text would become
 * the page, in a download for good. So everything that goes wrong ends in the original. */
#include "serve/suwayomi.h"

#include "http/head.h"
#include "http/image.h"
#include "os/clock.h"
#include "serve/figures.h"
#include "serve/log.h"
#include "serve/work.h"

#include <stdio.h>
#include <string.h>

/* Interim answers: the first one soon, others while OkHttp would give up after 30 s without a byte.
 */
#define FIRST_NS   INT64_C(1000000000)
#define INTERIM_NS INT64_C(10000000000)

static void answer_original(struct planche_serve_work *work, const char *reason)
{
    const struct planche_pages_wish *wish = &work->wish;
    const struct planche_http_answer answer = {
        .status = 200,
        .type = planche_http_image_type(wish->input->data + wish->offset, wish->size),
        .blob = wish->input,
        .offset = wish->offset,
        .size = wish->size};
    planche_serve_count_original(work->serve, reason);
    planche_http_add_field(work->c, "Cache-Control", "no-store");
    planche_http_add_field_format(work->c, "X-Planche-Result", "original; reason=%s", reason);
    planche_http_answer(work->c, &answer);
}

static void drop(struct planche_serve_work *work)
{
    planche_serve_count_page(work->serve, PLANCHE_SERVE_ERROR, NULL, NULL);
    planche_http_drop(work->c);
}

static void refuse(struct planche_serve_work *work, unsigned status, const char *reason,
                   const char *detail)
{
    bool late = strcmp(reason, "deadline") == 0;
    (void)status;
    if (strcmp(reason, "own-mark") != 0)
        planche_serve_log_for(
            work->serve, work->c, PLANCHE_CLI_LOG_WARN, "suwayomi: %s; %s", detail,
            work->wish.size > 0 ? "the original is answered" : "the connection is closed");
    if (work->body != NULL && work->wish.size > 0)
        answer_original(work, reason);
    else
        drop(work);
    planche_serve_work_end(work, late);
}

/* JPEGs stay JPEGs, unless the query wants something else: then the page keeps its name. */
static void choose_format(struct planche_serve_work *work)
{
    const struct planche_pages_wish *wish = &work->wish;
    const char *type = planche_http_image_type(wish->input->data + wish->offset, wish->size);
    if (type == NULL || strcmp(type, "image/jpeg") != 0 ||
        work->serve->options.page.format != PLANCHE_FORMAT_AUTO)
        return;
    work->more = json_object();
    json_object_set_new(work->more, "format", json_string("jpg"));
}

/* Pages that were enlarged when they were downloaded come again when they are read. What has to be
 * isolated is not looked at more closely: the text stands in no other pages by accident, and who
 * puts it there gets his page back. */
static bool is_marked(const struct planche_serve *serve, const struct planche_pages_wish *wish)
{
    static const char mark[] = "urn:planche:1";
    struct planche_provenance found = PLANCHE_PROVENANCE_INIT;
    const char *data = wish->input->data + wish->offset;
    return memmem(data, wish->size, mark, sizeof mark - 1) != NULL &&
           (serve->options.engine.isolate ||
            (planche_provenance_read_bytes(data, wish->size, 0, &found, NULL) == PLANCHE_OK &&
             *found.source != 0));
}

static bool prepare(struct planche_serve_work *work)
{
    choose_format(work);
    if (!is_marked(work->serve, &work->wish))
        return true;
    refuse(work, 200, "own-mark", "Planche has made this page");
    return false;
}

/* A proxy in between takes an interim answer for the answer. */
static bool can_be_told(const struct planche_serve_work *work)
{
    static const char *const proxies[] = {"via", "forwarded", "x-forwarded-for"};
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        if (planche_http_head_field(&work->c->head, proxies[i]) != NULL)
            return false;
    }
    return work->extras.wait_ms != 0 && work->c->head.minor == 1;
}

static void on_time(void *user);

static void set_timer(struct planche_serve_work *work, int64_t after)
{
    int64_t interim = planche_clock_ns() + after;
    bool told = can_be_told(work) && interim < work->deadline;
    work->timer.fire = on_time;
    planche_http_timer_set(work->serve->loop, &work->timer, told ? interim : work->deadline);
}

static void on_time(void *user)
{
    struct planche_serve_work *work = user;
    if (planche_clock_ns() >= work->deadline) {
        refuse(work, 503, "deadline", "the deadline passed");
        return;
    }
    set_timer(work, INTERIM_NS);
    planche_http_interim(work->c, 102);
}

static void wait(struct planche_serve_work *work)
{
    uint64_t own = work->extras.wait_ms != 0 ? work->extras.wait_ms : work->extras.deadline_ms;
    if (own == 0)
        own = work->serve->options.serve.deadline_s * UINT64_C(1000);
    work->deadline = work->c->began + (int64_t)own * 1000000;
    set_timer(work, FIRST_NS);
}

void planche_serve_suwayomi(struct planche_serve *serve, struct planche_http_connection *c)
{
    static const struct planche_serve_kind kind = {
        .refuse = refuse, .prepare = prepare, .wait = wait, .timed = true, .late = true};
    planche_serve_work_begin(serve, c, &kind, NULL);
}
