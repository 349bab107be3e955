/* SPDX-License-Identifier: MIT */
/* Log of the server. */
#include "serve/log.h"

#include "base/text.h"
#include "cli/hints.h"
#include "http/head.h"
#include "os/clock.h"
#include "serve/figures.h"
#include "serve/redact.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 4096 /* a pipe takes as many at once */
#define TEXT_BYTES 1024

static const char *const levels[] = {"error", "warn", "info", "debug"};

/* A line that is being made. */
struct line {
    bool json;
    size_t size;
    char text[LINE_BYTES];
};

static void put(struct line *line, const char *text, size_t size)
{
    if (size >= LINE_BYTES - line->size)
        size = LINE_BYTES - line->size - 1;
    memcpy(line->text + line->size, text, size);
    line->size += size;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void put_quoted(struct line *line, const char *value)
{
    put_text(line, "\"");
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            put_text(line, "\\");
        put(line, value, 1);
    }
    put_text(line, "\"");
}

static void put_name(struct line *line, const char *name)
{
    if (line->json) {
        put_text(line, line->size == 0 ? "{" : ",");
        put_quoted(line, name);
        put_text(line, ":");
    } else {
        if (line->size > 0)
            put_text(line, " ");
        put_text(line, name);
        put_text(line, "=");
    }
}

/* logfmt quotes what has spaces, quotes or signs in it. */
static void put_field(struct line *line, const char *name, const char *value)
{
    put_name(line, name);
    if (line->json || *value == 0 || strpbrk(value, " =\"\\") != NULL)
        put_quoted(line, value);
    else
        put_text(line, value);
}

/* A value that is a number. */
__attribute__((format(printf, 3, 4))) static void put_number(struct line *line, const char *name,
                                                             const char *format, ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_name(line, name);
    put_text(line, text);
}

static void put_time(struct line *line)
{
    char text[32], value[40];
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &parts) == NULL)
        return;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(value, sizeof value, "%s.%03dZ", text, (int)(now.tv_nsec / 1000000));
    put_field(line, "time", value);
}

/* Whether the journal reads what is written; the variable alone is inherited by programs whose
 * output goes elsewhere. */
static bool goes_to_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat info;
    char own[64];
    if (stream == NULL || fstat(STDERR_FILENO, &info) != 0)
        return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)info.st_dev,
             (unsigned long long)info.st_ino);
    return strcmp(stream, own) == 0;
}

static void begin(struct line *line, const struct planche_serve *serve,
                  enum planche_cli_log_level level)
{
    line->json = serve->options.serve.log_json;
    line->size = 0;
    if (line->json || !goes_to_journal())
        put_time(line);
    put_field(line, "level", levels[level]);
}

/* One call, so that lines of several threads do not mix. */
static void end(struct line *line)
{
    size_t room = LINE_BYTES - 2;
    if (line->size > room)
        line->size = room;
    put_text(line, line->json ? "}\n" : "\n");
    ssize_t written;
    do
        written = write(STDERR_FILENO, line->text, line->size);
    while (written < 0 && errno == EINTR);
}

__attribute__((format(printf, 4, 0))) static void say(const struct planche_serve *serve,
                                                      enum planche_cli_log_level level,
                                                      const char *id, const char *format,
                                                      va_list args)
{
    char text[TEXT_BYTES], hinted[TEXT_BYTES], clean[TEXT_BYTES];
    struct line line;
    planche_text_format(text, sizeof text, format, args);
    planche_cli_hint(text, hinted, sizeof hinted);
    planche_serve_redact(hinted, serve->token, clean, sizeof clean);
    planche_text_clean(clean); /* where it was cut */
    begin(&line, serve, level);
    if (*id)
        put_field(&line, "id", id);
    put_field(&line, "msg", clean);
    end(&line);
}

void planche_serve_log(const struct planche_serve *serve, enum planche_cli_log_level level,
                       const char *format, ...)
{
    va_list args;
    if (level > serve->options.serve.log_level)
        return;
    va_start(args, format);
    say(serve, level, "", format, args);
    va_end(args);
}

void planche_serve_log_for(const struct planche_serve *serve,
                           const struct planche_http_connection *c,
                           enum planche_cli_log_level level, const char *format, ...)
{
    va_list args;
    if (level > serve->options.serve.log_level)
        return;
    va_start(args, format);
    say(serve, level, c->id, format, args);
    va_end(args);
}

/* What is asked for every few seconds by programs that watch. */
static bool is_routine(const struct planche_http_connection *c)
{
    static const char *const routes[] = {"/healthz", "/readyz", "/metrics"};
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(c->route, routes[i]) == 0)
            return c->status == 200;
    }
    return false;
}

/* Why a request was refused; nothing if it was not. */
static void put_reason(struct line *line, const struct planche_serve *serve, const char *reason)
{
    char hinted[TEXT_BYTES], clean[TEXT_BYTES];
    if (*reason == 0)
        return;
    planche_cli_hint(reason, hinted, sizeof hinted);
    planche_serve_redact(hinted, serve->token, clean, sizeof clean);
    planche_text_clean(clean);
    put_field(line, "reason", clean);
}

void planche_serve_log_request(const struct planche_serve *serve,
                               const struct planche_http_connection *c)
{
    enum planche_cli_log_level level = is_routine(c) ? PLANCHE_CLI_LOG_DEBUG : PLANCHE_CLI_LOG_INFO;
    int64_t us = (planche_clock_ns() - c->began) / 1000;
    struct line line;
    if (level > serve->options.serve.log_level)
        return;
    begin(&line, serve, level);
    put_field(&line, "msg", "request");
    put_field(&line, "id", c->id);
    put_field(&line, "peer", c->peer);
    put_field(&line, "method", *c->head.method ? planche_serve_method_name(c->head.method) : "-");
    put_field(&line, "route", *c->route ? c->route : "-");
    put_number(&line, "status", "%u", c->status);
    put_number(&line, "in", "%llu", (unsigned long long)c->bytes_in);
    put_number(&line, "out", "%llu", (unsigned long long)c->bytes_out);
    put_number(&line, "ms", "%lld.%03d", (long long)(us / 1000), (int)(us % 1000));
    put_reason(&line, serve, c->reason);
    end(&line);
}

void planche_serve_log_library(void *user, enum planche_log_level level, const char *message)
{
    const struct planche_serve *serve = user;
    planche_serve_log(serve,
                      level >= PLANCHE_LOG_WARNING ? PLANCHE_CLI_LOG_WARN : PLANCHE_CLI_LOG_DEBUG,
                      "%s", message);
}

static bool is_sane(const struct planche_serve *serve, const char *id)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";
    size_t length = strlen(id);
    return length > 0 && length < PLANCHE_HTTP_ID && strspn(id, allowed) == length &&
           (*serve->token == 0 || strstr(id, serve->token) == NULL);
}

void planche_serve_choose_id(const struct planche_serve *serve, struct planche_http_connection *c)
{
    const char *own = planche_http_head_field(&c->head, "x-request-id");
    if (own != NULL && is_sane(serve, own))
        snprintf(c->id, sizeof c->id, "%s", own);
    else if (*c->id == 0)
        snprintf(c->id, sizeof c->id, "%llx-%llx", (unsigned long long)serve->started,
                 (unsigned long long)c->number);
    planche_http_add_field(c, "X-Request-Id", c->id);
}
