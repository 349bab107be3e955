/* SPDX-License-Identifier: MIT */
/* Winograd convolution in portable C: plain matrix products with the transforms' matrices, one tile
 * after another. */
#include "kernels/bf16.h"
#include "kernels/epilogue_portable.h"
#include "kernels/list.h"
#include "kernels/winograd.h"

#include <string.h>

#define LANES      PLANCHE_LANES
#define MAX_INPUT  PLANCHE_WINOGRAD_MAX_INPUT
#define MAX_POINTS PLANCHE_WINOGRAD_MAX_POINTS

/* B^T and A^T of the transforms (G is in winograd.c). */
struct transform {
    unsigned tile, input;
    float b[MAX_INPUT][MAX_INPUT];
    float a[PLANCHE_WINOGRAD_TILE_MAX][MAX_INPUT];
};

static const struct transform transform4 = {
    .tile = 4,
    .input = 6,
    .b = {{0.87890625f, 0, -2.640625f, 0, 1, 0},
          {0, -1.40625f, -2.25f, 0.625f, 1, 0},
          {0, 1.40625f, -2.25f, -0.625f, 1, 0},
          {0, -0.5859375f, -0.390625f, 1.5f, 1, 0},
          {0, 0.5859375f, -0.390625f, -1.5f, 1, 0},
          {0, 0.87890625f, 0, -2.640625f, 0, 1}},
    .a = {{1, 1, 1, 1, 1, 0},
          {0, 0.625f, -0.625f, 1.5f, -1.5f, 0},
          {0, 0.390625f, 0.390625f, 2.25f, 2.25f, 0},
          {0, 0.244140625f, -0.244140625f, 3.375f, -3.375f, 1}},
};

static const struct transform transform6 = {
    .tile = 6,
    .input = 8,
    .b = {{1, 0, -5.25f, 0, 5.25f, 0, -1, 0},
          {0, 1, 1, -4.25f, -4.25f, 1, 1, 0},
          {0, -1, 1, 4.25f, -4.25f, -1, 1, 0},
          {0, 0.5f, 0.25f, -2.5f, -1.25f, 2, 1, 0},
          {0, -0.5f, 0.25f, 2.5f, -1.25f, -2, 1, 0},
          {0, 2, 4, -2.5f, -5, 0.5f, 1, 0},
          {0, -2, 4, 2.5f, -5, -0.5f, 1, 0},
          {0, -1, 0, 5.25f, 0, -5.25f, 0, 1}},
    .a = {{1, 1, 1, 1, 1, 1, 1, 0},
          {0, 1, -1, 2, -2, 0.5f, -0.5f, 0},
          {0, 1, 1, 4, 4, 0.25f, 0.25f, 0},
          {0, 1, -1, 8, -8, 0.125f, -0.125f, 0},
          {0, 1, 1, 16, 16, 0.0625f, 0.0625f, 0},
          {0, 1, -1, 32, -32, 0.03125f, -0.03125f, 1}},
};

/* out[i * step] = sum over k of matrix[i][k] * in[k * step], vectors of LANES floats; step counts
 * vectors. */
static void multiply(const float (*matrix)[MAX_INPUT], unsigned rows, unsigned depth,
                     const float *in, float *out, size_t step)
{
    for (unsigned i = 0; i < rows; i++) {
        float acc[LANES] = {0};
        for (unsigned k = 0; k < depth; k++)
            for (size_t lane = 0; lane < LANES; lane++)
                acc[lane] += matrix[i][k] * in[k * step * LANES + lane];
        memcpy(out + i * step * LANES, acc, sizeof acc);
    }
}

/* out = matrix * in * matrix^T for in of input x input vectors; out has the same row length. */
static void transform_tile(const struct transform *transform, const float (*matrix)[MAX_INPUT],
                           unsigned rows, const float *in, float *out)
{
    const unsigned input = transform->input;
    float middle[MAX_POINTS * LANES];
    for (unsigned j = 0; j < input; j++)
        multiply(matrix, rows, input, in + j * LANES, middle + j * LANES, input);
    for (unsigned i = 0; i < rows; i++)
        multiply(matrix, rows, input, middle + (size_t)i * input * LANES,
                 out + (size_t)i * input * LANES, 1);
}

static void load_tile(const struct transform *transform, const struct planche_winograd_args *args,
                      size_t block, size_t column, float *tile)
{
    const unsigned input = transform->input;
    const size_t left = args->input_columns > column ? args->input_columns - column : 0;
    const size_t columns = left < input ? left : input;
    memset(tile, 0, (size_t)input * input * LANES * sizeof *tile);
    for (unsigned i = 0; i < input && columns > 0; i++)
        memcpy(tile + (size_t)i * input * LANES,
               args->input_rows[block * input + i] + column * LANES,
               columns * LANES * sizeof *tile);
}

