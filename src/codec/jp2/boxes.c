/* SPDX-License-Identifier: MIT */
/* Boxes of JP2 files, as far as OpenJPEG does not tell of them before it has decoded: colours,
 * palette, alpha, resolution, EXIF and XMP. Source: ISO/IEC 15444-1, annex I. */
#include "codec/jp2/jp2.h"

#include "base/big_endian.h"
#include "codec/blob.h"

#include <math.h>
#include <string.h>

#define MAX_DEPTH 3

struct walk {
    struct planche_decoder *decoder;
    struct planche_jp2_boxes *boxes;
    struct planche_error *error;
    unsigned depth;
};

static enum planche_status walk_boxes(struct walk *walk, const uint8_t *p, size_t size);

/* The first that is understood counts. */
static enum planche_status take_colr(struct walk *walk, const uint8_t *p, size_t size)
{
    struct planche_decoder *decoder = walk->decoder;
    struct planche_blob *icc = &decoder->metadata.icc;
    if (size < 3 || walk->boxes->colours || icc->data)
        return PLANCHE_OK;
    if (p[0] == 1 && size >= 7)
        walk->boxes->colours = get32_big(p + 3);
    if (p[0] != 2 && p[0] != 3)
        return PLANCHE_OK;
    return planche_blob_set(icc, p + 3, size - 3, decoder->budget, decoder->name, walk->error);
}

static void take_pclr(struct walk *walk, const uint8_t *p, size_t size)
{
    if (size < 4 || p[2] == 0 || size - 3 < p[2])
        return;
    walk->boxes->palette_columns = p[2];
    for (unsigned i = 0; i < p[2]; i++) {
        unsigned bits = (p[3 + i] & 127u) + 1;
        if (bits > walk->boxes->palette_bits)
            walk->boxes->palette_bits = bits;
    }
}

/* Entries of channel, kind (1: opacity, 2: premultiplied) and colour. */
static void take_cdef(struct walk *walk, const uint8_t *p, size_t size)
{
    size_t count = size >= 2 ? get16_big(p) : 0;
    for (size_t i = 0; i < count && 2 + 6 * (i + 1) <= size; i++) {
        unsigned kind = get16_big(p + 2 + 6 * i + 2);
        if (kind != 1 && kind != 2)
            continue;
        walk->boxes->alpha = get16_big(p + 2 + 6 * i);
        walk->boxes->premultiplied = kind == 2;
    }
}

/* Two fractions and two powers of ten: points per metre, first vertical. */
static void take_resolution(struct walk *walk, const uint8_t *p, size_t size)
{
    struct planche_metadata *metadata = &walk->decoder->metadata;
    if (size < 10 || get16_big(p + 2) == 0 || get16_big(p + 6) == 0)
        return;
    double y = (double)get16_big(p) / get16_big(p + 2) * pow(10, (int8_t)p[8]);
    double x = (double)get16_big(p + 4) / get16_big(p + 6) * pow(10, (int8_t)p[9]);
    if (x >= 1 && y >= 1 && x < 1e7 && y < 1e7) {
        metadata->x_density = x;
        metadata->y_density = y;
    }
}

static enum planche_status take_uuid(struct walk *walk, const uint8_t *p, size_t size)
{
    static const uint8_t xmp[16] = {0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8,
                                    0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac};
    static const char exif[] = "JpgTiffExif->JP2";
    struct planche_decoder *decoder = walk->decoder;
    struct planche_metadata *metadata = &decoder->metadata;
    if (size < 16)
        return PLANCHE_OK;
    if (memcmp(p, xmp, 16) == 0 && !metadata->xmp.data)
        return planche_blob_set_xmp(&metadata->xmp, p + 16, size - 16, decoder->budget,
                                    decoder->name, walk->error);
    if (memcmp(p, exif, 16) == 0 && !metadata->exif.data && size - 16 <= PLANCHE_MAX_METADATA)
        return planche_blob_set(&metadata->exif, p + 16, size - 16, decoder->budget, decoder->name,
                                walk->error);
    return PLANCHE_OK;
}

static enum planche_status take_box(struct walk *walk, const uint8_t *name, const uint8_t *p,
                                    size_t size)
{
    if (memcmp(name, "jp2h", 4) == 0 || memcmp(name, "res ", 4) == 0)
        return walk_boxes(walk, p, size);
    if (memcmp(name, "colr", 4) == 0)
        return take_colr(walk, p, size);
    if (memcmp(name, "uuid", 4) == 0)
        return take_uuid(walk, p, size);
    if (memcmp(name, "pclr", 4) == 0)
        take_pclr(walk, p, size);
    else if (memcmp(name, "cdef", 4) == 0)
        take_cdef(walk, p, size);
    else if (memcmp(name, "resc", 4) == 0 || memcmp(name, "resd", 4) == 0)
        take_resolution(walk, p, size);
    else if (memcmp(name, "ftyp", 4) == 0 && size >= 4)
        walk->boxes->motion = memcmp(p, "mjp2", 4) == 0;
    return PLANCHE_OK;
}

/* A box that does not fit ends the walk: what is wrong with the picture, OpenJPEG says. */
static enum planche_status walk_boxes(struct walk *walk, const uint8_t *p, size_t size)
{
    enum planche_status status = PLANCHE_OK;
    if (walk->depth >= MAX_DEPTH)
        return PLANCHE_OK;
    walk->depth++;
    while (size >= 8 && status == PLANCHE_OK) {
        uint64_t length = get32_big(p);
        size_t head = 8;
        if (length == 1 && size >= 16) {
            length = get64_big(p + 8);
            head = 16;
        }
        if (length == 0)
            length = size;
        if (length < head || length > size)
            break;
        status = take_box(walk, p + 4, p + head, (size_t)length - head);
        p += length;
        size -= (size_t)length;
    }
    walk->depth--;
    return status;
}

enum planche_status planche_jp2_walk(struct planche_decoder *decoder, const uint8_t *file,
                                     size_t size, struct planche_jp2_boxes *boxes,
                                     struct planche_error *error)
{
    struct walk walk = {.decoder = decoder, .boxes = boxes, .error = error};
    *boxes = (struct planche_jp2_boxes){.alpha = -1};
    return walk_boxes(&walk, file, size);
}
