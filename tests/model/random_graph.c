/* SPDX-License-Identifier: MIT */
/* Random networks. Every spatial blob knows its size as an exact function of the input's,
 * size = n * num / den + more, so that operands can be cropped to fit. */
#include "random_graph.h"

#include "support/random.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BLOBS    160
#define MAX_CHANNELS 48
#define PERIOD       8 /* input sizes are multiples of this */
#define MIN_SIZE     8 /* of any blob at the smallest input */
#define MAX_SCALE    4

struct blob {
    int channels, num, den, more_h, more_w;
    bool vector, positive;
};

struct layer {
    const char *type;
    char params[512];
    int inputs[8], input_count;
};

struct maker {
    uint64_t state;
    struct random_graph *graph;
    size_t param_room;
    struct blob blobs[MAX_BLOBS];
    struct layer layers[MAX_BLOBS];
    int count; /* of blobs and of layers: layer i makes blob i */
};

static bool chance(struct maker *maker, int percent)
{
    return test_random_int(&maker->state, 0, 99) < percent;
}

void random_graph_put_bytes(struct random_graph *graph, uint32_t bits, int count)
{
    if (graph->bin_size + 4 > graph->bin_room) {
        graph->bin_room = graph->bin_room * 2 + 4096;
        graph->bin = realloc(graph->bin, graph->bin_room);
    }
    for (int i = 0; i < count; i++)
        graph->bin[graph->bin_size++] = (uint8_t)(bits >> (8 * i));
}

void random_graph_put_float(struct random_graph *graph, double value)
{
    float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, 4);
    random_graph_put_bytes(graph, bits, 4);
}

static uint32_t half_bits(double value)
{
    uint32_t sign = value < 0 ? 0x8000 : 0;
    int exponent;
    double mantissa = frexp(fabs(value), &exponent); /* 0.5 <= mantissa < 1 */
    if (exponent + 14 < 1)
        return sign | (uint32_t)floor(ldexp(fabs(value), 24));
    return sign | (uint32_t)(exponent + 14) << 10 | (uint32_t)floor((mantissa * 2 - 1) * 1024);
}

void random_graph_put_floats(struct random_graph *graph, uint64_t *state, int count, double least,
                             double most)
{
    for (int i = 0; i < count; i++)
        random_graph_put_float(graph, test_random_real(state, least, most));
}

/* Weights that keep the values' range, as fp16 or fp32. */
static void put_weights(struct maker *maker, int count, int fan_in)
{
    double range = 1.6 / sqrt(fan_in);
    bool half = chance(maker, 60);
    random_graph_put_bytes(maker->graph, half ? 0x01306B47 : 0, 4);
    for (int i = 0; i < count; i++) {
        double value = test_random_real(&maker->state, -range, range);
        if (half)
            random_graph_put_bytes(maker->graph, half_bits(value), 2);
        else
            random_graph_put_float(maker->graph, value);
    }
    if (half && count % 2)
        random_graph_put_bytes(maker->graph, 0, 2);
}

__attribute__((format(printf, 2, 3))) static void param(struct maker *maker, const char *format,
                                                        ...)
{
    struct layer *layer = &maker->layers[maker->count - 1];
    size_t used = strlen(layer->params);
    va_list args;
    va_start(args, format);
    vsnprintf(layer->params + used, sizeof(layer->params) - used, format, args);
    va_end(args);
    assert(strlen(layer->params) + 1 < sizeof(layer->params));
}

static int add(struct maker *maker, const char *type, struct blob blob, int input_count, ...)
{
    struct layer *layer = &maker->layers[maker->count];
    va_list args;
    assert(maker->count < MAX_BLOBS);
    *layer = (struct layer){.type = type, .input_count = input_count};
    va_start(args, input_count);
    for (int i = 0; i < input_count; i++)
        layer->inputs[i] = va_arg(args, int);
    va_end(args);
    maker->blobs[maker->count] = blob;
    return maker->count++;
}

static int size_at(const struct blob *blob, int n, bool height)
{
    return n * blob->num / blob->den + (height ? blob->more_h : blob->more_w);
}

