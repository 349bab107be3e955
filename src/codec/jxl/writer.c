/* SPDX-License-Identifier: MIT */
/* Writing JPEG XL: libjxl wants the whole picture, and works on a copy in floating point. */
#include "base/pool.h"
#include "base/status.h"
#include "codec/jxl/jxl.h"
#include "codec/metadata.h"

#include <math.h>
#include <string.h>

/* Libjxl's nine efforts. Of lossy pictures the fourth takes a third of the fifth's time, but half
 * more bytes for the same SSIM; the eighth would take three times the memory. Of lossless ones the
 * fourth takes five times as long as the third for 6 %. */
static const int lossy_efforts[PLANCHE_MAX_EFFORT + 1] = {0, 1, 3, 4, 5, 6, 6, 7, 7, 7};
static const int lossless_efforts[PLANCHE_MAX_EFFORT + 1] = {0, 1, 1, 2, 3, 4, 5, 5, 6, 7};
#define MAX_DISTANCE 15.0
#define OUTPUT_BYTES ((size_t)64 << 10)
/* Before the TIFF structure stands where it begins. */
#define EXIF_OFFSET_SIZE 4

struct jxl_writer {
    JxlEncoder *jxl;
    uint8_t *pixels; /* the picture, rows without gaps */
    size_t row, next;
    uint8_t *output;
    uint8_t *exif;     /* as libjxl wants it */
    uint64_t reserved; /* for what libjxl allocates itself */
};

static size_t pixels_size(const struct planche_image_info *info)
{
    return (size_t)info->width * info->height * planche_image_pixel_size(info);
}

/* What libjxl was measured to take for pictures of noise, the worst there are, with some room; it
 * counts in groups. Of its memory manager it makes no use worth mentioning. */
static uint64_t encoder_memory(const struct planche_image_info *info,
                               const struct planche_writer_options *options)
{
    const uint64_t fixed = (uint64_t)9 << 20;
    uint64_t pixels = planche_jxl_padded_pixels(info->width, info->height);
    uint64_t per_pixel = info->channels % 2 == 0 ? 108 : 86;
    if (options->lossless)
        per_pixel = 26 + 22 * info->channels + (lossless_efforts[options->effort] > 4 ? 64 : 0);
    return fixed + per_pixel * pixels;
}

uint64_t planche_jxl_memory(const struct planche_image_info *info,
                            const struct planche_writer_options *options)
{
    return sizeof(struct jxl_writer) + pixels_size(info) + OUTPUT_BYTES +
           PLANCHE_EXIF_DENSITY_SIZE + EXIF_OFFSET_SIZE + encoder_memory(info, options);
}

/* A loop of libjxl: its functions and what they work on. */
struct loop {
    JxlParallelRunFunction fn;
    void *user;
    uint32_t first;
};

static void run_index(void *user, size_t index, unsigned worker)
{
    const struct loop *loop = user;
    loop->fn(loop->user, loop->first + (uint32_t)index, worker);
}

/* A JxlParallelRunner of a pool's threads. */
static JxlParallelRetCode run_loop(void *pool, void *user, JxlParallelRunInit init,
                                   JxlParallelRunFunction fn, uint32_t first, uint32_t end)
{
    struct loop loop = {fn, user, first};
    JxlParallelRetCode result = init(user, planche_pool_threads(pool));
    if (result == 0 && end > first)
        planche_pool_run(pool, end - first, run_index, &loop);
    return result;
}

static enum planche_status allocate(struct jxl_writer *writer,
                                    const struct planche_encoder *encoder,
                                    struct planche_error *error)
{
    static const char what[] = "the JPEG XL picture";
    struct planche_budget *budget = encoder->options.budget;
    uint64_t foreign = encoder_memory(&encoder->info, &encoder->options);
    writer->row = (size_t)encoder->info.width * planche_image_pixel_size(&encoder->info);
    writer->pixels = planche_alloc(budget, pixels_size(&encoder->info));
    if (!writer->pixels)
        return planche_fail_memory(error, budget,
                                   planche_jxl_memory(&encoder->info, &encoder->options), what);
    writer->output = planche_alloc(budget, OUTPUT_BYTES);
    if (!writer->output)
        return planche_fail_memory(error, budget, OUTPUT_BYTES, what);
    if (!planche_budget_reserve(budget, foreign))
        return planche_fail_memory(error, budget, foreign, what);
    writer->reserved = foreign;
    enum planche_status status = planche_encoder_enter(encoder, foreign, error);
    if (status)
        return status;
    writer->jxl = planche_libjxl.EncoderCreate(NULL);
    planche_foreign_leave(foreign);
    return writer->jxl ? PLANCHE_OK
                       : planche_fail(error, PLANCHE_ERROR_MEMORY, "the system has no memory left");
}

