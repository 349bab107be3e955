/* SPDX-License-Identifier: MIT */
/* CONV and DECONV against sums in double precision, and against themselves at other places.
 *
 *   shaders-conv [SEED] */
#include "net/net.h"
#include "shader_test.h"
#include "support/quick.h"

#include <math.h>
#include <string.h>

/* Software devices compile the shader again for most of them. */
#define CASES (test_full() ? 24 : 12)

/* A convolution whose weights and constants are in the memory, and what it reads and writes. */
struct layer {
    struct planche_gpu_args args;
    int32_t constants[3];
    bool deconv;
};

static int pitches_of_inputs(const struct planche_gpu_args *args)
{
    int sum = 0;
    for (int s = 0; s < args->in_count; s++)
        sum += args->in[s].pitch;
    return sum;
}

/* Zero for the padding of inputs and outputs. */
static void make_weights(struct shader_test *test, struct layer *layer)
{
    struct planche_gpu_args *args = &layer->args;
    int rows = pitches_of_inputs(args), taps = args->kernel_w * args->kernel_h;
    int64_t index = 0;
    args->weights =
        shader_test_take(test, (uint64_t)taps * (uint64_t)rows * (uint64_t)args->out.pitch *
                                   test->device->value_bytes);
    for (int tap = 0; tap < taps; tap++)
        for (int s = 0; s < args->in_count; s++)
            for (int c = 0; c < args->in[s].pitch; c++)
                for (int o = 0; o < args->out.pitch; o++, index++)
                    if (c < args->in[s].channels && o < args->out.channels)
                        shader_test_set(test, args->weights, index,
                                        test_random_real(&test->random, -0.5, 0.5));
}

static void make_constants(struct shader_test *test, struct layer *layer)
{
    struct planche_gpu_args *args = &layer->args;
    static const enum planche_activation kinds[] = {PLANCHE_ACT_NONE, PLANCHE_ACT_RELU,
                                                    PLANCHE_ACT_LEAKY, PLANCHE_ACT_SLOPES};
    args->activation = (int)kinds[test_random_int(&test->random, 0, 3)];
    args->act0 = 0.1f;
    if (args->activation != PLANCHE_ACT_SLOPES && test_random_int(&test->random, 0, 3) == 0)
        return;
    float *values = shader_test_floats(test, 2 * args->out.pitch, -1, 1, &args->constants);
    for (int i = args->out.channels; i < args->out.pitch; i++)
        values[i] = values[args->out.pitch + i] = 0;
}

static void make_residuals(struct shader_test *test, struct planche_gpu_args *args)
{
    args->residual_count = test_random_int(&test->random, 0, 2);
    for (int r = 0; r < args->residual_count; r++) {
        struct planche_gpu_residual *residual = &args->residual[r];
        int x = test_random_int(&test->random, 0, 3), y = test_random_int(&test->random, 0, 3);
        residual->view = shader_test_tensor(test, args->out.width + x + 1, args->out.height + y,
                                            args->out.channels);
        residual->view.x = x;
        residual->view.y = y;
        residual->self = (float)test_random_real(&test->random, 0.2, 1);
        residual->other = (float)test_random_real(&test->random, 0.2, 1);
    }
}

static void make_inputs(struct shader_test *test, struct planche_gpu_args *args, bool deconv)
{
    static const int channels[] = {3, 4, 1, 16, 20, 32, 40};
    args->in_count = test_random_int(&test->random, 1, 3);
    for (int s = 0; s < args->in_count; s++) {
        int grow_x = test_random_int(&test->random, -2, 5);
        int grow_y = test_random_int(&test->random, -2, 3);
        int width = deconv ? args->out.width / args->stride_w : args->out.width * args->stride_w;
        int height = deconv ? args->out.height / args->stride_h : args->out.height * args->stride_h;
        width = width + grow_x < 1 ? 1 : width + grow_x;
        height = height + grow_y < 1 ? 1 : height + grow_y;
        args->in[s] =
            shader_test_tensor(test, width, height, channels[test_random_int(&test->random, 0, 6)]);
        args->in[s].x = test_random_int(&test->random, -3, 2);
        args->in[s].y = test_random_int(&test->random, -3, 2);
    }
}

