/* SPDX-License-Identifier: MIT */
/* Which matrix shader takes which convolution, and how its weights are laid out, for a device that
 * is made up: its pipelines are nothing but noted. */
#include "backend/vulkan/conv_matmul.h"
#include "backend/vulkan/create_program.h"
#include "backend/vulkan/half.h"
#include "backend/vulkan/pipeline.h"
#include "backend/vulkan/wgmma/args.h"
#include "backend/vulkan/wgmma/launch.h"

#include "support/testing.h"

#include <math.h>
#include <stdlib.h>

#define VENDOR_OF_NVIDIA 0x10de

static int modules; /* noted: shaders that are compiled */

static VKAPI_ATTR VkResult VKAPI_CALL create_module(VkDevice device,
                                                    const VkShaderModuleCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkShaderModule *module)
{
    (void)device, (void)info, (void)allocator;
    *module = VK_NULL_HANDLE;
    modules++;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_module(VkDevice device, VkShaderModule module,
                                                 const VkAllocationCallbacks *allocator)
{
    (void)device, (void)module, (void)allocator;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_pipelines(VkDevice device, VkPipelineCache cache,
                                                       uint32_t count,
                                                       const VkComputePipelineCreateInfo *infos,
                                                       const VkAllocationCallbacks *allocator,
                                                       VkPipeline *pipelines)
{
    (void)device, (void)cache, (void)count, (void)infos, (void)allocator;
    pipelines[0] = (VkPipeline)(uintptr_t)1;
    return VK_SUCCESS;
}

/* A network of one convolution. */
struct fixture {
    struct planche_gpu_device device;
    struct planche_tensor tensors[2];
    struct planche_view input;
    struct planche_step step;
    struct planche_net net;
    int pitches[2];
    struct planche_gpu_step made;
    struct planche_gpu_program program;
};

static void begin(struct fixture *f, enum planche_gpu_path path, int inputs, int outputs)
{
    *f = (struct fixture){.device = {.path = path, .tuning.rows = 1}};
    f->device.fn.CreateShaderModule = create_module;
    f->device.fn.DestroyShaderModule = destroy_module;
    f->device.fn.CreateComputePipelines = create_pipelines;
    f->device.properties.vendorID = VENDOR_OF_NVIDIA;
    planche_mutex_init(&f->device.pipeline_mutex);
    planche_cond_init(&f->device.pipeline_made);
    f->tensors[0].channels = inputs;
    f->tensors[1].channels = outputs;
    f->step = (struct planche_step){.op = PLANCHE_STEP_CONV,
                                    .input_count = 1,
                                    .inputs = &f->input,
                                    .output = 1,
                                    .kernel_w = 3,
                                    .kernel_h = 3,
                                    .stride_w = 1,
                                    .stride_h = 1,
                                    .dilation_w = 1,
                                    .dilation_h = 1};
    f->net = (struct planche_net){
        .tensor_count = 2, .step_count = 1, .tensors = f->tensors, .steps = &f->step};
    for (int t = 0; t < 2; t++)
        f->pitches[t] = planche_gpu_pitch(f->tensors[t].channels);
    f->program = (struct planche_gpu_program){
        .device = &f->device, .net = &f->net, .pitches = f->pitches, .steps = &f->made};
    modules = 0;
}

static void deconvolve(struct fixture *f)
{
    f->step.op = PLANCHE_STEP_DECONV;
    f->step.kernel_w = f->step.kernel_h = 2;
    f->step.stride_w = f->step.stride_h = 2;
}

static void end(struct fixture *f)
{
    while (f->device.pipelines) {
        struct planche_gpu_pipeline *gone = f->device.pipelines;
        f->device.pipelines = gone->next;
        planche_free(gone);
    }
    planche_cond_destroy(&f->device.pipeline_made);
    planche_mutex_destroy(&f->device.pipeline_mutex);
}

/* The shader that makes the step: the first pipeline that was asked for. */
static enum planche_shader choose(struct fixture *f)
{
    struct planche_error error;
    enum planche_status status;
    assert_true(planche_gpu_matrix_choose(&f->program, 0, &status, &error));
    assert_int_equal(status, PLANCHE_OK);
    assert_int_equal(modules, 2);
    assert_non_null(f->made.pipeline);
    assert_non_null(f->made.prepare);
    return f->device.pipelines->next->shader;
}

static void check_nv2(int outputs, bool deconv, int columns, int blocks)
{
    struct fixture f;
    size_t count;
    begin(&f, PLANCHE_GPU_PATH_NV2, 32, outputs);
    if (deconv)
        deconvolve(&f);
    assert_int_equal(choose(&f), PLANCHE_SHADER_CONV_NV2);
    const struct planche_gpu_product *product = &f.made.product;
    assert_int_equal(f.device.pipelines->shader, PLANCHE_SHADER_PACK_NV2);
    assert_int_equal(product->columns, columns);
    assert_int_equal(product->blocks, blocks);
    assert_int_equal(product->step % columns, 0);
    assert_int_equal(planche_gpu_matrix_fragments(product), 2 * (deconv ? 1 : 9) * blocks);
    assert_true(planche_gpu_matrix_count(product, &count));
    assert_int_equal(count, planche_gpu_matrix_fragments(product) * 16 * columns * 2);
    end(&f);
}

static void test_nv2(void **state)
{
    (void)state;
    check_nv2(16, false, 16, 1);
    check_nv2(32, false, 32, 1);
    check_nv2(48, false, 48, 1);
    check_nv2(60, false, 64, 1);
    check_nv2(96, false, 48, 2);
    check_nv2(80, false, 16, 5);
    check_nv2(128, false, 64, 2);
    check_nv2(64, true, 64, 4);
}

/* What it does not take is made as without it. */
static void check_khr(enum planche_gpu_path path, int inputs, int outputs)
{
    struct fixture f;
    size_t count;
    begin(&f, path, inputs, outputs);
    assert_int_equal(choose(&f), PLANCHE_SHADER_CONV_KHR);
    assert_int_equal(f.device.pipelines->shader, PLANCHE_SHADER_PACK_KHR);
    assert_int_equal(f.made.product.columns, 16);
    assert_true(planche_gpu_matrix_count(&f.made.product, &count));
    assert_int_equal(count, planche_gpu_matrix_fragments(&f.made.product) * 256);
    end(&f);
}

static void test_khr(void **state)
{
    (void)state;
    check_khr(PLANCHE_GPU_PATH_KHR, 64, 64);
    check_khr(PLANCHE_GPU_PATH_NV2, 3, 64);
    check_khr(PLANCHE_GPU_PATH_NV2, 64, 3);
}

/* A 1 x 1 convolution is a product of all its outputs; with few channels it is none. */
static void test_single(void **state)
{
    static const int widths[][3] = {{96, 288, 96}, {96, 96, 96}, {192, 384, 192}, {192, 64, 64}};
    struct fixture f;
    struct planche_error error;
    enum planche_status status;
    (void)state;
    for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++)
        for (int path = PLANCHE_GPU_PATH_KHR; path <= PLANCHE_GPU_PATH_WGMMA; path++) {
            begin(&f, (enum planche_gpu_path)path, widths[i][0], widths[i][1]);
            f.step.kernel_w = f.step.kernel_h = 1;
            assert_int_equal(choose(&f), PLANCHE_SHADER_CONV_KHR);
            assert_int_equal(f.made.product.blocks * widths[i][2], widths[i][1]);
            assert_int_equal(planche_gpu_matrix_variants(&f.program, 0),
                             1u << PLANCHE_GPU_VARIANT_SINGLE);
            f.device.refused = 1u << PLANCHE_GPU_VARIANT_SINGLE;
            assert_false(planche_gpu_matrix_choose(&f.program, 0, &status, &error));
            end(&f);
        }
    begin(&f, PLANCHE_GPU_PATH_KHR, 64, 3);
    f.step.kernel_w = f.step.kernel_h = 1;
    assert_false(planche_gpu_matrix_choose(&f.program, 0, &status, &error));
    end(&f);
}

/* A lane has the same channels of all pixels where it scales residuals or adds outputs up: the
 * groups of outputs of a subgroup are a power of two then. */
static void test_groups(void **state)
{
    enum { GROUPS = 6, DEEP_GROUPS = 8 };
    struct fixture f;
    int averages[1] = {0};
    (void)state;
    for (int sums = 0; sums < 2; sums++) {
        begin(&f, PLANCHE_GPU_PATH_KHR, 48, 48);
        f.program.folding.averages = sums ? averages : NULL;
        choose(&f);
        const int32_t *constants = f.device.pipelines->next->constants;
        assert_int_equal(constants[GROUPS], sums ? 1 : 3);
        assert_int_equal(constants[GROUPS] * constants[DEEP_GROUPS], 3);
        end(&f);
    }
}

/* A step down to half the size: a workgroup makes many outputs of the inputs that it has staged. */
static void test_strided(void **state)
{
    static const int blocks[][2] = {{96, 1}, {128, 1}, {192, 3}, {48, 3}};
    struct fixture f;
    (void)state;
    for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
        begin(&f, PLANCHE_GPU_PATH_KHR, 64, blocks[i][0]);
        f.step.kernel_w = f.step.kernel_h = f.step.stride_w = f.step.stride_h = 2;
        assert_int_equal(choose(&f), PLANCHE_SHADER_CONV_KHR);
        assert_int_equal(f.made.product.blocks, blocks[i][1]);
        end(&f);
    }
}

