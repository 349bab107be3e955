/* SPDX-License-Identifier: MIT */
/* Nodes that look round a place: convolutions, averages, resizing, and products of matrices. */
#include "onnx_compute.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *pixel(const struct onnx_array *array, int64_t c, int64_t y, int64_t x)
{
    if (y < 0 || x < 0 || y >= array->dims[2] || x >= array->dims[3])
        return NULL;
    return &array->values[(c * array->dims[2] + y) * array->dims[3] + x];
}

struct window {
    int64_t stride[16], dilation[16], pads[16], kernel[2];
};

static struct window read_window(const struct run *run, const struct onnx_array *in,
                                 const struct onnx_array *weights, bool transposed)
{
    struct window window = {.stride = {1, 1}, .dilation = {1, 1}};
    const struct onnx_setting *mode = run_setting(run, "auto_pad");
    run_list(run, "strides", -1, window.stride);
    run_list(run, "dilations", -1, window.dilation);
    run_list(run, "pads", -1, window.pads);
    for (int i = 0; i < 2; i++) {
        window.kernel[i] = weights->dims[2 + i];
        int64_t size = in->dims[2 + i], stride = window.stride[i];
        int64_t extent = (window.kernel[i] - 1) * window.dilation[i] + 1, total;
        if (!mode || strncmp(mode->text, "SAME_", 5) != 0)
            continue;
        total = (size + stride - 1) / stride * stride - stride + extent - size;
        if (transposed)
            total = extent - stride;
        total = total > 0 ? total : 0;
        window.pads[i] = mode->text[5] == 'U' ? total / 2 : total - total / 2;
        window.pads[2 + i] = total - window.pads[i];
    }
    return window;
}

static double convolve(const struct onnx_array *in, const struct onnx_array *weights,
                       const struct window *window, int64_t o, int64_t first, int64_t y, int64_t x)
{
    double sum = 0;
    for (int64_t i = 0; i < weights->dims[1]; i++)
        for (int64_t ky = 0; ky < window->kernel[0]; ky++)
            for (int64_t kx = 0; kx < window->kernel[1]; kx++) {
                const double *v =
                    pixel(in, first + i,
                          y * window->stride[0] + ky * window->dilation[0] - window->pads[0],
                          x * window->stride[1] + kx * window->dilation[1] - window->pads[1]);
                sum +=
                    v ? *v * weights->values[((o * weights->dims[1] + i) * window->kernel[0] + ky) *
                                                 window->kernel[1] +
                                             kx]
                      : 0;
            }
    return sum;
}

static bool conv(struct run *run)
{
    const struct onnx_array *in = run_input(run, 0), *weights = run_input(run, 1);
    const struct onnx_array *bias = run_input(run, 2);
    struct window window = read_window(run, in, weights, false);
    int64_t groups = run_integer(run, "group", 1), dims[4] = {1, weights->dims[0]};
    for (int i = 0; i < 2; i++)
        dims[2 + i] = (in->dims[2 + i] + window.pads[i] + window.pads[2 + i] -
                       (window.kernel[i] - 1) * window.dilation[i] - 1) /
                          window.stride[i] +
                      1;
    struct onnx_array *out = run_output(run, 0, in->type, 4, dims);
    for (int64_t o = 0; o < dims[1]; o++)
        for (int64_t y = 0; y < dims[2]; y++)
            for (int64_t x = 0; x < dims[3]; x++)
                *pixel(out, o, y, x) = (bias ? bias->values[o] : 0) +
                                       convolve(in, weights, &window, o,
                                                o / (dims[1] / groups) * weights->dims[1], y, x);
    return true;
}

