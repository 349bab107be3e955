/* SPDX-License-Identifier: MIT */
/* One page: read its header, check what can be checked, plan, then let the rows flow. */
#include "engine/page.h"

#include "base/checked.h"
#include "base/status.h"
#include "engine/fallback.h"
#include "engine/network.h"
#include "engine/prescan.h"
#include "engine/result_metadata.h"
#include "engine/result_size.h"
#include "image/pixels.h"
#include "os/clock.h"

#include <stdio.h>

/* Share of a page's progress that a whole-picture encoder gets. */
#define ENCODE_SHARE 0.1
/* Columns of a page that keep a thread busy: with fewer, threads wait for each other in every
 * layer, and all but one in what a page does alone, as decoding.
 */
#define COLUMNS_PER_THREAD 512
/* How much more arithmetic is worth not waiting for memory until other pages are done: about as
 * much as decoding and encoding beside them gains. */
#define MAX_EXTRA 1.05

struct page {
    struct planche_page_job *job;
    const struct planche_engine *engine;
    struct planche_budget budget;
    struct planche_input input;
    struct planche_output output;
    struct planche_parts parts;
    uint8_t *variation; /* of the page's rows; NULL: it will not be split */
    struct planche_result_metadata metadata;
    struct planche_transfer *tone; /* of a page that is made smaller */
    struct planche_network network;
    uint64_t fixed; /* bytes it takes beside the network's plan */
    bool opened;
    bool hasty; /* it is taken as its header says: what means to read the file comes later */
    bool alone; /* it waits until nobody else is inside */
};

static enum planche_status open_input(struct page *page, struct planche_error *error)
{
    const struct planche_page_job *job = page->job;
    uint64_t scale = page->engine->net->recipe.scale;
    struct planche_input_options options = {
        .source = job->source,
        .pixels = job->in,
        .reader =
            {
                .budget = &page->budget,
                .log = &page->engine->log,
                .max_input_pixels = page->engine->max_pixels / (scale * scale),
            },
    };
    if (options.reader.max_input_pixels == 0)
        options.reader.max_input_pixels = 1;
    return planche_input_open(&page->input, &options, error);
}

static enum planche_status check_size(struct page *page, struct planche_error *error)
{
    struct planche_page_result *result = &page->job->result;
    result->input_width = page->input.width;
    result->input_height = page->input.height;
    return planche_result_size(result, page->engine->net->recipe.scale, page->engine->max_pixels,
                               &page->job->options, error);
}

static enum planche_status check_target(const struct page *page, struct planche_error *error)
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

/* Progress never falls, and who has cancelled hears of none: encoders may begin anew or take their
 * time to stop. */
static void report(struct planche_page_job *job, double done)
{
    const struct planche_page_options *options = &job->options;
    if (done > job->reported)
        job->reported = done;
    if (options->progress && planche_cancel_check(&job->cancel) == PLANCHE_OK)
        options->progress(options->progress_user, job->reported);
}

static void writer_progress(void *job, double done)
{
    report(job, 1 - ENCODE_SHARE + ENCODE_SHARE * done);
}

static void network_progress(void *job, double done)
{
    report(job, done * (1 - ENCODE_SHARE));
}

static uint32_t rows_of_file(const struct page *page)
{
    return planche_result_rows(page->job->options.format, page->job->result.output_width);
}

static bool is_to_be_split(const struct page *page)
{
    uint32_t most = rows_of_file(page);
    return page->job->options.on_limit == PLANCHE_ON_LIMIT_SPLIT && page->job->splits && most &&
           page->job->result.output_height > most;
}

/* Looks at the pixels before the network sees them, as far as options ask for it. */
static enum planche_status look_over(struct page *page, struct planche_error *error)
{
    struct planche_prescan survey = {.grey = page->job->options.grey == PLANCHE_GREY_AUTO &&
                                             page->input.reader};
    if (is_to_be_split(page)) {
        survey.variation = page->variation = planche_alloc(&page->budget, page->input.height);
        if (!page->variation)
            return planche_fail_memory(error, &page->budget, page->input.height,
                                       "looking at the page's rows");
    }
    enum planche_status status = planche_prescan_run(&survey, &page->input, error);
    if (!status && survey.grey)
        planche_input_make_grey(&page->input);
    return status;
}

