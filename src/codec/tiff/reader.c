/* SPDX-License-Identifier: MIT */
/* Reading TIFF: strips or tiles of the usual kinds are taken as they are, so that 16 bits, CMYK and
 * profiles stay; what is rare goes through libtiff's own conversion. Runs in planche-decode. */
#include "base/status.h"
#include "codec/blob.h"
#include "codec/tiff/tiff.h"

#include <stdio.h>
#include <string.h>

/* Of one allocation of libtiff: more is no page. */
#define MAX_BLOCK ((tmsize_t)4 << 30)
#define MAX_PAGES 10000u

static const char early[] = "the file ends too early";

static enum planche_status damaged(const struct planche_decoder *decoder, const char *why,
                                   struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the TIFF image is damaged: %s",
                        decoder->name, why);
}

enum planche_status planche_tiff_explain(const struct planche_decoder *decoder,
                                         struct planche_error *error)
{
    const struct planche_tiff *tiff = decoder->state;
    const char *text = *tiff->message ? tiff->message : "it makes no sense";
    bool cannot = strstr(text, "not configured") || strstr(text, "not implemented") ||
                  strstr(text, "not supported") || strstr(text, "Sorry");
    if (strstr(text, "emory"))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory: %s", decoder->name, text);
    if (cannot)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: this kind of TIFF image is not supported (%s): convert it to PNG",
                            decoder->name, text);
    return damaged(decoder, text, error);
}

static int take_message(TIFF *handle, void *user, const char *module, const char *format,
                        va_list arguments)
{
    struct planche_tiff *tiff = user;
    (void)handle;
    (void)module;
    if (!*tiff->message)
        vsnprintf(tiff->message, sizeof tiff->message, format, arguments);
    return 1;
}

static int drop_message(TIFF *handle, void *user, const char *module, const char *format,
                        va_list arguments)
{
    (void)handle;
    (void)user;
    (void)module;
    (void)format;
    (void)arguments;
    return 1;
}

static tmsize_t fetch(thandle_t user, void *data, tmsize_t size)
{
    struct planche_tiff *tiff = user;
    if (size <= 0 || tiff->at >= tiff->size)
        return 0;
    size_t left = tiff->size - (size_t)tiff->at, take = (size_t)size < left ? (size_t)size : left;
    memcpy(data, tiff->file + tiff->at, take);
    tiff->at += take;
    return (tmsize_t)take;
}

static tmsize_t refuse(thandle_t user, void *data, tmsize_t size)
{
    (void)user;
    (void)data;
    (void)size;
    return 0;
}

static toff_t seek(thandle_t user, toff_t offset, int whence)
{
    struct planche_tiff *tiff = user;
    tiff->at = offset + (whence == SEEK_CUR ? tiff->at : whence == SEEK_END ? tiff->size : 0);
    return tiff->at;
}

static int leave_open(thandle_t user)
{
    (void)user;
    return 0;
}

static toff_t get_size(thandle_t user)
{
    const struct planche_tiff *tiff = user;
    return tiff->size;
}

static int map(thandle_t user, void **data, toff_t *size)
{
    const struct planche_tiff *tiff = user;
    *data = (void *)(uintptr_t)tiff->file;
    *size = tiff->size;
    return 1;
}

static void unmap(thandle_t user, void *data, toff_t size)
{
    (void)user;
    (void)data;
    (void)size;
}

static enum planche_status open_file(struct planche_decoder *decoder, struct planche_error *error)
{
    struct planche_tiff *tiff = decoder->state;
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory", decoder->name);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, MAX_BLOCK);
    TIFFOpenOptionsSetErrorHandlerExtR(options, take_message, tiff);
    TIFFOpenOptionsSetWarningHandlerExtR(options, drop_message, tiff);
    tiff->tiff = TIFFClientOpenExt("image", "r", tiff, fetch, refuse, seek, leave_open, get_size,
                                   map, unmap, options);
    TIFFOpenOptionsFree(options);
    return tiff->tiff ? PLANCHE_OK : planche_tiff_explain(decoder, error);
}

/* Pages but not their thumbnails and masks. */
static enum planche_status check_pages(struct planche_decoder *decoder, struct planche_error *error)
{
    struct planche_tiff *tiff = decoder->state;
    unsigned pages = 1;
    uint32_t kind;
    for (unsigned i = 0; i < MAX_PAGES && TIFFReadDirectory(tiff->tiff); i++)
        pages += !(TIFFGetField(tiff->tiff, TIFFTAG_SUBFILETYPE, &kind) &&
                   kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK));
    tiff->message[0] = 0;
    if (pages > 1)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: the TIFF holds %u pages: split it into files of one page "
                            "(tiffsplit)",
                            decoder->name, pages);
    return TIFFSetDirectory(tiff->tiff, 0) ? PLANCHE_OK : planche_tiff_explain(decoder, error);
}

