/* SPDX-License-Identifier: MIT */
/* Metadata in JPEG markers: ICC profiles in pieces (APP2), EXIF and XMP (APP1), JFIF's density. */
#include "base/status.h"
#include "codec/jpeg/jpeg.h"
#include "codec/metadata.h"

#include <math.h>
#include <string.h>

/* Signatures with their terminating zeros. */
static const char icc_signature[12] = "ICC_PROFILE";
static const char exif_signature[6] = "Exif\0";
static const char xmp_signature[29] = "http://ns.adobe.com/xap/1.0/";

/* Of parts of the file that are not read. */
static const char mpf_signature[4] = "MPF";
static const char gain_map_signature[28] = "urn:iso:std:iso:ts:21496:-1";
static const char extension_signature[35] = "http://ns.adobe.com/xmp/extension/";

#define MAX_MARKER_BYTES 65533
/* After ICC's signature: number of this piece from 1, number of pieces. */
#define ICC_HEAD       (sizeof icc_signature + 2)
#define ICC_PIECE      (MAX_MARKER_BYTES - ICC_HEAD)
#define ICC_MAX_PIECES 255

static bool begins_with(jpeg_saved_marker_ptr marker, int code, const char *signature, size_t size)
{
    return marker->marker == code && marker->data_length > size &&
           memcmp(marker->data, signature, size) == 0;
}

static jpeg_saved_marker_ptr find_marker(const struct jpeg_decompress_struct *cinfo, int code,
                                         const char *signature, size_t size)
{
    jpeg_saved_marker_ptr marker = cinfo->marker_list;
    while (marker && !begins_with(marker, code, signature, size))
        marker = marker->next;
    return marker;
}

static enum planche_status get_app1(const struct jpeg_decompress_struct *cinfo,
                                    struct planche_decoder *decoder, struct planche_blob *blob,
                                    const char *signature, size_t size, struct planche_error *error)
{
    jpeg_saved_marker_ptr marker = find_marker(cinfo, PLANCHE_JPEG_APP1, signature, size);
    if (!marker)
        return PLANCHE_OK;
    return planche_blob_set(blob, marker->data + size, marker->data_length - size, decoder->budget,
                            decoder->name, error);
}

/* The pieces of a profile by their number; index 0 is not used. */
struct pieces {
    jpeg_saved_marker_ptr at[ICC_MAX_PIECES + 1];
    unsigned count;
    size_t total;
};

/* False: pieces are missing, doubled, or disagree about their number. */
static bool collect_pieces(const struct jpeg_decompress_struct *cinfo, struct pieces *pieces)
{
    unsigned found = 0;
    for (jpeg_saved_marker_ptr marker = cinfo->marker_list; marker; marker = marker->next) {
        if (!begins_with(marker, PLANCHE_JPEG_APP2, icc_signature, sizeof icc_signature) ||
            marker->data_length < ICC_HEAD)
            continue;
        unsigned number = marker->data[ICC_HEAD - 2], count = marker->data[ICC_HEAD - 1];
        if (pieces->count == 0)
            pieces->count = count;
        if (count != pieces->count || number == 0 || number > count || pieces->at[number])
            return false;
        pieces->at[number] = marker;
        pieces->total += marker->data_length - ICC_HEAD;
        found++;
    }
    return found == pieces->count;
}

static enum planche_status get_icc(const struct jpeg_decompress_struct *cinfo,
                                   struct planche_decoder *decoder, struct planche_error *error)
{
    struct pieces pieces = {.count = 0};
    if (!collect_pieces(cinfo, &pieces)) {
        planche_log_write(decoder->log, PLANCHE_LOG_WARNING,
                          "%s: the colour profile is incomplete; it is dropped", decoder->name);
        return PLANCHE_OK;
    }
    if (pieces.total == 0)
        return PLANCHE_OK;
    uint8_t *data = planche_alloc(decoder->budget, pieces.total), *to = data;
    if (!data)
        return planche_fail_memory(error, decoder->budget, pieces.total, decoder->name);
    for (unsigned i = 1; i <= pieces.count; i++) {
        size_t size = pieces.at[i]->data_length - ICC_HEAD;
        memcpy(to, pieces.at[i]->data + ICC_HEAD, size);
        to += size;
    }
    decoder->metadata.icc = (struct planche_blob){data, pieces.total};
    return PLANCHE_OK;
}

enum jfif_unit { JFIF_PER_INCH = 1, JFIF_PER_CM = 2 };
#define INCHES_PER_METRE (1 / 0.0254)

static void get_density(const struct jpeg_decompress_struct *cinfo,
                        struct planche_metadata *metadata)
{
    double metre = cinfo->density_unit == JFIF_PER_INCH ? INCHES_PER_METRE
                   : cinfo->density_unit == JFIF_PER_CM ? 100
                                                        : 0;
    if (!cinfo->saw_JFIF_marker || metre == 0)
        return;
    metadata->x_density = cinfo->X_density * metre;
    metadata->y_density = cinfo->Y_density * metre;
}