static void test_neither(void **state)
{
    (void)state;
    struct fixture f;
    struct planche_error error;
    enum planche_status status;
    begin(&f, PLANCHE_GPU_PATH_NV2, 24, 64);
    assert_false(planche_gpu_matrix_choose(&f.program, 0, &status, &error));
    assert_int_equal(status, PLANCHE_OK);
    assert_int_equal(f.made.product.taps_x, 0);
    assert_int_equal(planche_gpu_matrix_fragments(&f.made.product), 0);
    end(&f);
    begin(&f, PLANCHE_GPU_PATH_F16, 64, 64);
    assert_false(planche_gpu_matrix_choose(&f.program, 0, &status, &error));
    end(&f);
}

/* Of a finite half that is no subnormal. */
static float float_of_half(uint16_t half)
{
    int exponent = half >> 10 & 31, mantissa = half & 1023;
    float value = exponent ? ldexpf((float)(1024 + mantissa), exponent - 25) : 0;
    return half & 0x8000 ? -value : value;
}

/* A weight that says where it belongs, and is exact in half precision. */
static float weight_of(int output, int input, int tap)
{
    return (float)((output * 37 + input * 11 + tap * 5) % 1024);
}

/* Weights of 32 inputs and 70 outputs (80 with padding), by position. */
static void check_pack(enum planche_gpu_path path)
{
    enum { IN = 32, OUT = 70, TAPS = 9 };
    struct fixture f;
    begin(&f, path, IN, OUT);
    choose(&f);
    size_t count, at = 0;
    assert_true(planche_gpu_matrix_count(&f.made.product, &count));
    uint16_t *packed = calloc(count, sizeof(*packed));
    float *weights = calloc((size_t)OUT * IN * TAPS, sizeof(*weights));
    for (int i = 0; i < OUT * IN * TAPS; i++)
        weights[i] = weight_of(i / TAPS / IN, i / TAPS % IN, i % TAPS);
    f.step.weights = weights;
    planche_gpu_matrix_pack(&f.program, 0, packed);
    int columns = f.made.product.columns;
    for (int group = 0; group < IN / 16; group++)
        for (int tap = 0; tap < TAPS; tap++) /* of a column first */
            for (int block = 0; block < 80 / columns; block++)
                for (int i = 0; i < 16 * columns; i++) {
                    int output = block * columns + i % columns, input = group * 16 + i / columns;
                    int lies = tap % 3 * 3 + tap / 3;
                    float expected = output < OUT ? weight_of(output, input, lies) : 0;
                    assert_int_equal(packed[at++], planche_half_from_float(expected));
                }
    free(weights);
    free(packed);
    end(&f);
}

