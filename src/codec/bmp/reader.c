/* SPDX-License-Identifier: MIT */
/* Reading BMP: rows from the file that is held; run lengths, which go from the bottom up, as a
 * whole. */
#include "codec/bmp/bmp.h"

#include "base/little_endian.h"
#include "base/status.h"

#include <string.h>

enum planche_status planche_bmp_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct planche_bmp *bmp = planche_calloc(decoder->budget, 1, sizeof *bmp);
    if (!bmp)
        return planche_fail_memory(error, decoder->budget, sizeof *bmp, decoder->name);
    decoder->state = bmp;
    enum planche_status status =
        planche_stream_hold(&decoder->stream, decoder->budget, &bmp->file, &bmp->size, error);
    if (status == PLANCHE_OK)
        status = planche_bmp_parse(decoder, bmp, error);
    decoder->whole = bmp->packing == PLANCHE_BMP_RLE4 || bmp->packing == PLANCHE_BMP_RLE8;
    return status;
}

/* False: the palette has no such colour. */
static bool put_colour(const struct planche_decoder *decoder, const struct planche_bmp *bmp,
                       unsigned index, uint8_t *pixel)
{
    if (index >= bmp->colours)
        return false;
    memcpy(pixel, bmp->palette[index], decoder->channels);
    return true;
}

static bool palette_row(const struct planche_decoder *decoder, const struct planche_bmp *bmp,
                        const uint8_t *from, uint8_t *row)
{
    unsigned per_byte = 8 / bmp->bits, mask = (1u << bmp->bits) - 1;
    for (uint32_t x = 0; x < decoder->width; x++) {
        unsigned shift = (per_byte - 1 - x % per_byte) * bmp->bits;
        if (!put_colour(decoder, bmp, from[x / per_byte] >> shift & mask,
                        row + (size_t)x * decoder->channels))
            return false;
    }
    return true;
}

/* A channel in 8 bits. */
static uint8_t take_channel(const struct planche_bmp_mask *mask, uint32_t pixel)
{
    uint32_t value = (pixel & mask->mask) >> mask->shift, most = mask->mask >> mask->shift;
    return (uint8_t)(((uint64_t)value * 255 + most / 2) / most);
}

static void colour_row(const struct planche_decoder *decoder, const struct planche_bmp *bmp,
                       const uint8_t *from, uint8_t *row)
{
    size_t bytes = bmp->bits / 8;
    for (uint32_t x = 0; x < decoder->width; x++, from += bytes, row += decoder->channels) {
        if (bmp->bits == 24) {
            row[0] = from[2];
            row[1] = from[1];
            row[2] = from[0];
            continue;
        }
        uint32_t pixel = bmp->bits == 16 ? get16(from) : get32(from);
        for (unsigned c = 0; c < decoder->channels; c++)
            row[c] = take_channel(&bmp->masks[c], pixel);
    }
}

/* Where run lengths are put. */
struct canvas {
    const struct planche_decoder *decoder;
    const struct planche_bmp *bmp;
    uint8_t *rows;
    size_t stride;
    uint64_t x, y; /* y from the bottom */
};

/* What lies outside is dropped, as all readers do. False: no such colour. */
static bool put(struct canvas *canvas, unsigned index)
{
    const struct planche_decoder *decoder = canvas->decoder;
    uint64_t x = canvas->x++;
    if (x >= decoder->width || canvas->y >= decoder->height)
        return true;
    uint64_t y = canvas->bmp->top_down ? canvas->y : decoder->height - 1 - canvas->y;
    return put_colour(decoder, canvas->bmp, index,
                      canvas->rows + y * canvas->stride + x * decoder->channels);
}

static bool put_run(struct canvas *canvas, unsigned count, uint8_t value)
{
    bool four = canvas->bmp->packing == PLANCHE_BMP_RLE4, fine = true;
    for (unsigned i = 0; i < count && fine; i++)
        fine = put(canvas, !four ? value : i % 2 == 0 ? value >> 4 : value & 15);
    return fine;
}

static bool put_literal(struct canvas *canvas, unsigned count, const uint8_t *from)
{
    bool four = canvas->bmp->packing == PLANCHE_BMP_RLE4, fine = true;
    for (unsigned i = 0; i < count && fine; i++)
        fine = put(canvas, !four ? from[i] : i % 2 == 0 ? from[i / 2] >> 4 : from[i / 2] & 15);
    return fine;
}

/* One code at *at, which moves on. *why: what is wrong. False: the picture has ended. */
static bool take_code(struct canvas *canvas, size_t *at, const char **why)
{
    const struct planche_bmp *bmp = canvas->bmp;
    const uint8_t *p = bmp->file + *at;
    size_t left = bmp->size - *at;
    if (left < 2 || (p[0] == 0 && p[1] == 2 && left < 4)) {
        *why = "the file ends too early";
        return false;
    }
    bool fine = true;
    size_t data = bmp->packing == PLANCHE_BMP_RLE4 ? (p[1] + 1u) / 2 : p[1], length = 2;
    if (p[0] > 0) {
        fine = put_run(canvas, p[0], p[1]);
    } else if (p[1] == 0) {
        canvas->x = 0;
        canvas->y++;
    } else if (p[1] == 1) {
        return false;
    } else if (p[1] == 2) {
        canvas->x += p[2];
        canvas->y += p[3];
        length = 4;
    } else if (data > left - 2) {
        *why = "the file ends too early";
    } else {
        fine = put_literal(canvas, p[1], p + 2);
        length = 2 + (data + 1) / 2 * 2;
    }
    *at = length < left ? *at + length : bmp->size;
    if (!fine)
        *why = "its palette has fewer colours than it uses";
    return !*why;
}

/* Pixels that are passed over are of the first colour. */
static enum planche_status read_runs(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     struct planche_error *error)
{
    const struct planche_bmp *bmp = decoder->state;
    struct canvas canvas = {.decoder = decoder, .bmp = bmp, .rows = rows, .stride = stride};
    const char *why = NULL;
    size_t at = bmp->pixels;
    for (uint32_t y = 0; y < decoder->height; y++)
        for (uint32_t x = 0; x < decoder->width; x++)
            (void)put_colour(decoder, bmp, 0, rows + y * stride + (size_t)x * decoder->channels);
    while (take_code(&canvas, &at, &why))
        continue;
    return why ? planche_bmp_damaged(decoder, why, error) : PLANCHE_OK;
}

enum planche_status planche_bmp_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error)
{
    struct planche_bmp *bmp = decoder->state;
    if (decoder->whole)
        return read_runs(decoder, rows, stride, error);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t y = bmp->next++;
        uint32_t stored = bmp->top_down ? y : decoder->height - 1 - y;
        const uint8_t *from = bmp->file + bmp->pixels + stored * bmp->row_bytes;
        if (bmp->bits > 8)
            colour_row(decoder, bmp, from, rows + i * stride);
        else if (!palette_row(decoder, bmp, from, rows + i * stride))
            return planche_bmp_damaged(decoder, "its palette has fewer colours than it uses",
                                       error);
    }
    return PLANCHE_OK;
}

enum planche_status planche_bmp_rewind(struct planche_decoder *decoder, struct planche_error *error)
{
    struct planche_bmp *bmp = decoder->state;
    (void)error;
    bmp->next = 0;
    return PLANCHE_OK;
}

void planche_bmp_close(struct planche_decoder *decoder)
{
    planche_free(decoder->state);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_bmp_reading = {
    .open = planche_bmp_open,
    .read = planche_bmp_read,
    .rewind = planche_bmp_rewind,
    .close = planche_bmp_close,
};
