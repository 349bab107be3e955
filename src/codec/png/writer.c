/* SPDX-License-Identifier: MIT */
/* Writing PNG row by row. */

#include "base/status.h"
#include "codec/png/png.h"

/* Up to this effort, the row above is the prediction: half the time of Paeth's, for files a few per
 * cent larger. Choosing among all filters row by row makes the same files as Paeth's alone, a
 * quarter slower. */
#define LAST_UP_EFFORT 2
/* Bytes of an IDAT chunk. */
#define IDAT_BYTES ((size_t)64 << 10)

struct png_writer {
    struct planche_png base;
    struct planche_encoder *encoder;
    /* Arguments of the running step. */
    const uint8_t *rows;
    size_t stride;
    uint32_t count;
};

/* What libpng and zlib take beside rows: zlib's window and tables, IDAT, structures. */
#define FIXED_MEMORY (((uint64_t)384 << 10) + IDAT_BYTES)

uint64_t planche_png_memory(const struct planche_image_info *info,
                            const struct planche_writer_options *options)
{
    (void)options;
    /* The row, the one above it, and two that filters are tried in. */
    uint64_t row = (uint64_t)info->width * planche_image_pixel_size(info) + 64;
    return sizeof(struct png_writer) + FIXED_MEMORY + 4 * row;
}

static void emit(png_structp structure, png_bytep data, size_t size)
{
    struct png_writer *writer = png_get_io_ptr(structure);
    enum planche_status status =
        planche_encoder_emit(writer->encoder, data, size, writer->base.trap.error);
    if (status)
        planche_png_leave(&writer->base, status);
}

static void flush(png_structp structure)
{
    (void)structure;
}

static int colour_type(unsigned channels)
{
    static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    return types[channels - 1];
}

static void start_step(void *user)
{
    struct png_writer *writer = user;
    const struct planche_encoder *encoder = writer->encoder;
    png_structp png = writer->base.png;
    png_infop info = writer->base.info;
    int effort = encoder->options.effort;
    png_set_write_fn(png, writer, emit, flush);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_benign_errors(png, 1);
    png_set_compression_level(png, effort); /* zlib's levels are efforts: docs/limits.md */
    png_set_compression_buffer_size(png, IDAT_BYTES);
    png_set_filter(png, PNG_FILTER_TYPE_BASE,
                   effort <= LAST_UP_EFFORT ? PNG_FILTER_UP : PNG_FILTER_PAETH);
    png_set_IHDR(png, info, encoder->info.width, encoder->info.height, (int)encoder->info.depth,
                 colour_type(encoder->info.channels), PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    planche_png_set_metadata(&writer->base, &encoder->metadata);
    png_write_info(png, info);
    if (encoder->info.depth == 16 && !planche_png_big_endian())
        png_set_swap(png);
}

enum planche_status planche_png_start(struct planche_encoder *encoder, struct planche_error *error)
{
    struct planche_budget *budget = encoder->options.budget;
    struct png_writer *writer = planche_calloc(budget, 1, sizeof *writer);
    if (!writer)
        return planche_fail_memory(error, budget, sizeof *writer, "the PNG writer");
    encoder->state = writer;
    writer->encoder = encoder;
    writer->base.budget = budget;
    writer->base.name = "the PNG writer";
    writer->base.log = encoder->options.log;
    writer->base.writing = true;
    enum planche_status status = planche_png_create(&writer->base, error);
    return status ? status : planche_png_run(&writer->base, error, start_step, writer);
}

static void rows_step(void *user)
{
    struct png_writer *writer = user;
    for (uint32_t i = 0; i < writer->count; i++)
        png_write_row(writer->base.png, writer->rows + i * writer->stride);
}

enum planche_status planche_png_write(struct planche_encoder *encoder, const uint8_t *rows,
                                      size_t stride, uint32_t count, struct planche_error *error)
{
    struct png_writer *writer = encoder->state;
    writer->rows = rows;
    writer->stride = stride;
    writer->count = count;
    return planche_png_run(&writer->base, error, rows_step, writer);
}

static void finish_step(void *user)
{
    struct png_writer *writer = user;
    png_write_end(writer->base.png, NULL);
}

enum planche_status planche_png_finish(struct planche_encoder *encoder, struct planche_error *error)
{
    struct png_writer *writer = encoder->state;
    return planche_png_run(&writer->base, error, finish_step, writer);
}

void planche_png_abandon(struct planche_encoder *encoder)
{
    struct png_writer *writer = encoder->state;
    if (!writer)
        return;
    planche_png_destroy(&writer->base);
    planche_free(writer);
    encoder->state = NULL;
}
