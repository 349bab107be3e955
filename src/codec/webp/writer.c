/* SPDX-License-Identifier: MIT */
/* Writing WebP: libwebp wants the whole picture. Lossy pictures are kept as it keeps them itself,
 * in planes of luma and half-size chroma, converted by libwebp two rows at a time. */
#include "codec/webp/webp.h"

#include "base/checked.h"
#include "base/status.h"
#include "codec/metadata.h"

#include <string.h>
#include <webp/encode.h>

/* Libwebp's ten lossless levels, for each effort. The fifth takes a third less time than its usual
 * sixth, for a thousandth more bytes. */
static const int lossless_levels[PLANCHE_MAX_EFFORT + 1] = {0, 0, 1, 3, 5, 6, 6, 7, 7, 8};
/* Libwebp's seven lossy methods. The second makes files 2 to 3 % larger than the fourth, which is
 * usual, in a quarter to a half of its time; the first is no faster (docs/limits.md). */
static const int lossy_methods[PLANCHE_MAX_EFFORT + 1] = {0, 0, 0, 0, 2, 3, 4, 5, 6, 6};

struct webp_writer {
    struct planche_encoder *encoder;
    struct planche_webp_container container;
    WebPConfig config;
    WebPPicture picture; /* its planes are in memory */
    uint8_t *memory;
    uint8_t *pair;     /* two rows that wait to be converted */
    uint64_t reserved; /* for what libwebp allocates itself */
    uint32_t next;     /* row */
    uint8_t density_exif[PLANCHE_EXIF_DENSITY_SIZE];
    struct planche_blob exif;
    /* While libwebp runs. */
    struct planche_error *error;
    enum planche_status status;
    bool wrote;                    /* bytes have gone to the sink */
    struct planche_webp_copy copy; /* of a lossless file */
};

struct sizes {
    size_t luma, chroma, alpha, argb; /* bytes of a plane */
    size_t total, pair;
};

/* Sides of at most 16383 keep this far from overflow. */
static struct sizes plane_sizes(const struct planche_image_info *info, bool lossless)
{
    size_t pixels = (size_t)info->width * info->height;
    struct sizes sizes = {.pair = 2 * (size_t)info->width * info->channels};
    if (lossless) {
        sizes.argb = pixels * sizeof(uint32_t);
    } else {
        sizes.luma = pixels;
        sizes.chroma = ((size_t)info->width + 1) / 2 * (((size_t)info->height + 1) / 2);
        sizes.alpha = info->channels == 4 ? pixels : 0;
    }
    sizes.total = sizes.argb + sizes.luma + 2 * sizes.chroma + sizes.alpha;
    return sizes;
}

/* What libwebp was measured to take beside the planes for pictures of noise, the worst there are,
 * with some room. A lossless file is decoded before the encoder's memory is given back. */
static uint64_t encoder_memory(const struct planche_image_info *info, bool lossless)
{
    const uint64_t fixed = (uint64_t)2 << 20, per_column = 512;
    uint64_t pixels = (uint64_t)info->width * info->height;
    uint64_t per_pixel = lossless ? 44 + 8 : info->channels == 4 ? 40 : 3;
    return fixed + per_column * info->width + per_pixel * pixels;
}

uint64_t planche_webp_memory(const struct planche_image_info *info,
                             const struct planche_writer_options *options)
{
    struct sizes sizes = plane_sizes(info, options->lossless);
    return sizeof(struct webp_writer) + sizes.total + sizes.pair +
           encoder_memory(info, options->lossless);
}

static enum planche_status say_wrong_library(struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_INTERNAL,
                        "the libwebp that is installed is not the one Planche was built for");
}

static enum planche_status configure(struct webp_writer *writer, struct planche_error *error)
{
    const struct planche_writer_options *options = &writer->encoder->options;
    WebPConfig *config = &writer->config;
    if (!WebPConfigInit(config) || !WebPPictureInit(&writer->picture))
        return say_wrong_library(error);
    if (options->lossless) {
        if (!WebPConfigLosslessPreset(config, lossless_levels[options->effort]))
            return say_wrong_library(error);
    } else {
        config->quality = (float)options->quality;
        config->method = lossy_methods[options->effort];
        /* Without it libwebp keeps all its decisions, up to 27 bytes a pixel, for files 0.2 %
         * smaller; and only with it can it write more than one partition of 16 MiB. */
        config->low_memory = 1;
        config->partitions = 3;
    }
    return WebPValidateConfig(config) ? PLANCHE_OK : say_wrong_library(error);
}

static void lay_out_planes(struct webp_writer *writer, const struct sizes *sizes)
{
    const struct planche_image_info *info = &writer->encoder->info;
    WebPPicture *picture = &writer->picture;
    picture->width = (int)info->width;
    picture->height = (int)info->height;
    picture->use_argb = sizes->argb != 0;
    if (picture->use_argb) {
        picture->argb = (uint32_t *)(void *)writer->memory;
        picture->argb_stride = (int)info->width;
        return;
    }
    picture->colorspace = sizes->alpha ? WEBP_YUV420A : WEBP_YUV420;
    picture->y = writer->memory;
    picture->u = picture->y + sizes->luma;
    picture->v = picture->u + sizes->chroma;
    picture->y_stride = (int)info->width;
    picture->uv_stride = (int)((info->width + 1) / 2);
    if (sizes->alpha) {
        picture->a = picture->v + sizes->chroma;
        picture->a_stride = (int)info->width;
    }
}