static void take_fields(struct planche_decoder *decoder)
{
    struct planche_tiff *tiff = decoder->state;
    TIFF *handle = tiff->tiff;
    uint16_t orientation = 1, unit = RESUNIT_INCH, extras = 0, *kinds = NULL;
    float x = 0, y = 0;
    TIFFGetField(handle, TIFFTAG_IMAGEWIDTH, &decoder->width);
    TIFFGetField(handle, TIFFTAG_IMAGELENGTH, &decoder->height);
    TIFFGetFieldDefaulted(handle, TIFFTAG_BITSPERSAMPLE, &tiff->bits);
    TIFFGetFieldDefaulted(handle, TIFFTAG_SAMPLESPERPIXEL, &tiff->samples);
    TIFFGetFieldDefaulted(handle, TIFFTAG_PLANARCONFIG, &tiff->planar);
    TIFFGetFieldDefaulted(handle, TIFFTAG_SAMPLEFORMAT, &tiff->format);
    TIFFGetFieldDefaulted(handle, TIFFTAG_COMPRESSION, &tiff->packing);
    TIFFGetFieldDefaulted(handle, TIFFTAG_ORIENTATION, &orientation);
    TIFFGetFieldDefaulted(handle, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
    if (!TIFFGetField(handle, TIFFTAG_PHOTOMETRIC, &tiff->photometric))
        tiff->photometric = PHOTOMETRIC_MINISBLACK;
    decoder->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
    if (extras > 0 && kinds[0] != EXTRASAMPLE_UNSPECIFIED)
        tiff->alpha = kinds[0];
    TIFFGetFieldDefaulted(handle, TIFFTAG_RESOLUTIONUNIT, &unit);
    if (TIFFGetField(handle, TIFFTAG_XRESOLUTION, &x) &&
        TIFFGetField(handle, TIFFTAG_YRESOLUTION, &y) && x > 0 && y > 0 && unit != RESUNIT_NONE) {
        double per_metre = unit == RESUNIT_CENTIMETER ? 100 : 1 / 0.0254;
        decoder->metadata.x_density = (double)x * per_metre;
        decoder->metadata.y_density = (double)y * per_metre;
    }
}

/* Colours of a pixel that are taken as they are; 0: libtiff must convert. */
static unsigned plain_colours(const struct planche_tiff *tiff)
{
    bool whole = tiff->bits == 8 || tiff->bits == 16;
    bool small = tiff->bits == 1 || tiff->bits == 2 || tiff->bits == 4;
    if (tiff->format != SAMPLEFORMAT_UINT || !(whole || small))
        return 0;
    switch (tiff->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        return 1;
    case PHOTOMETRIC_PALETTE:
        return tiff->bits <= 8 && (tiff->samples == 1 || tiff->planar == PLANARCONFIG_CONTIG) ? 1
                                                                                              : 0;
    case PHOTOMETRIC_RGB:
        return whole ? 3 : 0;
    case PHOTOMETRIC_YCBCR: /* libjpeg makes RGB of it */
        return tiff->bits == 8 && tiff->packing == COMPRESSION_JPEG &&
                       tiff->planar == PLANARCONFIG_CONTIG
                   ? 3
                   : 0;
    case PHOTOMETRIC_SEPARATED:
        return whole && tiff->planar == PLANARCONFIG_CONTIG ? 4 : 0;
    default:
        return 0;
    }
}

static enum planche_status choose_kind(struct planche_decoder *decoder, struct planche_error *error)
{
    struct planche_tiff *tiff = decoder->state;
    char why[1024] = "";
    bool palette = tiff->photometric == PHOTOMETRIC_PALETTE;
    tiff->colours = plain_colours(tiff);
    bool has_palette = !palette || TIFFGetField(tiff->tiff, TIFFTAG_COLORMAP, &tiff->palette[0],
                                                &tiff->palette[1], &tiff->palette[2]);
    tiff->by_libtiff = tiff->colours == 0 || tiff->samples < tiff->colours || !has_palette;
    if (tiff->by_libtiff && !TIFFRGBAImageOK(tiff->tiff, why))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: this kind of TIFF image is not supported (%s): convert it to PNG",
                            decoder->name, why);
    bool ink = tiff->photometric == PHOTOMETRIC_SEPARATED && !tiff->by_libtiff;
    if (tiff->samples <= tiff->colours || ink)
        tiff->alpha = 0;
    unsigned colours = palette || ink ? 3 : tiff->colours;
    decoder->channels = tiff->by_libtiff ? (tiff->alpha ? 4 : 3) : colours + (tiff->alpha ? 1 : 0);
    decoder->depth = tiff->bits == 16 && !tiff->by_libtiff && !ink ? 16 : 8;
    decoder->whole = true;
    if (tiff->packing == COMPRESSION_JPEG && tiff->photometric == PHOTOMETRIC_YCBCR)
        TIFFSetField(tiff->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    return PLANCHE_OK;
}

static enum planche_status take_metadata(struct planche_decoder *decoder,
                                         struct planche_error *error)
{
    struct planche_tiff *tiff = decoder->state;
    struct planche_metadata *metadata = &decoder->metadata;
    uint32_t size = 0;
    void *data = NULL;
    enum planche_status status = PLANCHE_OK;
    if (TIFFGetField(tiff->tiff, TIFFTAG_ICCPROFILE, &size, &data))
        status =
            planche_blob_set(&metadata->icc, data, size, decoder->budget, decoder->name, error);
    if (status == PLANCHE_OK && TIFFGetField(tiff->tiff, TIFFTAG_XMLPACKET, &size, &data))
        status =
            planche_blob_set_xmp(&metadata->xmp, data, size, decoder->budget, decoder->name, error);
    return status;
}

static uint32_t block_width(const struct planche_decoder *decoder)
{
    const struct planche_tiff *tiff = decoder->state;
    uint32_t width = decoder->width;
    if (TIFFIsTiled(tiff->tiff))
        TIFFGetField(tiff->tiff, TIFFTAG_TILEWIDTH, &width);
    return width;
}

static enum planche_status set_up_cmyk(struct planche_decoder *decoder, struct planche_error *error)
{
    struct planche_tiff *tiff = decoder->state;
    size_t bytes = (size_t)4 * block_width(decoder);
    if (tiff->photometric != PHOTOMETRIC_SEPARATED || tiff->by_libtiff)
        return PLANCHE_OK;
    tiff->ink = planche_alloc(decoder->budget, bytes);
    if (!tiff->ink)
        return planche_fail_memory(error, decoder->budget, bytes, decoder->name);
    return planche_decoder_start_cmyk(decoder, &tiff->cmyk, false, error);
}

static enum planche_status tiff_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct planche_tiff *tiff = planche_calloc(decoder->budget, 1, sizeof *tiff);
    if (!tiff)
        return planche_fail_memory(error, decoder->budget, sizeof *tiff, decoder->name);
    decoder->state = tiff;
    enum planche_status status =
        planche_stream_hold(&decoder->stream, decoder->budget, &tiff->file, &tiff->size, error);
    if (status == PLANCHE_OK)
        status = open_file(decoder, error);
    if (status == PLANCHE_OK)
        status = check_pages(decoder, error);
    if (status)
        return status;
    take_fields(decoder);
    status = planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
    if (status == PLANCHE_OK)
        status = choose_kind(decoder, error);
    if (status == PLANCHE_OK)
        status = take_metadata(decoder, error);
    return status ? status : set_up_cmyk(decoder, error);
}

