/* SPDX-License-Identifier: MIT */
/* Winograd kernels against the plain 3x3 convolution in double precision; in bf16 against the
 * transforms in double precision, with transformed inputs rounded. */
#include "kernel_test.h"
#include "kernels/bf16.h"
#include "kernels/winograd.h"

#include <math.h>
#include <string.h>

#define MAX_BLOCKS 10
#define MAX_TILE   PLANCHE_WINOGRAD_TILE_MAX
#define MAX_ROWS   (MAX_BLOCKS * PLANCHE_WINOGRAD_INPUT(MAX_TILE))

/* Of the magnitude of a sum: a few times what is usual; slips are a thousand times larger. */
#define TOLERANCE4 6e-6
#define TOLERANCE6 1e-5
/* Of the sum of all products' magnitudes: factors are exact, sums are not. */
#define TOLERANCE_BF16 1e-6

struct layer {
    unsigned tile, in_channels, out_channels, in_blocks, out_blocks;
    unsigned in_lanes, out_lanes; /* 0: all */
    enum planche_precision precision;
    size_t columns, input_columns;
    unsigned lane[MAX_BLOCKS * LANES];
    struct buffer weights, packed, scratch;
    struct buffer inputs[MAX_ROWS], outputs[MAX_ROWS], again[MAX_ROWS];
    struct buffer residuals[PLANCHE_RESIDUALS][MAX_ROWS];
    const float *input_rows[MAX_ROWS], *residual_rows[PLANCHE_RESIDUALS][MAX_ROWS];
    float *output_rows[MAX_ROWS];
    struct test_epilogue epilogue;
};

/* Channels of several concatenated inputs: some blocks may be partly filled. */
static void place_channels(struct layer *layer, struct random *random)
{
    unsigned lane = 0;
    for (unsigned c = 0; c < layer->in_channels; c++, lane++) {
        if (lane % LANES != 0 && lane / LANES + 1 < layer->in_blocks &&
            layer->in_channels - c <= (layer->in_blocks - lane / LANES - 1) * LANES &&
            random_once(random, 16))
            lane += LANES - lane % LANES;
        layer->lane[c] = lane;
    }
}

static void create_weights(struct layer *layer, struct random *random)
{
    size_t floats;
    layer->weights =
        buffer_create_random((size_t)layer->out_channels * layer->in_channels * 9, false, random);
    assert_true(planche_winograd_weights(layer->tile, layer->precision, layer->in_blocks,
                                         layer->out_blocks, &floats));
    layer->packed = buffer_create(floats, true);
    pack_winograd(&(struct planche_winograd_pack_args){
        .tile = layer->tile,
        .precision = layer->precision,
        .weights = layer->weights.data,
        .out_channels = layer->out_channels,
        .in_channels = layer->in_channels,
        .in_lane = layer->lane,
        .in_blocks = layer->in_blocks,
        .out_blocks = layer->out_blocks,
        .packed = layer->packed.data,
    });
    const size_t tiles = (layer->columns + layer->tile - 1) / layer->tile;
    assert_true(
        planche_winograd_scratch(layer->tile, layer->in_blocks, layer->out_blocks, tiles, &floats));
    layer->scratch = buffer_create(floats, true);
}

/* Values whose transforms are exact, so that all versions round the same numbers to bf16. */
static void coarsen(struct buffer *buffer)
{
    for (size_t i = 0; i < buffer->count / sizeof(float); i++)
        buffer->data[i] = roundf(buffer->data[i] * 8.0f) / 8.0f;
}

