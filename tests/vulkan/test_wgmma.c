/* SPDX-License-Identifier: MIT */
/* Kernels of the path WGMMA on a device that has none: drivers that lack them, refuse them, or
 * compute something else. Pages are made by the path KHR then, and the log says why. */
#include "api_test.h"
#include "backend/vulkan/conv_matmul.h"
#include "backend/vulkan/create_program.h"
#include "backend/vulkan/device_pool.h"
#include "backend/vulkan/fault.h"
#include "backend/vulkan/prepare_weights.h"
#include "backend/vulkan/trial/trial.h"
#include "backend/vulkan/wgmma/module.h"
#include "backend_test.h"
#include "gpu_pool_of.h"
#include "need_device.h"
#include "vulkan_test.h"

#include <stdio.h>
#include <string.h>

#define WIDTH  9
#define HEIGHT 5
/* The submission of an engine that is opened which has the examples of the trial: weights and the
 * examples are copied first. */
#define TRIAL 3

/* One layer that a kernel makes. */
static const char param[] = "7767517\n"
                            "4 4\n"
                            "Input         data 0 1 data 0=0\n"
                            "Convolution   c1 1 1 data a 0=32 1=3 4=1 5=1 6=864 9=1\n"
                            "Convolution   c2 1 1 a b 0=64 1=3 4=1 5=1 6=18432 9=1\n"
                            "Convolution   c3 1 1 b output 0=3 1=3 4=1 5=1 6=1728\n";

static struct planche_engine *engine;
static struct image in, whole;

static struct planche_gpu_context *context_of(void)
{
    return gpu_pool_of(engine)->contexts[0];
}

static void run(struct image *out)
{
    image_make(out, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 1);
    const struct planche_page_result result = gpu_run(engine, &in.pixels, &out->pixels, NULL);
    gpu_expect(&result);
}

static void expect_same(const struct image *out, const struct image *other)
{
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            for (unsigned c = 0; c < 3; c++)
                assert_int_equal(image_sample(&out->pixels, x, y, c),
                                 image_sample(&other->pixels, x, y, c));
}

/* An engine whose driver takes the kernels, which do nothing. */
static void test_wrong(void **state)
{
    struct planche_engine_options options = {.struct_size = sizeof(options),
                                             .model = test_path("model-kernels.param"),
                                             .gpu_path = PLANCHE_GPU_PATH_WGMMA,
                                             .threads = 2,
                                             .log = gpu_take_warning};
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_error error;
    char backend[32];
    (void)state;
    snprintf(backend, sizeof(backend), "vulkan:%u", gpu_need().index);
    options.backend = backend;
    planche_gpu_pretend_kernels(PLANCHE_GPU_KERNELS_WRONG);
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    assert_non_null(strstr(gpu_warnings, "by wgmma are left out"));
    assert_non_null(strstr(gpu_warnings, "computed wrong values"));
    assert_int_equal(atomic_load(&context_of()->device->refused), 1u << PLANCHE_GPU_VARIANT_WGMMA);
    assert_int_equal(planche_engine_get_info(engine, &info, NULL), PLANCHE_OK);
    assert_string_equal(info.gpu_path, "khr");
    image_make(&in, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 0);
    image_draw(&in, 3);
    run(&whole);
}

static void check_left_out(enum planche_gpu_pretended_kernels pretended, const char *reason)
{
    struct planche_gpu_device *device = context_of()->device;
    const struct planche_gpu_tuning usual = device->tuning;
    gpu_warnings[0] = 0;
    device->tuning = (struct planche_gpu_tuning){
        .path = PLANCHE_GPU_PATH_WGMMA, .pages = 8, .transfer = 2, .rows = 4, .tile = 64};
    device->path = PLANCHE_GPU_PATH_WGMMA;
    planche_gpu_kernels_unload(device);
    planche_gpu_pretend_kernels(pretended);
    planche_gpu_kernels_load(device);
    assert_int_equal(device->path, PLANCHE_GPU_PATH_KHR);
    assert_memory_equal(&device->tuning, &usual, sizeof(usual)); /* measured for wgmma alone */
    assert_non_null(strstr(gpu_warnings, "takes the path khr"));
    assert_non_null(strstr(gpu_warnings, reason));
    assert_true(!device->kernel_module && !device->kernels[PLANCHE_GPU_KERNEL_CONV]);
}