static bool conv_transpose(struct run *run)
{
    const struct onnx_array *in = run_input(run, 0), *weights = run_input(run, 1);
    const struct onnx_array *bias = run_input(run, 2);
    struct window w = read_window(run, in, weights, true);
    int64_t groups = run_integer(run, "group", 1), more[16] = {0, 0};
    int64_t dims[4] = {1, weights->dims[1] * groups}, per = in->dims[1] / groups;
    run_list(run, "output_padding", -1, more);
    for (int i = 0; i < 2; i++)
        dims[2 + i] = (in->dims[2 + i] - 1) * w.stride[i] + (w.kernel[i] - 1) * w.dilation[i] + 1 +
                      more[i] - w.pads[i] - w.pads[2 + i];
    struct onnx_array *out = run_output(run, 0, in->type, 4, dims);
    for (int64_t i = 0; bias && i < (int64_t)out->count; i++)
        out->values[i] = bias->values[i / (dims[2] * dims[3])];
    for (int64_t i = 0; i < in->dims[1]; i++)
        for (int64_t o = 0; o < weights->dims[1]; o++)
            for (int64_t y = 0; y < in->dims[2]; y++)
                for (int64_t x = 0; x < in->dims[3]; x++)
                    for (int64_t k = 0; k < w.kernel[0] * w.kernel[1]; k++) {
                        int64_t ky = k / w.kernel[1], kx = k % w.kernel[1];
                        double *v = pixel(out, i / per * weights->dims[1] + o,
                                          y * w.stride[0] + ky * w.dilation[0] - w.pads[0],
                                          x * w.stride[1] + kx * w.dilation[1] - w.pads[1]);
                        double weight =
                            weights->values[(i * weights->dims[1] + o) * w.kernel[0] * w.kernel[1] +
                                            k];
                        if (v)
                            *v += *pixel(in, i, y, x) * weight;
                    }
    return true;
}

/* Over the channels of each pixel. */
static bool channel_average(struct run *run, const struct onnx_array *in)
{
    int64_t dims[4] = {1, 1, in->dims[2], in->dims[3]}, plane = in->dims[2] * in->dims[3];
    struct onnx_array *out = run_output(run, 0, in->type, 4, dims);
    for (int64_t i = 0; i < (int64_t)in->count; i++)
        out->values[i % plane] += in->values[i] / (double)in->dims[1];
    return true;
}

static bool average(struct run *run)
{
    const struct onnx_array *in = run_input(run, 0);
    const struct onnx_setting *axes = run_setting(run, "axes");
    if (axes && axes->list[0] == 1)
        return channel_average(run, in);
    int64_t dims[4] = {1, in->dims[1], 1, 1}, plane = in->dims[2] * in->dims[3];
    bool keep = run_is(run, "GlobalAveragePool") || run_integer(run, "keepdims", 1);
    struct onnx_array *out = run_output(run, 0, in->type, keep ? 4 : 2, dims);
    for (int64_t i = 0; i < (int64_t)in->count; i++)
        out->values[i / plane] += in->values[i] / (double)plane;
    return true;
}

static bool product(struct run *run)
{
    const struct onnx_array *a = run_input(run, 0), *b = run_input(run, 1), *c = run_input(run, 2);
    bool rows = run_integer(run, "transB", 0);
    int64_t n = b->dims[rows ? 0 : 1], k = b->dims[rows ? 1 : 0], dims[ONNX_RANK];
    memcpy(dims, a->dims, sizeof(dims));
    dims[a->rank - 1] = n;
    double alpha = run_real(run, "alpha", 1), beta = run_real(run, "beta", 1);
    struct onnx_array *out = run_output(run, 0, a->type, a->rank, dims);
    for (int64_t i = 0; i < (int64_t)out->count; i++) {
        for (int64_t j = 0; j < k; j++)
            out->values[i] +=
                alpha * a->values[i / n * k + j] * b->values[rows ? i % n * k + j : j * n + i % n];
        out->values[i] += c ? beta * c->values[c->count > 1 ? i % n : 0] : 0;
    }
    return true;
}