static enum planche_status allocate(struct webp_writer *writer, struct planche_error *error)
{
    static const char what[] = "the WebP picture";
    const struct planche_image_info *info = &writer->encoder->info;
    const struct planche_writer_options *options = &writer->encoder->options;
    struct sizes sizes = plane_sizes(info, options->lossless);
    uint64_t foreign = encoder_memory(info, options->lossless);
    writer->memory = planche_alloc(options->budget, sizes.total);
    if (!writer->memory)
        return planche_fail_memory(error, options->budget, planche_webp_memory(info, options),
                                   what);
    writer->pair = planche_alloc(options->budget, sizes.pair);
    if (!writer->pair)
        return planche_fail_memory(error, options->budget, sizes.pair, what);
    if (!planche_budget_reserve(options->budget, foreign))
        return planche_fail_memory(error, options->budget, foreign, what);
    writer->reserved = foreign;
    lay_out_planes(writer, &sizes);
    return PLANCHE_OK;
}

/* EXIF is WebP's only place for a resolution. */
static void set_exif(struct webp_writer *writer)
{
    writer->exif = planche_metadata_exif(&writer->encoder->metadata, writer->density_exif);
    writer->container.encoder = writer->encoder;
    writer->container.exif = &writer->exif;
}

enum planche_status planche_webp_start(struct planche_encoder *encoder, struct planche_error *error)
{
    struct planche_budget *budget = encoder->options.budget;
    struct webp_writer *writer = planche_calloc(budget, 1, sizeof *writer);
    if (!writer)
        return planche_fail_memory(error, budget, sizeof *writer, "the WebP writer");
    encoder->state = writer;
    writer->encoder = encoder;
    set_exif(writer);
    enum planche_status status = configure(writer, error);
    return status ? status : allocate(writer, error);
}

static void keep_argb(struct webp_writer *writer, const uint8_t *row, uint32_t y)
{
    const struct planche_image_info *info = &writer->encoder->info;
    uint32_t *out = writer->picture.argb + (size_t)y * info->width;
    for (uint32_t x = 0; x < info->width; x++, row += info->channels) {
        uint32_t alpha = info->channels == 4 ? row[3] : 255;
        out[x] = alpha << 24 | (uint32_t)row[0] << 16 | (uint32_t)row[1] << 8 | row[2];
    }
}

static void copy_plane(uint8_t *to, int to_stride, const uint8_t *from, int from_stride,
                       size_t width, int rows)
{
    for (int i = 0; i < rows; i++)
        memcpy(to + (ptrdiff_t)i * to_stride, from + (ptrdiff_t)i * from_stride, width);
}

/* Rows y.. of the planes from a small picture. */
static void copy_pair(struct webp_writer *writer, const WebPPicture *small, uint32_t y)
{
    WebPPicture *all = &writer->picture;
    size_t width = (size_t)all->width, half = (width + 1) / 2, row = y;
    uint8_t *alpha = all->a ? all->a + row * width : NULL;
    copy_plane(all->y + row * width, all->y_stride, small->y, small->y_stride, width,
               small->height);
    copy_plane(all->u + row / 2 * half, all->uv_stride, small->u, small->uv_stride, half, 1);
    copy_plane(all->v + row / 2 * half, all->uv_stride, small->v, small->uv_stride, half, 1);
    if (alpha && small->a)
        copy_plane(alpha, all->a_stride, small->a, small->a_stride, width, small->height);
    else if (alpha)
        memset(alpha, 255, width * (size_t)small->height);
}

/* Converts the rows that wait; y is the first of them. */
static enum planche_status convert_pair(struct webp_writer *writer, uint32_t y, int rows,
                                        struct planche_error *error)
{
    const struct planche_image_info *info = &writer->encoder->info;
    int stride = (int)(info->width * info->channels);
    WebPPicture small;
    if (!WebPPictureInit(&small))
        return say_wrong_library(error);
    small.width = (int)info->width;
    small.height = rows;
    int done = info->channels == 4 ? WebPPictureImportRGBA(&small, writer->pair, stride)
                                   : WebPPictureImportRGB(&small, writer->pair, stride);
    if (done)
        copy_pair(writer, &small, y);
    WebPPictureFree(&small);
    return done ? PLANCHE_OK
                : planche_fail(error, PLANCHE_ERROR_MEMORY, "the system has no memory left");
}

