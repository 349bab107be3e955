/* SPDX-License-Identifier: MIT */
/* Random networks of the operators that ncnn's known models lack. All blobs but those between an
 * unshuffle and a shuffle have the input's size. */
#include "random_operators.h"

#include "support/random.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)1 << 16)

struct maker {
    uint64_t state;
    struct random_graph *graph;
    int blobs, layers;
    int earlier, earlier_channels; /* a blob for a residual */
};

/* A blob, with its channels. */
struct blob {
    int id, channels;
};

__attribute__((format(printf, 2, 3))) static void text(struct maker *maker, const char *format, ...)
{
    struct random_graph *graph = maker->graph;
    va_list args;
    va_start(args, format);
    graph->param_size +=
        (size_t)vsnprintf(graph->param + graph->param_size, ROOM - graph->param_size, format, args);
    va_end(args);
}

/* The head of a layer that makes the next blob; its parameters follow. */
static struct blob begin(struct maker *maker, const char *type, int channels, int inputs, ...)
{
    struct blob out = {maker->blobs++, channels};
    va_list args;
    text(maker, "\n%s l%d %d 1", type, maker->layers++, inputs);
    va_start(args, inputs);
    for (int i = 0; i < inputs; i++)
        text(maker, " b%d", va_arg(args, int));
    va_end(args);
    text(maker, " b%d", out.id);
    return out;
}

static void put_activation(struct maker *maker, int type)
{
    text(maker, " 9=%d", type);
    if (type == 2 || type == 12)
        text(maker, " -23310=1,%e", test_random_real(&maker->state, 0.1, 0.9));
    if (type == 3)
        text(maker, " -23310=2,-0.4,0.7");
    if (type == 6 || type == 11)
        text(maker, " -23310=2,%e,0.5", 1 / 6.0);
}

static struct blob add_activation(struct maker *maker, struct blob in, int type)
{
    struct blob out = begin(maker, "Activation", in.channels, 1, in.id);
    put_activation(maker, type);
    return out;
}

struct conv {
    int channels, kw, kh, dilation, stride, groups, activation;
    int pad_mode;
    bool valid, transposed;
};

static struct blob add_conv(struct maker *maker, struct blob in, struct conv conv)
{
    struct blob out =
        begin(maker, conv.transposed ? "Deconvolution" : "Convolution", conv.channels, 1, in.id);
    int inputs = in.channels / conv.groups, taps = conv.kw * conv.kh;
    int pad_w = conv.valid ? 0 : conv.dilation * (conv.kw - 1) / 2;
    int pad_h = conv.valid ? 0 : conv.dilation * (conv.kh - 1) / 2;
    int bias = test_random_int(&maker->state, 0, 3) > 0;
    double range = 1.7 / sqrt(inputs * taps);
    text(maker, " 0=%d 1=%d 11=%d 2=%d 3=%d 4=%d 14=%d 5=%d 6=%d 7=%d", conv.channels, conv.kw,
         conv.kh, conv.dilation, conv.stride, pad_w, pad_h, bias, conv.channels * inputs * taps,
         conv.groups);
    if (conv.pad_mode)
        text(maker, " 17=%d", conv.pad_mode);
    put_activation(maker, conv.activation);
    random_graph_put_bytes(maker->graph, 0, 4);
    random_graph_put_floats(maker->graph, &maker->state, conv.channels * inputs * taps, -range,
                            range);
    if (bias)
        random_graph_put_floats(maker->graph, &maker->state, conv.channels, -0.1, 0.1);
    return out;
}

static struct blob add_plain(struct maker *maker, struct blob in, int channels, int kernel)
{
    return add_conv(maker, in,
                    (struct conv){.channels = channels,
                                  .kw = kernel,
                                  .kh = kernel,
                                  .dilation = 1,
                                  .stride = 1,
                                  .groups = 1});
}

