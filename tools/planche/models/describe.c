/* SPDX-License-Identifier: MIT */
/* Description of a model's file. */
#include "models/describe.h"

#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/number.h"
#include "cli/terminal.h"
#include "models/licence.h"
#include "os/clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The page that a model's speed is measured with, and the time after which no further run begins.
 * Small: a large network takes seconds even so. */
#define SIDE        128
#define CHANNELS    3
#define MAX_RUNS    5
#define MAX_TIME_MS 500.0

static uint64_t size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
}

/* Also of the second file of ncnn's two. */
static uint64_t size_of_all(const char *path)
{
    char second[PATH_MAX];
    size_t length = strlen(path);
    uint64_t bytes = size_of(path);
    if (length < 6 || length >= sizeof second || strcmp(path + length - 6, ".param") != 0)
        return bytes;
    snprintf(second, sizeof second, "%.*s.bin", (int)length - 6, path);
    return bytes + size_of(second);
}

/* Enlarges the page until the time is up; 0: it failed. */
static double time_runs(const struct planche_engine *engine, struct planche_pixels *in,
                        struct planche_pixels *out, struct planche_error *error)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    double least = 0, total = 0;
    options.cancel = planche_cli_interrupt_cancel();
    for (int i = 0; i < MAX_RUNS && total < MAX_TIME_MS; i++) {
        double start = planche_clock_ms();
        if (planche_engine_run_pixels(engine, in, out, &options, NULL, error) != PLANCHE_OK)
            return 0;
        double ms = planche_clock_ms() - start;
        total += ms;
        least = i == 0 || ms < least ? ms : least;
    }
    return least * 1000 / (SIDE * SIDE);
}

static double measure(const struct planche_engine *engine, unsigned scale,
                      struct planche_error *error)
{
    size_t in_row = (size_t)SIDE * CHANNELS, out_row = in_row * scale;
    struct planche_pixels in = PLANCHE_PIXELS_INIT, out = PLANCHE_PIXELS_INIT;
    unsigned char *from = malloc(in_row * SIDE), *to = malloc(out_row * SIDE * scale);
    double us = 0;
    if (from != NULL && to != NULL) {
        for (size_t i = 0; i < in_row * SIDE; i++)
            from[i] = (unsigned char)(i * 37 + i / in_row * 11);
        in.data = from;
        in.stride = in_row;
        in.width = in.height = SIDE;
        out.data = to;
        out.stride = out_row;
        out.width = out.height = SIDE * scale;
        in.format = out.format = PLANCHE_PIXELS_RGB8;
        us = time_runs(engine, &in, &out, error);
    }
    free(from);
    free(to);
    return us;
}

static void note_reason(struct planche_cli_description *out, const struct planche_error *error)
{
    const char *text = error->message;
    size_t length = strlen(out->path);
    if (strncmp(text, out->path, length) == 0 && strncmp(text + length, ": ", 2) == 0)
        text += length + 2;
    snprintf(out->reason, sizeof out->reason, "%s", text);
}

static void measure_file(struct planche_cli_description *out)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine *engine = NULL;
    struct planche_error error = {0};
    options.model = out->path;
    if (planche_engine_create(&engine, &options, &error) == PLANCHE_OK)
        out->us = measure(engine, out->facts.scale, &error);
    planche_engine_destroy(&engine);
    if (error.status != PLANCHE_OK && error.status != PLANCHE_ERROR_CANCELLED) {
        out->usable = false;
        note_reason(out, &error);
    }
}

void planche_cli_describe(struct planche_cli_description *out, const char *path, bool speed)
{
    struct planche_error error = {0};
    *out = (struct planche_cli_description){
        .path = path, .facts = PLANCHE_MODEL_FACTS_INIT, .bytes = size_of_all(path)};
    out->usable = planche_model_inspect(path, 0, &out->facts, &error) == PLANCHE_OK;
    if (!out->usable)
        note_reason(out, &error);
    if (*out->facts.licence != 0)
        snprintf(out->licence, sizeof out->licence, "%s", out->facts.licence);
    else
        planche_cli_licence_find(path, out->licence, sizeof out->licence, out->licence_from,
                                 sizeof out->licence_from);
    if (speed && out->usable)
        measure_file(out);
}

static const char *or_dash(const char *text)
{
    return *text != 0 ? text : "-";
}