/* stores_grey: whether the result has one channel for its colours. */
static enum planche_status choose_metadata(struct page *page, enum planche_format format,
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
    if (!status && job->options.provenance && job->source && !page->hasty)
        status = planche_result_metadata_add_provenance(metadata, page->engine, job->source,
                                                        &page->budget, error);
    return status;
}

/* The curves of a page that is made smaller. */
static enum planche_status choose_tone(struct page *page, struct planche_error *error)
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

static void unsettle(struct page *page)
{
    planche_free(page->variation);
    page->variation = NULL;
    planche_free(page->parts.ends);
    page->parts.ends = NULL;
    planche_transfer_destroy(&page->tone);
    planche_result_metadata_free(&page->metadata);
}

static void close_input(struct page *page)
{
    unsettle(page);
    planche_input_close(&page->input);
}

/* What the result's format makes of the page: grey, alpha and depth as far as it has them. */
static enum planche_status describe_result(struct page *page, enum planche_format format,
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

static void set_writer_options(struct page *page)
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
        .progress = writer_progress,
        .progress_user = page->job,
        .cancel = &page->job->cancel,
    };
}

static enum planche_status switch_format(struct page *page, struct planche_error *error)
{
    const struct planche_image_info asked = page->parts.info;
    enum planche_format other =
        planche_result_other_format(&page->parts.info, page->job->options.lossless);
    planche_result_metadata_free(&page->metadata);
    enum planche_status status = describe_result(page, other, error);
    if (!status)
        status = planche_writer_check(&page->parts.info, &page->parts.options, error);
    page->job->result.switched = !status;
    if (!status && !page->hasty)
        planche_log_write(&page->engine->log, PLANCHE_LOG_WARNING,
                          "%s: the result of %u x %u pixels is too large for %s: it becomes %s",
                          page->job->source ? page->job->source->name : "page", asked.width,
                          asked.height, planche_codec_extension(asked.format),
                          planche_codec_extension(other));
    return status;
}

static enum planche_status split_result(struct page *page, struct planche_error *error)
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

static void warn_of_lost_alpha(const struct page *page)
{
    enum planche_format format = page->parts.info.format;
    if (planche_pixel_has_alpha(page->input.format) && !planche_format_get_caps(format)->alpha &&
        !page->hasty)
        planche_log_write(&page->engine->log, PLANCHE_LOG_WARNING,
                          "%s: %s files have no transparency: laid on white",
                          page->job->source ? page->job->source->name : "page",
                          planche_codec_extension(format));
}

/* The result's format and files; parts.info describes the largest of them. */
static enum planche_status choose_target(struct page *page, struct planche_error *error)
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

static void describe_output(struct page *page)
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

/* The least --memory that would do, for the message: rounded up to whole MiB. */
static enum planche_status too_small(const struct page *page, uint64_t fixed, uint64_t least,
                                     struct planche_error *error)
{
    const struct planche_engine *engine = page->engine;
    uint64_t parts = engine->state->admission.parts, limit = engine->state->budget.limit;
    uint64_t need = 0, slack = (fixed + least) / 32 + ((uint64_t)1 << 20);
    /* Weights, and what a book has been given. */
    uint64_t others = limit - planche_admission_available(&engine->state->admission).most * parts;
    if (__builtin_add_overflow(fixed, least, &need) || __builtin_add_overflow(need, slack, &need) ||
        __builtin_mul_overflow(need, parts, &need) || __builtin_add_overflow(need, others, &need))
        return planche_fail(error, PLANCHE_ERROR_BUDGET,
                            "the page is too large for any memory budget");
    return planche_fail(
        error, PLANCHE_ERROR_BUDGET,
        "the page needs a memory budget of at least %llu MiB, and there are %llu MiB; "
        "raise it (--memory %lluM)",
        (unsigned long long)((need >> 20) + 1), (unsigned long long)(limit >> 20),
        (unsigned long long)((need >> 20) + 1));
}

/* Bytes that the page takes beside the plan of its network. */
static uint64_t fixed_bytes(const struct page *page)
{
    const struct planche_page_job *job = page->job;
    uint64_t bytes = atomic_load(&page->budget.used) + planche_input_memory(&page->input) +
                     planche_output_memory(&page->output) +
                     planche_network_overhead(&page->network);
    if (!job->out)
        bytes += planche_writer_memory(&page->parts.info, &page->parts.options);
    if (job->sink_memory)
        bytes +=
            job->sink_memory(job->sink_user, &page->parts.info, &job->options, page->parts.count);
    return bytes;
}

