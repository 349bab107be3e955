/* SPDX-License-Identifier: MIT */
/* All shaders but convolutions and those that know pages, against plain C in double precision.
 *
 *   shaders [SEED] */
#include "backend/cpu/activation.h"
#include "net/net.h"
#include "shader_test.h"

#include <math.h>
#include <string.h>

#define CASES 12

static const int some_channels[] = {3, 4, 1, 12, 16, 20, 48, 64};

static int random_channels(struct shader_test *test)
{
    return some_channels[test_random_int(&test->random, 0, 7)];
}

static void make_output(struct shader_test *test, struct planche_gpu_args *args, int channels)
{
    args->out = shader_test_output(test, test_random_int(&test->random, 1, 150),
                                   test_random_int(&test->random, 1, 9), channels);
    args->out.x = test_random_int(&test->random, 0, 9);
    args->out.y = test_random_int(&test->random, 0, 9);
}

/* An input with at least the output's pixels, not at the same place. */
static struct planche_gpu_view make_input(struct shader_test *test,
                                          const struct planche_gpu_args *args, int channels)
{
    int x = test_random_int(&test->random, 0, 3), y = test_random_int(&test->random, 0, 3);
    struct planche_gpu_view view =
        shader_test_tensor(test, args->out.width + x + test_random_int(&test->random, 0, 2),
                           args->out.height + y, channels);
    view.x = x;
    view.y = y;
    return view;
}

static double input_at(const struct shader_test *test, const struct planche_gpu_view *in, int x,
                       int y, int channel)
{
    return shader_test_pixel(test, in, x + in->x, y + in->y, channel);
}

/* What a pixel's channel should be. */
typedef double (*make_value)(const struct shader_test *test, const struct planche_gpu_args *args,
                             int x, int y, int channel);

static void check_output(const struct shader_test *test, const struct planche_gpu_args *args,
                         make_value value, double size)
{
    for (int y = 0; y < args->out.height; y++)
        for (int x = 0; x < args->out.width; x++)
            for (int c = 0; c < args->out.channels; c++) {
                double want = value(test, args, x, y, c);
                shader_test_expect(test, &args->out, x, y, c, want, size * (1 + fabs(want)));
            }
    shader_test_expect_padding(test, &args->out);
}

static double combine(int op, double a, double b)
{
    switch (op) {
    case PLANCHE_BINARY_ADD:
        return a + b;
    case PLANCHE_BINARY_SUB:
        return a - b;
    case PLANCHE_BINARY_MUL:
        return a * b;
    case PLANCHE_BINARY_DIV:
        return a / b;
    case PLANCHE_BINARY_MAX:
        return fmax(a, b);
    case PLANCHE_BINARY_MIN:
        return fmin(a, b);
    case PLANCHE_BINARY_RSUB:
        return b - a;
    default:
        return b / a;
    }
}

static double binary(const struct shader_test *test, const struct planche_gpu_args *args, int x,
                     int y, int channel)
{
    return combine(args->operation,
                   (double)args->self * input_at(test, &args->in[0], x, y, channel),
                   (double)args->other * input_at(test, &args->in[1], x, y, channel));
}

static double binary_scalar(const struct shader_test *test, const struct planche_gpu_args *args,
                            int x, int y, int channel)
{
    return combine(args->operation, input_at(test, &args->in[0], x, y, channel),
                   (double)args->other);
}

static double binary_vector(const struct shader_test *test, const struct planche_gpu_args *args,
                            int x, int y, int channel)
{
    const float *vector = shader_test_host(test, args->vector);
    return combine(args->operation, input_at(test, &args->in[0], x, y, channel),
                   (double)vector[channel]);
}

static const int operations[] = {PLANCHE_BINARY_ADD,  PLANCHE_BINARY_SUB, PLANCHE_BINARY_MUL,
                                 PLANCHE_BINARY_DIV,  PLANCHE_BINARY_MAX, PLANCHE_BINARY_MIN,
                                 PLANCHE_BINARY_RSUB, PLANCHE_BINARY_RDIV};

