/* SPDX-License-Identifier: MIT */
/* Interpolation and pixel shuffle of one row. Included once per ISA with KERNEL_NAME(op) defined:
 * the compiler vectorises them for the flags of the including file. */
#include "kernels/list.h"

#include <string.h>

#define LANES PLANCHE_LANES

#define MAX_TAPS 4
#define BLENDED  2048 /* floats */

/* What compilers vectorise badly by themselves. */
typedef float four __attribute__((vector_size(16)));

static inline __attribute__((always_inline)) four four_load(const float *p)
{
    four v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline __attribute__((always_inline)) void four_store(float *p, four v)
{
    memcpy(p, &v, sizeof v);
}

/* Columns [first, first + count) of the sum of the weighted rows. taps is a constant where this is
 * inlined. */
static inline __attribute__((always_inline)) void blend_rows(const struct planche_interp_args *args,
                                                             size_t lanes, size_t taps,
                                                             ptrdiff_t first, size_t count,
                                                             float *restrict blended)
{
    const float *rows[MAX_TAPS], *weights = args->row_weights;
    for (size_t i = 0; i < taps; i++)
        rows[i] = args->rows[i] + first * (ptrdiff_t)lanes;
    for (size_t x = 0; x < count * lanes; x++) {
        float sum = weights[0] * rows[0][x];
        for (size_t i = 1; i < taps; i++)
            sum += weights[i] * rows[i][x];
        blended[x] = sum;
    }
}

/* The same, with the columns beyond the first and the last one that exist repeating these. */
static inline __attribute__((always_inline)) void
blend_columns(const struct planche_interp_args *args, size_t lanes, size_t taps, ptrdiff_t first,
              size_t count, float *blended)
{
    const size_t before = first < args->min ? (size_t)(args->min - first) : 0;
    const ptrdiff_t beyond = first + (ptrdiff_t)count - 1 - args->max;
    const size_t end = count - (beyond > 0 ? (size_t)beyond : 0);
    blend_rows(args, lanes, taps, first + (ptrdiff_t)before, end - before,
               blended + before * lanes);
    for (size_t x = before * lanes; x-- > 0;)
        blended[x] = blended[x + lanes];
    for (size_t x = end * lanes; x < count * lanes; x++)
        blended[x] = blended[x - lanes];
}

/* Four pixels of four taps, planar: the products of each, transposed and summed in order. */
static inline __attribute__((always_inline)) void interpolate_four(const float *blended,
                                                                   ptrdiff_t first,
                                                                   const int32_t *columns,
                                                                   const float *weights, float *out)
{
    four v[4];
    for (size_t i = 0; i < 4; i++)
        v[i] = four_load(blended + (columns[i] - first)) * four_load(weights + i * MAX_TAPS);
    const four ab01 = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5);
    const four ab23 = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
    const four cd01 = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
    const four cd23 = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
    const four tap0 = __builtin_shufflevector(ab01, cd01, 0, 1, 4, 5);
    const four tap1 = __builtin_shufflevector(ab01, cd01, 2, 3, 6, 7);
    const four tap2 = __builtin_shufflevector(ab23, cd23, 0, 1, 4, 5);
    const four tap3 = __builtin_shufflevector(ab23, cd23, 2, 3, 6, 7);
    four_store(out, tap0 + tap1 + tap2 + tap3);
}

/* Rows first, as many columns at once as there is room for: that is one run of vectors, whatever
 * the columns' distances are. lanes and taps are constants where this is inlined. */
static inline __attribute__((always_inline)) void
interpolate(const struct planche_interp_args *args, size_t lanes, size_t taps)
{
    float blended[BLENDED];
    const ptrdiff_t room = (ptrdiff_t)(BLENDED / lanes);
    for (size_t p = 0; p < args->pixels;) {
        const ptrdiff_t first = args->columns[p];
        size_t end = p + 1;
        while (end < args->pixels && args->columns[end] + (ptrdiff_t)taps - first <= room)
            end++;
        blend_columns(args, lanes, taps, first, (size_t)(args->columns[end - 1] - first) + taps,
                      blended);
        for (; lanes == 1 && taps == MAX_TAPS && end - p >= 4; p += 4)
            interpolate_four(blended, first, args->columns + p, args->column_weights + p * MAX_TAPS,
                             args->out + p);
        for (; p < end; p++) {
            const float *in = blended + (size_t)(args->columns[p] - first) * lanes;
            const float *weights = args->column_weights + p * taps;
            for (size_t lane = 0; lane < lanes; lane++) {
                float sum = weights[0] * in[lane];
                for (size_t j = 1; j < taps; j++)
                    sum += weights[j] * in[j * lanes + lane];
                args->out[p * lanes + lane] = sum;
            }
        }
    }
}