/* Finds out what else is in the file. */
static void find_lost(const struct jpeg_decompress_struct *cinfo, struct planche_decoder *decoder)
{
    jpeg_saved_marker_ptr index =
        find_marker(cinfo, PLANCHE_JPEG_APP2, mpf_signature, sizeof mpf_signature);
    if (index)
        decoder->pictures = planche_exif_count_pictures(index->data + sizeof mpf_signature,
                                                        index->data_length - sizeof mpf_signature);
    if (find_marker(cinfo, PLANCHE_JPEG_APP2, gain_map_signature, sizeof gain_map_signature))
        decoder->lost |= PLANCHE_LOST_GAIN_MAP;
    if (find_marker(cinfo, PLANCHE_JPEG_APP1, extension_signature, sizeof extension_signature))
        decoder->lost |= PLANCHE_LOST_XMP;
}

enum planche_status planche_jpeg_get_metadata(const struct jpeg_decompress_struct *cinfo,
                                              struct planche_decoder *decoder,
                                              struct planche_error *error)
{
    struct planche_metadata *metadata = &decoder->metadata;
    get_density(cinfo, metadata);
    find_lost(cinfo, decoder);
    enum planche_status status = get_icc(cinfo, decoder, error);
    if (status == PLANCHE_OK)
        status =
            get_app1(cinfo, decoder, &metadata->exif, exif_signature, sizeof exif_signature, error);
    if (status == PLANCHE_OK)
        status =
            get_app1(cinfo, decoder, &metadata->xmp, xmp_signature, sizeof xmp_signature, error);
    return status;
}

static UINT16 whole_density(double density)
{
    return density < UINT16_MAX ? (UINT16)lround(density) : UINT16_MAX;
}

void planche_jpeg_set_density(struct jpeg_compress_struct *cinfo,
                              const struct planche_metadata *metadata)
{
    UINT16 x = whole_density(metadata->x_density / INCHES_PER_METRE);
    UINT16 y = whole_density(metadata->y_density / INCHES_PER_METRE);
    if (x == 0 || y == 0)
        return;
    cinfo->density_unit = JFIF_PER_INCH;
    cinfo->X_density = x;
    cinfo->Y_density = y;
}

static void write_marker(struct jpeg_compress_struct *cinfo, int code, const void *head,
                         size_t head_size, const uint8_t *data, size_t size)
{
    jpeg_write_m_header(cinfo, code, (unsigned)(head_size + size));
    for (size_t i = 0; i < head_size; i++)
        jpeg_write_m_byte(cinfo, ((const uint8_t *)head)[i]);
    for (size_t i = 0; i < size; i++)
        jpeg_write_m_byte(cinfo, data[i]);
}

static void say_left_out(const struct jpeg_compress_struct *cinfo, const char *signature)
{
    const struct planche_jpeg *jpeg = cinfo->client_data;
    planche_log_write(jpeg->log, PLANCHE_LOG_WARNING,
                      "%s: the metadata \"%s\" are too large for a JPEG file and are left out",
                      jpeg->name, signature);
}

static void write_app1(struct jpeg_compress_struct *cinfo, const char *signature,
                       size_t signature_size, const struct planche_blob *blob)
{
    if (blob->size > MAX_MARKER_BYTES - signature_size)
        say_left_out(cinfo, signature);
    else if (blob->size)
        write_marker(cinfo, PLANCHE_JPEG_APP1, signature, signature_size, blob->data, blob->size);
}

static void write_icc(struct jpeg_compress_struct *cinfo, const struct planche_blob *icc)
{
    size_t count = (icc->size + ICC_PIECE - 1) / ICC_PIECE;
    if (count > ICC_MAX_PIECES) {
        say_left_out(cinfo, icc_signature);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t head[ICC_HEAD];
        size_t at = i * ICC_PIECE, size = icc->size - at < ICC_PIECE ? icc->size - at : ICC_PIECE;
        memcpy(head, icc_signature, sizeof icc_signature);
        head[ICC_HEAD - 2] = (uint8_t)(i + 1);
        head[ICC_HEAD - 1] = (uint8_t)count;
        write_marker(cinfo, PLANCHE_JPEG_APP2, head, sizeof head, icc->data + at, size);
    }
}

void planche_jpeg_write_metadata(struct jpeg_compress_struct *cinfo,
                                 const struct planche_metadata *metadata)
{
    write_app1(cinfo, exif_signature, sizeof exif_signature, &metadata->exif);
    write_app1(cinfo, xmp_signature, sizeof xmp_signature, &metadata->xmp);
    write_icc(cinfo, &metadata->icc);
}
