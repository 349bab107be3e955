/* SPDX-License-Identifier: MIT */
/* Prefetch: one reader after the other turns pages; each has a window of pages to come. A reader
 * who opens another book, or goes elsewhere in this one, leaves the window, and what has not begun
 * in it is given up. */
#include "proxy/prefetch.h"

#include "metrics/metrics.h"
#include "os/clock.h"
#include "proxy/body.h"
#include "proxy/rewrite.h"
#include "proxy/wanted.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE 2 /* pages of a reader that wait or are made */
#define BACK    5 /* pages that a reader may go back, or a program load beside the page */

struct making {
    struct planche_proxy_reader *reader;
    struct planche_pages_waiter waiter;
};

struct planche_proxy_reader {
    struct planche_proxy *proxy;
    struct planche_proxy_reader *next;
    uint64_t session;
    int64_t seen;
    struct planche_proxy_match match; /* of the page that was read last */
    char *target;                     /* of it */
    struct planche_text_buffer head;  /* of requests, behind their target */
    struct planche_proxy_policy policy;
    struct planche_proxy_accepted accepted;
    uint32_t wanted, last; /* the pages to fetch: wanted..last */
    struct planche_proxy_call call;
    struct planche_proxy_body body;
    bool fetching, right;
    struct making making[AT_ONCE];
};

static void count(const struct planche_proxy *proxy, const char *result, uint64_t amount)
{
    planche_metrics_add(proxy->settings.metrics, PLANCHE_METRIC_PREFETCHED, amount,
                        PLANCHE_LABELS(result));
}

/* Gives up what is under way. */
static void stop(struct planche_proxy_reader *reader)
{
    struct planche_proxy *proxy = reader->proxy;
    uint64_t dropped = reader->fetching;
    planche_proxy_call_cancel(&reader->call);
    planche_proxy_body_clear(&reader->body);
    reader->fetching = false;
    for (unsigned i = 0; i < AT_ONCE; i++) {
        dropped += reader->making[i].waiter.flight != NULL;
        planche_pages_leave(proxy->settings.pages, &reader->making[i].waiter, false);
    }
    reader->wanted = 1;
    reader->last = 0;
    count(proxy, "dropped", dropped);
}

static void go_on(struct planche_proxy_reader *reader);

static void on_made(void *user, const struct planche_pages_outcome *outcome)
{
    struct making *making = user;
    count(making->reader->proxy, outcome->status == PLANCHE_OK ? "made" : "dropped", 1);
    go_on(making->reader);
}

static struct making *find_free(struct planche_proxy_reader *reader)
{
    for (unsigned i = 0; i < AT_ONCE; i++) {
        if (reader->making[i].waiter.flight == NULL)
            return &reader->making[i];
    }
    return NULL;
}

/* Has a page made that was fetched. */
static void submit(struct planche_proxy_reader *reader, struct planche_http_blob *blob)
{
    struct planche_proxy *proxy = reader->proxy;
    struct planche_cache_result *result = NULL;
    struct making *making = find_free(reader);
    struct planche_pages_wish wish = {
        .input = blob, .class = PLANCHE_PAGES_PREFETCH, .session = reader->session};
    bool plain = (reader->match.flags & PLANCHE_PROXY_OPDS) != 0;
    if (making == NULL ||
        planche_proxy_want(proxy, &reader->policy, &reader->accepted, plain, &wish) != NULL)
        return;
    *making = (struct making){.reader = reader, .waiter = {.done = on_made, .user = making}};
    switch (planche_pages_submit(proxy->settings.pages, &wish, &making->waiter, &result)) {
    case PLANCHE_PAGES_HAS:
        count(proxy, "cached", 1);
        planche_cache_result_release(&result);
        break;
    case PLANCHE_PAGES_FULL:
        count(proxy, "dropped", 1);
        reader->last = 0; /* until the reader turns the page */
        break;
    default:
        break;
    }
    planche_cli_request_clear(&wish.request);
}

static void on_head(void *user, const struct planche_http_reply *reply)
{
    struct planche_proxy_reader *reader = user;
    reader->right = planche_proxy_is_page(reply);
    if (!reader->right && reply->status >= 400)
        reader->last = 0; /* the book ends here, or the reader may not see it */
}

static void on_data(void *user, const char *data, size_t size)
{
    struct planche_proxy_reader *reader = user;
    if (size > 0) {
        reader->right = reader->right && planche_proxy_body_add(&reader->body, data, size);
        return;
    }
    reader->fetching = false;
    struct planche_http_blob *blob = reader->right ? planche_proxy_body_take(&reader->body) : NULL;
    planche_proxy_body_clear(&reader->body);
    if (blob != NULL)
        submit(reader, blob);
    planche_http_blob_drop(blob);
    go_on(reader);
}

static void on_failed(void *user, enum planche_proxy_failure failure, const char *detail)
{
    struct planche_proxy_reader *reader = user;
    (void)failure;
    (void)detail; /* it shows when the page is read */
    planche_proxy_body_clear(&reader->body);
    reader->fetching = false;
    reader->last = 0;
}