static struct blob add_depthwise(struct maker *maker, struct blob in)
{
    static const int kernels[][2] = {{3, 3}, {7, 7}, {1, 11}, {11, 1}, {5, 5}, {3, 1}};
    const int *kernel = kernels[test_random_int(&maker->state, 0, 5)];
    return add_conv(
        maker, in,
        (struct conv){
            .channels = in.channels,
            .kw = kernel[0],
            .kh = kernel[1],
            .dilation = kernel[0] * kernel[1] < 12 ? test_random_int(&maker->state, 1, 2) : 1,
            .stride = 1,
            .groups = in.channels,
            .activation =
                test_random_int(&maker->state, 0, 3) ? 0 : test_random_int(&maker->state, 1, 12)});
}

static struct blob add_grouped(struct maker *maker, struct blob in)
{
    int groups = test_random_int(&maker->state, 2, 4);
    while (in.channels % groups)
        groups--;
    return add_conv(maker, in,
                    (struct conv){.channels = in.channels,
                                  .kw = 3,
                                  .kh = test_random_int(&maker->state, 0, 1) ? 3 : 1,
                                  .dilation = 1,
                                  .stride = 1,
                                  .groups = groups,
                                  .transposed = test_random_int(&maker->state, 0, 2) == 0,
                                  .activation = test_random_int(&maker->state, 0, 12)});
}

static struct blob add_norm(struct maker *maker, struct blob in)
{
    struct blob out = begin(maker, "Norm", in.channels, 1, in.id);
    text(maker, " 0=%d 1=1e-2 2=%d", in.channels, test_random_int(&maker->state, 0, 1));
    random_graph_put_floats(maker->graph, &maker->state, in.channels, 0.2, 0.6);
    random_graph_put_floats(maker->graph, &maker->state, in.channels, -0.1, 0.1);
    return out;
}

static struct blob add_slice(struct maker *maker, struct blob in, int from, int count)
{
    struct blob out = begin(maker, "Part", count, 1, in.id);
    text(maker, " 0=%d 1=%d", from, count);
    return out;
}

static struct blob add_concat(struct maker *maker, struct blob a, struct blob b)
{
    return begin(maker, "Concat", a.channels + b.channels, 2, a.id, b.id);
}

/* A large kernel on some of the channels. */
static struct blob add_partial(struct maker *maker, struct blob in)
{
    int first = in.channels > 16 && test_random_int(&maker->state, 0, 1)
                    ? 16
                    : test_random_int(&maker->state, 1, in.channels - 1);
    if (test_random_int(&maker->state, 0, 1))
        in = add_plain(maker, in, in.channels, 1);
    struct blob a = add_slice(maker, in, 0, first);
    struct blob b = add_slice(maker, in, first, in.channels - first);
    a = add_plain(maker, a, first, test_random_int(&maker->state, 0, 2) ? 5 : 13);
    return add_concat(maker, a, b);
}

/* act(g) * concat(i, depthwise(c)), as in gated blocks. */
static struct blob add_gate(struct maker *maker, struct blob in)
{
    int half = in.channels / 2, rest = in.channels - half;
    struct blob wide = add_plain(maker, in, 2 * in.channels, 1);
    struct blob g = add_slice(maker, wide, 0, in.channels);
    struct blob i = add_slice(maker, wide, in.channels, half);
    struct blob c = add_slice(maker, wide, in.channels + half, rest);
    c = add_depthwise(maker, c);
    g = add_activation(maker, g, test_random_int(&maker->state, 4, 12));
    i = add_concat(maker, i, c);
    return begin(maker, "BinaryOp", in.channels, 2, g.id, i.id), text(maker, " 0=2"),
           (struct blob){maker->blobs - 1, in.channels};
}

