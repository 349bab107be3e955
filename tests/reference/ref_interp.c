/* SPDX-License-Identifier: MIT */
/* Interpolation: nearest takes floor(x * in / out); linear and cubic have half-pixel centres, or
 * align the corners (place 1) or the first pixels (2), and repeat the edge. */
#include "ref_internal.h"

#include <math.h>
#include <stdlib.h>

static double cubic(double distance, double a)
{
    double d = fabs(distance);
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

struct way {
    int mode, place;
    double a;
};

static double weight(const struct way *way, double distance)
{
    if (way->mode == 3)
        return cubic(distance, way->a);
    return fabs(distance) < 1 ? 1 - fabs(distance) : 0;
}

/* The value at one place of an axis: samples lie step apart. */
static double sample(const struct way *way, const double *data, int count, int step, int place,
                     int places)
{
    double centre = (place + 0.5) * count / places - 0.5, sum = 0;
    if (way->place == 1)
        centre = places > 1 ? (double)place * (count - 1) / (places - 1) : 0;
    if (way->place == 2)
        centre = (double)place * count / places;
    int first = (int)floor(centre) - 1;
    if (way->mode == 1 && way->place == 1)
        return data[(size_t)floor(centre + 0.5) * step];
    if (way->mode == 1)
        return data[(size_t)((int64_t)place * count / places) * step];
    for (int i = first; i < first + 4; i++) {
        int clamped = i < 0 ? 0 : i >= count ? count - 1 : i;
        sum += weight(way, centre - i) * data[(size_t)clamped * step];
    }
    return sum;
}

bool ref_interp(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out)
{
    const struct way way = {(int)ref_get(layer, 0, 0), (int)ref_get(layer, 7, 0),
                            ref_get(layer, 8, -0.75)};
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
                    sample(&way, in->data + ((size_t)c * in->h + y) * in->w, in->w, 1, x, w);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                out->data[((size_t)c * h + y) * w + x] = sample(&way, wide + x, in->h, w, y, h);
    }
    free(wide);
    return true;
}