static enum planche_status make_plan(struct page *page, uint64_t limit, struct planche_error *error)
{
    uint64_t least;
    page->fixed = fixed_bytes(page);
    enum planche_status status = planche_network_plan(
        &page->network, limit > page->fixed ? limit - page->fixed : 0, &least, error);
    if (status == PLANCHE_ERROR_BUDGET && least)
        return too_small(page, page->fixed, least, error);
    return status;
}

/* Estimates are a little off now and then. */
static uint64_t with_slack(uint64_t bytes, uint64_t most)
{
    uint64_t slack = bytes / 32 + ((uint64_t)1 << 20);
    return bytes < most - most / 32 && slack < most - bytes ? bytes + slack : most;
}

/* What a plan may take of a room that others have left: it must not fail for an estimate when
 * waiting would have helped. */
static uint64_t without_slack(uint64_t room)
{
    uint64_t slack = room / 32 + ((uint64_t)1 << 20);
    return room > slack ? room - slack : 0;
}

/* A page on a GPU keeps the thread busy that decodes and encodes it. */
static struct planche_reservation reservation_of(const struct page *page, uint64_t room)
{
    unsigned threads = page->network.program ? planche_pool_threads(page->engine->pool) : 1;
    unsigned fed = 1 + page->input.width / COLUMNS_PER_THREAD;
    return (struct planche_reservation){
        .bytes = with_slack(page->fixed + planche_network_bytes(&page->network), room),
        .threads = fed < threads ? fed : threads,
    };
}

/* The plan for a page that could have `room` bytes now and `most` later. Errors: BUDGET also when
 * waiting is better than what there is room for. */
static enum planche_status choose_plan(struct page *page, uint64_t room, uint64_t most,
                                       struct planche_error *error)
{
    struct planche_network *network = &page->network;
    enum planche_status status = make_plan(page, most, error);
    uint64_t usable = room < most ? without_slack(room) : room;
    if (status || page->fixed + planche_network_bytes(network) <= usable)
        return status;
    double best = planche_network_macs(network);
    planche_network_unplan(network);
    status = make_plan(page, usable, error);
    if (!status && planche_network_macs(network) > best * MAX_EXTRA) {
        planche_network_unplan(network);
        status = planche_fail(error, PLANCHE_ERROR_BUDGET, "other pages have the memory");
    }
    return status;
}

/* The network is done: what only it needed is given back, so that the next page can begin beside
 * the encoder, which keeps one thread busy. */
static void shrink_reservation(struct page *page)
{
    struct planche_reservation *reservation = &page->job->reservation;
    planche_network_close(&page->network);
    planche_input_stop(&page->input);
    planche_output_close(&page->output);
    page->budget.limit = with_slack(page->fixed, reservation->bytes);
    const struct planche_reservation lower = {page->budget.limit, 1};
    planche_admission_shrink(&page->engine->state->admission, reservation, &lower);
}

static enum planche_status flow(struct page *page, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (!page->job->out)
        status = planche_parts_open(&page->parts, error);
    if (!status)
        status = planche_network_run(&page->network, error);
    if (status || page->job->out)
        return status;
    shrink_reservation(page);
    double start = planche_clock_ms();
    status = planche_parts_finish(&page->parts, error);
    double ms = planche_clock_ms() - start;
    page->output.ms += ms;
    page->output.waited_ms += ms;
    if (!status)
        PLANCHE_TRACE(&page->job->trace, PLANCHE_TRACE_PAGE, "encoded");
    return status;
}

/* What is run and what comes out, from the page's pixels as far as options ask for them. */
static enum planche_status settle(struct page *page, struct planche_error *error)
{
    enum planche_status status = page->hasty ? PLANCHE_OK : look_over(page, error);
    if (!status && page->job->out)
        status = check_target(page, error);
    if (!status) {
        describe_output(page);
        status = choose_tone(page, error);
    }
    if (!status && !page->job->out)
        status = choose_target(page, error);
    return status;
}