static void test_pack(void **state)
{
    (void)state;
    check_pack(PLANCHE_GPU_PATH_KHR);
    check_pack(PLANCHE_GPU_PATH_NV2);
}

/* A product as conv_khr.comp makes it, of whole numbers, which are exact: output `channel` of pixel
 * (x, y) of an image of SMALL x SMALL pixels whose values outside are 0. */
enum { SMALL = 5, DEEP = 16, WIDE = 16 };

static float image_at(const float *image, int x, int y, int c)
{
    return x < 0 || y < 0 || x >= SMALL || y >= SMALL ? 0 : image[(y * SMALL + x) * DEEP + c];
}

static float multiply(const struct planche_gpu_product *product, const float *weights,
                      const float *image, int x, int y, int channel)
{
    int n = product->phases, phase = y % n * n + x % n, output = phase * product->step + channel;
    int px = x / n - (product->enlarges ? 1 - x % n : 0);
    int py = y / n - (product->enlarges ? 1 - y % n : 0);
    float sum = 0;
    for (int dx = 0; dx < product->taps_x; dx++)
        for (int dy = 0; dy < product->taps_y; dy++)
            for (int c = 0; c < DEEP; c++) {
                int fragment = (dx * product->taps_y + dy) * (product->outputs / 16) + output / 16;
                sum += weights[fragment * 256 + c * 16 + output % 16] *
                       image_at(image, px + dx, py + dy, c);
            }
    return sum;
}

