/* SPDX-License-Identifier: MIT */
/* JSON output for programs: one object per line. */
#include "cli/json.h"

#include "base/text.h"
#include "cli/hints.h"
#include "cli/terminal.h"
#include "profile/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Objects are built without a look at each answer: a member that found no memory would be missing
 * without a word. */
static _Thread_local bool lacked;

static void *allocate(size_t size)
{
    void *block = malloc(size);
    if (block == NULL)
        lacked = true;
    return block;
}

void planche_cli_json_start(void)
{
    json_set_alloc_funcs(allocate, free);
}

json_t *planche_cli_json_text(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *string = json_string(text);
    char *copy = string == NULL ? strdup(text) : NULL;
    if (copy == NULL)
        return string;
    planche_text_make_utf8(copy);
    string = json_string(copy);
    free(copy);
    return string;
}

json_t *planche_cli_json_message(const char *message)
{
    char text[1024];
    return planche_cli_json_text(message ? planche_cli_hint(message, text, sizeof text) : NULL);
}

static json_t *count_or_null(uint64_t count)
{
    return count != 0 ? json_integer((json_int_t)count) : json_null();
}

json_t *planche_cli_json_ms(double value)
{
    return json_real(round(value * 1000.0) / 1000.0);
}

void planche_cli_json_set_count(json_t *object, const char *key, uint64_t count)
{
    json_object_set_new(object, key, json_integer((json_int_t)count));
}

/* What made the page, where it is known, else what would. */
static void set_backend(json_t *object, const struct planche_page_result *result,
                        const struct planche_engine_info *info)
{
    const char *backend = NULL, *device = NULL, *precision = NULL;
    if (info != NULL) {
        backend = result->backend != NULL ? result->backend : info->backend;
        /* The CPU stands in for a GPU in f32. */
        bool stand_in = strcmp(backend, info->backend) != 0;
        device = stand_in ? NULL : result->device != NULL ? result->device : info->device;
        precision = stand_in ? "f32" : info->precision;
    }
    json_object_set_new(object, "backend", planche_cli_json_text(backend));
    json_object_set_new(object, "device", planche_cli_json_text(device));
    json_object_set_new(object, "precision", planche_cli_json_text(precision));
}

/* The page's own scale where it is known, else the engine's. */
static void set_scales(json_t *object, const struct planche_page_result *result,
                       const struct planche_engine_info *info)
{
    unsigned scale = result->scale != 0 ? result->scale : info != NULL ? info->scale : 0;
    json_t *chain = result->scale != 0 ? json_array() : json_null();
    for (unsigned i = 0; i < result->passes; i++)
        json_array_append_new(chain, json_integer(result->pass_scale[i]));
    json_object_set_new(object, "scale", count_or_null(scale));
    json_object_set_new(object, "chain", chain);
}

void planche_cli_json_networks(const struct planche_page_result *result,
                               const struct planche_engine_info *info, char *text, size_t size)
{
    const char *end = strrchr(info->model, '.');
    bool is_file = planche_model_is_file(info->model) && strcmp(end, ".planche") != 0;
    /* A file has no other network, unless it is of Planche's own. */
    snprintf(text, size, "%s", is_file || !*result->networks ? info->variant : result->networks);
    char *scale = strrchr(text, ' ');
    if (!is_file && result->passes == 1 && scale != NULL)
        *scale = 0;
}

static void set_model(json_t *object, const struct planche_page_result *result,
                      const struct planche_engine_info *info)
{
    char networks[256] = "";
    if (info != NULL)
        planche_cli_json_networks(result, info, networks, sizeof networks);
    char chain[1024];
    const char *model = info ? info->model : NULL;
    /* Of a choice what the page has run through; a page that failed may have chosen nothing yet. */
    if (result->alternative != 0 && model != NULL) {
        planche_parts_chain(model, result->alternative, chain, sizeof chain);
        model = chain;
    }
    json_object_set_new(object, "model", planche_cli_json_text(model));
    json_object_set_new(object, "variant", planche_cli_json_text(info ? networks : NULL));
}

