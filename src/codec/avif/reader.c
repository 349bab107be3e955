/* SPDX-License-Identifier: MIT */
/* Reading AVIF: the compressed picture and its pixels are held whole. */
#include "base/status.h"
#include "codec/avif/avif.h"
#include "codec/metadata.h"

#include <string.h>

struct avif_reader {
    avifDecoder *avif;
    avifIO io;
    struct planche_decoder *decoder;
    uint8_t *piece;            /* of the file, which libavif has asked for last */
    struct planche_error lack; /* why it could not have one; PLANCHE_OK: it could */
    uint8_t *rows;             /* of a grey picture, as colours */
    uint64_t reserved;         /* for what libavif and its decoder allocate themselves */
    uint64_t entered;          /* of that: asked of the system as well */
    bool decoding;             /* pieces are AV1 streams, of which the first frame is counted */
};

static enum planche_status say_damaged(const struct planche_decoder *decoder, const char *why,
                                       struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the AVIF image is damaged: %s",
                        decoder->name, why);
}

static enum planche_status status_of(const struct planche_decoder *decoder, avifResult result,
                                     struct planche_error *error)
{
    const struct avif_reader *reader = decoder->state;
    if (result != AVIF_RESULT_OK && reader->lack.status)
        return planche_fail(error, reader->lack.status, "%s", reader->lack.message);
    switch (result) {
    case AVIF_RESULT_OK:
        return PLANCHE_OK;
    case AVIF_RESULT_OUT_OF_MEMORY:
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: the system has no memory left",
                            decoder->name);
    case AVIF_RESULT_NOT_IMPLEMENTED:
    case AVIF_RESULT_UNSUPPORTED_DEPTH:
    case AVIF_RESULT_NO_CODEC_AVAILABLE:
    case AVIF_RESULT_REFORMAT_FAILED:
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: this kind of AVIF image is not supported", decoder->name);
    case AVIF_RESULT_TRUNCATED_DATA:
    case AVIF_RESULT_WAITING_ON_IO:
        return say_damaged(decoder, "the file ends too early", error);
    default:
        break;
    }
    /* A size beyond its limit is no result of its own. */
    if (strstr(reader->avif->diag.error, "too large"))
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: the AVIF image has more pixels than libavif reads", decoder->name);
    return say_damaged(decoder, planche_libavif.ResultToString(result), error);
}

static enum planche_status reserve(struct planche_decoder *decoder, uint64_t bytes,
                                   struct planche_error *error)
{
    struct avif_reader *reader = decoder->state;
    if (!planche_budget_reserve(decoder->budget, bytes))
        return planche_fail_memory(error, decoder->budget, bytes, decoder->name);
    reader->reserved += bytes;
    return PLANCHE_OK;
}

/* Asks the system for what was reserved; libavif 0.11 ends the process where it is refused. What
 * libavif has taken of it meanwhile is asked for once more. */
static enum planche_status enter(const struct planche_decoder *decoder, struct planche_error *error)
{
    struct avif_reader *reader = decoder->state;
    planche_foreign_leave(reader->entered);
    reader->entered = 0;
    enum planche_status status = planche_decoder_enter(decoder, reader->reserved, error);
    if (status == PLANCHE_OK)
        reader->entered = reader->reserved;
    return status;
}

static void leave(struct planche_decoder *decoder)
{
    struct avif_reader *reader = decoder->state;
    planche_foreign_leave(reader->entered);
    reader->entered = 0;
}

/* Libavif copies what it keeps, some of it twice. */
#define COPIES 2

static uint64_t plane_bytes(const struct planche_decoder *decoder)
{
    uint64_t pixels = planche_avif_padded_pixels(decoder->width, decoder->height);
    return pixels * decoder->channels * (decoder->depth / 8);
}

/* A stream may have frames that are kept for later ones and never shown. */
static enum planche_status reserve_frames(struct planche_decoder *decoder, const avifROData *stream,
                                          struct planche_error *error)
{
    unsigned frames = planche_avif_count_frames(stream->data, stream->size);
    if (frames < 2)
        return PLANCHE_OK;
    return reserve(decoder, (frames - 1) * plane_bytes(decoder), error);
}

