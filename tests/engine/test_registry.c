/* SPDX-License-Identifier: MIT */
/* An executor registry with one more executor: options name it, an engine runs pages on it, and its
 * failures bring them to the CPU. */
#include "backend/cpu/cpu.h"
#include "base/alloc.h"
#include "base/status.h"
#include "engine/create.h"
#include "engine/engine.h"
#include "engine/executors.h"
#include "engine/internal.h"
#include "engine/run.h"
#include "support/remove_tree.h"
#include "support/testing.h"
#include "support/tiny_model.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  7
#define HEIGHT 5
#define SCALE  2

/* An executor that enlarges pages by repeating their pixels. */
struct repeater {
    char devices[16];
};

struct repeater_plan {
    struct planche_executor_plan shared;
    struct planche_executor_page page;
};

static atomic_int runs, destroyed;
static unsigned ran_colours;
static uint64_t planned_extra; /* of the plan that was made last */
static int fail_at = -1;       /* row of the result before which the device fails */
static char devices[16];
static enum planche_precision precision;
static enum planche_status creates = PLANCHE_OK;

static enum planche_status create(void **state, const struct planche_executor_setup *setup,
                                  struct planche_budget *budget, struct planche_error *error)
{
    if (creates)
        return planche_fail(error, creates, "it is not plugged in");
    struct repeater *repeater = planche_calloc(budget, 1, sizeof(*repeater));
    if (!repeater)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a repeater");
    snprintf(devices, sizeof(devices), "%s", setup->devices ? setup->devices : "all");
    precision = setup->precision;
    *state = repeater;
    return PLANCHE_OK;
}

static void destroy(void *state)
{
    destroyed++;
    planche_free(state);
}

static void describe(const void *state, struct planche_executor_info *info)
{
    (void)state;
    *info = (struct planche_executor_info){
        .precision = "f32", .device = "Repeater", .lanes = 1, .plan_bytes = 4096};
}

static enum planche_status plan(const void *state, const struct planche_executor_page *page,
                                uint64_t memory, struct planche_budget *budget,
                                struct planche_executor_plan **out, uint64_t *least,
                                struct planche_error *error)
{
    (void)state;
    (void)memory;
    *least = 4096;
    planned_extra = page->extra;
    struct repeater_plan *own = planche_calloc(budget, 1, sizeof(*own));
    if (!own)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a plan");
    own->page = *page;
    own->shared =
        (struct planche_executor_plan){.bytes = 4096, .fetch_rows = 1, .emit_rows = SCALE};
    *out = &own->shared;
    return PLANCHE_OK;
}

static void unplan(struct planche_executor_plan *plan)
{
    planche_free(plan);
}

static void repeat(const uint8_t *row, uint8_t *wide, size_t colours)
{
    for (size_t i = 0; i < WIDTH * SCALE; i++)
        memcpy(wide + colours * i, row + i / SCALE * colours, colours);
}

static enum planche_status run(void *state, const struct planche_executor_plan *plan,
                               const struct planche_page_io *io, struct planche_budget *budget,
                               struct planche_executor_result *result, struct planche_error *error)
{
    const struct repeater_plan *own = (const struct repeater_plan *)(const void *)plan;
    uint8_t row[WIDTH * 3], wide[WIDTH * SCALE * 3];
    (void)state;
    (void)budget;
    runs++;
    assert_int_equal(own->page.width, WIDTH);
    ran_colours = own->page.colours;
    assert_false(own->page.values);
    for (int64_t y = 0; y < own->page.height; y++) {
        enum planche_status status = io->fetch_row(io->user, y, row, error);
        repeat(row, wide, own->page.colours);
        for (int64_t i = y * SCALE; !status && i < (y + 1) * SCALE; i++)
            status = i == fail_at ? planche_fail(error, PLANCHE_ERROR_DEVICE, "it came unplugged")
                                  : io->emit_row(io->user, i, wide, error);
        if (status)
            return status;
    }
    result->tiles += 1;
    return PLANCHE_OK;
}