/* No divisor is near zero. */
static void keep_from_zero(struct shader_test *test, const struct planche_gpu_view *view)
{
    for (int64_t i = 0; i < (int64_t)view->width * view->height * view->pitch; i++)
        if (i % view->pitch < view->channels)
            shader_test_set(test, view->address, i, test_random_real(&test->random, 0.5, 2));
}

static void check_binary(void **state, int32_t step, make_value value)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < 8; i++) {
        struct planche_gpu_args args = {.operation = operations[i], .self = 0.5f, .other = 1.5f};
        shader_test_reset(test);
        make_output(test, &args, random_channels(test));
        args.in_count = step == PLANCHE_STEP_BINARY ? 2 : 1;
        for (int s = 0; s < args.in_count; s++) {
            args.in[s] = make_input(test, &args, args.out.channels);
            if (args.operation == PLANCHE_BINARY_DIV || args.operation == PLANCHE_BINARY_RDIV)
                keep_from_zero(test, &args.in[s]);
        }
        shader_test_floats(test, args.out.pitch, 0.5, 2, &args.vector);
        shader_test_run(test, PLANCHE_SHADER_ELEMENTWISE, &step, 1, &args);
        check_output(test, &args, value, 1);
    }
}

static void test_binary(void **state)
{
    check_binary(state, PLANCHE_STEP_BINARY, binary);
}

static void test_binary_scalar(void **state)
{
    check_binary(state, PLANCHE_STEP_BINARY_SCALAR, binary_scalar);
}

static void test_binary_vector(void **state)
{
    check_binary(state, PLANCHE_STEP_BINARY_VECTOR, binary_vector);
}

static double activate(const struct planche_gpu_args *args, double v, double slope)
{
    const float act[2] = {args->act0, args->act1};
    if (args->activation == PLANCHE_ACT_SLOPES)
        return v > 0 ? v : v * slope;
    return (double)planche_activate((enum planche_activation)args->activation, act, (float)v);
}

static double channel(const struct shader_test *test, const struct planche_gpu_args *args, int x,
                      int y, int c)
{
    const float *scale = args->weights ? shader_test_host(test, args->weights) : NULL;
    const float *bias = args->constants ? shader_test_host(test, args->constants) : NULL;
    double v = input_at(test, &args->in[0], x, y, c) * (scale ? (double)scale[c] : 1) +
               (bias ? (double)bias[c] : 0);
    return activate(args, v, bias ? (double)bias[args->out.pitch + c] : 1);
}

static void test_channel(void **state)
{
    static const int activations[] = {PLANCHE_ACT_NONE,      PLANCHE_ACT_RELU,    PLANCHE_ACT_LEAKY,
                                      PLANCHE_ACT_CLIP,      PLANCHE_ACT_SIGMOID, PLANCHE_ACT_MISH,
                                      PLANCHE_ACT_HARDSWISH, PLANCHE_ACT_SLOPES};
    const int32_t step = PLANCHE_STEP_CHANNEL;
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < 16; i++) {
        struct planche_gpu_args args = {
            .activation = activations[i % 8], .act0 = 0.2f, .act1 = 0.5f, .in_count = 1};
        shader_test_reset(test);
        make_output(test, &args, random_channels(test));
        args.in[0] = make_input(test, &args, args.out.channels);
        if (i < 8)
            shader_test_floats(test, args.out.pitch, -8, 30, &args.weights);
        if (i < 8 || args.activation == PLANCHE_ACT_SLOPES)
            shader_test_floats(test, 2 * args.out.pitch, -1, 1, &args.constants);
        shader_test_run(test, PLANCHE_SHADER_ELEMENTWISE, &step, 1, &args);
        check_output(test, &args, channel, 1);
    }
}

/* Functions of large values are what they should be, and no NaN. */
static void test_channel_far(void **state)
{
    static const int activations[] = {PLANCHE_ACT_SIGMOID, PLANCHE_ACT_MISH};
    const int32_t step = PLANCHE_STEP_CHANNEL;
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < 2; i++) {
        struct planche_gpu_args args = {.activation = activations[i], .in_count = 1};
        shader_test_reset(test);
        make_output(test, &args, 4);
        args.in[0] = make_input(test, &args, 4);
        float *scale = shader_test_floats(test, 4, 0, 1, &args.weights);
        for (int c = 0; c < 4; c++)
            scale[c] = 1000;
        shader_test_run(test, PLANCHE_SHADER_ELEMENTWISE, &step, 1, &args);
        check_output(test, &args, channel, 1);
    }
}

