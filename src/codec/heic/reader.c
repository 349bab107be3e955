/* SPDX-License-Identifier: MIT */
/* Reading HEIC with libheif, as a whole. libheif turns the picture upright itself, as the file's
 * irot and imir say, which go before EXIF. Runs in planche-decode. */
#include "base/big_endian.h"
#include "base/status.h"
#include "codec/blob.h"
#include "codec/cicp.h"

#include <libheif/heif.h>
#include <string.h>

/* Metadata of one kind that are looked at. */
#define MAX_BLOCKS 16

struct heic_reader {
    const uint8_t *file;
    size_t size;
    struct heif_context *context;
    struct heif_image_handle *handle;
    unsigned bits;
    bool premultiplied;
};

static enum planche_status explain(const struct planche_decoder *decoder, struct heif_error why,
                                   struct planche_error *error)
{
    const char *text = why.message ? why.message : "it makes no sense";
    if (why.code == heif_error_Memory_allocation_error)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory: %s", decoder->name, text);
    if (why.code == heif_error_Unsupported_filetype || why.code == heif_error_Unsupported_feature ||
        why.code == heif_error_Plugin_loading_error)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: this kind of HEIC image is not supported (%s): convert it to PNG, "
                            "or install a decoder for libheif (libheif-plugin-libde265)",
                            decoder->name, text);
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the HEIC image is damaged: %s",
                        decoder->name, text);
}

static enum planche_status open_picture(struct planche_decoder *decoder,
                                        struct planche_error *error)
{
    struct heic_reader *reader = decoder->state;
    reader->context = heif_context_alloc();
    if (!reader->context)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory", decoder->name);
    heif_context_set_max_decoding_threads(reader->context, 0);
    struct heif_error why = heif_context_read_from_memory_without_copy(
        reader->context, reader->file, reader->size, NULL);
    if (why.code == heif_error_Ok)
        why = heif_context_get_primary_image_handle(reader->context, &reader->handle);
    if (why.code != heif_error_Ok)
        return explain(decoder, why, error);
    int pictures = heif_context_get_number_of_top_level_images(reader->context);
    if (pictures > 1)
        planche_log_write(decoder->log, PLANCHE_LOG_WARNING,
                          "%s: the HEIC holds %d pictures: only the primary one is read",
                          decoder->name, pictures);
    return PLANCHE_OK;
}

static enum planche_status take_header(struct planche_decoder *decoder, struct planche_error *error)
{
    struct heic_reader *reader = decoder->state;
    const struct heif_image_handle *handle = reader->handle;
    int width = heif_image_handle_get_width(handle), height = heif_image_handle_get_height(handle);
    int bits = heif_image_handle_get_luma_bits_per_pixel(handle);
    decoder->width = width > 0 ? (uint32_t)width : 0;
    decoder->height = height > 0 ? (uint32_t)height : 0;
    decoder->channels = heif_image_handle_has_alpha_channel(handle) ? 4 : 3;
    decoder->depth = bits > 8 ? 16 : 8;
    decoder->orientation = 1;
    decoder->whole = true;
    reader->premultiplied = heif_image_handle_is_premultiplied_alpha(handle);
    return planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
}

/* A profile, or numbers of H.273 that become one. */
static enum planche_status take_colours(struct planche_decoder *decoder,
                                        struct planche_error *error)
{
    struct heic_reader *reader = decoder->state;
    struct planche_blob *icc = &decoder->metadata.icc;
    size_t size = heif_image_handle_get_raw_color_profile_size(reader->handle);
    enum heif_color_profile_type kind = heif_image_handle_get_color_profile_type(reader->handle);
    struct heif_color_profile_nclx *numbers = NULL;
    if (kind == heif_color_profile_type_prof || kind == heif_color_profile_type_rICC) {
        if (size > PLANCHE_MAX_METADATA)
            return planche_fail(error, PLANCHE_ERROR_LIMIT,
                                "%s: the image has more than 16 MiB of metadata", decoder->name);
        enum planche_status status =
            planche_blob_make(icc, size, decoder->budget, decoder->name, error);
        if (status || size == 0)
            return status;
        struct heif_error why = heif_image_handle_get_raw_color_profile(reader->handle, icc->data);
        return why.code == heif_error_Ok ? PLANCHE_OK : explain(decoder, why, error);
    }
    if (kind != heif_color_profile_type_nclx ||
        heif_image_handle_get_nclx_color_profile(reader->handle, &numbers).code != heif_error_Ok)
        return PLANCHE_OK;
    enum planche_status status = planche_cicp_get_colours(decoder, numbers->color_primaries,
                                                          numbers->transfer_characteristics, error);
    heif_nclx_color_profile_free(numbers);
    return status;
}