static const struct planche_executor_ops repeater_executor = {
    .name = "repeater",
    .title = "a repeater",
    .kind = "repeater",
    .precisions = PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_AUTO) |
                  PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_F32) |
                  PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_F16),
    .usual = PLANCHE_PRECISION_F32,
    .takes_devices = true,
    .rows = true,
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .plan = plan,
    .unplan = unplan,
    .run = run,
};

static const struct planche_executor_ops *const both[] = {&repeater_executor,
                                                          &planche_cpu_executor};
static const struct planche_executor_registry registry = {both, 2}, only_cpu = {both + 1, 1},
                                              only_repeater = {both, 1};

static char folder[] = "/tmp/planche-registry-XXXXXX";
static char model[128];
static uint8_t page[HEIGHT][WIDTH * 3];
static uint8_t result_pixels[HEIGHT * SCALE][WIDTH * SCALE * 3];
static char last_log[256];

static int setup(void **state)
{
    static struct tiny_model tiny;
    char path[96];
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/model", folder);
    snprintf(model, sizeof(model), "%s.param", path);
    tiny_model_make(&tiny, SCALE);
    for (size_t i = 0; i < sizeof(page); i++)
        (&page[0][0])[i] = (uint8_t)(i * 37 % 251);
    return tiny_model_write(&tiny, path) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    remove_tree(folder);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    runs = destroyed = 0;
    fail_at = -1;
    creates = PLANCHE_OK;
    last_log[0] = devices[0] = '\0';
    return 0;
}

static void take_log(void *user, enum planche_log_level level, const char *message)
{
    (void)user;
    if (level != PLANCHE_LOG_DEBUG || strstr(message, "is used"))
        snprintf(last_log, sizeof(last_log), "%s", message);
}

static struct planche_engine_options options_for(const char *backend)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    options.model = model;
    options.threads = 1;
    options.memory = (uint64_t)64 << 20;
    options.backend = backend;
    options.log = take_log;
    return options;
}

static struct planche_engine *open_engine(const struct planche_executor_registry *from,
                                          const struct planche_engine_options *options)
{
    struct planche_engine *engine;
    struct planche_error error;
    if (planche_engine_open_from(&engine, from, options, &error))
        fail_msg("%s", error.message);
    return engine;
}

static void run_page(const struct planche_engine *engine, struct planche_page_result *result)
{
    const struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    const struct planche_pixels in = {sizeof(in), PLANCHE_PIXELS_RGB8, WIDTH,
                                      HEIGHT,     sizeof(page[0]),     page};
    const struct planche_pixels out = {sizeof(out),    PLANCHE_PIXELS_RGB8,      WIDTH * SCALE,
                                       HEIGHT * SCALE, sizeof(result_pixels[0]), result_pixels};
    struct planche_error error;
    memset(result_pixels, 0, sizeof(result_pixels));
    if (planche_run_pixels(engine, &in, &out, &options, result, &error))
        fail_msg("%s", error.message);
}

static void test_runs_page(void **state)
{
    static const char *const names[] = {NULL, "auto", "repeater", "repeater:1,3"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const struct planche_engine_options options = options_for(names[i]);
        struct planche_engine *engine = open_engine(&registry, &options);
        struct planche_engine_info info;
        struct planche_page_result result;
        uint8_t wide[WIDTH * SCALE * 3];
        planche_engine_describe(engine, &info);
        assert_string_equal(info.backend, "repeater");
        assert_string_equal(info.device, "Repeater");
        assert_string_equal(devices, i == 3 ? "1,3" : "all");
        run_page(engine, &result);
        assert_string_equal(result.backend, "repeater");
        assert_int_equal(result.redone, 0);
        assert_int_equal(result.tiles, 1);
        for (size_t y = 0; y < HEIGHT * SCALE; y++) {
            repeat(page[y / SCALE], wide, 3);
            assert_memory_equal(result_pixels[y], wide, sizeof(wide));
        }
        planche_engine_close(&engine);
        assert_int_equal(runs, i + 1);
        assert_int_equal(destroyed, i + 1);
    }
}

