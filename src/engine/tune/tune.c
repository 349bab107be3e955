/* SPDX-License-Identifier: MIT */
/* Tuning: one choice after the other, each of its values measured by pages that run at once. */
#include "engine/tune/tune.h"

#include "backend/vulkan/vulkan.h"
#include "base/cancel.h"
#include "base/status.h"
#include "engine/create.h"
#include "engine/engine.h"
#include "engine/run.h"
#include "os/clock.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_SECONDS 60.0
#define DEFAULT_MODEL   "medium"
#define DEFAULT_SCALE   2
/* Pages that are asked for at once: more than run, so that one always waits for its turn. */
#define CALLERS 10
/* The page: as large as pages are, or as a slow device makes in this time. */
#define MAX_WIDTH    1200
#define MAX_HEIGHT   1800
#define FIRST_SHRINK 16
#define PAGE_MS      100.0
/* What a value must gain over the one before to be worth it: less is noise. */
#define GAIN 1.02
/* Seconds that one value is measured for at most. */
#define MAX_SLOT 2.5

/* A choice, and its values in the order in which they are tried. */
enum { PATH, ROWS, PAGES, TRANSFER, TILE, CHOICES };
#define MAX_VALUES 6
static const struct {
    const char *name, *unit;
    unsigned values[MAX_VALUES]; /* the first is the default, 0 behind the last */
} choices[CHOICES] = {
    [PATH] = {"path",
              "",
              {PLANCHE_GPU_PATH_KHR, PLANCHE_GPU_PATH_WGMMA, PLANCHE_GPU_PATH_NV2,
               PLANCHE_GPU_PATH_F16}},
    [ROWS] = {"rows of workgroups", " times fewer", {1, 2, 4}},
    [PAGES] = {"pages at once", "", {5, 3, 2, 1, 4, 8}},
    [TRANSFER] = {"transfers", " MiB", {8, 2, 4, 16, 32}},
    [TILE] = {"tiles", " pixels wide", {2048, 1024, 512}},
};

struct tuner {
    unsigned index;
    const struct planche_gpu_tune_options *options;
    struct planche_cancel_token cancel;
    int64_t end; /* of planche_clock_ns */
    struct planche_log log;
    struct planche_gpu_tuning best;
    double score;  /* pages per second with it; 0: nothing was measured yet */
    unsigned left; /* values to measure */
    struct planche_pixels page;
    struct planche_pixels results[CALLERS];
    unsigned scale;
};

/* Pages of one caller. */
struct caller {
    const struct tuner *tuner;
    const struct planche_engine *engine;
    const struct planche_pixels *result;
    int64_t end;
    _Atomic unsigned *made;
    struct planche_thread thread;
    bool started;
    enum planche_status status;
    struct planche_error error;
};

static double seconds_left(const struct tuner *tuner)
{
    return (double)(tuner->end - planche_clock_ns()) / 1e9;
}

static enum planche_status run_page(const struct tuner *tuner, const struct planche_engine *engine,
                                    const struct planche_pixels *out, double *ms,
                                    struct planche_error *error)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    double left = seconds_left(tuner), start = planche_clock_ms();
    options.cancel = tuner->options->cancel;
    if (tuner->score > 0) /* else nothing is known yet, and something has to be */
        options.deadline_ms = left > 0.001 ? (uint64_t)(left * 1e3) : 1;
    enum planche_status status =
        planche_run_pixels(engine, &tuner->page, out, &options, &result, error);
    *ms = planche_clock_ms() - start;
    if (!status && result.redone)
        status = planche_fail(error, PLANCHE_ERROR_DEVICE, "%s", result.redone_reason);
    return status;
}

static void run_pages(void *user)
{
    struct caller *caller = user;
    double ms;
    while (!caller->status && planche_clock_ns() < caller->end) {
        caller->status =
            run_page(caller->tuner, caller->engine, caller->result, &ms, &caller->error);
        if (!caller->status)
            atomic_fetch_add(caller->made, 1);
    }
}

/* Pages per second of an engine, for so many seconds. */
static enum planche_status measure_pages(const struct tuner *tuner,
                                         const struct planche_engine *engine, double seconds,
                                         double *score, struct planche_error *error)
{
    struct caller callers[CALLERS];
    _Atomic unsigned made = 0;
    enum planche_status status = PLANCHE_OK;
    double start = planche_clock_ms();
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.tuner = tuner,
                                     .engine = engine,
                                     .result = &tuner->results[i],
                                     .end = planche_clock_ns() + (int64_t)(seconds * 1e9),
                                     .made = &made};
        callers[i].started = planche_thread_start(&callers[i].thread, run_pages, &callers[i]);
        if (!callers[i].started && i == 0)
            run_pages(&callers[i]);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        if (callers[i].started)
            planche_thread_join(&callers[i].thread);
        if (!status && callers[i].status) {
            status = callers[i].status;
            *error = callers[i].error;
        }
    }
    *score = made / ((planche_clock_ms() - start) / 1e3);
    return status;
}

