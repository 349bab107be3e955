/* SPDX-License-Identifier: MIT */
/* What a PSD says before the pixels of its merged image: header, palette, resources, and of the
 * layers whether one of the channels is the picture's transparency. */
#include "codec/psd/psd.h"

#include "base/big_endian.h"
#include "base/status.h"
#include "codec/metadata.h"

#include <string.h>

#define HEADER        26
#define PALETTE_BYTES 768
/* Version 2 has sides of up to 300,000. */
#define MAX_CHANNELS 56

enum resource { RESOLUTION = 1005, ICC = 1039, VERSION = 1057, EXIF = 1058, XMP = 1060 };

enum planche_status planche_psd_damaged(const struct planche_decoder *decoder, const char *why,
                                        struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the PSD image is damaged: %s",
                        decoder->name, why);
}

static enum planche_status unsupported(const struct planche_decoder *decoder, const char *what,
                                       struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: PSD images %s are not supported: save it as PNG", decoder->name, what);
}

/* Channels of the colours; 0: of no mode that is read. */
static unsigned colours_of(enum planche_psd_mode mode)
{
    switch (mode) {
    case PLANCHE_PSD_BITMAP:
    case PLANCHE_PSD_GREY:
    case PLANCHE_PSD_PALETTE:
    case PLANCHE_PSD_DUOTONE:
        return 1;
    case PLANCHE_PSD_RGB:
        return 3;
    case PLANCHE_PSD_CMYK:
        return 4;
    }
    return 0;
}

static enum planche_status take_header(struct planche_decoder *decoder, struct planche_psd *psd,
                                       struct planche_error *error)
{
    const uint8_t *head = psd->file;
    psd->large = head[5] == 2;
    psd->channels = get16_big(head + 12);
    psd->bits = get16_big(head + 22);
    psd->mode = (enum planche_psd_mode)get16_big(head + 24);
    psd->planes = colours_of(psd->mode);
    decoder->height = get32_big(head + 14);
    decoder->width = get32_big(head + 18);
    if (psd->planes == 0)
        return unsupported(decoder, "in Lab colours or of several inks", error);
    bool fits = psd->mode == PLANCHE_PSD_BITMAP    ? psd->bits == 1
                : psd->mode == PLANCHE_PSD_PALETTE ? psd->bits == 8
                                                   : psd->bits == 8 || psd->bits == 16;
    if (!fits)
        return unsupported(decoder, "of this number of bits", error);
    if (psd->channels < psd->planes || psd->channels > MAX_CHANNELS)
        return planche_psd_damaged(decoder, "its number of channels makes no sense", error);
    return planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
}

/* A section begins at *at with its length; moves behind that. */
static bool take_section(const struct planche_psd *psd, size_t *at, bool large, size_t *length)
{
    size_t bytes = large ? 8 : 4;
    if (bytes > psd->size - *at)
        return false;
    uint64_t said = large ? get64_big(psd->file + *at) : get32_big(psd->file + *at);
    *at += bytes;
    *length = (size_t)said;
    return said <= psd->size - *at;
}

static enum planche_status take_resource(struct planche_decoder *decoder, unsigned kind,
                                         const uint8_t *data, size_t size,
                                         struct planche_error *error)
{
    struct planche_metadata *metadata = &decoder->metadata;
    const double per_metre = 1 / 0.0254;
    switch (kind) {
    case RESOLUTION:
        if (size >= 16) {
            metadata->x_density = get32_big(data) / 65536.0 * per_metre;
            metadata->y_density = get32_big(data + 8) / 65536.0 * per_metre;
        }
        return PLANCHE_OK;
    case ICC:
        return planche_blob_set(&metadata->icc, data, size, decoder->budget, decoder->name, error);
    case EXIF:
        return planche_blob_set(&metadata->exif, data, size, decoder->budget, decoder->name, error);
    case XMP:
        return planche_blob_set_xmp(&metadata->xmp, data, size, decoder->budget, decoder->name,
                                    error);
    case VERSION:
        if (size >= 5 && !data[4])
            return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                                "%s: the PSD was saved without a merged image: save it with "
                                "\"Maximize compatibility\", or as PNG",
                                decoder->name);
        return PLANCHE_OK;
    default:
        return PLANCHE_OK;
    }
}

static enum planche_status take_resources(struct planche_decoder *decoder, const uint8_t *p,
                                          size_t size, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (size_t at = 0; size - at >= 12 && status == PLANCHE_OK;) {
        unsigned kind = get16_big(p + at + 4);
        /* A name with its length, of an even number of bytes. */
        size_t name = (p[at + 6] + 2u) / 2 * 2;
        if (memcmp(p + at, "8BIM", 4) != 0 || name + 4 > size - at - 6)
            return PLANCHE_OK;
        at += 6 + name + 4;
        size_t length = get32_big(p + at - 4);
        if (length > size - at)
            return planche_psd_damaged(decoder, "its resources are cut short", error);
        status = take_resource(decoder, kind, p + at, length, error);
        length += length % 2;
        at = length < size - at ? at + length : size;
    }
    return status;
}

/* A negative number of layers says that the first further channel is transparency. */
static bool says_alpha(const struct planche_psd *psd, size_t at, size_t length)
{
    size_t head = psd->large ? 8 : 4;
    return length >= head + 2 && psd->file[at + head] & 0x80;
}

static enum planche_status set_kind(struct planche_decoder *decoder, struct planche_psd *psd,
                                    struct planche_error *error)
{
    unsigned colours = psd->planes;
    psd->alpha = psd->alpha && psd->channels > colours;
    psd->planes += psd->alpha ? 1 : 0;
    bool one = colours == 1 && psd->mode != PLANCHE_PSD_PALETTE;
    decoder->channels = (one ? 1 : 3) + (psd->alpha ? 1 : 0);
    decoder->depth = psd->bits == 16 && psd->mode != PLANCHE_PSD_CMYK ? 16 : 8;
    if (psd->mode == PLANCHE_PSD_PALETTE && !psd->palette)
        return planche_psd_damaged(decoder, "it has no palette", error);
    psd->row_bytes = (size_t)(((uint64_t)decoder->width * psd->bits + 7) / 8);
    return PLANCHE_OK;
}

enum planche_status planche_psd_parse(struct planche_decoder *decoder, struct planche_psd *psd,
                                      struct planche_error *error)
{
    size_t at = HEADER, length = 0;
    static const char early[] = "the file ends too early";
    if (psd->size < HEADER)
        return planche_psd_damaged(decoder, early, error);
    enum planche_status status = take_header(decoder, psd, error);
    if (status)
        return status;
    if (!take_section(psd, &at, false, &length))
        return planche_psd_damaged(decoder, early, error);
    if (length >= PALETTE_BYTES)
        psd->palette = psd->file + at;
    at += length;
    if (!take_section(psd, &at, false, &length))
        return planche_psd_damaged(decoder, early, error);
    status = take_resources(decoder, psd->file + at, length, error);
    if (status)
        return status;
    at += length;
    if (!take_section(psd, &at, psd->large, &length))
        return planche_psd_damaged(decoder, early, error);
    psd->alpha = says_alpha(psd, at, length);
    at += length;
    if (psd->size - at < 2)
        return planche_psd_damaged(decoder, early, error);
    unsigned packing = get16_big(psd->file + at);
    if (packing > 1)
        return unsupported(decoder, "packed by ZIP", error);
    psd->packed = packing == 1;
    psd->pixels = at + 2;
    return set_kind(decoder, psd, error);
}
