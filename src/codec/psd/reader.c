/* SPDX-License-Identifier: MIT */
/* Reading PSD: row by row out of the planes of the merged image. */
#include "codec/psd/psd.h"

#include "base/big_endian.h"
#include "base/checked.h"
#include "base/status.h"
#include "codec/metadata.h"

#include <string.h>

/* Plain rows must all be there. */
static enum planche_status check_plain(const struct planche_decoder *decoder,
                                       const struct planche_psd *psd, struct planche_error *error)
{
    uint64_t plane = (uint64_t)psd->row_bytes * decoder->height;
    if (plane * psd->planes > psd->size - psd->pixels)
        return planche_psd_damaged(decoder, "the file ends too early", error);
    return PLANCHE_OK;
}

/* Adds up the lengths of packed rows, which stand before them. */
static enum planche_status find_rows(const struct planche_decoder *decoder, struct planche_psd *psd,
                                     struct planche_error *error)
{
    size_t bytes = psd->large ? 4 : 2, count = (size_t)decoder->height * psd->planes;
    uint64_t table = (uint64_t)decoder->height * psd->channels * bytes;
    const uint8_t *lengths = psd->file + psd->pixels;
    if (table > psd->size - psd->pixels)
        return planche_psd_damaged(decoder, "the file ends too early", error);
    psd->rows = planche_alloc(decoder->budget, (count + 1) * sizeof *psd->rows);
    if (!psd->rows)
        return planche_fail_memory(error, decoder->budget, (count + 1) * sizeof *psd->rows,
                                   decoder->name);
    psd->rows[0] = psd->pixels + table;
    for (size_t i = 0; i < count; i++)
        psd->rows[i + 1] = psd->rows[i] + (psd->large ? get32_big(lengths + i * bytes)
                                                      : get16_big(lengths + i * bytes));
    if (psd->rows[count] > psd->size)
        return planche_psd_damaged(decoder, "the file ends too early", error);
    return PLANCHE_OK;
}

static enum planche_status make_room(const struct planche_decoder *decoder, struct planche_psd *psd,
                                     struct planche_error *error)
{
    size_t line, ink = (size_t)decoder->width * 4;
    if (!planche_mul_size(psd->row_bytes, psd->planes, &line))
        line = SIZE_MAX;
    psd->line = planche_alloc(decoder->budget, line);
    if (!psd->line)
        return planche_fail_memory(error, decoder->budget, line, decoder->name);
    if (psd->mode != PLANCHE_PSD_CMYK)
        return PLANCHE_OK;
    psd->ink = planche_alloc(decoder->budget, ink);
    return psd->ink ? PLANCHE_OK : planche_fail_memory(error, decoder->budget, ink, decoder->name);
}

static enum planche_status set_up_cmyk(struct planche_decoder *decoder, struct planche_psd *psd,
                                       struct planche_error *error)
{
    if (psd->mode != PLANCHE_PSD_CMYK)
        return PLANCHE_OK;
    return planche_decoder_start_cmyk(decoder, &psd->cmyk, true, error);
}

enum planche_status planche_psd_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct planche_psd *psd = planche_calloc(decoder->budget, 1, sizeof *psd);
    if (!psd)
        return planche_fail_memory(error, decoder->budget, sizeof *psd, decoder->name);
    decoder->state = psd;
    enum planche_status status =
        planche_stream_hold(&decoder->stream, decoder->budget, &psd->file, &psd->size, error);
    if (status == PLANCHE_OK)
        status = planche_psd_parse(decoder, psd, error);
    if (status == PLANCHE_OK)
        status = psd->packed ? find_rows(decoder, psd, error) : check_plain(decoder, psd, error);
    if (status == PLANCHE_OK)
        status = make_room(decoder, psd, error);
    return status ? status : set_up_cmyk(decoder, psd, error);
}

/* PackBits: false if a row is not all there, or more. */
static bool unpack(const uint8_t *from, size_t size, uint8_t *to, size_t room)
{
    size_t at = 0, made = 0;
    while (at < size && made < room) {
        int8_t code = (int8_t)from[at++];
        if (code == -128)
            continue;
        size_t count = code < 0 ? (size_t)(1 - code) : (size_t)code + 1;
        if (count > room - made || (code < 0 ? 1 : count) > size - at)
            return false;
        if (code < 0)
            memset(to + made, from[at], count);
        else
            memcpy(to + made, from + at, count);
        made += count;
        at += code < 0 ? 1 : count;
    }
    return made == room;
}

static bool take_plane(const struct planche_decoder *decoder, const struct planche_psd *psd,
                       unsigned plane, uint32_t y)
{
    uint8_t *line = psd->line + plane * psd->row_bytes;
    size_t row = (size_t)plane * decoder->height + y;
    if (psd->packed)
        return unpack(psd->file + psd->rows[row], (size_t)(psd->rows[row + 1] - psd->rows[row]),
                      line, psd->row_bytes);
    memcpy(line, psd->file + psd->pixels + row * psd->row_bytes, psd->row_bytes);
    return true;
}

