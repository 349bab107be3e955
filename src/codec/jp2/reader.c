/* SPDX-License-Identifier: MIT */
/* Reading JPEG 2000 with OpenJPEG, as a whole. Runs in planche-decode. */
#include "base/status.h"
#include "codec/blob.h"
#include "codec/jp2/jp2.h"
#include "image/cmyk.h"
#include "image/sample.h"

#include <openjpeg.h>
#include <stdio.h>
#include <string.h>

struct jp2_reader {
    struct planche_decoder *decoder;
    const uint8_t *file;
    size_t size, at;
    struct planche_jp2_boxes boxes;
    opj_codec_t *codec;
    opj_stream_t *stream;
    opj_image_t *image;
    char message[256];
    unsigned planes; /* components of the codestream, or columns of its palette */
    unsigned colours;
    bool sycc;
    struct planche_cmyk *cmyk;
};

static enum planche_status explain(const struct jp2_reader *reader, struct planche_error *error)
{
    const char *text = *reader->message ? reader->message : "its pixels cannot be decoded";
    if (strstr(text, "emory"))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory: %s", reader->decoder->name,
                            text);
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the JPEG 2000 image is damaged: %s",
                        reader->decoder->name, text);
}

static enum planche_status unsupported(const struct planche_decoder *decoder, const char *what,
                                       struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: JPEG 2000 images %s are not supported: convert it to PNG",
                        decoder->name, what);
}

static void take_message(const char *text, void *user)
{
    struct jp2_reader *reader = user;
    if (!*reader->message)
        snprintf(reader->message, sizeof reader->message, "%.*s", (int)strcspn(text, "\n"), text);
}

static void drop_message(const char *text, void *user)
{
    (void)text;
    (void)user;
}

static OPJ_SIZE_T fetch(void *data, OPJ_SIZE_T size, void *user)
{
    struct jp2_reader *reader = user;
    size_t left = reader->size - reader->at, take = size < left ? size : left;
    if (take == 0)
        return (OPJ_SIZE_T)-1;
    memcpy(data, reader->file + reader->at, take);
    reader->at += take;
    return take;
}

static OPJ_OFF_T skip(OPJ_OFF_T size, void *user)
{
    struct jp2_reader *reader = user;
    if (size < 0 || (uint64_t)size > reader->size - reader->at)
        return -1;
    reader->at += (size_t)size;
    return size;
}

static OPJ_BOOL seek(OPJ_OFF_T offset, void *user)
{
    struct jp2_reader *reader = user;
    if (offset < 0 || (uint64_t)offset > reader->size)
        return OPJ_FALSE;
    reader->at = (size_t)offset;
    return OPJ_TRUE;
}

static bool create(struct jp2_reader *reader, bool bare)
{
    opj_dparameters_t parameters;
    reader->codec = opj_create_decompress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
    reader->stream = opj_stream_default_create(OPJ_TRUE);
    if (!reader->codec || !reader->stream)
        return false;
    opj_set_default_decoder_parameters(&parameters);
    opj_set_error_handler(reader->codec, take_message, reader);
    opj_set_warning_handler(reader->codec, drop_message, reader);
    opj_set_info_handler(reader->codec, drop_message, reader);
    opj_stream_set_user_data(reader->stream, reader, NULL);
    opj_stream_set_user_data_length(reader->stream, reader->size);
    opj_stream_set_read_function(reader->stream, fetch);
    opj_stream_set_skip_function(reader->stream, skip);
    opj_stream_set_seek_function(reader->stream, seek);
    return opj_setup_decoder(reader->codec, &parameters) &&
           opj_decoder_set_strict_mode(reader->codec, OPJ_TRUE);
}

static unsigned deepest(const struct jp2_reader *reader)
{
    unsigned bits = reader->boxes.palette_bits;
    for (uint32_t i = 0; i < reader->image->numcomps && !bits; i++)
        if (reader->image->comps[i].prec > bits)
            bits = reader->image->comps[i].prec;
    return bits;
}

