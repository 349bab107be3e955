/* SPDX-License-Identifier: MIT */
/* The public ways to run a page: files, bytes, pixels. */
#include "engine/page.h"

#include "base/checked.h"
#include "base/status.h"
#include "codec/provenance.h"
#include "engine/output_files.h"
#include "io/atomic_file.h"

#include <string.h>

static void take_options(struct planche_page_options *to, const struct planche_page_options *from)
{
    *to = (struct planche_page_options)PLANCHE_PAGE_OPTIONS_INIT;
    if (from)
        memcpy(to, from, from->struct_size < sizeof(*to) ? from->struct_size : sizeof(*to));
}

static void give_result(const struct planche_page_job *job, struct planche_page_result *result)
{
    if (!result)
        return;
    size_t size = result->struct_size;
    memcpy(result, &job->result, size < sizeof(job->result) ? size : sizeof(job->result));
    result->struct_size = size;
}

static enum planche_status check_options(const struct planche_page_options *options,
                                         struct planche_error *error)
{
    if (options->quality < 0 || options->quality > 100)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "quality %d is not within 1..100",
                            options->quality);
    if (options->png_level < 0 || options->png_level > 9)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "PNG level %d is not within 1..9",
                            options->png_level);
    if (options->format < PLANCHE_FORMAT_AUTO || options->format > PLANCHE_FORMAT_JXL)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown format %d",
                            (int)options->format);
    if (options->grey != PLANCHE_GREY_KEEP && options->grey != PLANCHE_GREY_AUTO)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown way with grey pages: %d",
                            (int)options->grey);
    if (options->priority < PLANCHE_PRIORITY_NORMAL ||
        options->priority > PLANCHE_PRIORITY_BACKGROUND)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown priority: %d",
                            (int)options->priority);
    if (options->on_limit < PLANCHE_ON_LIMIT_FAIL || options->on_limit > PLANCHE_ON_LIMIT_SPLIT)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown way with limits of formats: %d",
                            (int)options->on_limit);
    return PLANCHE_OK;
}

/* From the output's name; a name without an extension gets WebP. */
static enum planche_status choose_format(enum planche_format *format, const char *output,
                                         struct planche_error *error)
{
    if (*format != PLANCHE_FORMAT_AUTO)
        return PLANCHE_OK;
    const char *slash = strrchr(output, '/'), *name = slash ? slash + 1 : output;
    const char *dot = strrchr(name, '.');
    *format = planche_format_from_name(output);
    if (*format != PLANCHE_FORMAT_AUTO)
        return PLANCHE_OK;
    if (dot && dot != name)
        return planche_fail(
            error, PLANCHE_ERROR_ARGUMENT,
            "%s: no format for the extension %s; use .png, .jpg, .webp, .avif or .jxl, or name "
            "the format",
            output, dot);
    *format = PLANCHE_FORMAT_WEBP;
    return PLANCHE_OK;
}

enum planche_status
planche_engine_run_source(const struct planche_engine *engine, const struct planche_source *source,
                          const struct planche_page_filter *judge,
                          const struct planche_cancel_token *cancel, const char *output,
                          const struct planche_page_options *options,
                          struct planche_page_result *result, struct planche_error *error)
{
    struct planche_output_files files = {.path = output};
    struct planche_page_job job = {
        .engine = engine,
        .source = source,
        .judge = judge,
        .parent = cancel,
        .splits = true,
        .begin = planche_output_files_begin,
        .sink_memory = planche_output_files_memory,
        .sink = planche_output_files_write,
        .sink_user = &files,
    };
    files.result = &job.result;
    take_options(&job.options, options);
    files.overwrite = job.options.overwrite;
    enum planche_status status = check_options(&job.options, error);
    if (!status)
        status = choose_format(&job.options.format, output, error);
    if (!status)
        status = planche_atomic_file_check(output, files.overwrite, error);
    if (!status)
        status = planche_page_run(&job, error);
    if (!status)
        status = planche_output_files_commit(&files, error);
    planche_output_files_destroy(&files);
    planche_page_leave(&job);
    give_result(&job, result);
    return status;
}

enum planche_status planche_engine_run_file(const struct planche_engine *engine, const char *input,
                                            const char *output,
                                            const struct planche_page_options *options,
                                            struct planche_page_result *result,
                                            struct planche_error *error)
{
    const struct planche_source source = {.name = input, .path = input};
    if (!engine || !input || !output)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "engine, input and output must be given");
    return planche_engine_run_source(engine, &source, NULL, NULL, output, options, result, error);
}

/* The output of planche_engine_run_bytes. The caller keeps the bytes, so they belong to no budget,
 * but while the call runs they are counted. */
struct memory_target {
    struct planche_budget *budget;
    uint8_t *data;
    size_t size, capacity;
};

static enum planche_status begin_memory(void *user, struct planche_budget *budget, unsigned part,
                                        struct planche_error *error)
{
    struct memory_target *target = user;
    (void)part;
    (void)error;
    if (target->budget)
        planche_budget_release(target->budget, target->capacity);
    planche_free(target->data);
    *target = (struct memory_target){.budget = budget->parent};
    return PLANCHE_OK;
}