/* The sample of a plane in 8 bits, or in 16. */
static unsigned sample(const struct planche_psd *psd, unsigned plane, uint32_t x, unsigned depth)
{
    const uint8_t *line = psd->line + plane * psd->row_bytes;
    if (psd->bits == 1)
        return line[x / 8] >> (7 - x % 8) & 1 ? 0 : 255; /* 1 is ink */
    if (psd->bits == 8)
        return line[x];
    unsigned value = get16_big(line + (size_t)2 * x);
    return depth == 16 ? value : value >> 8;
}

static void put(uint8_t *row, size_t index, unsigned depth, unsigned value)
{
    if (depth == 16)
        ((uint16_t *)(void *)row)[index] = (uint16_t)value;
    else
        row[index] = (uint8_t)value;
}

/* The merged image lies on white: colours as they are without it. */
static unsigned without_white(unsigned value, unsigned alpha, unsigned most)
{
    if (alpha == 0 || alpha == most)
        return value;
    int64_t light = (int64_t)most - ((int64_t)(most - value) * most + alpha / 2) / alpha;
    return light > 0 ? (unsigned)light : 0;
}

static void colour_row(const struct planche_decoder *decoder, const struct planche_psd *psd,
                       uint8_t *row)
{
    unsigned colours = decoder->channels - (psd->alpha ? 1 : 0), depth = decoder->depth;
    unsigned most = depth == 16 ? 65535 : 255;
    for (uint32_t x = 0; x < decoder->width; x++) {
        size_t at = (size_t)x * decoder->channels;
        unsigned alpha = psd->alpha ? sample(psd, psd->planes - 1, x, depth) : most;
        unsigned index =
            psd->palette && psd->mode == PLANCHE_PSD_PALETTE ? sample(psd, 0, x, 8) : 0;
        for (unsigned c = 0; c < colours; c++) {
            unsigned value = psd->palette && psd->mode == PLANCHE_PSD_PALETTE
                                 ? psd->palette[(size_t)c * 256 + index]
                                 : sample(psd, c, x, depth);
            put(row, at + c, depth, without_white(value, alpha, most));
        }
        if (psd->alpha)
            put(row, at + colours, depth, alpha);
    }
}

/* Colours first, one behind the other; then, from the end, apart to make room for alpha. */
static void ink_row(const struct planche_decoder *decoder, const struct planche_psd *psd,
                    uint8_t *row)
{
    for (uint32_t x = 0; x < decoder->width; x++)
        for (unsigned c = 0; c < 4; c++)
            psd->ink[(size_t)4 * x + c] = (uint8_t)sample(psd, c, x, 8);
    planche_cmyk_row(psd->cmyk, row, psd->ink, decoder->width);
    for (uint32_t x = decoder->width; psd->alpha && x-- > 0;) {
        unsigned alpha = sample(psd, 4, x, 8);
        const uint8_t rgb[3] = {row[(size_t)3 * x], row[(size_t)3 * x + 1], row[(size_t)3 * x + 2]};
        for (unsigned c = 0; c < 3; c++)
            row[(size_t)4 * x + c] = (uint8_t)without_white(rgb[c], alpha, 255);
        row[(size_t)4 * x + 3] = (uint8_t)alpha;
    }
}

enum planche_status planche_psd_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error)
{
    struct planche_psd *psd = decoder->state;
    for (uint32_t i = 0; i < count; i++, psd->next++) {
        for (unsigned plane = 0; plane < psd->planes; plane++)
            if (!take_plane(decoder, psd, plane, psd->next))
                return planche_psd_damaged(decoder, "a row cannot be unpacked", error);
        if (psd->cmyk)
            ink_row(decoder, psd, rows + i * stride);
        else
            colour_row(decoder, psd, rows + i * stride);
    }
    return PLANCHE_OK;
}

enum planche_status planche_psd_rewind(struct planche_decoder *decoder, struct planche_error *error)
{
    struct planche_psd *psd = decoder->state;
    (void)error;
    psd->next = 0;
    return PLANCHE_OK;
}

void planche_psd_close(struct planche_decoder *decoder)
{
    struct planche_psd *psd = decoder->state;
    if (!psd)
        return;
    planche_cmyk_destroy(&psd->cmyk);
    planche_free(psd->rows);
    planche_free(psd->line);
    planche_free(psd->ink);
    planche_free(psd);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_psd_reading = {
    .open = planche_psd_open,
    .read = planche_psd_read,
    .rewind = planche_psd_rewind,
    .close = planche_psd_close,
};
