/* SPDX-License-Identifier: MIT */
/* The other layers. */
#include "ref_internal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ref_shape(struct ref_tensor *out, const struct ref_tensor *in, int c, int h, int w)
{
    if (c < 1 || h < 1 || w < 1)
        return false;
    out->c = c;
    out->h = h;
    out->w = w;
    out->vector = in->vector;
    out->data = in->data ? calloc((size_t)c * h * w, sizeof(double)) : NULL;
    return true;
}

static double at(const double *values, int i, double fallback)
{
    return values ? values[i] : fallback;
}

static double activate(int type, double a, double b, double v)
{
    switch (type) {
    case 1:
        return v > 0 ? v : 0;
    case 2:
        return v > 0 ? v : v * a;
    case 3:
        return v < a ? a : v > b ? b : v;
    case 4:
        return 1 / (1 + exp(-v));
    case 5:
        return v * tanh(log1p(exp(v)));
    case 6:
        return v < -b / a ? 0 : v > 1 / a - b / a ? v : v * (v * a + b);
    case 7:
        return v / (1 + exp(-v));
    case 8:
        return v * 0.5 * erfc(-v / sqrt(2));
    case 9:
        return v * 0.5 * (1 + tanh(sqrt(2 / acos(-1)) * (v + 0.044715 * v * v * v)));
    case 10:
        return tanh(v);
    case 11:
        return v < -b / a ? 0 : v > 1 / a - b / a ? 1 : v * a + b;
    case 12:
        return v > 0 ? v : a * expm1(v);
    default:
        return v;
    }
}

double ref_activate(const struct ref_layer *layer, double v)
{
    const double *values = layer->value[10];
    int count = layer->has[10] ? layer->count[10] : 0;
    return activate((int)ref_get(layer, 9, 0), count > 0 ? values[0] : 0, count > 1 ? values[1] : 0,
                    v);
}

static double combine(int op, double a, double b)
{
    switch (op) {
    case 0:
        return a + b;
    case 1:
        return a - b;
    case 2:
        return a * b;
    case 3:
        return a / b;
    case 4:
        return a > b ? a : b;
    case 5:
        return a < b ? a : b;
    case 7:
        return b - a;
    case 8:
        return b / a;
    default:
        return NAN;
    }
}

/* A vector stands for a picture that is constant in each channel. */
static double element(const struct ref_tensor *tensor, int c, int i)
{
    if (tensor->c == 1)
        c = 0;
    return tensor->vector ? tensor->data[c] : tensor->data[(size_t)c * tensor->h * tensor->w + i];
}

static bool binary(const struct ref_layer *layer, const struct ref_tensor *const *ins,
                   struct ref_tensor *out)
{
    int op = (int)ref_get(layer, 0, 0);
    bool scalar = ref_get(layer, 1, 0) != 0;
    const struct ref_tensor *a = ins[0], *b = scalar ? NULL : ins[1];
    const struct ref_tensor *larger = b && a->vector ? b : a;
    if (b && !a->vector && !b->vector && b->c > a->c)
        larger = b;
    if (b && ((a->c != b->c && a->c != 1 && b->c != 1) ||
              (!a->vector && !b->vector && (a->h != b->h || a->w != b->w))))
        return ref_complain(layer, "the inputs do not fit together");
    ref_shape(out, larger, larger->c, larger->h, larger->w);
    for (int c = 0; out->data && c < out->c; c++)
        for (int i = 0; i < out->h * out->w; i++)
            out->data[(size_t)c * out->h * out->w + i] =
                combine(op, element(a, c, i), b ? element(b, c, i) : (float)ref_get(layer, 2, 0));
    return true;
}