static double copied(const struct shader_test *test, const struct planche_gpu_args *args, int x,
                     int y, int c)
{
    int s = 0;
    for (; c >= args->in[s].channels; s++)
        c -= args->in[s].channels;
    return input_at(test, &args->in[s], x, y, c);
}

static void test_copy(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        struct planche_gpu_args args = {.in_count = test_random_int(&test->random, 1, 5)};
        int channels[PLANCHE_GPU_INPUTS], sum = 0;
        shader_test_reset(test);
        for (int s = 0; s < args.in_count; s++)
            sum += channels[s] = random_channels(test);
        make_output(test, &args, sum);
        for (int s = 0; s < args.in_count; s++)
            args.in[s] = make_input(test, &args, channels[s]);
        shader_test_run(test, PLANCHE_SHADER_COPY, NULL, 0, &args);
        check_output(test, &args, copied, 0);
    }
}

static double shuffled(const struct shader_test *test, const struct planche_gpu_args *args, int x,
                       int y, int c)
{
    int r = args->scale;
    x += args->out.x;
    y += args->out.y;
    return input_at(test, &args->in[0], x / r, y / r, (c * r + y % r) * r + x % r);
}

static void test_shuffle(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        struct planche_gpu_args args = {.in_count = 1,
                                        .scale = test_random_int(&test->random, 1, 4)};
        shader_test_reset(test);
        make_output(test, &args, some_channels[test_random_int(&test->random, 0, 3)]);
        int r = args.scale, x0 = args.out.x / r, y0 = args.out.y / r;
        args.in[0] = shader_test_tensor(test, (args.out.x + args.out.width - 1) / r - x0 + 2,
                                        (args.out.y + args.out.height - 1) / r - y0 + 2,
                                        args.out.channels * r * r);
        args.in[0].x = 1 - x0;
        args.in[0].y = 1 - y0;
        shader_test_run(test, PLANCHE_SHADER_SHUFFLE, NULL, 0, &args);
        check_output(test, &args, shuffled, 0);
    }
}

/* Weight of the pixel at `d` from a position, of one axis. */
static double kernel(int mode, double d)
{
    const double a = -0.75;
    d = fabs(d);
    if (mode == PLANCHE_INTERP_BILINEAR)
        return fmax(0, 1 - d);
    return d <= 1  ? ((a + 2) * d - (a + 3)) * d * d + 1
           : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
                   : 0;
}

/* Value at an output position of whole sizes, as sums over all pixels near it. */
static double interpolated(const struct shader_test *test, const struct planche_gpu_args *args,
                           int x, int y, int c)
{
    const struct planche_gpu_view *in = &args->in[0];
    int64_t gx = x + args->out.x, gy = y + args->out.y;
    if (args->operation == PLANCHE_INTERP_NEAREST)
        return input_at(test, in, (int)(gx * args->in_width / args->out_width),
                        (int)(gy * args->in_height / args->out_height), c);
    double px = ((double)gx + 0.5) * args->in_width / args->out_width - 0.5, sum = 0;
    double py = ((double)gy + 0.5) * args->in_height / args->out_height - 0.5;
    for (int iy = (int)floor(py) - 1; iy <= (int)floor(py) + 2; iy++)
        for (int ix = (int)floor(px) - 1; ix <= (int)floor(px) + 2; ix++) {
            int cx = ix < 0 ? 0 : ix >= args->in_width ? args->in_width - 1 : ix;
            int cy = iy < 0 ? 0 : iy >= args->in_height ? args->in_height - 1 : iy;
            sum += kernel(args->operation, px - ix) * kernel(args->operation, py - iy) *
                   input_at(test, in, cx, cy, c);
        }
    return sum;
}

