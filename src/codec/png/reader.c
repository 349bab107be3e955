/* SPDX-License-Identifier: MIT */
/* Reading PNG: row by row, interlaced pictures as a whole. */
#include "base/status.h"
#include "codec/png/chunks.h"
#include "codec/png/png.h"

struct png_reader {
    struct planche_png base;
    struct planche_decoder *decoder;
    struct planche_png_chunks chunks;
    bool narrow;   /* samples of video's range */
    bool told_end; /* that the end is missing */
    int passes;
    uint32_t next; /* row */
    /* Arguments of the running step. */
    uint8_t *rows;
    size_t stride;
    uint32_t count;
};

static void fetch(png_structp structure, png_bytep data, size_t size)
{
    struct png_reader *reader = png_get_io_ptr(structure);
    enum planche_status status =
        planche_png_chunks_read(&reader->chunks, data, size, reader->base.trap.error);
    if (status)
        planche_png_leave(&reader->base, status);
}

static void set_limits(png_structp png)
{
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png, PLANCHE_PNG_MAX_CHUNK);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
}

/* Grey, grey with alpha, RGB or RGBA; palettes and transparent colours are expanded. */
static void set_transformations(struct png_reader *reader)
{
    png_structp png = reader->base.png;
    png_set_expand(png);
    if (png_get_bit_depth(png, reader->base.info) == 16 && !planche_png_big_endian())
        png_set_swap(png);
    reader->passes = png_set_interlace_handling(png);
}

static void header_step(void *user)
{
    struct png_reader *reader = user;
    struct planche_decoder *decoder = reader->decoder;
    png_structp png = reader->base.png;
    png_infop info = reader->base.info;
    png_set_read_fn(png, reader, fetch);
    set_limits(png);
    png_read_info(png, info);
    decoder->width = png_get_image_width(png, info);
    decoder->height = png_get_image_height(png, info);
    enum planche_status status = planche_decoder_check_size(
        decoder, decoder->width, decoder->height, reader->base.trap.error);
    if (status)
        planche_png_leave(&reader->base, status);
    set_transformations(reader);
    png_read_update_info(png, info);
    decoder->channels = png_get_channels(png, info);
    decoder->depth = png_get_bit_depth(png, info);
    decoder->whole = reader->passes > 1;
    reader->next = 0;
}

/* Pictures that are no page. */
static enum planche_status check_animation(const struct png_reader *reader,
                                           struct planche_error *error)
{
    const struct planche_png_chunks *chunks = &reader->chunks;
    if (chunks->frames > 1)
        return planche_fail_animation(error, reader->base.name, chunks->frames);
    if (chunks->still_apart)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: is an animation of one frame beside another picture, which is not "
                            "supported",
                            reader->base.name);
    return PLANCHE_OK;
}

static enum planche_status open_header(struct png_reader *reader, struct planche_error *error)
{
    const struct planche_png *base = &reader->base;
    reader->chunks = (struct planche_png_chunks){.stream = &reader->decoder->stream,
                                                 .budget = base->budget,
                                                 .log = base->log,
                                                 .name = base->name};
    enum planche_status status = planche_png_create(&reader->base, error);
    if (status == PLANCHE_OK)
        status = planche_png_run(&reader->base, error, header_step, reader);
    return status ? status : check_animation(reader, error);
}

/* The numbers that stand for colours; NULL: there are none that are sound. */
static const uint8_t *get_cicp(struct png_reader *reader)
{
    const struct planche_png_chunks *chunks = &reader->chunks;
    bool sound = chunks->cicp[2] == 0 && chunks->cicp[3] <= 1;
    if (chunks->has_cicp && !sound)
        planche_log_write(reader->base.log, PLANCHE_LOG_WARNING,
                          "%s: the PNG chunk \"cICP\" makes no sense; it is left out",
                          reader->base.name);
    reader->narrow = chunks->has_cicp && sound && chunks->cicp[3] == 0;
    return chunks->has_cicp && sound ? chunks->cicp : NULL;
}

enum planche_status planche_png_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct png_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    reader->decoder = decoder;
    reader->base.budget = decoder->budget;
    reader->base.log = decoder->log;
    reader->base.name = decoder->name;
    enum planche_status status = open_header(reader, error);
    if (status == PLANCHE_OK)
        status = planche_png_get_metadata(&reader->base, decoder, get_cicp(reader), error);
    return status;
}