/* All or nothing: a page that lacked memory tries again. GPUs take pages faster than one after the
 * other could be decoded at the door; without its colours a page takes no more than with them. */
static enum planche_status open_page(struct page *page, struct planche_error *error)
{
    enum planche_status status = open_input(page, error);
    if (!status && page->job->judge)
        status = page->job->judge->ask(page->job->judge->user,
                                       planche_reader_info(page->input.reader), error);
    if (!status)
        status = check_size(page, error);
    page->hasty = !status && !page->network.program && page->input.reader && !is_to_be_split(page);
    if (!status)
        status = settle(page, error);
    page->opened = !status;
    if (page->opened)
        PLANCHE_TRACE(&page->job->trace, PLANCHE_TRACE_PAGE, "opened: %lld x %lld pixels",
                      (long long)page->input.width, (long long)page->input.height);
    if (status)
        close_input(page);
    return status;
}

/* Makes up, inside, for haste at the door. */
static enum planche_status settle_again(struct page *page, struct planche_error *error)
{
    if (!page->hasty)
        return PLANCHE_OK;
    page->hasty = false;
    unsettle(page);
    planche_network_unplan(&page->network);
    enum planche_status status = settle(page, error);
    return status ? status : make_plan(page, page->budget.limit, error);
}

/* Finds a plan for the page at the door. With less than the whole memory before it, a page that
 * lacks some waits. */
static enum planche_status prepare(struct page *page, struct planche_error *error)
{
    struct planche_admission *admission = &page->engine->state->admission;
    enum planche_status status = PLANCHE_OK;
    for (;;) {
        struct planche_available room = planche_admission_available(admission);
        page->budget.limit = room.now;
        /* What was refused when there was less room explains nothing any more. */
        atomic_store(&page->budget.refused, false);
        if (!page->opened)
            status = open_page(page, error);
        if (!status)
            status = choose_plan(page, room.now, room.most, error);
        if (!status)
            PLANCHE_TRACE(&page->job->trace, PLANCHE_TRACE_PAGE, "planned: %.1f MiB on %s",
                          (double)(page->fixed + planche_network_bytes(&page->network)) / 1048576,
                          page->network.program ? "the CPU" : "a GPU");
        status = planche_budget_reclassify_oom(status, &page->budget, error);
        if (status != PLANCHE_ERROR_BUDGET || room.now == room.most)
            return status;
        status = PLANCHE_OK;
        if (!planche_admission_wait_for_memory(admission, room.now, &page->job->cancel))
            return planche_cancel_fail(&page->job->cancel, error);
    }
}

/* Lets the page in once it has a plan. */
static enum planche_status enter(struct page *page, struct planche_error *error)
{
    struct planche_admission *admission = &page->engine->state->admission;
    double start = planche_clock_ms();
    const struct planche_cancel_token *cancel = &page->job->cancel;
    const struct planche_admission_ticket ticket = {cancel, page->job->options.priority};
    if (!planche_admission_acquire(admission, &ticket))
        return planche_cancel_fail(cancel, error);
    enum planche_status status = PLANCHE_OK;
    if (page->alone && !planche_admission_wait_idle(admission, cancel))
        status = planche_cancel_fail(cancel, error);
    if (!status)
        status = prepare(page, error);
    if (status) {
        planche_admission_cancel(admission);
        return status;
    }
    page->job->reservation = reservation_of(page, page->budget.limit);
    if (page->alone) /* it is not for estimates to say what a page gets that has failed for one */
        page->job->reservation.bytes = page->budget.limit;
    page->budget.limit = page->job->reservation.bytes;
    planche_admission_commit(admission, &page->job->reservation);
    PLANCHE_TRACE(&page->job->trace, PLANCHE_TRACE_PAGE,
                  "admitted after %.3f ms: %.1f MiB and %u threads", planche_clock_ms() - start,
                  (double)page->job->reservation.bytes / 1048576, page->job->reservation.threads);
    return PLANCHE_OK;
}

