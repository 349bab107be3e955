/* SPDX-License-Identifier: MIT */
/* Reading JPEG: sequential images row by row; progressive ones (and others in several scans) from
 * libjpeg's coefficient buffers, which rewinding keeps. */
#include "base/status.h"
#include "codec/jpeg/jpeg.h"
#include "codec/metadata.h"
#include "image/cmyk.h"

/* Encoders make about ten. Each scan may cost a pass over the whole picture, however few bytes it
 * has. */
#define MAX_SCANS 128

struct jpeg_reader {
    struct planche_jpeg base;
    struct jpeg_decompress_struct cinfo;
    struct jpeg_source_mgr source;
    struct planche_decoder *decoder;
    struct planche_cmyk *cmyk;
    uint8_t *cmyk_row;
    bool created;
    bool scans;       /* in several scans: buffered by libjpeg */
    bool started;     /* an output pass is running */
    bool decoding;    /* the headers have been read */
    bool ended_early; /* the file ends without an end marker, which was made up */
    bool told_end;
    unsigned seen; /* components that scans have begun for, a bit each */
    /* Arguments of the running step. */
    uint8_t *rows;
    size_t stride;
    uint32_t count;
};

static void init_source(j_decompress_ptr cinfo)
{
    (void)cinfo;
}

/* The end marker may be missing: whatever else is makes libjpeg complain. An arithmetic decoder
 * goes on with zeros without a word. */
static bool may_end_early(const struct jpeg_reader *reader)
{
    return reader->decoding && !reader->ended_early && !reader->cinfo.arith_code;
}

static boolean fill_buffer(j_decompress_ptr cinfo)
{
    static const uint8_t end[2] = {0xff, JPEG_EOI};
    struct jpeg_reader *reader = cinfo->client_data;
    struct planche_error *error = reader->base.trap.error;
    const uint8_t *data;
    size_t size;
    enum planche_status status = planche_stream_next(&reader->decoder->stream, &data, &size, error);
    if (status == PLANCHE_OK && size == 0 && may_end_early(reader)) {
        reader->ended_early = true;
        data = end;
        size = sizeof end;
    }
    if (status == PLANCHE_OK && size == 0)
        status = planche_fail(error, PLANCHE_ERROR_DATA,
                              "%s: the JPEG image is damaged: the file ends too early",
                              reader->decoder->name);
    if (status)
        planche_jpeg_leave((j_common_ptr)cinfo, status);
    cinfo->src->next_input_byte = data;
    cinfo->src->bytes_in_buffer = size;
    return TRUE;
}

static void skip_data(j_decompress_ptr cinfo, long count)
{
    struct jpeg_source_mgr *source = cinfo->src;
    while (count > 0) {
        if (source->bytes_in_buffer == 0)
            fill_buffer(cinfo);
        size_t take =
            (size_t)count < source->bytes_in_buffer ? (size_t)count : source->bytes_in_buffer;
        source->next_input_byte += take;
        source->bytes_in_buffer -= take;
        count -= (long)take;
    }
}

static void set_source(struct jpeg_reader *reader)
{
    reader->source = (struct jpeg_source_mgr){
        .init_source = init_source,
        .fill_input_buffer = fill_buffer,
        .skip_input_data = skip_data,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = init_source,
    };
    reader->cinfo.src = &reader->source;
}

/* libjpeg converts between its colour spaces; the rest is left to cmyk.c. */
static unsigned choose_colours(struct jpeg_decompress_struct *cinfo)
{
    if (cinfo->num_components == 1) {
        cinfo->out_color_space = JCS_GRAYSCALE;
        return 1;
    }
    if (cinfo->jpeg_color_space == JCS_CMYK || cinfo->jpeg_color_space == JCS_YCCK) {
        cinfo->out_color_space = JCS_CMYK;
        return 3;
    }
    cinfo->out_color_space = JCS_RGB;
    return cinfo->num_components == 3 ? 3 : 0;
}

static void check_kind(struct jpeg_reader *reader)
{
    struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    struct planche_decoder *decoder = reader->decoder;
    struct planche_error *error = reader->base.trap.error;
    enum planche_status status =
        planche_decoder_check_size(decoder, cinfo->image_width, cinfo->image_height, error);
    decoder->channels = choose_colours(cinfo);
    if (status == PLANCHE_OK && (decoder->channels == 0 || cinfo->data_precision != 8))
        status = planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                              "%s: JPEG images of %d components of %d bits are not supported",
                              decoder->name, cinfo->num_components, cinfo->data_precision);
    if (status)
        planche_jpeg_leave((j_common_ptr)cinfo, status);
}

