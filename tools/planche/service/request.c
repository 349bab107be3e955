/* SPDX-License-Identifier: MIT */
/* Request of the resident process: the content of a line of JSON. */
#include "service/request.h"

#include "base/status.h"
#include "cli/model_options.h"
#include "cli/paths.h"
#include "cli/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request while it is parsed. */
struct parse {
    struct planche_cli_request *request;
    double level;
};

static bool take_text(const json_t *value, const char **out)
{
    *out = json_string_value(value);
    /* A NUL inside would cut a path short. */
    return *out != NULL && **out != 0 && strlen(*out) == json_string_length(value);
}

static bool take_integer(const json_t *value, json_int_t low, json_int_t high, json_int_t *out)
{
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= low && *out <= high;
}

static bool take_switch(const json_t *value, int *out)
{
    *out = json_is_true(value);
    return json_is_boolean(value);
}

static bool is_id(const json_t *value)
{
    return json_is_string(value) || json_is_integer(value) || json_is_null(value);
}

static bool take_id(struct parse *parse, const json_t *value)
{
    parse->request->id = is_id(value) ? value : NULL;
    return is_id(value);
}

static bool take_model(struct parse *parse, const json_t *value)
{
    return take_text(value, &parse->request->engine.model);
}

static bool take_scale(struct parse *parse, const json_t *value)
{
    const char *text = json_string_value(value);
    json_int_t number;
    bool automatic = text != NULL && strcmp(text, "auto") == 0;
    bool ok = take_integer(value, 1, 64, &number);
    parse->request->engine.scale = ok ? (unsigned)number : 0;
    parse->request->page.scale = automatic ? PLANCHE_SCALE_AUTO : 0;
    return ok || automatic;
}

static bool take_fit(struct parse *parse, const json_t *value)
{
    const char *text;
    return take_text(value, &text) && planche_cli_target_fit(&parse->request->page, text);
}

static bool take_device(struct parse *parse, const json_t *value)
{
    const char *text;
    return take_text(value, &text) && planche_cli_target_device(&parse->request->page, text);
}

static bool take_denoise(struct parse *parse, const json_t *value)
{
    double number = json_number_value(value);
    bool ok = json_is_number(value) && number >= -1 && number <= 3;
    parse->level = ok ? number : PLANCHE_CLI_NO_LEVEL;
    return ok;
}

static bool take_format(struct parse *parse, const json_t *value)
{
    const char *text;
    char name[16];
    if (!take_text(value, &text) || strchr(text, '.') != NULL)
        return false;
    snprintf(name, sizeof name, "x.%s", text);
    parse->request->page.format = planche_format_from_name(name);
    return planche_format_is_written(parse->request->page.format);
}

static bool take_quality(struct parse *parse, const json_t *value)
{
    json_int_t number;
    bool ok = take_integer(value, 1, 100, &number);
    parse->request->page.quality = ok ? (int)number : 0;
    return ok;
}

static bool take_effort(struct parse *parse, const json_t *value)
{
    json_int_t number;
    bool ok = take_integer(value, 1, 9, &number);
    parse->request->page.effort = ok ? (int)number : 0;
    return ok;
}

static bool take_lossless(struct parse *parse, const json_t *value)
{
    return take_switch(value, &parse->request->page.lossless);
}

static bool take_tta(struct parse *parse, const json_t *value)
{
    return take_switch(value, &parse->request->page.tta);
}

static bool take_overwrite(struct parse *parse, const json_t *value)
{
    return take_switch(value, &parse->request->page.overwrite);
}

static bool take_mark(struct parse *parse, const json_t *value)
{
    return take_switch(value, &parse->request->page.provenance);
}

static bool take_width(struct parse *parse, const json_t *value)
{
    json_int_t number;
    bool ok = take_integer(value, 1, INT32_MAX, &number);
    parse->request->page.width = ok ? (uint32_t)number : 0;
    return ok;
}

static bool take_height(struct parse *parse, const json_t *value)
{
    json_int_t number;
    bool ok = take_integer(value, 1, INT32_MAX, &number);
    parse->request->page.height = ok ? (uint32_t)number : 0;
    return ok;
}

static bool take_grey(struct parse *parse, const json_t *value)
{
    const char *text;
    if (!take_text(value, &text))
        return false;
    bool keep = strcmp(text, "keep") == 0;
    parse->request->page.grey = keep ? PLANCHE_GREY_KEEP : PLANCHE_GREY_AUTO;
    return keep || strcmp(text, "auto") == 0;
}

static bool take_input(struct parse *parse, const json_t *value)
{
    return take_text(value, &parse->request->input);
}

static bool take_output(struct parse *parse, const json_t *value)
{
    return take_text(value, &parse->request->output);
}

static bool take_bytes(struct parse *parse, const json_t *value)
{
    json_int_t number;
    bool ok = take_integer(value, 1, INT64_MAX, &number);
    parse->request->bytes = ok ? (uint64_t)number : 0;
    return ok;
}

static bool take_priority(struct parse *parse, const json_t *value)
{
    static const struct {
        const char *name;
        enum planche_priority priority;
    } known[] = {{"interactive", PLANCHE_PRIORITY_INTERACTIVE},
                 {"normal", PLANCHE_PRIORITY_NORMAL},
                 {"background", PLANCHE_PRIORITY_BACKGROUND}};
    const char *text;
    if (!take_text(value, &text))
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        parse->request->priority = known[i].priority;
        if (strcmp(text, known[i].name) == 0)
            return true;
    }
    return false;
}

static bool take_deadline(struct parse *parse, const json_t *value)
{
    json_int_t number;
    bool ok = take_integer(value, 1, INT64_MAX, &number);
    parse->request->deadline_ms = ok ? (uint64_t)number : 0;
    return ok;
}