/* Whole sizes, and a region of the output with what it needs of the input. */
static void make_interp(struct shader_test *test, struct planche_gpu_args *args, int width,
                        int height, int factor)
{
    int channels = random_channels(test);
    args->act0 = -0.75f;
    args->in_width = width;
    args->in_height = height;
    args->out_width = factor ? width * factor : test_random_int(&test->random, 1, 3 * width);
    args->out_height = factor ? height * factor : test_random_int(&test->random, 1, 3 * height);
    int w = test_random_int(&test->random, 1, args->out_width < 40 ? args->out_width : 40);
    int h = test_random_int(&test->random, 1, args->out_height < 9 ? args->out_height : 9);
    args->out = shader_test_output(test, w, h, channels);
    args->out.x = test_random_int(&test->random, 0, args->out_width - w);
    args->out.y = test_random_int(&test->random, 0, args->out_height - h);
    int64_t x0 = (int64_t)args->out.x * width / args->out_width - 3;
    int64_t x1 = (int64_t)(args->out.x + w) * width / args->out_width + 4;
    int64_t y0 = (int64_t)args->out.y * height / args->out_height - 3;
    int64_t y1 = (int64_t)(args->out.y + h) * height / args->out_height + 4;
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 > width ? width : x1;
    y1 = y1 > height ? height : y1;
    args->in[0] = shader_test_tensor(test, (int)(x1 - x0), (int)(y1 - y0), channels);
    args->in[0].x = (int)-x0;
    args->in[0].y = (int)-y0;
}

static void test_interp(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < 4 * CASES; i++) {
        struct planche_gpu_args args = {.in_count = 1, .operation = 1 + i % 3};
        shader_test_reset(test);
        make_interp(test, &args, test_random_int(&test->random, 1, 60),
                    test_random_int(&test->random, 1, 20),
                    i % 2 ? 0 : test_random_int(&test->random, 1, 4));
        shader_test_run(test, PLANCHE_SHADER_INTERP, NULL, 0, &args);
        check_output(test, &args, interpolated, 4);
    }
}

/* Sizes whose products need more than 32 bits. */
static void test_interp_large(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        struct planche_gpu_args args = {.in_count = 1, .operation = 1 + i % 3};
        shader_test_reset(test);
        make_interp(test, &args, test_random_int(&test->random, 40000, 60001), 7, 0);
        shader_test_run(test, PLANCHE_SHADER_INTERP, NULL, 0, &args);
        check_output(test, &args, interpolated, 4);
    }
}

/* The sum of the part of in[0] that is `out`, in the fixed point. */
static int64_t pooled(const struct shader_test *test, const struct planche_gpu_args *args, int c)
{
    int64_t sum = 0;
    for (int y = 0; y < args->out.height; y++)
        for (int x = 0; x < args->out.width; x++)
            sum += llrint(fmin(fmax(input_at(test, &args->in[0], x, y, c), -32767), 32767) * 65536);
    return sum;
}

static void check_average(struct shader_test *test, struct planche_gpu_args *args,
                          const int64_t *sums)
{
    struct planche_gpu_view vector = {
        .width = 1, .height = 1, .channels = args->out.channels, .pitch = args->out.pitch};
    int64_t count = test_random_int(&test->random, 0, 1) ? INT64_C(1) << 33 : 12345;
    args->in[0].address = args->out.address;
    args->out = vector;
    args->count_lo = (int32_t)(uint32_t)count;
    args->count_hi = (int32_t)(count >> 32);
    args->vector = shader_test_take(test, (uint64_t)vector.pitch * sizeof(float));
    float *values = shader_test_host(test, args->vector);
    for (int c = 0; c < vector.pitch; c++)
        values[c] = 1;
    shader_test_run(test, PLANCHE_SHADER_AVERAGE, NULL, 0, args);
    for (int c = 0; c < vector.pitch; c++) {
        int64_t sum = 0;
        for (int copy = 0; copy < PLANCHE_GPU_SUM_COPIES; copy++)
            sum += sums[copy * vector.pitch + c];
        double want = c < vector.channels ? (double)sum / 65536 / (double)count : 0;
        assert_true(fabs((double)values[c] - want) <= fabs(want) * 1e-6);
    }
}