/* A deconvolution as it is defined. */
static float deconvolve_at(const struct planche_step *step, const float *image, int x, int y,
                           int channel)
{
    float sum = 0;
    for (int ky = 0; ky < step->kernel_h; ky++)
        for (int kx = 0; kx < step->kernel_w; kx++) {
            int from_x = x + step->pad_left - kx, from_y = y + step->pad_top - ky;
            if (from_x < 0 || from_y < 0 || from_x % step->stride_w || from_y % step->stride_h)
                continue;
            for (int c = 0; c < DEEP; c++)
                sum += step->weights[((channel * DEEP + c) * step->kernel_h + ky) * step->kernel_w +
                                     kx] *
                       image_at(image, from_x / step->stride_w, from_y / step->stride_h, c);
        }
    return sum;
}

/* A 3 x 3 convolution, padded by 1, of the image enlarged by 2. */
static float enlarge_at(const struct planche_step *step, const float *image, int x, int y,
                        int channel)
{
    float sum = 0;
    for (int ky = 0; ky < 3; ky++)
        for (int kx = 0; kx < 3; kx++) {
            int from_x = x + kx - 1, from_y = y + ky - 1;
            if (from_x < 0 || from_y < 0)
                continue;
            for (int c = 0; c < DEEP; c++)
                sum += step->weights[((channel * DEEP + c) * 3 + ky) * 3 + kx] *
                       image_at(image, from_x / 2, from_y / 2, c);
        }
    return sum;
}

