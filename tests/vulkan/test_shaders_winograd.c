/* SPDX-License-Identifier: MIT */
/* WINOGRAD against sums in double precision, for workgroups of all the sizes that a device may
 * allow, and parts of its output against the whole, bit for bit.
 *
 *   shaders-winograd [SEED] */
#include "backend/vulkan/fault.h"
#include "backend/vulkan/winograd/winograd.h"
#include "shader_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 2
#define SIDE   PLANCHE_GPU_WINOGRAD_SIDE
/* Invocations that a workgroup may have, and channels of the output: 8, 6 and 2 parts of them, 8, 4
 * and 32 tiles. */
static const struct {
    unsigned invocations;
    int channels;
} shapes[] = {{1024, 60}, {256, 43}, {1024, 16}};
#define SHAPES (sizeof(shapes) / sizeof(*shapes))

/* A network of one layer, and the layer on the device. */
struct layer {
    struct planche_tensor tensors[INPUTS + 2];
    struct planche_view views[INPUTS];
    struct planche_step step;
    struct planche_net net;
    int pitches[INPUTS + 2];
    struct planche_gpu_step made;
    struct planche_gpu_program program;
    struct planche_gpu_args args;
    int inputs; /* channels of all inputs */
    float *weights;
};

static void make_network(struct layer *layer, int channels)
{
    static const int all[INPUTS + 2] = {13, 20, 0, 0};
    for (int t = 0; t < INPUTS + 2; t++) { /* inputs, output, residual */
        layer->tensors[t].channels = t < INPUTS ? all[t] : channels;
        layer->pitches[t] = (layer->tensors[t].channels + 15) / 16 * 16;
    }
    for (int i = 0; i < INPUTS; i++) {
        layer->views[i].tensor = i;
        layer->inputs += all[i];
    }
    layer->step = (struct planche_step){
        .op = PLANCHE_STEP_CONV,
        .input_count = INPUTS,
        .inputs = layer->views,
        .output = INPUTS,
        .kernel_w = 3,
        .kernel_h = 3,
        .stride_w = 1,
        .stride_h = 1,
        .dilation_w = 1,
        .dilation_h = 1,
        .pad_top = 1,
        .pad_left = 1,
    };
    layer->net = (struct planche_net){.tensor_count = INPUTS + 2,
                                      .step_count = 1,
                                      .tensors = layer->tensors,
                                      .steps = &layer->step};
}

static void make_program(struct shader_test *test, struct layer *layer, unsigned invocations)
{
    struct planche_error error = {0};
    enum planche_status status;
    uint32_t real = test->device->properties.limits.maxComputeWorkGroupInvocations;
    layer->program = (struct planche_gpu_program){.device = test->device,
                                                  .net = &layer->net,
                                                  .pitches = layer->pitches,
                                                  .steps = &layer->made};
    if (invocations < real)
        test->device->properties.limits.maxComputeWorkGroupInvocations = invocations;
    assert_true(planche_gpu_winograd_choose(&layer->program, 0, &status, &error));
    test->device->properties.limits.maxComputeWorkGroupInvocations = real;
    if (status)
        fail_msg("%s", error.message);
}

static void make_weights(struct shader_test *test, struct layer *layer)
{
    int channels = layer->tensors[INPUTS].channels, pitch = layer->pitches[INPUTS];
    size_t count = (size_t)channels * (size_t)layer->inputs * 9, values;
    layer->step.weights = layer->weights = calloc(count, sizeof(float));
    assert_non_null(layer->weights);
    for (size_t i = 0; i < count; i++)
        layer->weights[i] = (float)test_random_real(&test->random, -0.5, 0.5);
    assert_true(planche_gpu_winograd_count(&layer->program, 0, &values));
    layer->args.weights = shader_test_take(test, values * sizeof(float));
    planche_gpu_winograd_pack(&layer->program, 0, shader_test_host(test, layer->args.weights));
    float *constants = shader_test_floats(test, 2 * pitch, -1, 1, &layer->args.constants);
    for (int i = channels; i < pitch; i++)
        constants[i] = constants[pitch + i] = 0;
}

/* The view is a pixel narrower than what is stored of it, which must not be read: its pixels are no
 * numbers. */
static void make_inputs(struct shader_test *test, struct layer *layer, int width, int height)
{
    for (int i = 0; i < INPUTS; i++) {
        struct planche_gpu_view *view = &layer->args.in[i];
        *view = shader_test_tensor(test, width + 1, height, layer->tensors[i].channels);
        view->x = view->y = -1;
        for (int y = 0; y < height; y++)
            for (int c = 0; c < view->pitch; c++)
                shader_test_set(test, view->address,
                                ((int64_t)y * view->width + width) * view->pitch + c, NAN);
    }
    layer->args.in_count = INPUTS;
    layer->args.in_width = width;
    layer->args.in_height = height;
}

static void make_layer(struct shader_test *test, struct layer *layer, size_t shape, int width,
                       int height)
{
    struct planche_gpu_args *args = &layer->args;
    *layer = (struct layer){0};
    make_network(layer, shapes[shape].channels);
    make_program(test, layer, shapes[shape].invocations);
    make_weights(test, layer);
    make_inputs(test, layer, width, height);
    args->out = shader_test_output(test, width, height, shapes[shape].channels);
    args->pad_left = args->pad_top = 1;
    args->activation = PLANCHE_ACT_SLOPES;
    args->residual_count = 1;
    args->residual[0].view =
        shader_test_tensor(test, width + 2, height + 1, shapes[shape].channels);
    args->residual[0].view.x = 2;
    args->residual[0].view.y = 1;
    args->residual[0].self = 0.5f;
    args->residual[0].other = -0.75f;
}

