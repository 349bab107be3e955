/* SPDX-License-Identifier: MIT */
/* Check of a lossless file by decoding it. When its bit writer gets no memory, libwebp 1.2 begins
 * anew in the middle of the picture and reports success: header and sizes agree, and nothing but
 * the pixels shows it. Decoding takes a few per cent of the time that encoding takes. */
#include "base/checked.h"
#include "base/status.h"
#include "codec/webp/webp.h"

#include <string.h>
#include <webp/decode.h>

enum planche_status planche_webp_copy_add(struct planche_webp_copy *copy, const uint8_t *data,
                                          size_t size, struct planche_error *error)
{
    size_t whole;
    uint8_t *grown = planche_add_size(copy->size, size, &whole)
                         ? planche_realloc(NULL, copy->data, whole)
                         : NULL;
    if (!grown)
        return planche_fail_memory(error, NULL, copy->size + (uint64_t)size,
                                   "the check of the WebP file");
    memcpy(grown + copy->size, data, size);
    copy->data = grown;
    copy->size = whole;
    return PLANCHE_OK;
}

enum planche_status planche_webp_copy_check(const struct planche_webp_copy *copy,
                                            const struct planche_image_info *info, uint8_t *row,
                                            struct planche_error *error)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return planche_fail(error, PLANCHE_ERROR_INTERNAL,
                            "the libwebp that is installed is not the one Planche was built for");
    /* All rows are decoded for the last one. */
    config.options.use_cropping = 1;
    config.options.crop_top = (int)info->height - 1;
    config.options.crop_width = (int)info->width;
    config.options.crop_height = 1;
    config.output.colorspace = info->channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = row;
    config.output.u.RGBA.stride = (int)(info->width * info->channels);
    config.output.u.RGBA.size = (size_t)info->width * info->channels;
    switch (WebPDecode(copy->data, copy->size, &config)) {
    case VP8_STATUS_OK:
        return PLANCHE_OK;
    case VP8_STATUS_OUT_OF_MEMORY:
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "the system has no memory left");
    default:
        return planche_fail(error, PLANCHE_ERROR_MEMORY,
                            "libwebp made a file that cannot be read, for want of memory");
    }
}
