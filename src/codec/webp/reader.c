/* SPDX-License-Identifier: MIT */
/* Reading WebP: the compressed file and the picture are held whole. */
#include "codec/metadata.h"
#include "codec/webp/webp.h"

#include "base/little_endian.h"
#include "base/status.h"

#include <webp/decode.h>
#include <webp/demux.h>

#define RIFF_HEADER 8

struct webp_reader {
    uint8_t *file;
    size_t size;
    uint64_t reserved; /* for what libwebp allocates itself */
};

static enum planche_status say_damaged(const struct planche_decoder *decoder, const char *why,
                                       struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the WebP image is damaged: %s",
                        decoder->name, why);
}

/* Reads as much as the container says it has; what lies behind it is none of ours. */
static enum planche_status load_file(struct planche_decoder *decoder, struct webp_reader *reader,
                                     struct planche_error *error)
{
    uint8_t head[RIFF_HEADER];
    size_t got;
    enum planche_status status =
        planche_stream_read(&decoder->stream, head, sizeof head, &got, error);
    if (status)
        return status;
    uint64_t size = (uint64_t)get32(head + 4) + RIFF_HEADER;
    if (size > decoder->stream.size)
        return say_damaged(decoder, "the file ends too early", error);
    status = planche_stream_rewind(&decoder->stream, error);
    if (status)
        return status;
    reader->size = (size_t)size;
    reader->file = planche_alloc(decoder->budget, reader->size);
    if (!reader->file)
        return planche_fail_memory(error, decoder->budget, size, decoder->name);
    status = planche_stream_read(&decoder->stream, reader->file, reader->size, &got, error);
    if (status == PLANCHE_OK && got < reader->size)
        status = say_damaged(decoder, "the file ends too early", error);
    return status;
}

/* What libwebp was measured to take beside the picture, with some room: a few rows for lossy
 * pictures, a plane and its compression for their alpha, all pixels once more for lossless ones. */
static uint64_t decoder_memory(const WebPBitstreamFeatures *features)
{
    const uint64_t fixed = (uint64_t)1 << 20, per_column = 256;
    uint64_t pixels = (uint64_t)features->width * (uint64_t)features->height;
    bool lossless = features->format == 2;
    uint64_t per_pixel = lossless ? 5 : features->has_alpha ? 7 : 0;
    return fixed + per_column * (uint64_t)features->width + per_pixel * pixels;
}

static enum planche_status read_features(struct planche_decoder *decoder,
                                         struct webp_reader *reader, struct planche_error *error)
{
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(reader->file, reader->size, &features) != VP8_STATUS_OK)
        return say_damaged(decoder, "its header makes no sense", error);
    if (features.has_animation)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: animated WebP images are not supported", decoder->name);
    decoder->width = (uint32_t)features.width;
    decoder->height = (uint32_t)features.height;
    decoder->channels = features.has_alpha ? 4 : 3;
    decoder->depth = 8;
    decoder->whole = true;
    enum planche_status status =
        planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
    if (status)
        return status;
    uint64_t bytes = decoder_memory(&features);
    if (!planche_budget_reserve(decoder->budget, bytes))
        return planche_fail_memory(error, decoder->budget, bytes, decoder->name);
    reader->reserved = bytes;
    return PLANCHE_OK;
}

static enum planche_status get_chunk(struct planche_decoder *decoder, WebPDemuxer *demuxer,
                                     const char *tag, struct planche_blob *blob,
                                     struct planche_error *error)
{
    WebPChunkIterator chunk;
    if (!WebPDemuxGetChunk(demuxer, tag, 1, &chunk))
        return PLANCHE_OK;
    bool xmp = blob == &decoder->metadata.xmp;
    enum planche_status status = (xmp ? planche_blob_set_xmp : planche_blob_set)(
        blob, chunk.chunk.bytes, chunk.chunk.size, decoder->budget, decoder->name, error);
    WebPDemuxReleaseChunkIterator(&chunk);
    return status;
}

static enum planche_status read_metadata(struct planche_decoder *decoder,
                                         const struct webp_reader *reader,
                                         struct planche_error *error)
{
    struct planche_metadata *metadata = &decoder->metadata;
    WebPData data = {reader->file, reader->size};
    WebPDemuxer *demuxer = WebPDemux(&data);
    if (!demuxer)
        return say_damaged(decoder, "its chunks do not fit together", error);
    enum planche_status status = get_chunk(decoder, demuxer, "ICCP", &metadata->icc, error);
    if (status == PLANCHE_OK)
        status = get_chunk(decoder, demuxer, "EXIF", &metadata->exif, error);
    if (status == PLANCHE_OK)
        status = get_chunk(decoder, demuxer, "XMP ", &metadata->xmp, error);
    WebPDemuxDelete(demuxer);
    return status;
}

enum planche_status planche_webp_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct webp_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    enum planche_status status = load_file(decoder, reader, error);
    if (status == PLANCHE_OK)
        status = read_features(decoder, reader, error);
    return status ? status : read_metadata(decoder, reader, error);
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

enum planche_status planche_webp_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                      uint32_t count, struct planche_error *error)
{
    const struct webp_reader *reader = decoder->state;
    WebPDecoderConfig config;
    if (stride > INT32_MAX || !WebPInitDecoderConfig(&config))
        return planche_fail(error, PLANCHE_ERROR_INTERNAL,
                            "%s: the libwebp that is installed is not the one Planche was built "
                            "for",
                            decoder->name);
    config.options.use_threads = 1;
    config.output.colorspace = decoder->channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rows;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * count;
    return status_of(decoder, WebPDecode(reader->file, reader->size, &config), error);
}

void planche_webp_close(struct planche_decoder *decoder)
{
    struct webp_reader *reader = decoder->state;
    if (!reader)
        return;
    planche_budget_release(decoder->budget, reader->reserved);
    planche_free(reader->file);
    planche_free(reader);
    decoder->state = NULL;
}
