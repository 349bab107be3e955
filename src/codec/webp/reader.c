/* SPDX-License-Identifier: MIT */
/* Reading WebP: the compressed picture and its pixels are held whole. */
#include "codec/metadata.h"
#include "codec/webp/chunks.h"
#include "codec/webp/webp.h"

#include "base/status.h"

#include <string.h>
#include <webp/decode.h>

/* As much of the pixels as says what is in them. */
#define HEADER_BYTES 64

struct webp_reader {
    struct planche_webp_chunks chunks;
    uint8_t *picture;
    size_t size;
    uint32_t width, height; /* of the picture; an animation's canvas may be larger */
    uint64_t reserved;      /* for what libwebp allocates itself */
};

static enum planche_status say_damaged(const struct planche_decoder *decoder, const char *why,
                                       struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the WebP image is damaged: %s",
                        decoder->name, why);
}

/* Reads a part of the file that is there. */
static enum planche_status load(const struct planche_decoder *decoder,
                                const struct planche_webp_part *part, uint8_t **data,
                                struct planche_error *error)
{
    size_t got;
    *data = part->size <= SIZE_MAX ? planche_alloc(decoder->budget, (size_t)part->size) : NULL;
    if (!*data)
        return planche_fail_memory(error, decoder->budget, part->size, decoder->name);
    enum planche_status status =
        planche_stream_read_at(&decoder->stream, part->at, *data, (size_t)part->size, &got, error);
    if (status == PLANCHE_OK && got < part->size)
        status = planche_fail(error, PLANCHE_ERROR_IO, "%s: the file changed while it was read",
                              decoder->name);
    return status;
}

/* Where the picture lies on its canvas. */
static enum planche_status place_picture(struct planche_decoder *decoder,
                                         struct webp_reader *reader,
                                         const WebPBitstreamFeatures *features,
                                         struct planche_error *error)
{
    const struct planche_webp_chunks *chunks = &reader->chunks;
    reader->width = (uint32_t)features->width;
    reader->height = (uint32_t)features->height;
    decoder->width = chunks->canvas ? chunks->width : reader->width;
    decoder->height = chunks->canvas ? chunks->height : reader->height;
    bool fills = decoder->width == reader->width && decoder->height == reader->height &&
                 chunks->x == 0 && chunks->y == 0;
    bool fits = chunks->frames && reader->width <= decoder->width &&
                chunks->x <= decoder->width - reader->width && reader->height <= decoder->height &&
                chunks->y <= decoder->height - reader->height;
    if (!fits && !fills)
        return say_damaged(decoder, "the picture does not fit its canvas", error);
    /* Viewers show nothing where an animation's frame is not; its colour is a mere hint. */
    decoder->channels = features->has_alpha || !fills ? 4 : 3;
    return PLANCHE_OK;
}

/* And reserves what decoding it takes. */
static enum planche_status load_picture(const struct planche_decoder *decoder,
                                        struct webp_reader *reader, struct planche_error *error)
{
    uint64_t bytes = 0;
    reader->size = (size_t)reader->chunks.picture.size;
    enum planche_status status = load(decoder, &reader->chunks.picture, &reader->picture, error);
    if (status)
        return status;
    if (!planche_webp_decoder_memory(reader->picture, reader->size, reader->width, reader->height,
                                     decoder->budget, &bytes) ||
        !planche_budget_reserve(decoder->budget, bytes))
        return planche_fail_memory(error, decoder->budget, bytes, decoder->name);
    reader->reserved = bytes;
    return PLANCHE_OK;
}

static enum planche_status read_features(struct planche_decoder *decoder,
                                         struct webp_reader *reader, struct planche_error *error)
{
    const struct planche_webp_chunks *chunks = &reader->chunks;
    uint64_t left = chunks->picture.at + chunks->picture.size - chunks->pixels;
    WebPBitstreamFeatures features;
    uint8_t head[HEADER_BYTES];
    size_t size = left < sizeof head ? (size_t)left : sizeof head, got;
    enum planche_status status =
        planche_stream_read_at(&decoder->stream, chunks->pixels, head, size, &got, error);
    if (status)
        return status;
    if (WebPGetFeatures(head, got, &features) != VP8_STATUS_OK)
        return say_damaged(decoder, "its header makes no sense", error);
    features.has_alpha |= chunks->alpha;
    decoder->encoding = planche_webp_get_encoding(head, got);
    decoder->depth = 8;
    decoder->whole = true;
    status = place_picture(decoder, reader, &features, error);
    if (status == PLANCHE_OK)
        status = planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
    return status || decoder->header_only ? status : load_picture(decoder, reader, error);
}

static enum planche_status get_part(struct planche_decoder *decoder,
                                    const struct planche_webp_part *part, struct planche_blob *blob,
                                    struct planche_error *error)
{
    uint8_t *data;
    if (part->size == 0)
        return PLANCHE_OK;
    if (part->size > PLANCHE_MAX_METADATA)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: the image has more than 16 MiB of metadata", decoder->name);
    enum planche_status status = load(decoder, part, &data, error);
    if (status == PLANCHE_OK)
        status =
            planche_blob_set(blob, data, (size_t)part->size, decoder->budget, decoder->name, error);
    planche_free(data);
    return status;
}

static enum planche_status read_metadata(struct planche_decoder *decoder,
                                         const struct webp_reader *reader,
                                         struct planche_error *error)
{
    const struct planche_webp_chunks *chunks = &reader->chunks;
    struct planche_metadata *metadata = &decoder->metadata;
    enum planche_status status = get_part(decoder, &chunks->icc, &metadata->icc, error);
    if (status == PLANCHE_OK)
        status = get_part(decoder, &chunks->exif, &metadata->exif, error);
    if (status == PLANCHE_OK)
        status = get_part(decoder, &chunks->xmp, &metadata->xmp, error);
    return status;
}

