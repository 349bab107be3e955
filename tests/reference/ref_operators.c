/* SPDX-License-Identifier: MIT */
/* Operators of other formats: see tests/model/random_operators.h. */
#include "ref_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ref_unshuffle(const struct ref_layer *layer, const struct ref_tensor *in,
                   struct ref_tensor *out)
{
    int r = (int)ref_get(layer, 0, 1);
    bool position = ref_get(layer, 1, 0) != 0;
    if (in->h % r || in->w % r || !ref_shape(out, in, in->c * r * r, in->h / r, in->w / r))
        return ref_complain(layer, "the size is not a multiple");
    for (int c = 0; out->data && c < in->c; c++)
        for (int y = 0; y < in->h; y++)
            for (int x = 0; x < in->w; x++) {
                int place = y % r * r + x % r;
                int to = position ? place * in->c + c : c * r * r + place;
                out->data[((size_t)to * out->h + y / r) * out->w + x / r] =
                    in->data[((size_t)c * in->h + y) * in->w + x];
            }
    return true;
}

bool ref_part(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out)
{
    size_t plane = (size_t)in->h * (size_t)in->w;
    int first = (int)ref_get(layer, 0, 0), count = (int)ref_get(layer, 1, 0);
    if (first + count > in->c || !ref_shape(out, in, count, in->h, in->w))
        return ref_complain(layer, "too few channels");
    if (out->data)
        memcpy(out->data, in->data + (size_t)first * plane, (size_t)count * plane * sizeof(double));
    return true;
}

bool ref_constant(const struct ref_layer *layer, struct ref_tensor *out)
{
    out->c = (int)ref_get(layer, 0, 0);
    out->h = out->w = 1;
    out->vector = true;
    out->data = calloc((size_t)out->c, sizeof(double));
    memcpy(out->data, layer->extra, (size_t)out->c * sizeof(double));
    return true;
}

bool ref_norm(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out)
{
    int plane = in->h * in->w;
    bool centred = ref_get(layer, 2, 0) == 0;
    ref_shape(out, in, in->c, in->h, in->w);
    for (int i = 0; out->data && i < plane; i++) {
        double mean = 0, square = 0;
        for (int c = 0; centred && c < in->c; c++)
            mean += in->data[(size_t)c * plane + i] / in->c;
        for (int c = 0; c < in->c; c++)
            square += pow(in->data[(size_t)c * plane + i] - mean, 2) / in->c;
        for (int c = 0; c < in->c; c++)
            out->data[(size_t)c * plane + i] = (in->data[(size_t)c * plane + i] - mean) /
                                                   sqrt(square + ref_get(layer, 1, 0)) *
                                                   layer->extra[c] +
                                               layer->bias[c];
    }
    return true;
}

/* Of an axis; -1: a zero. */
static int padded_from(int mode, int i, int size)
{
    if (i >= 0 && i < size)
        return i;
    if (mode == 0)
        return -1;
    if (mode == 1)
        return i < 0 ? 0 : size - 1;
    while (size > 1 && (i < 0 || i >= size))
        i = i < 0 ? -i : 2 * (size - 1) - i;
    return size > 1 ? i : 0;
}

void ref_pad(struct ref_sides sides, int mode, const struct ref_tensor *in, struct ref_tensor *out)
{
    int top = sides.top, left = sides.left;
    ref_shape(out, in, in->c, in->h + top + sides.bottom, in->w + left + sides.right);
    for (int c = 0; out->data && c < in->c; c++)
        for (int y = 0; y < out->h; y++)
            for (int x = 0; x < out->w; x++) {
                int from_y = padded_from(mode, y - top, in->h);
                int from_x = padded_from(mode, x - left, in->w);
                if (from_y >= 0 && from_x >= 0)
                    out->data[((size_t)c * out->h + y) * out->w + x] =
                        in->data[((size_t)c * in->h + from_y) * in->w + from_x];
            }
}

bool ref_padding(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out)
{
    struct ref_sides sides = {(int)ref_get(layer, 0, 0), (int)ref_get(layer, 1, 0),
                              (int)ref_get(layer, 2, 0), (int)ref_get(layer, 3, 0)};
    ref_pad(sides, (int)ref_get(layer, 4, 0), in, out);
    return true;
}