static struct blob add_padded(struct maker *maker, struct blob in)
{
    int side = test_random_int(&maker->state, 1, 3);
    if (test_random_int(&maker->state, 0, 1))
        return add_conv(
            maker, in,
            (struct conv){.channels = in.channels,
                          .kw = 2 * side + 1,
                          .kh = 3,
                          .dilation = test_random_int(&maker->state, 1, 2),
                          .stride = 1,
                          .groups = test_random_int(&maker->state, 0, 1) ? 1 : in.channels,
                          .pad_mode = test_random_int(&maker->state, 1, 2)});
    struct blob out = begin(maker, "Padding", in.channels, 1, in.id);
    text(maker, " 0=%d 1=%d 2=%d 3=%d 4=%d", side, side, side, side,
         test_random_int(&maker->state, 0, 2));
    return add_conv(maker, out,
                    (struct conv){.channels = in.channels,
                                  .kw = 2 * side + 1,
                                  .kh = 2 * side + 1,
                                  .dilation = 1,
                                  .stride = 1,
                                  .groups = 1,
                                  .valid = true});
}

static struct blob add_constant(struct maker *maker, struct blob in)
{
    static const int ops[] = {0, 1, 2, 3, 7};
    int count = test_random_int(&maker->state, 0, 2) ? in.channels : 1,
        op = ops[test_random_int(&maker->state, 0, 4)];
    bool first = op != 3 && test_random_int(&maker->state, 0, 1);
    struct blob constant = begin(maker, "MemoryData", count, 0), out;
    text(maker, " 0=%d", count);
    random_graph_put_floats(maker->graph, &maker->state, count, 0.6, 1.2);
    out = first ? begin(maker, "BinaryOp", in.channels, 2, constant.id, in.id)
                : begin(maker, "BinaryOp", in.channels, 2, in.id, constant.id);
    text(maker, " 0=%d", op);
    return out;
}

/* A map of one channel that all channels are multiplied with. */
static struct blob add_attention(struct maker *maker, struct blob in)
{
    struct blob map = add_activation(maker, add_plain(maker, in, 1, 3), 4);
    struct blob out = test_random_int(&maker->state, 0, 1)
                          ? begin(maker, "BinaryOp", in.channels, 2, map.id, in.id)
                          : begin(maker, "BinaryOp", in.channels, 2, in.id, map.id);
    text(maker, " 0=2");
    return out;
}

static struct blob add_enlarged(struct maker *maker, struct blob in)
{
    struct blob out = begin(maker, "Interp", in.channels, 1, in.id);
    int factor = test_random_int(&maker->state, 2, 4);
    text(maker, " 0=%d 1=%d.0 2=%d.0 7=%d 8=%e", test_random_int(&maker->state, 1, 3), factor,
         factor, test_random_int(&maker->state, 0, 2),
         test_random_int(&maker->state, 0, 1) ? -0.5 : -0.75);
    return add_conv(maker, out,
                    (struct conv){.channels = in.channels,
                                  .kw = 3,
                                  .kh = 3,
                                  .dilation = 1,
                                  .stride = factor,
                                  .groups = 1});
}

static struct blob add_small(struct maker *maker, struct blob in)
{
    struct blob out = begin(maker, "Reorg", in.channels * 4, 1, in.id);
    text(maker, " 0=2 1=%d", test_random_int(&maker->state, 0, 1));
    out = add_plain(maker, out, 4 * test_random_int(&maker->state, 1, 8),
                    test_random_int(&maker->state, 0, 1) ? 3 : 1);
    int channels = out.channels / 4;
    out = begin(maker, "PixelShuffle", channels, 1, out.id);
    text(maker, " 0=2 1=%d", test_random_int(&maker->state, 0, 1));
    return out;
}

static struct blob add_residual(struct maker *maker, struct blob in)
{
    if (maker->earlier_channels != in.channels)
        return in;
    return begin(maker, "BinaryOp", in.channels, 2, in.id, maker->earlier);
}

