/* SPDX-License-Identifier: MIT */
/* Writing JPEG row by row: baseline, with the standard's Huffman tables. Better tables and
 * progressive scans, for more effort, need the coefficients of the whole picture in memory. */
#include "base/status.h"
#include "codec/jpeg/jpeg.h"

#define BUFFER_BYTES ((size_t)64 << 10)
/* From this quality on, colour is not subsampled: coloured lines would show it. */
#define FULL_COLOUR_QUALITY 90
/* From these efforts on. */
#define OPTIMISED_EFFORT   5
#define PROGRESSIVE_EFFORT 7

struct jpeg_writer {
    struct planche_jpeg base;
    struct jpeg_compress_struct cinfo;
    struct jpeg_destination_mgr destination;
    struct planche_encoder *encoder;
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
    /* Samples of an iMCU row (16 lines), twice: as they come, and with context rows; blocks. */
    const uint64_t fixed = 64 << 10, lines = 64, coefficient = sizeof(JCOEF);
    uint64_t needed = sizeof(struct jpeg_writer) + BUFFER_BYTES + fixed +
                      ((uint64_t)info->width + 32) * info->channels * lines;
    if (options->effort >= OPTIMISED_EFFORT)
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

static void set_parameters(struct jpeg_compress_struct *cinfo,
                           const struct planche_encoder *encoder)
{
    int quality = encoder->options.quality;
    cinfo->image_width = encoder->info.width;
    cinfo->image_height = encoder->info.height;
    cinfo->input_components = (int)encoder->info.channels;
    cinfo->in_color_space = encoder->info.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(cinfo);
    jpeg_set_quality(cinfo, quality, TRUE);
    if (quality >= FULL_COLOUR_QUALITY) {
        cinfo->comp_info[0].h_samp_factor = 1;
        cinfo->comp_info[0].v_samp_factor = 1;
    }
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->optimize_coding = encoder->options.effort >= OPTIMISED_EFFORT;
    if (encoder->options.effort >= PROGRESSIVE_EFFORT)
        jpeg_simple_progression(cinfo);
    planche_jpeg_set_density(cinfo, &encoder->metadata);
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
    set_parameters(cinfo, encoder);
    jpeg_start_compress(cinfo, TRUE);
    planche_jpeg_write_metadata(cinfo, &encoder->metadata);
}

enum planche_status planche_jpeg_start(struct planche_encoder *encoder, struct planche_error *error)
{
    struct planche_budget *budget = encoder->options.budget;
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
    planche_jpeg_set_errors(&writer->base, (j_common_ptr)&writer->cinfo);
    return planche_error_trap_run(&writer->base.trap, error, start_step, writer);
}

static void rows_step(void *user)
{
    struct jpeg_writer *writer = user;
    for (uint32_t i = 0; i < writer->count; i++) {
        /* libjpeg does not write to it. */
        JSAMPROW row = (JSAMPROW)(writer->rows + i * writer->stride);
        if (jpeg_write_scanlines(&writer->cinfo, &row, 1) != 1)
            planche_jpeg_leave((j_common_ptr)&writer->cinfo,
                               planche_fail(writer->base.trap.error, PLANCHE_ERROR_INTERNAL,
                                            "%s: libjpeg does not take a row", writer->base.name));
    }
}

enum planche_status planche_jpeg_write(struct planche_encoder *encoder, const uint8_t *rows,
                                       size_t stride, uint32_t count, struct planche_error *error)
{
    struct jpeg_writer *writer = encoder->state;
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
    struct jpeg_writer *writer = encoder->state;
    return planche_error_trap_run(&writer->base.trap, error, finish_step, writer);
}

void planche_jpeg_abandon(struct planche_encoder *encoder)
{
    struct jpeg_writer *writer = encoder->state;
    if (!writer)
        return;
    if (writer->created)
        jpeg_destroy_compress(&writer->cinfo);
    planche_free(writer->buffer);
    planche_free(writer);
    encoder->state = NULL;
}
