/* SPDX-License-Identifier: MIT */
/* Operations of forward passes in double precision. */
#include "forward.h"

#include "support/testing.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void forward_free(struct forward *f)
{
    for (int i = 0; i < f->count; i++)
        free(f->blocks[i]);
    free(f->blocks);
    *f = (struct forward){.dict = f->dict};
}

struct picture f_new(struct forward *f, int c, int h, int w)
{
    struct picture x = {c, h, w, calloc((size_t)c * (size_t)h * (size_t)w, sizeof(double))};
    f->blocks = realloc(f->blocks, (size_t)(f->count + 1) * sizeof(*f->blocks));
    f->blocks[f->count++] = x.v;
    return x;
}

static double *at(struct picture x, int c, int y)
{
    return x.v + ((size_t)c * (size_t)x.h + (size_t)y) * (size_t)x.w;
}

static size_t count(struct picture x)
{
    return (size_t)x.c * (size_t)x.h * (size_t)x.w;
}

static const struct dict_tensor *need(const struct forward *f, const char *key, const char *part)
{
    char name[160];
    snprintf(name, sizeof(name), "%s%s", key, part);
    const struct dict_tensor *tensor = dict_find(f->dict, name);
    if (!tensor)
        fail_msg("the test has no tensor %s", name);
    return tensor;
}

static const struct dict_tensor *find_bias(const struct forward *f, const char *key)
{
    char name[160];
    snprintf(name, sizeof(name), "%s.bias", key);
    return dict_find(f->dict, name);
}

/* Adds kernel times in to out; the kernel's element (0, 0) lies at (-pad_h, -pad_w). */
static void add_plane(struct picture out, int o, struct picture in, int i, const double *kernel,
                      int rows, int columns, int pad_h, int pad_w, int stride)
{
    for (int y = 0; y < out.h; y++)
        for (int ky = 0; ky < rows; ky++) {
            int row = y * stride + ky - pad_h;
            if (row < 0 || row >= in.h)
                continue;
            for (int x = 0; x < out.w; x++)
                for (int kx = 0; kx < columns; kx++) {
                    int column = x * stride + kx - pad_w;
                    if (column >= 0 && column < in.w)
                        at(out, o, y)[x] += kernel[ky * columns + kx] * at(in, i, row)[column];
                }
        }
}

struct picture f_conv_as(struct forward *f, struct picture x, const char *key, int pad_h, int pad_w,
                         int stride, int groups)
{
    const struct dict_tensor *weight = need(f, key, ".weight"), *bias = find_bias(f, key);
    int outs = weight->shape[0], ins = weight->shape[1], rows = weight->shape[2],
        columns = weight->shape[3];
    struct picture out = f_new(f, outs, (x.h + 2 * pad_h - rows) / stride + 1,
                               (x.w + 2 * pad_w - columns) / stride + 1);
    assert_int_equal(ins * groups, x.c);
    for (int o = 0; o < outs; o++) {
        for (int i = 0; bias && i < out.h * out.w; i++)
            at(out, o, 0)[i] = bias->values[o];
        for (int i = 0; i < ins; i++)
            add_plane(out, o, x, o / (outs / groups) * ins + i,
                      weight->values + (size_t)(o * ins + i) * (size_t)(rows * columns), rows,
                      columns, pad_h, pad_w, stride);
    }
    return out;
}

struct picture f_conv(struct forward *f, struct picture x, int pad, const char *format, ...)
{
    char key[128];
    va_list args;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    return f_conv_as(f, x, key, pad, pad, 1, 1);
}

struct picture f_deconv(struct forward *f, struct picture x, int stride, int pad,
                        const char *format, ...)
{
    char key[128];
    va_list args;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    const struct dict_tensor *weight = need(f, key, ".weight"), *bias = find_bias(f, key);
    int outs = weight->shape[1], k = weight->shape[2];
    struct picture out =
        f_new(f, outs, (x.h - 1) * stride + k - 2 * pad, (x.w - 1) * stride + k - 2 * pad);
    for (int o = 0; o < outs; o++)
        for (int i = 0; bias && i < out.h * out.w; i++)
            at(out, o, 0)[i] = bias->values[o];
    for (int i = 0; i < x.c; i++)
        for (int o = 0; o < outs; o++)
            for (int n = 0; n < x.h * x.w * k * k; n++) {
                int kx = n % k, ky = n / k % k, column = n / (k * k) % x.w, row = n / (k * k * x.w);
                int to_y = row * stride + ky - pad, to_x = column * stride + kx - pad;
                if (to_y >= 0 && to_y < out.h && to_x >= 0 && to_x < out.w)
                    at(out, o, to_y)[to_x] +=
                        at(x, i, row)[column] * weight->values[((i * outs + o) * k + ky) * k + kx];
            }
    return out;
}