static bool is_fine(const struct blob *blob)
{
    return PERIOD * blob->num % blob->den == 0 && blob->num <= MAX_SCALE &&
           size_at(blob, RANDOM_GRAPH_LEAST, true) >= MIN_SIZE &&
           size_at(blob, RANDOM_GRAPH_LEAST, false) >= MIN_SIZE;
}

static int floor_divide(int a, int b)
{
    return a / b - (a % b < 0);
}

static void reduce(struct blob *blob)
{
    for (int i = 2; i <= blob->den; i++)
        while (blob->num % i == 0 && blob->den % i == 0) {
            blob->num /= i;
            blob->den /= i;
        }
}

static void add_activation(struct maker *maker, struct blob *out)
{
    int type = chance(maker, 60) ? test_random_int(&maker->state, 1, 2)
                                 : test_random_int(&maker->state, 0, 6);
    param(maker, " 9=%d", type);
    if (type == 2)
        param(maker, " -23310=1,%e", test_random_real(&maker->state, 0.05, 0.3));
    if (type == 3)
        param(maker, " -23310=2,%e,%e", test_random_real(&maker->state, -1, -0.5),
              test_random_real(&maker->state, 0.5, 1));
    if (type == 6)
        param(maker, " -23310=2,%e,%e", 1 / 6.0, 0.5);
    out->positive = type == 4;
}

static int random_channels(struct maker *maker)
{
    static const int likely[] = {1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 20, 24, 31, 32, 33, 48};
    if (chance(maker, 30))
        return 16 * test_random_int(&maker->state, 1, 2);
    return likely[test_random_int(&maker->state, 0, 16)];
}

static int add_conv(struct maker *maker, int in, int channels, bool plain)
{
    struct blob out = maker->blobs[in];
    int kw = test_random_int(&maker->state, 1, 5),
        kh = chance(maker, 60) ? kw : test_random_int(&maker->state, 1, 5);
    int dw = chance(maker, 80) ? 1 : test_random_int(&maker->state, 2, 3),
        dh = chance(maker, 80) ? dw : 1;
    int stride = plain || chance(maker, 75) ? 1 : 2, pads[4], index;
    bool same = chance(maker, 50), bias = chance(maker, 80);
    for (int i = 0; i < 4; i++)
        pads[i] = same ? (i % 2 ? dh * (kh - 1) : dw * (kw - 1)) / 2
                       : test_random_int(&maker->state, 0, 3);
    if (chance(maker, 30))
        memset(pads, 0, sizeof(pads));
    if (PERIOD * out.num % (out.den * stride) != 0)
        stride = 1;
    out.den *= stride;
    out.more_w = floor_divide(out.more_w + pads[0] + pads[2] - (dw * (kw - 1) + 1), stride) + 1;
    out.more_h = floor_divide(out.more_h + pads[1] + pads[3] - (dh * (kh - 1) + 1), stride) + 1;
    out.channels = channels;
    out.positive = false;
    reduce(&out);
    if (!is_fine(&out))
        return in;
    index = add(maker, "Convolution", out, 1, in);
    param(maker, " 0=%d 1=%d 11=%d 2=%d 12=%d 3=%d", channels, kw, kh, dw, dh, stride);
    if (pads[0] == pads[1] && pads[0] == pads[2] && pads[0] == pads[3])
        param(maker, " 4=%d", pads[0]);
    else
        param(maker, " 4=%d 14=%d 15=%d 16=%d", pads[0], pads[1], pads[2], pads[3]);
    param(maker, " 5=%d 6=%d", bias, kw * kh * channels * maker->blobs[in].channels);
    if (!plain)
        add_activation(maker, &maker->blobs[index]);
    put_weights(maker, kw * kh * channels * maker->blobs[in].channels,
                kw * kh * maker->blobs[in].channels);
    if (bias)
        random_graph_put_floats(maker->graph, &maker->state, channels, -0.1, 0.1);
    return index;
}