/* The CPU makes what the device began, with the bytes of an engine that has only the CPU. */
static void test_failure_goes_to_cpu(void **state)
{
    static uint8_t expected[sizeof(result_pixels)];
    struct planche_engine_options options = options_for("cpu");
    struct planche_engine *engine = open_engine(&only_cpu, &options);
    struct planche_page_result result;
    (void)state;
    run_page(engine, &result);
    planche_engine_close(&engine);
    memcpy(expected, result_pixels, sizeof(expected));
    options.backend = "repeater";
    options.precision = PLANCHE_PRECISION_F16; /* which the CPU has not */
    engine = open_engine(&registry, &options);
    assert_int_equal(precision, PLANCHE_PRECISION_F16);
    fail_at = 3;
    run_page(engine, &result);
    assert_int_equal(runs, 1);
    assert_string_equal(result.backend, "cpu");
    assert_int_equal(result.redone, 1);
    assert_string_equal(result.redone_reason, "it came unplugged");
    assert_string_equal(last_log, "page: made on the CPU: it came unplugged");
    assert_memory_equal(result_pixels, expected, sizeof(expected));
    planche_engine_close(&engine);
}

/* Those that take over have the precision that was asked for, or their own. A page that two of them
 * fail to make comes to the third. */
static void test_three(void **state)
{
    static const struct planche_executor_ops *const all[] = {&repeater_executor, &repeater_executor,
                                                             &planche_cpu_executor};
    const struct planche_executor_registry three = {all, 3};
    struct planche_engine_options options = options_for(NULL);
    struct planche_page_result result;
    (void)state;
    options.precision = PLANCHE_PRECISION_F16;
    struct planche_engine *engine = open_engine(&three, &options);
    const struct planche_executors *executors = &planche_engine_primary(engine)->executors;
    assert_int_equal(executors->count, 3);
    assert_int_equal(executors->list[1].setup.precision, PLANCHE_PRECISION_F16);
    assert_int_equal(executors->list[2].setup.precision, PLANCHE_PRECISION_AUTO);
    fail_at = 0;
    run_page(engine, &result);
    assert_int_equal(runs, 2);
    assert_string_equal(result.backend, "cpu");
    assert_int_equal(result.redone, 1);
    planche_engine_close(&engine);
    assert_int_equal(destroyed, 1); /* both places of its list have the same kind: one is made */
}

