/* SPDX-License-Identifier: MIT */
/* Errors as answers. */
#include "serve/problem.h"

#include "base/text.h"
#include "cli/json.h"

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

void planche_serve_problem(struct planche_http_connection *c, unsigned status, const char *format,
                           ...)
{
    char detail[1024];
    va_list args;
    va_start(args, format);
    planche_text_format(detail, sizeof detail, format, args);
    va_end(args);
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string("about:blank"));
    json_object_set_new(object, "title", json_string(planche_http_reason(status)));
    json_object_set_new(object, "status", json_integer((json_int_t)status));
    json_object_set_new(object, "detail", planche_cli_json_message(detail));
    if (status == 401)
        planche_http_add_field(c, "WWW-Authenticate", "Bearer realm=\"planche\"");
    answer_text(c, status, "application/problem+json", object);
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
