/* SPDX-License-Identifier: MIT */
/* Reading PNG: row by row, interlaced pictures as a whole. */
#include "base/status.h"
#include "codec/png/png.h"

/* Most that one compressed chunk of metadata may expand to, and how many chunks of text are looked
 * at: a small file must not become a large process. */
#define MAX_CHUNK_BYTES ((png_alloc_size_t)16 << 20)
#define MAX_TEXT_CHUNKS 32

struct png_reader {
    struct planche_png base;
    struct planche_decoder *decoder;
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
    size_t got;
    enum planche_status status =
        planche_stream_read(&reader->decoder->stream, data, size, &got, reader->base.trap.error);
    if (status)
        planche_png_leave(&reader->base, status);
    if (got < size)
        png_error(structure, "the file ends too early");
}

/* Chunks that nothing is taken from are not even expanded. */
static void skip_chunks(png_structp png)
{
    static const png_byte names[] = "tEXt\0zTXt\0hIST\0bKGD\0sBIT\0sPLT\0tIME\0oFFs\0pCAL\0sCAL";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, sizeof names / 5);
}

static void set_limits(png_structp png)
{
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png, MAX_CHUNK_BYTES);
    png_set_chunk_cache_max(png, MAX_TEXT_CHUNKS);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    skip_chunks(png);
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

static enum planche_status open_header(struct png_reader *reader, struct planche_error *error)
{
    enum planche_status status = planche_png_create(&reader->base, error);
    if (status)
        return status;
    return planche_png_run(&reader->base, error, header_step, reader);
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
    return status ? status : planche_png_get_metadata(&reader->base, decoder, error);
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

enum planche_status planche_png_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error)
{
    struct png_reader *reader = decoder->state;
    reader->rows = rows;
    reader->stride = stride;
    reader->count = count;
    return planche_png_run(&reader->base, error, rows_step, reader);
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
    planche_free(reader);
    decoder->state = NULL;
}