static void create_rows(struct layer *layer, struct random *random)
{
    const unsigned in_rows = layer->in_blocks * PLANCHE_WINOGRAD_INPUT(layer->tile);
    for (unsigned i = 0; i < in_rows; i++) {
        layer->inputs[i] = buffer_create_random(layer->input_columns * LANES, true, random);
        layer->input_rows[i] = layer->inputs[i].data;
        if (layer->precision == PLANCHE_PRECISION_BF16)
            coarsen(&layer->inputs[i]);
    }
    for (unsigned i = 0; i < layer->out_blocks * layer->tile; i++) {
        const bool wanted = !random_once(random, 8);
        layer->outputs[i] = buffer_create(layer->columns * LANES, true);
        layer->again[i] = buffer_create(layer->columns * LANES, true);
        layer->output_rows[i] = wanted ? layer->outputs[i].data : NULL;
        for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++) {
            layer->residuals[r][i] = buffer_create_random(layer->columns * LANES, true, random);
            layer->residual_rows[r][i] = layer->residuals[r][i].data;
        }
    }
}

/* Lets columns repeat at a distance of some tiles, as they do in blank areas, and sometimes differ
 * in one row nevertheless: kernels make tiles only once that are alike. */
static void repeat_columns(struct layer *layer, struct random *random)
{
    const unsigned in_rows = layer->in_blocks * PLANCHE_WINOGRAD_INPUT(layer->tile);
    const size_t period = layer->tile * random_size(random, 1, 4);
    const size_t from = random_size(random, 0, layer->input_columns);
    const unsigned other = (unsigned)random_size(random, 0, 3 * in_rows);
    for (unsigned i = 0; i < in_rows; i++)
        for (size_t x = from + period; x < layer->input_columns && i != other; x++)
            memcpy(layer->inputs[i].data + x * LANES, layer->inputs[i].data + (x - period) * LANES,
                   LANES * sizeof(float));
}

/* Tells the kernel which lanes are in use, if there are any in the last block; outputs of the
 * others have no bias and no residuals then. */
static void limit_lanes(struct layer *layer)
{
    const unsigned in_lanes = layer->lane[layer->in_channels - 1] + 1;
    if (in_lanes > (layer->in_blocks - 1) * LANES)
        layer->in_lanes = in_lanes;
    if (layer->out_channels <= (layer->out_blocks - 1) * LANES)
        return;
    layer->out_lanes = layer->out_channels;
    for (unsigned out = layer->out_channels; out < layer->out_blocks * LANES; out++) {
        layer->epilogue.bias.data[out] = 0.0f;
        for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++)
            for (unsigned i = out / LANES * layer->tile; i < layer->out_blocks * layer->tile; i++)
                for (size_t x = 0; x < layer->columns; x++)
                    layer->residuals[r][i].data[x * LANES + out % LANES] = 0.0f;
    }
}

static void create_layer(struct layer *layer, unsigned tile, enum planche_precision precision,
                         struct random *random)
{
    memset(layer, 0, sizeof *layer);
    layer->tile = tile;
    layer->precision = precision;
    layer->in_blocks = (unsigned)random_size(random, 1, 6);
    layer->out_blocks = (unsigned)random_size(random, 1, MAX_BLOCKS);
    layer->in_channels = (unsigned)random_size(random, 1, layer->in_blocks * LANES);
    layer->out_channels = (unsigned)random_size(random, 1, layer->out_blocks * LANES);
    layer->columns = random_size(random, 1, random_once(random, 2) ? 20 : 150);
    const size_t tiles = (layer->columns + tile - 1) / tile;
    layer->input_columns = random_size(random, 1, tiles * tile + 2);
    place_channels(layer, random);
    create_weights(layer, random);
    create_rows(layer, random);
    if (random_once(random, 2))
        repeat_columns(layer, random);
    layer->epilogue = epilogue_create(layer->out_blocks * LANES, random);
    if (random_once(random, 2))
        limit_lanes(layer);
}

static void destroy_layer(struct layer *layer)
{
    buffer_destroy(&layer->weights);
    buffer_destroy(&layer->packed);
    buffer_destroy(&layer->scratch);
    for (unsigned i = 0; i < layer->in_blocks * PLANCHE_WINOGRAD_INPUT(layer->tile); i++)
        buffer_destroy(&layer->inputs[i]);
    for (unsigned i = 0; i < layer->out_blocks * layer->tile; i++) {
        buffer_destroy(&layer->outputs[i]);
        buffer_destroy(&layer->again[i]);
        for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++)
            buffer_destroy(&layer->residuals[r][i]);
    }
    epilogue_destroy(&layer->epilogue);
}