static const struct planche_proxy_receiver receiver = {
    .head = on_head, .data = on_data, .failed = on_failed};

static bool fetch(struct planche_proxy_reader *reader, uint32_t number)
{
    char target[PLANCHE_HTTP_MAX_TARGET + 16];
    struct planche_text_buffer head = {0};
    if (!planche_proxy_page_target(reader->target, &reader->match, number, target, sizeof target))
        return false;
    planche_text_buffer_put(&head, "GET ", 4);
    planche_text_buffer_put(&head, target, strlen(target));
    planche_text_buffer_put(&head, reader->head.data, reader->head.size);
    if (head.failed) {
        planche_text_buffer_free(&head);
        return false;
    }
    reader->call =
        (struct planche_proxy_call){.receiver = &receiver, .user = reader, .repeatable = true};
    reader->body = (struct planche_proxy_body){.budget = reader->proxy->settings.budget,
                                               .limit = reader->proxy->settings.max_bytes};
    reader->fetching = true;
    planche_proxy_call_begin(&reader->call, &reader->proxy->upstream, head.data, head.size);
    return true;
}

static void go_on(struct planche_proxy_reader *reader)
{
    if (reader->fetching || reader->wanted > reader->last || reader->proxy->draining ||
        find_free(reader) == NULL)
        return;
    if (!fetch(reader, reader->wanted++))
        reader->last = 0;
}

/* The reader of a session, or the place of the one that was seen longest ago. NULL: no memory. */
static struct planche_proxy_reader *find_reader(struct planche_proxy *proxy, uint64_t session)
{
    struct planche_proxy_reader *oldest = NULL;
    unsigned there = 0;
    for (struct planche_proxy_reader *reader = proxy->readers; reader != NULL;
         reader = reader->next, there++) {
        if (reader->session == session)
            return reader;
        if (oldest == NULL || reader->seen < oldest->seen)
            oldest = reader;
    }
    if (there >= PLANCHE_PROXY_READERS) {
        stop(oldest);
        oldest->session = session;
        *oldest->match.book = 0;
        return oldest;
    }
    struct planche_proxy_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return NULL;
    reader->proxy = proxy;
    reader->session = session;
    reader->wanted = 1;
    reader->next = proxy->readers;
    proxy->readers = reader;
    return reader;
}

/* Whether a page is of the window that a reader is in. */
static bool is_near(const struct planche_proxy_reader *reader,
                    const struct planche_proxy_match *match)
{
    uint32_t was = reader->match.number, is = match->number;
    return strcmp(reader->match.book, match->book) == 0 &&
           strcmp(reader->match.series, match->series) == 0 &&
           reader->match.server == match->server && reader->match.flags == match->flags &&
           is + BACK >= was && is <= was + reader->policy.prefetch + BACK;
}

/* Keeps what requests for other pages need. */
static bool keep(struct planche_proxy_reader *reader, const struct planche_http_connection *c,
                 const struct planche_proxy_match *match, const struct planche_proxy_policy *policy)
{
    const struct planche_proxy_way way = {.peer = c->peer,
                                          .upstream = reader->proxy->upstream.name,
                                          .method = "",
                                          .target = "",
                                          .whole = true,
                                          .no_body = true};
    free(reader->target);
    planche_text_buffer_free(&reader->head);
    reader->target = strdup(c->head.target);
    planche_proxy_write_request(&reader->head, &c->head, &way);
    if (reader->target == NULL || reader->head.failed || reader->head.size < 1)
        return false;
    memmove(reader->head.data, reader->head.data + 1, --reader->head.size);
    reader->match = *match;
    json_incref(policy->settings);
    json_decref(reader->policy.settings);
    reader->policy = *policy;
    return true;
}

void planche_proxy_prefetch(struct planche_proxy *proxy, const struct planche_http_connection *c,
                            const struct planche_proxy_match *match,
                            const struct planche_proxy_policy *policy,
                            const struct planche_proxy_accepted *accepted)
{
    if (!proxy->settings.keeps || policy->prefetch == 0 || proxy->draining)
        return;
    struct planche_proxy_reader *reader = find_reader(proxy, planche_proxy_session(c, match));
    if (reader == NULL)
        return;
    bool near = is_near(reader, match) && reader->seen != 0;
    uint32_t first = match->number + 1, last = match->number + policy->prefetch;
    if (!near)
        stop(reader);
    reader->seen = planche_clock_ns();
    reader->accepted = *accepted;
    if (!keep(reader, c, match, policy)) {
        stop(reader);
        return;
    }
    reader->wanted = near && reader->wanted > first ? reader->wanted : first;
    reader->last = last;
    go_on(reader);
}

void planche_proxy_prefetch_stop(struct planche_proxy *proxy)
{
    struct planche_proxy_reader *reader;
    while ((reader = proxy->readers) != NULL) {
        proxy->readers = reader->next;
        stop(reader);
        free(reader->target);
        planche_text_buffer_free(&reader->head);
        json_decref(reader->policy.settings);
        free(reader);
    }
}