/* The source never makes libjpeg wait: whatever it says no to is a mistake. */
static void require(struct jpeg_reader *reader, bool done)
{
    if (!done)
        planche_jpeg_leave((j_common_ptr)&reader->cinfo,
                           planche_fail(reader->base.trap.error, PLANCHE_ERROR_INTERNAL,
                                        "%s: libjpeg stopped before the end",
                                        reader->decoder->name));
}

/* Reads the header and lets libjpeg allocate everything. */
static void start_step(void *user)
{
    struct jpeg_reader *reader = user;
    struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    set_source(reader);
    require(reader, jpeg_read_header(cinfo, TRUE) == JPEG_HEADER_OK);
    check_kind(reader);
    reader->scans = jpeg_has_multiple_scans(cinfo);
    reader->started = reader->decoding = reader->ended_early = false;
    cinfo->buffered_image = reader->scans;
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->do_fancy_upsampling = TRUE;
    if (!reader->decoder->header_only)
        require(reader, jpeg_start_decompress(cinfo));
}

static void create_step(void *user)
{
    struct jpeg_reader *reader = user;
    j_common_ptr cinfo = (j_common_ptr)&reader->cinfo;
    jpeg_create_decompress(&reader->cinfo);
    reader->created = true;
    planche_jpeg_count_memory(&reader->base, cinfo, reader->decoder->budget);
    jpeg_save_markers(&reader->cinfo, PLANCHE_JPEG_APP1, 0xffff);
    jpeg_save_markers(&reader->cinfo, PLANCHE_JPEG_APP2, 0xffff);
    start_step(reader);
}

/* CMYK becomes sRGB here, so its profile has done its work. */
static enum planche_status set_up_cmyk(struct jpeg_reader *reader, struct planche_error *error)
{
    struct planche_decoder *decoder = reader->decoder;
    struct planche_blob *icc = &decoder->metadata.icc;
    size_t size = (size_t)decoder->width * 4;
    if (reader->cinfo.out_color_space != JCS_CMYK)
        return PLANCHE_OK;
    if (decoder->header_only) {
        planche_blob_free(icc);
        return PLANCHE_OK;
    }
    reader->cmyk_row = planche_alloc(decoder->budget, size);
    if (!reader->cmyk_row)
        return planche_fail_memory(error, decoder->budget, size, decoder->name);
    return planche_decoder_start_cmyk(decoder, &reader->cmyk, reader->cinfo.saw_Adobe_marker,
                                      error);
}

enum planche_status planche_jpeg_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct jpeg_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    reader->decoder = decoder;
    reader->base.log = decoder->log;
    reader->base.name = decoder->name;
    planche_jpeg_set_errors(&reader->base, (j_common_ptr)&reader->cinfo);
    enum planche_status status =
        planche_error_trap_run(&reader->base.trap, error, create_step, reader);
    if (status)
        return status;
    decoder->width = reader->cinfo.image_width;
    decoder->height = reader->cinfo.image_height;
    decoder->depth = 8;
    decoder->encoding = planche_jpeg_get_encoding(&reader->cinfo);
    status = planche_jpeg_get_metadata(&reader->cinfo, decoder, error);
    return status ? status : set_up_cmyk(reader, error);
}

static void note_scan(struct jpeg_reader *reader)
{
    for (int i = 0; i < reader->cinfo.comps_in_scan; i++)
        reader->seen |= 1u << reader->cinfo.cur_comp_info[i]->component_index;
}

/* Whether scans that may have been in a file without an end could have added anything. */
static bool has_all_scans(const struct jpeg_reader *reader)
{
    const struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    if (!cinfo->progressive_mode)
        return reader->seen == (1u << cinfo->num_components) - 1;
    for (int i = 0; i < cinfo->num_components; i++)
        for (int k = 0; k < DCTSIZE2; k++)
            if (cinfo->coef_bits[i][k] != 0)
                return false;
    return true;
}

/* Reads all scans into the coefficient buffers. */
static void read_scans(struct jpeg_reader *reader)
{
    struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    reader->seen = 0;
    note_scan(reader);
    while (!jpeg_input_complete(cinfo)) {
        if (jpeg_consume_input(cinfo) == JPEG_REACHED_SOS)
            note_scan(reader);
        if (cinfo->input_scan_number > MAX_SCANS)
            planche_jpeg_leave((j_common_ptr)cinfo,
                               planche_fail(reader->base.trap.error, PLANCHE_ERROR_DATA,
                                            "%s: the JPEG image has more than %d scans",
                                            reader->decoder->name, MAX_SCANS));
    }
    if (reader->ended_early && !has_all_scans(reader))
        planche_jpeg_leave((j_common_ptr)cinfo,
                           planche_fail(reader->base.trap.error, PLANCHE_ERROR_DATA,
                                        "%s: the JPEG image is damaged: the file ends too early: "
                                        "%d scans are there, and not all",
                                        reader->decoder->name, cinfo->input_scan_number));
}

