/* SPDX-License-Identifier: MIT */
/* Bands of a JPEG's scan: each is encoded as a picture of its own, of which the scan's data are
 * kept. */
#include "codec/jpeg/bands.h"

#include "base/pool.h"
#include "base/status.h"

#include <string.h>

/* Bands worked on at once. */
#define MOST_BANDS 4
/* Bytes of a band's output for one of its pixels' at most: 27 bits for each of 64 coefficients, and
 * zeroes behind some bytes. */
#define MOST_OUTPUT 4
/* What libjpeg takes beside rows: structures and tables. */
#define FIXED_MEMORY ((uint64_t)64 << 10)

enum { RST0 = 0xd0, SOS = 0xda, EOI_BYTES = 2 };

struct band {
    struct planche_jpeg base; /* first: libjpeg's functions are given it */
    struct jpeg_compress_struct cinfo;
    struct jpeg_destination_mgr destination;
    struct planche_jpeg_bands *bands;
    bool created;
    uint8_t *rows;
    uint32_t count; /* of rows that have come */
    uint8_t *out;
    size_t room, begin, end; /* of the output, the scan's data in it */
    enum planche_status status;
    struct planche_error error;
};

struct planche_jpeg_bands {
    struct planche_encoder *encoder;
    size_t row_bytes;
    uint32_t band_rows;
    unsigned count, current; /* bands; the one that takes rows */
    uint32_t rows;           /* that have come */
    unsigned markers;        /* that were emitted */
    struct band bands[MOST_BANDS];
};

/* MCUs are one block high, or two where colour is subsampled. */
static uint32_t band_rows(const struct planche_image_info *info,
                          const struct planche_writer_options *options)
{
    bool half = info->channels == 3 && options->quality < PLANCHE_JPEG_FULL_COLOUR_QUALITY;
    return (uint32_t)planche_jpeg_restarts(info, options) * DCTSIZE * (half ? 2 : 1);
}

static unsigned count_bands(const struct planche_image_info *info,
                            const struct planche_writer_options *options)
{
    unsigned threads = options->pool ? planche_pool_threads(options->pool) : 1;
    if (threads < 2 || !planche_jpeg_restarts(info, options))
        return 0;
    uint32_t bands = (info->height - 1) / band_rows(info, options) + 1;
    unsigned most = threads < MOST_BANDS ? threads : MOST_BANDS;
    return bands < most ? bands : most;
}

static size_t rows_bytes(const struct planche_image_info *info,
                         const struct planche_writer_options *options)
{
    return (size_t)info->width * info->channels * band_rows(info, options);
}

uint64_t planche_jpeg_bands_memory(const struct planche_image_info *info,
                                   const struct planche_writer_options *options)
{
    unsigned count = count_bands(info, options);
    uint64_t each = (uint64_t)rows_bytes(info, options) * (1 + MOST_OUTPUT) + FIXED_MEMORY +
                    planche_jpeg_lines_memory(info);
    return count ? sizeof(struct planche_jpeg_bands) + count * each : 0;
}

static void init_destination(j_compress_ptr cinfo)
{
    struct band *band = cinfo->client_data;
    cinfo->dest->next_output_byte = band->out;
    cinfo->dest->free_in_buffer = band->room;
}

static boolean empty_buffer(j_compress_ptr cinfo)
{
    struct band *band = cinfo->client_data;
    struct planche_budget *budget = band->bands->encoder->options.budget;
    size_t more = band->room * 2;
    uint8_t *out = planche_realloc(budget, band->out, more);
    if (out) {
        cinfo->dest->next_output_byte = out + band->room;
        cinfo->dest->free_in_buffer = more - band->room;
        band->out = out;
        band->room = more;
        return TRUE;
    }
    planche_jpeg_leave((j_common_ptr)cinfo,
                       planche_fail_memory(band->base.trap.error, budget, more, "the JPEG writer"));
}

static void end_destination(j_compress_ptr cinfo)
{
    struct band *band = cinfo->client_data;
    band->end = band->room - cinfo->dest->free_in_buffer;
}

static void create_step(void *user)
{
    struct band *band = user;
    jpeg_create_compress(&band->cinfo);
    band->created = true;
    planche_jpeg_count_memory(&band->base, (j_common_ptr)&band->cinfo,
                              band->bands->encoder->options.budget);
    band->destination = (struct jpeg_destination_mgr){
        .init_destination = init_destination,
        .empty_output_buffer = empty_buffer,
        .term_destination = end_destination,
    };
    band->cinfo.dest = &band->destination;
}

static enum planche_status begin_band(struct planche_jpeg_bands *bands, struct band *band,
                                      struct planche_error *error)
{
    struct planche_budget *budget = bands->encoder->options.budget;
    size_t size = bands->row_bytes * bands->band_rows;
    band->bands = bands;
    band->base.name = "the JPEG writer";
    band->base.log = bands->encoder->options.log;
    band->base.writing = true;
    band->room = size * MOST_OUTPUT;
    band->rows = planche_calloc(budget, 1, size);
    band->out = planche_alloc(budget, band->room);
    if (!band->rows || !band->out)
        return planche_fail_memory(error, budget, size + band->room, band->base.name);
    planche_jpeg_set_errors(&band->base, (j_common_ptr)&band->cinfo);
    return planche_error_trap_run(&band->base.trap, error, create_step, band);
}