/* Weights and an image of small whole numbers; every output of the product is what the layer is. */
static void check_values(struct fixture *f,
                         float (*expect)(const struct planche_step *, const float *, int, int, int))
{
    size_t values;
    size_t taps = (size_t)f->step.kernel_w * (size_t)f->step.kernel_h;
    float *weights = calloc(WIDE * DEEP * taps, sizeof(*weights));
    float image[SMALL * SMALL * DEEP];
    for (size_t i = 0; i < WIDE * DEEP * taps; i++)
        weights[i] = (float)((int)(i * 2654435761u >> 7 & 15) - 7);
    for (int i = 0; i < SMALL * SMALL * DEEP; i++)
        image[i] = (float)(i * 37 % 11 - 5);
    f->step.weights = weights;
    choose(f);
    const struct planche_gpu_product *product = &f->made.product;
    assert_true(planche_gpu_matrix_count(product, &values));
    uint16_t *packed = calloc(values, sizeof(*packed));
    float *unpacked = calloc(values, sizeof(*unpacked));
    planche_gpu_matrix_pack(&f->program, 0, packed);
    for (size_t i = 0; i < values; i++)
        unpacked[i] = float_of_half(packed[i]);
    for (int y = 0; y < SMALL * product->phases; y++)
        for (int x = 0; x < SMALL * product->phases; x++)
            for (int c = 0; c < WIDE; c++)
                assert_true(multiply(product, unpacked, image, x, y, c) ==
                            expect(&f->step, image, x, y, c));
    free(weights);
    free(packed);
    free(unpacked);
}

/* Deconvolutions of stride 3 and 2 whose pixels have several taps, and one, as products. */
static void test_deconvolutions(void **state)
{
    static const int shapes[][3] = {{5, 3, 2}, {3, 3, 0}, {4, 3, 1}, {4, 2, 3}, {2, 2, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        struct fixture f;
        begin(&f, PLANCHE_GPU_PATH_KHR, DEEP, WIDE);
        deconvolve(&f);
        f.step.kernel_w = f.step.kernel_h = shapes[i][0];
        f.step.stride_w = f.step.stride_h = shapes[i][1];
        f.step.pad_top = f.step.pad_left = f.step.pad_bottom = f.step.pad_right = shapes[i][2];
        check_values(&f, deconvolve_at);
        assert_int_equal(f.made.product.phases, shapes[i][1]);
        end(&f);
    }
}

/* A convolution that folds in the enlargement of its input: a product of 2 x 2 taps. */
static void test_enlargement(void **state)
{
    struct fixture f;
    bool enlarged[2] = {false};
    (void)state;
    begin(&f, PLANCHE_GPU_PATH_KHR, DEEP, WIDE);
    assert_false(planche_gpu_matrix_folds(&f.program, 0, PLANCHE_FOLD_ENLARGED_INPUT));
    f.step.pad_top = f.step.pad_left = f.step.pad_bottom = f.step.pad_right = 1;
    assert_true(planche_gpu_matrix_folds(&f.program, 0, PLANCHE_FOLD_ENLARGED_INPUT));
    enlarged[0] = true;
    f.program.folding.enlarged = enlarged;
    check_values(&f, enlarge_at);
    assert_true(f.made.product.enlarges);
    assert_int_equal(f.made.product.taps_x, 2);
    assert_false(planche_gpu_matrix_folds(&f.program, 0, PLANCHE_FOLD_SUMS));
    end(&f);
}

/* What products fold in, and what others do not. */
static void test_folds(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, PLANCHE_GPU_PATH_KHR, 64, 64);
    for (int fold = PLANCHE_FOLD_SCALED_INPUT; fold <= PLANCHE_FOLD_SUMS; fold++)
        assert_int_equal(planche_gpu_matrix_folds(&f.program, 0, (enum planche_fold)fold),
                         fold != PLANCHE_FOLD_ENLARGED_INPUT);
    f.device.path = PLANCHE_GPU_PATH_F16;
    assert_false(planche_gpu_matrix_folds(&f.program, 0, PLANCHE_FOLD_SUMS));
    f.device.path = PLANCHE_GPU_PATH_NV2; /* its own shader takes the step */
    assert_false(planche_gpu_matrix_folds(&f.program, 0, PLANCHE_FOLD_SUMS));
    end(&f);
    begin(&f, PLANCHE_GPU_PATH_KHR, 64, 3); /* a last layer */
    assert_true(planche_gpu_matrix_folds(&f.program, 0, PLANCHE_FOLD_SCALED_INPUT));
    assert_false(planche_gpu_matrix_folds(&f.program, 0, PLANCHE_FOLD_SCALED_RESIDUAL));
    assert_false(planche_gpu_matrix_folds(&f.program, 0, PLANCHE_FOLD_SUMS));
    end(&f);
    begin(&f, PLANCHE_GPU_PATH_KHR, 3, 64); /* a first layer */
    assert_false(planche_gpu_matrix_folds(&f.program, 0, PLANCHE_FOLD_SCALED_INPUT));
    end(&f);
}

