/* SPDX-License-Identifier: MIT */
/* The ways to run a page: what they put at both ends of a page job. */
#include "engine/run.h"

#include "base/status.h"
#include "engine/internal.h"
#include "engine/output_files.h"
#include "engine/output_memory.h"
#include "engine/page_state.h"
#include "io/atomic_file.h"

#include <string.h>

enum planche_status planche_run_choose_format(enum planche_format *format, const char *output,
                                              struct planche_error *error)
{
    if (*format != PLANCHE_FORMAT_AUTO)
        return PLANCHE_OK;
    const char *slash = strrchr(output, '/'), *name = slash ? slash + 1 : output;
    const char *dot = strrchr(name, '.');
    *format = planche_codec_format_of(output);
    if (planche_codec_is_written(*format))
        return PLANCHE_OK;
    if (dot && dot != name)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: no format that is written has the extension %s; use .png, .jpg, "
                            ".webp, .avif or .jxl, or name "
                            "the format",
                            output, dot);
    *format = PLANCHE_FORMAT_WEBP;
    return PLANCHE_OK;
}

/* What the page has become, in a struct of this library's size. */
static void finish(struct planche_page_job *job, struct planche_page_result *result)
{
    planche_page_leave(job);
    *result = job->result;
    result->struct_size = sizeof(*result);
}

enum planche_status planche_run_source(
    const struct planche_engine *engine, const struct planche_source *source,
    const struct planche_page_filter *filter, const struct planche_cancel_token *cancel,
    const struct planche_run_output *output, const struct planche_page_options *options,
    struct planche_page_result *result, struct planche_error *error)
{
    struct planche_output_files files = {
        .log = planche_engine_log(engine),
        .path = output->path,
        .overwrite = options->overwrite,
        .unsynced = output->unsynced,
    };
    struct planche_page_job job = {
        .engine = engine,
        .options = *options,
        .source = source,
        .filter = filter,
        .parent = cancel,
        .splits = true,
        .begin = planche_output_files_begin,
        .sink_memory = planche_output_files_memory,
        .sink = planche_output_files_write,
        .sink_user = &files,
    };
    files.result = &job.result;
    enum planche_status status =
        planche_run_choose_format(&job.options.format, output->path, error);
    if (!status)
        status = planche_atomic_file_check(output->path, files.overwrite, error);
    if (!status)
        status = planche_page_run(&job, error);
    if (!status)
        status = planche_output_files_commit(&files, error);
    planche_output_files_destroy(&files);
    finish(&job, result);
    return status;
}

enum planche_status planche_run_look(const struct planche_engine *engine,
                                     const struct planche_source *source,
                                     const struct planche_page_filter *filter,
                                     const struct planche_cancel_token *cancel,
                                     struct planche_signs *signs, struct planche_error *error)
{
    struct planche_page_job job = {
        .engine = engine,
        .options = PLANCHE_PAGE_OPTIONS_INIT,
        .source = source,
        .filter = filter,
        .parent = cancel,
    };
    enum planche_status status = planche_page_look(&job, error);
    *signs = job.signs;
    return status;
}

enum planche_status planche_run_look_file(const struct planche_engine *engine, const char *path,
                                          struct planche_page_result *result,
                                          struct planche_error *error)
{
    const struct planche_source source = {.name = path, .path = path};
    struct planche_page_job job = {
        .engine = engine, .options = PLANCHE_PAGE_OPTIONS_INIT, .source = &source};
    struct planche_auto_choice choice;
    job.options.grey = PLANCHE_GREY_AUTO;
    enum planche_status status = planche_page_look(&job, error);
    if (status)
        return status;
    *result = job.result;
    result->input_width = job.signs.width;
    result->input_height = job.signs.height;
    planche_page_tell_signs(result, &job.signs);
    planche_auto_choose(&choice, &job.signs);
    if (planche_engine_chooses(engine))
        planche_page_tell_choice(result, &choice);
    return PLANCHE_OK;
}

enum planche_status planche_run_bytes(const struct planche_engine *engine, const void *data,
                                      size_t size, void **out_data, size_t *out_size,
                                      const struct planche_page_options *options,
                                      struct planche_page_result *result,
                                      struct planche_error *error)
{
    struct planche_source source = {.name = "page", .data = data, .size = size};
    struct planche_output_memory target = {0};
    struct planche_page_job job = {
        .engine = engine,
        .options = *options,
        .source = &source,
        .begin = planche_output_memory_begin,
        .sink_memory = planche_output_memory_needed,
        .sink = planche_output_memory_write,
        .sink_user = &target,
    };
    if (job.options.format == PLANCHE_FORMAT_AUTO)
        job.options.format = PLANCHE_FORMAT_WEBP;
    enum planche_status status = planche_page_run(&job, error);
    if (target.budget)
        planche_budget_release(target.budget, target.capacity);
    finish(&job, result);
    if (status) {
        planche_free(target.data);
        return status;
    }
    *out_data = target.data;
    *out_size = target.size;
    return PLANCHE_OK;
}

enum planche_status
planche_run_pixels(const struct planche_engine *engine, const struct planche_pixels *in,
                   const struct planche_pixels *out, const struct planche_page_options *options,
                   struct planche_page_result *result, struct planche_error *error)
{
    struct planche_page_job job = {.engine = engine, .options = *options, .in = in, .out = out};
    enum planche_status status = planche_page_run(&job, error);
    finish(&job, result);
    return status;
}
