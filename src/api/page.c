/* SPDX-License-Identifier: MIT */
/* Pages: files, bytes, pixels, and what can be known of them beforehand. */
#include "api/engine_options.h"
#include "api/page_options.h"
#include "base/alloc.h"
#include "codec/provenance.h"
#include "engine/internal.h"
#include "engine/output_files.h"
#include "engine/result_size.h"
#include "engine/run.h"

#define RESULT PLANCHE_ARGS_STRUCT(struct planche_page_result, PLANCHE_PAGE_RESULT_INIT)
#define PIXELS PLANCHE_ARGS_STRUCT(struct planche_pixels, PLANCHE_PIXELS_INIT)

/* Options and a result. */
static enum planche_status take_options(struct planche_page_options *taken,
                                        const struct planche_page_options *options,
                                        const struct planche_page_result *result,
                                        struct planche_error *error)
{
    enum planche_status status = planche_args_check_result(result, RESULT, error);
    return status ? status : planche_args_take_page(taken, options, error);
}

/* The same for an engine, which must be of this process. */
static enum planche_status take_common(struct planche_page_options *taken,
                                       const struct planche_engine *engine,
                                       const struct planche_page_options *options,
                                       const struct planche_page_result *result,
                                       struct planche_error *error)
{
    enum planche_status status = planche_engine_check_process(engine, error);
    return status ? status : take_options(taken, options, result, error);
}

enum planche_status planche_engine_run_file(const struct planche_engine *engine, const char *input,
                                            const char *output,
                                            const struct planche_page_options *options,
                                            struct planche_page_result *result,
                                            struct planche_error *error)
{
    const struct planche_source source = {.name = input, .path = input};
    const struct planche_run_output to = {.path = output};
    struct planche_page_options taken;
    struct planche_page_result full;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!engine || !input || !output)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "engine, input and output must be given");
    enum planche_status status = take_common(&taken, engine, options, result, error);
    if (status)
        return status;
    status = planche_run_source(engine, &source, NULL, NULL, &to, &taken, &full, error);
    planche_args_give(result, &full, RESULT);
    return status;
}

enum planche_status planche_engine_look(const struct planche_engine *engine, const char *input,
                                        struct planche_page_result *result,
                                        struct planche_error *error)
{
    struct planche_page_result full;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!engine || !input || !result)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "engine, input and result must be given");
    enum planche_status status = planche_engine_check_process(engine, error);
    if (!status)
        status = planche_args_check_result(result, RESULT, error);
    if (!status)
        status = planche_run_look_file(engine, input, &full, error);
    if (!status)
        planche_args_give(result, &full, RESULT);
    return status;
}

enum planche_status planche_engine_run_bytes(const struct planche_engine *engine, const void *data,
                                             size_t size, void **out_data, size_t *out_size,
                                             const struct planche_page_options *options,
                                             struct planche_page_result *result,
                                             struct planche_error *error)
{
    struct planche_page_options taken;
    struct planche_page_result full;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!engine || !data || !out_data || !out_size)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "engine, data and out must be given");
    *out_data = NULL;
    *out_size = 0;
    enum planche_status status = take_common(&taken, engine, options, result, error);
    if (status)
        return status;
    status = planche_run_bytes(engine, data, size, out_data, out_size, &taken, &full, error);
    planche_args_give(result, &full, RESULT);
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
    struct planche_pixels from, to;
    struct planche_page_options taken;
    struct planche_page_result full;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!engine || !in || !out)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "engine, in and out must be given");
    enum planche_status status = planche_args_take(&from, in, PIXELS, error);
    if (!status)
        status = planche_args_take(&to, out, PIXELS, error);
    if (!status)
        status = take_common(&taken, engine, options, result, error);
    if (status)
        return status;
    status = planche_run_pixels(engine, &from, &to, &taken, &full, error);
    planche_args_give(result, &full, RESULT);
    return status;
}

size_t planche_page_file_name(char *name, size_t size, const char *output,
                              const struct planche_page_result *result, unsigned part)
{
    struct planche_page_result taken;
    struct planche_error ignored;
    if (!output || planche_args_take(&taken, result, RESULT, &ignored) == PLANCHE_ERROR_ARGUMENT)
        return 0;
    return planche_output_file_name(name, size, output, &taken, part);
}

