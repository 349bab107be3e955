/* SPDX-License-Identifier: MIT */
/* Samples of TIFF files as pixels. */
#include "codec/tiff/tiff.h"
#include "image/sample.h"

#include <string.h>

/* The n-th sample of a row, as stored. libtiff has put those of 16 bits in the machine's order. */
static unsigned get_sample(const uint8_t *row, size_t index, unsigned bits)
{
    uint16_t wide;
    if (bits == 8)
        return row[index];
    if (bits == 16) {
        memcpy(&wide, row + 2 * index, sizeof wide);
        return wide;
    }
    size_t bit = index * bits;
    return row[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);
}

/* A sample as a channel of the picture. */
static unsigned widen(const struct planche_tiff *tiff, unsigned value, bool colour)
{
    unsigned most = (1u << tiff->bits) - 1;
    if (colour && tiff->photometric == PHOTOMETRIC_MINISWHITE)
        value = most - value;
    return tiff->bits < 8 ? value * 255 / most : value;
}

static void put_palette(const struct planche_decoder *decoder, unsigned index, uint8_t *pixel)
{
    const struct planche_tiff *tiff = decoder->state;
    for (unsigned c = 0; c < 3; c++)
        pixel[c] = (uint8_t)(tiff->palette[c][index] >> 8);
}

static void put_row(const struct planche_decoder *decoder, const uint8_t *from, uint32_t width,
                    uint8_t *to)
{
    const struct planche_tiff *tiff = decoder->state;
    size_t pixel = (size_t)decoder->channels * (decoder->depth / 8);
    unsigned stored = tiff->colours + (tiff->alpha ? 1 : 0);
    for (uint32_t x = 0; x < width; x++, to += pixel) {
        size_t first = (size_t)x * tiff->samples;
        if (tiff->photometric == PHOTOMETRIC_PALETTE) {
            put_palette(decoder, get_sample(from, first, tiff->bits), to);
            if (tiff->alpha)
                to[3] = (uint8_t)widen(tiff, get_sample(from, first + 1, tiff->bits), false);
            continue;
        }
        for (unsigned c = 0; c < stored; c++)
            planche_sample_put(
                to, c, decoder->depth,
                widen(tiff, get_sample(from, first + c, tiff->bits), c < tiff->colours));
    }
}

/* One of several planes. */
static void put_plane(const struct planche_decoder *decoder, const uint8_t *from, uint32_t width,
                      unsigned plane, uint8_t *to)
{
    const struct planche_tiff *tiff = decoder->state;
    size_t pixel = (size_t)decoder->channels * (decoder->depth / 8);
    for (uint32_t x = 0; x < width; x++, to += pixel)
        planche_sample_put(to, plane, decoder->depth,
                           widen(tiff, get_sample(from, x, tiff->bits), plane < tiff->colours));
}

static void put_ink(const struct planche_decoder *decoder, const uint8_t *from, uint32_t width,
                    uint8_t *to)
{
    const struct planche_tiff *tiff = decoder->state;
    unsigned shift = tiff->bits == 16 ? 8 : 0;
    for (uint32_t x = 0; x < width; x++)
        for (unsigned c = 0; c < 4; c++)
            tiff->ink[(size_t)4 * x + c] =
                (uint8_t)(get_sample(from, (size_t)x * tiff->samples + c, tiff->bits) >> shift);
    planche_cmyk_row(tiff->cmyk, to, tiff->ink, width);
}

void planche_tiff_put_block(const struct planche_decoder *decoder,
                            const struct planche_tiff_block *block, uint8_t *rows, size_t stride)
{
    const struct planche_tiff *tiff = decoder->state;
    size_t pixel = (size_t)decoder->channels * (decoder->depth / 8);
    if (block->plane >= decoder->channels)
        return;
    for (uint32_t i = 0; i < block->height; i++) {
        const uint8_t *from = block->data + i * block->row_bytes;
        uint8_t *to = rows + (block->y + i) * stride + block->x * pixel;
        if (tiff->cmyk)
            put_ink(decoder, from, block->width, to);
        else if (tiff->planar == PLANARCONFIG_SEPARATE && tiff->samples > 1)
            put_plane(decoder, from, block->width, block->plane, to);
        else
            put_row(decoder, from, block->width, to);
    }
}

static unsigned get_channel(const uint8_t *pixel, unsigned channel, unsigned depth)
{
    return get_sample(pixel, channel, depth);
}

void planche_tiff_divide(const struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                         uint32_t count)
{
    unsigned depth = decoder->depth, last = decoder->channels - 1;
    uint64_t most = depth == 16 ? 65535 : 255;
    for (uint32_t y = 0; y < count; y++) {
        uint8_t *pixel = rows + y * stride;
        for (uint32_t x = 0; x < decoder->width; x++, pixel += decoder->channels * (depth / 8)) {
            uint64_t alpha = get_channel(pixel, last, depth);
            for (unsigned c = 0; c < last && alpha > 0; c++) {
                uint64_t value = (get_channel(pixel, c, depth) * most + alpha / 2) / alpha;
                planche_sample_put(pixel, c, depth, (unsigned)(value < most ? value : most));
            }
        }
    }
}
