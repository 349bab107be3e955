/* SPDX-License-Identifier: MIT */
/* Target of a page: the result's format, parts, channels and metadata, and the output that makes
 * its rows. */
#include "engine/page_state.h"

#include "base/status.h"
#include "image/pixels.h"

#include <assert.h>

static uintptr_t end_of(const struct planche_pixels *pixels)
{
    return (uintptr_t)pixels->data + (size_t)(pixels->height - 1) * pixels->stride +
           pixels->width * planche_pixel_size(pixels->format);
}

/* Rows of the result are written while rows of the page are still to be read. */
static bool overlap(const struct planche_pixels *a, const struct planche_pixels *b)
{
    return (uintptr_t)a->data < end_of(b) && (uintptr_t)b->data < end_of(a);
}

static enum planche_status check_pixels(const struct planche_page *page,
                                        struct planche_error *error)
{
    const struct planche_pixels *out = page->job->out;
    const struct planche_page_result *result = &page->job->result;
    if (out->format != page->input.stored || out->width != result->output_width ||
        out->height != result->output_height || !out->data || !planche_pixels_fit(out))
        return planche_fail(
            error, PLANCHE_ERROR_ARGUMENT,
            "the result's pixels must have the format of the page, %u x %u pixels and a "
            "stride to match",
            result->output_width, result->output_height);
    if (overlap(page->job->in, out))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "the result's pixels overlap those of the page in memory");
    return PLANCHE_OK;
}

enum planche_status planche_page_choose_target(struct planche_page *page,
                                               struct planche_error *error)
{
    struct planche_page_result *result = &page->job->result;
    const struct planche_result_request request = {
        .width = result->output_width,
        .height = result->output_height,
        .alpha = planche_pixel_has_alpha(page->input.format),
        .depth = planche_pixel_depth(page->input.format),
        .splits = page->job->splits,
    };
    enum planche_status status =
        planche_result_choose_target(&page->target, &request, &page->job->options, error);
    result->format = page->target.format;
    result->switched = page->target.switched;
    result->parts = page->target.parts;
    return status;
}

bool planche_page_is_to_be_split(const struct planche_page *page)
{
    return page->target.parts > 1;
}

bool planche_page_defers_scans(const struct planche_page *page)
{
    /* Another way has another plan. */
    bool one_way = page->engine->state->ways.choices.count == 1 || page->job->looked;
    return page->state < PLANCHE_PAGE_DEFERRED && !page->machine->uses_pool && page->input.reader &&
           !planche_page_is_to_be_split(page) && one_way && !page->job->seen_first;
}

/* stores_grey: whether the result has one channel for its colours. */
static enum planche_status choose_metadata(struct planche_page *page, enum planche_format format,
                                           bool *stores_grey, struct planche_error *error)
{
    const struct planche_page_job *job = page->job;
    struct planche_result_metadata *metadata = &page->metadata;
    bool was_grey = planche_pixel_channels(page->input.stored) < 3;
    enum planche_status status = PLANCHE_OK;
    planche_result_metadata_init(metadata, planche_input_metadata(&page->input));
    *stores_grey = page->input.colours == 1 && planche_format_get_caps(format)->grey;
    if (*stores_grey && !was_grey)
        status = planche_result_metadata_make_grey(metadata, &page->budget, stores_grey, error);
    if (!status && job->options.provenance && job->source && !planche_page_defers_scans(page))
        status = planche_result_metadata_add_provenance(metadata, job->result.networks, job->source,
                                                        &job->log.log, &page->budget, error);
    return status;
}

/* The curves of a page that is made smaller. */
static enum planche_status choose_tone(struct planche_page *page, struct planche_error *error)
{
    const struct planche_metadata *metadata = planche_input_metadata(&page->input);
    const struct planche_output *output = &page->output;
    /* The profile is one for the channels that the file has. */
    unsigned colours = planche_pixel_channels(page->input.stored) < 3 ? 1 : 3;
    if (output->out_width == output->width && output->out_height == output->height)
        return PLANCHE_OK;
    enum planche_status status =
        planche_transfer_create(&page->tone, colours, metadata ? metadata->icc.data : NULL,
                                metadata ? metadata->icc.size : 0, &page->budget, error);
    page->output.tone = page->tone;
    return status;
}