static void test_pool(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        struct planche_gpu_args args = {.in_count = 1};
        shader_test_reset(test);
        make_output(test, &args, random_channels(test));
        args.out.height *= 3;
        args.in[0] = make_input(test, &args, args.out.channels);
        shader_test_set(test, args.in[0].address, 0, 40000);
        for (int64_t n = 0; i % 3 == 0 && n < (int64_t)args.in[0].width * args.in[0].pitch; n++)
            shader_test_set(test, args.in[0].address, n, -40000);
        args.out.address = shader_test_take(test, (uint64_t)args.out.pitch * sizeof(int64_t) *
                                                      PLANCHE_GPU_SUM_COPIES);
        int64_t *sums = shader_test_host(test, args.out.address), before[80];
        for (int c = 0; c < args.out.pitch; c++)
            before[c] = sums[c] =
                (int64_t)test_random(&test->random) >> test_random_int(&test->random, 8, 50);
        shader_test_run(test, PLANCHE_SHADER_POOL, NULL, 0, &args);
        for (int c = 0; c < args.out.channels; c++)
            assert_true(sums[c] == before[c] + pooled(test, &args, c));
        sums[0] = -(INT64_C(3) << 32);
        for (int n = args.out.pitch; n < args.out.pitch * PLANCHE_GPU_SUM_COPIES; n++)
            sums[n] = (int64_t)test_random(&test->random) >> 20;
        check_average(test, &args, sums);
    }
}

static void test_inner(void **state)
{
    static const int activations[] = {PLANCHE_ACT_NONE, PLANCHE_ACT_RELU, PLANCHE_ACT_SIGMOID,
                                      PLANCHE_ACT_SLOPES};
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        struct planche_gpu_args args = {.activation = activations[i % 4], .in_count = 1};
        shader_test_reset(test);
        int in = test_random_int(&test->random, 1, 130),
            out = test_random_int(&test->random, 1, 90);
        args.out = (struct planche_gpu_view){.width = 1, .height = 1, .channels = out};
        args.out.pitch = out <= 4 ? 4 : (out + 15) / 16 * 16;
        args.in[0].channels = in;
        const float *x = shader_test_floats(test, in, -1, 1, &args.in[0].address);
        const float *w = shader_test_floats(test, in * out, -1, 1, &args.weights);
        const float *bias = NULL;
        if (i != 0)
            bias = shader_test_floats(test, 2 * args.out.pitch, -1, 1, &args.constants);
        const float *got = shader_test_floats(test, args.out.pitch, 1, 2, &args.vector);
        shader_test_run(test, PLANCHE_SHADER_INNER, NULL, 0, &args);
        for (int o = 0; o < args.out.pitch; o++) {
            double want = bias && o < out ? (double)bias[o] : 0;
            for (int c = 0; o < out && c < in; c++)
                want += (double)w[o * in + c] * (double)x[c];
            if (o < out)
                want = activate(&args, want, bias ? (double)bias[args.out.pitch + o] : 1);
            assert_true(fabs((double)got[o] - want) < 2e-5);
        }
    }
}

/* A window's first and last place along a side, where `at` lies in it. */
static void window_of(const struct planche_gpu_args *args, int at, int size, int *begin, int *end)
{
    int side = args->kernel_w, first = at - (at + side - args->pad_left) % side;
    *begin = first < 0 ? 0 : first;
    *end = first + side < size ? first + side : size;
}

static double product(const struct shader_test *test, const struct planche_gpu_args *args,
                      const int query[2], const int key[2], int head)
{
    const struct planche_gpu_view *in = &args->in[0];
    double sum = 0;
    for (int c = 16 * head; c < 16 * head + 16; c++)
        sum += shader_test_pixel(test, in, query[0] - args->out.x + in->x,
                                 query[1] - args->out.y + in->y, c) *
               shader_test_pixel(test, in, key[0] - args->out.x + in->x,
                                 key[1] - args->out.y + in->y, args->out.channels + c);
    return sum * (double)args->self;
}