static void put_le(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

/* A page in colour whose pixels are grey is admitted before they are seen, on what is no CPU: it
 * comes back to the door for the network of grey pages, once. */
static void test_turns_out_grey(void **state)
{
    enum { HEAD = 54, ROW = (WIDTH * 3 + 3) / 4 * 4 };
    uint8_t file[HEAD + ROW * HEIGHT] = {'B', 'M'};
    struct planche_engine_options options = options_for("repeater");
    struct planche_page_options page_options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    struct planche_error error;
    void *data;
    size_t size;
    (void)state;
    put_le(file + 2, sizeof file);
    put_le(file + 10, HEAD);
    put_le(file + 14, 40);
    put_le(file + 18, WIDTH);
    put_le(file + 22, HEIGHT);
    put_le(file + 26, 1);
    put_le(file + 28, 24);
    for (size_t i = HEAD; i < sizeof file; i++)
        file[i] = (uint8_t)((i - HEAD) / 3 * 29); /* three alike */
    options.model = "small";
    options.scale = SCALE;
    options.has_level = 1;
    options.level = 1;
    page_options.format = PLANCHE_FORMAT_PNG;
    page_options.grey = PLANCHE_GREY_AUTO;
    page_options.deadline_ms = 60000;
    struct planche_engine *engine = open_engine(&registry, &options);
    for (int i = 0; i < 2; i++) {
        if (planche_run_bytes(engine, file, sizeof file, &data, &size, &page_options, &result,
                              &error))
            fail_msg("%s", error.message);
        planche_free(data);
        assert_int_equal(ran_colours, 1);
        assert_int_equal(runs, i + 1);
    }
    planche_engine_close(&engine);
    assert_int_equal(destroyed, 2);
}

/* What a process usually takes has the weights in it that are there: where the only page of a run
 * gives up a network, it has no other part of that than where the network stays. */
static void test_usual_memory(void **state)
{
    const struct planche_pixels in = {sizeof(in), PLANCHE_PIXELS_GREY8, WIDTH, HEIGHT, WIDTH, page};
    const struct planche_pixels out = {sizeof(out),    PLANCHE_PIXELS_GREY8, WIDTH * SCALE,
                                       HEIGHT * SCALE, WIDTH * SCALE,        result_pixels};
    struct planche_engine_options options = options_for("repeater");
    const struct planche_page_options page_options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result;
    struct planche_error error;
    uint64_t extra[2], weights[2];
    (void)state;
    options.model = "small";
    options.scale = SCALE;
    options.has_level = 1;
    options.level = 1;
    for (unsigned i = 0; i < 2; i++) {
        options.pages = i + 1;
        struct planche_engine *engine = open_engine(&only_repeater, &options);
        engine->usual_bytes = options.memory / 2;
        if (planche_run_pixels(engine, &in, &out, &page_options, &result, &error))
            fail_msg("%s", error.message);
        assert_int_equal(ran_colours, 1);
        weights[i] = planche_engine_weight_bytes(engine);
        extra[i] = planned_extra;
        planche_engine_close(&engine);
    }
    assert_true(weights[0] < weights[1]);
    assert_true(extra[0] > 0);
    assert_int_equal(extra[0], extra[1]);
}

/* A network that was given up is loaded again: from the same files, or not at all. */
static void test_given_up(void **state)
{
    static uint8_t expected[sizeof(result_pixels)];
    static struct tiny_model tiny;
    const struct planche_engine_options options = options_for("cpu");
    const struct planche_pixels in = {sizeof(in), PLANCHE_PIXELS_RGB8, WIDTH,
                                      HEIGHT,     sizeof(page[0]),     page};
    const struct planche_pixels out = {sizeof(out),    PLANCHE_PIXELS_RGB8,      WIDTH * SCALE,
                                       HEIGHT * SCALE, sizeof(result_pixels[0]), result_pixels};
    const struct planche_page_options page_options = PLANCHE_PAGE_OPTIONS_INIT;
    char before[PLANCHE_ENGINE_FINGERPRINT], after[PLANCHE_ENGINE_FINGERPRINT], path[96];
    struct planche_page_result result;
    struct planche_error error;
    struct planche_engine *engine = open_engine(&only_cpu, &options);
    struct planche_admission *admission = &engine->state->admission;
    const uint64_t bytes = planche_engine_weight_bytes(engine),
                   memory = planche_admission_available(admission).most;
    (void)state;
    run_page(engine, &result);
    memcpy(expected, result_pixels, sizeof(expected));
    /* the last stays */
    assert_int_equal(planche_admission_shed(admission, 0, false), PLANCHE_SHED_NOTHING);
    assert_int_equal(planche_admission_shed(admission, 1, true), PLANCHE_SHED_DONE);
    assert_int_equal(planche_admission_shed(admission, 1, true), PLANCHE_SHED_NOTHING);
    assert_true(planche_engine_weight_bytes(engine) < bytes);
    assert_true(planche_admission_available(admission).most > memory);
    assert_int_equal(planche_engine_fingerprint(engine, before, &error), PLANCHE_OK);
    run_page(engine, &result);
    assert_memory_equal(result_pixels, expected, sizeof(expected));
    assert_int_equal(planche_engine_fingerprint(engine, after, &error), PLANCHE_OK);
    assert_string_equal(before, after);
    assert_int_equal(planche_admission_shed(admission, 1, true), PLANCHE_SHED_DONE);
    snprintf(path, sizeof(path), "%s/model", folder);
    tiny_model_make(&tiny, SCALE);
    remove(model);
    assert_true(tiny_model_write(&tiny, path));
    assert_int_equal(planche_run_pixels(engine, &in, &out, &page_options, &result, &error),
                     PLANCHE_ERROR_IO);
    assert_non_null(strstr(error.message, "have changed since they were loaded"));
    planche_engine_close(&engine);
}

static void expect_failure(const struct planche_engine_options *options, enum planche_status status,
                           const char *message)
{
    struct planche_engine *engine;
    struct planche_error error;
    assert_int_equal(planche_engine_open_from(&engine, &registry, options, &error), status);
    assert_null(engine);
    assert_string_equal(error.message, message);
}

static void test_cannot_be_made(void **state)
{
    struct planche_engine_options options = options_for(NULL);
    struct planche_engine_info info;
    (void)state;
    creates = PLANCHE_ERROR_UNSUPPORTED;
    struct planche_engine *engine = open_engine(&registry, &options);
    planche_engine_describe(engine, &info);
    assert_string_equal(info.backend, "cpu");
    assert_string_equal(last_log, "no repeater is used: it is not plugged in");
    planche_engine_close(&engine);
    options.precision = PLANCHE_PRECISION_F16;
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED,
                   "precision f16 needs a repeater: it is not plugged in");
    options.backend = "repeater";
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "it is not plugged in");
}

