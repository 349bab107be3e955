/* SPDX-License-Identifier: MIT */
/* The common part of writing: checks what is asked for, fits the metadata, counts rows. */
#include "base/status.h"
#include "codec/format.h"
#include "codec/metadata.h"

#include <inttypes.h>

struct planche_writer {
    const struct planche_format_ops *ops;
    struct planche_encoder encoder;
    struct planche_blob icc; /* fitted */
    bool created;            /* the format's create was called */
    enum planche_status failed;
    uint32_t next; /* row */
};

enum planche_status planche_encoder_emit(struct planche_encoder *encoder, const void *data,
                                         size_t size, struct planche_error *error)
{
    if (size == 0)
        return PLANCHE_OK;
    planche_written_add(&encoder->written, encoder->follow, data, size);
    return encoder->sink(encoder->sink_user, data, size, error);
}

enum planche_status planche_encoder_enter(const struct planche_encoder *encoder, uint64_t bytes,
                                          struct planche_error *error)
{
    if (planche_foreign_enter(bytes))
        return PLANCHE_OK;
    return planche_fail(
        error, PLANCHE_ERROR_MEMORY, "the system has no %llu bytes left for encoding %s",
        (unsigned long long)bytes, planche_format_get_ops(encoder->info.format)->name);
}

enum planche_status planche_encoder_ask(const struct planche_encoder *encoder, double done,
                                        struct planche_error *error)
{
    const struct planche_writer_options *options = &encoder->options;
    if (options->progress)
        options->progress(options->progress_user, done);
    return planche_cancel_fail(options->cancel, error);
}

static enum planche_status check_pixels(const struct planche_image_info *info,
                                        const struct planche_format_ops *ops,
                                        struct planche_error *error)
{
    const struct planche_format_caps *caps = &ops->caps;
    bool known = info->channels >= 1 && info->channels <= 4 &&
                 (info->depth == 8 || info->depth == 16) && info->width && info->height;
    if (!known)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "no such picture can be written");
    if ((info->channels < 3 && !caps->grey) || (info->channels % 2 == 0 && !caps->alpha) ||
        (info->depth == 16 && !caps->deep))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s files cannot hold %u channels of %u bits", ops->name,
                            info->channels, info->depth);
    return PLANCHE_OK;
}

static enum planche_status check_size(const struct planche_image_info *info,
                                      const struct planche_format_ops *ops,
                                      struct planche_error *error)
{
    const struct planche_format_caps *caps = &ops->caps;
    uint64_t pixels = (uint64_t)info->width * info->height;
    if (info->width > caps->max_width || info->height > caps->max_height)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "the output would be %" PRIu32 " x %" PRIu32
                            " pixels, but %s files have at most %" PRIu32 " a side: write PNG, "
                            "enlarge less, or let it be switched or split (option on_limit)",
                            info->width, info->height, ops->name, caps->max_width);
    if (caps->max_pixels && pixels > caps->max_pixels)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "the output would be %" PRIu64 " pixels, but %s files have at most "
                            "%" PRIu64 ": write PNG, enlarge less, or let it be switched or split "
                            "(option on_limit)",
                            pixels, ops->name, caps->max_pixels);
    return PLANCHE_OK;
}

static enum planche_status check_options(const struct planche_writer_options *options,
                                         struct planche_error *error)
{
    if (options->quality < 0 || options->quality > 100)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "quality %d is not within 1..100",
                            options->quality);
    if (options->effort < 0 || options->effort > PLANCHE_MAX_EFFORT)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "effort %d is not within 1..9",
                            options->effort);
    return PLANCHE_OK;
}

enum planche_status planche_writer_check(const struct planche_image_info *info,
                                         const struct planche_writer_options *options,
                                         struct planche_error *error)
{
    const struct planche_format_ops *ops = planche_format_get_ops(info->format);
    if (ops && ops->absent)
        return planche_fail_absent(error, NULL, ops);
    if (!ops || !ops->create)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            ops ? "%s files are read, but not written: choose PNG, JPEG, WebP, "
                                  "AVIF or JPEG XL"
                                : "%s format cannot be written",
                            ops ? ops->name : "an unknown");
    enum planche_status status = check_pixels(info, ops, error);
    if (status == PLANCHE_OK)
        status = check_size(info, ops, error);
    return status ? status : check_options(options, error);
}

static struct planche_writer_options with_defaults(const struct planche_format_ops *ops,
                                                   const struct planche_writer_options *options)
{
    struct planche_writer_options filled = *options;
    if (filled.quality == 0)
        filled.quality = ops->default_quality;
    if (filled.effort == 0)
        filled.effort = PLANCHE_DEFAULT_EFFORT;
    return filled;
}