/* A head of a pixel at (x, y) of the whole picture. */
static void expect_attention(const struct shader_test *test, const struct planche_gpu_args *args,
                             const float *offsets, int x, int y, int head)
{
    int side = args->kernel_w, x0, x1, y0, y1, count = 0, heads = args->out.channels / 16;
    double shares[64], all = 0;
    const int query[] = {x, y};
    window_of(args, x, args->in_width, &x0, &x1);
    window_of(args, y, args->in_height, &y0, &y1);
    for (int v = y0; v < y1; v++)
        for (int u = x0; u < x1; u++) {
            int place = (y - v + side - 1) * (2 * side - 1) + x - u + side - 1;
            shares[count] = exp(product(test, args, query, (const int[]){u, v}, head) +
                                (double)offsets[place * heads + head]);
            all += shares[count++];
        }
    for (int c = 16 * head; c < 16 * head + 16; c++) {
        double want = 0, size = 0;
        count = 0;
        for (int v = y0; v < y1; v++)
            for (int u = x0; u < x1; u++) {
                double value =
                    shader_test_pixel(test, &args->in[0], u - args->out.x + args->in[0].x,
                                      v - args->out.y + args->in[0].y, 2 * args->out.channels + c);
                want += shares[count] / all * value;
                size += shares[count++] / all * fabs(value);
            }
        shader_test_expect(test, &args->out, x - args->out.x, y - args->out.y, c, want, 8 * size);
    }
}

/* Regions of a picture whose windows are cut at its edges; all of a region's windows are there. */
static void test_attention(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        int side = test_random_int(&test->random, 2, 8), x0, x1, y0, y1, unused;
        int heads = test_random_int(&test->random, 1, 3), lines = 2 * side - 1;
        struct planche_gpu_args args = {
            .in_count = 1,
            .kernel_w = side,
            .pad_left = test_random_int(&test->random, 0, side - 1),
            .self = 0.25f,
            .in_width = 2 * side + test_random_int(&test->random, 0, side),
            .in_height = 2 * side + test_random_int(&test->random, 0, side),
        };
        shader_test_reset(test);
        int x = test_random_int(&test->random, 0, args.in_width - 1),
            y = test_random_int(&test->random, 0, args.in_height - 1);
        args.out =
            shader_test_output(test, test_random_int(&test->random, 1, args.in_width - x),
                               test_random_int(&test->random, 1, args.in_height - y), 16 * heads);
        args.out.x = x;
        args.out.y = y;
        window_of(&args, x, args.in_width, &x0, &unused);
        window_of(&args, x + args.out.width - 1, args.in_width, &unused, &x1);
        window_of(&args, y, args.in_height, &y0, &unused);
        window_of(&args, y + args.out.height - 1, args.in_height, &unused, &y1);
        args.in[0] = shader_test_tensor(test, x1 - x0, y1 - y0, 3 * 16 * heads);
        args.in[0].x = x - x0;
        args.in[0].y = y - y0;
        const float *offsets =
            shader_test_floats(test, lines * lines * heads, -1, 1, &args.weights);
        shader_test_run(test, PLANCHE_SHADER_ATTENTION, (const int32_t[]){0, 4}, 2, &args);
        for (int v = y; v < y + args.out.height; v++)
            for (int u = x; u < x + args.out.width; u++)
                for (int head = 0; head < heads; head++)
                    expect_attention(test, &args, offsets, u, v, head);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary),        cmocka_unit_test(test_binary_scalar),
        cmocka_unit_test(test_binary_vector), cmocka_unit_test(test_channel),
        cmocka_unit_test(test_channel_far),   cmocka_unit_test(test_copy),
        cmocka_unit_test(test_shuffle),       cmocka_unit_test(test_interp),
        cmocka_unit_test(test_interp_large),  cmocka_unit_test(test_pool),
        cmocka_unit_test(test_inner),         cmocka_unit_test(test_attention),
    };
    return shader_test_main(argc, argv, "shaders", tests, sizeof(tests) / sizeof(*tests));
}