static enum planche_status read_tiles(struct planche_decoder *decoder, unsigned plane,
                                      uint8_t *buffer, uint8_t *rows, size_t stride,
                                      struct planche_error *error)
{
    struct planche_tiff *tiff = decoder->state;
    uint32_t width = block_width(decoder), height = 0;
    tmsize_t size = TIFFTileSize(tiff->tiff);
    TIFFGetField(tiff->tiff, TIFFTAG_TILELENGTH, &height);
    if (width == 0 || height == 0)
        return damaged(decoder, "its tiles are empty", error);
    for (uint64_t y = 0; y < decoder->height; y += height) {
        for (uint64_t x = 0; x < decoder->width; x += width) {
            uint32_t tile =
                TIFFComputeTile(tiff->tiff, (uint32_t)x, (uint32_t)y, 0, (uint16_t)plane);
            tmsize_t got = TIFFReadEncodedTile(tiff->tiff, tile, buffer, size);
            if (got < size)
                return got < 0 ? planche_tiff_explain(decoder, error)
                               : damaged(decoder, early, error);
            uint64_t columns = decoder->width - x, lines = decoder->height - y;
            const struct planche_tiff_block block = {
                .data = buffer,
                .row_bytes = (size_t)TIFFTileRowSize(tiff->tiff),
                .x = (uint32_t)x,
                .y = (uint32_t)y,
                .width = columns < width ? (uint32_t)columns : width,
                .height = lines < height ? (uint32_t)lines : height,
                .plane = plane,
            };
            planche_tiff_put_block(decoder, &block, rows, stride);
        }
    }
    return PLANCHE_OK;
}