/* Runs columns first..first + columns - 1 into output_rows. */
static void run_columns(const struct layer *layer, planche_winograd_fn fn, size_t first,
                        size_t columns, const struct buffer *outputs)
{
    const float *inputs[MAX_ROWS], *residuals[PLANCHE_RESIDUALS][MAX_ROWS];
    float *rows[MAX_ROWS];
    struct planche_winograd_args args = {
        .in_blocks = layer->in_blocks,
        .in_lanes = layer->in_lanes,
        .input_rows = inputs,
        .input_columns = layer->input_columns > first ? layer->input_columns - first : 0,
        .weights = layer->packed.data,
        .out_blocks = layer->out_blocks,
        .out_lanes = layer->out_lanes,
        .output_rows = rows,
        .columns = columns,
        .epilogue = layer->epilogue.epilogue,
        .residual_rows = {residuals[0], residuals[1]},
        .scratch = layer->scratch.data,
    };
    for (unsigned i = 0; i < layer->in_blocks * PLANCHE_WINOGRAD_INPUT(layer->tile); i++)
        inputs[i] = layer->input_rows[i] + first * LANES;
    for (unsigned i = 0; i < layer->out_blocks * layer->tile; i++) {
        rows[i] = layer->output_rows[i] ? outputs[i].data + first * LANES : NULL;
        for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++)
            residuals[r][i] = layer->residual_rows[r][i] + first * LANES;
    }
    fn(&args);
}

static struct expected expect(const struct layer *layer, unsigned out, unsigned row, size_t column)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(layer->tile);
    struct expected expected = {0};
    for (unsigned c = 0; c < layer->in_channels && out < layer->out_channels; c++)
        for (unsigned ky = 0; ky < 3; ky++)
            for (unsigned kx = 0; kx < 3 && column + kx < layer->input_columns; kx++) {
                const unsigned lane = layer->lane[c];
                const float *in = layer->input_rows[lane / LANES * input + row + ky];
                expected_add(
                    &expected, in[(column + kx) * LANES + lane % LANES],
                    layer->weights.data[((out * layer->in_channels + c) * 3 + ky) * 3 + kx]);
            }
    return expected;
}

/* Every output channel costs as much as all of the kernel: some are looked at. */
static void compare_layer(const struct layer *layer, double tolerance, struct random *random)
{
    for (unsigned out = 0; out < layer->out_blocks * LANES;
         out += (unsigned)random_size(random, 1, LANES / 2))
        for (unsigned row = 0; row < layer->tile; row++) {
            const unsigned i = out / LANES * layer->tile + row;
            for (size_t x = 0; x < layer->columns && layer->output_rows[i]; x++) {
                const size_t element = x * LANES + out % LANES;
                const float residuals[] = {layer->residual_rows[0][i][element],
                                           layer->residual_rows[1][i][element]};
                struct expected expected = expect(layer, out, row, x);
                /* A tile's pixels share products: next to an edge errors come from the pixels
                 * that have all their inputs. */
                if (out < layer->out_channels)
                    expected.magnitude = 2.25 * layer->in_channels + 1.0;
                epilogue_apply(&layer->epilogue.epilogue, out, residuals, &expected);
                expected_compare(&expected, layer->output_rows[i][element], tolerance, "winograd",
                                 element);
            }
        }
}

/* G of the transforms. */
static const double g4[6][3] = {
    {256.0 / 225, 0, 0},
    {-2048.0 / 2975, -256.0 / 595, -32.0 / 119},
    {-2048.0 / 2975, 256.0 / 595, -32.0 / 119},
    {128.0 / 1071, 64.0 / 357, 32.0 / 119},
    {128.0 / 1071, -64.0 / 357, 32.0 / 119},
    {0, 0, 1},
};
static const double g6[8][3] = {
    {1, 0, 0},
    {-2.0 / 9, -2.0 / 9, -2.0 / 9},
    {-2.0 / 9, 2.0 / 9, -2.0 / 9},
    {1.0 / 90, 1.0 / 45, 2.0 / 45},
    {1.0 / 90, -1.0 / 45, 2.0 / 45},
    {32.0 / 45, 16.0 / 45, 8.0 / 45},
    {32.0 / 45, -16.0 / 45, 8.0 / 45},
    {0, 0, 1},
};