/* Messages list what the registry has. */
static void test_wrong_options(void **state)
{
    struct planche_engine_options options = options_for("vulkan");
    (void)state;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT,
                   "unknown backend vulkan: there are auto, cpu, repeater, repeater:N and "
                   "repeater:N,M");
    options.backend = "cpu:1";
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT,
                   "unknown backend cpu:1: there are auto, cpu, repeater, repeater:N and "
                   "repeater:N,M");
    options.backend = "repeater";
    options.precision = PLANCHE_PRECISION_BF16;
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED,
                   "precision bf16 is for CPUs; repeaters have f32 and f16");
    options.backend = "cpu";
    options.precision = PLANCHE_PRECISION_F16;
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED,
                   "precision f16 is for repeaters; CPUs have f32, bf16 and int8");
    options.precision = PLANCHE_PRECISION_F32;
    options.gpu_path = PLANCHE_GPU_PATH_KHR;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT,
                   "precision f32 contradicts the GPU path khr: give only one of (option "
                   "precision) and (option gpu_path)");
}

static void expect_words(const struct planche_executor_registry *from, const char *backend,
                         enum planche_precision wanted, const char *message)
{
    struct planche_engine_options options = options_for(backend);
    struct planche_error error;
    options.precision = wanted;
    assert_int_not_equal(planche_executors_check(from, &options, &error), PLANCHE_OK);
    assert_string_equal(error.message, message);
}

/* The same of what Planche has, word for word. */
static void test_own_words(void **state)
{
    const struct planche_executor_registry *own = &planche_executors_registered;
    (void)state;
    expect_words(own, "gpu", PLANCHE_PRECISION_AUTO,
                 "unknown backend gpu: there are auto, cpu, vulkan, vulkan:N and vulkan:N,M");
    expect_words(own, "vulkan", PLANCHE_PRECISION_BF16,
                 "precision bf16 is for CPUs; GPUs have f16 and f32");
    expect_words(own, "cpu", PLANCHE_PRECISION_F16,
                 "precision f16 is for GPUs; CPUs have f32, bf16 and int8");
    expect_words(&only_cpu, "auto", PLANCHE_PRECISION_F16, "no backend has precision f16");
}

/* A path that is asked for is not passed over where nothing has paths. */
static void test_paths(void **state)
{
    struct planche_engine_options options = options_for("cpu");
    (void)state;
    options.gpu_path = PLANCHE_GPU_PATH_KHR;
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "the path khr is for GPUs, not the CPU");
    options.backend = "repeater";
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "the path khr is for GPUs, not a repeater");
    options.backend = "auto";
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "no backend has GPU paths");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_runs_page, reset),
        cmocka_unit_test_setup(test_failure_goes_to_cpu, reset),
        cmocka_unit_test_setup(test_three, reset),
        cmocka_unit_test_setup(test_turns_out_grey, reset),
        cmocka_unit_test_setup(test_usual_memory, reset),
        cmocka_unit_test_setup(test_given_up, reset),
        cmocka_unit_test_setup(test_cannot_be_made, reset),
        cmocka_unit_test_setup(test_wrong_options, reset),
        cmocka_unit_test_setup(test_own_words, reset),
        cmocka_unit_test_setup(test_paths, reset),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