/* Gives libavif a piece of the file, which stays until it asks for the next. A piece of an absurd
 * size is as long as what is left of the file. */
static avifResult read_piece(avifIO *io, uint32_t flags, uint64_t offset, size_t size,
                             avifROData *out)
{
    struct avif_reader *reader = io->data;
    struct planche_decoder *decoder = reader->decoder;
    const struct planche_stream *stream = &decoder->stream;
    (void)flags; /* none is defined */
    if (offset > stream->size)
        return AVIF_RESULT_IO_ERROR;
    if (size > stream->size - offset)
        size = (size_t)(stream->size - offset);
    planche_free(reader->piece);
    reader->piece = NULL;
    *out = (avifROData){NULL, 0};
    if (size == 0)
        return AVIF_RESULT_OK;
    reader->piece = planche_alloc(decoder->budget, size);
    if (!reader->piece || !planche_budget_reserve(decoder->budget, COPIES * (uint64_t)size)) {
        planche_fail_memory(&reader->lack, decoder->budget, (COPIES + 1) * (uint64_t)size,
                            decoder->name);
        return AVIF_RESULT_OUT_OF_MEMORY;
    }
    reader->reserved += COPIES * (uint64_t)size;
    if (enter(decoder, &reader->lack))
        return AVIF_RESULT_OUT_OF_MEMORY;
    if (planche_stream_read_at(stream, offset, reader->piece, size, &out->size, &reader->lack))
        return AVIF_RESULT_IO_ERROR;
    out->data = reader->piece;
    if (reader->decoding &&
        (reserve_frames(reader->decoder, out, &reader->lack) || enter(decoder, &reader->lack)))
        return AVIF_RESULT_OUT_OF_MEMORY;
    return AVIF_RESULT_OK;
}

static enum planche_status parse(struct planche_decoder *decoder, struct planche_error *error)
{
    const uint64_t fixed = (uint64_t)256 << 10;
    uint64_t listed;
    struct avif_reader *reader = decoder->state;
    enum planche_status status = planche_avif_look_at_boxes(decoder, &listed, error);
    if (status == PLANCHE_OK)
        status = reserve(decoder, fixed + listed, error);
    if (status == PLANCHE_OK)
        status = enter(decoder, error);
    if (status)
        return status;
    reader->avif = planche_libavif.DecoderCreate();
    if (!reader->avif)
        return status_of(decoder, AVIF_RESULT_OUT_OF_MEMORY, error);
    reader->avif->maxThreads = 1;
    reader->avif->imageDimensionLimit = 0;
    reader->avif->imageCountLimit = PLANCHE_AVIF_MAX_FRAMES;
    /* Files of older writers lack what the standard wants but nobody needs. */
    reader->avif->strictFlags = AVIF_STRICT_CLAP_VALID;
    reader->io = (avifIO){.read = read_piece, .sizeHint = decoder->stream.size, .data = reader};
    planche_libavif.DecoderSetIO(reader->avif, &reader->io);
    return status_of(decoder, planche_libavif.DecoderParse(reader->avif), error);
}

static enum planche_status check_kind(const struct planche_decoder *decoder,
                                      struct planche_error *error)
{
    const struct avif_reader *reader = decoder->state;
    const avifImage *image = reader->avif->image;
    if (reader->avif->imageCount > 1)
        return planche_fail_animation(error, decoder->name, (uint64_t)reader->avif->imageCount);
    const char *what = image->transformFlags & AVIF_TRANSFORM_CLAP  ? "cropped"
                       : image->yuvFormat == AVIF_PIXEL_FORMAT_NONE ? "colourless"
                                                                    : NULL;
    if (!what)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: %s AVIF images are not supported",
                        decoder->name, what);
}

/* What dav1d and libavif were measured to take for a picture is its planes once and a half, once
 * more where film grain is added, and a grid of tiles is put together beside them. */