static enum planche_status predict(const struct planche_scale_plan *plan, uint64_t max_pixels,
                                   uint32_t width, uint32_t height,
                                   const struct planche_page_options *options,
                                   struct planche_page_result *result, struct planche_error *error)
{
    const struct planche_size_rule rule = {plan, max_pixels};
    struct planche_page_result full = {.input_width = width, .input_height = height};
    struct planche_page_options taken;
    enum planche_status status = take_options(&taken, options, result, error);
    if (status)
        return status;
    status = planche_result_predict(&full, &rule, &taken, error);
    planche_args_give(result, &full, RESULT);
    return status;
}

enum planche_status planche_page_predict(uint32_t width, uint32_t height, unsigned scale,
                                         uint64_t max_pixels,
                                         const struct planche_page_options *options,
                                         struct planche_page_result *result,
                                         struct planche_error *error)
{
    const struct planche_engine_options engine = {.scale = scale};
    struct planche_scale_plan plan;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!width || !height || !scale || !result)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "width, height, scale and result must be given");
    enum planche_status status = planche_scale_plan_make_file(&plan, &engine, scale, error);
    return status ? status : predict(&plan, max_pixels, width, height, options, result, error);
}

/* An engine that would be made with these options. */
static enum planche_status take_plan(struct planche_scale_plan *plan, uint64_t *max_pixels,
                                     const struct planche_engine_options *options,
                                     struct planche_error *error)
{
    struct planche_engine_options taken;
    enum planche_status status = planche_args_take_engine(&taken, options, error);
    if (status)
        return status;
    *max_pixels = taken.max_pixels;
    return planche_engine_plan_options(plan, &taken, error);
}

enum planche_status planche_engine_predict(const struct planche_engine *engine,
                                           const struct planche_engine_options *engine_options,
                                           uint32_t width, uint32_t height,
                                           const struct planche_page_options *options,
                                           struct planche_page_result *result,
                                           struct planche_error *error)
{
    struct planche_scale_plan plan;
    struct planche_error own = {0};
    uint64_t max_pixels = 0;
    error = planche_args_error(error, &own);
    if (!width || !height || !result)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "width, height and result must be given");
    enum planche_status status = PLANCHE_OK;
    if (engine)
        max_pixels = planche_engine_get_plan(engine, &plan);
    else
        status = take_plan(&plan, &max_pixels, engine_options, error);
    return status ? status : predict(&plan, max_pixels, width, height, options, result, error);
}

/* Of a look at a file, if the caller does not say another. */
#define LOOK_BYTES ((uint64_t)64 << 20)

static enum planche_status read_provenance(const struct planche_source *source, uint64_t memory,
                                           struct planche_provenance *provenance,
                                           struct planche_error *error)
{
    const struct planche_args_struct *type =
        PLANCHE_ARGS_STRUCT(struct planche_provenance, PLANCHE_PROVENANCE_INIT);
    struct planche_provenance found;
    struct planche_budget budget;
    enum planche_status status = planche_args_check_result(provenance, type, error);
    if (status)
        return status;
    planche_budget_init(&budget, memory ? memory : LOOK_BYTES);
    status = planche_source_provenance(&found, source, &budget, error);
    planche_args_give(provenance, &found, type);
    return status;
}

enum planche_status planche_provenance_read_within(const char *path, uint64_t memory,
                                                   struct planche_provenance *provenance,
                                                   struct planche_error *error)
{
    const struct planche_source source = {.name = path, .path = path};
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!path || !provenance)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "path and provenance must be given");
    return read_provenance(&source, memory, provenance, error);
}

enum planche_status planche_provenance_read_bytes(const void *data, size_t size, uint64_t memory,
                                                  struct planche_provenance *provenance,
                                                  struct planche_error *error)
{
    const struct planche_source source = {.name = "page", .data = data, .size = size};
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!data || !provenance)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "data and provenance must be given");
    return read_provenance(&source, memory, provenance, error);
}

enum planche_status planche_provenance_read(const char *path, struct planche_provenance *provenance,
                                            struct planche_error *error)
{
    return planche_provenance_read_within(path, 0, provenance, error);
}
