/* SPDX-License-Identifier: MIT */
/* Metadata and colours of JPEG XL files. */
#include "codec/metadata.h"

#include "base/big_endian.h"
#include "base/status.h"
#include "codec/jxl/jxl.h"

#include <string.h>

#define FIRST_BOX_BYTES ((size_t)16 << 10)
#define MAX_ICC_BYTES   ((size_t)64 << 20)
/* EXIF begins with where in it the TIFF structure begins. */
#define EXIF_OFFSET_SIZE 4

/* libjxl 0.9 dropped an argument that nothing used. */
#if JPEGXL_MAJOR_VERSION == 0 && JPEGXL_MINOR_VERSION < 9
#define UNUSED_FORMAT NULL,
#else
#define UNUSED_FORMAT
#endif

static enum planche_status give_room(struct planche_jxl_box *box, struct planche_decoder *decoder,
                                     JxlDecoder *jxl, size_t used, size_t capacity,
                                     struct planche_error *error)
{
    if (capacity > PLANCHE_MAX_METADATA)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: the image has more than 16 MiB of metadata", decoder->name);
    uint8_t *data = box->data ? planche_realloc(decoder->budget, box->data, capacity)
                              : planche_alloc(decoder->budget, capacity);
    if (!data)
        return planche_fail_memory(error, decoder->budget, capacity, decoder->name);
    box->data = data;
    box->capacity = capacity;
    if (planche_libjxl.DecoderSetBoxBuffer(jxl, data + used, capacity - used) != JXL_DEC_SUCCESS)
        return planche_fail(error, PLANCHE_ERROR_INTERNAL,
                            "%s: libjxl takes no buffer for metadata", decoder->name);
    return PLANCHE_OK;
}

enum planche_status planche_jxl_box_begin(struct planche_jxl_box *box,
                                          struct planche_decoder *decoder, JxlDecoder *jxl,
                                          struct planche_error *error)
{
    struct planche_metadata *metadata = &decoder->metadata;
    JxlBoxType type, stored;
    enum planche_status status = planche_jxl_box_end(box, decoder, jxl, error);
    if (status)
        return status;
    if (planche_libjxl.DecoderGetBoxType(jxl, type, JXL_TRUE) != JXL_DEC_SUCCESS)
        return PLANCHE_OK;
    if (memcmp(type, "jhgm", 4) == 0)
        decoder->lost |= PLANCHE_LOST_GAIN_MAP;
    box->exif = memcmp(type, "Exif", 4) == 0;
    box->compressed = planche_libjxl.DecoderGetBoxType(jxl, stored, JXL_FALSE) == JXL_DEC_SUCCESS &&
                      memcmp(stored, "brob", 4) == 0;
    if (box->exif)
        box->target = &metadata->exif;
    else if (memcmp(type, "xml ", 4) == 0)
        box->target = &metadata->xmp;
    else
        return PLANCHE_OK;
    return give_room(box, decoder, jxl, 0, FIRST_BOX_BYTES, error);
}

enum planche_status planche_jxl_box_grow(struct planche_jxl_box *box,
                                         struct planche_decoder *decoder, JxlDecoder *jxl,
                                         struct planche_error *error)
{
    size_t used = box->capacity - planche_libjxl.DecoderReleaseBoxBuffer(jxl);
    return give_room(box, decoder, jxl, used, 2 * box->capacity, error);
}

static size_t skip_offset(const uint8_t *data, size_t size)
{
    if (size < EXIF_OFFSET_SIZE)
        return size;
    size_t offset = get32_big(data);
    return offset < size - EXIF_OFFSET_SIZE ? EXIF_OFFSET_SIZE + offset : size;
}