/* Point (i, j) of G k G^T. */
static double transformed(unsigned tile, const float *kernel, unsigned point)
{
    const double(*g)[3] = tile == 4 ? g4 : g6;
    const unsigned i = point / PLANCHE_WINOGRAD_INPUT(tile);
    const unsigned j = point % PLANCHE_WINOGRAD_INPUT(tile);
    double sum = 0;
    for (unsigned y = 0; y < 3; y++)
        for (unsigned x = 0; x < 3; x++)
            sum += g[i][y] * kernel[3 * y + x] * g[j][x];
    return sum;
}

/* Of a point, between an input lane and an output channel. */
static float packed_weight(const struct layer *layer, unsigned lane, unsigned out, unsigned point)
{
    const unsigned first = out / LANES / PLANCHE_WINOGRAD_GROUP * PLANCHE_WINOGRAD_GROUP;
    const unsigned left = layer->out_blocks - first;
    const unsigned blocks = left < PLANCHE_WINOGRAD_GROUP ? left : PLANCHE_WINOGRAD_GROUP;
    const float *group =
        layer->packed.data +
        planche_winograd_group_floats(layer->tile, layer->precision, layer->in_blocks, first);
    const size_t row = (size_t)point * layer->in_blocks * LANES + lane;
    const size_t column = out - (size_t)first * LANES;
    if (layer->precision == PLANCHE_PRECISION_F32)
        return group[row * blocks * LANES + column];
    const uint16_t *pairs = (const uint16_t *)(const void *)group;
    return planche_bf16_value(pairs[(row / 2 * blocks * LANES + column) * 2 + row % 2]);
}

/* All packed weights between an input lane (of an input channel, or of none) and an output
 * channel. */
static void compare_packed(const struct layer *layer, unsigned lane, unsigned in, unsigned out)
{
    const bool exists = in < layer->in_channels && out < layer->out_channels;
    for (unsigned p = 0; p < PLANCHE_WINOGRAD_POINTS(layer->tile); p++) {
        const float *kernel = layer->weights.data + ((size_t)out * layer->in_channels + in) * 9;
        struct expected expected = {exists ? transformed(layer->tile, kernel, p) : 0, 0};
        expected.magnitude = fabs(expected.value);
        expected_compare(&expected, packed_weight(layer, lane, out, p),
                         layer->precision == PLANCHE_PRECISION_BF16 ? 0x1p-8 : 0x1p-24 + 1e-12,
                         "packed weight", p);
    }
}

static void compare_weights(const struct layer *layer, struct random *random)
{
    for (unsigned lane = 0; lane < layer->in_blocks * LANES; lane++) {
        unsigned in = 0;
        while (in < layer->in_channels && layer->lane[in] != lane)
            in++;
        for (unsigned out = 0; out < layer->out_blocks * LANES;
             out += (unsigned)random_size(random, 1, LANES / 2))
            compare_packed(layer, lane, in, out);
    }
}

/* One input channel's kernels by themselves, as GPUs have them: they are those that are packed. */
static void compare_kernels(const struct layer *layer, struct random *random)
{
    const float *kernels[LANES], *weights = layer->weights.data;
    float points[PLANCHE_WINOGRAD_POINTS(4) * LANES];
    const unsigned in = (unsigned)random_size(random, 0, layer->in_channels - 1);
    const unsigned first = (unsigned)random_size(random, 0, layer->out_blocks - 1) * LANES;
    for (unsigned l = 0; l < LANES; l++)
        kernels[l] = first + l < layer->out_channels
                         ? weights + ((size_t)(first + l) * layer->in_channels + in) * 9
                         : NULL;
    planche_winograd_kernels(kernels, points);
    for (unsigned l = 0; l < LANES; l++)
        for (unsigned p = 0; p < PLANCHE_WINOGRAD_POINTS(4); p++)
            assert_true((double)points[p * LANES + l] ==
                        (double)packed_weight(layer, layer->lane[in], first + l, p));
}

