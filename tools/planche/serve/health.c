/* SPDX-License-Identifier: MIT */
/* Health. */
#include "serve/health.h"

#include <string.h>

static void answer_line(struct planche_http_connection *c, unsigned status, const char *text)
{
    planche_http_add_field(c, "Cache-Control", "no-store");
    const struct planche_http_answer answer = {
        .status = status, .type = "text/plain; charset=utf-8", .text = text, .size = strlen(text)};
    planche_http_answer(c, &answer);
}

void planche_serve_health(struct planche_serve *serve, struct planche_http_connection *c)
{
    (void)serve;
    answer_line(c, 200, "ok\n");
}

bool planche_serve_is_alive(const struct planche_serve *serve)
{
    struct planche_pages_state state;
    planche_pages_get_state(serve->pages, &state);
    return state.oldest_seconds <= serve->options.serve.watchdog_s;
}

void planche_serve_ready(struct planche_serve *serve, struct planche_http_connection *c)
{
    struct planche_pages_state state;
    planche_pages_get_state(serve->pages, &state);
    if (serve->draining)
        answer_line(c, 503, "ending\n");
    else if (!planche_serve_is_alive(serve))
        answer_line(c, 503, "a page has been running for longer than --watchdog\n");
    else if (state.waiting[PLANCHE_PAGES_READER] + state.waiting[PLANCHE_PAGES_PREFETCH] >=
             state.queue_limit)
        answer_line(c, 503, "the queue is full\n");
    else
        answer_line(c, 200, "ready\n");
}
