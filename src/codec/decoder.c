/* SPDX-License-Identifier: MIT */
/* What the readers of all formats ask for, in whatever process they run. */
#include "base/status.h"
#include "codec/blob.h"
#include "codec/format.h"
#include "image/cmyk.h"

#include <inttypes.h>

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
