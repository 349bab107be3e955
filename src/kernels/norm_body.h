/* SPDX-License-Identifier: MIT */
/* Normalisation of pixels over their channels. Included once per ISA with KERNEL_NAME(op) defined.
 * Lanes are summed over the blocks in order, then in pairs: always in the same way. */
#include <math.h>

static inline __attribute__((always_inline)) float sum_of_lanes(float *sums)
{
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t lane = 0; lane < width; lane++)
            sums[lane] += sums[lane + width];
    return sums[0];
}

/* What the lanes of a block count: 1, or 0 behind the last channel. */
static inline __attribute__((always_inline)) void used_lanes(size_t used, float *counts)
{
    for (size_t lane = 0; lane < LANES; lane++)
        counts[lane] = lane < used ? 1.0f : 0.0f;
}

static inline __attribute__((always_inline)) float mean_of(const struct planche_norm_args *args,
                                                           size_t at)
{
    float sums[LANES] = {0};
    for (unsigned b = 0; b < args->blocks; b++)
        for (size_t lane = 0; lane < LANES; lane++)
            sums[lane] += args->in[b][at + lane];
    return sum_of_lanes(sums) / (float)args->channels;
}

static inline __attribute__((always_inline)) float
square_of(const struct planche_norm_args *args, size_t at, float mean, const float *last)
{
    float sums[LANES] = {0};
    for (unsigned b = 0; b + 1 < args->blocks; b++)
        for (size_t lane = 0; lane < LANES; lane++) {
            const float v = args->in[b][at + lane] - mean;
            sums[lane] += v * v;
        }
    for (size_t lane = 0; lane < LANES; lane++) {
        const float v = (args->in[args->blocks - 1][at + lane] - mean) * last[lane];
        sums[lane] += v * v;
    }
    return sum_of_lanes(sums) / (float)args->channels;
}

static void norm_lanes(const struct planche_norm_args *args)
{
    float last[LANES];
    used_lanes(args->channels - (size_t)(args->blocks - 1) * LANES, last);
    for (size_t p = 0; p < args->pixels; p++) {
        const size_t at = p * LANES;
        const float mean = args->norm == PLANCHE_NORM_LAYER ? mean_of(args, at) : 0.0f;
        const float factor = 1.0f / sqrtf(square_of(args, at, mean, last) + args->eps);
        for (unsigned b = 0; b < args->blocks; b++) {
            const float *in = args->in[b] + at;
            const float *scale = args->scale + (size_t)b * LANES;
            const float *bias = args->bias + (size_t)b * LANES;
            float made[LANES]; /* out may be in */
            for (size_t lane = 0; lane < LANES; lane++)
                made[lane] = (in[lane] - mean) * factor * scale[lane] + bias[lane];
            for (size_t lane = 0; lane < LANES; lane++)
                args->out[b][at + lane] = made[lane];
        }
    }
}

static void norm_planes(const struct planche_norm_args *args)
{
    const float count = (float)args->channels;
    for (size_t p = 0; p < args->pixels; p++) {
        float mean = 0.0f, square = 0.0f;
        for (unsigned c = 0; args->norm == PLANCHE_NORM_LAYER && c < args->channels; c++)
            mean += args->in[c][p];
        mean /= count;
        for (unsigned c = 0; c < args->channels; c++)
            square += (args->in[c][p] - mean) * (args->in[c][p] - mean);
        const float factor = 1.0f / sqrtf(square / count + args->eps);
        for (unsigned c = 0; c < args->channels; c++)
            args->out[c][p] = (args->in[c][p] - mean) * factor * args->scale[c] + args->bias[c];
    }
}

void KERNEL_NAME(norm)(const struct planche_norm_args *args)
{
    if (args->lanes == 1)
        norm_planes(args);
    else
        norm_lanes(args);
}