static void test_left_out(void **state)
{
    struct image out;
    (void)state;
    check_left_out(PLANCHE_GPU_KERNELS_ABSENT, "lacks functions of VK_NVX_binary_import");
    check_left_out(PLANCHE_GPU_KERNELS_REFUSED, "refuses them");
    check_left_out(PLANCHE_GPU_KERNELS_INCOMPLETE, "does not find all of them");
    run(&out);
    expect_same(&out, &whole);
    image_free(&out);
}

/* The device is lost in the trial: an error as of any other work. */
static void test_lost(void **state)
{
    struct planche_gpu_context *context = context_of();
    struct planche_gpu_device *device = context->device;
    const struct planche_net *net = context->program->net;
    struct planche_error error;
    (void)state;
    device->path = PLANCHE_GPU_PATH_WGMMA;
    atomic_store(&device->refused, 0);
    planche_gpu_pretend_kernels(PLANCHE_GPU_KERNELS_WRONG);
    planche_gpu_kernels_load(device);
    planche_gpu_program_destroy(&context->program);
    if (planche_gpu_program_create(&context->program, device, net, pool_of(2), context->budget,
                                   &error))
        fail_msg("%s", error.message);
    assert_int_equal(context->program->steps[1].kernel, PLANCHE_GPU_KERNEL_CONV);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, 2); /* the examples' own: the first copies them */
    assert_int_equal(planche_gpu_trial(context, pool_of(2), &error), PLANCHE_ERROR_DEVICE);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, 0);
    assert_non_null(strstr(error.message, "the device is lost"));
    planche_gpu_pretend_kernels(PLANCHE_GPU_KERNELS_REAL);
    planche_engine_destroy(&engine);
}

/* A device that kernels lose, where nobody asked for them: it makes pages by khr. */
static void test_lost_by_itself(void **state)
{
    struct planche_engine_options options = {.struct_size = sizeof(options),
                                             .model = test_path("model-kernels.param"),
                                             .threads = 2,
                                             .log = gpu_take_warning};
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_error error;
    struct image out;
    char backend[32];
    (void)state;
    snprintf(backend, sizeof(backend), "vulkan:%u", gpu_need().index);
    options.backend = backend;
    gpu_warnings[0] = 0;
    planche_gpu_pretend_kernels(PLANCHE_GPU_KERNELS_WRONG);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, TRIAL);
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, 0);
    planche_gpu_pretend_kernels(PLANCHE_GPU_KERNELS_REAL);
    assert_non_null(strstr(gpu_warnings, "takes the path khr: kernels for wgmma were tried"));
    assert_non_null(strstr(gpu_warnings, "the device is lost"));
    assert_int_equal(planche_engine_get_info(engine, &info, NULL), PLANCHE_OK);
    assert_string_equal(info.gpu_path, "khr");
    run(&out);
    expect_same(&out, &whole);
    image_free(&out);
    image_free(&whole);
    image_free(&in);
    planche_engine_destroy(&engine);
}

static int setup(void **state)
{
    if (test_setup(state))
        return -1;
    gpu_need();
    planche_gpu_pretend_matrices(true);
    gpu_write_model("model-kernels", param);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wrong),
                                       cmocka_unit_test(test_left_out), cmocka_unit_test(test_lost),
                                       cmocka_unit_test(test_lost_by_itself)};
    return test_exit_status(cmocka_run_group_tests(tests, setup, test_teardown));
}
