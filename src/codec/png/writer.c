/* SPDX-License-Identifier: MIT */
/* Writing PNG row by row: libpng writes what comes before the pixels, and chunks. */

#include "base/status.h"
#include "codec/png/bands.h"
#include "codec/png/filter.h"
#include "codec/png/png.h"

#include <string.h>

/* Up to this effort, and of grey pages alone, the row above is the prediction: a fifth less time
 * than Paeth's, for 2 % more bytes. Of pages in colour Paeth's makes up to 9 % fewer in the same
 * time. Choosing among all filters row by row makes the same files as Paeth's alone, a quarter
 * slower. */
#define LAST_UP_EFFORT 2

struct png_writer {
    struct planche_png base;
    struct planche_encoder *encoder;
    struct planche_png_bands *bands;
    size_t row_bytes, pixel_bytes;
    bool up;
    uint8_t *memory;      /* of the following */
    uint8_t *row, *above; /* as files have them, behind zeroes */
    uint8_t *filtered;
    /* Arguments of the running step. */
    const uint8_t *rows;
    size_t stride;
    uint32_t count;
};

/* What libpng and zlib take for what comes before the pixels: a profile is compressed. */
#define FIXED_MEMORY ((uint64_t)384 << 10)

static size_t row_bytes_of(const struct planche_image_info *info)
{
    return (size_t)info->width * planche_image_pixel_size(info);
}

/* Bytes of all filtered rows. */
static uint64_t filtered_size(const struct planche_image_info *info)
{
    return ((uint64_t)row_bytes_of(info) + 1) * info->height;
}

/* Two rows with zeroes in front, and a filtered one. */
static size_t rows_memory(const struct planche_image_info *info)
{
    return 2 * (row_bytes_of(info) + PLANCHE_PNG_PAD) + 1 + row_bytes_of(info);
}

uint64_t planche_png_memory(const struct planche_image_info *info,
                            const struct planche_writer_options *options)
{
    return sizeof(struct png_writer) + FIXED_MEMORY + rows_memory(info) +
           planche_png_bands_memory(filtered_size(info), options->pool);
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
    png_set_write_fn(png, writer, emit, flush);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_benign_errors(png, 1);
    png_set_IHDR(png, info, encoder->info.width, encoder->info.height, (int)encoder->info.depth,
                 colour_type(encoder->info.channels), PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    planche_png_set_metadata(&writer->base, &encoder->metadata);
    png_write_info(png, info);
}

static enum planche_status allocate(struct png_writer *writer, struct planche_error *error)
{
    const struct planche_encoder *encoder = writer->encoder;
    const struct planche_image_info *info = &encoder->info;
    struct planche_budget *budget = encoder->options.budget;
    int effort = encoder->options.effort; /* zlib's levels are efforts: docs/limits.md */
    writer->row_bytes = row_bytes_of(info);
    writer->pixel_bytes = planche_image_pixel_size(info);
    writer->up = effort <= LAST_UP_EFFORT && info->channels < 3;
    writer->memory = planche_calloc(budget, 1, rows_memory(info));
    if (!writer->memory)
        return planche_fail_memory(error, budget, rows_memory(info), writer->base.name);
    writer->row = writer->memory + PLANCHE_PNG_PAD;
    writer->above = writer->row + writer->row_bytes + PLANCHE_PNG_PAD;
    writer->filtered = writer->above + writer->row_bytes;
    return planche_png_bands_create(&writer->bands, filtered_size(info), effort,
                                    encoder->options.pool, budget, error);
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
    enum planche_status status = allocate(writer, error);
    if (!status)
        status = planche_png_create(&writer->base, error);
    return status ? status : planche_png_run(&writer->base, error, start_step, writer);
}

/* The high byte of a sample comes first. */
static void store_row(struct png_writer *writer, const uint8_t *row)
{
    if (writer->encoder->info.depth == 8 || planche_png_big_endian()) {
        memcpy(writer->row, row, writer->row_bytes);
        return;
    }
    for (size_t i = 0; i < writer->row_bytes; i += 2) {
        writer->row[i] = row[i + 1];
        writer->row[i + 1] = row[i];
    }
}

/* Compresses the bands that are full; each is a chunk. */
static void write_bands(struct png_writer *writer)
{
    unsigned count = planche_png_bands_compress(writer->bands);
    if (!count)
        planche_png_leave(&writer->base,
                          planche_fail(writer->base.trap.error, PLANCHE_ERROR_INTERNAL,
                                       "%s: zlib fails", writer->base.name));
    for (unsigned i = 0; i < count; i++) {
        size_t size;
        const uint8_t *piece = planche_png_bands_piece(writer->bands, i, &size);
        png_write_chunk(writer->base.png, (png_const_bytep) "IDAT", piece, size);
    }
}

static void write_row(struct png_writer *writer)
{
    const uint8_t *data = writer->filtered;
    size_t size = writer->row_bytes + 1;
    if (writer->up)
        planche_png_filter_up(writer->filtered, writer->row, writer->above, writer->row_bytes);
    else
        planche_png_filter_paeth(writer->filtered, writer->row, writer->above, writer->row_bytes,
                                 writer->pixel_bytes);
    while (size > 0)
        if (planche_png_bands_add(writer->bands, &data, &size))
            write_bands(writer);
}

static void rows_step(void *user)
{
    struct png_writer *writer = user;
    for (uint32_t i = 0; i < writer->count; i++) {
        store_row(writer, writer->rows + i * writer->stride);
        write_row(writer);
        uint8_t *above = writer->above;
        writer->above = writer->row;
        writer->row = above;
    }
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
    /* png_write_end misses pixels that it has not written itself. */
    png_write_chunk(writer->base.png, (png_const_bytep) "IEND", NULL, 0);
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
    planche_png_bands_destroy(&writer->bands);
    planche_free(writer->memory);
    planche_free(writer);
    encoder->state = NULL;
}
