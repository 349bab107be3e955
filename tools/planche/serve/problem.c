/* SPDX-License-Identifier: MIT */
/* Errors as answers. */
#include "serve/problem.h"

#include "base/text.h"
#include "cli/json.h"
#include "serve/log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void answer_text(struct planche_http_connection *c, unsigned status, const char *type,
                        json_t *object)
{
    static const char nothing[] = "{}\n";
    char *text = planche_cli_json_line(object);
    const char *body = text != NULL ? text : nothing;
    planche_http_add_field(c, "Cache-Control", "no-store");
    const struct planche_http_answer answer = {
        .status = status, .type = type, .text = body, .size = strlen(body)};
    planche_http_answer(c, &answer);
    free(text);
}

/* Options of the command are for who starts the server. */
static void drop_options(char *detail)
{
    static const char mark[] = " (option ";
    char *found;
    while ((found = strstr(detail, mark)) != NULL) {
        const char *end = strchr(found, ')');
        if (end == NULL)
            return;
        memmove(found, end + 1, strlen(end + 1) + 1);
    }
}

void planche_serve_problem(struct planche_http_connection *c, unsigned status, const char *format,
                           ...)
{
    char detail[1024];
    va_list args;
    va_start(args, format);
    planche_text_format(detail, sizeof detail, format, args);
    va_end(args);
    va_start(args, format);
    planche_text_format(c->reason, sizeof c->reason, format, args);
    va_end(args);
    drop_options(detail);
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string("about:blank"));
    json_object_set_new(object, "title", json_string(planche_http_reason(status)));
    json_object_set_new(object, "status", json_integer((json_int_t)status));
    json_object_set_new(object, "detail", planche_cli_json_text(detail));
    if (status == 401)
        planche_http_add_field(c, "WWW-Authenticate", "Bearer realm=\"planche\"");
    answer_text(c, status, "application/problem+json", object);
}

const char *planche_serve_tell(const struct planche_serve *serve,
                               const struct planche_http_connection *c, enum planche_status status,
                               const char *message)
{
    if (status != PLANCHE_ERROR_NOT_FOUND && planche_serve_status_of(status) != 500)
        return message;
    planche_serve_log_for(serve, c, PLANCHE_CLI_LOG_WARN, "%s", message);
    return status == PLANCHE_ERROR_NOT_FOUND
               ? "this server does not have the model; /v1/models says which are here"
               : "the server failed at the page; its log says why";
}

unsigned planche_serve_status_of(enum planche_status status)
{
    switch (status) {
    case PLANCHE_OK:
        return 200;
    case PLANCHE_ERROR_ARGUMENT:
    case PLANCHE_ERROR_NOT_FOUND:
        return 400; /* of what the request names */
    case PLANCHE_ERROR_DATA:
    case PLANCHE_ERROR_LIMIT:
        return 422;
    case PLANCHE_ERROR_UNSUPPORTED:
        return 415;
    case PLANCHE_ERROR_BUDGET:
    case PLANCHE_ERROR_MEMORY:
    case PLANCHE_ERROR_CANCELLED:
    case PLANCHE_ERROR_DEADLINE:
        return 503;
    default:
        return 500;
    }
}

void planche_serve_json(struct planche_http_connection *c, unsigned status, json_t *object)
{
    answer_text(c, status, "application/json", object);
}