/* (y + x) * (act(y) - 0.5), as in SPAN: one convolution does all of it. */
static struct blob add_weighted(struct maker *maker, struct blob in)
{
    struct blob y = add_plain(maker, in, in.channels, test_random_int(&maker->state, 0, 1) ? 3 : 1);
    struct blob gate = add_activation(maker, y, test_random_int(&maker->state, 4, 12)), half, sum,
                out;
    half = begin(maker, "MemoryData", 1, 0);
    text(maker, " 0=1");
    random_graph_put_floats(maker->graph, &maker->state, 1, -0.6, -0.4);
    gate = begin(maker, "BinaryOp", in.channels, 2, gate.id, half.id);
    text(maker, " 0=0");
    sum = begin(maker, "BinaryOp", in.channels, 2, y.id, in.id);
    text(maker, " 0=0");
    out = begin(maker, "BinaryOp", in.channels, 2, sum.id, gate.id);
    text(maker, " 0=2");
    return out;
}

static struct blob add_something(struct maker *maker, struct blob in)
{
    switch (test_random_int(&maker->state, 0, 14)) {
    case 0:
    case 1:
        return add_depthwise(maker, in);
    case 2:
        return add_grouped(maker, in);
    case 3:
        return add_activation(maker, in, test_random_int(&maker->state, 1, 12));
    case 4:
        return add_norm(maker, in);
    case 5:
        return in.channels > 1 ? add_partial(maker, in) : in;
    case 6:
        return in.channels > 1 ? add_gate(maker, in) : in;
    case 7:
        return add_padded(maker, in);
    case 8:
        return add_constant(maker, in);
    case 9:
        return add_attention(maker, in);
    case 10:
        return add_enlarged(maker, in);
    case 11:
        return add_small(maker, in);
    case 12:
        return add_residual(maker, in);
    case 13:
        return add_weighted(maker, in);
    default:
        return add_plain(maker, in,
                         test_random_int(&maker->state, 0, 1)
                             ? 16 * test_random_int(&maker->state, 1, 3)
                             : test_random_int(&maker->state, 1, 40),
                         3);
    }
}

/* The counts of a file's second line are as long as any. */
static void write_counts(struct maker *maker)
{
    char counts[32];
    snprintf(counts, sizeof(counts), "%6d %6d", maker->layers, maker->blobs);
    memcpy(maker->graph->param + strlen("7767517\n"), counts, 13);
}

void random_operators_make(struct random_graph *graph, uint64_t seed)
{
    struct maker maker = {.state = seed, .graph = graph, .earlier_channels = -1};
    int scale, unshuffle, steps, mode;
    *graph = (struct random_graph){.param = calloc(ROOM, 1)};
    text(&maker, "7767517\n%6d %6d", 0, 0);
    int colours = test_random_int(&maker.state, 0, 3)   ? 3
                  : test_random_int(&maker.state, 0, 1) ? 4
                                                        : 1;
    struct blob blob = begin(&maker, "Input", colours, 0);
    text(&maker, " 2=%d", colours);
    unshuffle = test_random_int(&maker.state, 0, 2) ? 1 : test_random_int(&maker.state, 2, 4);
    mode = test_random_int(&maker.state, 0, 1);
    if (unshuffle > 1) {
        blob = begin(&maker, "Reorg", colours * unshuffle * unshuffle, 1, blob.id);
        text(&maker, " 0=%d 1=%d", unshuffle, mode);
    }
    blob = add_plain(&maker, blob,
                     test_random_int(&maker.state, 0, 1) ? 16 * test_random_int(&maker.state, 1, 3)
                                                         : test_random_int(&maker.state, 5, 40),
                     3);
    steps = test_random_int(&maker.state, 2, 8);
    for (int i = 0; i < steps; i++) {
        if (test_random_int(&maker.state, 0, 2) == 0) {
            maker.earlier = blob.id;
            maker.earlier_channels = blob.channels;
        }
        blob = add_something(&maker, blob);
    }
    scale = unshuffle * (unshuffle == 4 ? 1 : test_random_int(&maker.state, 1, 2));
    blob = add_plain(&maker, blob, colours * scale * scale, 3);
    blob = begin(&maker, "PixelShuffle", colours, 1, blob.id);
    text(&maker, " 0=%d 1=%d\n", scale, test_random_int(&maker.state, 0, 1));
    write_counts(&maker);
}
