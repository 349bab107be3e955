/* SPDX-License-Identifier: MIT */
/* Matrix products are tried before pages rely on them: variants that compute something else, or
 * whose pipeline is refused, are left out, the log says so, and pages are made without them. */
#include "api_test.h"
#include "backend/vulkan/conv_matmul.h"
#include "backend/vulkan/create_program.h"
#include "backend/vulkan/device_pool.h"
#include "backend/vulkan/fault.h"
#include "backend/vulkan/prepare_weights.h"
#include "backend/vulkan/trial/trial.h"
#include "backend_test.h"
#include "gpu_pool_of.h"
#include "need_device.h"
#include "support/quick.h"
#include "vulkan_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  12
#define HEIGHT 8
#define SCALE  3

#define ALL    ((1u << PLANCHE_GPU_VARIANT_WGMMA) - 1)
#define SCALED (1u << PLANCHE_GPU_VARIANT_SCALED_INPUT | 1u << PLANCHE_GPU_VARIANT_SCALED_RESIDUAL)

/* A layer for each variant. */
static const char param[] = "7767517\n"
                            "13 13\n"
                            "Input         data 0 1 data 0=0\n"
                            "Convolution   c1 1 1 data a 0=16 1=3 4=1 5=1 6=432 9=1\n"
                            "Convolution   c2 1 1 a b 0=16 1=2 3=2 5=1 6=1024\n"
                            "Pooling       p1 1 1 b v 0=1 4=1\n"
                            "InnerProduct  d1 1 1 v w 0=16 1=1 2=256 9=4\n"
                            "BinaryOp      m1 2 1 b w s 0=2\n"
                            "Convolution   c3 1 1 s c 0=16 1=3 4=1 5=1 6=2304 9=1\n"
                            "Convolution   c4 1 1 c d 0=16 1=3 4=1 5=1 6=2304\n"
                            "BinaryOp      m2 2 1 d s e 0=0\n"
                            "Convolution   c6 1 1 e h 0=16 1=1 5=1 6=256 9=1\n"
                            "Interp        i1 1 1 h f 0=1 1=2.0 2=2.0\n"
                            "Convolution   c5 1 1 f g 0=16 1=3 4=1 5=1 6=2304 9=1\n"
                            "Deconvolution e1 1 1 g output 0=3 1=3 3=3 5=1 6=432\n";

static const char *const words[PLANCHE_GPU_VARIANT_WGMMA] = {
    [PLANCHE_GPU_VARIANT_SCALED_INPUT] = "scaled inputs",
    [PLANCHE_GPU_VARIANT_SCALED_RESIDUAL] = "scaled residuals",
    [PLANCHE_GPU_VARIANT_ENLARGED_INPUT] = "enlarged inputs",
    [PLANCHE_GPU_VARIANT_SUMS] = "sums of their outputs",
    [PLANCHE_GPU_VARIANT_THIRDS] = "stride 3",
    [PLANCHE_GPU_VARIANT_SINGLE] = "1x1 convolutions",
    [PLANCHE_GPU_VARIANT_PLAIN] = "of any kind",
};

/* One engine: its device keeps the pipelines that it has made, since software compiles slowly. */
static struct planche_engine *engine;
static struct image in, whole;

static struct planche_gpu_context *context_of(void)
{
    return gpu_pool_of(engine)->contexts[0];
}

static void make_engine(void)
{
    struct planche_engine_options options = {.struct_size = sizeof(options),
                                             .model = test_path("model-variants.param"),
                                             .gpu_path = PLANCHE_GPU_PATH_KHR,
                                             .threads = 2,
                                             .log = gpu_take_warning};
    struct planche_error error;
    char backend[32];
    snprintf(backend, sizeof(backend), "vulkan:%u", gpu_need().index);
    options.backend = backend;
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    image_make(&in, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 0);
    image_draw(&in, 3);
}

/* The network once more on the engine's device, as if that had just been opened. */
static void make_program(void)
{
    struct planche_gpu_context *context = context_of();
    const struct planche_net *net = context->program->net;
    struct planche_error error;
    gpu_warnings[0] = 0;
    context->memory += context->program->weights.size;
    planche_gpu_program_destroy(&context->program);
    atomic_store(&context->device->refused, 0);
    context->device->path = PLANCHE_GPU_PATH_KHR;
    if (planche_gpu_program_create(&context->program, context->device, net, pool_of(2),
                                   context->budget, &error))
        fail_msg("%s", error.message);
    context->memory -= context->program->weights.size;
    if (planche_gpu_trial(context, pool_of(2), &error) ||
        planche_gpu_prepare_weights(context, &error))
        fail_msg("%s", error.message);
}