static enum planche_status status_of(const struct jxl_writer *writer, JxlEncoderStatus result,
                                     struct planche_error *error)
{
    if (result == JXL_ENC_SUCCESS)
        return PLANCHE_OK;
    JxlEncoderError why = planche_libjxl.EncoderGetError(writer->jxl);
    if (why == JXL_ENC_ERR_OOM)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "the system has no memory left");
    return planche_fail(error, PLANCHE_ERROR_INTERNAL, "libjxl failed with error %d", (int)why);
}

static JxlEncoderStatus set_info(const struct jxl_writer *writer,
                                 const struct planche_encoder *encoder)
{
    const struct planche_image_info *info = &encoder->info;
    JxlBasicInfo basic;
    planche_libjxl.EncoderInitBasicInfo(&basic);
    basic.xsize = info->width;
    basic.ysize = info->height;
    basic.bits_per_sample = info->depth;
    basic.num_color_channels = info->channels < 3 ? 1 : 3;
    basic.uses_original_profile = encoder->options.lossless ? JXL_TRUE : JXL_FALSE;
    if (info->channels % 2 == 0) {
        basic.num_extra_channels = 1;
        basic.alpha_bits = info->depth;
    }
    return planche_libjxl.EncoderSetBasicInfo(writer->jxl, &basic);
}

static JxlEncoderStatus set_colours(const struct jxl_writer *writer,
                                    const struct planche_encoder *encoder)
{
    const struct planche_blob *icc = &encoder->metadata.icc;
    JxlColorEncoding srgb;
    if (icc->size)
        return planche_libjxl.EncoderSetICCProfile(writer->jxl, icc->data, icc->size);
    planche_libjxl.ColorEncodingSetToSRGB(&srgb, encoder->info.channels < 3);
    return planche_libjxl.EncoderSetColorEncoding(writer->jxl, &srgb);
}

static enum planche_status add_exif(struct jxl_writer *writer,
                                    const struct planche_encoder *encoder,
                                    const struct planche_blob *exif, struct planche_error *error)
{
    struct planche_budget *budget = encoder->options.budget;
    size_t size = EXIF_OFFSET_SIZE + exif->size;
    writer->exif = planche_alloc(budget, size);
    if (!writer->exif)
        return planche_fail_memory(error, budget, size, "the EXIF data");
    memset(writer->exif, 0, EXIF_OFFSET_SIZE);
    memcpy(writer->exif + EXIF_OFFSET_SIZE, exif->data, exif->size);
    return status_of(
        writer, planche_libjxl.EncoderAddBox(writer->jxl, "Exif", writer->exif, size, JXL_FALSE),
        error);
}

/* Boxes come before the picture, so that a reader meets them first. */
static enum planche_status add_metadata(struct jxl_writer *writer,
                                        const struct planche_encoder *encoder,
                                        struct planche_error *error)
{
    const struct planche_metadata *metadata = &encoder->metadata;
    uint8_t room[PLANCHE_EXIF_DENSITY_SIZE];
    struct planche_blob exif = planche_metadata_exif(metadata, room);
    enum planche_status status = PLANCHE_OK;
    if (exif.size == 0 && metadata->xmp.size == 0)
        return PLANCHE_OK;
    status = status_of(writer, planche_libjxl.EncoderUseBoxes(writer->jxl), error);
    if (status == PLANCHE_OK && exif.size)
        status = add_exif(writer, encoder, &exif, error);
    if (status == PLANCHE_OK && metadata->xmp.size)
        status = status_of(writer,
                           planche_libjxl.EncoderAddBox(writer->jxl, "xml ", metadata->xmp.data,
                                                        metadata->xmp.size, JXL_FALSE),
                           error);
    planche_libjxl.EncoderCloseBoxes(writer->jxl);
    return status;
}

enum planche_status planche_jxl_start(struct planche_encoder *encoder, struct planche_error *error)
{
    enum planche_status status = planche_jxl_load(NULL, error);
    if (status)
        return status;
    struct planche_budget *budget = encoder->options.budget;
    struct jxl_writer *writer = planche_calloc(budget, 1, sizeof *writer);
    if (!writer)
        return planche_fail_memory(error, budget, sizeof *writer, "the JPEG XL writer");
    encoder->state = writer;
    status = allocate(writer, encoder, error);
    if (status == PLANCHE_OK && encoder->options.pool)
        status = status_of(
            writer,
            planche_libjxl.EncoderSetParallelRunner(writer->jxl, run_loop, encoder->options.pool),
            error);
    if (status == PLANCHE_OK)
        status = status_of(writer, set_info(writer, encoder), error);
    if (status == PLANCHE_OK)
        status = status_of(writer, set_colours(writer, encoder), error);
    return status ? status : add_metadata(writer, encoder, error);
}