/* Input lane k's weights of 16 output lanes, in a group with rows of `row` floats. */
static inline void load_weights(const void *group, enum planche_precision precision, size_t k,
                                size_t row, float weights[LANES])
{
    if (precision == PLANCHE_PRECISION_F32) {
        memcpy(weights, (const float *)group + k * row, LANES * sizeof *weights);
        return;
    }
    const uint16_t *pairs = (const uint16_t *)group + k / 2 * 2 * row + k % 2;
    for (size_t lane = 0; lane < LANES; lane++)
        weights[lane] = planche_bf16_value(pairs[2 * lane]);
}

/* sums[point][lane] over all input lanes, for output block `block`. */
static void multiply_points(const struct transform *transform,
                            const struct planche_winograd_args *args,
                            enum planche_precision precision, size_t block, const float *points,
                            float *sums)
{
    const unsigned count = transform->input * transform->input;
    const unsigned first = (unsigned)(block - block % PLANCHE_WINOGRAD_GROUP);
    const unsigned left = args->out_blocks - first;
    const size_t row =
        (left < PLANCHE_WINOGRAD_GROUP ? left : PLANCHE_WINOGRAD_GROUP) * (size_t)LANES;
    const size_t depth = (size_t)args->in_blocks * LANES;
    const float *group =
        (const float *)args->weights +
        planche_winograd_group_floats(transform->tile, precision, args->in_blocks, first) +
        (block - first) * LANES;
    for (unsigned point = 0; point < count; point++) {
        float acc[LANES] = {0}, weights[LANES];
        for (size_t k = 0; k < depth; k++) {
            const float x = points[(k / LANES * count + point) * LANES + k % LANES];
            load_weights(group, precision, k, row, weights);
            for (size_t lane = 0; lane < LANES; lane++)
                acc[lane] += x * weights[lane];
        }
        memcpy(sums + (size_t)point * LANES, acc, sizeof acc);
        group += depth * row / PLANCHE_WINOGRAD_PACKED(precision);
    }
}

static void store_pixel(const struct planche_winograd_args *args, size_t row, size_t block,
                        size_t column, const float *in)
{
    const struct planche_epilogue *epilogue = &args->epilogue;
    float *out = args->output_rows[row] + column * LANES;
    for (size_t lane = 0; lane < LANES; lane++) {
        float v = activate(epilogue, block * LANES + lane, in[lane]);
        for (unsigned r = 0; r < epilogue->residuals; r++)
            v = add_residual(epilogue, r, v, args->residual_rows[r][row][column * LANES + lane]);
        out[lane] = apply_scale(epilogue, block * LANES + lane, v);
    }
}

static void store_tile(const struct transform *transform, const struct planche_winograd_args *args,
                       size_t block, size_t column, const float *in)
{
    const size_t left = args->columns - column;
    const size_t columns = left < transform->tile ? left : transform->tile;
    for (unsigned i = 0; i < transform->tile; i++) {
        const size_t row = block * transform->tile + i;
        for (size_t j = 0; j < columns && args->output_rows[row]; j++)
            store_pixel(args, row, block, column + j, in + (i * transform->input + j) * LANES);
    }
}

static void round_points(float *points, size_t count)
{
    for (size_t i = 0; i < count; i++)
        points[i] = planche_bf16_value(planche_bf16_round(points[i]));
}

static inline void convolve(const struct transform *transform, enum planche_precision precision,
                            const struct planche_winograd_args *args)
{
    const size_t block_floats = (size_t)transform->input * transform->input * LANES;
    for (size_t column = 0; column < args->columns; column += transform->tile) {
        float tile[MAX_POINTS * LANES], out[MAX_POINTS * LANES];
        for (size_t block = 0; block < args->in_blocks; block++) {
            load_tile(transform, args, block, column, tile);
            transform_tile(transform, transform->b, transform->input, tile,
                           args->scratch + block * block_floats);
        }
        if (precision == PLANCHE_PRECISION_BF16)
            round_points(args->scratch, args->in_blocks * block_floats);
        for (size_t block = 0; block < args->out_blocks; block++) {
            multiply_points(transform, args, precision, block, args->scratch, tile);
            transform_tile(transform, transform->a, transform->tile, tile, out);
            store_tile(transform, args, block, column, out);
        }
    }
}

void planche_winograd4_f32_portable(const struct planche_winograd_args *args)
{
    convolve(&transform4, PLANCHE_PRECISION_F32, args);
}

void planche_winograd6_f32_portable(const struct planche_winograd_args *args)
{
    convolve(&transform6, PLANCHE_PRECISION_F32, args);
}

void planche_winograd4_bf16_portable(const struct planche_winograd_args *args)
{
    convolve(&transform4, PLANCHE_PRECISION_BF16, args);
}

void planche_winograd6_bf16_portable(const struct planche_winograd_args *args)
{
    convolve(&transform6, PLANCHE_PRECISION_BF16, args);
}
