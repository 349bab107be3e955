/* SPDX-License-Identifier: MIT */
/* Tuning: measuring keeps something, engines take it, and no value changes a byte. */
#include "api_test.h"
#include "backend/vulkan/device_pool.h"
#include "backend/vulkan/fault.h"
#include "backend/vulkan/tune/tuning.h"
#include "gpu_pool_of.h"
#include "need_device.h"
#include "support/need_model.h"
#include "support/quick.h"
#include "support/remove_tree.h"
#include "vulkan_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  150
#define HEIGHT 70
#define SCALE  2

static int lines;

static void count_line(void *user, enum planche_log_level level, const char *line)
{
    (void)user;
    lines += level == PLANCHE_LOG_INFO && strstr(line, "pages/s") != NULL;
}

/* A network without averages, whose pages may be cut: two convolutions, and pixels shuffled. */
static const char *plain_model(void)
{
    static const char param[] = "7767517\n4 4\nInput data 0 1 data\n"
                                "Convolution first 1 1 data wide 0=16 1=3 4=1 5=1 6=432 9=1\n"
                                "Convolution second 1 1 wide detail 0=12 1=3 4=1 5=1 6=1728\n"
                                "PixelShuffle shuffle 1 1 detail output 0=2\n";
    return gpu_write_model("plain", param);
}

/* With averages, or without. */
static struct planche_engine *make_engine(enum planche_gpu_path path, bool plain)
{
    char backend[32];
    struct planche_engine *engine;
    struct planche_error error;
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    snprintf(backend, sizeof(backend), "vulkan:%u", test_device_index());
    options.backend = backend;
    options.gpu_path = path;
    options.model = plain ? plain_model() : test_model(SCALE);
    options.scale = SCALE;
    options.threads = 2;
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    return engine;
}

/* A page of a new engine. */
static unsigned run(struct image *out, enum planche_gpu_path path, bool plain)
{
    struct image in;
    struct planche_engine *engine = make_engine(path, plain);
    image_make(&in, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 0);
    image_draw(&in, 1);
    image_make(out, PLANCHE_PIXELS_RGB8, SCALE * WIDTH, SCALE * HEIGHT, 0, 1);
    const struct planche_page_result result = gpu_run(engine, &in.pixels, &out->pixels, NULL);
    gpu_expect(&result);
    image_free(&in);
    planche_engine_destroy(&engine);
    return result.tiles;
}

/* Every value of every choice, on the device's own path. */
static void test_values(void **state)
{
    const enum planche_gpu_path path = gpu_need().path;
    const struct planche_gpu_tuning usual = {.path = path, .pages = 2, .transfer = 8, .rows = 1};
    struct planche_gpu_tuning all[24];
    unsigned count = 0;
    (void)state;
    for (unsigned i = 0; i < 24; i++)
        all[i] = usual;
    all[count++].pages = 1;
    all[count++].pages = 8;
    all[count++].transfer = 2;
    all[count++].transfer = 32;
    all[count++].rows = 2;
    all[count++].rows = 4;
    all[count++].tile = 64;
    all[count++].tile = 4096;
    all[count++] = (struct planche_gpu_tuning){path, 3, 2, 4, 128};
    for (int plain = 0; plain < 2; plain++) {
        struct image expected, actual;
        unsigned cut = 0;
        planche_gpu_tuning_override(&usual);
        assert_int_equal(run(&expected, path, plain), 1);
        for (unsigned i = 0; i < count; i += test_quick() ? 2 : 1) {
            assert_true(planche_gpu_tuning_is_valid(&all[i]));
            planche_gpu_tuning_override(&all[i]);
            cut += run(&actual, path, plain) > 1;
            image_expect_equal(&actual.pixels, &expected.pixels);
            image_free(&actual);
        }
        /* Where there are averages tiles are as large as memory allows. */
        assert_int_equal(cut, plain ? 2 : 0);
        image_free(&expected);
    }
    planche_gpu_tuning_override(NULL);
}

/* A small model for a moment: there is a line for each value, a file, and engines take it. */
static void test_measured(void **state)
{
    struct planche_gpu_tune_options options = PLANCHE_GPU_TUNE_OPTIONS_INIT;
    struct planche_error error;
    struct image before, after;
    const struct planche_gpu_tuning sentinel = {
        .path = PLANCHE_GPU_PATH_F16, .pages = 7, .transfer = 4, .rows = 1};
    (void)state;
    struct planche_gpu_info gpu = gpu_need();
    if (gpu.path < PLANCHE_GPU_PATH_F16)
        test_lack("PLANCHE_REQUIRE_VULKAN", "the device has no half precision");
    setenv("XDG_CACHE_HOME", test_path("cache"), 1);
    run(&before, PLANCHE_GPU_PATH_F16, false);
    options.seconds = 1;
    options.model = test_model(SCALE);
    options.log = count_line;
    lines = 0;
    if (planche_gpu_tune(gpu.index, &options, &error))
        fail_msg("%s", error.message);
    assert_true(lines > 0);
    gpu = (struct planche_gpu_info)PLANCHE_GPU_INFO_INIT;
    assert_int_equal(planche_gpu_get_info(test_device_index(), &gpu, NULL), PLANCHE_OK);
    assert_non_null(strstr(gpu.tuning, "at once"));
    /* What is kept is taken. */
    assert_int_equal(planche_vk_tuning_save(gpu.index, &sentinel, &error), PLANCHE_OK);
    struct planche_engine *engine = make_engine(PLANCHE_GPU_PATH_AUTO, false);
    assert_int_equal(gpu_pool_of(engine)->contexts[0]->turn_limit, 7);
    assert_int_equal(gpu_pool_of(engine)->contexts[0]->device->path, PLANCHE_GPU_PATH_F16);
    planche_engine_destroy(&engine);
    engine = make_engine(PLANCHE_GPU_PATH_F32, false); /* it was not measured for this path */
    assert_int_not_equal(gpu_pool_of(engine)->contexts[0]->turn_limit, 7);
    planche_engine_destroy(&engine);
    run(&after, PLANCHE_GPU_PATH_F16, false);
    image_expect_equal(&after.pixels, &before.pixels);
    image_free(&before);
    image_free(&after);
}

static void test_ends(void **state)
{
    struct planche_gpu_tune_options options = PLANCHE_GPU_TUNE_OPTIONS_INIT;
    struct planche_error error;
    (void)state;
    options.model = test_model(SCALE);
    assert_int_equal(planche_cancel_create(&options.cancel, NULL), PLANCHE_OK);
    planche_cancel_request(options.cancel);
    assert_int_equal(planche_gpu_tune(gpu_need().index, &options, &error), PLANCHE_ERROR_CANCELLED);
    planche_cancel_destroy(&options.cancel);
    assert_int_equal(planche_gpu_tune(1000, &options, &error), PLANCHE_ERROR_NOT_FOUND);
}

static int teardown(void **state)
{
    planche_gpu_tuning_override(NULL);
    remove_tree(test_path("cache"));
    remove(test_path("plain.bin"));
    remove(test_path("plain.param"));
    return test_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_measured),
                                       cmocka_unit_test(test_ends)};
    return test_exit_status(cmocka_run_group_tests(tests, test_setup, teardown));
}