static void make_layer(struct shader_test *test, struct layer *layer, bool deconv)
{
    static const int channels[] = {3, 4, 12, 16, 24, 64, 72, 130};
    struct planche_gpu_args *args = &layer->args;
    *layer = (struct layer){.deconv = deconv};
    args->kernel_w = test_random_int(&test->random, 1, 4);
    args->kernel_h = test_random_int(&test->random, 1, 4);
    args->stride_w = test_random_int(&test->random, 1, deconv ? 4 : 2);
    args->stride_h = test_random_int(&test->random, 1, deconv ? 4 : 2);
    args->dilation_w = test_random_int(&test->random, 0, 3) ? 1 : 2;
    args->dilation_h = test_random_int(&test->random, 0, 3) ? 1 : 2;
    args->pad_left = deconv ? test_random_int(&test->random, 0, 3) : 0;
    args->pad_top = deconv ? test_random_int(&test->random, 0, 3) : 0;
    args->out = shader_test_output(test, test_random_int(&test->random, 1, 70),
                                   test_random_int(&test->random, 1, 11),
                                   channels[test_random_int(&test->random, 0, 7)]);
    args->out.x = test_random_int(&test->random, 0, 7);
    args->out.y = test_random_int(&test->random, 0, 7);
    make_inputs(test, args, deconv);
    make_weights(test, layer);
    make_constants(test, layer);
    make_residuals(test, args);
    layer->constants[1] = args->out.pitch == 4 ? 1 : 2;
    layer->constants[0] = args->out.pitch == 4 ? 1 : args->out.pitch < 64 ? args->out.pitch / 8 : 8;
    layer->constants[2] = 1;
    if (args->out.pitch == 4) /* parts of the inputs' channels, or more than there are of some */
        layer->constants[0] = layer->constants[2] = test_random_int(&test->random, 0, 1) ? 8 : 1;
}

/* Where tap k of an output coordinate comes from in a view's coordinates; false: nowhere. */
static bool tap_at(const struct layer *layer, bool vertical, int out, int k, int *at)
{
    const struct planche_gpu_args *a = &layer->args;
    int stride = vertical ? a->stride_h : a->stride_w;
    int dilation = vertical ? a->dilation_h : a->dilation_w;
    if (!layer->deconv) {
        *at = out * stride + k * dilation;
        return true;
    }
    int from = out + (vertical ? a->out.y + a->pad_top : a->out.x + a->pad_left) - k * dilation;
    *at = from / stride;
    return from >= 0 && from % stride == 0;
}

/* A tap's products, added to *sum, and their absolute values to *size. */
static void add_tap(const struct shader_test *test, const struct planche_gpu_args *args, int tap,
                    int x, int y, int channel, double *sum, double *size)
{
    int64_t row = (int64_t)tap * pitches_of_inputs(args);
    for (int s = 0; s < args->in_count; row += args->in[s++].pitch)
        for (int c = 0; c < args->in[s].channels; c++) {
            double v =
                shader_test_pixel(test, &args->in[s], x + args->in[s].x, y + args->in[s].y, c) *
                shader_test_get(test, args->weights, (row + c) * args->out.pitch + channel);
            *sum += v;
            *size += fabs(v);
        }
}

static double finish(const struct shader_test *test, const struct planche_gpu_args *args, double v,
                     int x, int y, int channel, double *size)
{
    const float *constants = args->constants ? shader_test_host(test, args->constants) : NULL;
    v += constants ? (double)constants[channel] : 0;
    *size += 1;
    if (v < 0)
        v *= args->activation == PLANCHE_ACT_RELU     ? 0
             : args->activation == PLANCHE_ACT_LEAKY  ? (double)args->act0
             : args->activation == PLANCHE_ACT_SLOPES ? (double)constants[args->out.pitch + channel]
                                                      : 1;
    for (int r = 0; r < args->residual_count; r++) {
        const struct planche_gpu_residual *residual = &args->residual[r];
        v = (double)residual->self * v +
            (double)residual->other * shader_test_pixel(test, &residual->view, x + residual->view.x,
                                                        y + residual->view.y, channel);
    }
    return v;
}

