/* SPDX-License-Identifier: MIT */
/* POST /v1/upscale, and nunif's POST /api. */
#include "serve/upscale.h"

#include "cli/number.h"
#include "http/multipart.h"
#include "serve/figures.h"
#include "serve/problem.h"
#include "serve/work.h"

#include <string.h>

#define ABSENT_SECONDS 30U /* workers come when somebody starts them */

static void refuse(struct planche_serve_work *work, unsigned status, const char *reason,
                   const char *detail)
{
    bool late = strcmp(reason, "deadline") == 0, absent = strcmp(reason, "no-worker") == 0;
    if (status == 503 && !work->lasts)
        planche_http_add_field_format(work->c, "Retry-After", "%u",
                                      absent ? ABSENT_SECONDS
                                             : planche_pages_retry_after(work->serve->pages));
    planche_serve_count_page(work->serve, PLANCHE_SERVE_ERROR, NULL, NULL);
    planche_serve_problem(work->c, status, "%s", detail);
    planche_serve_work_end(work, late);
}

void planche_serve_upscale(struct planche_serve *serve, struct planche_http_connection *c)
{
    static const struct planche_serve_kind kind = {.refuse = refuse};
    planche_serve_work_begin(serve, c, &kind, NULL);
}

/* nunif's noise is Planche's denoise, also between whole numbers. What is none is refused by
 * its name. */
static json_t *make_level(const char *value)
{
    double level;
    return planche_cli_parse_number(value, -1, 3, &level) ? json_real(level) : json_null();
}

/* A field of nunif's form in Planche's words. */
static void take_field(json_t *more, const struct planche_http_part *part)
{
    char value[16] = "";
    if (strcmp(part->name, "noise") == 0 && part->size >= sizeof value)
        json_object_set_new(more, "denoise", json_null());
    if (part->size >= sizeof value)
        return;
    memcpy(value, part->data, part->size);
    bool none = strcmp(value, "-1") == 0;
    if (strcmp(part->name, "scale") == 0)
        json_object_set_new(more, "scale", json_integer(none ? 1 : 2));
    else if (strcmp(part->name, "noise") == 0)
        json_object_set_new(more, "denoise", make_level(value));
    else if (strcmp(part->name, "format") == 0)
        json_object_set_new(more, "format", json_string(*value == '1' ? "webp" : "png"));
}

/* nunif's fields stand in the form, and are known once the body is. */
static bool prepare_nunif(struct planche_serve_work *work)
{
    const char *type = planche_http_head_field(&work->c->head, "content-type");
    struct planche_http_multipart form;
    struct planche_http_part part;
    work->more = json_object();
    json_object_set_new(work->more, "format", json_string("png"));
    if (!planche_http_multipart_begin(&form, type, work->body->data, work->body->size))
        return true;
    while (planche_http_multipart_next(&form, &part) == 1)
        take_field(work->more, &part);
    return true;
}

void planche_serve_nunif(struct planche_serve *serve, struct planche_http_connection *c)
{
    static const struct planche_serve_kind kind = {.refuse = refuse, .prepare = prepare_nunif};
    planche_serve_work_begin(serve, c, &kind, NULL);
}