enum planche_status planche_jxl_box_end(struct planche_jxl_box *box,
                                        struct planche_decoder *decoder, JxlDecoder *jxl,
                                        struct planche_error *error)
{
    if (!box->target)
        return PLANCHE_OK;
    size_t size = box->capacity - planche_libjxl.DecoderReleaseBoxBuffer(jxl);
    size_t skip = box->exif ? skip_offset(box->data, size) : 0;
    enum planche_status status = planche_blob_set(box->target, box->data + skip, size - skip,
                                                  decoder->budget, decoder->name, error);
    planche_jxl_box_free(box);
    return status;
}

void planche_jxl_box_free(struct planche_jxl_box *box)
{
    planche_free(box->data);
    *box = (struct planche_jxl_box){.target = NULL};
}

/* Lossy pictures are kept in colours of libjxl's own, which it can only turn into spaces that it
 * has a name or numbers for. If the file's own profile is none of them, it would choose sRGB and
 * cut off what lies outside: Rec. 2100's primaries with sRGB's curve lose nothing. */
void planche_jxl_prefer_colours(JxlDecoder *jxl, bool grey)
{
    JxlColorEncoding wide;
    if (planche_libjxl.DecoderGetColorAsEncodedProfile(
            jxl, UNUSED_FORMAT JXL_COLOR_PROFILE_TARGET_ORIGINAL, NULL) == JXL_DEC_SUCCESS)
        return;
    memset(&wide, 0, sizeof wide);
    wide.color_space = grey ? JXL_COLOR_SPACE_GRAY : JXL_COLOR_SPACE_RGB;
    wide.white_point = JXL_WHITE_POINT_D65;
    wide.primaries = JXL_PRIMARIES_2100;
    wide.transfer_function = JXL_TRANSFER_FUNCTION_SRGB;
    wide.rendering_intent = JXL_RENDERING_INTENT_RELATIVE;
    /* Pictures that are not kept in libjxl's own colours need none, and refuse it. */
    (void)planche_libjxl.DecoderSetPreferredColorProfile(jxl, &wide);
}

static bool is_srgb(const JxlColorEncoding *colours)
{
    return colours->white_point == JXL_WHITE_POINT_D65 &&
           colours->transfer_function == JXL_TRANSFER_FUNCTION_SRGB &&
           (colours->color_space == JXL_COLOR_SPACE_GRAY ||
            (colours->color_space == JXL_COLOR_SPACE_RGB &&
             colours->primaries == JXL_PRIMARIES_SRGB));
}

enum planche_status planche_jxl_get_colours(struct planche_decoder *decoder, const JxlDecoder *jxl,
                                            struct planche_error *error)
{
    const JxlColorProfileTarget target = JXL_COLOR_PROFILE_TARGET_DATA;
    struct planche_blob *icc = &decoder->metadata.icc;
    JxlColorEncoding colours;
    size_t size;
    if (planche_libjxl.DecoderGetColorAsEncodedProfile(jxl, UNUSED_FORMAT target, &colours) ==
        JXL_DEC_SUCCESS) {
        if (is_srgb(&colours))
            return PLANCHE_OK;
        if (colours.transfer_function == JXL_TRANSFER_FUNCTION_PQ ||
            colours.transfer_function == JXL_TRANSFER_FUNCTION_HLG)
            return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                                "%s: JPEG XL images of high dynamic range are not supported",
                                decoder->name);
    }
    if (planche_libjxl.DecoderGetICCProfileSize(jxl, UNUSED_FORMAT target, &size) !=
            JXL_DEC_SUCCESS ||
        size == 0 || size > MAX_ICC_BYTES)
        return PLANCHE_OK;
    uint8_t *data = planche_alloc(decoder->budget, size);
    if (!data)
        return planche_fail_memory(error, decoder->budget, size, decoder->name);
    enum planche_status status = PLANCHE_OK;
    if (planche_libjxl.DecoderGetColorAsICCProfile(jxl, UNUSED_FORMAT target, data, size) ==
        JXL_DEC_SUCCESS)
        status = planche_blob_set(icc, data, size, decoder->budget, decoder->name, error);
    planche_free(data);
    return status;
}