enum planche_status planche_jxl_write(struct planche_encoder *encoder, const uint8_t *rows,
                                      size_t stride, uint32_t count, struct planche_error *error)
{
    struct jxl_writer *writer = encoder->state;
    (void)error;
    for (uint32_t i = 0; i < count; i++)
        memcpy(writer->pixels + writer->next++ * writer->row, rows + i * stride, writer->row);
    return PLANCHE_OK;
}

/* As libjxl's own tools take a quality: 90 is distance 1, where differences begin to be visible to
 * those who look for them. */
static float distance_of(int quality)
{
    double distance =
        quality >= 30 ? 0.1 + (100 - quality) * 0.09 : 6.4 + pow(2.5, (30 - quality) / 5.0) / 6.25;
    return (float)fmin(distance, MAX_DISTANCE);
}

static JxlEncoderStatus add_picture(const struct jxl_writer *writer,
                                    const struct planche_encoder *encoder)
{
    const struct planche_image_info *info = &encoder->info;
    bool lossless = encoder->options.lossless;
    JxlPixelFormat format = {
        .num_channels = info->channels,
        .data_type = info->depth == 16 ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8,
        .endianness = JXL_NATIVE_ENDIAN,
    };
    JxlEncoderFrameSettings *frame = planche_libjxl.EncoderFrameSettingsCreate(writer->jxl, NULL);
    if (!frame)
        return JXL_ENC_ERROR;
    JxlEncoderStatus result = planche_libjxl.EncoderFrameSettingsSetOption(
        frame, JXL_ENC_FRAME_SETTING_EFFORT,
        lossless ? lossless_efforts[encoder->options.effort]
                 : lossy_efforts[encoder->options.effort]);
    if (result == JXL_ENC_SUCCESS)
        result = lossless ? planche_libjxl.EncoderSetFrameLossless(frame, JXL_TRUE)
                          : planche_libjxl.EncoderSetFrameDistance(
                                frame, distance_of(encoder->options.quality));
    if (result == JXL_ENC_SUCCESS)
        result =
            planche_libjxl.EncoderAddImageFrame(frame, &format, writer->pixels, pixels_size(info));
    planche_libjxl.EncoderCloseInput(writer->jxl);
    return result;
}

static enum planche_status emit_output(const struct jxl_writer *writer,
                                       struct planche_encoder *encoder, struct planche_error *error)
{
    JxlEncoderStatus result = JXL_ENC_NEED_MORE_OUTPUT;
    while (result == JXL_ENC_NEED_MORE_OUTPUT) {
        uint8_t *next = writer->output;
        size_t left = OUTPUT_BYTES;
        result = planche_libjxl.EncoderProcessOutput(writer->jxl, &next, &left);
        enum planche_status status = planche_encoder_ask(encoder, 1.0, error);
        if (status == PLANCHE_OK)
            status = planche_encoder_emit(encoder, writer->output, OUTPUT_BYTES - left, error);
        if (status)
            return status;
    }
    return status_of(writer, result, error);
}

enum planche_status planche_jxl_finish(struct planche_encoder *encoder, struct planche_error *error)
{
    struct jxl_writer *writer = encoder->state;
    enum planche_status status = planche_encoder_ask(encoder, 0.0, error);
    if (status == PLANCHE_OK)
        status = planche_encoder_enter(encoder, writer->reserved, error);
    if (status)
        return status;
    status = status_of(writer, add_picture(writer, encoder), error);
    /* libjxl has its own copy. */
    planche_free(writer->pixels);
    writer->pixels = NULL;
    if (status == PLANCHE_OK)
        status = emit_output(writer, encoder, error);
    planche_foreign_leave(writer->reserved);
    return status;
}

void planche_jxl_abandon(struct planche_encoder *encoder)
{
    struct jxl_writer *writer = encoder->state;
    if (!writer)
        return;
    if (writer->jxl)
        planche_libjxl.EncoderDestroy(writer->jxl);
    planche_budget_release(encoder->options.budget, writer->reserved);
    planche_free(writer->pixels);
    planche_free(writer->output);
    planche_free(writer->exif);
    planche_free(writer);
    encoder->state = NULL;
}
