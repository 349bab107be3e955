/* SPDX-License-Identifier: MIT */
/* Whole images: files read into pixels, and pixels written to files. */
#include "codec/image_file.h"

#include "base/checked.h"
#include "base/status.h"
#include "codec/isolation.h"
#include "image/pixels.h"
#include "io/atomic_file.h"

/* *isolation: NULL, unless the options ask for it. One image has one program, which none waits for.
 */
static enum planche_status isolate(struct planche_isolation **isolation,
                                   const struct planche_image_options *options,
                                   struct planche_budget *budget, struct planche_error *error)
{
    const struct planche_isolation_options wanted = {.budget = budget,
                                                     .background = options->priority ==
                                                                   PLANCHE_PRIORITY_BACKGROUND,
                                                     .max_pixels = options->max_pixels};
    *isolation = NULL;
    return options->isolate ? planche_isolation_create(isolation, &wanted, error) : PLANCHE_OK;
}

static enum planche_status read_pixels(struct planche_image *image, struct planche_error *error)
{
    const struct planche_image_info *info = planche_reader_info(image->reader);
    size_t stride = (size_t)info->width * planche_image_pixel_size(info);
    uint8_t *data = planche_calloc(&image->budget, info->height, stride);
    if (!data)
        return planche_fail_memory(error, &image->budget, (uint64_t)stride * info->height,
                                   "the image's pixels");
    image->pixels = (struct planche_pixels){
        .struct_size = sizeof(image->pixels),
        .format = planche_pixel_format_make(info->channels, info->depth),
        .width = info->width,
        .height = info->height,
        .stride = stride,
        .data = data,
    };
    return planche_reader_read(image->reader, data, stride, info->height, error);
}

enum planche_status planche_image_load(struct planche_image **out, const char *path,
                                       const struct planche_image_options *options,
                                       struct planche_error *error)
{
    const struct planche_source source = {.name = path, .path = path};
    const struct planche_log log = {.fn = options->log, .user = options->log_user};
    struct planche_image *image = planche_calloc(NULL, 1, sizeof(*image));
    *out = NULL;
    if (!image)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for an image");
    planche_budget_init(&image->budget, options->memory);
    enum planche_status status = isolate(&image->isolation, options, &image->budget, error);
    const struct planche_reader_options reader = {.budget = &image->budget,
                                                  .log = &log,
                                                  .max_input_pixels = options->max_pixels,
                                                  .isolation = image->isolation};
    if (!status)
        status = planche_reader_open(&image->reader, &source, &reader, error);
    if (!status)
        status = read_pixels(image, error);
    status = planche_budget_reclassify_oom(status, &image->budget, error);
    if (status)
        planche_image_unload(&image);
    *out = image;
    return status;
}

enum planche_status planche_image_check(const void *data, size_t size,
                                        const struct planche_image_options *options,
                                        struct planche_error *error)
{
    const struct planche_source source = {.name = "the image", .data = data, .size = size};
    const struct planche_log log = {.fn = options->log, .user = options->log_user};
    struct planche_budget budget;
    struct planche_reader *reader = NULL;
    struct planche_isolation *isolation;
    planche_budget_init(&budget, options->memory);
    enum planche_status status = isolate(&isolation, options, &budget, error);
    const struct planche_reader_options reading = {.budget = &budget,
                                                   .log = &log,
                                                   .check_only = true,
                                                   .max_input_pixels = options->max_pixels,
                                                   .isolation = isolation};
    if (!status)
        status = planche_reader_open(&reader, &source, &reading, error);
    if (!status)
        status = planche_reader_check(reader, error);
    planche_reader_destroy(&reader);
    planche_isolation_destroy(&isolation);
    return planche_budget_reclassify_oom(status, &budget, error);
}

void planche_image_unload(struct planche_image **image)
{
    if (!*image)
        return;
    planche_free((*image)->pixels.data);
    planche_reader_destroy(&(*image)->reader);
    planche_isolation_destroy(&(*image)->isolation);
    planche_free(*image);
    *image = NULL;
}

/* What the format can hold of these pixels. */
static enum planche_pixel_format fit(enum planche_format format, enum planche_pixel_format pixels)
{
    const struct planche_format_caps *caps = planche_format_get_caps(format);
    unsigned channels = planche_pixel_channels(pixels);
    if (channels < 3 && !caps->grey)
        channels += 2;
    return planche_pixel_format_make(channels, caps->deep ? planche_pixel_depth(pixels) : 8);
}

/* Converts and writes row by row. */
static enum planche_status write_rows(struct planche_writer *writer,
                                      const struct planche_pixels *pixels,
                                      enum planche_pixel_format format, void *row,
                                      const struct planche_cancel_token *cancel,
                                      struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    size_t row_bytes = pixels->width * planche_pixel_size(format);
    for (uint32_t y = 0; !status && y < pixels->height; y++) {
        const uint8_t *from = (const uint8_t *)pixels->data + (size_t)y * pixels->stride;
        planche_row_convert(row, format, from, pixels->format, pixels->width);
        status = planche_cancel_fail(cancel, error);
        if (!status)
            status = planche_writer_write(writer, row, row_bytes, 1, error);
    }
    return status ? status : planche_writer_finish(writer, error);
}

static enum planche_status encode(struct planche_atomic_file *file,
                                  const struct planche_image_info *info,
                                  const struct planche_pixels *pixels,
                                  const struct planche_page_options *options,
                                  struct planche_error *error)
{
    const struct planche_cancel_token cancel = {.handle = options->cancel};
    const struct planche_writer_options how = {.quality = options->quality,
                                               .lossless = options->lossless,
                                               .effort = options->effort,
                                               .cancel = &cancel};
    enum planche_pixel_format format = planche_pixel_format_make(info->channels, info->depth);
    struct planche_writer *writer = NULL;
    uint8_t *row = planche_calloc(NULL, pixels->width, planche_pixel_size(format));
    if (!row)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a row of the image");
    enum planche_status status =
        planche_writer_open(&writer, info, &how, planche_atomic_file_write, file, error);
    if (!status)
        status = write_rows(writer, pixels, format, row, &cancel, error);
    planche_writer_destroy(&writer);
    planche_free(row);
    return status;
}

enum planche_status planche_image_save(const char *path, const struct planche_pixels *pixels,
                                       const struct planche_metadata *metadata,
                                       const struct planche_page_options *options,
                                       struct planche_error *error)
{
    enum planche_pixel_format stored = fit(options->format, pixels->format);
    const struct planche_image_info info = {.width = pixels->width,
                                            .height = pixels->height,
                                            .channels = planche_pixel_channels(stored),
                                            .depth = planche_pixel_depth(stored),
                                            .format = options->format,
                                            .metadata = metadata};
    struct planche_atomic_file *file = NULL;
    enum planche_status status =
        planche_atomic_file_create(&file, path, options->overwrite, NULL, error);
    if (!status)
        status = encode(file, &info, pixels, options, error);
    if (!status)
        status = planche_atomic_file_commit(file, error);
    planche_atomic_file_destroy(&file);
    return status;
}
