/* SPDX-License-Identifier: MIT */
/* Interpolation: nearest takes floor(x * in / out); linear and cubic (a = -0.75) have half-pixel
 * centres and repeat the edge. */
#include "ref_internal.h"

#include <math.h>
#include <stdlib.h>

static double cubic(double distance)
{
    const double a = -0.75;
    double d = fabs(distance);
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

static double weight(int mode, double distance)
{
    if (mode == 3)
        return cubic(distance);
    return fabs(distance) < 1 ? 1 - fabs(distance) : 0;
}

/* The value at one place of an axis: samples lie step apart. */
static double sample(int mode, const double *data, int count, int step, int place, int places)
{
    double centre = (place + 0.5) * count / places - 0.5, sum = 0;
    int first = (int)floor(centre) - 1;
    if (mode == 1)
        return data[(size_t)((int64_t)place * count / places) * step];
    for (int i = first; i < first + 4; i++) {
        int clamped = i < 0 ? 0 : i >= count ? count - 1 : i;
        sum += weight(mode, centre - i) * data[(size_t)clamped * step];
    }
    return sum;
}

bool ref_interp(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out)
{
    int mode = (int)ref_get(layer, 0, 0);
    int h = (int)floor(in->h * ref_get(layer, 1, 1) + 1e-4);
    int w = (int)floor(in->w * ref_get(layer, 2, 1) + 1e-4);
    double *wide;
    if (!ref_shape(out, in, in->c, h, w))
        return ref_complain(layer, "nothing comes out");
    if (!in->data)
        return true;
    wide = calloc((size_t)in->h * w, sizeof(double));
    for (int c = 0; c < in->c; c++) {
        for (int y = 0; y < in->h; y++)
            for (int x = 0; x < w; x++)
                wide[(size_t)y * w + x] =
                    sample(mode, in->data + ((size_t)c * in->h + y) * in->w, in->w, 1, x, w);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                out->data[((size_t)c * h + y) * w + x] = sample(mode, wide + x, in->h, w, y, h);
    }
    free(wide);
    return true;
}
