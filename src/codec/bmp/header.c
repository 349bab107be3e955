/* SPDX-License-Identifier: MIT */
/* Headers of BMP files: BITMAPCOREHEADER (12 bytes), BITMAPINFOHEADER (40), and those with masks
 * (52, 56), colours (108) and a profile (124). */
#include "codec/bmp/bmp.h"

#include "base/little_endian.h"
#include "base/status.h"
#include "codec/metadata.h"

#include <stdlib.h>

#define FILE_HEADER 14
#define CORE        12
#define INFO        40
#define V2          52
#define V3          56
#define V5          124
#define OS2         64

/* The four letters that say that a profile is in the file. */
#define PROFILE_EMBEDDED 0x4d424544u

enum planche_status planche_bmp_damaged(const struct planche_decoder *decoder, const char *why,
                                        struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the BMP image is damaged: %s",
                        decoder->name, why);
}

static enum planche_status unsupported(const struct planche_decoder *decoder, const char *what,
                                       struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: BMP images %s are not supported: convert it to PNG", decoder->name,
                        what);
}

static void set_mask(struct planche_bmp_mask *mask, uint32_t value)
{
    mask->mask = value;
    mask->shift = value ? (unsigned)__builtin_ctz(value) : 0;
}

/* Where nothing is said, or in the bytes at p. */
static void take_masks(struct planche_bmp *bmp, const uint8_t *p, bool alpha)
{
    static const uint32_t of16[3] = {0x7c00, 0x3e0, 0x1f}, of32[3] = {0xff0000, 0xff00, 0xff};
    for (unsigned i = 0; i < 3; i++)
        set_mask(&bmp->masks[i], p ? get32(p + (size_t)4 * i) : (bmp->bits == 16 ? of16 : of32)[i]);
    if (p && alpha)
        set_mask(&bmp->masks[3], get32(p + 12));
}

static bool masks_make_sense(const struct planche_bmp *bmp)
{
    uint32_t seen = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t mask = bmp->masks[i].mask, run = mask >> bmp->masks[i].shift;
        if (mask & seen || run & (run + 1) || (i < 3 && !mask) ||
            (bmp->bits == 16 && mask > UINT16_MAX))
            return false;
        seen |= mask;
    }
    return true;
}

static bool packing_fits(const struct planche_bmp *bmp)
{
    switch (bmp->packing) {
    case PLANCHE_BMP_PLAIN:
        return true;
    case PLANCHE_BMP_RLE8:
        return bmp->bits == 8;
    case PLANCHE_BMP_RLE4:
        return bmp->bits == 4;
    case PLANCHE_BMP_MASKS:
    case PLANCHE_BMP_ALPHA_MASKS:
        return bmp->bits == 16 || bmp->bits == 32;
    }
    return false;
}

static enum planche_status take_size(struct planche_decoder *decoder, struct planche_bmp *bmp,
                                     const uint8_t *header, struct planche_error *error)
{
    int64_t width, height;
    bool core = get32(header) == CORE;
    width = core ? get16(header + 4) : (int32_t)get32(header + 4);
    height = core ? get16(header + 6) : (int32_t)get32(header + 8);
    bmp->bits = get16(header + (core ? 10 : 14));
    uint32_t packing = core ? 0 : get32(header + 16);
    bmp->top_down = height < 0;
    if (width < 0)
        return planche_bmp_damaged(decoder, "its width is negative", error);
    decoder->width = (uint32_t)width;
    decoder->height = (uint32_t)llabs(height);
    if (packing == 4 || packing == 5)
        return unsupported(decoder, "that hold a JPEG or PNG", error);
    bmp->packing = (enum planche_bmp_packing)packing;
    if (bmp->bits != 1 && bmp->bits != 4 && bmp->bits != 8 && bmp->bits != 16 && bmp->bits != 24 &&
        bmp->bits != 32)
        return unsupported(decoder, "of this number of bits", error);
    if (!packing_fits(bmp) || (get32(header) == OS2 && packing > PLANCHE_BMP_RLE4))
        return unsupported(decoder, "packed in this way", error);
    if (!core && (int32_t)get32(header + 24) > 0 && (int32_t)get32(header + 28) > 0) {
        decoder->metadata.x_density = get32(header + 24);
        decoder->metadata.y_density = get32(header + 28);
    }
    return planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
}

