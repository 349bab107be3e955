/* SPDX-License-Identifier: MIT */
/* Winograd convolution: sizes, and the transformation of weights. */
#include "kernels/winograd.h"

#include "base/checked.h"

#include <string.h>

#define LANES PLANCHE_LANES

size_t planche_winograd_tiles(unsigned tile, unsigned in_blocks, unsigned out_blocks,
                              uint64_t l2_bytes)
{
    const unsigned group =
        out_blocks < PLANCHE_WINOGRAD_GROUP ? out_blocks : PLANCHE_WINOGRAD_GROUP;
    const uint64_t per_tile =
        (uint64_t)(in_blocks + group) * PLANCHE_WINOGRAD_BLOCK(tile) * sizeof(float);
    const uint64_t tiles = l2_bytes * 3 / 4 / per_tile;
    /* Whole register blocks; below 12 tiles fetching the weights costs more than the cache saves,
     * above 48 nothing is gained. */
    return tiles < 12 ? 12 : tiles > 48 ? 48 : (size_t)(tiles / 6 * 6);
}

int planche_winograd_scratch(unsigned tile, unsigned in_blocks, unsigned out_blocks, size_t tiles,
                             size_t *floats)
{
    const unsigned group =
        out_blocks < PLANCHE_WINOGRAD_GROUP ? out_blocks : PLANCHE_WINOGRAD_GROUP;
    const size_t block = PLANCHE_WINOGRAD_BLOCK(tile);
    size_t points, products;
    return planche_add_size(tiles, PLANCHE_WINOGRAD_SET - 1, &points) &&
           planche_mul_size(points, in_blocks * block, &points) &&
           planche_mul_size(tiles, group * block, &products) &&
           planche_add_size(points, products, floats) &&
           planche_add_size(*floats, PLANCHE_WINOGRAD_COLUMNS(tile), floats);
}

int planche_winograd_weights(unsigned tile, unsigned in_blocks, unsigned out_blocks, size_t *floats)
{
    return planche_mul_size(in_blocks, out_blocks, floats) &&
           planche_mul_size(*floats,
                            (size_t)PLANCHE_WINOGRAD_POINTS(tile) * PLANCHE_LANES * PLANCHE_LANES,
                            floats);
}

/* G of the transform: interpolation points 0, 1, -1, 2, -2, infinity for 4 x 4 tiles. */
static const double g4[6][3] = {
    {1.0 / 4, 0, 0},
    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
    {1.0 / 24, 1.0 / 12, 1.0 / 6},
    {1.0 / 24, -1.0 / 12, 1.0 / 6},
    {0, 0, 1},
};

/* And 0, 1, -1, 2, -2, 1/2, -1/2, infinity for 6 x 6 tiles. */
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

/* U = G g G^T of one 3x3 kernel. */
static void transform_kernel(unsigned tile, const float *kernel, double *points)
{
    const unsigned size = PLANCHE_WINOGRAD_INPUT(tile);
    const double(*g)[3] = tile == 4 ? g4 : g6;
    for (unsigned i = 0; i < size; i++) {
        double row[3];
        for (unsigned j = 0; j < 3; j++)
            row[j] = g[i][0] * kernel[j] + g[i][1] * kernel[3 + j] + g[i][2] * kernel[6 + j];
        for (unsigned j = 0; j < size; j++)
            points[i * size + j] = row[0] * g[j][0] + row[1] * g[j][1] + row[2] * g[j][2];
    }
}

/* Puts the points of one kernel where the group of its output channel has them. */
static void scatter_kernel(unsigned tile, float *packed, const double *points, unsigned out_channel,
                           unsigned lane, unsigned in_blocks, unsigned out_blocks)
{
    const unsigned block = out_channel / LANES, first = block - block % PLANCHE_WINOGRAD_GROUP;
    const unsigned left = out_blocks - first;
    const unsigned blocks = left < PLANCHE_WINOGRAD_GROUP ? left : PLANCHE_WINOGRAD_GROUP;
    const size_t row = (size_t)blocks * LANES;
    const size_t stride = row * in_blocks * LANES;
    float *place = packed + planche_winograd_group_floats(tile, in_blocks, first) + lane * row +
                   (size_t)(block - first) * LANES + out_channel % LANES;
    for (unsigned i = 0; i < PLANCHE_WINOGRAD_POINTS(tile); i++)
        place[i * stride] = (float)points[i];
}

void planche_winograd_pack(unsigned tile, float *packed, const float *weights,
                           unsigned out_channels, unsigned in_channels, const unsigned *in_lane,
                           unsigned in_blocks, unsigned out_blocks)
{
    memset(packed, 0, planche_winograd_group_floats(tile, in_blocks, out_blocks) * sizeof *packed);
    for (unsigned out = 0; out < out_channels; out++)
        for (unsigned in = 0; in < in_channels; in++) {
            double points[PLANCHE_WINOGRAD_MAX_POINTS];
            transform_kernel(tile, weights + ((size_t)out * in_channels + in) * 9, points);
            scatter_kernel(tile, packed, points, out, in_lane[in], in_blocks, out_blocks);
        }
}
