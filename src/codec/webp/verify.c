/* SPDX-License-Identifier: MIT */
/* Check of a lossless file by decoding it. When its bit writer gets no memory, libwebp 1.2 begins
 * anew in the middle of the picture and reports success: header and sizes agree, and nothing but
 * the pixels shows it. Decoding takes a few per cent of the time that encoding takes. */
#include "base/checked.h"
#include "base/status.h"
#include "codec/webp/webp.h"

#include <string.h>
#include <webp/decode.h>

#define RIFF_HEAD 12

static const char what[] = "the check of the WebP file";

enum planche_status planche_webp_copy_add(struct planche_webp_copy *copy, const uint8_t *data,
                                          size_t size, struct planche_error *error)
{
    size_t whole;
    uint8_t *grown = planche_add_size(copy->size, size, &whole)
                         ? planche_realloc(NULL, copy->data, whole)
                         : NULL;
    if (!grown)
        return planche_fail_memory(error, NULL, copy->size + (uint64_t)size, what);
    memcpy(grown + copy->size, data, size);
    copy->data = grown;
    copy->size = whole;
    return PLANCHE_OK;
}

static enum planche_status decode(const struct planche_webp_copy *copy,
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

/* A small picture of very many Huffman tables takes more than the encoder did. */
static enum planche_status decode_within(const struct planche_webp_copy *copy,
                                         const struct planche_encoder *encoder, uint64_t more,
                                         uint8_t *row, struct planche_error *error)
{
    struct planche_budget *budget = encoder->options.budget;
    if (!planche_budget_reserve(budget, more))
        return planche_fail_memory(error, budget, more, what);
    enum planche_status status = planche_encoder_enter(encoder, more, error);
    if (status == PLANCHE_OK) {
        status = decode(copy, &encoder->info, row, error);
        planche_foreign_leave(more);
    }
    planche_budget_release(budget, more);
    return status;
}

enum planche_status planche_webp_copy_check(const struct planche_webp_copy *copy,
                                            const struct planche_encoder *encoder,
                                            uint64_t reserved, uint8_t *row,
                                            struct planche_error *error)
{
    const struct planche_image_info *info = &encoder->info;
    size_t head = copy->size < RIFF_HEAD ? copy->size : RIFF_HEAD;
    uint64_t bytes;
    if (!planche_webp_decoder_memory(copy->data + head, copy->size - head, info->width,
                                     info->height, NULL, &bytes))
        return planche_fail_memory(error, NULL, bytes, what);
    uint64_t left = reserved > copy->size ? reserved - copy->size : 0;
    if (bytes <= left)
        return decode(copy, info, row, error);
    return decode_within(copy, encoder, bytes - left, row, error);
}