/* One block; EXIF begins with how far behind these four bytes it does. */
static enum planche_status take_block(struct planche_decoder *decoder, heif_item_id id,
                                      struct planche_error *error)
{
    struct heic_reader *reader = decoder->state;
    struct planche_metadata *metadata = &decoder->metadata;
    const char *type = heif_image_handle_get_metadata_type(reader->handle, id);
    const char *content = heif_image_handle_get_metadata_content_type(reader->handle, id);
    size_t size = heif_image_handle_get_metadata_size(reader->handle, id), skip = 0;
    bool exif = type && strcmp(type, "Exif") == 0;
    bool xmp =
        type && content && strcmp(type, "mime") == 0 && strcmp(content, "application/rdf+xml") == 0;
    struct planche_blob *blob = exif ? &metadata->exif : xmp ? &metadata->xmp : NULL;
    struct planche_blob raw = {0};
    if (!blob || blob->data || size == 0)
        return PLANCHE_OK;
    if (size > PLANCHE_MAX_METADATA)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: the image has more than 16 MiB of metadata", decoder->name);
    enum planche_status status =
        planche_blob_make(&raw, size, decoder->budget, decoder->name, error);
    if (status)
        return status;
    bool fine = heif_image_handle_get_metadata(reader->handle, id, raw.data).code == heif_error_Ok;
    if (exif && size >= 4)
        skip = 4 + (size_t)get32_big(raw.data);
    if (fine && skip < size)
        status = planche_blob_set(blob, raw.data + skip, size - skip, decoder->budget,
                                  decoder->name, error);
    planche_blob_free(&raw);
    return status;
}

static enum planche_status take_metadata(struct planche_decoder *decoder,
                                         struct planche_error *error)
{
    struct heic_reader *reader = decoder->state;
    heif_item_id ids[MAX_BLOCKS];
    int count =
        heif_image_handle_get_list_of_metadata_block_IDs(reader->handle, NULL, ids, MAX_BLOCKS);
    enum planche_status status = take_colours(decoder, error);
    for (int i = 0; i < count && status == PLANCHE_OK; i++)
        status = take_block(decoder, ids[i], error);
    return status;
}

static enum planche_status heic_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct heic_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    enum planche_status status =
        planche_stream_hold(&decoder->stream, decoder->budget, &reader->file, &reader->size, error);
    if (status == PLANCHE_OK)
        status = open_picture(decoder, error);
    if (status == PLANCHE_OK)
        status = take_header(decoder, error);
    return status ? status : take_metadata(decoder, error);
}

/* From the picture's bits to 16. */
static unsigned widen(unsigned value, unsigned bits)
{
    unsigned most = (1u << bits) - 1;
    return value >= most ? 65535 : (value * 65535u + most / 2) / most;
}

static void divide(unsigned *values, unsigned channels, unsigned most)
{
    uint64_t alpha = values[channels - 1];
    for (unsigned c = 0; c + 1 < channels && alpha > 0; c++) {
        uint64_t value = ((uint64_t)values[c] * most + alpha / 2) / alpha;
        values[c] = (unsigned)(value < most ? value : most);
    }
}

static void put_row(const struct planche_decoder *decoder, const uint8_t *from, uint8_t *to)
{
    const struct heic_reader *reader = decoder->state;
    unsigned channels = decoder->channels, most = decoder->depth == 16 ? 65535 : 255;
    for (size_t x = 0; x < decoder->width; x++) {
        unsigned values[4];
        for (unsigned c = 0; c < channels; c++) {
            size_t at = x * channels + c;
            values[c] = decoder->depth == 8
                            ? from[at]
                            : widen(from[2 * at] | (unsigned)from[2 * at + 1] << 8, reader->bits);
        }
        if (reader->premultiplied && channels == 4)
            divide(values, channels, most);
        for (unsigned c = 0; c < channels; c++) {
            const uint16_t wide = (uint16_t)values[c];
            if (decoder->depth == 16)
                memcpy(to + 2 * (x * channels + c), &wide, sizeof wide);
            else
                to[x * channels + c] = (uint8_t)values[c];
        }
    }
}

static enum planche_status heic_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error)
{
    struct heic_reader *reader = decoder->state;
    struct heif_image *image = NULL;
    bool deep = decoder->depth == 16, alpha = decoder->channels == 4;
    enum heif_chroma chroma =
        deep ? (alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
             : (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
    struct heif_error why =
        heif_decode_image(reader->handle, &image, heif_colorspace_RGB, chroma, NULL);
    if (why.code != heif_error_Ok)
        return explain(decoder, why, error);
    int step = 0;
    const uint8_t *plane = heif_image_get_plane_readonly(image, heif_channel_interleaved, &step);
    int bits = heif_image_get_bits_per_pixel_range(image, heif_channel_interleaved);
    bool fits = plane && step > 0 && heif_image_get_primary_width(image) == (int)decoder->width &&
                heif_image_get_primary_height(image) == (int)decoder->height && bits > 0 &&
                (deep ? bits > 8 && bits <= 16 : bits == 8);
    reader->bits = (unsigned)bits;
    for (uint32_t y = 0; y < count && fits; y++)
        put_row(decoder, plane + (size_t)y * (size_t)step, rows + y * stride);
    heif_image_release(image);
    if (fits)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_DATA,
                        "%s: the HEIC image is damaged: its pixels are not what it announces",
                        decoder->name);
}

static void heic_close(struct planche_decoder *decoder)
{
    struct heic_reader *reader = decoder->state;
    if (!reader)
        return;
    if (reader->handle)
        heif_image_handle_release(reader->handle);
    if (reader->context)
        heif_context_free(reader->context);
    planche_free(reader);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_heic_reading = {
    .open = heic_open, .read = heic_read, .close = heic_close};