struct picture f_prelu(struct forward *f, struct picture x, const char *format, ...)
{
    struct picture out = f_new(f, x.c, x.h, x.w);
    char key[128];
    va_list args;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    const struct dict_tensor *slopes = need(f, key, "");
    for (size_t i = 0; i < count(x); i++) {
        size_t c = i / (size_t)(x.h * x.w);
        out.v[i] = x.v[i] < 0 ? x.v[i] * slopes->values[slopes->count > 1 ? c : 0] : x.v[i];
    }
    return out;
}

struct picture f_map(struct forward *f, struct picture x, double (*function)(double))
{
    struct picture out = f_new(f, x.c, x.h, x.w);
    for (size_t i = 0; i < count(x); i++)
        out.v[i] = function(x.v[i]);
    return out;
}

struct picture f_leaky(struct forward *f, struct picture x, double slope)
{
    struct picture out = f_new(f, x.c, x.h, x.w);
    for (size_t i = 0; i < count(x); i++)
        out.v[i] = x.v[i] < 0 ? x.v[i] * slope : x.v[i];
    return out;
}

struct picture f_add(struct forward *f, struct picture a, double fa, struct picture b, double fb)
{
    struct picture out = f_new(f, a.c, a.h, a.w);
    assert_true(a.c == b.c && a.h == b.h && a.w == b.w);
    for (size_t i = 0; i < count(a); i++)
        out.v[i] = a.v[i] * fa + b.v[i] * fb;
    return out;
}

struct picture f_mul(struct forward *f, struct picture a, struct picture b)
{
    struct picture out = f_new(f, a.c, a.h, a.w);
    bool one = b.h == 1 && b.w == 1;
    for (size_t i = 0; i < count(a); i++)
        out.v[i] = a.v[i] * b.v[one ? i / (size_t)(a.h * a.w) : i];
    return out;
}

struct picture f_cat(struct forward *f, int length, const struct picture *list)
{
    int channels = 0, c = 0;
    for (int i = 0; i < length; i++)
        channels += list[i].c;
    struct picture out = f_new(f, channels, list[0].h, list[0].w);
    for (int i = 0; i < length; c += list[i++].c)
        memcpy(at(out, c, 0), list[i].v, count(list[i]) * sizeof(double));
    return out;
}

struct picture f_slice(struct forward *f, struct picture x, int first, int length)
{
    struct picture out = f_new(f, length, x.h, x.w);
    memcpy(out.v, at(x, first, 0), count(out) * sizeof(double));
    return out;
}

struct picture f_shuffle(struct forward *f, struct picture x, int r)
{
    struct picture out = f_new(f, x.c / (r * r), x.h * r, x.w * r);
    for (int c = 0; c < out.c; c++)
        for (int i = 0; i < out.h; i++)
            for (int j = 0; j < out.w; j++)
                at(out, c, i)[j] = at(x, c * r * r + i % r * r + j % r, i / r)[j / r];
    return out;
}

struct picture f_unshuffle(struct forward *f, struct picture x, int r)
{
    struct picture out = f_new(f, x.c * r * r, x.h / r, x.w / r);
    for (int c = 0; c < x.c; c++)
        for (int i = 0; i < x.h; i++)
            for (int j = 0; j < x.w; j++)
                at(out, c * r * r + i % r * r + j % r, i / r)[j / r] = at(x, c, i)[j];
    return out;
}

struct picture f_nearest(struct forward *f, struct picture x, int r)
{
    struct picture out = f_new(f, x.c, x.h * r, x.w * r);
    for (int c = 0; c < out.c; c++)
        for (int i = 0; i < out.h; i++)
            for (int j = 0; j < out.w; j++)
                at(out, c, i)[j] = at(x, c, i / r)[j / r];
    return out;
}

struct picture f_crop(struct forward *f, struct picture x, int edge)
{
    struct picture out = f_new(f, x.c, x.h - 2 * edge, x.w - 2 * edge);
    for (int c = 0; c < out.c; c++)
        for (int i = 0; i < out.h; i++)
            memcpy(at(out, c, i), at(x, c, i + edge) + edge, (size_t)out.w * sizeof(double));
    return out;
}

struct picture f_mean(struct forward *f, struct picture x)
{
    struct picture out = f_new(f, x.c, 1, 1);
    for (size_t i = 0; i < count(x); i++)
        out.v[i / (size_t)(x.h * x.w)] += x.v[i] / (x.h * x.w);
    return out;
}

double f_sigmoid(double v)
{
    return 1 / (1 + exp(-v));
}

double f_silu(double v)
{
    return v * f_sigmoid(v);
}

double f_relu(double v)
{
    return v > 0 ? v : 0;
}