static enum planche_status open_engine(const struct tuner *tuner,
                                       const struct planche_gpu_tuning *tuning,
                                       struct planche_engine **engine, struct planche_error *error)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    char backend[32];
    snprintf(backend, sizeof backend, "vulkan:%u", tuner->index);
    options.backend = backend;
    options.model = tuner->options->model ? tuner->options->model : DEFAULT_MODEL;
    options.scale = tuner->options->model ? tuner->options->scale : DEFAULT_SCALE;
    options.model_directory = tuner->options->model_directory;
    options.gpu_path = tuning->path;
    planche_gpu_tuning_override(tuning);
    enum planche_status status = planche_engine_open(engine, &options, error);
    planche_gpu_tuning_override(NULL);
    return status;
}

/* What a tuning is worth. UNSUPPORTED: the device does not have its path. */
static enum planche_status measure(const struct tuner *tuner,
                                   const struct planche_gpu_tuning *tuning, double *score,
                                   struct planche_error *error)
{
    struct planche_engine *engine;
    double slot = seconds_left(tuner) / tuner->left, ms;
    int64_t begin = planche_clock_ns();
    enum planche_status status = open_engine(tuner, tuning, &engine, error);
    if (!status) /* the first allocates */
        status = run_page(tuner, engine, &tuner->results[0], &ms, error);
    slot -= (double)(planche_clock_ns() - begin) / 1e9;
    slot = slot > MAX_SLOT ? MAX_SLOT : slot < 0 ? 0.01 : slot;
    if (!status)
        status = measure_pages(tuner, engine, slot, score, error);
    planche_engine_close(&engine);
    return status;
}

static void set_value(struct planche_gpu_tuning *tuning, unsigned choice, unsigned value)
{
    unsigned *const fields[CHOICES] = {[ROWS] = &tuning->rows,
                                       [PAGES] = &tuning->pages,
                                       [TRANSFER] = &tuning->transfer,
                                       [TILE] = &tuning->tile};
    if (choice == PATH)
        tuning->path = (enum planche_gpu_path)value;
    else
        *fields[choice] = value;
}

static unsigned get_value(const struct planche_gpu_tuning *tuning, unsigned choice)
{
    const unsigned values[CHOICES] = {tuning->path, tuning->rows, tuning->pages, tuning->transfer,
                                      tuning->tile};
    return values[choice];
}

static void tell(const struct tuner *tuner, unsigned choice, unsigned value, double score)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    planche_log_write(&tuner->log, PLANCHE_LOG_INFO, "%s %s%s: %.2f pages/s", choices[choice].name,
                      choice == PATH ? planche_vk_path_name((enum planche_gpu_path)value) : text,
                      choices[choice].unit, score);
}

/* What is better than the best by more than noise is so, too, if that is measured again: clocks
 * change with the device's temperature. */
static enum planche_status confirm(struct tuner *tuner, const struct planche_gpu_tuning *tuning,
                                   double score, struct planche_error *error)
{
    double again = 0;
    enum planche_status status =
        tuner->score > 0 ? measure(tuner, &tuner->best, &again, error) : PLANCHE_OK;
    if (status)
        return status;
    tuner->score = again > tuner->score ? again : tuner->score;
    if (score <= tuner->score * GAIN)
        return PLANCHE_OK;
    tuner->best = *tuning;
    tuner->score = score;
    return PLANCHE_OK;
}

static enum planche_status try_value(struct tuner *tuner, unsigned choice, unsigned value,
                                     struct planche_error *error)
{
    struct planche_gpu_tuning tuning = tuner->best;
    double score = 0;
    set_value(&tuning, choice, value);
    enum planche_status status = measure(tuner, &tuning, &score, error);
    if (status)
        return status;
    tell(tuner, choice, value, score);
    return score > tuner->score * GAIN ? confirm(tuner, &tuning, score, error) : PLANCHE_OK;
}

