/* SPDX-License-Identifier: MIT */
/* Pages with convolutions by Winograd: the same bytes for every size of tiles, those of the CPU but
 * for rounding; and left out, with a line in the log, where the trial finds that the device gets
 * them wrong, or where the driver refuses them. */
#include "api_test.h"
#include "backend/vulkan/conv_matmul.h"
#include "backend/vulkan/fault.h"
#include "backend_test.h"
#include "gpu_pool_of.h"
#include "need_device.h"
#include "vulkan_test.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH  45
#define HEIGHT 38

/* A residual, two inputs that are concatenated, ends of 3 channels, which Winograd does not make.
 */
static const char param[] = "7767517\n"
                            "10 12\n"
                            "Input         data 0 1 data 0=0\n"
                            "Convolution   c1 1 1 data a 0=16 1=3 4=1 5=1 6=432 9=1\n"
                            "Split         s1 1 2 a b c\n"
                            "Convolution   c2 1 1 b d 0=16 1=3 4=1 5=1 6=2304 9=1\n"
                            "BinaryOp      m1 2 1 c d e 0=0\n"
                            "Split         s2 1 2 e f g\n"
                            "Convolution   c3 1 1 f h 0=16 1=3 4=1 5=1 6=2304 9=1\n"
                            "Concat        k1 2 1 h g i\n"
                            "Convolution   c4 1 1 i j 0=16 1=3 4=1 5=1 6=4608 9=1\n"
                            "Convolution   c5 1 1 j output 0=3 1=3 4=1 5=1 6=432\n";

/* The page on the device, or the CPU; how many of the steps Winograd makes. */
static int run(enum planche_gpu_path path, unsigned tile, struct image *out)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine *engine;
    struct planche_error error;
    struct image in;
    char backend[32];
    int made = 0;
    snprintf(backend, sizeof(backend), "vulkan:%u", gpu_need().index);
    options.model = test_path("winograd.param");
    options.backend = path == PLANCHE_GPU_PATH_AUTO ? "cpu" : backend;
    options.gpu_path = path;
    options.tile = tile;
    options.threads = 2;
    options.log = gpu_take_warning;
    gpu_warnings[0] = 0;
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    image_make(&in, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 0);
    image_draw(&in, 3);
    image_make(out, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 1);
    const struct planche_page_result result = gpu_run(engine, &in.pixels, &out->pixels, NULL);
    if (path != PLANCHE_GPU_PATH_AUTO) {
        const struct planche_gpu_program *program = gpu_pool_of(engine)->contexts[0]->program;
        gpu_expect(&result);
        for (int s = 0; s < program->net->step_count; s++)
            made += program->steps[s].winograd.out_parts > 0;
    }
    image_free(&in);
    planche_engine_destroy(&engine);
    return made;
}

static void expect_near(const struct image *actual, const struct image *expected, int most)
{
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            for (unsigned c = 0; c < 3; c++)
                assert_true(abs((int)image_sample(&actual->pixels, x, y, c) -
                                (int)image_sample(&expected->pixels, x, y, c)) <= most);
}

static void test_tiles(void **state)
{
    struct image cpu, whole, tiled;
    (void)state;
    run(PLANCHE_GPU_PATH_AUTO, 0, &cpu);
    assert_int_equal(run(PLANCHE_GPU_PATH_F16, 0, &whole), 3);
    assert_string_equal(gpu_warnings, "");
    expect_near(&whole, &cpu, 1);
    run(PLANCHE_GPU_PATH_F16, 16, &tiled);
    expect_near(&tiled, &whole, 0);
    image_free(&cpu);
    image_free(&whole);
    image_free(&tiled);
}

static void check_left_out(const char *reason)
{
    struct image cpu, out;
    run(PLANCHE_GPU_PATH_AUTO, 0, &cpu);
    assert_int_equal(run(PLANCHE_GPU_PATH_F32, 0, &out), 0);
    planche_gpu_spoil_variants(0, 0);
    assert_non_null(strstr(gpu_warnings, "convolutions by Winograd are left out"));
    assert_non_null(strstr(gpu_warnings, reason));
    expect_near(&out, &cpu, 1);
    image_free(&cpu);
    image_free(&out);
}

static void test_left_out(void **state)
{
    (void)state;
    planche_gpu_spoil_variants(1u << PLANCHE_GPU_VARIANT_WINOGRAD, 0);
    check_left_out("computed wrong values");
    planche_gpu_spoil_variants(0, 1u << PLANCHE_GPU_VARIANT_WINOGRAD);
    check_left_out("a test refuses it");
}

static int setup(void **state)
{
    if (test_setup(state))
        return -1;
    gpu_need();
    planche_gpu_force_winograd(true);
    planche_gpu_set_patience(600000.0);
    gpu_write_model("winograd", param);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tiles),
                                       cmocka_unit_test(test_left_out)};
    return test_exit_status(cmocka_run_group_tests(tests, setup, test_teardown));
}