/* lanes is a constant where this is inlined. */
static inline __attribute__((always_inline)) void
copy_columns(const struct planche_interp_args *args, size_t lanes)
{
    const float *restrict in = args->rows[0];
    float *restrict out = args->out;
    for (size_t p = 0; p < args->pixels; p++)
        for (size_t lane = 0; lane < lanes; lane++)
            out[p * lanes + lane] = in[(size_t)args->columns[p] * lanes + lane];
}

void KERNEL_NAME(interp)(const struct planche_interp_args *args)
{
    const size_t lanes = args->lanes;
    if (args->taps == 1 && lanes == 1)
        copy_columns(args, 1);
    else if (args->taps == 1)
        copy_columns(args, LANES);
    else if (args->taps == 2 && lanes == 1)
        interpolate(args, 1, 2);
    else if (args->taps == 2)
        interpolate(args, LANES, 2);
    else if (lanes == 1)
        interpolate(args, 1, MAX_TAPS);
    else
        interpolate(args, LANES, MAX_TAPS);
}

typedef float two __attribute__((vector_size(8)));

static inline __attribute__((always_inline)) two two_load(const float *p)
{
    two v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Pixels p .. p + 3 of spread_lanes() for the factor 2, in whole vectors. */
static inline __attribute__((always_inline)) void
spread_pairs(const float *restrict in, const float *restrict addend, float *restrict out)
{
    four a = __builtin_shufflevector(two_load(in), two_load(in + LANES), 0, 1, 2, 3);
    four b =
        __builtin_shufflevector(two_load(in + 2 * LANES), two_load(in + 3 * LANES), 0, 1, 2, 3);
    if (addend) {
        const four v = four_load(addend);
        a += __builtin_shufflevector(v, v, 0, 0, 1, 1);
        b += __builtin_shufflevector(v, v, 2, 2, 3, 3);
    }
    four_store(out, a);
    four_store(out + 4, b);
}

/* The whole of one planar output channel from lanes that are neighbours in one input block. factor
 * is a constant where this is inlined, and so is whether addend is NULL. */
static inline __attribute__((always_inline)) void spread_lanes(const float *restrict in,
                                                               const float *restrict addend,
                                                               float *restrict out, size_t factor,
                                                               size_t pixels)
{
    size_t p = 0;
    for (; factor == 2 && pixels - p >= 4; p += 4)
        spread_pairs(in + p * LANES, addend ? addend + p : NULL, out + p * 2);
    for (; p < pixels; p++)
        if (factor == 4)
            four_store(out + p * 4,
                       addend ? four_load(in + p * LANES) + addend[p] : four_load(in + p * LANES));
        else
            for (size_t j = 0; j < factor; j++)
                out[p * factor + j] = addend ? in[p * LANES + j] + addend[p] : in[p * LANES + j];
}

static void shuffle_run(const float *in, const float *addend, float *out, size_t factor,
                        size_t pixels)
{
    if (factor == 4 && addend)
        spread_lanes(in, addend, out, 4, pixels);
    else if (factor == 4)
        spread_lanes(in, NULL, out, 4, pixels);
    else if (factor == 2 && addend)
        spread_lanes(in, addend, out, 2, pixels);
    else if (factor == 2)
        spread_lanes(in, NULL, out, 2, pixels);
    else
        spread_lanes(in, addend, out, factor, pixels);
}

/* Output channel c, one input channel after another. */
static void shuffle_channel(const struct planche_shuffle_args *args, size_t c)
{
    const size_t factor = args->factor, in_lanes = args->in_lanes, out_lanes = args->out_lanes;
    const size_t first = (c * factor + args->row) * factor;
    const float *addend = args->addends ? args->addends[c / out_lanes] + c % out_lanes : NULL;
    float *out = args->outputs[c / out_lanes] + c % out_lanes;
    if (out_lanes == 1 && in_lanes == LANES && first % LANES + factor <= LANES) {
        shuffle_run(args->inputs[first / LANES] + first % LANES, addend, out, factor, args->pixels);
        return;
    }
    for (size_t j = 0; j < factor; j++) {
        const float *in = args->inputs[(first + j) / in_lanes] + (first + j) % in_lanes;
        for (size_t p = 0; p < args->pixels; p++)
            out[(p * factor + j) * out_lanes] =
                addend ? in[p * in_lanes] + addend[p * out_lanes] : in[p * in_lanes];
    }
}

static void clear_unused_lanes(const struct planche_shuffle_args *args)
{
    const size_t used = args->out_channels % args->out_lanes;
    if (used == 0)
        return;
    float *out = args->outputs[args->out_channels / args->out_lanes];
    for (size_t p = 0; p < args->pixels * args->factor; p++)
        memset(out + p * args->out_lanes + used, 0, (args->out_lanes - used) * sizeof *out);
}

void KERNEL_NAME(shuffle)(const struct planche_shuffle_args *args)
{
    for (size_t c = 0; c < args->out_channels; c++)
        shuffle_channel(args, c);
    clear_unused_lanes(args);
}