/* Also says whether it is grey. */
static enum planche_status take_palette(struct planche_decoder *decoder, struct planche_bmp *bmp,
                                        const uint8_t *header, size_t at,
                                        struct planche_error *error)
{
    bool core = get32(header) == CORE, grey = true;
    size_t entry = core ? 3 : 4;
    uint32_t most = 1u << bmp->bits, said = core ? 0 : get32(header + 32);
    bmp->colours = said && said < most ? said : most;
    if (at > bmp->pixels || bmp->colours > (bmp->pixels - at) / entry)
        bmp->colours = at > bmp->pixels ? 0 : (unsigned)((bmp->pixels - at) / entry);
    if (bmp->colours == 0)
        return planche_bmp_damaged(decoder, "it has no palette", error);
    for (unsigned i = 0; i < bmp->colours; i++) {
        const uint8_t *p = bmp->file + at + i * entry;
        for (unsigned c = 0; c < 3; c++)
            bmp->palette[i][c] = p[2 - c];
        grey = grey && p[0] == p[1] && p[1] == p[2];
    }
    decoder->channels = grey ? 1 : 3;
    return PLANCHE_OK;
}

static enum planche_status take_colours(struct planche_decoder *decoder, struct planche_bmp *bmp,
                                        const uint8_t *header, struct planche_error *error)
{
    uint32_t size = get32(header);
    size_t at = FILE_HEADER + (size_t)size;
    bool masked = bmp->packing >= PLANCHE_BMP_MASKS, inside = size >= V2;
    bool alpha = bmp->packing == PLANCHE_BMP_ALPHA_MASKS || size >= V3;
    if (bmp->bits <= 8)
        return take_palette(decoder, bmp, header, at, error);
    if (masked && bmp->size < FILE_HEADER + INFO + 16)
        return planche_bmp_damaged(decoder, "the file ends too early", error);
    take_masks(bmp, masked ? header + INFO : NULL, alpha && (inside || at + 16 <= bmp->pixels));
    if (!masks_make_sense(bmp))
        return planche_bmp_damaged(decoder, "its masks make no sense", error);
    decoder->channels = bmp->masks[3].mask ? 4 : 3;
    return PLANCHE_OK;
}

/* Pixels that are not packed must all be there; the padding of the last row may be missing. */
static enum planche_status check_rows(const struct planche_decoder *decoder,
                                      struct planche_bmp *bmp, struct planche_error *error)
{
    uint64_t line = (uint64_t)decoder->width * bmp->bits, whole = (line + 31) / 32 * 4;
    bmp->row_bytes = (size_t)whole;
    if (bmp->packing == PLANCHE_BMP_RLE4 || bmp->packing == PLANCHE_BMP_RLE8)
        return PLANCHE_OK;
    if (whole * (decoder->height - 1) + (line + 7) / 8 > bmp->size - bmp->pixels)
        return planche_bmp_damaged(decoder, "the file ends too early", error);
    return PLANCHE_OK;
}

static enum planche_status take_profile(struct planche_decoder *decoder,
                                        const struct planche_bmp *bmp, const uint8_t *header,
                                        struct planche_error *error)
{
    if (get32(header) < V5 || get32(header + V3) != PROFILE_EMBEDDED)
        return PLANCHE_OK;
    uint64_t at = (uint64_t)FILE_HEADER + get32(header + 112), size = get32(header + 116);
    if (at + size > bmp->size)
        return planche_bmp_damaged(decoder, "its colour profile is cut short", error);
    return planche_blob_set(&decoder->metadata.icc, bmp->file + at, (size_t)size, decoder->budget,
                            decoder->name, error);
}

enum planche_status planche_bmp_parse(struct planche_decoder *decoder, struct planche_bmp *bmp,
                                      struct planche_error *error)
{
    const uint8_t *header = bmp->file + FILE_HEADER;
    if (bmp->size < FILE_HEADER + CORE || get32(header) > bmp->size - FILE_HEADER)
        return planche_bmp_damaged(decoder, "the file ends too early", error);
    if (get32(header) != CORE && get32(header) < INFO)
        return unsupported(decoder, "of OS/2 with a short header", error);
    bmp->pixels = get32(bmp->file + 10);
    if (bmp->pixels < FILE_HEADER + (size_t)get32(header) || bmp->pixels > bmp->size)
        return planche_bmp_damaged(decoder, "its pixels lie outside of it", error);
    decoder->depth = 8;
    enum planche_status status = take_size(decoder, bmp, header, error);
    if (status == PLANCHE_OK)
        status = take_colours(decoder, bmp, header, error);
    if (status == PLANCHE_OK)
        status = check_rows(decoder, bmp, error);
    return status ? status : take_profile(decoder, bmp, header, error);
}