static double cubic(double d, double a)
{
    d = fabs(d);
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

static int64_t nearest(const char *mode, double at, int64_t size)
{
    double v = strcmp(mode, "floor") == 0               ? floor(at)
               : strcmp(mode, "ceil") == 0              ? ceil(at)
               : strcmp(mode, "round_prefer_ceil") == 0 ? floor(at + 0.5)
                                                        : ceil(at - 0.5);
    return v < 0 ? 0 : v >= (double)size ? size - 1 : (int64_t)v;
}

/* The weight of place i of the input for place o of the output, along one axis. */
static double share(const struct run *run, int64_t i, int64_t o, int64_t size, int64_t out,
                    double factor)
{
    const struct onnx_setting *mode = run_setting(run, "mode");
    const struct onnx_setting *where = run_setting(run, "coordinate_transformation_mode");
    const struct onnx_setting *rounding = run_setting(run, "nearest_mode");
    double at = ((double)o + 0.5) / factor - 0.5, sum = 0,
           a = run_real(run, "cubic_coeff_a", -0.75);
    if (where && strcmp(where->text, "asymmetric") == 0)
        at = (double)o / factor;
    if (where && strcmp(where->text, "align_corners") == 0)
        at = out > 1 ? (double)o * (double)(size - 1) / (double)(out - 1) : 0;
    if (!mode || strcmp(mode->text, "nearest") == 0)
        return nearest(rounding ? rounding->text : "round_prefer_floor", at, size) == i;
    for (int64_t tap = (int64_t)floor(at) - 1; tap < (int64_t)floor(at) + 3; tap++) {
        int64_t inside = tap < 0 ? 0 : tap >= size ? size - 1 : tap;
        double d = fabs(at - (double)tap);
        double weight = strcmp(mode->text, "cubic") == 0 ? cubic(d, a) : fmax(0, 1 - d);
        sum += inside == i ? weight : 0;
    }
    return sum;
}

static bool resize(struct run *run)
{
    const struct onnx_array *in = run_input(run, 0), *scales = run_input(run, 2);
    const struct onnx_array *sizes = run_input(run, 3);
    int64_t dims[4] = {1, in->dims[1]};
    double factor[2], *rows;
    for (int i = 0; i < 2; i++) {
        bool scaled = scales && scales->count;
        double wanted =
            scaled ? floor((double)in->dims[2 + i] * scales->values[2 + i]) : sizes->values[2 + i];
        dims[2 + i] = (int64_t)wanted;
        factor[i] = scaled ? scales->values[2 + i] : wanted / (double)in->dims[2 + i];
    }
    struct onnx_array *out = run_output(run, 0, in->type, 4, dims);
    rows = calloc((size_t)(dims[2] * in->dims[3]), sizeof(double));
    for (int64_t c = 0; c < dims[1]; c++) {
        memset(rows, 0, (size_t)(dims[2] * in->dims[3]) * sizeof(double));
        for (int64_t y = 0; y < dims[2]; y++)
            for (int64_t i = 0; i < in->dims[2]; i++) {
                double weight = share(run, i, y, in->dims[2], dims[2], factor[0]);
                for (int64_t x = 0; weight != 0 && x < in->dims[3]; x++)
                    rows[y * in->dims[3] + x] += weight * *pixel(in, c, i, x);
            }
        for (int64_t x = 0; x < dims[3]; x++)
            for (int64_t i = 0; i < in->dims[3]; i++) {
                double weight = share(run, i, x, in->dims[3], dims[3], factor[1]);
                for (int64_t y = 0; weight != 0 && y < dims[2]; y++)
                    *pixel(out, c, y, x) += weight * rows[y * in->dims[3] + i];
            }
    }
    free(rows);
    return true;
}

bool run_window(struct run *run)
{
    if (run_is(run, "Conv"))
        return conv(run);
    if (run_is(run, "ConvTranspose"))
        return conv_transpose(run);
    if (run_is(run, "GlobalAveragePool") || run_is(run, "ReduceMean"))
        return average(run);
    if (run_is(run, "Gemm") || run_is(run, "MatMul"))
        return product(run);
    return run_is(run, "Resize") && resize(run);
}
