/* SPDX-License-Identifier: MIT */
/* Writing JPEG row by row: baseline, with the standard's Huffman tables. Better tables and
 * progressive scans, for more effort, need the coefficients of the whole picture in memory. */
#include "base/status.h"
#include "codec/jpeg/bands.h"
#include "codec/jpeg/jpeg.h"

#define BUFFER_BYTES ((size_t)64 << 10)
struct jpeg_writer {
    struct planche_jpeg base;
    struct jpeg_compress_struct cinfo;
    struct jpeg_destination_mgr destination;
    struct planche_encoder *encoder;
    struct planche_jpeg_bands *bands; /* NULL: libjpeg encodes the rows as they come */
    uint8_t *buffer;
    bool created;
    /* Arguments of the running step. */
    const uint8_t *rows;
    size_t stride;
    uint32_t count;
};

uint64_t planche_jpeg_memory_needed(const struct planche_image_info *info,
                                    const struct planche_writer_options *options)
{
    const uint64_t fixed = 64 << 10, coefficient = sizeof(JCOEF);
    uint64_t needed = sizeof(struct jpeg_writer) + BUFFER_BYTES + fixed +
                      planche_jpeg_lines_memory(info) + planche_jpeg_bands_memory(info, options);
    if (options->effort >= PLANCHE_JPEG_OPTIMISED_EFFORT)
        needed += ((uint64_t)info->width + 32) * ((uint64_t)info->height + 32) * info->channels *
                      coefficient +
                  info->height * info->channels * sizeof(void *);
    return needed;
}

static void send(struct jpeg_writer *writer, size_t size)
{
    enum planche_status status =
        planche_encoder_emit(writer->encoder, writer->buffer, size, writer->base.trap.error);
    if (status)
        planche_jpeg_leave((j_common_ptr)&writer->cinfo, status);
}

static void init_destination(j_compress_ptr cinfo)
{
    struct jpeg_writer *writer = cinfo->client_data;
    cinfo->dest->next_output_byte = writer->buffer;
    cinfo->dest->free_in_buffer = BUFFER_BYTES;
}

static boolean empty_buffer(j_compress_ptr cinfo)
{
    send(cinfo->client_data, BUFFER_BYTES);
    init_destination(cinfo);
    return TRUE;
}

static void end_destination(j_compress_ptr cinfo)
{
    send(cinfo->client_data, BUFFER_BYTES - cinfo->dest->free_in_buffer);
}

/* The frame's and the scan's headers, which libjpeg writes when the first row comes. Bands follow
 * them, so that it is nobody's picture. */
static void write_headers(struct jpeg_writer *writer)
{
    JSAMPROW row = planche_jpeg_bands_blank(writer->bands);
    planche_jpeg_take_row(&writer->base, &writer->cinfo, row);
    end_destination(&writer->cinfo);
    jpeg_abort_compress(&writer->cinfo);
}

static void start_step(void *user)
{
    struct jpeg_writer *writer = user;
    struct jpeg_compress_struct *cinfo = &writer->cinfo;
    struct planche_encoder *encoder = writer->encoder;
    jpeg_create_compress(cinfo);
    writer->created = true;
    planche_jpeg_count_memory(&writer->base, (j_common_ptr)cinfo, encoder->options.budget);
    writer->destination = (struct jpeg_destination_mgr){
        .init_destination = init_destination,
        .empty_output_buffer = empty_buffer,
        .term_destination = end_destination,
    };
    cinfo->dest = &writer->destination;
    planche_jpeg_set_parameters(cinfo, encoder, encoder->info.height);
    jpeg_start_compress(cinfo, TRUE);
    planche_jpeg_write_metadata(cinfo, &encoder->metadata);
    if (writer->bands)
        write_headers(writer);
}

/* Whether all that the writer takes with its bands fits: libjpeg's part of it comes when it is too
 * late to go on without them. */
static bool bands_fit(const struct planche_encoder *encoder)
{
    uint64_t bytes = planche_jpeg_memory_needed(&encoder->info, &encoder->options);
    bool fit = planche_budget_reserve(encoder->options.budget, bytes);
    if (fit)
        planche_budget_release(encoder->options.budget, bytes);
    return fit;
}

enum planche_status planche_jpeg_start(struct planche_encoder *encoder, struct planche_error *error)
{
    struct planche_budget *budget = encoder->options.budget;
    bool fit = bands_fit(encoder);
    struct jpeg_writer *writer = planche_calloc(budget, 1, sizeof *writer);
    if (!writer)
        return planche_fail_memory(error, budget, sizeof *writer, "the JPEG writer");
    encoder->state = writer;
    writer->encoder = encoder;
    writer->base.name = "the JPEG writer";
    writer->base.log = encoder->options.log;
    writer->base.writing = true;
    writer->buffer = planche_alloc(budget, BUFFER_BYTES);
    if (!writer->buffer)
        return planche_fail_memory(error, budget, BUFFER_BYTES, writer->base.name);
    enum planche_status status = PLANCHE_OK;
    if (fit)
        status = planche_jpeg_bands_create(&writer->bands, encoder, error);
    if (status)
        return status;
    planche_jpeg_set_errors(&writer->base, (j_common_ptr)&writer->cinfo);
    return planche_error_trap_run(&writer->base.trap, error, start_step, writer);
}

static void rows_step(void *user)
{
    struct jpeg_writer *writer = user;
    for (uint32_t i = 0; i < writer->count; i++)
        planche_jpeg_take_row(&writer->base, &writer->cinfo, writer->rows + i * writer->stride);
}

enum planche_status planche_jpeg_write(struct planche_encoder *encoder, const uint8_t *rows,
                                       size_t stride, uint32_t count, struct planche_error *error)
{
    struct jpeg_writer *writer = encoder->state;
    enum planche_status status = PLANCHE_OK;
    for (uint32_t i = 0; writer->bands && i < count && !status; i++)
        status = planche_jpeg_bands_add(writer->bands, rows + i * stride, error);
    if (writer->bands)
        return status;
    writer->rows = rows;
    writer->stride = stride;
    writer->count = count;
    return planche_error_trap_run(&writer->base.trap, error, rows_step, writer);
}

static void finish_step(void *user)
{
    struct jpeg_writer *writer = user;
    jpeg_finish_compress(&writer->cinfo);
}

enum planche_status planche_jpeg_finish(struct planche_encoder *encoder,
                                        struct planche_error *error)
{
    static const uint8_t end[2] = {0xff, JPEG_EOI};
    struct jpeg_writer *writer = encoder->state;
    if (writer->bands)
        return planche_encoder_emit(encoder, end, sizeof end, error);
    return planche_error_trap_run(&writer->base.trap, error, finish_step, writer);
}

void planche_jpeg_abandon(struct planche_encoder *encoder)
{
    struct jpeg_writer *writer = encoder->state;
    if (!writer)
        return;
    if (writer->created)
        jpeg_destroy_compress(&writer->cinfo);
    planche_jpeg_bands_destroy(&writer->bands);
    planche_free(writer->buffer);
    planche_free(writer);
    encoder->state = NULL;
}