static void compare_cut(const struct layer *layer, planche_winograd_fn fn, struct random *random)
{
    const size_t tiles = (layer->columns + layer->tile - 1) / layer->tile;
    const size_t cut = random_size(random, 1, tiles) * layer->tile;
    const size_t first = cut < layer->columns ? cut : layer->columns;
    run_columns(layer, fn, 0, first, layer->again);
    if (first < layer->columns)
        run_columns(layer, fn, first, layer->columns - first, layer->again);
    for (unsigned i = 0; i < layer->out_blocks * layer->tile; i++)
        if (layer->output_rows[i])
            assert_memory_equal(layer->outputs[i].data, layer->again[i].data,
                                layer->columns * LANES * sizeof(float));
}

/* B^T and A^T of the transforms. */
static const double b4[6][8] = {
    {225.0 / 256, 0, -169.0 / 64, 0, 1, 0},      {0, -45.0 / 32, -9.0 / 4, 5.0 / 8, 1, 0},
    {0, 45.0 / 32, -9.0 / 4, -5.0 / 8, 1, 0},    {0, -75.0 / 128, -25.0 / 64, 3.0 / 2, 1, 0},
    {0, 75.0 / 128, -25.0 / 64, -3.0 / 2, 1, 0}, {0, 225.0 / 256, 0, -169.0 / 64, 0, 1},
};
static const double b6[8][8] = {
    {1, 0, -5.25, 0, 5.25, 0, -1, 0},      {0, 1, 1, -4.25, -4.25, 1, 1, 0},
    {0, -1, 1, 4.25, -4.25, -1, 1, 0},     {0, 0.5, 0.25, -2.5, -1.25, 2, 1, 0},
    {0, -0.5, 0.25, 2.5, -1.25, -2, 1, 0}, {0, 2, 4, -2.5, -5, 0.5, 1, 0},
    {0, -2, 4, 2.5, -5, -0.5, 1, 0},       {0, -1, 0, 5.25, 0, -5.25, 0, 1},
};
/* Row i: point to the power of i; infinity counts in the last row only. */
static double output_factor(unsigned tile, unsigned row, unsigned point)
{
    static const double points4[] = {0, 0.625, -0.625, 1.5, -1.5};
    static const double points6[] = {0, 1, -1, 2, -2, 0.5, -0.5};
    if (point + 1 == PLANCHE_WINOGRAD_INPUT(tile))
        return row + 1 == tile;
    return row == 0 ? 1 : pow((tile == 4 ? points4 : points6)[point], row);
}

typedef double points_of_lane[PLANCHE_WINOGRAD_MAX_POINTS];

/* The rounded points of one tile and input lane. */
static void round_points(const struct layer *layer, unsigned lane, size_t column,
                         points_of_lane points)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(layer->tile);
    const double(*b)[8] = layer->tile == 4 ? b4 : b6;
    const float *const *rows = layer->input_rows + lane / LANES * input;
    double half[8][8] = {0};
    for (unsigned i = 0; i < input; i++)
        for (unsigned x = 0; x < input && column + x < layer->input_columns; x++)
            for (unsigned y = 0; y < input; y++)
                half[i][x] += b[i][y] * rows[y][(column + x) * LANES + lane % LANES];
    for (unsigned p = 0; p < PLANCHE_WINOGRAD_POINTS(layer->tile); p++) {
        double sum = 0;
        for (unsigned x = 0; x < input; x++)
            sum += half[p / input][x] * b[p % input][x];
        points[p] = planche_bf16_value(planche_bf16_round((float)sum));
    }
}