/* The colours by the box, or, where there is none, by the number of planes. */
static enum planche_status choose_colours(struct jp2_reader *reader, struct planche_error *error)
{
    struct planche_decoder *decoder = reader->decoder;
    unsigned rest = reader->planes - (reader->boxes.alpha >= 0 ? 1 : 0);
    switch (reader->boxes.colours) {
    case PLANCHE_JP2_UNSAID:
        reader->colours = rest >= 3 ? 3 : 1;
        break;
    case PLANCHE_JP2_GREY:
        reader->colours = 1;
        break;
    case PLANCHE_JP2_SYCC:
        reader->sycc = true;
        reader->colours = 3;
        break;
    case PLANCHE_JP2_SRGB:
        reader->colours = 3;
        break;
    case PLANCHE_JP2_CMYK:
        reader->colours = 4;
        break;
    default:
        return unsupported(decoder, "in this colour space", error);
    }
    /* A profile says nothing of the number of planes before it is read: four without alpha are inks
     * if it is one for inks, which the common part finds out. */
    if (reader->planes < reader->colours)
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s: the JPEG 2000 image is damaged: it has fewer planes than colours",
                            decoder->name);
    if (reader->boxes.alpha >= (int)reader->planes)
        reader->boxes.alpha = -1;
    return PLANCHE_OK;
}

static enum planche_status set_up_cmyk(struct jp2_reader *reader, struct planche_error *error)
{
    if (reader->colours != 4)
        return PLANCHE_OK;
    return planche_decoder_start_cmyk(reader->decoder, &reader->cmyk, false, error);
}

static enum planche_status take_header(struct jp2_reader *reader, struct planche_error *error)
{
    struct planche_decoder *decoder = reader->decoder;
    const opj_image_t *image = reader->image;
    uint64_t width = image->x1 > image->x0 ? image->x1 - image->x0 : 0;
    uint64_t height = image->y1 > image->y0 ? image->y1 - image->y0 : 0;
    enum planche_status status = planche_decoder_check_size(decoder, width, height, error);
    if (status)
        return status;
    if (image->numcomps == 0)
        return explain(reader, error);
    decoder->width = (uint32_t)width;
    decoder->height = (uint32_t)height;
    reader->planes =
        reader->boxes.palette_columns ? reader->boxes.palette_columns : image->numcomps;
    status = choose_colours(reader, error);
    if (status)
        return status;
    bool ink = reader->colours == 4;
    decoder->channels = (ink ? 3 : reader->colours) + (reader->boxes.alpha >= 0 && !ink ? 1 : 0);
    decoder->depth = deepest(reader) > 8 && !ink ? 16 : 8;
    decoder->whole = true;
    return set_up_cmyk(reader, error);
}

static enum planche_status jp2_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct jp2_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    reader->decoder = decoder;
    enum planche_status status =
        planche_stream_hold(&decoder->stream, decoder->budget, &reader->file, &reader->size, error);
    if (status)
        return status;
    bool bare = reader->size > 0 && reader->file[0] == 0xff;
    reader->boxes.alpha = -1;
    if (!bare)
        status = planche_jp2_walk(decoder, reader->file, reader->size, &reader->boxes, error);
    if (status)
        return status;
    if (reader->boxes.motion)
        return unsupported(decoder, "that are films (Motion JPEG 2000)", error);
    if (!create(reader, bare) || !opj_read_header(reader->stream, reader->codec, &reader->image))
        return explain(reader, error);
    return take_header(reader, error);
}

/* A sample of a plane at a place of the picture, in 0..most; planes may be coarser. */
static int64_t sample(const struct jp2_reader *reader, unsigned plane, uint32_t x, uint32_t y,
                      int64_t most)
{
    const opj_image_comp_t *comp = &reader->image->comps[plane];
    uint32_t column = (reader->image->x0 + x) / comp->dx - comp->x0;
    uint32_t row = (reader->image->y0 + y) / comp->dy - comp->y0;
    if (column >= comp->w)
        column = comp->w - 1;
    if (row >= comp->h)
        row = comp->h - 1;
    int64_t top = ((int64_t)1 << comp->prec) - 1;
    int64_t value = comp->data[(size_t)row * comp->w + column];
    if (comp->sgnd)
        value += (int64_t)1 << (comp->prec - 1);
    value = value < 0 ? 0 : value > top ? top : value;
    return top == most ? value : (value * most + top / 2) / top;
}