static bool eltwise(const struct ref_layer *layer, const struct ref_tensor *const *ins,
                    struct ref_tensor *out)
{
    int op = (int)ref_get(layer, 0, 0);
    bool weighted = op == 1 && layer->has[1] && layer->count[1] > 0;
    for (int i = 1; i < layer->nin; i++)
        if (ins[i]->c != ins[0]->c || ins[i]->h != ins[0]->h || ins[i]->w != ins[0]->w)
            return ref_complain(layer, "the inputs do not fit together");
    ref_shape(out, ins[0], ins[0]->c, ins[0]->h, ins[0]->w);
    for (size_t e = 0; out->data && e < (size_t)out->c * out->h * out->w; e++) {
        double v = ins[0]->data[e] * (weighted ? layer->value[1][0] : 1);
        for (int i = 1; i < layer->nin; i++) {
            double other = ins[i]->data[e] * (weighted ? layer->value[1][i] : 1);
            v = combine(op == 0 ? 2 : op == 1 ? 0 : 4, v, other);
        }
        out->data[e] = v;
    }
    return true;
}

static bool concat(const struct ref_layer *layer, const struct ref_tensor *const *ins,
                   struct ref_tensor *out)
{
    size_t offset = 0;
    int channels = 0;
    for (int i = 0; i < layer->nin; i++) {
        channels += ins[i]->c;
        if (ins[i]->h != ins[0]->h || ins[i]->w != ins[0]->w)
            return ref_complain(layer, "the inputs do not fit together");
    }
    ref_shape(out, ins[0], channels, ins[0]->h, ins[0]->w);
    for (int i = 0; out->data && i < layer->nin; i++) {
        size_t count = (size_t)ins[i]->c * ins[i]->h * ins[i]->w;
        memcpy(out->data + offset, ins[i]->data, count * sizeof(double));
        offset += count;
    }
    return true;
}

/* Of one axis, in the three ways that the layer can say it. */
static void crop_axis(const struct ref_layer *layer, const struct ref_tensor *reference, int axis,
                      int size, int *start, int *count)
{
    bool x = axis == 2;
    if (layer->has[9] && layer->count[9] > 0) {
        *start = 0;
        *count = size;
        for (int i = 0; i < layer->count[9]; i++) {
            int which = layer->has[11] && layer->count[11] ? (int)layer->value[11][i] : i;
            int from = (int)layer->value[9][i], to = (int)layer->value[10][i];
            if ((which < 0 ? which + 3 : which) != axis)
                continue;
            from = from == -233 ? 0 : from < 0 ? size + from : from;
            to = to == -233 ? size : to <= 0 ? size + to : to;
            *start = from;
            *count = (to < size ? to : size) - from;
        }
        return;
    }
    *start = (int)ref_get(layer, x ? 0 : 1, 0);
    if (reference) {
        *count = x ? reference->w : reference->h;
        return;
    }
    *count = size - *start - (int)ref_get(layer, x ? 6 : 7, 0);
    if (ref_get(layer, x ? 3 : 4, 0) != -233 && ref_get(layer, x ? 3 : 4, 0) < *count)
        *count = (int)ref_get(layer, x ? 3 : 4, 0);
}

static bool crop(const struct ref_layer *layer, const struct ref_tensor *const *ins,
                 struct ref_tensor *out)
{
    const struct ref_tensor *in = ins[0], *reference = layer->nin > 1 ? ins[1] : NULL;
    int top, left, h, w;
    crop_axis(layer, reference, 1, in->h, &top, &h);
    crop_axis(layer, reference, 2, in->w, &left, &w);
    if (top < 0 || left < 0 || top + h > in->h || left + w > in->w ||
        !ref_shape(out, in, in->c, h, w))
        return ref_complain(layer, "the crop does not fit its input");
    for (int c = 0; out->data && c < out->c; c++)
        for (int y = 0; y < h; y++)
            memcpy(out->data + ((size_t)c * h + y) * w,
                   in->data + ((size_t)c * in->h + top + y) * in->w + left,
                   (size_t)w * sizeof(double));
    return true;
}