/* One try: with a program of the CPU, or on the GPUs (NULL). */
static enum planche_status run_once(struct planche_page_job *job,
                                    const struct planche_program *program, bool alone,
                                    struct planche_error *error)
{
    struct page page = {.job = job, .engine = job->engine, .alone = alone};
    struct planche_page_result *result = &job->result;
    page.network = (struct planche_network){
        .engine = job->engine,
        .program = program,
        .budget = &page.budget,
        .input = &page.input,
        .output = &page.output,
        .turns = job->options.tta != 0,
        .progress = network_progress,
        .user = job,
        .cancel = &job->cancel,
        .trace = &job->trace,
    };
    planche_budget_init_part(&page.budget, &job->engine->state->budget, 0);
    enum planche_status status = enter(&page, error);
    double start = planche_clock_ms() - page.input.ms;
    if (!status) {
        planche_pool_enter(job->engine->pool);
        status = settle_again(&page, error);
        if (!status)
            status = flow(&page, error);
        status = planche_budget_reclassify_oom(status, &page.budget, error);
        planche_pool_leave(job->engine->pool);
    }
    planche_output_close(&page.output);
    planche_parts_close(&page.parts);
    planche_network_close(&page.network);
    close_input(&page);
    result->decode_ms = page.input.ms;
    result->encode_ms = page.output.ms;
    result->network_ms = planche_clock_ms() - start - result->decode_ms - page.output.waited_ms;
    result->peak_bytes = job->engine->weight_bytes + atomic_load(&page.budget.peak);
    result->backend = program ? "cpu" : "vulkan";
    result->gpu_ms = page.network.gpu_ms;
    result->tiles = page.network.tiles;
    if (!status && job->options.progress)
        job->options.progress(job->options.progress_user, 1.0);
    return status;
}

static bool lacked_memory(enum planche_status status)
{
    return status == PLANCHE_ERROR_BUDGET || status == PLANCHE_ERROR_MEMORY;
}

static enum planche_status run_on_cpu(struct planche_page_job *job, struct planche_error *error)
{
    const struct planche_program *program;
    enum planche_status status = planche_fallback_get(job->engine, &program, &job->cancel, error);
    if (!status)
        status = run_once(job, program, false, error);
    if (!job->reservation.bytes || !lacked_memory(status))
        return status;
    planche_page_leave(job);
    return run_once(job, program, true, error);
}

/* A page that the GPUs could not make is begun anew. */
static enum planche_status run_again(struct planche_page_job *job, struct planche_error *error)
{
    char *reason = job->result.redone_reason;
    snprintf(reason, sizeof(job->result.redone_reason), "%.127s", error->message);
    planche_log_write(&job->engine->log, PLANCHE_LOG_WARNING, "%s: made on the CPU: %s",
                      job->source ? job->source->name : "page", error->message);
    PLANCHE_TRACE(&job->trace, PLANCHE_TRACE_PAGE, "begun again on the CPU: %s", error->message);
    planche_page_leave(job);
    job->result.redone = 1;
    return run_on_cpu(job, error);
}

/* On the GPUs, if there are any, or else on the CPU. */
static enum planche_status run_anywhere(struct planche_page_job *job, struct planche_error *error)
{
    if (!planche_fallback_has_gpus(job->engine))
        return run_on_cpu(job, error);
    enum planche_status status = run_once(job, NULL, false, error);
    bool failed = status == PLANCHE_ERROR_DEVICE || lacked_memory(status);
    return failed ? run_again(job, error) : status;
}

enum planche_status planche_page_run(struct planche_page_job *job, struct planche_error *error)
{
    struct planche_error own = {0}; /* the caller's may be NULL, and the log wants the reason */
    error = error ? error : &own;
    job->cancel = (struct planche_cancel_token){
        .handle = job->options.cancel,
        .parent = job->parent,
        .deadline = planche_cancel_deadline(job->options.deadline_ms),
    };
    planche_trace_begin(&job->trace, &job->engine->log);
    enum planche_status status = run_anywhere(job, error);
    if (status)
        PLANCHE_TRACE(&job->trace, PLANCHE_TRACE_PAGE, "failed: %s", error->message);
    else
        PLANCHE_TRACE(&job->trace, PLANCHE_TRACE_PAGE, "finished: %u x %u pixels",
                      job->result.output_width, job->result.output_height);
    return status;
}

void planche_page_leave(struct planche_page_job *job)
{
    struct planche_engine_state *state = job->engine->state;
    if (job->reservation.bytes && planche_admission_release(&state->admission, &job->reservation))
        planche_budget_cache_trim(&state->budget);
    job->reservation = (struct planche_reservation){0};
}
