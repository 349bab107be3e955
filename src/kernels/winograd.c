/* SPDX-License-Identifier: MIT */
/* Winograd convolution: sizes, and the transformation of weights. */
#include "kernels/winograd.h"

#include "base/checked.h"
#include "kernels/bf16.h"

#include <stdbool.h>

#define LANES PLANCHE_LANES

size_t planche_winograd_tiles(unsigned tile, enum planche_precision precision, unsigned in_blocks,
                              unsigned out_blocks, uint64_t l2_bytes)
{
    const bool apart = planche_winograd_apart(in_blocks, out_blocks) > 0;
    const uint64_t packed = apart ? PLANCHE_WINOGRAD_PACKED(precision) : 1;
    const uint64_t floats = apart ? (in_blocks + packed - 1) / packed + PLANCHE_WINOGRAD_GROUP
                                  : planche_winograd_held(in_blocks, out_blocks);
    const uint64_t tiles =
        l2_bytes * 3 / 4 / (floats * sizeof(float) * PLANCHE_WINOGRAD_BLOCK(tile));
    const size_t step = PLANCHE_WINOGRAD_STEP, min = 2 * step, max = 8 * step;
    /* Whole register blocks; below two fetching the weights costs more than the cache saves, above
     * eight nothing is gained. */
    return tiles < min ? min : tiles > max ? max : (size_t)(tiles / step * step);
}

int planche_winograd_scratch(unsigned tile, unsigned in_blocks, unsigned out_blocks, size_t tiles,
                             size_t *floats)
{
    const size_t set = planche_winograd_set(out_blocks, tiles);
    return planche_mul_size(set, PLANCHE_WINOGRAD_BLOCK(tile), floats) &&
           planche_mul_size(*floats, planche_winograd_held(in_blocks, out_blocks), floats) &&
           planche_add_size(*floats, PLANCHE_WINOGRAD_COLUMNS(tile), floats) &&
           planche_add_size(*floats, tiles, floats);
}

int planche_winograd_weights(unsigned tile, enum planche_precision precision, unsigned in_blocks,
                             unsigned out_blocks, size_t *floats)
{
    return planche_mul_size(in_blocks, out_blocks, floats) &&
           planche_mul_size(*floats,
                            (size_t)PLANCHE_WINOGRAD_POINTS(tile) * PLANCHE_LANES * PLANCHE_LANES /
                                PLANCHE_WINOGRAD_PACKED(precision),
                            floats);
}

/* G of the transform, without its first row, (first, 0, 0), and its last, (0, 0, 1): the rows
 * between come in pairs (a, b, c) and (a, -b, c). */
struct transform {
    double first;
    unsigned pair_count;
    double pairs[3][3];
};

/* Interpolation points 0, 5/8, -5/8, 3/2, -3/2, infinity: errors are less than half of those with
 * the usual 1 and 2 in place of 5/8 and 3/2 (docs/numerics.md). */
static const struct transform transform4 = {
    256.0 / 225,
    2,
    {{-2048.0 / 2975, -256.0 / 595, -32.0 / 119}, {128.0 / 1071, 64.0 / 357, 32.0 / 119}}};

/* 0, 1, -1, 2, -2, 1/2, -1/2, infinity. */
static const struct transform transform6 = {1,
                                            3,
                                            {{-2.0 / 9, -2.0 / 9, -2.0 / 9},
                                             {1.0 / 90, 1.0 / 45, 2.0 / 45},
                                             {32.0 / 45, 16.0 / 45, 8.0 / 45}}};

/* One value for each output channel of a block: the compiler makes vectors of the loops over them.
 */
struct lanes {
    double value[LANES];
};

/* points = G * (a, b, c) */
static void transform_line(const struct transform *g, const struct lanes *a, const struct lanes *b,
                           const struct lanes *c, struct lanes *points)
{
    for (unsigned l = 0; l < LANES; l++)
        points[0].value[l] = g->first * a->value[l];
    for (unsigned p = 0; p < g->pair_count; p++)
        for (unsigned l = 0; l < LANES; l++) {
            const double even = g->pairs[p][0] * a->value[l] + g->pairs[p][2] * c->value[l];
            const double odd = g->pairs[p][1] * b->value[l];
            points[1 + 2 * p].value[l] = even + odd;
            points[2 + 2 * p].value[l] = even - odd;
        }
    points[1 + 2 * g->pair_count] = *c;
}

/* Where the weights of an input lane go: 4 bytes for each output lane, or half of them. */
struct place {
    enum planche_precision precision;
    float *floats;
    unsigned half; /* of a pair: 0 or 1 */
};

