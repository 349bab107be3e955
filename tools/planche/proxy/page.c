/* SPDX-License-Identifier: MIT */
/* Page: from the upstream's answer to a larger one. */
#include "proxy/page.h"

#include "http/text.h"
#include "os/clock.h"
#include "os/fd.h"
#include "proxy/body.h"
#include "proxy/identify.h"
#include "proxy/prefetch.h"
#include "proxy/wanted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS    INT64_C(1000000000)
#define OPDS_SECONDS 12 /* KOReader gives up after 15 */
#define PATIENCE_NS  INT64_C(300000000000)

struct planche_proxy_page {
    struct planche_proxy_exchange *exchange;
    struct planche_proxy_match match;
    struct planche_proxy_look_up look_up;
    struct planche_proxy_policy policy;
    struct planche_proxy_accepted accepted;
    struct planche_http_reply *reply; /* the upstream's */
    struct planche_proxy_body body;   /* that comes */
    struct planche_http_blob *blob;   /* that is there */
    struct planche_pages_wish wish;
    struct planche_pages_waiter waiter;
    struct planche_http_timer timer;
    struct planche_pages_ready_waiter ready; /* for what keys depend on */
};

static void drop_page(struct planche_proxy_exchange *exchange)
{
    struct planche_proxy_page *page = exchange->page;
    if (page == NULL)
        return;
    exchange->page = NULL;
    planche_pages_ready_leave(&page->ready);
    planche_pages_leave(exchange->proxy->settings.pages, &page->waiter, false);
    planche_proxy_identify_cancel(&page->look_up);
    planche_http_timer_stop(&page->timer);
    planche_cli_request_clear(&page->wish.request);
    planche_http_blob_drop(page->blob);
    planche_proxy_body_clear(&page->body);
    json_decref(page->policy.settings);
    free(page->reply);
    free(page);
}

/* The tag of an answer that has not changed, if the client named it: upstream's are weak for
 * comparing. */
static bool client_has(const struct planche_http_connection *c, const char *tag)
{
    const char *tags = planche_http_head_field(&c->head, "if-none-match");
    if (tag != NULL && strncmp(tag, "W/", 2) == 0)
        tag += 2;
    return tags != NULL && tag != NULL && *tag == '"' && planche_http_matches_tag(tags, tag);
}

/* Answers with fields of the upstream's and a body, and ends the exchange. */
static void answer(struct planche_proxy_exchange *exchange, struct planche_http_answer *answer,
                   struct planche_text_buffer *fields)
{
    struct planche_http_connection *c = exchange->c;
    struct planche_http_reply *reply = exchange->page->reply;
    struct planche_http_blob *held =
        answer->blob != NULL ? planche_http_blob_hold(answer->blob) : NULL;
    exchange->page->reply = NULL;
    answer->reason = answer->status == reply->status ? reply->reason : NULL;
    answer->fields = fields->data != NULL ? fields->data : "";
    answer->fields_size = fields->size;
    planche_proxy_exchange_destroy(exchange);
    planche_http_be_patient(c, PATIENCE_NS);
    planche_http_answer(c, answer);
    planche_http_blob_drop(held);
    planche_text_buffer_free(fields);
    free(reply);
}

/* What answers with the original have. The next client may accept another format. */
static void add_original(struct planche_http_connection *c, const char *reason, bool later)
{
    if (later)
        planche_http_add_field(c, "Cache-Control", "no-store");
    planche_http_add_field(c, "Vary", "Accept");
    planche_http_add_field_format(c, "X-Planche-Result", "original; reason=%s", reason);
}

/* The page as it came. later: only for now, and so not to be kept. */
static void answer_original(struct planche_proxy_page *page, const char *reason, bool later)
{
    struct planche_proxy_exchange *exchange = page->exchange;
    const struct planche_proxy_settings *settings = &exchange->proxy->settings;
    struct planche_text_buffer fields = {0};
    bool has = !later && client_has(exchange->c, planche_http_reply_field(page->reply, "etag"));
    planche_proxy_write_fields(&fields, page->reply,
                               later ? PLANCHE_PROXY_LATER : PLANCHE_PROXY_ALL);
    struct planche_http_answer whole = {.status = has ? 304 : 200};
    if (!has) {
        whole.blob = page->blob;
        whole.size = page->blob->size;
    }
    add_original(exchange->c, reason, later);
    if (has)
        settings->unchanged(settings->user);
    else
        settings->original(settings->user, reason);
    answer(exchange, &whole, &fields);
}

