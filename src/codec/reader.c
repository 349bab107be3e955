/* SPDX-License-Identifier: MIT */
/* The common part of reading: recognises the format, holds pictures that cannot be streamed, turns
 * them upright. */
#include "base/checked.h"
#include "base/status.h"
#include "codec/format.h"
#include "codec/isolated.h"
#include "codec/metadata.h"
#include "codec/orientation.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_MAX_PIXELS UINT64_C(500000000)

struct planche_reader {
    const struct planche_format_ops *ops;
    const struct planche_reading_ops *reading;
    struct planche_decoder decoder;
    struct planche_image_info info; /* upright */
    struct planche_log log;
    char *name;
    unsigned orientation;
    bool opened; /* the format's open was called, its close was not */
    bool failed;
    uint32_t next;    /* row */
    uint8_t *picture; /* as stored; NULL: rows are streamed */
    bool decoded;     /* the picture is there */
};

enum planche_status planche_decoder_enter(const struct planche_decoder *decoder, uint64_t bytes,
                                          struct planche_error *error)
{
    if (planche_foreign_enter(bytes))
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_MEMORY,
                        "%s: the system has no %" PRIu64 " bytes left for decoding it",
                        decoder->name, bytes);
}

static enum planche_status recognise(struct planche_reader *reader, struct planche_error *error)
{
    uint8_t head[PLANCHE_FORMAT_HEAD_SIZE];
    size_t got;
    struct planche_stream *stream = &reader->decoder.stream;
    enum planche_status status = planche_stream_read(stream, head, sizeof head, &got, error);
    if (status)
        return status;
    if (got == 0)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the file is empty", reader->name);
    reader->ops = planche_format_detect(head, got);
    if (!reader->ops && planche_foreign_format(head, got))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: %s", reader->name,
                            planche_foreign_format(head, got));
    if (!reader->ops)
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s: is not an image that Planche reads (PNG, JPEG, WebP, AVIF, JPEG "
                            "XL, GIF, TIFF, JPEG 2000, HEIC, BMP, QOI, TGA or PSD)",
                            reader->name);
    return planche_stream_rewind(stream, error);
}

static size_t stored_stride(const struct planche_reader *reader)
{
    return reader->decoder.width * planche_image_pixel_size(&reader->info);
}

/* Room for a picture that cannot be streamed. */
static enum planche_status hold_picture(struct planche_reader *reader, struct planche_error *error)
{
    const struct planche_decoder *decoder = &reader->decoder;
    size_t size;
    if (!planche_mul_size(decoder->height, stored_stride(reader), &size))
        size = SIZE_MAX;
    reader->picture = planche_alloc(decoder->budget, size);
    if (!reader->picture)
        return planche_fail_memory(error, decoder->budget, size, reader->name);
    return PLANCHE_OK;
}

/* bare: no row is read by the common part. */
static enum planche_status complete_info(struct planche_reader *reader, bool bare,
                                         struct planche_error *error)
{
    struct planche_decoder *decoder = &reader->decoder;
    enum planche_status status = planche_metadata_complete(decoder, error);
    if (status)
        return status;
    reader->orientation = decoder->orientation;
    bool swap = planche_orientation_swaps(reader->orientation);
    reader->info = (struct planche_image_info){
        .width = swap ? decoder->height : decoder->width,
        .height = swap ? decoder->width : decoder->height,
        .channels = decoder->channels,
        .depth = decoder->depth,
        .format = reader->ops->format,
        .metadata = &decoder->metadata,
    };
    if (!bare && (decoder->whole || !planche_orientation_streams(reader->orientation)))
        return hold_picture(reader, error);
    return PLANCHE_OK;
}

static enum planche_status open_reader(struct planche_reader *reader,
                                       const struct planche_source *source,
                                       const struct planche_reader_options *options,
                                       struct planche_error *error)
{
    struct planche_decoder *decoder = &reader->decoder;
    const char *name = source->name ? source->name : source->path ? source->path : "image";
    reader->name = planche_strdup(options->budget, name);
    if (!reader->name)
        return planche_fail_memory(error, options->budget, strlen(name) + 1, name);
    if (options->log)
        reader->log = *options->log;
    decoder->name = reader->name;
    decoder->budget = options->budget;
    decoder->log = &reader->log;
    decoder->header_only = options->header_only;
    decoder->check_only = options->check_only;
    decoder->cancel = options->cancel;
    decoder->isolation = options->isolation;
    decoder->max_pixels =
        options->max_input_pixels ? options->max_input_pixels : DEFAULT_MAX_PIXELS;
    decoder->scale = options->scale;
    decoder->max_result_pixels = options->max_result_pixels;
    enum planche_status status =
        planche_stream_open(&decoder->stream, source, reader->name, options->budget, error);
    if (status == PLANCHE_OK)
        status = recognise(reader, error);
    if (!status && reader->ops->absent && !options->reading)
        status = planche_fail_absent(error, reader->name, reader->ops);
    if (status)
        return status;
    reader->opened = true;
    reader->reading = options->reading     ? options->reading
                      : options->isolation ? &planche_isolated_reading
                                           : reader->ops->reading;
    decoder->format = reader->ops->format;
    status = reader->reading->open(decoder, error);
    return status ? status
                  : complete_info(reader, options->header_only || options->check_only, error);
}