/* "3", "1 to 3", or "-". */
static const char *format_channels(const struct planche_model_facts *facts, char *text, size_t size)
{
    if (facts->channels_in == 0)
        snprintf(text, size, "-");
    else if (facts->channels_in == facts->channels_out || facts->channels_out == 0)
        snprintf(text, size, "%u", facts->channels_in);
    else
        snprintf(text, size, "%u to %u", facts->channels_in, facts->channels_out);
    return text;
}

static const char *format_scale(unsigned scale, char *text, size_t size)
{
    snprintf(text, size, scale > 0 ? "%ux" : "-", scale);
    return text;
}

/* Architectures of graphs are their own: the format stands for them. */
static const char *kind(const struct planche_model_facts *facts)
{
    return *facts->architecture != 0 ? facts->architecture : or_dash(facts->format);
}

void planche_cli_describe_heading(bool speed)
{
    planche_cli_print("%-16s %5s  %-8s %9s  %-16s%s %s", "ARCHITECTURE", "SCALE", "CHANNELS",
                      "SIZE", "LICENCE", speed ? "  US/PIXEL" : "", "FILE");
}

void planche_cli_describe_line(const struct planche_cli_description *d, bool speed)
{
    char scale[16], channels[32], size[32], us[32] = "";
    if (speed)
        snprintf(us, sizeof us, d->us > 0 ? "  %8.2f" : "         -", d->us);
    planche_cli_print("%-16s %5s  %-8s %9s  %-16.60s%s %s", kind(&d->facts),
                      format_scale(d->facts.scale, scale, sizeof scale),
                      format_channels(&d->facts, channels, sizeof channels),
                      planche_cli_format_bytes(d->bytes, size, sizeof size), or_dash(d->licence),
                      us, d->path);
    if (!d->usable)
        planche_cli_print("    cannot be used: %s", d->reason);
}

void planche_cli_describe_all(const struct planche_cli_description *d)
{
    char scale[16], channels[32], size[32];
    planche_cli_print("%s", d->path);
    planche_cli_print("  format        %s", or_dash(d->facts.format));
    planche_cli_print("  architecture  %s", or_dash(d->facts.architecture));
    if (*d->facts.size != 0)
        planche_cli_print("  network       %s", d->facts.size);
    planche_cli_print("  scale         %s", format_scale(d->facts.scale, scale, sizeof scale));
    planche_cli_print("  channels      %s", format_channels(&d->facts, channels, sizeof channels));
    if (d->facts.parameters > 0)
        planche_cli_print("  parameters    %llu", (unsigned long long)d->facts.parameters);
    planche_cli_print("  size          %s", planche_cli_format_bytes(d->bytes, size, sizeof size));
    planche_cli_print(
        "  licence       %s%s%s%s", *d->licence != 0 ? d->licence : "nothing tells it",
        *d->licence_from != 0 ? " (" : "", d->licence_from, *d->licence_from != 0 ? ")" : "");
    if (d->us > 0)
        planche_cli_print("  speed         %.2f us per pixel of the page", d->us);
    planche_cli_print("  usable        %s%s", d->usable ? "yes" : "no: ", d->reason);
}

static json_t *text_or_null(const char *text)
{
    return *text != 0 ? planche_cli_json_text(text) : json_null();
}

static json_t *number_or_null(uint64_t number)
{
    return number > 0 ? json_integer((json_int_t)number) : json_null();
}

bool planche_cli_describe_json(const struct planche_cli_description *d)
{
    json_t *object = json_object();
    json_object_set_new(object, "file", planche_cli_json_text(d->path));
    json_object_set_new(object, "format", text_or_null(d->facts.format));
    json_object_set_new(object, "architecture", text_or_null(d->facts.architecture));
    json_object_set_new(object, "network", text_or_null(d->facts.size));
    json_object_set_new(object, "scale", number_or_null(d->facts.scale));
    json_object_set_new(object, "channels_in", number_or_null(d->facts.channels_in));
    json_object_set_new(object, "channels_out", number_or_null(d->facts.channels_out));
    json_object_set_new(object, "parameters", number_or_null(d->facts.parameters));
    json_object_set_new(object, "bytes", json_integer((json_int_t)d->bytes));
    json_object_set_new(object, "licence", text_or_null(d->licence));
    json_object_set_new(object, "licence_file", text_or_null(d->licence_from));
    json_object_set_new(object, "usable", json_boolean(d->usable));
    json_object_set_new(object, "reason", text_or_null(d->reason));
    json_object_set_new(object, "us_per_pixel", d->us > 0 ? json_real(d->us) : json_null());
    return planche_cli_json_print(object);
}
