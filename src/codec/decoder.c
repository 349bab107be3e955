/* SPDX-License-Identifier: MIT */
/* What the readers of all formats ask for, in whatever process they run. */
#include "base/checked.h"
#include "base/status.h"
#include "codec/blob.h"
#include "codec/format.h"
#include "image/cmyk.h"

#include <inttypes.h>

#define CHECKED_ROWS 16 /* at once, where rows come one after the other */

/* What is too large is the result, if the limit is one of that. */
static enum planche_status too_large(const struct planche_decoder *decoder, uint64_t width,
                                     uint64_t height, struct planche_error *error)
{
    uint64_t scale = decoder->scale;
    if (scale > 1 && width <= UINT32_MAX && height <= UINT32_MAX)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: the result would have %" PRIu64 " x %" PRIu64
                            " pixels, more than the limit of %" PRIu64
                            " pixels; choose a smaller scale, or raise the limit "
                            "(option max_pixels)",
                            decoder->name, width * scale, height * scale,
                            decoder->max_result_pixels);
    return planche_fail(error, PLANCHE_ERROR_LIMIT,
                        "%s: %" PRIu64 " x %" PRIu64 " pixels are more than the limit of %" PRIu64
                        " pixels (option max_pixels)",
                        decoder->name, width, height, decoder->max_pixels);
}

enum planche_status planche_decoder_check_size(const struct planche_decoder *decoder,
                                               uint64_t width, uint64_t height,
                                               struct planche_error *error)
{
    uint64_t pixels;
    if (width == 0 || height == 0)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the image has no pixels",
                            decoder->name);
    if (width > INT32_MAX || height > INT32_MAX || __builtin_mul_overflow(width, height, &pixels) ||
        pixels > decoder->max_pixels)
        return too_large(decoder, width, height, error);
    return PLANCHE_OK;
}

enum planche_status planche_decoder_check(struct planche_decoder *decoder,
                                          const struct planche_reading_ops *ops,
                                          struct planche_error *error)
{
    size_t pixel = (size_t)decoder->channels * (decoder->depth / 8), stride, size;
    uint32_t height = decoder->height,
             most = decoder->whole || height < CHECKED_ROWS ? height : CHECKED_ROWS;
    if (ops->check)
        return ops->check(decoder, error);
    if (!planche_mul_size(decoder->width, pixel, &stride) || !planche_mul_size(stride, most, &size))
        stride = size = SIZE_MAX;
    uint8_t *rows = planche_alloc(decoder->budget, size);
    if (!rows)
        return planche_fail_memory(error, decoder->budget, size, decoder->name);
    enum planche_status status = PLANCHE_OK;
    for (uint32_t y = 0; !status && y < height; y += most)
        status = ops->read(decoder, rows, stride, height - y < most ? height - y : most, error);
    planche_free(rows);
    return status;
}

enum planche_status planche_decoder_start_cmyk(struct planche_decoder *decoder,
                                               struct planche_cmyk **cmyk, bool inverted,
                                               struct planche_error *error)
{
    struct planche_blob *icc = &decoder->metadata.icc;
    bool managed;
    enum planche_status status =
        planche_cmyk_create(cmyk, decoder->budget, icc->data, icc->size, inverted, &managed, error);
    if (status == PLANCHE_OK && !managed)
        planche_log_write(
            decoder->log, PLANCHE_LOG_WARNING,
            "%s: a CMYK page without a usable colour profile: its colours are a guess",
            decoder->name);
    planche_blob_free(icc);
    return status;
}

enum planche_status planche_fail_animation(struct planche_error *error, const char *name,
                                           uint64_t frames)
{
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: is an animation of %" PRIu64 " frames; only single pictures are "
                        "supported",
                        name, frames);
}