/* What a page has chosen, and by what. */
static void set_choice(json_t *object, const struct planche_page_result *result)
{
    bool chosen = result->chosen != 0;
    json_t *measured = chosen ? json_object() : json_null();
    if (chosen) {
        json_object_set_new(measured, "kind", json_string(result->kind));
        json_object_set_new(measured, "file_quality", count_or_null(result->file_quality));
        json_object_set_new(measured, "past_quality", count_or_null(result->past_quality));
        json_object_set_new(measured, "chroma", count_or_null(result->chroma));
        json_object_set_new(measured, "flat", json_integer(result->flat));
        json_object_set_new(measured, "screen", json_integer(result->screen));
        json_object_set_new(measured, "soft", json_integer(result->soft));
    }
    json_object_set_new(object, "level", chosen ? json_real(result->level) : json_null());
    json_object_set_new(object, "grey",
                        chosen || result->alternative ? json_boolean(result->grey) : json_null());
    json_object_set_new(object, "reason", chosen ? json_string(result->reason) : json_null());
    json_object_set_new(object, "rule",
                        result->alternative != 0
                            ? json_string(*result->rule ? result->rule : "all other pages")
                            : json_null());
    json_object_set_new(object, "black", result->white ? json_integer(result->black) : json_null());
    json_object_set_new(object, "white", count_or_null(result->white));
    json_object_set_new(object, "measured", measured);
}

void planche_cli_json_page(json_t *object, const struct planche_cli_outcome *outcome,
                           const struct planche_engine_info *info)
{
    const struct planche_page_result *result = &outcome->result;
    bool ok = outcome->status == PLANCHE_OK, alone = outcome->marked || outcome->large;
    json_object_set_new(object, "input", planche_cli_json_text(outcome->input));
    json_object_set_new(object, "output", planche_cli_json_text(alone ? NULL : outcome->output));
    json_object_set_new(object, "input_width", count_or_null(result->input_width));
    json_object_set_new(object, "input_height", count_or_null(result->input_height));
    json_object_set_new(object, "output_width", count_or_null(result->output_width));
    json_object_set_new(object, "output_height", count_or_null(result->output_height));
    set_model(object, result, info);
    set_choice(object, result);
    set_scales(object, result, info);
    set_backend(object, result, info);
    json_object_set_new(object, "isa", planche_cli_json_text(info ? info->isa : NULL));
    json_object_set_new(object, "parts", count_or_null(result->parts));
    json_object_set_new(object, "decode_ms", planche_cli_json_ms(result->decode_ms));
    json_object_set_new(object, "network_ms", planche_cli_json_ms(result->network_ms));
    json_object_set_new(object, "gpu_ms", planche_cli_json_ms(result->gpu_ms));
    json_object_set_new(object, "tiles", json_integer(result->tiles));
    json_object_set_new(object, "redone",
                        planche_cli_json_text(result->redone ? result->redone_reason : NULL));
    json_object_set_new(object, "encode_ms", planche_cli_json_ms(result->encode_ms));
    json_object_set_new(object, "peak_bytes", json_integer((json_int_t)result->peak_bytes));
    const char *fine = outcome->marked ? "marked" : outcome->large ? "large" : "ok";
    json_object_set_new(object, "status",
                        planche_cli_json_text(ok ? fine : planche_status_name(outcome->status)));
    json_object_set_new(object, "error", planche_cli_json_message(ok ? NULL : outcome->message));
}

char *planche_cli_json_line(json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(object);
    char *line = NULL;
    if (lacked) {
        lacked = false;
        free(text);
        return NULL;
    }
    if (text != NULL && asprintf(&line, "%s\n", text) < 0)
        line = NULL;
    free(text);
    return line;
}

bool planche_cli_json_print(json_t *object)
{
    char *line = planche_cli_json_line(object);
    if (line == NULL)
        planche_cli_message("out of memory for a line of JSON");
    bool ok = line != NULL && fputs(line, stdout) >= 0 && planche_cli_flush_output();
    free(line);
    return ok;
}