/* Video's range of samples, 16 to 235 of 8 bits, becomes the full one; alpha has it. */
static uint32_t widen_sample(uint32_t sample, uint32_t max)
{
    uint32_t unit = (max + 1) / 256, low = 16 * unit, range = 219 * unit;
    if (sample <= low)
        return 0;
    uint64_t wide = ((uint64_t)(sample - low) * max + range / 2) / range;
    return wide < max ? (uint32_t)wide : max;
}

static void widen(const struct planche_decoder *decoder, uint8_t *row)
{
    unsigned channels = decoder->channels, colours = channels < 3 ? 1 : 3;
    uint16_t *deep = (void *)row;
    for (size_t i = 0; i < (size_t)decoder->width * channels; i++) {
        if (i % channels >= colours)
            continue;
        if (decoder->depth == 16)
            deep[i] = (uint16_t)widen_sample(deep[i], UINT16_MAX);
        else
            row[i] = (uint8_t)widen_sample(row[i], UINT8_MAX);
    }
}

static void rows_step(void *user)
{
    struct png_reader *reader = user;
    uint32_t height = reader->decoder->height;
    /* Passes fill in the pixels that earlier ones left: all rows are there in each of them. */
    for (int pass = 0; pass < reader->passes; pass++)
        for (uint32_t i = 0; i < reader->count; i++)
            png_read_row(reader->base.png, reader->rows + i * reader->stride, NULL);
    reader->next += reader->count;
    if (reader->next == height)
        png_read_end(reader->base.png, NULL);
}

/* Whether all pixels have come, whatever libpng found behind them. */
static bool is_complete(const struct png_reader *reader)
{
    if (reader->passes > 1)
        return png_get_current_pass_number(reader->base.png) >= PNG_INTERLACE_ADAM7_PASSES;
    return png_get_current_row_number(reader->base.png) >= reader->decoder->height;
}

static enum planche_status say_rows_missing(const struct png_reader *reader,
                                            struct planche_error *error)
{
    png_structp png = reader->base.png;
    if (reader->passes > 1)
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s: the PNG image is damaged: the file ends too early: %u of 7 passes "
                            "of the interlaced image are complete",
                            reader->base.name, png_get_current_pass_number(png));
    return planche_fail(error, PLANCHE_ERROR_DATA,
                        "%s: the PNG image is damaged: the file ends too early: %u of %u rows are "
                        "there",
                        reader->base.name, png_get_current_row_number(png),
                        reader->decoder->height);
}

/* What becomes of a file that ends early: if all of its rows are there, they are the page. */
static enum planche_status judge_end(struct png_reader *reader, enum planche_status status,
                                     struct planche_error *error)
{
    if (!reader->chunks.ended_early || (status && status != PLANCHE_ERROR_DATA))
        return status;
    if (!is_complete(reader))
        return status ? say_rows_missing(reader, error) : status;
    if (!reader->told_end)
        planche_log_write(reader->decoder->log, PLANCHE_LOG_WARNING,
                          "%s: the PNG file ends too early; all of its rows are there",
                          reader->base.name);
    reader->told_end = true;
    return PLANCHE_OK;
}

enum planche_status planche_png_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error)
{
    struct png_reader *reader = decoder->state;
    reader->rows = rows;
    reader->stride = stride;
    reader->count = count;
    enum planche_status status = planche_png_run(&reader->base, error, rows_step, reader);
    status = judge_end(reader, status, error);
    for (uint32_t i = 0; i < count && status == PLANCHE_OK && reader->narrow; i++)
        widen(decoder, rows + i * stride);
    return status;
}

enum planche_status planche_png_rewind(struct planche_decoder *decoder, struct planche_error *error)
{
    struct png_reader *reader = decoder->state;
    uint32_t width = decoder->width, height = decoder->height;
    unsigned channels = decoder->channels, depth = decoder->depth;
    enum planche_status status = planche_stream_rewind(&decoder->stream, error);
    if (status)
        return status;
    planche_png_destroy(&reader->base);
    planche_png_chunks_free(&reader->chunks);
    /* Its warnings were given the first time. */
    reader->base.log = NULL;
    status = open_header(reader, error);
    if (status)
        return status;
    if (decoder->width != width || decoder->height != height || decoder->channels != channels ||
        decoder->depth != depth || decoder->whole)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: the file changed while it was read",
                            decoder->name);
    return PLANCHE_OK;
}

void planche_png_close(struct planche_decoder *decoder)
{
    struct png_reader *reader = decoder->state;
    if (!reader)
        return;
    planche_png_destroy(&reader->base);
    planche_png_chunks_free(&reader->chunks);
    planche_free(reader);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_png_reading = {
    .open = planche_png_open,
    .read = planche_png_read,
    .rewind = planche_png_rewind,
    .close = planche_png_close,
};