static unsigned clamp(double value, int64_t most)
{
    return (unsigned)(value < 0 ? 0 : value > (double)most ? (double)most : value + 0.5);
}

/* sYCC is JFIF's YCbCr: of the full range, with Rec. 601's weights. */
static void to_rgb(int64_t values[4], int64_t most)
{
    const int64_t middle = (most + 1) / 2;
    double y = (double)values[0], half = (double)middle;
    double cb = (double)values[1] - half, cr = (double)values[2] - half;
    values[0] = clamp(y + 1.402 * cr, most);
    values[1] = clamp(y - 0.344136 * cb - 0.714136 * cr, most);
    values[2] = clamp(y + 1.772 * cb, most);
}

static void put_pixel(const struct jp2_reader *reader, uint32_t x, uint32_t y, uint8_t *pixel)
{
    const struct planche_decoder *decoder = reader->decoder;
    const int64_t most = decoder->depth == 16 ? 65535 : 255;
    int64_t values[4] = {0}, alpha = most;
    unsigned found = 0;
    for (unsigned plane = 0; plane < reader->planes && found < reader->colours; plane++)
        if ((int)plane != reader->boxes.alpha)
            values[found++] = sample(reader, plane, x, y, most);
    if (reader->boxes.alpha >= 0)
        alpha = sample(reader, (unsigned)reader->boxes.alpha, x, y, most);
    if (reader->sycc)
        to_rgb(values, most);
    for (unsigned c = 0; c < reader->colours && reader->boxes.premultiplied && alpha > 0; c++) {
        int64_t straight = (values[c] * most + alpha / 2) / alpha;
        values[c] = straight < most ? straight : most;
    }
    if (reader->cmyk) {
        const uint8_t ink[4] = {(uint8_t)values[0], (uint8_t)values[1], (uint8_t)values[2],
                                (uint8_t)values[3]};
        planche_cmyk_row(reader->cmyk, pixel, ink, 1);
        return;
    }
    for (unsigned c = 0; c < reader->colours; c++)
        planche_sample_put(pixel, c, decoder->depth, values[c]);
    if (reader->colours < decoder->channels)
        planche_sample_put(pixel, reader->colours, decoder->depth, alpha);
}

/* The stream has the last word about its planes. */
static bool as_announced(const struct jp2_reader *reader)
{
    const opj_image_t *image = reader->image;
    if (image->numcomps < reader->planes)
        return false;
    for (unsigned i = 0; i < reader->planes; i++) {
        const opj_image_comp_t *comp = &image->comps[i];
        if (!comp->data || comp->w == 0 || comp->h == 0 || comp->prec == 0 || comp->prec > 31 ||
            comp->dx == 0 || comp->dy == 0)
            return false;
    }
    return true;
}

static enum planche_status jp2_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                    uint32_t count, struct planche_error *error)
{
    struct jp2_reader *reader = decoder->state;
    size_t pixel = (size_t)decoder->channels * (decoder->depth / 8);
    reader->message[0] = 0;
    if (!opj_decode(reader->codec, reader->stream, reader->image) ||
        !opj_end_decompress(reader->codec, reader->stream))
        return explain(reader, error);
    if (!as_announced(reader))
        return explain(reader, error);
    for (uint32_t y = 0; y < count; y++)
        for (uint32_t x = 0; x < decoder->width; x++)
            put_pixel(reader, x, y, rows + y * stride + x * pixel);
    return PLANCHE_OK;
}

static void jp2_close(struct planche_decoder *decoder)
{
    struct jp2_reader *reader = decoder->state;
    if (!reader)
        return;
    if (reader->image)
        opj_image_destroy(reader->image);
    if (reader->stream)
        opj_stream_destroy(reader->stream);
    if (reader->codec)
        opj_destroy_codec(reader->codec);
    planche_cmyk_destroy(&reader->cmyk);
    planche_free(reader);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_jp2_reading = {
    .open = jp2_open, .read = jp2_read, .close = jp2_close};