static uint64_t picture_memory(const struct planche_decoder *decoder)
{
    const uint64_t fixed = (uint64_t)2 << 20;
    return fixed + 3 * plane_bytes(decoder) +
           2 * planche_avif_padded_pixels(decoder->width, decoder->height);
}

/* A stream of a larger picture than the file announces is damage: the decoder must not begin it. */
static enum planche_status set_limit(struct planche_decoder *decoder, struct planche_error *error)
{
    struct avif_reader *reader = decoder->state;
    reader->avif->imageSizeLimit = decoder->width * decoder->height;
    return status_of(decoder, planche_libavif.DecoderReset(reader->avif), error);
}

/* Libavif makes colours of grey: so many rows at a time, since it takes views of grey pictures only
 * from even rows on. */
#define GREY_ROWS 2

static size_t grey_row_bytes(const struct planche_decoder *decoder)
{
    return (size_t)decoder->width * 4 * (decoder->depth / 8);
}

static enum planche_status prepare_picture(struct planche_decoder *decoder,
                                           struct planche_error *error)
{
    struct avif_reader *reader = decoder->state;
    const avifImage *image = reader->avif->image;
    bool grey = image->yuvFormat == AVIF_PIXEL_FORMAT_YUV400;
    decoder->width = image->width;
    decoder->height = image->height;
    decoder->channels = (grey ? 1 : 3) + (reader->avif->alphaPresent ? 1 : 0);
    decoder->depth = image->depth > 8 ? 16 : 8;
    decoder->orientation = planche_avif_orientation(image);
    decoder->whole = true;
    enum planche_status status =
        planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
    if (status == PLANCHE_OK && !decoder->header_only)
        status = reserve(decoder, picture_memory(decoder), error);
    if (status || !grey || decoder->header_only)
        return status;
    size_t bytes = GREY_ROWS * grey_row_bytes(decoder);
    reader->rows = planche_alloc(decoder->budget, bytes);
    return reader->rows ? PLANCHE_OK
                        : planche_fail_memory(error, decoder->budget, bytes, decoder->name);
}

static enum planche_status read_metadata(struct planche_decoder *decoder,
                                         struct planche_error *error)
{
    const struct avif_reader *reader = decoder->state;
    const avifImage *image = reader->avif->image;
    struct planche_metadata *metadata = &decoder->metadata;
    enum planche_status status = planche_avif_get_colours(decoder, image, error);
    if (status == PLANCHE_OK)
        status = planche_blob_set(&metadata->exif, image->exif.data, image->exif.size,
                                  decoder->budget, decoder->name, error);
    if (status == PLANCHE_OK)
        status = planche_blob_set_xmp(&metadata->xmp, image->xmp.data, image->xmp.size,
                                      decoder->budget, decoder->name, error);
    return status;
}

enum planche_status planche_avif_open(struct planche_decoder *decoder, struct planche_error *error)
{
    enum planche_status status = planche_avif_load(decoder->name, error);
    if (status)
        return status;
    struct avif_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    reader->decoder = decoder;
    status = parse(decoder, error);
    if (status == PLANCHE_OK)
        status = check_kind(decoder, error);
    if (status == PLANCHE_OK)
        status = prepare_picture(decoder, error);
    if (status == PLANCHE_OK)
        status = read_metadata(decoder, error);
    if (status == PLANCHE_OK && !decoder->header_only)
        status = set_limit(decoder, error);
    leave(decoder);
    return status;
}

static avifResult convert(const struct planche_decoder *decoder, const avifImage *image,
                          bool with_alpha, uint8_t *pixels, size_t stride)
{
    avifRGBImage rgb;
    planche_libavif.RGBImageSetDefaults(&rgb, image);
    rgb.depth = decoder->depth;
    rgb.format = with_alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    /* libyuv is a little quicker and less exact. */
    rgb.avoidLibYUV = AVIF_TRUE;
    rgb.chromaUpsampling = AVIF_CHROMA_UPSAMPLING_BEST_QUALITY;
    rgb.pixels = pixels;
    rgb.rowBytes = (uint32_t)stride;
    return planche_libavif.ImageYUVToRGB(image, &rgb);
}