/* What answers with a result have, and 304 in their place. */
static void add_fields(const struct planche_proxy_page *page, const char *result)
{
    char tag[PLANCHE_CACHE_KEY_TAG];
    struct planche_http_connection *c = page->exchange->c;
    planche_cache_key_tag(&page->wish.key, tag);
    planche_http_add_field(c, "ETag", tag);
    planche_http_add_field(c, "Cache-Control", "private, max-age=0, must-revalidate");
    planche_http_add_field(c, "Vary", "Accept");
    planche_http_add_field(c, "X-Planche-Result", result);
}

static const char *extension_of(const char *type)
{
    static const char *const types[][2] = {{"image/jpeg", "jpg"},
                                           {"image/png", "png"},
                                           {"image/webp", "webp"},
                                           {"image/avif", "avif"},
                                           {"image/jxl", "jxl"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (type != NULL && strcmp(type, types[i][0]) == 0)
            return types[i][1];
    }
    return "bin";
}

/* The content of a result: in memory, or in a file. */
static void answer_result(struct planche_proxy_page *page, struct planche_cache_result *result,
                          struct planche_http_blob *blob, const char *how)
{
    struct planche_proxy_exchange *exchange = page->exchange;
    struct planche_text_buffer fields = {0};
    struct planche_http_answer whole = {.status = 200, .type = result->type};
    const char *disposition = planche_http_reply_field(page->reply, "content-disposition");
    if (blob != NULL) {
        whole.blob = blob;
        whole.size = blob->size;
    } else {
        whole.fd = planche_fd_duplicate(result->fd);
        whole.has_file = true;
        whole.file_offset = result->offset;
        whole.file_size = result->size;
        if (whole.fd < 0) {
            answer_original(page, "memory", true);
            return;
        }
    }
    planche_proxy_write_fields(&fields, page->reply, PLANCHE_PROXY_CHANGED);
    if (disposition != NULL)
        planche_proxy_write_disposition(&fields, disposition, extension_of(result->type));
    add_fields(page, how);
    for (size_t i = 0; i < result->header_count; i++)
        planche_http_add_field(exchange->c, result->headers[i].name, result->headers[i].value);
    answer(exchange, &whole, &fields);
}

static const char *reason_of(enum planche_status status, bool *later)
{
    *later = true;
    switch (status) {
    case PLANCHE_ERROR_DATA:
        *later = false;
        return "damaged";
    case PLANCHE_ERROR_UNSUPPORTED:
        *later = false;
        return "unsupported";
    case PLANCHE_ERROR_LIMIT:
        *later = false;
        return "too-large";
    case PLANCHE_ERROR_BUDGET:
    case PLANCHE_ERROR_MEMORY:
        return "memory";
    case PLANCHE_ERROR_CANCELLED:
        return "shutdown";
    case PLANCHE_ERROR_DEADLINE:
        return "deadline";
    default:
        return "error";
    }
}

static void on_done(void *user, const struct planche_pages_outcome *outcome)
{
    struct planche_proxy_page *page = user;
    const struct planche_proxy *proxy = page->exchange->proxy;
    bool later;
    if (outcome->status == PLANCHE_OK) {
        proxy->settings.made(proxy->settings.user, outcome->result,
                             outcome->cached ? NULL : outcome->page);
        answer_result(page, outcome->result, outcome->blob,
                      outcome->cached ? "cached" : "upscaled");
        return;
    }
    const char *reason = reason_of(outcome->status, &later);
    if (outcome->absent)
        reason = "no-worker";
    planche_proxy_log(proxy, page->exchange->c, PLANCHE_CLI_LOG_WARN,
                      "the original is answered: %s", outcome->message);
    answer_original(page, reason, later);
}

static void on_deadline(void *user)
{
    struct planche_proxy_page *page = user;
    planche_pages_leave(page->exchange->proxy->settings.pages, &page->waiter, true);
    answer_original(page, "deadline", true);
}

static void wait(struct planche_proxy_page *page)
{
    const struct planche_proxy_settings *settings = &page->exchange->proxy->settings;
    int64_t seconds = settings->options->serve.deadline_s;
    if ((page->match.flags & PLANCHE_PROXY_OPDS) != 0 && seconds > OPDS_SECONDS)
        seconds = OPDS_SECONDS;
    planche_http_timer_set(settings->loop, &page->timer,
                           page->exchange->c->began + seconds * SECOND_NS);
}

/* The upstream has just allowed the page, so a client that has the result may keep it. */
static bool answer_unchanged(struct planche_proxy_page *page)
{
    struct planche_proxy_exchange *exchange = page->exchange;
    const struct planche_proxy_settings *settings = &exchange->proxy->settings;
    struct planche_text_buffer fields = {0};
    struct planche_http_answer whole = {.status = 304};
    char tag[PLANCHE_CACHE_KEY_TAG];
    planche_cache_key_tag(&page->wish.key, tag);
    if (!client_has(exchange->c, tag))
        return false;
    planche_proxy_write_fields(&fields, page->reply, PLANCHE_PROXY_CHANGED);
    add_fields(page, "unchanged");
    settings->unchanged(settings->user);
    answer(exchange, &whole, &fields);
    return true;
}

static void submit(struct planche_proxy_page *page)
{
    const struct planche_proxy *proxy = page->exchange->proxy;
    struct planche_cache_result *result = NULL;
    page->waiter = (struct planche_pages_waiter){.done = on_done, .user = page};
    switch (planche_pages_submit(proxy->settings.pages, &page->wish, &page->waiter, &result)) {
    case PLANCHE_PAGES_HAS:
        proxy->settings.made(proxy->settings.user, result, NULL);
        answer_result(page, result, NULL, "cached");
        planche_cache_result_release(&result);
        break;
    case PLANCHE_PAGES_WAITS:
        wait(page);
        break;
    default:
        answer_original(page, "queue", true);
        break;
    }
}

/* All of the page is there, and the machine has answered. */
static void judge(void *user)
{
    struct planche_proxy_page *page = user;
    struct planche_proxy_exchange *exchange = page->exchange;
    struct planche_proxy *proxy = exchange->proxy;
    bool plain = (page->match.flags & PLANCHE_PROXY_OPDS) != 0;
    planche_proxy_prefetch(proxy, exchange->c, &page->match, &page->policy, &page->accepted);
    const char *reason =
        planche_proxy_want(proxy, &page->policy, &page->accepted, plain, &page->wish);
    if (reason != NULL) /* the last two are for the owner to mend */
        answer_original(page, reason,
                        strcmp(reason, "error") == 0 || strcmp(reason, "parameters") == 0);
    else if (!answer_unchanged(page))
        submit(page);
}

static void take_page(struct planche_proxy_page *page)
{
    struct planche_proxy_exchange *exchange = page->exchange;
    struct planche_proxy *proxy = exchange->proxy;
    page->wish.input = page->blob;
    page->wish.class = PLANCHE_PAGES_READER;
    page->wish.session = planche_proxy_session(exchange->c, &page->match);
    const char *model = json_string_value(json_object_get(page->policy.settings, "model"));
    page->ready = (struct planche_pages_ready_waiter){
        .go = judge,
        .user = page,
        .model = model != NULL ? model : proxy->settings.options->engine.model};
    if (planche_pages_ready_wait(proxy->settings.ready, &page->ready))
        wait(page);
    else
        judge(page);
}

/* Passes the original on as it comes. */
static void begin_original(struct planche_proxy_exchange *exchange,
                           const struct planche_http_reply *reply, const char *reason)
{
    const struct planche_proxy_settings *settings = &exchange->proxy->settings;
    bool later = strcmp(reason, "memory") == 0;
    add_original(exchange->c, reason, later);
    settings->original(settings->user, reason);
    exchange->call.receiver = &planche_proxy_pass_receiver;
    planche_proxy_exchange_begin(exchange, reply, later ? PLANCHE_PROXY_LATER : PLANCHE_PROXY_ALL,
                                 reply->has_length ? (int64_t)reply->length : -1);
}

/* Passes the answer on after all, with what has come of it. False: the exchange has failed. */
static bool give_up(struct planche_proxy_page *page, const char *reason)
{
    struct planche_proxy_exchange *exchange = page->exchange;
    struct planche_http_blob *blob = planche_proxy_body_take(&page->body);
    if (blob == NULL) {
        planche_proxy_pass_receiver.failed(exchange, PLANCHE_PROXY_CUT, "there is no memory");
        return false;
    }
    begin_original(exchange, page->reply, reason);
    planche_http_write_blob(exchange->c, blob);
    planche_http_blob_drop(blob);
    drop_page(exchange);
    return true;
}

static void on_data(void *user, const char *data, size_t size)
{
    struct planche_proxy_exchange *exchange = user;
    struct planche_proxy_page *page = exchange->page;
    if (size > 0 && planche_proxy_body_add(&page->body, data, size))
        return;
    if (size > 0) {
        bool large = page->body.size + size > page->body.limit;
        if (give_up(page, large ? "too-large" : "memory"))
            planche_proxy_exchange_write(exchange, data, size);
        return;
    }
    page->blob = planche_proxy_body_take(&page->body);
    if (page->blob != NULL)
        take_page(page);
    else
        planche_proxy_pass_receiver.failed(exchange, PLANCHE_PROXY_CUT, "there is no memory");
}

static void on_head(void *user, const struct planche_http_reply *reply)
{
    struct planche_proxy_exchange *exchange = user;
    struct planche_proxy_page *page = exchange->page;
    bool is_page = planche_proxy_is_page(reply);
    bool fits = !reply->has_length ||
                planche_proxy_body_reserve(&page->body, reply->length > 0 ? reply->length : 1);
    if (is_page && fits)
        page->reply = planche_http_reply_copy(reply);
    if (page->reply != NULL)
        return;
    const char *reason = reply->length > page->body.limit ? "too-large" : "memory";
    drop_page(exchange);
    if (is_page) {
        begin_original(exchange, reply, reason);
        return;
    }
    exchange->call.receiver = &planche_proxy_pass_receiver;
    planche_proxy_pass_receiver.head(exchange, reply);
}

/* HEAD: what the answer to GET would say of the bytes is not known without making them. */
static void on_bare_head(void *user, const struct planche_http_reply *reply)
{
    struct planche_proxy_exchange *exchange = user;
    exchange->call.receiver = &planche_proxy_pass_receiver;
    if (planche_proxy_is_page(reply))
        planche_proxy_exchange_begin(exchange, reply, PLANCHE_PROXY_LATER, -1);
    else
        planche_proxy_pass_receiver.head(exchange, reply);
}

static void on_interim(void *user, const struct planche_http_reply *reply)
{
    planche_proxy_pass_receiver.interim(user, reply);
}

static void on_failed(void *user, enum planche_proxy_failure failure, const char *detail)
{
    planche_proxy_pass_receiver.failed(user, failure, detail);
}

static const struct planche_proxy_receiver page_receiver = {
    .interim = on_interim, .head = on_head, .data = on_data, .failed = on_failed};
static const struct planche_proxy_receiver head_receiver = {
    .interim = on_interim, .head = on_bare_head, .data = on_data, .failed = on_failed};

static void fetch(struct planche_proxy_exchange *exchange)
{
    struct planche_http_connection *c = exchange->c;
    struct planche_proxy *proxy = exchange->proxy;
    struct planche_text_buffer head = {0};
    const struct planche_proxy_way way = {
        .peer = c->peer, .upstream = proxy->upstream.name, .whole = true};
    planche_proxy_write_request(&head, &c->head, &way);
    if (head.failed) {
        planche_text_buffer_free(&head);
        planche_proxy_exchange_destroy(exchange);
        planche_http_drop(c);
        return;
    }
    exchange->call.user = exchange;
    exchange->call.head_only = strcmp(c->head.method, "HEAD") == 0;
    exchange->call.receiver = exchange->call.head_only ? &head_receiver : &page_receiver;
    exchange->call.repeatable = true;
    planche_proxy_call_begin(&exchange->call, &proxy->upstream, head.data, head.size);
}

/* What is to be done with the page is known. */
static void on_identified(void *user)
{
    struct planche_proxy_exchange *exchange = user;
    struct planche_proxy_page *page = exchange->page;
    planche_proxy_rules_find(exchange->proxy->rules, &page->look_up.identity, &page->policy);
    if (page->policy.enlarges) {
        fetch(exchange);
        return;
    }
    drop_page(exchange);
    planche_proxy_exchange_pass(exchange);
}

void planche_proxy_page_begin(struct planche_proxy_exchange *exchange,
                              const struct planche_proxy_match *match)
{
    struct planche_proxy *proxy = exchange->proxy;
    struct planche_proxy_page *page = calloc(1, sizeof *page);
    if (page == NULL) {
        planche_proxy_exchange_pass(exchange);
        return;
    }
    page->exchange = exchange;
    page->match = *match;
    page->body = (struct planche_proxy_body){.budget = proxy->settings.budget,
                                             .limit = proxy->settings.max_bytes};
    page->timer = (struct planche_http_timer){.fire = on_deadline, .user = page};
    page->accepted = planche_proxy_read_accept(&exchange->c->head);
    planche_pages_ready_prepare(proxy->settings.ready); /* while the page is fetched */
    exchange->page = page;
    exchange->drop_page = drop_page;
    page->look_up.done = on_identified;
    page->look_up.user = exchange;
    planche_proxy_identify(proxy, exchange->c, match, &page->look_up);
}
