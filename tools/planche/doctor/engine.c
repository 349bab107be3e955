/* SPDX-License-Identifier: MIT */
/* planche doctor: models, and a page that is made. */
#include "doctor/checks.h"

#include "cli/model_options.h"
#include "os/clock.h"
#include "os/file_info.h"

#include <limits.h>
#include <planche/planche.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SIDE 32 /* of the page, pixels */

/* Names with commas between. */
struct names {
    char text[600];
    const char *last;
};

/* Variants of a model are neighbours in the catalogue. */
static void add_name(struct names *names, const char *name)
{
    size_t used = strlen(names->text);
    if (names->last != NULL && strcmp(names->last, name) == 0)
        return;
    snprintf(names->text + used, sizeof names->text - used, "%s%s", used ? ", " : "", name);
    names->last = name;
}

/* Whether the folder of models cannot be looked into, which is told of the folder, once. */
static bool is_closed(const char *folder)
{
    char path[PATH_MAX];
    struct planche_error error = {0};
    if (folder == NULL && planche_model_directory(path, sizeof path, &error) != PLANCHE_OK)
        return false;
    return planche_file_find(folder != NULL ? folder : path, NULL) == PLANCHE_FILE_UNKNOWN;
}

void planche_doctor_check_models(struct planche_doctor_findings *findings,
                                 const struct planche_cli_options *options)
{
    struct names own = {0}, cached = {0};
    unsigned absent = 0;
    const char *folder = options->engine.model_directory;
    bool closed = is_closed(folder);
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        struct planche_error error = {0};
        enum planche_status status = planche_model_check(variant, folder, 0, &error);
        if (variant->package == NULL)
            add_name(&own, variant->model);
        else if (status == PLANCHE_OK)
            add_name(&cached, variant->model);
        else if (status == PLANCHE_ERROR_NOT_FOUND || status == PLANCHE_ERROR_ARGUMENT || closed)
            absent++;
        else
            planche_doctor_add(findings, PLANCHE_DOCTOR_PROBLEM, "models",
                               "planche models remove and fetch bring them back", "%s",
                               error.message);
    }
    planche_doctor_add(findings, PLANCHE_DOCTOR_OK, "models", "", "built in: %s; fetched: %s%s",
                       *own.text ? own.text : "none", *cached.text ? cached.text : "none",
                       absent > 0 ? "; planche models lists others, planche models fetch gets them"
                                  : "");
}

/* A grey slope. */
static void draw(uint8_t *pixels)
{
    for (unsigned i = 0; i < SIDE * SIDE; i++)
        pixels[i] = (uint8_t)(i % SIDE * 8);
}

/* Whether a result is one of the slope: a driver that computes nonsense is found. */
static bool is_sound(const uint8_t *in, const uint8_t *out, unsigned scale)
{
    unsigned width = SIDE * scale;
    uint64_t differences = 0;
    if (scale == 0)
        return false;
    for (unsigned y = 0; y < width; y++) {
        for (unsigned x = 0; x < width; x++) {
            int difference = out[y * width + x] - in[y / scale * SIDE + x / scale];
            differences += (unsigned)(difference < 0 ? -difference : difference);
        }
    }
    return differences < (uint64_t)24 * width * width;
}

/* What an engine logs: why it does not run where it was meant to. */
static void keep_warning(void *user, enum planche_log_level level, const char *message)
{
    char *warning = user;
    if (level >= PLANCHE_LOG_WARNING && *warning == 0)
        snprintf(warning, PLANCHE_ERROR_MESSAGE_SIZE, "%s", message);
}

static void run(struct planche_doctor_findings *findings, const struct planche_engine *engine,
                const char *warning)
{
    static uint8_t in[SIDE * SIDE], out[64 * SIDE * SIDE];
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_pixels from = PLANCHE_PIXELS_INIT, to = PLANCHE_PIXELS_INIT;
    struct planche_error error = {0};
    planche_engine_get_info(engine, &info, NULL);
    unsigned scale = info.scale >= 1 && info.scale <= 8 ? info.scale : 2;
    draw(in);
    from.format = to.format = PLANCHE_PIXELS_GREY8;
    from.width = from.height = SIDE;
    from.stride = SIDE;
    from.data = in;
    to.width = to.height = SIDE * scale;
    to.stride = to.width;
    to.data = out;
    page.scale = scale;
    double start = planche_clock_ms();
    if (planche_engine_run_pixels(engine, &from, &to, &page, &result, &error) != PLANCHE_OK)
        planche_doctor_add(findings, PLANCHE_DOCTOR_PROBLEM, "engine",
                           "planche doctor --backend cpu tells whether the CPU can do it", "%s",
                           error.message);
    else if (!is_sound(in, out, scale))
        planche_doctor_add(findings, PLANCHE_DOCTOR_PROBLEM, "engine",
                           "use --backend cpu, and install another driver if it was a GPU",
                           "a small page came out wrong on %s",
                           info.device != NULL ? info.device : "the CPU");
    else
        planche_doctor_add(
            findings, *warning ? PLANCHE_DOCTOR_NOTE : PLANCHE_DOCTOR_OK, "engine",
            *warning ? "the page was made all the same; --backend cpu leaves the GPU out" : "",
            "a small page was made %u times as large in %.0f ms on %s%s%s", scale,
            planche_clock_ms() - start, info.device != NULL ? info.device : "the CPU",
            *warning ? "; " : "", warning);
}

void planche_doctor_check_engine(struct planche_doctor_findings *findings,
                                 const struct planche_cli_options *options)
{
    struct planche_engine_options how = options->engine;
    struct planche_engine *engine = NULL;
    struct planche_error error = {0};
    char warning[PLANCHE_ERROR_MESSAGE_SIZE] = "";
    unsigned scale;
    how.log = keep_warning;
    how.log_user = warning;
    enum planche_status status = planche_cli_choose_typed(&how, options->level, &scale, &error);
    if (status == PLANCHE_OK)
        status = planche_engine_create(&engine, &how, &error);
    if (status != PLANCHE_OK)
        planche_doctor_add(findings, PLANCHE_DOCTOR_PROBLEM, "engine",
                           "choose another model, backend or --memory; planche info shows which "
                           "of these come from the configuration",
                           "no page can be made: %s", error.message);
    else
        run(findings, engine, warning);
    planche_engine_destroy(&engine);
}