static void read_row(struct jpeg_reader *reader, uint8_t *row)
{
    JSAMPROW target = reader->cmyk ? reader->cmyk_row : row;
    require(reader, jpeg_read_scanlines(&reader->cinfo, &target, 1) == 1);
    if (reader->cmyk)
        planche_cmyk_row(reader->cmyk, row, target, reader->cinfo.output_width);
}

static void rows_step(void *user)
{
    struct jpeg_reader *reader = user;
    struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    reader->decoding = true;
    if (reader->scans && !reader->started) {
        read_scans(reader);
        require(reader, jpeg_start_output(cinfo, cinfo->input_scan_number));
    }
    reader->started = true;
    for (uint32_t i = 0; i < reader->count; i++)
        read_row(reader, reader->rows + i * reader->stride);
    /* Reads on to the end marker. */
    if (!reader->scans && cinfo->output_scanline == cinfo->output_height)
        require(reader, jpeg_finish_decompress(cinfo));
}

/* What becomes of a file without an end marker: if libjpeg missed nothing else, it is the page. */
static enum planche_status judge_end(struct jpeg_reader *reader, enum planche_status status,
                                     struct planche_error *error)
{
    const struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    const char *name = reader->decoder->name;
    if (status == PLANCHE_OK) {
        if (!reader->told_end)
            planche_log_write(reader->decoder->log, PLANCHE_LOG_WARNING,
                              "%s: the JPEG file ends without an end marker; all of its rows are "
                              "there",
                              name);
        reader->told_end = true;
        return PLANCHE_OK;
    }
    if (status != PLANCHE_ERROR_DATA || reader->scans)
        return status;
    uint64_t rows = (uint64_t)cinfo->input_iMCU_row * (unsigned)cinfo->max_v_samp_factor * DCTSIZE;
    return planche_fail(error, status,
                        "%s: the JPEG image is damaged: the file ends too early: %u of %u rows are "
                        "there",
                        name, rows < cinfo->image_height ? (unsigned)rows : cinfo->image_height,
                        cinfo->image_height);
}

enum planche_status planche_jpeg_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                      uint32_t count, struct planche_error *error)
{
    struct jpeg_reader *reader = decoder->state;
    reader->rows = rows;
    reader->stride = stride;
    reader->count = count;
    enum planche_status status =
        planche_error_trap_run(&reader->base.trap, error, rows_step, reader);
    return reader->ended_early ? judge_end(reader, status, error) : status;
}

static void next_output_step(void *user)
{
    struct jpeg_reader *reader = user;
    require(reader, jpeg_finish_output(&reader->cinfo));
    require(reader, jpeg_start_output(&reader->cinfo, reader->cinfo.input_scan_number));
}

static void restart_step(void *user)
{
    struct jpeg_reader *reader = user;
    jpeg_abort_decompress(&reader->cinfo);
    jpeg_save_markers(&reader->cinfo, PLANCHE_JPEG_APP1, 0);
    jpeg_save_markers(&reader->cinfo, PLANCHE_JPEG_APP2, 0);
    start_step(reader);
}

enum planche_status planche_jpeg_rewind(struct planche_decoder *decoder,
                                        struct planche_error *error)
{
    struct jpeg_reader *reader = decoder->state;
    unsigned channels = decoder->channels;
    /* Warnings were given the first time. */
    reader->base.log = NULL;
    if (reader->scans)
        return planche_error_trap_run(&reader->base.trap, error, next_output_step, reader);
    enum planche_status status = planche_stream_rewind(&decoder->stream, error);
    if (status == PLANCHE_OK)
        status = planche_error_trap_run(&reader->base.trap, error, restart_step, reader);
    if (status)
        return status;
    if (reader->cinfo.image_width != decoder->width ||
        reader->cinfo.image_height != decoder->height || decoder->channels != channels ||
        (reader->cinfo.out_color_space == JCS_CMYK) != (reader->cmyk != NULL))
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: the file changed while it was read",
                            decoder->name);
    return PLANCHE_OK;
}

void planche_jpeg_close(struct planche_decoder *decoder)
{
    struct jpeg_reader *reader = decoder->state;
    if (!reader)
        return;
    if (reader->created)
        jpeg_destroy_decompress(&reader->cinfo);
    planche_cmyk_destroy(&reader->cmyk);
    planche_free(reader->cmyk_row);
    planche_free(reader);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_jpeg_reading = {
    .open = planche_jpeg_open,
    .read = planche_jpeg_read,
    .rewind = planche_jpeg_rewind,
    .close = planche_jpeg_close,
};