/* Which variants of products the program has. */
static unsigned used_variants(void)
{
    const struct planche_gpu_program *program = context_of()->program;
    unsigned used = 0;
    for (int s = 0; s < program->net->step_count; s++)
        used |= planche_gpu_matrix_variants(program, s);
    return used & ALL; /* GPUs without them take Winograd's shader */
}

static void run(struct image *out)
{
    image_make(out, PLANCHE_PIXELS_RGB8, SCALE * WIDTH, SCALE * HEIGHT, 0, 1);
    const struct planche_page_result result = gpu_run(engine, &in.pixels, &out->pixels, NULL);
    gpu_expect(&result);
}

/* Samples may be so far apart: halves round where values are between. */
static void expect_near(const struct image *actual, const struct image *expected, int most)
{
    for (uint32_t y = 0; y < SCALE * HEIGHT; y++)
        for (uint32_t x = 0; x < SCALE * WIDTH; x++)
            for (unsigned c = 0; c < 3; c++)
                assert_true(abs((int)image_sample(&actual->pixels, x, y, c) -
                                (int)image_sample(&expected->pixels, x, y, c)) <= most);
}

static void test_all_hold(void **state)
{
    (void)state;
    make_engine();
    assert_int_equal(atomic_load(&context_of()->device->refused), 0);
    assert_int_equal(used_variants(), ALL);
    assert_string_equal(gpu_warnings, "");
    run(&whole);
}

/* Tuned rows of workgroups change no byte. Software takes long to compile it. */
static void test_rows(void **state)
{
    struct planche_gpu_device *device = context_of()->device;
    struct image out;
    (void)state;
    if (!test_full())
        return;
    device->tuning.rows = 2;
    make_program();
    assert_int_equal(atomic_load(&device->refused), 0);
    run(&out);
    expect_near(&out, &whole, 0);
    device->tuning.rows = 1;
    image_free(&out);
}

/* One line, for the variant; the program is made without it. */
static void check_left_out(unsigned v, const char *reason)
{
    unsigned refused = 1u << v;
    make_program();
    planche_gpu_spoil_variants(0, 0);
    assert_int_equal(atomic_load(&context_of()->device->refused), refused);
    assert_non_null(strstr(gpu_warnings, words[v]));
    assert_non_null(strstr(gpu_warnings, reason));
    assert_ptr_equal(strchr(gpu_warnings, '\n'), gpu_warnings + strlen(gpu_warnings) - 1);
    if (refused & SCALED) /* a scale is folded by all of its readers, or by none */
        refused |= SCALED;
    bool plain = v == PLANCHE_GPU_VARIANT_PLAIN;
    assert_int_equal(used_variants(), plain ? 0 : ALL & ~refused);
    assert_int_equal(context_of()->device->path,
                     plain ? PLANCHE_GPU_PATH_F16 : PLANCHE_GPU_PATH_KHR);
}

/* The same page: but for rounding, where sums are made otherwise. */
static void test_wrong(void **state)
{
    (void)state;
    for (unsigned v = 0; v < PLANCHE_GPU_VARIANT_WGMMA; v++) {
        bool same = v == PLANCHE_GPU_VARIANT_SCALED_INPUT ||
                    v == PLANCHE_GPU_VARIANT_SCALED_RESIDUAL || v == PLANCHE_GPU_VARIANT_SUMS;
        struct image out;
        planche_gpu_spoil_variants(1u << v, 0);
        check_left_out(v, "computed wrong values");
        run(&out);
        expect_near(&out, &whole, same ? 0 : 2);
        image_free(&out);
    }
}

static void test_refused(void **state)
{
    (void)state;
    for (unsigned v = 0; v < PLANCHE_GPU_VARIANT_WGMMA; v++) {
        planche_gpu_spoil_variants(0, 1u << v);
        check_left_out(v, "a test refuses it");
    }
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
    gpu_write_model("model-variants", param);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_hold), cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_wrong),
                                       cmocka_unit_test(test_refused)};
    return test_exit_status(cmocka_run_group_tests(tests, setup, test_teardown));
}