/* Pixel (row, x) of a tile. */
static struct expected transform_sums(const struct layer *layer, const struct expected *sums,
                                      unsigned row, unsigned x)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(layer->tile);
    struct expected pixel = {0};
    for (unsigned p = 0; p < PLANCHE_WINOGRAD_POINTS(layer->tile); p++) {
        const double factor =
            output_factor(layer->tile, row, p / input) * output_factor(layer->tile, x, p % input);
        pixel.value += factor * sums[p].value;
        pixel.magnitude += fabs(factor) * sums[p].magnitude;
    }
    return pixel;
}

/* An output channel of the tile whose rounded points, of all input lanes, are `points`. */
static void compare_tile(const struct layer *layer, const points_of_lane *points, size_t column,
                         unsigned out)
{
    struct expected sums[PLANCHE_WINOGRAD_MAX_POINTS] = {0};
    for (unsigned lane = 0; lane < layer->in_blocks * LANES; lane++)
        for (unsigned p = 0; p < PLANCHE_WINOGRAD_POINTS(layer->tile); p++)
            expected_add(&sums[p], points[lane][p], packed_weight(layer, lane, out, p));
    for (unsigned row = 0; row < layer->tile; row++) {
        const unsigned i = out / LANES * layer->tile + row;
        for (unsigned x = 0; x < layer->tile && column + x < layer->columns; x++) {
            if (!layer->output_rows[i])
                continue;
            const size_t element = (column + x) * LANES + out % LANES;
            const float residuals[] = {layer->residual_rows[0][i][element],
                                       layer->residual_rows[1][i][element]};
            struct expected expected = transform_sums(layer, sums, row, x);
            epilogue_apply(&layer->epilogue.epilogue, out, residuals, &expected);
            expected_compare(&expected, layer->output_rows[i][element], TOLERANCE_BF16,
                             "winograd in bf16", element);
        }
    }
}

static void compare_rounded(const struct layer *layer, struct random *random)
{
    static points_of_lane points[MAX_BLOCKS * LANES];
    for (size_t column = 0; column < layer->columns; column += layer->tile) {
        for (unsigned lane = 0; lane < layer->in_blocks * LANES; lane++)
            round_points(layer, lane, column, points[lane]);
        for (unsigned out = 0; out < layer->out_blocks * LANES;
             out += (unsigned)random_size(random, 1, LANES))
            compare_tile(layer, points, column, out);
    }
}

static void check_tile(planche_winograd_fn fn, unsigned tile, double tolerance,
                       struct random *random)
{
    for (unsigned i = 0; i < 24; i++) {
        struct layer layer;
        create_layer(&layer, tile, PLANCHE_PRECISION_F32, random);
        compare_weights(&layer, random);
        if (tile == 4)
            compare_kernels(&layer, random);
        run_columns(&layer, fn, 0, layer.columns, layer.outputs);
        compare_layer(&layer, tolerance, random);
        compare_cut(&layer, fn, random);
        destroy_layer(&layer);
    }
}

static void check_rounded_tile(planche_winograd_fn fn, unsigned tile, struct random *random)
{
    for (unsigned i = 0; i < 16; i++) {
        struct layer layer;
        create_layer(&layer, tile, PLANCHE_PRECISION_BF16, random);
        compare_weights(&layer, random);
        run_columns(&layer, fn, 0, layer.columns, layer.outputs);
        compare_rounded(&layer, random);
        compare_cut(&layer, fn, random);
        destroy_layer(&layer);
    }
}

void check_winograd4_f32(const struct planche_kernels *kernels, struct random *random)
{
    check_tile(kernels->winograd4, 4, TOLERANCE4, random);
}

void check_winograd6_f32(const struct planche_kernels *kernels, struct random *random)
{
    check_tile(kernels->winograd6, 6, TOLERANCE6, random);
}

void check_winograd4_bf16(const struct planche_kernels *kernels, struct random *random)
{
    check_rounded_tile(kernels->winograd4_bf16, 4, random);
}

void check_winograd6_bf16(const struct planche_kernels *kernels, struct random *random)
{
    check_rounded_tile(kernels->winograd6_bf16, 6, random);
}