static int add_deconv(struct maker *maker, int in)
{
    struct blob out = maker->blobs[in];
    int channels = random_channels(maker), stride = test_random_int(&maker->state, 1, 3);
    int kw = test_random_int(&maker->state, 1, 5),
        kh = chance(maker, 60) ? kw : test_random_int(&maker->state, 1, 5);
    int dw = chance(maker, 85) ? 1 : 2, pads[4], more = 0, index;
    bool bias = chance(maker, 80);
    for (int i = 0; i < 4; i++)
        pads[i] = chance(maker, 50) ? 0 : test_random_int(&maker->state, 0, 3);
    if (pads[2] > 0 && pads[3] > 0 && chance(maker, 50))
        more = 1;
    out.num *= stride;
    out.more_w = (out.more_w - 1) * stride + dw * (kw - 1) + 1 - pads[0] - pads[2] + more;
    out.more_h = (out.more_h - 1) * stride + dw * (kh - 1) + 1 - pads[1] - pads[3] + more;
    out.channels = channels;
    out.positive = false;
    reduce(&out);
    if (!is_fine(&out))
        return in;
    index = add(maker, "Deconvolution", out, 1, in);
    param(maker, " 0=%d 1=%d 11=%d 2=%d 3=%d 4=%d 14=%d 15=%d 16=%d 5=%d 6=%d", channels, kw, kh,
          dw, stride, pads[0], pads[1], pads[2], pads[3], bias,
          kw * kh * channels * maker->blobs[in].channels);
    if (more)
        param(maker, " 18=1");
    add_activation(maker, &maker->blobs[index]);
    put_weights(maker, kw * kh * channels * maker->blobs[in].channels,
                (kw * kh + stride * stride - 1) / (stride * stride) * maker->blobs[in].channels);
    if (bias)
        random_graph_put_floats(maker->graph, &maker->state, channels, -0.1, 0.1);
    return index;
}

/* Cuts rows and columns off in one of the three forms. reference (or -1) has the result's size. */
static int add_crop(struct maker *maker, int in, const int cuts[4], int reference)
{
    struct blob out = maker->blobs[in];
    int form = test_random_int(&maker->state, 0, 2), index;
    if (cuts[0] + cuts[1] + cuts[2] + cuts[3] == 0)
        return in;
    out.more_h -= cuts[0] + cuts[2];
    out.more_w -= cuts[1] + cuts[3];
    if (reference >= 0 && maker->blobs[reference].channels == out.channels && form > 0) {
        index = add(maker, "Crop", out, 2, in, reference);
        param(maker, " 0=%d 1=%d", cuts[1], cuts[0]);
        return index;
    }
    index = add(maker, "Crop", out, 1, in);
    if (form == 1)
        param(maker, " 0=%d 1=%d 3=-233 4=-233 6=%d 7=%d", cuts[1], cuts[0], cuts[3], cuts[2]);
    else if (form == 2)
        param(maker, " -23309=2,%d,%d -23310=2,%d,%d -23311=2,-2,-1", cuts[0], cuts[1], -cuts[2],
              -cuts[3]);
    else
        param(maker, " -23309=3,0,%d,%d -23310=3,-233,%d,%d", cuts[0], cuts[1],
              cuts[2] ? -cuts[2] : -233, cuts[3] ? -cuts[3] : -233);
    return index;
}

