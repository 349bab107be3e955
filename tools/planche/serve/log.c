/* SPDX-License-Identifier: MIT */
/* Log of the server: logfmt without the time, which the journal has. */
#include "serve/log.h"

#include "cli/terminal.h"

#include <stdarg.h>
#include <stdio.h>

void planche_serve_log(const struct planche_serve *serve, enum planche_cli_log_level level,
                       const char *format, ...)
{
    char text[1024];
    va_list args;
    if (level > serve->options.serve.log_level)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    planche_cli_message("%s", text);
}

void planche_serve_log_request(const struct planche_serve *serve,
                               const struct planche_http_connection *c)
{
    double ms = (double)(planche_http_loop_now(serve->loop) - c->began) * 1e-6;
    if (serve->options.serve.log_level < PLANCHE_CLI_LOG_INFO)
        return;
    planche_serve_log(serve, PLANCHE_CLI_LOG_INFO,
                      "id=%llx peer=%s method=%s route=%s status=%u in=%llu out=%llu ms=%.1f",
                      (unsigned long long)c->number, c->peer,
                      *c->head.method ? c->head.method : "-", *c->route ? c->route : "-", c->status,
                      (unsigned long long)c->bytes_in, (unsigned long long)c->bytes_out, ms);
}

void planche_serve_log_library(void *user, enum planche_log_level level, const char *message)
{
    const struct planche_serve *serve = user;
    planche_serve_log(serve,
                      level >= PLANCHE_LOG_WARNING ? PLANCHE_CLI_LOG_WARN : PLANCHE_CLI_LOG_DEBUG,
                      "%s", message);
}