/* The kernel that makes the step; NONE: conv_khr.comp does. */
static enum planche_gpu_kernel choose_kernel(struct fixture *f)
{
    struct planche_error error;
    enum planche_status status;
    f->made = (struct planche_gpu_step){0};
    assert_true(planche_gpu_matrix_choose(&f->program, 0, &status, &error));
    assert_int_equal(status, PLANCHE_OK);
    assert_int_equal(f->made.pipeline == NULL, f->made.kernel != PLANCHE_GPU_KERNEL_NONE);
    assert_int_equal(f->made.prepare == NULL, f->made.kernel != PLANCHE_GPU_KERNEL_NONE);
    return f->made.kernel;
}

static void test_kernels(void **state)
{
    static const int widths[][3] = {
        {64, 64, PLANCHE_GPU_KERNEL_CONV}, /* and what is none */
        {32, 192, PLANCHE_GPU_KERNEL_CONV},  {64, 60, PLANCHE_GPU_KERNEL_CONV},
        {3, 64, PLANCHE_GPU_KERNEL_NONE},    {64, 3, PLANCHE_GPU_KERNEL_NONE},
        {48, 64, PLANCHE_GPU_KERNEL_NONE},   {64, 48, PLANCHE_GPU_KERNEL_CONV},
        {64, 16, PLANCHE_GPU_KERNEL_NONE},   {64, 80, PLANCHE_GPU_KERNEL_NONE},
        {64, 32, PLANCHE_GPU_KERNEL_PAIRED}, {32, 96, PLANCHE_GPU_KERNEL_PAIRED}};
    struct fixture f;
    (void)state;
    for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
        begin(&f, PLANCHE_GPU_PATH_WGMMA, widths[i][0], widths[i][1]);
        assert_int_equal(choose_kernel(&f), widths[i][2]);
        end(&f);
    }
    begin(&f, PLANCHE_GPU_PATH_KHR, 64, 64);
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_NONE);
    end(&f);
    begin(&f, PLANCHE_GPU_PATH_WGMMA, 64, 64);
    deconvolve(&f);
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_NONE);
    f.step.op = PLANCHE_STEP_CONV;
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_NONE);
    end(&f);
}

/* What the step does besides; what a vector scales no kernel reads; what is refused none makes. */
static void test_kernel_variants(void **state)
{
    struct fixture f;
    int averages[1] = {0}, vectors[2] = {0, -1};
    (void)state;
    begin(&f, PLANCHE_GPU_PATH_WGMMA, 64, 128);
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_CONV);
    assert_int_equal(f.made.product.blocks, 2);
    assert_int_equal(planche_gpu_matrix_variants(&f.program, 0), 1u << PLANCHE_GPU_VARIANT_WGMMA);
    f.program.folding.averages = averages;
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_SUMS);
    assert_int_equal(planche_gpu_matrix_variants(&f.program, 0),
                     1u << PLANCHE_GPU_VARIANT_WGMMA_SUMS);
    f.device.refused = 1u << PLANCHE_GPU_VARIANT_WGMMA_SUMS;
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_NONE);
    f.program.folding.averages = NULL;
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_CONV);
    f.program.folding.vectors = vectors;
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_NONE);
    end(&f);
}

/* Where the threads of a warpgroup hold a row and a column of a fragment. */
static int place_in_fragment(int row, int column)
{
    int thread = row / 16 * 32 + row % 8 * 4 + column % 8 / 2;
    return thread * 8 + column / 8 * 4 + row / 8 % 2 * 2 + column % 2;
}