/* Grey, and alpha if there is any, out of RGBA. */
static void keep_grey(const struct planche_decoder *decoder, uint8_t *out, const uint8_t *rgba)
{
    size_t sample = decoder->depth / 8;
    for (uint32_t x = 0; x < decoder->width; x++, rgba += 4 * sample) {
        memcpy(out, rgba, sample);
        out += sample;
        if (decoder->channels == 1)
            continue;
        memcpy(out, rgba + 3 * sample, sample);
        out += sample;
    }
}

static avifResult convert_grey(const struct planche_decoder *decoder, const avifImage *image,
                               uint8_t *rows, size_t stride)
{
    const struct avif_reader *reader = decoder->state;
    size_t row_bytes = grey_row_bytes(decoder);
    avifImage *view = planche_libavif.ImageCreateEmpty();
    avifResult result = view ? AVIF_RESULT_OK : AVIF_RESULT_OUT_OF_MEMORY;
    for (uint32_t y = 0; y < decoder->height && result == AVIF_RESULT_OK; y += GREY_ROWS) {
        uint32_t left = decoder->height - y, count = left < GREY_ROWS ? left : GREY_ROWS;
        avifCropRect rect = {0, y, decoder->width, count};
        result = planche_libavif.ImageSetViewRect(view, image, &rect);
        if (result == AVIF_RESULT_OK)
            result = convert(decoder, view, true, reader->rows, row_bytes);
        for (uint32_t i = 0; i < count && result == AVIF_RESULT_OK; i++)
            keep_grey(decoder, rows + (y + i) * stride, reader->rows + i * row_bytes);
    }
    if (view)
        planche_libavif.ImageDestroy(view);
    return result;
}

/* The stream within the file has the last word about these. */
static bool as_announced(const struct planche_decoder *decoder, const avifImage *image)
{
    bool grey = image->yuvFormat == AVIF_PIXEL_FORMAT_YUV400;
    return image->width == decoder->width && image->height == decoder->height &&
           grey == (decoder->channels < 3) && (image->depth > 8 ? 16u : 8u) == decoder->depth &&
           (image->alphaPlane != NULL) == (decoder->channels % 2 == 0);
}

static enum planche_status decode(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                  struct planche_error *error)
{
    struct avif_reader *reader = decoder->state;
    const avifImage *image = reader->avif->image;
    reader->decoding = true;
    enum planche_status status =
        status_of(decoder, planche_libavif.DecoderNextImage(reader->avif), error);
    if (status)
        return status;
    if (!as_announced(decoder, image))
        return say_damaged(decoder, "its pixels are not what the file announces", error);
    avifResult result = decoder->channels < 3
                            ? convert_grey(decoder, image, rows, stride)
                            : convert(decoder, image, decoder->channels == 4, rows, stride);
    return status_of(decoder, result, error);
}

enum planche_status planche_avif_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                      uint32_t count, struct planche_error *error)
{
    (void)count; /* all of them */
    if (stride > UINT32_MAX)
        return planche_fail(error, PLANCHE_ERROR_LIMIT, "%s: the rows are too long for libavif",
                            decoder->name);
    enum planche_status status = enter(decoder, error);
    if (status == PLANCHE_OK)
        status = decode(decoder, rows, stride, error);
    leave(decoder);
    return status;
}

void planche_avif_close(struct planche_decoder *decoder)
{
    struct avif_reader *reader = decoder->state;
    if (!reader)
        return;
    if (reader->avif)
        planche_libavif.DecoderDestroy(reader->avif);
    planche_budget_release(decoder->budget, reader->reserved);
    planche_free(reader->rows);
    planche_free(reader->piece);
    planche_free(reader);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_avif_reading = {
    .open = planche_avif_open,
    .read = planche_avif_read,
    .close = planche_avif_close,
};