static void check_value(const struct shader_test *test, const struct layer *layer, int x, int y,
                        int channel)
{
    const struct planche_gpu_args *args = &layer->args;
    double sum = 0, size = 0;
    int from_x, from_y;
    for (int ky = 0; ky < args->kernel_h; ky++)
        for (int kx = 0; kx < args->kernel_w; kx++)
            if (tap_at(layer, true, y, ky, &from_y) && tap_at(layer, false, x, kx, &from_x))
                add_tap(test, args, ky * args->kernel_w + kx, from_x, from_y, channel, &sum, &size);
    sum = finish(test, args, sum, x, y, channel, &size);
    shader_test_expect(test, &args->out, x, y, channel, sum, size);
}

static void run(struct shader_test *test, const struct layer *layer)
{
    shader_test_run(test, layer->deconv ? PLANCHE_SHADER_DECONV : PLANCHE_SHADER_CONV,
                    layer->constants, 3, &layer->args);
}

static void check_layers(void **state, bool deconv)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        struct layer layer;
        shader_test_reset(test);
        make_layer(test, &layer, deconv);
        run(test, &layer);
        for (int y = 0; y < layer.args.out.height; y++)
            for (int x = 0; x < layer.args.out.width; x++)
                for (int c = 0; c < layer.args.out.channels; c++)
                    check_value(test, &layer, x, y, c);
        shader_test_expect_padding(test, &layer.args.out);
    }
}

static void test_conv(void **state)
{
    check_layers(state, false);
}

static void test_deconv(void **state)
{
    check_layers(state, true);
}

/* The layer's output from pixel (x, y) on. */
static struct layer part_of(struct shader_test *test, const struct layer *whole, int x, int y)
{
    struct layer part = *whole;
    struct planche_gpu_args *args = &part.args;
    args->out =
        shader_test_output(test, args->out.width - x, args->out.height - y, args->out.channels);
    args->out.x = whole->args.out.x + x;
    args->out.y = whole->args.out.y + y;
    for (int s = 0; s < args->in_count && !part.deconv; s++) {
        args->in[s].x += x * args->stride_w;
        args->in[s].y += y * args->stride_h;
    }
    for (int r = 0; r < args->residual_count; r++) {
        args->residual[r].view.x += x;
        args->residual[r].view.y += y;
    }
    return part;
}

/* A pixel is the same, bit for bit, wherever the region begins that it is made in. */
static void check_places(void **state, bool deconv)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        struct layer whole, part;
        shader_test_reset(test);
        make_layer(test, &whole, deconv);
        const struct planche_gpu_view *out = &whole.args.out;
        int x = test_random_int(&test->random, 0, out->width - 1);
        int y = test_random_int(&test->random, 0, out->height - 1);
        part = part_of(test, &whole, x, y);
        run(test, &whole);
        run(test, &part);
        size_t pixel = (size_t)out->pitch * test->device->value_bytes;
        const uint8_t *all = shader_test_host(test, out->address);
        const uint8_t *some = shader_test_host(test, part.args.out.address);
        for (int row = y; row < out->height; row++, some += (size_t)(out->width - x) * pixel)
            assert_memory_equal(some, all + ((size_t)row * (size_t)out->width + (size_t)x) * pixel,
                                (size_t)(out->width - x) * pixel);
    }
}

static void test_conv_places(void **state)
{
    check_places(state, false);
}

static void test_deconv_places(void **state)
{
    check_places(state, true);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),
        cmocka_unit_test(test_deconv),
        cmocka_unit_test(test_conv_places),
        cmocka_unit_test(test_deconv_places),
    };
    return shader_test_main(argc, argv, "shaders-conv", tests, sizeof(tests) / sizeof(*tests));
}