/* An eighth more than it must, so that growing is rare. */
static size_t capacity_for(size_t size)
{
    size_t capacity = size + size / 8;
    return capacity < (size_t)64 << 10 ? (size_t)64 << 10 : capacity;
}

/* How large enlarged pages of very much detail become, in quarters of their pixels. */
static uint64_t quarters(enum planche_format format, const struct planche_page_options *options)
{
    bool lossless = options->lossless && format != PLANCHE_FORMAT_JPEG;
    bool much = lossless || options->quality > 95;
    switch (format) {
    case PLANCHE_FORMAT_JPEG:
    case PLANCHE_FORMAT_WEBP:
        return much ? 4 : 2;
    case PLANCHE_FORMAT_AVIF:
        return much ? 6 : 4;
    case PLANCHE_FORMAT_JXL:
        return much ? 5 : 4;
    default:
        return 4;
    }
}

static uint64_t memory_for_result(void *user, const struct planche_image_info *info,
                                  const struct planche_page_options *options, unsigned parts)
{
    (void)user;
    (void)parts;
    uint64_t bytes = (uint64_t)info->width * info->height * planche_image_pixel_size(info);
    bytes = bytes * quarters(info->format, options) / 4;
    if (info->metadata)
        bytes += info->metadata->icc.size + info->metadata->exif.size + info->metadata->xmp.size;
    return capacity_for(bytes + bytes / 256 + ((uint64_t)64 << 10));
}

static enum planche_status grow(struct memory_target *target, size_t wanted,
                                struct planche_error *error)
{
    size_t capacity = capacity_for(wanted);
    if (!planche_budget_reserve(target->budget, capacity - target->capacity))
        return planche_fail(error, PLANCHE_ERROR_BUDGET,
                            "no room in the memory budget of %llu bytes for the encoded result; "
                            "give it more",
                            (unsigned long long)target->budget->limit);
    uint8_t *grown = planche_realloc(NULL, target->data, capacity);
    if (!grown) {
        planche_budget_release(target->budget, capacity - target->capacity);
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the encoded result");
    }
    target->data = grown;
    target->capacity = capacity;
    return PLANCHE_OK;
}

static enum planche_status write_memory(void *user, const void *data, size_t size,
                                        struct planche_error *error)
{
    struct memory_target *target = user;
    enum planche_status status = PLANCHE_OK;
    size_t wanted;
    if (!planche_add_size(target->size, size, &wanted) || wanted > SIZE_MAX / 2)
        return planche_fail(error, PLANCHE_ERROR_LIMIT, "the encoded result is too large");
    if (wanted > target->capacity)
        status = grow(target, wanted, error);
    if (status)
        return status;
    memcpy(target->data + target->size, data, size);
    target->size = wanted;
    return PLANCHE_OK;
}

enum planche_status planche_engine_run_bytes(const struct planche_engine *engine, const void *data,
                                             size_t size, void **out_data, size_t *out_size,
                                             const struct planche_page_options *options,
                                             struct planche_page_result *result,
                                             struct planche_error *error)
{
    struct planche_source source = {.name = "page", .data = data, .size = size};
    struct memory_target target = {0};
    struct planche_page_job job = {
        .engine = engine,
        .source = &source,
        .begin = begin_memory,
        .sink_memory = memory_for_result,
        .sink = write_memory,
        .sink_user = &target,
    };
    if (!engine || !data || !out_data || !out_size)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "engine, data and out must be given");
    *out_data = NULL;
    *out_size = 0;
    take_options(&job.options, options);
    if (job.options.format == PLANCHE_FORMAT_AUTO)
        job.options.format = PLANCHE_FORMAT_WEBP;
    enum planche_status status = check_options(&job.options, error);
    if (!status)
        status = planche_page_run(&job, error);
    if (target.budget)
        planche_budget_release(target.budget, target.capacity);
    planche_page_leave(&job);
    if (status) {
        planche_free(target.data);
    } else {
        *out_data = target.data;
        *out_size = target.size;
    }
    give_result(&job, result);
    return status;
}

void planche_free_bytes(void *data)
{
    planche_free(data);
}

enum planche_status planche_engine_run_pixels(const struct planche_engine *engine,
                                              const struct planche_pixels *in,
                                              const struct planche_pixels *out,
                                              const struct planche_page_options *options,
                                              struct planche_page_result *result,
                                              struct planche_error *error)
{
    struct planche_page_job job = {.engine = engine, .in = in, .out = out};
    if (!engine || !in || !out)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "engine, in and out must be given");
    take_options(&job.options, options);
    enum planche_status status = check_options(&job.options, error);
    if (!status)
        status = planche_page_run(&job, error);
    planche_page_leave(&job);
    give_result(&job, result);
    return status;
}

enum planche_status planche_provenance_read(const char *path, struct planche_provenance *mark,
                                            struct planche_error *error)
{
    const struct planche_source source = {.name = path, .path = path};
    struct planche_provenance found;
    if (!path || !mark)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "path and mark must be given");
    enum planche_status status = planche_source_mark(&found, &source, NULL, error);
    size_t size = mark->struct_size;
    memcpy(mark, &found, size < sizeof(found) ? size : sizeof(found));
    mark->struct_size = size;
    return status;
}
