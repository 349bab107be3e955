/* SPDX-License-Identifier: MIT */
/* Identify: which series and library a page belongs to. */
#include "proxy/identify.h"

#include "os/clock.h"
#include "proxy/rewrite.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define MAX_ANSWER (256 << 10)
#define KNOWN_NS   INT64_C(600000000000)
#define UNKNOWN_NS INT64_C(30000000000) /* after a failure */

static const char *const servers[] = {[PLANCHE_PROXY_KOMGA] = "komga",
                                      [PLANCHE_PROXY_KAVITA] = "kavita",
                                      [PLANCHE_PROXY_SUWAYOMI] = "suwayomi"};

static struct planche_proxy_book *find_book(struct planche_proxy *proxy,
                                            const struct planche_proxy_match *match)
{
    for (size_t i = 0; i < PLANCHE_PROXY_BOOKS; i++) {
        struct planche_proxy_book *book = &proxy->books[i];
        if (*book->book && strcmp(book->book, match->book) == 0 &&
            strcmp(book->series, match->series) == 0 &&
            strcmp(book->server, servers[match->server]) == 0)
            return book;
    }
    return NULL;
}

static void remember(struct planche_proxy *proxy, const struct planche_proxy_match *match,
                     const struct planche_proxy_identity *identity, int64_t ns)
{
    struct planche_proxy_book *book = find_book(proxy, match);
    if (book == NULL) {
        book = &proxy->books[0];
        for (size_t i = 0; i < PLANCHE_PROXY_BOOKS; i++)
            book = proxy->books[i].expires < book->expires ? &proxy->books[i] : book;
    }
    snprintf(book->server, sizeof book->server, "%s", servers[match->server]);
    snprintf(book->book, sizeof book->book, "%s", match->book);
    snprintf(book->series, sizeof book->series, "%s", match->series);
    book->identity = *identity;
    book->expires = planche_clock_ns() + ns;
}

/* A value of the answer: a text, or a number as a text. */
static void take_text(char *out, size_t size, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_string(value))
        snprintf(out, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(out, size, "%lld", (long long)json_integer_value(value));
}

static void read_answer(struct planche_proxy_look_up *look_up)
{
    struct planche_proxy_identity *identity = &look_up->identity;
    json_t *object = json_loadb(look_up->body.data, look_up->body.size, 0, NULL);
    static const char *const titles[] = {[PLANCHE_PROXY_KOMGA] = "seriesTitle",
                                         [PLANCHE_PROXY_KAVITA] = "seriesName",
                                         [PLANCHE_PROXY_SUWAYOMI] = "title"};
    take_text(identity->title, sizeof identity->title, object, titles[look_up->match.server]);
    take_text(identity->series, sizeof identity->series, object, "seriesId");
    take_text(identity->library, sizeof identity->library, object, "libraryId");
    json_decref(object);
}

static void finish(struct planche_proxy_look_up *look_up, bool known)
{
    planche_proxy_body_clear(&look_up->body);
    /* Who may not see the book, or asks while the upstream fails, says nothing of it to others. */
    if (look_up->status == 200)
        remember(look_up->proxy, &look_up->match, &look_up->identity,
                 known ? KNOWN_NS : UNKNOWN_NS);
    look_up->done(look_up->user);
}

static void on_head(void *user, const struct planche_http_reply *reply)
{
    struct planche_proxy_look_up *look_up = user;
    look_up->status = reply->status;
    look_up->right = reply->status == 200;
}

static void on_data(void *user, const char *data, size_t size)
{
    struct planche_proxy_look_up *look_up = user;
    if (size > 0) {
        look_up->right = look_up->right && planche_proxy_body_add(&look_up->body, data, size);
        return;
    }
    if (look_up->right && look_up->body.size > 0)
        read_answer(look_up);
    finish(look_up, look_up->right);
}

static void on_failed(void *user, enum planche_proxy_failure failure, const char *detail)
{
    struct planche_proxy_look_up *look_up = user;
    (void)failure;
    planche_proxy_log(look_up->proxy, NULL, PLANCHE_CLI_LOG_WARN,
                      "a book's series is not known: %s", detail);
    finish(look_up, false);
}

static const struct planche_proxy_receiver receiver = {
    .head = on_head, .data = on_data, .failed = on_failed};

/* Where the upstream says what a page belongs to. False: nowhere. */
static bool make_target(const struct planche_proxy_match *match, const char *target, char *out,
                        size_t size)
{
    int prefix = (int)match->prefix;
    switch (match->server) {
    case PLANCHE_PROXY_KOMGA:
        snprintf(out, size, "%.*s/api/v1/books/%s", prefix, target, match->book);
        return true;
    case PLANCHE_PROXY_KAVITA:
        snprintf(out, size, "%.*s/api/reader/chapter-info?chapterId=%s%s%s", prefix, target,
                 match->book, *match->key ? "&apiKey=" : "", match->key);
        return true;
    default:
        snprintf(out, size, "%.*s/api/v1/manga/%s", prefix, target, match->series);
        return *match->series != 0;
    }
}

static bool ask(struct planche_proxy *proxy, const struct planche_http_connection *c,
                struct planche_proxy_look_up *look_up)
{
    char target[512 + PLANCHE_HTTP_MAX_TARGET], key[128] = "";
    struct planche_text_buffer head = {0};
    const struct planche_proxy_match *match = &look_up->match;
    if (!make_target(match, c->head.target, target, sizeof target))
        return false;
    if (*match->key)
        snprintf(key, sizeof key, "X-Api-Key: %s\r\n", match->key);
    const struct planche_proxy_way way = {.peer = c->peer,
                                          .upstream = proxy->upstream.name,
                                          .method = "GET",
                                          .target = target,
                                          .whole = true,
                                          .no_body = true,
                                          .more = key};
    planche_proxy_write_request(&head, &c->head, &way);
    if (head.failed) {
        planche_text_buffer_free(&head);
        return false;
    }
    look_up->call.receiver = &receiver;
    look_up->call.user = look_up;
    look_up->call.repeatable = true;
    look_up->body =
        (struct planche_proxy_body){.budget = proxy->settings.budget, .limit = MAX_ANSWER};
    planche_proxy_call_begin(&look_up->call, &proxy->upstream, head.data, head.size);
    return true;
}

void planche_proxy_identify(struct planche_proxy *proxy, const struct planche_http_connection *c,
                            const struct planche_proxy_match *match,
                            struct planche_proxy_look_up *look_up)
{
    struct planche_proxy_identity *identity = &look_up->identity;
    const struct planche_proxy_book *book = find_book(proxy, match);
    look_up->proxy = proxy;
    look_up->match = *match;
    *identity = (struct planche_proxy_identity){0};
    snprintf(identity->server, sizeof identity->server, "%s", servers[match->server]);
    snprintf(identity->series, sizeof identity->series, "%s", match->series);
    snprintf(identity->library, sizeof identity->library, "%s", match->library);
    if (planche_proxy_rules_ask(proxy->rules) && *match->book &&
        (match->flags & PLANCHE_PROXY_BOOKMARKS) == 0) {
        if (book != NULL && book->expires > planche_clock_ns())
            *identity = book->identity;
        else if (ask(proxy, c, look_up))
            return;
    }
    look_up->done(look_up->user);
}

void planche_proxy_identify_cancel(struct planche_proxy_look_up *look_up)
{
    planche_proxy_call_cancel(&look_up->call);
    planche_proxy_body_clear(&look_up->body);
}