/* Weights of KERNEL_OUT outputs that say where they belong, packed for a kernel; the caller frees
 * them. */
enum { KERNEL_IN = 64, KERNEL_OUT = 70, TAPS = 9 };

static uint16_t *pack_for_kernel(struct fixture *f, size_t expected)
{
    size_t count, values = (size_t)KERNEL_OUT * KERNEL_IN * TAPS;
    assert_true(planche_gpu_matrix_count(&f->made.product, &count));
    assert_int_equal(count, expected);
    uint16_t *packed = calloc(count, sizeof(*packed));
    float *weights = calloc(values, sizeof(*weights));
    for (int i = 0; i < (int)values; i++)
        weights[i] = weight_of(i / TAPS / KERNEL_IN, i / TAPS % KERNEL_IN, i % TAPS);
    f->step.weights = weights;
    planche_gpu_matrix_pack(&f->program, 0, packed);
    free(weights);
    return packed;
}

static void check_weight(uint16_t packed, int n, int c, int tap)
{
    float expected = n < KERNEL_OUT && tap >= 0 ? weight_of(n, c, tap) : 0;
    assert_int_equal(packed, planche_half_from_float(expected));
}

static void begin_kernel(struct fixture *f, int pitch, enum planche_gpu_kernel kernel)
{
    begin(f, PLANCHE_GPU_PATH_WGMMA, KERNEL_IN, KERNEL_OUT);
    f->pitches[1] = pitch;
    assert_int_equal(choose_kernel(f), kernel);
}

static void test_pack_for_kernel(void **state)
{
    struct fixture f;
    (void)state;
    begin_kernel(&f, 128, PLANCHE_GPU_KERNEL_CONV);
    uint16_t *packed = pack_for_kernel(&f, 128 * KERNEL_IN * 9);
    for (int n = 0; n < 128; n++)
        for (int c = 0; c < KERNEL_IN; c++)
            for (int tap = 0; tap < 9; tap++) {
                int fragment = ((n / 64 * (KERNEL_IN / 32) + c / 32) * 9 + tap) * 2 + c / 16 % 2;
                check_weight(packed[fragment * 1024 + place_in_fragment(n % 64, c % 16)], n, c,
                             tap);
            }
    free(packed);
    end(&f);
}

/* Two rows of pixels: the second one's weights are those of the first, a tap further down. */
static void test_pack_paired(void **state)
{
    struct fixture f;
    (void)state;
    begin_kernel(&f, 96, PLANCHE_GPU_KERNEL_PAIRED);
    uint16_t *packed = pack_for_kernel(&f, 96 * KERNEL_IN * 24);
    for (int n = 0; n < 96; n++)
        for (int c = 0; c < KERNEL_IN; c++)
            for (int i = 0; i < 24; i++) {
                int pair = i % 2, x = i / 2 % 3, y = i / 6, row = y - pair;
                int fragment = (n / 32 * (KERNEL_IN / 16) + c / 16) * 12 + y * 3 + x;
                int place = place_in_fragment(pair * 32 + n % 32, c % 16);
                check_weight(packed[fragment * 1024 + place], n, c,
                             row >= 0 && row < 3 ? row * 3 + x : -1);
            }
    free(packed);
    end(&f);
}

static struct planche_wgmma_args launched;
static uint32_t launched_blocks;

static VKAPI_ATTR void VKAPI_CALL note_launch(VkCommandBuffer commands,
                                              const VkCuLaunchInfoNVX *info)
{
    (void)commands;
    launched = *(const struct planche_wgmma_args *)info->pParams[0];
    launched_blocks = info->gridDimX;
}

