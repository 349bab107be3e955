/* SPDX-License-Identifier: MIT */
/* Similarity of two pictures of one size: PSNR, SSIM, differences, colour shift. */
#include "preview/similarity.h"

#include <math.h>
#include <stdlib.h>

#define CHANNELS PLANCHE_CLI_PICTURE_CHANNELS
#define WINDOW   11
#define SIGMA    1.5

/* What SSIM takes of each window. */
enum moment { MEAN_A, MEAN_B, SQUARE_A, SQUARE_B, PRODUCT, MOMENTS };

static double luma(const uint8_t *rgb)
{
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

static void make_window(double *weights, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        double x = i - (count - 1) / 2.0;
        weights[i] = exp(-x * x / (2 * SIGMA * SIGMA));
        sum += weights[i];
    }
    for (uint32_t i = 0; i < count; i++)
        weights[i] /= sum;
}

/* The moments of a row's windows across, before they are summed down. */
static void sum_across(double *moments, const struct planche_cli_picture *a,
                       const struct planche_cli_picture *b, uint32_t y, const double *weights,
                       uint32_t window)
{
    uint32_t columns = a->width - window + 1;
    for (uint32_t x = 0; x < columns; x++) {
        double *out = moments + (size_t)x * MOMENTS;
        for (int m = 0; m < MOMENTS; m++)
            out[m] = 0;
        for (uint32_t i = 0; i < window; i++) {
            size_t at = ((size_t)y * a->width + x + i) * CHANNELS;
            double va = luma(a->rgb + at), vb = luma(b->rgb + at);
            out[MEAN_A] += weights[i] * va;
            out[MEAN_B] += weights[i] * vb;
            out[SQUARE_A] += weights[i] * va * va;
            out[SQUARE_B] += weights[i] * vb * vb;
            out[PRODUCT] += weights[i] * va * vb;
        }
    }
}

static double ssim_of(const double *m)
{
    const double c1 = (0.01 * 255) * (0.01 * 255), c2 = (0.03 * 255) * (0.03 * 255);
    double aa = m[SQUARE_A] - m[MEAN_A] * m[MEAN_A], bb = m[SQUARE_B] - m[MEAN_B] * m[MEAN_B];
    double ab = m[PRODUCT] - m[MEAN_A] * m[MEAN_B];
    return (2 * m[MEAN_A] * m[MEAN_B] + c1) * (2 * ab + c2) /
           ((m[MEAN_A] * m[MEAN_A] + m[MEAN_B] * m[MEAN_B] + c1) * (aa + bb + c2));
}

/* Rows of moments are kept for one window's height, in turn. */
static bool measure_ssim(double *ssim, const struct planche_cli_picture *a,
                         const struct planche_cli_picture *b)
{
    double across[WINDOW], down[WINDOW], sum = 0;
    uint32_t wide = a->width < WINDOW ? a->width : WINDOW;
    uint32_t high = a->height < WINDOW ? a->height : WINDOW;
    uint32_t columns = a->width - wide + 1, rows = a->height - high + 1;
    size_t row = (size_t)columns * MOMENTS;
    double *moments = calloc(high, row * sizeof *moments);
    if (moments == NULL)
        return false;
    make_window(across, wide);
    make_window(down, high);
    for (uint32_t y = 0; y < a->height; y++) {
        sum_across(moments + y % high * row, a, b, y, across, wide);
        for (uint32_t x = 0; y + 1 >= high && x < columns; x++) {
            double total[MOMENTS] = {0};
            for (uint32_t i = 0; i < high; i++) {
                const double *from =
                    moments + (y + 1 - high + i) % high * row + (size_t)x * MOMENTS;
                for (int m = 0; m < MOMENTS; m++)
                    total[m] += down[i] * from[m];
            }
            sum += ssim_of(total);
        }
    }
    free(moments);
    *ssim = sum / ((double)columns * rows);
    return true;
}

/* Chroma of BT.601, of a difference of two pixels. */
static void add_chroma(struct planche_cli_similarity *result, const int *d)
{
    result->cb_shift += fabs(-0.168736 * d[0] - 0.331264 * d[1] + 0.5 * d[2]);
    result->cr_shift += fabs(0.5 * d[0] - 0.418688 * d[1] - 0.081312 * d[2]);
}

bool planche_cli_similarity_measure(struct planche_cli_similarity *result,
                                    const struct planche_cli_picture *a,
                                    const struct planche_cli_picture *b)
{
    size_t pixels = (size_t)a->width * a->height;
    double squares = 0;
    *result = (struct planche_cli_similarity){0};
    for (size_t i = 0; i < pixels; i++) {
        int d[CHANNELS];
        for (unsigned c = 0; c < CHANNELS; c++) {
            d[c] = a->rgb[i * CHANNELS + c] - b->rgb[i * CHANNELS + c];
            squares += (double)d[c] * d[c];
            result->mean_difference += abs(d[c]);
            if ((unsigned)abs(d[c]) > result->max_difference)
                result->max_difference = (unsigned)abs(d[c]);
        }
        add_chroma(result, d);
    }
    double samples = (double)pixels * CHANNELS;
    result->mean_difference /= samples;
    result->cb_shift /= (double)pixels;
    result->cr_shift /= (double)pixels;
    result->psnr = squares > 0 ? 10 * log10(255.0 * 255.0 * samples / squares) : (double)INFINITY;
    return measure_ssim(&result->ssim, a, b);
}