/* libjpeg makes the same bytes alone: bands are nothing to fail for. */
static enum planche_status without(enum planche_status status)
{
    bool lacks = status == PLANCHE_ERROR_MEMORY || status == PLANCHE_ERROR_BUDGET;
    return lacks ? PLANCHE_OK : status;
}

enum planche_status planche_jpeg_bands_create(struct planche_jpeg_bands **out,
                                              struct planche_encoder *encoder,
                                              struct planche_error *error)
{
    const struct planche_image_info *info = &encoder->info;
    struct planche_budget *budget = encoder->options.budget;
    unsigned count = count_bands(info, &encoder->options);
    enum planche_status status = PLANCHE_OK;
    *out = NULL;
    if (!count)
        return PLANCHE_OK;
    struct planche_jpeg_bands *bands = planche_calloc(budget, 1, sizeof *bands);
    *out = bands;
    if (!bands)
        return PLANCHE_OK;
    bands->encoder = encoder;
    bands->row_bytes = (size_t)info->width * info->channels;
    bands->band_rows = band_rows(info, &encoder->options);
    bands->count = count;
    for (unsigned i = 0; i < count && !status; i++)
        status = begin_band(bands, &bands->bands[i], error);
    if (status)
        planche_jpeg_bands_destroy(out);
    return without(status);
}

void planche_jpeg_bands_destroy(struct planche_jpeg_bands **bands)
{
    if (!*bands)
        return;
    for (unsigned i = 0; i < (*bands)->count; i++) {
        struct band *band = &(*bands)->bands[i];
        if (band->created)
            jpeg_destroy_compress(&band->cinfo);
        planche_free(band->rows);
        planche_free(band->out);
    }
    planche_free(*bands);
    *bands = NULL;
}

/* Finds the scan's data between its header and the end marker. */
static bool find_scan(struct band *band)
{
    size_t at = 2;
    while (at + 4 <= band->end) {
        unsigned marker = band->out[at + 1];
        at += 2 + ((size_t)band->out[at + 2] << 8 | band->out[at + 3]);
        if (marker == SOS) {
            band->begin = at;
            return at + EOI_BYTES <= band->end;
        }
    }
    return false;
}

static void encode_step(void *user)
{
    struct band *band = user;
    struct jpeg_compress_struct *cinfo = &band->cinfo;
    planche_jpeg_set_parameters(cinfo, band->bands->encoder, band->count);
    jpeg_start_compress(cinfo, TRUE);
    for (uint32_t y = 0; y < band->count; y++)
        planche_jpeg_take_row(&band->base, cinfo, band->rows + y * band->bands->row_bytes);
    jpeg_finish_compress(cinfo);
    if (!find_scan(band))
        planche_jpeg_leave((j_common_ptr)cinfo,
                           planche_fail(band->base.trap.error, PLANCHE_ERROR_INTERNAL,
                                        "%s: libjpeg makes no scan", band->base.name));
}

static void encode_band(void *user, size_t index, unsigned worker)
{
    struct planche_jpeg_bands *bands = user;
    struct band *band = &bands->bands[index];
    (void)worker;
    band->status = planche_error_trap_run(&band->base.trap, &band->error, encode_step, band);
}

/* Restart markers are numbered 0 to 7, over and over. */
static enum planche_status emit_band(struct planche_jpeg_bands *bands, const struct band *band,
                                     bool last, struct planche_error *error)
{
    const uint8_t marker[2] = {0xff, (uint8_t)(RST0 + bands->markers % 8)};
    if (band->status)
        return planche_fail(error, band->status, "%s", band->error.message);
    enum planche_status status = planche_encoder_emit(bands->encoder, band->out + band->begin,
                                                      band->end - EOI_BYTES - band->begin, error);
    if (status || last)
        return status;
    bands->markers++;
    return planche_encoder_emit(bands->encoder, marker, sizeof marker, error);
}

static enum planche_status encode(struct planche_jpeg_bands *bands, struct planche_error *error)
{
    unsigned count = bands->current;
    bool complete = bands->rows == bands->encoder->info.height;
    enum planche_status status = PLANCHE_OK;
    planche_pool_run(bands->encoder->options.pool, count, encode_band, bands);
    for (unsigned i = 0; i < count && !status; i++) {
        status = emit_band(bands, &bands->bands[i], complete && i + 1 == count, error);
        bands->bands[i].count = 0;
    }
    bands->current = 0;
    return status;
}

uint8_t *planche_jpeg_bands_blank(struct planche_jpeg_bands *bands)
{
    return bands->bands[0].rows;
}

enum planche_status planche_jpeg_bands_add(struct planche_jpeg_bands *bands, const uint8_t *row,
                                           struct planche_error *error)
{
    struct band *band = &bands->bands[bands->current];
    memcpy(band->rows + band->count++ * bands->row_bytes, row, bands->row_bytes);
    bool complete = ++bands->rows == bands->encoder->info.height;
    if (band->count == bands->band_rows || complete)
        bands->current++;
    return bands->current == bands->count || complete ? encode(bands, error) : PLANCHE_OK;
}