static enum planche_status read_strips(struct planche_decoder *decoder, unsigned plane,
                                       uint8_t *buffer, uint8_t *rows, size_t stride,
                                       struct planche_error *error)
{
    struct planche_tiff *tiff = decoder->state;
    uint32_t per_strip = 0;
    TIFFGetFieldDefaulted(tiff->tiff, TIFFTAG_ROWSPERSTRIP, &per_strip);
    if (per_strip == 0)
        return damaged(decoder, "its strips are empty", error);
    for (uint64_t y = 0; y < decoder->height; y += per_strip) {
        uint64_t left = decoder->height - y;
        uint32_t lines = left < per_strip ? (uint32_t)left : per_strip;
        tmsize_t size = TIFFVStripSize(tiff->tiff, lines);
        uint32_t strip = TIFFComputeStrip(tiff->tiff, (uint32_t)y, (uint16_t)plane);
        tmsize_t got = TIFFReadEncodedStrip(tiff->tiff, strip, buffer, size);
        if (got < size || size <= 0)
            return got < 0 ? planche_tiff_explain(decoder, error) : damaged(decoder, early, error);
        const struct planche_tiff_block block = {
            .data = buffer,
            .row_bytes = (size_t)TIFFScanlineSize(tiff->tiff),
            .y = (uint32_t)y,
            .width = decoder->width,
            .height = lines,
            .plane = plane,
        };
        planche_tiff_put_block(decoder, &block, rows, stride);
    }
    return PLANCHE_OK;
}

static enum planche_status read_blocks(struct planche_decoder *decoder, uint8_t *rows,
                                       size_t stride, struct planche_error *error)
{
    struct planche_tiff *tiff = decoder->state;
    bool tiled = TIFFIsTiled(tiff->tiff);
    /* A strip may be said to be higher than the picture. */
    tmsize_t size = tiled ? TIFFTileSize(tiff->tiff) : TIFFStripSize(tiff->tiff);
    unsigned planes = tiff->planar == PLANARCONFIG_SEPARATE ? tiff->samples : 1;
    enum planche_status status = PLANCHE_OK;
    if (size <= 0)
        return planche_tiff_explain(decoder, error);
    uint8_t *buffer = planche_alloc(decoder->budget, (size_t)size);
    if (!buffer)
        return planche_fail_memory(error, decoder->budget, (uint64_t)size, decoder->name);
    for (unsigned plane = 0; plane < planes && plane < decoder->channels && !status; plane++)
        status = (tiled ? read_tiles : read_strips)(decoder, plane, buffer, rows, stride, error);
    planche_free(buffer);
    if (status == PLANCHE_OK && tiff->alpha == EXTRASAMPLE_ASSOCALPHA)
        planche_tiff_divide(decoder, rows, stride, decoder->height);
    return status;
}

/* Upside down and in words, as libtiff has it; alpha is premultiplied there. */
static enum planche_status read_by_libtiff(struct planche_decoder *decoder, uint8_t *rows,
                                           size_t stride, struct planche_error *error)
{
    struct planche_tiff *tiff = decoder->state;
    size_t bytes = (size_t)decoder->width * decoder->height * sizeof(uint32_t);
    uint32_t *words = planche_alloc(decoder->budget, bytes);
    if (!words)
        return planche_fail_memory(error, decoder->budget, bytes, decoder->name);
    /* The orientation is left to the common part. */
    TIFFSetField(tiff->tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    bool fine = TIFFReadRGBAImageOriented(tiff->tiff, decoder->width, decoder->height, words,
                                          ORIENTATION_TOPLEFT, 1);
    for (size_t y = 0; y < decoder->height && fine; y++)
        for (size_t x = 0; x < decoder->width; x++) {
            uint32_t word = words[y * decoder->width + x];
            const uint8_t rgba[4] = {TIFFGetR(word), TIFFGetG(word), TIFFGetB(word),
                                     TIFFGetA(word)};
            memcpy(rows + y * stride + x * decoder->channels, rgba, decoder->channels);
        }
    planche_free(words);
    if (fine && decoder->channels == 4)
        planche_tiff_divide(decoder, rows, stride, decoder->height);
    return fine ? PLANCHE_OK : planche_tiff_explain(decoder, error);
}

static enum planche_status tiff_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error)
{
    const struct planche_tiff *tiff = decoder->state;
    (void)count; /* all of them */
    return tiff->by_libtiff ? read_by_libtiff(decoder, rows, stride, error)
                            : read_blocks(decoder, rows, stride, error);
}

static void tiff_close(struct planche_decoder *decoder)
{
    struct planche_tiff *tiff = decoder->state;
    if (!tiff)
        return;
    if (tiff->tiff)
        TIFFClose(tiff->tiff);
    planche_cmyk_destroy(&tiff->cmyk);
    planche_free(tiff->ink);
    planche_free(tiff);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_tiff_reading = {
    .open = tiff_open, .read = tiff_read, .close = tiff_close};