static bool take_progress(struct parse *parse, const json_t *value)
{
    parse->request->wants_progress = json_is_true(value);
    return json_is_boolean(value);
}

static bool take_cancel(struct parse *parse, const json_t *value)
{
    parse->request->cancel = is_id(value) ? value : NULL;
    return is_id(value);
}

static const struct field {
    const char *name, *shape;
    bool (*take)(struct parse *parse, const json_t *value);
} fields[] = {
    {"id", "a string, a whole number or null", take_id},
    {"bytes", "a whole number from 1", take_bytes},
    {"input", "a path", take_input},
    {"output", "a path", take_output},
    {"model", "a model's name or path", take_model},
    {"scale", "a whole number from 1 to 64, or \"auto\"", take_scale},
    {"denoise", "a number from -1 to 3", take_denoise},
    {"format", "\"webp\", \"jpg\", \"png\", \"avif\" or \"jxl\"", take_format},
    {"quality", "a whole number from 1 to 100", take_quality},
    {"lossless", "true or false", take_lossless},
    {"effort", "a whole number from 1 to 9", take_effort},
    {"tta", "true or false", take_tta},
    {"overwrite", "true or false", take_overwrite},
    {"fit", "a size such as \"1600x2560\"", take_fit},
    {"device", "a device that planche --device list shows", take_device},
    {"width", "a number of pixels", take_width},
    {"height", "a number of pixels", take_height},
    {"grey", "\"auto\" or \"keep\"", take_grey},
    {"mark", "true or false", take_mark},
    {"priority", "\"interactive\", \"normal\" or \"background\"", take_priority},
    {"deadline_ms", "a whole number from 1", take_deadline},
    {"progress", "true or false", take_progress},
    {"cancel", "a string, a whole number or null", take_cancel},
};
#define FIELDS (sizeof fields / sizeof *fields)

static const char *find_unknown(json_t *body)
{
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        size_t i = 0;
        while (i < FIELDS && strcmp(name, fields[i].name) != 0)
            i++;
        if (i == FIELDS)
            return name;
    }
    return NULL;
}

/* Every field is looked at even after a wrong one: the number of bytes must be known. */
static enum planche_status take_fields(struct parse *parse, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; i < FIELDS; i++) {
        const json_t *value = json_object_get(parse->request->body, fields[i].name);
        if (value != NULL && !fields[i].take(parse, value) && status == PLANCHE_OK)
            status = planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s must be %s", fields[i].name,
                                  fields[i].shape);
    }
    const char *unknown = find_unknown(parse->request->body);
    if (status == PLANCHE_OK && unknown != NULL)
        status = planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                              "unknown field %.64s; see the list in docs/stdio.md", unknown);
    return status;
}

/* AUTO: the format of results whose name does not say it. */
static enum planche_format format_of(const struct planche_cli_request *request)
{
    return request->output != NULL && request->page.format == PLANCHE_FORMAT_AUTO
               ? planche_format_from_name(request->output)
               : request->page.format;
}

static enum planche_status check(const struct planche_cli_request *request,
                                 struct planche_error *error)
{
    if (request->cancel != NULL)
        return json_object_size(request->body) == 1
                   ? PLANCHE_OK
                   : planche_fail(error, PLANCHE_ERROR_ARGUMENT, "cancel stands alone on its line");
    if ((request->input == NULL) == (request->bytes == 0))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "give either input (a path) or bytes (how many follow)");
    if (request->output != NULL && request->input == NULL)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "output needs input; the answer to bytes is bytes");
    if (json_is_true(json_object_get(request->body, "lossless")) &&
        format_of(request) == PLANCHE_FORMAT_JPEG)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "JPEG files are never lossless; use webp, jxl or png");
    if (request->output != NULL && planche_cli_same_file(request->input, request->output))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s is the input; choose another output",
                            request->output);
    return PLANCHE_OK;
}

enum planche_status planche_cli_request_take(struct planche_cli_request *request, json_t *body,
                                             const struct planche_cli_options *defaults,
                                             struct planche_error *error)
{
    *request = (struct planche_cli_request){
        .body = body, .engine = defaults->engine, .page = defaults->page};
    bool other_model = json_object_get(request->body, "model") != NULL;
    struct parse parse = {request, other_model ? PLANCHE_CLI_NO_LEVEL : defaults->level};
    if (other_model)
        request->engine.scale = 0; /* -s and -n were meant for the model of -m */
    if (json_object_get(request->body, "scale") == NULL)
        request->page.scale = 0; /* it follows from what this request says */
    if (json_object_get(request->body, "output") != NULL)
        request->page.format = PLANCHE_FORMAT_AUTO; /* its name says */
    enum planche_status status = take_fields(&parse, error);
    planche_cli_target_settle(&request->page, request->engine.scale);
    if (status == PLANCHE_OK)
        status = check(request, error);
    unsigned scale;
    if (status == PLANCHE_OK && request->cancel == NULL)
        status = planche_cli_choose(&request->engine, parse.level, &scale, error);
    return status;
}

enum planche_status planche_cli_request_parse(struct planche_cli_request *request, const char *line,
                                              size_t length,
                                              const struct planche_cli_options *defaults,
                                              struct planche_error *error)
{
    json_error_t problem;
    json_t *body = json_loadb(line, length, JSON_REJECT_DUPLICATES, &problem);
    if (json_is_object(body))
        return planche_cli_request_take(request, body, defaults, error);
    *request = (struct planche_cli_request){.body = body};
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "not a JSON object on one line%s%s",
                        body == NULL ? ": " : "", body == NULL ? problem.text : "");
}

void planche_cli_request_clear(struct planche_cli_request *request)
{
    json_decref(request->body);
    free(request->data);
    *request = (struct planche_cli_request){0};
}
