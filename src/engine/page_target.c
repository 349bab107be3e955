/* SPDX-License-Identifier: MIT */
/* Target of a page: the result's format, parts, channels and metadata, and the output that makes
 * its rows. */
#include "engine/page_state.h"

#include "base/status.h"
#include "engine/result_size.h"
#include "image/pixels.h"

static enum planche_status check_pixels(const struct planche_page *page,
                                        struct planche_error *error)
{
    const struct planche_pixels *out = page->job->out;
    const struct planche_page_result *result = &page->job->result;
    if (out->format != page->input.format || out->width != result->output_width ||
        out->height != result->output_height || !out->data || !planche_input_fits(out))
        return planche_fail(
            error, PLANCHE_ERROR_ARGUMENT,
            "the result's pixels must have the format of the page, %u x %u pixels and a "
            "stride to match",
            result->output_width, result->output_height);
    return PLANCHE_OK;
}

static uint32_t rows_of_file(const struct planche_page *page)
{
    return planche_result_rows(page->job->options.format, page->job->result.output_width);
}

bool planche_page_is_to_be_split(const struct planche_page *page)
{
    uint32_t most = rows_of_file(page);
    return page->job->options.on_limit == PLANCHE_ON_LIMIT_SPLIT && page->job->splits && most &&
           page->job->result.output_height > most;
}

bool planche_page_defers_scans(const struct planche_page *page)
{
    return page->state < PLANCHE_PAGE_DEFERRED && !page->network.program && page->input.reader &&
           !planche_page_is_to_be_split(page);
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
        status = planche_result_metadata_add_provenance(metadata, page->engine, job->source,
                                                        &page->budget, error);
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
static enum planche_status describe_result(struct planche_page *page, enum planche_format format,
                                           struct planche_error *error)
{
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
    page->job->result.format = format;
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
        .log = &page->engine->log,
        .quality = options->quality,
        .lossless = options->lossless,
        .png_level = options->png_level,
        .progress = planche_page_writer_progress,
        .progress_user = page->job,
        .cancel = &page->job->cancel,
    };
}

static enum planche_status switch_format(struct planche_page *page, struct planche_error *error)
{
    const struct planche_image_info asked = page->parts.info;
    enum planche_format other =
        planche_result_other_format(&page->parts.info, page->job->options.lossless);
    planche_result_metadata_free(&page->metadata);
    enum planche_status status = describe_result(page, other, error);
    if (!status)
        status = planche_writer_check(&page->parts.info, &page->parts.options, error);
    page->job->result.switched = !status;
    if (!status && !planche_page_defers_scans(page))
        planche_log_write(&page->engine->log, PLANCHE_LOG_WARNING,
                          "%s: the result of %u x %u pixels is too large for %s: it becomes %s",
                          page->job->source ? page->job->source->name : "page", asked.width,
                          asked.height, planche_codec_extension(asked.format),
                          planche_codec_extension(other));
    return status;
}

static enum planche_status split_result(struct planche_page *page, struct planche_error *error)
{
    const struct planche_cuts cuts = {
        .in_height = page->input.height,
        .out_height = page->job->result.output_height,
        .most = rows_of_file(page),
        .variation = page->variation,
    };
    enum planche_status status = planche_parts_choose(&page->parts, &cuts, error);
    page->job->result.parts = page->parts.count;
    return status;
}

static void warn_of_lost_alpha(const struct planche_page *page)
{
    enum planche_format format = page->parts.info.format;
    if (planche_pixel_has_alpha(page->input.format) && !planche_format_get_caps(format)->alpha &&
        !planche_page_defers_scans(page))
        planche_log_write(&page->engine->log, PLANCHE_LOG_WARNING,
                          "%s: %s files have no transparency: laid on white",
                          page->job->source ? page->job->source->name : "page",
                          planche_codec_extension(format));
}

/* The result's format and files; parts.info describes the largest of them. */
static enum planche_status choose_target(struct planche_page *page, struct planche_error *error)
{
    struct planche_image_info *info = &page->parts.info;
    set_writer_options(page);
    page->job->result.switched = 0;
    enum planche_status status = describe_result(page, page->job->options.format, error);
    if (!status)
        status = split_result(page, error);
    if (status)
        return status;
    info->height = planche_parts_tallest(&page->parts);
    status = planche_writer_check(info, &page->parts.options, error);
    if (status == PLANCHE_ERROR_LIMIT && page->job->options.on_limit == PLANCHE_ON_LIMIT_SWITCH)
        status = switch_format(page, error);
    if (status)
        return status;
    warn_of_lost_alpha(page);
    page->output.target = planche_pixel_format_make(info->channels, info->depth);
    return PLANCHE_OK;
}

static void describe_output(struct planche_page *page)
{
    struct planche_output *output = &page->output;
    output->input = &page->input;
    output->kernels = &page->engine->kernels;
    output->recipe = &page->engine->net->recipe;
    output->budget = &page->budget;
    output->trace = &page->job->trace;
    output->pool = page->engine->pool;
    output->pixels = page->job->out;
    output->parts = &page->parts;
    output->format = page->input.format;
    output->target = page->input.format;
    output->width = page->input.width * (int64_t)page->engine->net->recipe.scale;
    output->height = page->input.height * (int64_t)page->engine->net->recipe.scale;
    output->out_width = page->job->result.output_width;
    output->out_height = page->job->result.output_height;
    planche_network_describe(&page->network);
}

enum planche_status planche_page_set_target(struct planche_page *page, struct planche_error *error)
{
    enum planche_status status = page->job->out ? check_pixels(page, error) : PLANCHE_OK;
    if (status)
        return status;
    describe_output(page);
    status = choose_tone(page, error);
    if (!status && !page->job->out)
        status = choose_target(page, error);
    return status;
}

void planche_page_drop_target(struct planche_page *page)
{
    planche_free(page->variation);
    page->variation = NULL;
    planche_free(page->parts.ends);
    page->parts.ends = NULL;
    planche_transfer_destroy(&page->tone);
    planche_result_metadata_free(&page->metadata);
}