static void run(struct shader_test *test, const struct layer *layer)
{
    const struct planche_gpu_shape *shape = &layer->made.shape;
    const struct planche_gpu_view *out = &layer->args.out;
    const uint32_t groups[3] = {
        (uint32_t)((out->width + shape->pixels_x - 1) / shape->pixels_x),
        (uint32_t)((out->height + shape->pixels_y - 1) / shape->pixels_y),
        (uint32_t)((out->pitch + shape->channels - 1) / shape->channels),
    };
    shader_test_dispatch(test, layer->made.pipeline, groups, &layer->args);
}

/* The sum of an output's products, and of their magnitudes. */
static double sum_products(const struct shader_test *test, const struct layer *layer, int x, int y,
                           int channel, double *size)
{
    const float *kernel = layer->weights + (size_t)channel * (size_t)layer->inputs * 9;
    double sum = 0;
    *size = 1;
    for (int i = 0; i < INPUTS; i++)
        for (int c = 0; c < layer->tensors[i].channels; c++)
            for (int k = 0; k < 9; k++, kernel++) {
                int from_x = x + k % 3 - 1;
                double v = from_x >= layer->args.in_width
                               ? 0
                               : (double)*kernel * shader_test_pixel(test, &layer->args.in[i],
                                                                     from_x, y + k / 3 - 1, c);
                sum += v;
                *size += fabs(v);
            }
    return sum;
}

static void check_value(const struct shader_test *test, const struct layer *layer, int x, int y,
                        int channel)
{
    const float *constants = shader_test_host(test, layer->args.constants);
    const struct planche_gpu_residual *residual = &layer->args.residual[0];
    double size, v = sum_products(test, layer, x, y, channel, &size) + (double)constants[channel];
    if (v < 0)
        v *= (double)constants[layer->args.out.pitch + channel];
    v = (double)residual->self * v +
        (double)residual->other * shader_test_pixel(test, &residual->view, x + 2, y + 1, channel);
    shader_test_expect(test, &layer->args.out, x, y, channel, v, size);
}

static void test_values(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (size_t s = 0; s < SHAPES; s++) {
        struct layer layer;
        shader_test_reset(test);
        make_layer(test, &layer, s, 37, 19);
        run(test, &layer);
        for (int y = 0; y < layer.args.out.height; y++)
            for (int x = 0; x < layer.args.out.width; x++)
                for (int c = 0; c < layer.args.out.channels; c += 1 + (x + y) % 3)
                    check_value(test, &layer, x, y, c);
        shader_test_expect_padding(test, &layer.args.out);
        free(layer.weights);
    }
}

/* The output from tile (x, y) on, of inputs that begin where its first tile's do. */
static struct layer part_of(struct shader_test *test, const struct layer *whole, int x, int y)
{
    struct layer part = *whole;
    struct planche_gpu_args *args = &part.args;
    args->out =
        shader_test_output(test, args->out.width - x, args->out.height - y, args->out.channels);
    args->out.x = x;
    args->out.y = y;
    args->residual[0].view.x += x;
    args->residual[0].view.y += y;
    for (int i = 0; i < INPUTS; i++) {
        const struct planche_gpu_view from = args->in[i];
        struct planche_gpu_view *to = &args->in[i];
        *to = shader_test_tensor(test, from.width - x + 1, from.height - y + 1, from.channels);
        to->x = to->y = 0;
        size_t line = (size_t)to->width * (size_t)to->pitch * test->device->value_bytes;
        size_t all = (size_t)from.width * (size_t)from.pitch * test->device->value_bytes;
        uint8_t *at = shader_test_host(test, to->address);
        const uint8_t *source = shader_test_host(test, from.address);
        for (int row = 0; row < to->height; row++)
            memcpy(at + (size_t)row * line, source + (size_t)(row + y - 1) * all + all - line,
                   line);
    }
    return part;
}

static void test_places(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    struct layer whole, part;
    shader_test_reset(test);
    make_layer(test, &whole, 0, 37, 19);
    part = part_of(test, &whole, 5 * SIDE, 2 * SIDE);
    run(test, &whole);
    run(test, &part);
    const struct planche_gpu_view *out = &whole.args.out, *some = &part.args.out;
    size_t pixel = (size_t)out->pitch * test->device->value_bytes;
    const uint8_t *all = shader_test_host(test, out->address);
    const uint8_t *rows = shader_test_host(test, some->address);
    for (int y = 0; y < some->height; y++)
        assert_memory_equal(rows + (size_t)y * (size_t)some->width * pixel,
                            all + ((size_t)(y + some->y) * (size_t)out->width + (size_t)some->x) *
                                      pixel,
                            (size_t)some->width * pixel);
    free(whole.weights);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_places),
    };
    planche_gpu_force_winograd(true);
    return shader_test_main(argc, argv, "shaders-winograd", tests, sizeof(tests) / sizeof(*tests));
}