/* Fitting a profile and writing metadata makes copies, and lcms2 reads tables out of profiles. */
static uint64_t metadata_memory(const struct planche_metadata *metadata)
{
    const uint64_t per_byte = 4, fixed = 64 << 10;
    if (!metadata)
        return 0;
    return fixed +
           per_byte * ((uint64_t)metadata->icc.size + metadata->exif.size + metadata->xmp.size);
}

uint64_t planche_writer_memory(const struct planche_image_info *info,
                               const struct planche_writer_options *options)
{
    struct planche_error ignored;
    if (planche_writer_check(info, options, &ignored))
        return 0;
    const struct planche_format_ops *ops = planche_format_get_ops(info->format);
    struct planche_writer_options filled = with_defaults(ops, options);
    return sizeof(struct planche_writer) + metadata_memory(info->metadata) +
           ops->memory(info, &filled);
}

static enum planche_status open_writer(struct planche_writer *writer,
                                       const struct planche_image_info *info,
                                       struct planche_error *error)
{
    struct planche_encoder *encoder = &writer->encoder;
    enum planche_status status = planche_metadata_fit_icc(
        &writer->icc, info->metadata, info->channels, encoder->options.budget, error);
    if (status)
        return status;
    encoder->info = *info;
    encoder->info.metadata = NULL;
    if (info->metadata)
        encoder->metadata = *info->metadata;
    encoder->metadata.icc = writer->icc;
    writer->created = true;
    return writer->ops->create(encoder, error);
}

enum planche_status planche_writer_open(struct planche_writer **out,
                                        const struct planche_image_info *info,
                                        const struct planche_writer_options *options,
                                        planche_sink_fn sink, void *sink_user,
                                        struct planche_error *error)
{
    *out = NULL;
    enum planche_status status = planche_writer_check(info, options, error);
    if (status)
        return status;
    struct planche_writer *writer = planche_calloc(options->budget, 1, sizeof *writer);
    if (!writer)
        return planche_fail_memory(error, options->budget, sizeof *writer, "the output's writer");
    writer->ops = planche_format_get_ops(info->format);
    writer->encoder.options = with_defaults(writer->ops, options);
    writer->encoder.sink = sink;
    writer->encoder.sink_user = sink_user;
    writer->encoder.follow = writer->ops->follow;
    writer->encoder.written =
        (struct planche_written){.width = info->width, .height = info->height};
    status = open_writer(writer, info, error);
    if (status)
        planche_writer_destroy(&writer);
    *out = writer;
    return status;
}

static enum planche_status check_state(const struct planche_writer *writer, bool rows_fit,
                                       struct planche_error *error)
{
    if (writer->failed)
        return planche_fail(error, writer->failed, "writing the output has failed before");
    if (!rows_fit)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "the output has %" PRIu32 " rows, not more and not fewer",
                            writer->encoder.info.height);
    return PLANCHE_OK;
}

enum planche_status planche_writer_write(struct planche_writer *writer, const void *rows,
                                         size_t stride, uint32_t count, struct planche_error *error)
{
    bool fit = count <= writer->encoder.info.height - writer->next;
    enum planche_status status = check_state(writer, fit, error);
    if (status || count == 0)
        return status;
    status = writer->ops->write(&writer->encoder, rows, stride, count, error);
    writer->failed = status;
    if (status == PLANCHE_OK)
        writer->next += count;
    return status;
}

/* Looks at what was encoded, whatever the library said. */
static enum planche_status check_written(struct planche_writer *writer, struct planche_error *error)
{
    const char *wrong = planche_written_finish(&writer->encoder.written, writer->encoder.follow);
    if (!wrong)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_INTERNAL,
                        "the %s library made a file that cannot be read (%s), perhaps for want of "
                        "memory; try again, or use another format",
                        writer->ops->name, wrong);
}

enum planche_status planche_writer_finish(struct planche_writer *writer,
                                          struct planche_error *error)
{
    bool complete = writer->next == writer->encoder.info.height;
    enum planche_status status = check_state(writer, complete, error);
    if (status)
        return status;
    status = writer->ops->finish(&writer->encoder, error);
    if (status == PLANCHE_OK)
        status = check_written(writer, error);
    /* A file is finished once. */
    writer->failed = status ? status : PLANCHE_ERROR_IO;
    return status;
}

void planche_writer_destroy(struct planche_writer **writer)
{
    if (!*writer)
        return;
    if ((*writer)->created)
        (*writer)->ops->abandon(&(*writer)->encoder);
    planche_blob_free(&(*writer)->icc);
    planche_free(*writer);
    *writer = NULL;
}