/* Launches rows 2 to 5 of tiles of a step whose input has `height` rows of 70 pixels. */
static void launch(struct fixture *f, int height)
{
    struct planche_gpu_args args = {
        .in_count = 1,
        .in[0] = {.address = 0x12345678900, .width = 70, .height = height, .x = -1, .y = -1},
        .out = {.width = 70, .height = height, .pitch = f->pitches[1]},
        .activation = PLANCHE_ACT_LEAKY,
        .act0 = 0.5f,
    };
    const struct planche_gpu_launch part = {
        .columns = 3 * (uint32_t)f->made.product.blocks, .first_row = 2, .rows = 4};
    args.in[0].pitch = args.in[0].channels = f->tensors[0].channels;
    f->device.fn.CmdCuLaunchKernelNVX = note_launch;
    f->device.processors = 132;
    planche_gpu_kernel_launch(&f->device, VK_NULL_HANDLE, &f->made, &args, &part);
}

static void check_map(const struct planche_wgmma_map *map, uint64_t address, uint32_t row_bytes,
                      uint32_t rows, uint32_t channels, uint32_t box_rows)
{
    const uint32_t expected[20] = {[0] = (uint32_t)address,
                                   [1] = (uint32_t)(address >> 32),
                                   [2] = channels == 32 ? 0x64320 : 0x62320,
                                   [3] = 128 / 16,
                                   [4] = row_bytes / 16,
                                   [8] = 63,
                                   [9] = 69,
                                   [10] = rows - 1,
                                   [13] = (channels - 1) << 24,
                                   [14] = (box_rows - 1) << 8 | 31,
                                   [16] = channels * 32 * box_rows * 2,
                                   [18] = channels * 16};
    assert_memory_equal(map->words, expected, sizeof(expected));
}

/* What a kernel is told, and how TMA reads its input: even and odd rows apart if rows are paired.
 */
static void test_launches(void **state)
{
    const uint64_t address = 0x12345678900;
    const uint32_t row = 70 * 128;
    struct fixture f;
    (void)state;
    begin(&f, PLANCHE_GPU_PATH_WGMMA, 64, 128);
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_CONV);
    launch(&f, 37);
    check_map(&launched.maps[0], address, row, 37, 32, 10);
    assert_int_equal(launched.chunks, 2);
    assert_int_equal(launched.tiles_x, 3);
    assert_int_equal(launched.first_tile, 6);
    assert_int_equal(launched.tiles, 18);
    assert_int_equal(launched_blocks, 2 * 12);
    assert_true(launched.slope == 0.5f && !launched.slopes);
    end(&f);
    begin(&f, PLANCHE_GPU_PATH_WGMMA, 64, 32);
    assert_int_equal(choose_kernel(&f), PLANCHE_GPU_KERNEL_PAIRED);
    launch(&f, 37);
    check_map(&launched.maps[0], address, 2 * row, 19, 16, 9);
    check_map(&launched.maps[PLANCHE_WGMMA_INPUTS], address + row, 2 * row, 18, 16, 9);
    assert_int_equal(launched.in_odd_rows[0], 18);
    assert_int_equal(launched.chunks, 4);
    launch(&f, 1); /* a map has a row at least, which the kernel does not read */
    check_map(&launched.maps[PLANCHE_WGMMA_INPUTS], address, 2 * row, 1, 16, 9);
    assert_int_equal(launched.in_odd_rows[0], 0);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nv2),
                                       cmocka_unit_test(test_khr),
                                       cmocka_unit_test(test_single),
                                       cmocka_unit_test(test_groups),
                                       cmocka_unit_test(test_strided),
                                       cmocka_unit_test(test_neither),
                                       cmocka_unit_test(test_pack),
                                       cmocka_unit_test(test_kernels),
                                       cmocka_unit_test(test_kernel_variants),
                                       cmocka_unit_test(test_pack_for_kernel),
                                       cmocka_unit_test(test_pack_paired),
                                       cmocka_unit_test(test_launches),
                                       cmocka_unit_test(test_deconvolutions),
                                       cmocka_unit_test(test_enlargement),
                                       cmocka_unit_test(test_folds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