static bool shuffle(const struct ref_layer *layer, const struct ref_tensor *in,
                    struct ref_tensor *out)
{
    int r = (int)ref_get(layer, 0, 1), channels = in->c / (r * r);
    bool position = ref_get(layer, 1, 0) != 0;
    if (!ref_shape(out, in, channels, in->h * r, in->w * r))
        return ref_complain(layer, "too few channels");
    for (int c = 0; out->data && c < out->c; c++)
        for (int y = 0; y < out->h; y++)
            for (int x = 0; x < out->w; x++) {
                int place = y % r * r + x % r;
                int from = position ? place * channels + c : c * r * r + place;
                out->data[((size_t)c * out->h + y) * out->w + x] =
                    in->data[((size_t)from * in->h + y / r) * in->w + x / r];
            }
    return true;
}

static bool average(const struct ref_tensor *in, struct ref_tensor *out)
{
    ref_shape(out, in, in->c, 1, 1);
    out->vector = true;
    for (int c = 0; out->data && c < in->c; c++) {
        for (int i = 0; i < in->h * in->w; i++)
            out->data[c] += in->data[(size_t)c * in->h * in->w + i];
        out->data[c] /= (double)in->h * in->w;
    }
    return true;
}

/* PReLU, Scale, ReLU, Clip, Sigmoid. */
static bool pointwise(const struct ref_layer *layer, const struct ref_tensor *const *ins,
                      struct ref_tensor *out)
{
    const struct ref_tensor *in = ins[0];
    char kind = layer->type[0];
    ref_shape(out, in, in->c, in->h, in->w);
    for (int c = 0; out->data && c < in->c; c++)
        for (int i = 0; i < in->h * in->w; i++) {
            double v = in->data[(size_t)c * in->h * in->w + i];
            if (kind == 'A')
                v = ref_activate(layer, v);
            else if (kind == 'P')
                v = activate(2, layer->extra[ref_get(layer, 0, 0) > 1 ? c : 0], 0, v);
            else if (kind == 'R')
                v = activate(2, (float)ref_get(layer, 0, 0), 0, v);
            else if (kind == 'C')
                v = activate(3, ref_get(layer, 0, -FLT_MAX), ref_get(layer, 1, FLT_MAX), v);
            else if (layer->type[1] == 'i')
                v = activate(4, 0, 0, v);
            else if (layer->nin == 2)
                v *= ins[1]->data[c];
            else
                v = v * layer->extra[c] + at(layer->bias, c, 0);
            out->data[(size_t)c * in->h * in->w + i] = v;
        }
    return true;
}

bool ref_compute(const struct ref_layer *layer, const struct ref_tensor *const *ins,
                 struct ref_tensor *out)
{
    const char *type = layer->type;
    if (strcmp(type, "Convolution") == 0 || strcmp(type, "Deconvolution") == 0 ||
        strcmp(type, "InnerProduct") == 0)
        return ref_kernel(layer, ins[0], out);
    if (strcmp(type, "BinaryOp") == 0)
        return binary(layer, ins, out);
    if (strcmp(type, "Eltwise") == 0)
        return eltwise(layer, ins, out);
    if (strcmp(type, "Concat") == 0)
        return concat(layer, ins, out);
    if (strcmp(type, "Crop") == 0)
        return crop(layer, ins, out);
    if (strcmp(type, "Interp") == 0)
        return ref_interp(layer, ins[0], out);
    if (strcmp(type, "PixelShuffle") == 0)
        return shuffle(layer, ins[0], out);
    if (strcmp(type, "Reorg") == 0)
        return ref_unshuffle(layer, ins[0], out);
    if (strcmp(type, "Part") == 0)
        return ref_part(layer, ins[0], out);
    if (strcmp(type, "MemoryData") == 0)
        return ref_constant(layer, out);
    if (strcmp(type, "Norm") == 0)
        return ref_norm(layer, ins[0], out);
    if (strcmp(type, "Padding") == 0)
        return ref_padding(layer, ins[0], out);
    if (strcmp(type, "Pooling") == 0)
        return average(ins[0], out);
    if (strcmp(type, "PReLU") == 0 || strcmp(type, "Scale") == 0 || strcmp(type, "ReLU") == 0 ||
        strcmp(type, "Clip") == 0 || strcmp(type, "Activation") == 0 ||
        strcmp(type, "Sigmoid") == 0)
        return pointwise(layer, ins, out);
    return ref_complain(layer, "unknown layer");
}