enum planche_status planche_reader_open(struct planche_reader **out,
                                        const struct planche_source *source,
                                        const struct planche_reader_options *options,
                                        struct planche_error *error)
{
    *out = NULL;
    struct planche_reader *reader = planche_calloc(options->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, options->budget, sizeof *reader, "image");
    reader->decoder.stream.fd = -1;
    enum planche_status status = open_reader(reader, source, options, error);
    if (status)
        planche_reader_destroy(&reader);
    *out = reader;
    return status;
}

const struct planche_image_info *planche_reader_info(const struct planche_reader *reader)
{
    return &reader->info;
}

const struct planche_encoding *planche_reader_encoding(const struct planche_reader *reader)
{
    return &reader->decoder.encoding;
}

/* What only decoding needs goes as soon as a picture is complete; the metadata stay. */
static void close_format(struct planche_reader *reader)
{
    if (reader->opened)
        reader->reading->close(&reader->decoder);
    reader->opened = false;
    planche_stream_close(&reader->decoder.stream);
}

static enum planche_status decode_picture(struct planche_reader *reader,
                                          struct planche_error *error)
{
    enum planche_status status = reader->reading->read(
        &reader->decoder, reader->picture, stored_stride(reader), reader->decoder.height, error);
    close_format(reader);
    reader->decoded = status == PLANCHE_OK;
    return status;
}

static enum planche_status read_picture(struct planche_reader *reader, uint8_t *rows, size_t stride,
                                        uint32_t count, struct planche_error *error)
{
    struct planche_picture picture = {
        .data = reader->picture,
        .stride = stored_stride(reader),
        .width = reader->decoder.width,
        .height = reader->decoder.height,
        .pixel_size = planche_image_pixel_size(&reader->info),
    };
    if (!reader->decoded) {
        enum planche_status status = decode_picture(reader, error);
        if (status)
            return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *row = rows + i * stride;
        if (reader->orientation == 1)
            memcpy(row, picture.data + (size_t)(reader->next + i) * picture.stride, picture.stride);
        else
            planche_orientation_row(&picture, reader->orientation, reader->next + i, row);
    }
    return PLANCHE_OK;
}

static enum planche_status stream_rows(struct planche_reader *reader, uint8_t *rows, size_t stride,
                                       uint32_t count, struct planche_error *error)
{
    enum planche_status status =
        reader->reading->read(&reader->decoder, rows, stride, count, error);
    if (status == PLANCHE_OK && reader->orientation == 2)
        for (uint32_t i = 0; i < count; i++)
            planche_orientation_mirror(rows + i * stride, reader->info.width,
                                       planche_image_pixel_size(&reader->info));
    return status;
}

static enum planche_status say_failed(const struct planche_reader *reader,
                                      struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: reading has failed before", reader->name);
}

enum planche_status planche_reader_read(struct planche_reader *reader, void *rows, size_t stride,
                                        uint32_t count, struct planche_error *error)
{
    if (reader->failed)
        return say_failed(reader, error);
    if (count > reader->info.height - reader->next)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: more rows were asked for than the image has", reader->name);
    if (count == 0)
        return PLANCHE_OK;
    enum planche_status status = reader->picture ? read_picture(reader, rows, stride, count, error)
                                                 : stream_rows(reader, rows, stride, count, error);
    reader->failed = status != PLANCHE_OK;
    if (status == PLANCHE_OK)
        reader->next += count;
    return status;
}

enum planche_status planche_reader_check(struct planche_reader *reader, struct planche_error *error)
{
    return planche_decoder_check(&reader->decoder, reader->reading, error);
}

enum planche_status planche_reader_rewind(struct planche_reader *reader,
                                          struct planche_error *error)
{
    if (reader->failed)
        return say_failed(reader, error);
    enum planche_status status = PLANCHE_OK;
    if (reader->next && !reader->picture)
        status = reader->reading->rewind(&reader->decoder, error);
    reader->failed = status != PLANCHE_OK;
    reader->next = 0;
    return status;
}

void planche_reader_destroy(struct planche_reader **reader)
{
    if (!*reader)
        return;
    close_format(*reader);
    planche_metadata_free(&(*reader)->decoder.metadata);
    planche_free((*reader)->picture);
    planche_free((*reader)->name);
    planche_free(*reader);
    *reader = NULL;
}