/* What the result's format makes of the page: grey, alpha and depth as far as it has them. */
static enum planche_status describe_files(struct planche_page *page, struct planche_error *error)
{
    enum planche_format format = page->target.format;
    const struct planche_format_caps *caps = planche_format_get_caps(format);
    enum planche_pixel_format in = page->input.format;
    bool stores_grey;
    enum planche_status status = choose_metadata(page, format, &stores_grey, error);
    page->parts.info = (struct planche_image_info){
        .width = page->job->result.output_width,
        .height = page->job->result.output_height,
        .channels = (stores_grey ? 1 : 3) + (planche_pixel_has_alpha(in) && caps->alpha),
        .depth = caps->deep ? planche_pixel_depth(in) : 8,
        .format = format,
        .metadata = &page->metadata.metadata,
    };
    return status;
}

static void set_writer_options(struct planche_page *page)
{
    const struct planche_page_options *options = &page->job->options;
    page->parts.sink = page->job->sink;
    page->parts.sink_user = page->job->sink_user;
    page->parts.begin = page->job->begin;
    page->parts.options = (struct planche_writer_options){
        .budget = &page->budget,
        .log = &page->job->log.log,
        .quality = options->quality,
        .lossless = options->lossless,
        .effort = options->effort,
        .pool = page->engine->pool,
        .progress = planche_page_writer_progress,
        .progress_user = page->job,
        .cancel = &page->job->cancel,
    };
}

static enum planche_status split_result(struct planche_page *page, struct planche_error *error)
{
    const struct planche_split_options options = {
        .in_height = page->input.height,
        .out_height = page->job->result.output_height,
        .max_rows = page->target.rows,
        .variation = page->variation,
    };
    enum planche_status status = planche_split_choose(&page->parts, &options, error);
    page->job->result.parts = page->parts.count;
    return status;
}

/* Says once what the user did not ask for. */
static void warn(const struct planche_page *page)
{
    const struct planche_log *log = &page->job->log.log;
    const struct planche_page_result *result = &page->job->result;
    const char *name = page->job->source ? page->job->source->name : "page";
    const char *extension = planche_codec_extension(result->format);
    if (planche_page_defers_scans(page))
        return;
    if (page->target.switched)
        planche_log_write(log, PLANCHE_LOG_WARNING,
                          "%s: the result of %u x %u pixels is too large for %s: it becomes %s",
                          name, result->output_width, result->output_height,
                          planche_codec_extension(page->job->options.format), extension);
    if (planche_pixel_has_alpha(page->input.format) &&
        !planche_format_get_caps(result->format)->alpha)
        planche_log_write(log, PLANCHE_LOG_WARNING,
                          "%s: %s files have no transparency: laid on white", name, extension);
}

/* The result's files; parts.info describes the largest of them. */
static enum planche_status choose_files(struct planche_page *page, struct planche_error *error)
{
    struct planche_image_info *info = &page->parts.info;
    set_writer_options(page);
    enum planche_status status = describe_files(page, error);
    if (!status)
        status = split_result(page, error);
    if (status)
        return status;
    info->height = planche_split_tallest(&page->parts);
    assert(planche_writer_check(info, &page->parts.options, error) == PLANCHE_OK);
    warn(page);
    page->output.target = planche_pixel_format_make(info->channels, info->depth);
    return PLANCHE_OK;
}

static void describe_output(struct planche_page *page)
{
    struct planche_output *output = &page->output;
    output->input = &page->input;
    output->kernels = &page->engine->kernels;
    output->scale = page->passes.scale;
    output->budget = &page->budget;
    output->trace = &page->job->trace;
    output->pool = page->engine->pool;
    output->pixels = page->job->out;
    output->parts = &page->parts;
    output->format = page->input.format;
    output->target = page->job->out ? page->input.stored : page->input.format;
    output->width = page->input.width * (int64_t)page->passes.scale;
    output->height = page->input.height * (int64_t)page->passes.scale;
    output->out_width = page->job->result.output_width;
    output->out_height = page->job->result.output_height;
    planche_page_passes_describe(&page->passes);
}

enum planche_status planche_page_describe_result(struct planche_page *page,
                                                 struct planche_error *error)
{
    enum planche_status status = page->job->out ? check_pixels(page, error) : PLANCHE_OK;
    if (status)
        return status;
    describe_output(page);
    status = choose_tone(page, error);
    if (!status && !page->job->out)
        status = choose_files(page, error);
    return status;
}

void planche_page_drop_result(struct planche_page *page)
{
    planche_free(page->variation);
    page->variation = NULL;
    planche_free(page->parts.ends);
    page->parts.ends = NULL;
    planche_transfer_destroy(&page->tone);
    planche_result_metadata_free(&page->metadata);
}