static bool same_scale(const struct maker *maker, int a, int b)
{
    return maker->blobs[a].num * maker->blobs[b].den == maker->blobs[b].num * maker->blobs[a].den;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Crops *a and *b, of one scale, to the same size. */
static void align(struct maker *maker, int *a, int *b)
{
    int h = smaller(maker->blobs[*a].more_h, maker->blobs[*b].more_h);
    int w = smaller(maker->blobs[*a].more_w, maker->blobs[*b].more_w);
    int *both[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        const struct blob *blob = &maker->blobs[*both[i]];
        const struct blob *other = &maker->blobs[*both[1 - i]];
        int rows = blob->more_h - h, columns = blob->more_w - w;
        int top = test_random_int(&maker->state, 0, rows),
            left = test_random_int(&maker->state, 0, columns);
        const int cuts[4] = {top, left, rows - top, columns - left};
        bool fits = other->more_h == h && other->more_w == w;
        *both[i] = add_crop(maker, *both[i], cuts, fits ? *both[1 - i] : -1);
    }
}

/* A blob of the same scale as the given one (and as many channels, if wanted); -1 if none. */
static int find_partner(struct maker *maker, int blob, bool channels)
{
    int start = test_random_int(&maker->state, 0, maker->count - 1);
    for (int i = 0; i < maker->count; i++) {
        int other = (start + i) % maker->count;
        if (!maker->blobs[other].vector && same_scale(maker, blob, other) && other != blob &&
            (!channels || maker->blobs[other].channels == maker->blobs[blob].channels))
            return other;
    }
    return -1;
}

/* A partner that may be added: found, or made from what is there. */
static int make_partner(struct maker *maker, int blob)
{
    int other = chance(maker, 50) ? find_partner(maker, blob, true) : -1;
    if (other < 0 && (other = find_partner(maker, blob, false)) >= 0)
        other = add_conv(maker, other, maker->blobs[blob].channels, true);
    if (other < 0)
        other = add_conv(maker, blob, maker->blobs[blob].channels, true);
    return maker->blobs[other].channels == maker->blobs[blob].channels ? other : blob;
}

static int add_scalar(struct maker *maker, int in)
{
    static const int ops[] = {0, 1, 2, 3, 4, 5, 7};
    struct blob out = maker->blobs[in];
    int op = out.positive && chance(maker, 50) ? 8 : ops[test_random_int(&maker->state, 0, 6)];
    double scalar = test_random_real(&maker->state, -0.5, 0.5);
    if (op == 2 || op == 3)
        scalar = test_random_real(&maker->state, 0.7, 1.3);
    out.positive = false;
    add(maker, "BinaryOp", out, 1, in);
    param(maker, " 0=%d 1=1 2=%e", op, scalar);
    return maker->count - 1;
}

static int add_binary(struct maker *maker, int in)
{
    static const int ops[] = {0, 0, 0, 1, 2, 4, 5, 7};
    int other = make_partner(maker, in), op = ops[test_random_int(&maker->state, 0, 7)];
    struct blob out;
    align(maker, &in, &other);
    if (maker->blobs[other].positive && chance(maker, 30))
        op = 3;
    out = maker->blobs[in];
    out.positive = false;
    if (op != 3 && chance(maker, 50))
        add(maker, "BinaryOp", out, 2, other, in);
    else
        add(maker, "BinaryOp", out, 2, in, other);
    if (op != 0 || chance(maker, 50))
        param(maker, " 0=%d", op);
    return maker->count - 1;
}

static int add_eltwise(struct maker *maker, int in)
{
    int other = make_partner(maker, in), third = chance(maker, 40) ? make_partner(maker, in) : -1;
    int op = chance(maker, 70) ? 1 : test_random_int(&maker->state, 0, 2),
        count = third >= 0 ? 3 : 2;
    struct blob out;
    align(maker, &in, &other);
    if (third >= 0) {
        align(maker, &in, &third);
        align(maker, &other, &third);
    }
    out = maker->blobs[in];
    out.positive = false;
    add(maker, "Eltwise", out, count, in, other, third);
    param(maker, " 0=%d", op);
    if (op == 1 && chance(maker, 60)) {
        param(maker, " -23301=%d", count);
        for (int i = 0; i < count; i++)
            param(maker, ",%e", test_random_real(&maker->state, -1, 1));
    }
    return maker->count - 1;
}

static int add_concat(struct maker *maker, int in)
{
    int other = find_partner(maker, in, false);
    struct blob out;
    if (other < 0)
        other = add_conv(maker, in, random_channels(maker), true);
    align(maker, &in, &other);
    out = maker->blobs[in];
    out.channels += maker->blobs[other].channels;
    if (out.channels > 2 * MAX_CHANNELS || !same_scale(maker, in, other))
        return in;
    out.positive = false;
    add(maker, "Concat", out, 2, in, other);
    if (chance(maker, 50))
        param(maker, " 0=0");
    return maker->count - 1;
}

static int add_random_crop(struct maker *maker, int in)
{
    int cuts[4];
    struct blob out = maker->blobs[in];
    for (int i = 0; i < 4; i++)
        cuts[i] = test_random_int(&maker->state, 0, 4);
    out.more_h -= cuts[0] + cuts[2];
    out.more_w -= cuts[1] + cuts[3];
    return is_fine(&out) ? add_crop(maker, in, cuts, -1) : in;
}

static int add_interp(struct maker *maker, int in, int num, int den, int mode)
{
    struct blob out = maker->blobs[in];
    if (out.more_h * num % den != 0 || out.more_w * num % den != 0)
        return in;
    out.num *= num;
    out.den *= den;
    out.more_h = out.more_h * num / den;
    out.more_w = out.more_w * num / den;
    reduce(&out);
    if (!is_fine(&out))
        return in;
    add(maker, "Interp", out, 1, in);
    param(maker, " 0=%d 1=%e 2=%e", mode, (double)num / den, (double)num / den);
    return maker->count - 1;
}

static int add_random_interp(struct maker *maker, int in)
{
    static const int factors[][2] = {{1, 2}, {3, 4}, {2, 1}, {3, 1}, {3, 2}, {1, 4}};
    const int *factor = factors[test_random_int(&maker->state, 0, 5)];
    return add_interp(maker, in, factor[0], factor[1], test_random_int(&maker->state, 1, 3));
}

/* `in` if that cannot be. */
static int shuffle_pixels(struct maker *maker, int in, int r)
{
    struct blob out = maker->blobs[in];
    out.num *= r;
    out.more_h *= r;
    out.more_w *= r;
    out.channels /= r * r;
    reduce(&out);
    if (!is_fine(&out))
        return in;
    add(maker, "PixelShuffle", out, 1, in);
    param(maker, " 0=%d", r);
    return maker->count - 1;
}

static int add_shuffle(struct maker *maker, int in)
{
    int r = test_random_int(&maker->state, 2, 3), wide;
    struct blob out = maker->blobs[in];
    out.num *= r;
    reduce(&out);
    if (!is_fine(&out))
        return in;
    wide = add_conv(maker, in, r * r * test_random_int(&maker->state, 1, 5), true);
    return wide == in ? in : shuffle_pixels(maker, wide, r);
}

/* Enlarges as a shuffle by r does: the same pixels r times, in one step or in two, or smoothly. */
static int enlarge(struct maker *maker, int in, int r)
{
    if (r == 4 && chance(maker, 30))
        return add_interp(maker, add_interp(maker, in, 2, 1, 1), 2, 1, 1);
    return add_interp(maker, in, r, 1, chance(maker, 90) ? 1 : 2);
}

/* Cuts the same number of rows and columns off both, not the same ones. */
static void crop_both(struct maker *maker, int *a, int *b)
{
    static const int first[4] = {0, 1, 3, 0}, second[4] = {2, 0, 1, 1};
    *a = add_crop(maker, *a, first, -1);
    *b = add_crop(maker, *b, second, -1);
}

/* Adds an enlargement to a shuffle, whole or cropped; now and then something else reads one of the
 * two as well. */
static int add_shuffled_sum(struct maker *maker, int in)
{
    int r = test_random_int(&maker->state, 2, 4),
        channels = test_random_int(&maker->state, 1, r < 4 ? 5 : 3);
    struct blob out = maker->blobs[in];
    out.num *= r;
    reduce(&out);
    if (!is_fine(&out))
        return in;
    int from = chance(maker, 60) ? find_partner(maker, in, false) : in;
    int small = add_conv(maker, from < 0 ? in : from, channels, true);
    int wide = add_conv(maker, in, r * r * channels, true);
    if (wide == in || maker->blobs[small].channels != channels)
        return wide;
    align(maker, &wide, &small);
    int shuffled = shuffle_pixels(maker, wide, r), large = enlarge(maker, small, r);
    assert(same_scale(maker, shuffled, large));
    int both[2] = {shuffled, large}, order = test_random_int(&maker->state, 0, 1);
    if (chance(maker, 10))
        crop_both(maker, &both[0], &both[1]);
    out = maker->blobs[both[0]];
    out.positive = false;
    int sum = add(maker, "BinaryOp", out, 2, both[order], both[1 - order]);
    param(maker, " 0=0");
    if (chance(maker, 90))
        return sum;
    int other = chance(maker, 50) ? shuffled : large;
    align(maker, &sum, &other);
    out = maker->blobs[sum];
    add(maker, "BinaryOp", out, 2, sum, other);
    param(maker, " 0=%d", test_random_int(&maker->state, 4, 5));
    return maker->count - 1;
}

static int add_dense(struct maker *maker, int in, int channels, int activation)
{
    struct blob out = {.channels = channels, .num = 1, .den = 1, .vector = true};
    int inputs = maker->blobs[in].channels;
    bool bias = chance(maker, 70);
    if (chance(maker, 70)) {
        add(maker, "InnerProduct", out, 1, in);
        param(maker, " 0=%d 1=%d 2=%d 9=%d", channels, bias, channels * inputs, activation);
    } else {
        add(maker, "Convolution", out, 1, in);
        param(maker, " 0=%d 1=1 5=%d 6=%d 9=%d", channels, bias, channels * inputs, activation);
    }
    put_weights(maker, channels * inputs, inputs);
    if (bias)
        random_graph_put_floats(maker->graph, &maker->state, channels, -0.5, 0.5);
    return maker->count - 1;
}

/* Squeeze and excitation. */
static int add_attention(struct maker *maker, int in)
{
    struct blob out = maker->blobs[in];
    struct blob mean = {.channels = out.channels, .num = 1, .den = 1, .vector = true};
    int vector = add(maker, "Pooling", mean, 1, in);
    param(maker, " 0=1 4=1");
    vector = add_dense(maker, vector, test_random_int(&maker->state, 1, 9), 1);
    vector = add_dense(maker, vector, out.channels, 4);
    out.positive = false;
    if (chance(maker, 50)) {
        add(maker, "Scale", out, 2, in, vector);
        param(maker, " 0=-233");
    } else if (chance(maker, 50)) {
        add(maker, "BinaryOp", out, 2, in, vector);
        param(maker, " 0=%d", test_random_int(&maker->state, 0, 3));
    } else {
        add(maker, "BinaryOp", out, 2, vector, in);
        param(maker, " 0=%d", test_random_int(&maker->state, 0, 2));
    }
    return maker->count - 1;
}

static int add_scale(struct maker *maker, int in)
{
    struct blob out = maker->blobs[in];
    bool bias = chance(maker, 60);
    out.positive = false;
    add(maker, "Scale", out, 1, in);
    param(maker, " 0=%d%s", out.channels, bias ? " 1=1" : "");
    random_graph_put_floats(maker->graph, &maker->state, out.channels, -1.2, 1.2);
    if (bias)
        random_graph_put_floats(maker->graph, &maker->state, out.channels, -0.3, 0.3);
    return maker->count - 1;
}

static int add_pointwise(struct maker *maker, int in)
{
    struct blob out = maker->blobs[in];
    int kind = test_random_int(&maker->state, 0, 4), slopes = chance(maker, 70) ? out.channels : 1;
    out.positive = kind == 4;
    if (kind <= 1) {
        add(maker, "PReLU", out, 1, in);
        param(maker, " 0=%d", slopes);
        random_graph_put_floats(maker->graph, &maker->state, slopes, -0.3, 0.5);
    } else if (kind == 2) {
        add(maker, "ReLU", out, 1, in);
        if (chance(maker, 50))
            param(maker, " 0=%e", test_random_real(&maker->state, 0, 0.3));
    } else if (kind == 3) {
        add(maker, "Clip", out, 1, in);
        param(maker, " 0=%e 1=%e", test_random_real(&maker->state, -1, -0.2),
              test_random_real(&maker->state, 0.2, 1));
    } else {
        add(maker, "Sigmoid", out, 1, in);
    }
    return maker->count - 1;
}

static int add_something(struct maker *maker, int in)
{
    switch (test_random_int(&maker->state, 0, 20)) {
    case 0:
        return add_scalar(maker, in);
    case 1:
    case 2:
    case 3:
        return add_binary(maker, in);
    case 4:
    case 5:
        return add_eltwise(maker, in);
    case 6:
    case 7:
        return add_concat(maker, in);
    case 8:
        return add_random_crop(maker, in);
    case 9:
        return add_random_interp(maker, in);
    case 10:
        return add_shuffle(maker, in);
    case 11:
    case 12:
        return add_attention(maker, in);
    case 13:
        return add_scale(maker, in);
    case 14:
    case 15:
        return add_pointwise(maker, in);
    case 16:
        return add_deconv(maker, in);
    case 17:
        return add_shuffled_sum(maker, in);
    default:
        return add_conv(maker, in, random_channels(maker), false);
    }
}

/* Back to a whole scale and 3 channels. */
static void finish(struct maker *maker, int in)
{
    struct blob out = maker->blobs[in];
    if (out.den > 1) {
        in = add_interp(maker, in, out.den, 1, test_random_int(&maker->state, 1, 3));
        out = maker->blobs[in];
    }
    assert(out.den == 1);
    out.channels = 3;
    add(maker, "Convolution", out, 1, in);
    param(maker, " 0=3 1=3 4=1 5=1 6=%d", 27 * maker->blobs[in].channels);
    put_weights(maker, 27 * maker->blobs[in].channels, 27 * maker->blobs[in].channels);
    random_graph_put_floats(maker->graph, &maker->state, 3, 0.3, 0.7);
}

static int count_readers(const struct maker *maker, int blob)
{
    int readers = 0;
    for (int i = 0; i < maker->count; i++)
        for (int j = 0; j < maker->layers[i].input_count; j++)
            readers += maker->layers[i].inputs[j] == blob;
    return readers;
}

__attribute__((format(printf, 2, 3))) static void put_text(struct maker *maker, const char *format,
                                                           ...)
{
    struct random_graph *graph = maker->graph;
    va_list args;
    if (graph->param_size + 1024 > maker->param_room) {
        maker->param_room = maker->param_room * 2 + 4096;
        graph->param = realloc(graph->param, maker->param_room);
    }
    va_start(args, format);
    graph->param_size += (size_t)vsnprintf(graph->param + graph->param_size, 1024, format, args);
    va_end(args);
}

static const char *blob_name(const struct maker *maker, int blob, char *text)
{
    snprintf(text, 32, "b%d", blob);
    return blob == 0 ? "data" : blob == maker->count - 1 ? "output" : text;
}

/* Blobs that several layers read usually pass through a Split, as ncnn wants it. */
static void write_layers(struct maker *maker, const bool *split)
{
    int taken[MAX_BLOBS] = {0};
    char name[32];
    const char *out;
    for (int i = 0; i < maker->count; i++) {
        const struct layer *layer = &maker->layers[i];
        put_text(maker, "%-16s layer%d %d 1", layer->type, i, layer->input_count);
        for (int j = 0; j < layer->input_count; j++) {
            int in = layer->inputs[j];
            put_text(maker, " %s", blob_name(maker, in, name));
            if (split[in])
                put_text(maker, "_split%d", taken[in]++);
        }
        out = blob_name(maker, i, name);
        put_text(maker, " %s%s\n", out, layer->params);
        if (!split[i])
            continue;
        put_text(maker, "Split            split%d 1 %d %s", i, count_readers(maker, i), out);
        for (int j = 0; j < count_readers(maker, i); j++)
            put_text(maker, " %s_split%d", out, j);
        put_text(maker, "\n");
    }
}

static void write_param(struct maker *maker)
{
    bool split[MAX_BLOBS] = {false};
    int layers = maker->count, blobs = maker->count;
    for (int i = 0; i < maker->count; i++) {
        int readers = count_readers(maker, i);
        split[i] = readers > 1 && chance(maker, 80);
        layers += split[i];
        blobs += split[i] ? readers : 0;
    }
    put_text(maker, "7767517\n%d %d\n", layers, blobs);
    write_layers(maker, split);
}

void random_graph_make(struct random_graph *graph, uint64_t seed)
{
    struct maker *maker = calloc(1, sizeof(*maker));
    int blob, steps;
    *graph = (struct random_graph){0};
    maker->graph = graph;
    maker->state = seed;
    blob = add(maker, "Input", (struct blob){.channels = 3, .num = 1, .den = 1}, 0);
    blob = add_conv(maker, blob, random_channels(maker), false);
    steps = test_random_int(&maker->state, 2, 12);
    for (int i = 0; i < steps; i++)
        blob = add_something(maker, blob);
    if (chance(maker, 40)) /* as known networks end, where nothing else reads the summands */
        blob = add_shuffled_sum(maker, blob);
    finish(maker, blob);
    write_param(maker);
    free(maker);
}

void random_graph_free(struct random_graph *graph)
{
    free(graph->param);
    free(graph->bin);
    *graph = (struct random_graph){0};
}