/* Values of a choice. Paths that the device does not have are passed over. */
static enum planche_status try_choice(struct tuner *tuner, unsigned choice,
                                      struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (unsigned v = 0; !status && v < MAX_VALUES && choices[choice].values[v]; v++) {
        unsigned value = choices[choice].values[v];
        bool known = tuner->score > 0 && get_value(&tuner->best, choice) == value;
        bool useless = choice == ROWS && tuner->best.path < PLANCHE_GPU_PATH_KHR;
        if (!known && !useless)
            status = try_value(tuner, choice, value, error);
        tuner->left -= tuner->left > 1;
        if (choice == PATH && status == PLANCHE_ERROR_UNSUPPORTED)
            status = PLANCHE_OK;
        if (!status && tuner->score > 0 && seconds_left(tuner) <= 0)
            return PLANCHE_ERROR_DEADLINE;
    }
    if (choice == PATH && !status && tuner->score <= 0)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "GPU %u has no half precision: there is nothing to choose from",
                            tuner->index);
    return status;
}

static void free_pages(struct tuner *tuner)
{
    planche_free(tuner->page.data);
    for (unsigned i = 0; i < CALLERS; i++)
        planche_free(tuner->results[i].data);
}

static bool make_pixels(struct planche_pixels *pixels, uint32_t width, uint32_t height)
{
    *pixels = (struct planche_pixels)PLANCHE_PIXELS_INIT;
    pixels->format = PLANCHE_PIXELS_RGB8;
    pixels->width = width;
    pixels->height = height;
    pixels->stride = 3 * (size_t)width;
    pixels->data = planche_calloc(NULL, height, pixels->stride);
    return pixels->data != NULL;
}

/* A page with something on it, and room for the results. */
static enum planche_status make_pages(struct tuner *tuner, uint32_t width, uint32_t height,
                                      struct planche_error *error)
{
    free_pages(tuner);
    bool made = make_pixels(&tuner->page, width, height);
    for (unsigned i = 0; i < CALLERS; i++)
        made = make_pixels(&tuner->results[i], width * tuner->scale, height * tuner->scale) && made;
    if (!made)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for pages of %u x %u pixels",
                            width, height);
    uint8_t *samples = tuner->page.data;
    uint32_t state = 1;
    for (size_t i = 0; i < tuner->page.stride * height; i++) {
        state = state * 1664525 + 1013904223;
        samples[i] = (uint8_t)(96 + (i / 64 % 2) * 96 + (state >> 27));
    }
    return PLANCHE_OK;
}

/* Pages as large as the device makes soon, by its default. */
static enum planche_status choose_size(struct tuner *tuner, struct planche_error *error)
{
    struct planche_engine *engine;
    enum planche_status status = open_engine(tuner, &tuner->best, &engine, error);
    double ms = 0;
    if (status)
        return status;
    tuner->scale = engine->plan.scale;
    for (unsigned shrink = FIRST_SHRINK; !status && shrink && ms < PAGE_MS / 4; shrink /= 2) {
        status = make_pages(tuner, MAX_WIDTH / shrink, MAX_HEIGHT / shrink, error);
        for (int i = 0; i < 2 && !status; i++) /* the first allocates */
            status = run_page(tuner, engine, &tuner->results[0], &ms, error);
    }
    planche_engine_close(&engine);
    return status;
}

static unsigned count_values(void)
{
    unsigned count = 0;
    for (unsigned c = 0; c < CHOICES; c++)
        for (unsigned v = 0; v < MAX_VALUES && choices[c].values[v]; v++)
            count++;
    return count;
}

enum planche_status planche_tune_run(unsigned index, const struct planche_gpu_tune_options *options,
                                     struct planche_error *error)
{
    double seconds = options->seconds > 0 ? options->seconds : DEFAULT_SECONDS;
    struct tuner tuner = {.index = index,
                          .options = options,
                          .cancel = {.handle = options->cancel},
                          .log = {.fn = options->log, .user = options->log_user},
                          .left = count_values(),
                          .end = planche_clock_ns() + (int64_t)(seconds * 1e9)};
    enum planche_status status = planche_vk_tuning_default(index, &tuner.best, error);
    if (!status)
        status = choose_size(&tuner, error);
    if (!status)
        planche_log_write(&tuner.log, PLANCHE_LOG_INFO, "pages of %u x %u pixels", tuner.page.width,
                          tuner.page.height);
    for (unsigned c = 0; c < CHOICES && !status; c++)
        status = try_choice(&tuner, c, error);
    free_pages(&tuner);
    if (status == PLANCHE_ERROR_DEADLINE) /* what is best so far holds */
        status = PLANCHE_OK;
    if (!status)
        status = planche_cancel_fail(&tuner.cancel, error);
    return status ? status : planche_vk_tuning_save(index, &tuner.best, error);
}