static enum planche_status keep_row(struct webp_writer *writer, const uint8_t *row,
                                    struct planche_error *error)
{
    const struct planche_image_info *info = &writer->encoder->info;
    size_t bytes = (size_t)info->width * info->channels;
    uint32_t y = writer->next++;
    if (writer->picture.use_argb) {
        keep_argb(writer, row, y);
        return PLANCHE_OK;
    }
    memcpy(writer->pair + y % 2 * bytes, row, bytes);
    if (y % 2 == 0 && y + 1 < info->height)
        return PLANCHE_OK;
    return convert_pair(writer, y - y % 2, (int)(y % 2) + 1, error);
}

enum planche_status planche_webp_write(struct planche_encoder *encoder, const uint8_t *rows,
                                       size_t stride, uint32_t count, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (uint32_t i = 0; i < count && status == PLANCHE_OK; i++)
        status = keep_row(encoder->state, rows + i * stride, error);
    return status;
}

static int on_bytes(const uint8_t *data, size_t size, const WebPPicture *picture)
{
    struct webp_writer *writer = picture->custom_ptr;
    writer->wrote |= size > 0;
    writer->status = PLANCHE_OK;
    if (picture->use_argb)
        writer->status = planche_webp_copy_add(&writer->copy, data, size, writer->error);
    if (writer->status == PLANCHE_OK)
        writer->status =
            planche_webp_container_write(&writer->container, data, size, writer->error);
    return writer->status == PLANCHE_OK;
}

static int on_progress(int percent, const WebPPicture *picture)
{
    struct webp_writer *writer = picture->custom_ptr;
    const struct planche_writer_options *options = &writer->encoder->options;
    if (options->progress)
        options->progress(options->progress_user, percent / 100.0);
    return planche_cancel_check(options->cancel) == PLANCHE_OK;
}

/* Why encoding failed. */
static enum planche_status status_of(struct webp_writer *writer, struct planche_error *error)
{
    switch (writer->picture.error_code) {
    case VP8_ENC_OK: /* libwebp did not say which of its allocations failed */
    case VP8_ENC_ERROR_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "the system has no memory left");
    case VP8_ENC_ERROR_USER_ABORT:
        return planche_cancel_fail(writer->encoder->options.cancel, error);
    case VP8_ENC_ERROR_PARTITION0_OVERFLOW:
    case VP8_ENC_ERROR_PARTITION_OVERFLOW:
    case VP8_ENC_ERROR_FILE_TOO_BIG:
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "the page has more detail than a WebP file can hold: use a lower "
                            "quality, or write PNG");
    default:
        return planche_fail(error, PLANCHE_ERROR_INTERNAL, "libwebp failed with error %d",
                            (int)writer->picture.error_code);
    }
}

/* False: it failed; error_code may say why, but stays OK where a thread does not start and where
 * some allocations fail. */
static bool encode_once(struct webp_writer *writer)
{
    writer->picture.error_code = VP8_ENC_OK;
    return WebPEncode(&writer->config, &writer->picture) != 0;
}

/* The second thread is the first thing to do without where the system lacks something. */
static bool encode_threaded(struct webp_writer *writer)
{
    writer->config.thread_level = 1;
    bool done = encode_once(writer);
    WebPEncodingError code = writer->picture.error_code;
    if (done || writer->wrote || (code != VP8_ENC_OK && code != VP8_ENC_ERROR_OUT_OF_MEMORY))
        return done;
    writer->config.thread_level = 0;
    return encode_once(writer);
}

/* The prediction modes of all blocks go into one partition of 512 KiB, which detailed pages of some
 * 20 megapixels overflow; libwebp can then restrict itself to cheaper modes. Nothing has been
 * written at that point. */
static bool encode(struct webp_writer *writer)
{
    static const int limits[] = {0, 60, 100};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        writer->config.partition_limit = limits[i];
        if (encode_threaded(writer))
            return true;
        if (writer->picture.error_code != VP8_ENC_ERROR_PARTITION0_OVERFLOW)
            break;
    }
    return false;
}

enum planche_status planche_webp_finish(struct planche_encoder *encoder,
                                        struct planche_error *error)
{
    struct webp_writer *writer = encoder->state;
    writer->error = error;
    writer->status = PLANCHE_OK;
    writer->picture.writer = on_bytes;
    writer->picture.custom_ptr = writer;
    writer->picture.progress_hook = on_progress;
    enum planche_status status = planche_encoder_enter(encoder, writer->reserved, error);
    if (status)
        return status;
    bool done = encode(writer);
    status = writer->status;
    if (!status && !done)
        status = status_of(writer, error);
    if (!status && writer->copy.size)
        status =
            planche_webp_copy_check(&writer->copy, encoder, writer->reserved, writer->pair, error);
    planche_foreign_leave(writer->reserved);
    return status ? status : planche_webp_container_finish(&writer->container, error);
}

void planche_webp_abandon(struct planche_encoder *encoder)
{
    struct webp_writer *writer = encoder->state;
    if (!writer)
        return;
    WebPPictureFree(&writer->picture);
    planche_budget_release(encoder->options.budget, writer->reserved);
    planche_free(writer->memory);
    planche_free(writer->pair);
    planche_free(writer->copy.data);
    planche_free(writer);
    encoder->state = NULL;
}
