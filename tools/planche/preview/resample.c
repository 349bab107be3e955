/* SPDX-License-Identifier: MIT */
/* Resampling of pictures with Lanczos's kernel of three lobes. Source: C. E. Duchon, "Lanczos
 * Filtering in One and Two Dimensions", 1979; edges are cut off and the rest weighted up. */
#include "preview/resample.h"

#include <math.h>
#include <stdlib.h>

#define CHANNELS PLANCHE_CLI_PICTURE_CHANNELS
#define LOBES    3.0

/* The samples that make one sample of the result, and their weights. */
struct taps {
    uint32_t first, count;
    float *weights; /* part of a common block */
};

struct kernel {
    struct taps *taps; /* [size of the result] */
    float *weights;
};

static double lanczos(double x)
{
    const double pi = 3.14159265358979323846;
    x = fabs(x);
    if (x < 1e-9)
        return 1.0;
    return x < LOBES ? LOBES * sin(pi * x) * sin(pi * x / LOBES) / (pi * pi * x * x) : 0.0;
}

static void weigh(struct taps *taps, double centre, double wide)
{
    double sum = 0;
    for (uint32_t i = 0; i < taps->count; i++) {
        taps->weights[i] = (float)lanczos((taps->first + i + 0.5 - centre) / wide);
        sum += taps->weights[i];
    }
    for (uint32_t i = 0; i < taps->count; i++)
        taps->weights[i] = (float)(taps->weights[i] / sum);
}

static void free_kernel(struct kernel *kernel)
{
    free(kernel->weights);
    free(kernel->taps);
}

static bool make_kernel(struct kernel *kernel, uint32_t from, uint32_t to)
{
    double step = (double)from / to, wide = step > 1 ? step : 1;
    size_t most = (size_t)(2 * LOBES * wide) + 2;
    kernel->taps = calloc(to, sizeof *kernel->taps);
    kernel->weights = calloc(to, most * sizeof *kernel->weights);
    if (kernel->taps == NULL || kernel->weights == NULL) {
        free_kernel(kernel);
        return false;
    }
    for (uint32_t i = 0; i < to; i++) {
        struct taps *taps = &kernel->taps[i];
        double centre = (i + 0.5) * step;
        double first = ceil(centre - LOBES * wide - 0.5), last = floor(centre + LOBES * wide - 0.5);
        taps->first = first > 0 ? (uint32_t)first : 0;
        taps->count = (last < from - 1.0 ? (uint32_t)last : from - 1) - taps->first + 1;
        taps->weights = kernel->weights + i * most;
        weigh(taps, centre, wide);
    }
    return true;
}

/* One row of the picture, made as wide as the result. */
static void resample_row(float *to, const uint8_t *from, const struct kernel *kernel,
                         uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        const struct taps *taps = &kernel->taps[x];
        for (unsigned c = 0; c < CHANNELS; c++) {
            float sum = 0;
            for (uint32_t i = 0; i < taps->count; i++)
                sum += taps->weights[i] * from[(size_t)(taps->first + i) * CHANNELS + c];
            to[(size_t)x * CHANNELS + c] = sum;
        }
    }
}

static void mix_rows(uint8_t *to, const float *rows, const struct taps *taps, size_t samples)
{
    for (size_t x = 0; x < samples; x++) {
        float sum = 0;
        for (uint32_t i = 0; i < taps->count; i++)
            sum += taps->weights[i] * rows[(taps->first + i) * samples + x];
        to[x] = (uint8_t)(sum <= 0 ? 0 : sum >= 255 ? 255 : sum + 0.5f);
    }
}

bool planche_cli_resample(struct planche_cli_picture *out, const struct planche_cli_picture *in,
                          uint32_t width, uint32_t height)
{
    struct kernel across = {0}, down = {0};
    size_t samples = (size_t)width * CHANNELS;
    if (!planche_cli_picture_make(out, width, height))
        return false;
    float *rows = calloc(in->height, samples * sizeof *rows);
    bool made = rows != NULL && make_kernel(&across, in->width, width);
    if (made && !make_kernel(&down, in->height, height)) {
        free_kernel(&across);
        made = false;
    }
    for (uint32_t y = 0; made && y < in->height; y++)
        resample_row(rows + y * samples, in->rgb + (size_t)y * in->width * CHANNELS, &across,
                     width);
    for (uint32_t y = 0; made && y < height; y++)
        mix_rows(out->rgb + y * samples, rows, &down.taps[y], samples);
    free(rows);
    if (made) {
        free_kernel(&across);
        free_kernel(&down);
    } else {
        planche_cli_picture_free(out);
    }
    return made;
}