static void store_lanes(const struct place *place, size_t offset, const struct lanes *lanes)
{
    if (place->precision == PLANCHE_PRECISION_BF16) {
        uint16_t *to = (uint16_t *)(void *)(place->floats + offset) + place->half;
        for (unsigned l = 0; l < LANES; l++)
            to[2 * l] = planche_bf16_round((float)lanes->value[l]);
    } else {
        float *to = place->floats + offset;
        for (unsigned l = 0; l < LANES; l++)
            to[l] = (float)lanes->value[l];
    }
}

/* U = G k G^T of the 3x3 kernels k of 16 output channels, point after point. */
static void transform_kernels(unsigned tile, const struct lanes kernels[9],
                              const struct place *place, size_t stride)
{
    const struct transform *g = tile == 4 ? &transform4 : &transform6;
    const unsigned size = PLANCHE_WINOGRAD_INPUT(tile);
    struct lanes columns[3][PLANCHE_WINOGRAD_MAX_INPUT], points[PLANCHE_WINOGRAD_MAX_INPUT];
    for (unsigned j = 0; j < 3; j++)
        transform_line(g, &kernels[j], &kernels[3 + j], &kernels[6 + j], columns[j]);
    for (unsigned i = 0; i < size; i++) {
        transform_line(g, &columns[0][i], &columns[1][i], &columns[2][i], points);
        for (unsigned j = 0; j < size; j++)
            store_lanes(place, ((size_t)i * size + j) * stride, &points[j]);
    }
}

/* The kernels between an input channel and a block of output channels; those that do not exist are
 * zero. */
static void gather_kernels(const struct planche_winograd_pack_args *args, unsigned block,
                           unsigned in_channel, struct lanes kernels[9])
{
    const size_t step = (size_t)args->in_channels * 9;
    for (unsigned l = 0; l < LANES; l++) {
        const unsigned out_channel = block * LANES + l;
        const bool exists = in_channel < args->in_channels && out_channel < args->out_channels;
        const float *from = args->weights + out_channel * step + in_channel * (size_t)9;
        for (unsigned k = 0; k < 9; k++)
            kernels[k].value[l] = exists ? (double)from[k] : 0.0;
    }
}

/* The input channel of each lane of a block; in_channels where there is none. */
static void find_channels(const struct planche_winograd_pack_args *args, unsigned in_block,
                          unsigned channels[LANES])
{
    for (unsigned l = 0; l < LANES; l++)
        channels[l] = args->in_channels;
    for (unsigned c = 0; c < args->in_channels; c++)
        if (args->in_lane[c] / LANES == in_block)
            channels[args->in_lane[c] % LANES] = c;
}

size_t planche_winograd_pack_parts(const struct planche_winograd_pack_args *args)
{
    return (size_t)(args->out_blocks + PLANCHE_WINOGRAD_GROUP - 1) / PLANCHE_WINOGRAD_GROUP *
           args->in_blocks;
}

void planche_winograd_pack(const struct planche_winograd_pack_args *args, size_t part)
{
    const unsigned in_block = (unsigned)(part % args->in_blocks);
    const unsigned first = (unsigned)(part / args->in_blocks) * PLANCHE_WINOGRAD_GROUP;
    const unsigned left = args->out_blocks - first;
    const unsigned blocks = left < PLANCHE_WINOGRAD_GROUP ? left : PLANCHE_WINOGRAD_GROUP;
    const unsigned packed = PLANCHE_WINOGRAD_PACKED(args->precision);
    const size_t row = (size_t)blocks * LANES, block_floats = LANES / packed * row;
    float *to = (float *)args->packed +
                planche_winograd_group_floats(args->tile, args->precision, args->in_blocks, first) +
                in_block * block_floats;
    unsigned channels[LANES];
    find_channels(args, in_block, channels);
    for (unsigned l = 0; l < LANES; l++)
        for (unsigned b = 0; b < blocks; b++) {
            struct lanes kernels[9];
            gather_kernels(args, first + b, channels[l], kernels);
            const struct place place = {args->precision, to + l / packed * row + (size_t)b * LANES,
                                        l % packed};
            transform_kernels(args->tile, kernels, &place, args->in_blocks * block_floats);
        }
}

void planche_winograd_kernels(const float *const kernels[LANES], float *points)
{
    const struct place place = {PLANCHE_PRECISION_F32, points, 0};
    struct lanes weights[9];
    for (unsigned l = 0; l < LANES; l++)
        for (unsigned k = 0; k < 9; k++)
            weights[k].value[l] = kernels[l] ? (double)kernels[l][k] : 0.0;
    transform_kernels(4, weights, &place, LANES);
}