enum planche_status planche_webp_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct webp_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    enum planche_status status = planche_webp_chunks_find(&reader->chunks, &decoder->stream, error);
    if (status == PLANCHE_OK && reader->chunks.frames > 1)
        status = planche_fail_animation(error, decoder->name, reader->chunks.frames);
    if (status == PLANCHE_OK && reader->chunks.cut)
        status = say_damaged(decoder, "the file ends too early", error);
    if (status == PLANCHE_OK)
        status = read_features(decoder, reader, error);
    if (status == PLANCHE_OK)
        status = read_metadata(decoder, reader, error);
    if (status == PLANCHE_OK && reader->chunks.oddity)
        planche_log_write(decoder->log, PLANCHE_LOG_WARNING,
                          "%s: the WebP file %s; its picture is complete", decoder->name,
                          reader->chunks.oddity);
    return status;
}

static enum planche_status status_of(const struct planche_decoder *decoder, VP8StatusCode code,
                                     struct planche_error *error)
{
    switch (code) {
    case VP8_STATUS_OK:
        return PLANCHE_OK;
    case VP8_STATUS_OUT_OF_MEMORY:
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: the system has no memory left",
                            decoder->name);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: this kind of WebP image is not supported", decoder->name);
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return say_damaged(decoder, "the file ends too early", error);
    default:
        return say_damaged(decoder, "its pixels cannot be decoded", error);
    }
}

static enum planche_status fail_library(const struct planche_decoder *decoder,
                                        struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_INTERNAL,
                        "%s: the libwebp that is installed is not the one Planche was built for",
                        decoder->name);
}

/* A second thread has a stack and a heap of its own: address space that may be missing then for
 * what libwebp bears no lack of. */
#define THREAD_BYTES ((uint64_t)160 << 20)

/* Asks the system for what libwebp takes, with a second thread if there is room for one. */
static enum planche_status enter(const struct planche_decoder *decoder, uint64_t *bytes,
                                 WebPDecoderConfig *config, struct planche_error *error)
{
    const struct webp_reader *reader = decoder->state;
    *bytes = reader->reserved + THREAD_BYTES;
    config->options.use_threads = planche_foreign_enter(*bytes);
    if (config->options.use_threads)
        return PLANCHE_OK;
    *bytes = reader->reserved;
    return planche_decoder_enter(decoder, *bytes, error);
}

static void set_output(const struct planche_decoder *decoder, WebPDecoderConfig *config,
                       uint8_t *rows, size_t stride)
{
    const struct webp_reader *reader = decoder->state;
    size_t pixel = decoder->channels;
    config->output.colorspace = decoder->channels == 4 ? MODE_RGBA : MODE_RGB;
    config->output.is_external_memory = 1;
    config->output.u.RGBA.rgba = rows + reader->chunks.y * stride + reader->chunks.x * pixel;
    config->output.u.RGBA.stride = (int)stride;
    config->output.u.RGBA.size = stride * (reader->height - 1) + reader->width * pixel;
}

enum planche_status planche_webp_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                      uint32_t count, struct planche_error *error)
{
    const struct webp_reader *reader = decoder->state;
    WebPDecoderConfig config;
    uint64_t bytes;
    if (stride > INT32_MAX || !WebPInitDecoderConfig(&config))
        return fail_library(decoder, error);
    if (reader->width < decoder->width || reader->height < decoder->height)
        memset(rows, 0, stride * count);
    set_output(decoder, &config, rows, stride);
    enum planche_status status = enter(decoder, &bytes, &config, error);
    if (status)
        return status;
    VP8StatusCode code = WebPDecode(reader->picture, reader->size, &config);
    if (code == VP8_STATUS_OUT_OF_MEMORY && config.options.use_threads) {
        /* So it says also where the second thread does not start. */
        config.options.use_threads = 0;
        code = WebPDecode(reader->picture, reader->size, &config);
    }
    planche_foreign_leave(bytes);
    return status_of(decoder, code, error);
}

/* All rows are decoded for the last one. What follows decoding cannot fail: the filter of edges is
 * left out, and one row alone becomes RGB. */
static enum planche_status check(struct planche_decoder *decoder, struct planche_error *error)
{
    const struct webp_reader *reader = decoder->state;
    size_t bytes = (size_t)reader->width * 4;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return fail_library(decoder, error);
    uint8_t *row = planche_alloc(decoder->budget, bytes);
    if (!row)
        return planche_fail_memory(error, decoder->budget, bytes, decoder->name);
    config.options.bypass_filtering = 1;
    config.options.use_cropping = 1;
    config.options.crop_top = (int)reader->height - 1;
    config.options.crop_width = (int)reader->width;
    config.options.crop_height = 1;
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = row;
    config.output.u.RGBA.stride = (int)bytes;
    config.output.u.RGBA.size = bytes;
    enum planche_status status = planche_decoder_enter(decoder, reader->reserved, error);
    if (status == PLANCHE_OK) {
        VP8StatusCode code = WebPDecode(reader->picture, reader->size, &config);
        planche_foreign_leave(reader->reserved);
        status = status_of(decoder, code, error);
    }
    planche_free(row);
    return status;
}

void planche_webp_close(struct planche_decoder *decoder)
{
    struct webp_reader *reader = decoder->state;
    if (!reader)
        return;
    planche_budget_release(decoder->budget, reader->reserved);
    planche_free(reader->picture);
    planche_free(reader);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_webp_reading = {
    .open = planche_webp_open,
    .read = planche_webp_read,
    .check = check,
    .close = planche_webp_close,
};
