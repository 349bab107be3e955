/* SPDX-License-Identifier: MIT */
/* One page: read its header, check what can be checked, plan, then let the rows flow. */
#include "engine/page.h"

#include "backend/cpu/plan.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/system.h"
#include "engine/foresee.h"
#include "engine/result_metadata.h"
#include "engine/survey.h"
#include "engine/tta.h"
#include "image/pixels.h"

#include <string.h>

/* Share of a page's progress that a whole-picture encoder gets. */
#define ENCODE_SHARE 0.1
/* Columns of a page that keep a thread busy: with fewer, threads wait for each other in every
 * layer, and all but one in what a page does alone, as decoding.
 */
#define COLUMNS_PER_THREAD 512
/* How much more arithmetic is worth not waiting for memory until other pages are done: about as
 * much as decoding and encoding beside them gains. */
#define MOST_EXTRA 1.05

struct page {
    struct planche_page_job *job;
    const struct planche_engine *engine;
    struct planche_budget budget;
    struct planche_input input;
    struct planche_output output;
    struct planche_parts parts;
    uint8_t *variation; /* of the page's rows; NULL: it will not be split */
    struct planche_result_metadata metadata;
    struct planche_tone *tone; /* of a page that is made smaller */
    struct planche_plan *plan;
    struct planche_plan *sideways; /* of the page with rows for columns; NULL: no tta */
    struct planche_tta *tta;
    int turn;       /* of tta */
    uint64_t fixed; /* bytes it takes beside the plans */
    bool opened;
    bool alone; /* it waits until nobody else is inside */
    bool cancelled;
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

/* Progress never falls, and who has cancelled is not asked again: encoders may begin anew or take
 * their time to stop. */
static int report(struct page *page, double done)
{
    const struct planche_page_options *options = &page->job->options;
    if (done > page->job->reported)
        page->job->reported = done;
    if (!page->cancelled && options->progress)
        page->cancelled = options->progress(options->progress_user, page->job->reported) != 0;
    return page->cancelled;
}

static int writer_progress(void *user, double done)
{
    return report(user, 1 - ENCODE_SHARE + ENCODE_SHARE * done);
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
    struct planche_survey survey = {.grey = page->job->options.grey == PLANCHE_GREY_AUTO &&
                                            page->input.reader};
    if (is_to_be_split(page)) {
        survey.variation = page->variation = planche_alloc(&page->budget, page->input.height);
        if (!page->variation)
            return planche_fail_memory(error, &page->budget, page->input.height,
                                       "looking at the page's rows");
    }
    enum planche_status status = planche_survey_run(&survey, &page->input, error);
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
    if (!status && job->options.mark && job->source)
        status =
            planche_result_metadata_mark(metadata, page->engine, job->source, &page->budget, error);
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
        planche_tone_create(&page->tone, colours, metadata ? metadata->icc.data : NULL,
                            metadata ? metadata->icc.size : 0, &page->budget, error);
    page->output.tone = page->tone;
    return status;
}

static void close_input(struct page *page)
{
    planche_free(page->variation);
    page->variation = NULL;
    planche_free(page->parts.ends);
    page->parts.ends = NULL;
    planche_tone_destroy(&page->tone);
    planche_input_close(&page->input);
    planche_result_metadata_free(&page->metadata);
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
        .progress = options->progress ? writer_progress : NULL,
        .progress_user = page,
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
    if (!status)
        planche_log_write(&page->engine->log, PLANCHE_LOG_WARNING,
                          "%s: the result of %u x %u pixels is too large for %s: it becomes %s",
                          page->job->source ? page->job->source->name : "page", asked.width,
                          asked.height, planche_format_extension(asked.format),
                          planche_format_extension(other));
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
    if (planche_pixel_has_alpha(page->input.format) && !planche_format_get_caps(format)->alpha)
        planche_log_write(&page->engine->log, PLANCHE_LOG_WARNING,
                          "%s: %s files have no transparency: laid on white",
                          page->job->source ? page->job->source->name : "page",
                          planche_format_extension(format));
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
    output->kernels = &page->engine->program->kernels;
    output->recipe = &page->engine->net->recipe;
    output->budget = &page->budget;
    output->pool = page->engine->pool;
    output->pixels = page->job->out;
    output->parts = &page->parts;
    output->format = page->input.format;
    output->target = page->input.format;
    output->width = page->input.width * (int64_t)page->engine->net->recipe.scale;
    output->height = page->input.height * (int64_t)page->engine->net->recipe.scale;
    output->out_width = page->job->result.output_width;
    output->out_height = page->job->result.output_height;
}

/* The least --memory that would do, for the message: rounded up to whole MiB. */
static enum planche_status too_small(const struct page *page, uint64_t fixed, uint64_t least,
                                     struct planche_error *error)
{
    const struct planche_engine *engine = page->engine;
    uint64_t parts = engine->state->gate.parts, limit = engine->state->budget.limit;
    uint64_t need = 0, slack = (fixed + least) / 32 + ((uint64_t)1 << 20);
    /* Weights, and what a book has been given. */
    uint64_t others = limit - planche_gate_room(&engine->state->gate).most * parts;
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

static void destroy_plans(struct page *page)
{
    planche_plan_destroy(&page->plan);
    planche_plan_destroy(&page->sideways);
}

static struct planche_tta_options tta_options(const struct page *page)
{
    return (struct planche_tta_options){
        .width = page->input.width,
        .height = page->input.height,
        .scale = page->engine->net->recipe.scale,
        .colours = page->input.colours,
        .depth = planche_pixel_depth(page->input.format),
    };
}

static uint64_t tta_memory(const struct page *page)
{
    const struct planche_tta_options options = tta_options(page);
    return page->job->options.tta ? planche_tta_memory(&options) : 0;
}

/* What is needed until the network is done. */
static uint64_t network_bytes(const struct page *page)
{
    uint64_t upright = page->plan->bytes, sideways = page->sideways ? page->sideways->bytes : 0;
    return tta_memory(page) + (upright > sideways ? upright : sideways);
}

static double network_macs(const struct page *page)
{
    return page->plan->macs + (page->sideways ? page->sideways->macs : 0);
}

/* Plans the page as it is and, if it will be turned, sideways. least: for all of them. */
static enum planche_status create_plans(struct page *page,
                                        const struct planche_plan_options *options,
                                        struct planche_budget *budget, uint64_t *least,
                                        struct planche_error *error)
{
    const struct planche_program *program = page->engine->program;
    int64_t width = page->input.width, height = page->input.height;
    uint64_t upright = 0, sideways = 0;
    enum planche_status status =
        planche_plan_create(&page->plan, program, width, height, options, budget, &upright, error);
    if (page->job->options.tta && (!status || status == PLANCHE_ERROR_BUDGET)) {
        enum planche_status other = planche_plan_create(&page->sideways, program, height, width,
                                                        options, budget, &sideways, error);
        status = other ? other : status;
    }
    *least = upright > sideways ? upright : sideways;
    if (status)
        destroy_plans(page);
    return status;
}

static enum planche_status make_plan(struct page *page, uint64_t limit, struct planche_error *error)
{
    const struct planche_engine *engine = page->engine;
    uint64_t used = atomic_load(&page->budget.used), least = 0, tta = tta_memory(page);
    uint64_t result_row = planche_output_band_row(&page->output);
    uint64_t fixed =
        used + planche_input_memory(&page->input) + planche_output_memory(&page->output);
    /* What the plan, its passes and the codecs' small change take. */
    uint64_t book = ((uint64_t)256 << 10) + (uint64_t)engine->program->node_count * 512;
    if (!page->job->out)
        fixed += planche_writer_memory(&page->parts.info, &page->parts.options);
    if (page->job->sink_memory)
        fixed += page->job->sink_memory(page->job->sink_user, &page->parts.info,
                                        &page->job->options, page->parts.count);
    fixed += tta ? 2 * book : book;
    if (tta)
        fixed += result_row;
    page->fixed = fixed;
    bool hopeless = fixed >= limit || limit - fixed <= tta;
    struct planche_plan_options options = {
        .memory = hopeless ? 1 : limit - fixed - tta,
        .fetch_row_bytes = tta ? 0 : page->input.colour_row_bytes,
        .emit_row_bytes = tta ? 0 : result_row,
        .se = engine->se,
        .workers = planche_pool_threads(engine->pool),
    };
    /* A hopeless page is planned only for the message: what that takes is not held against it. */
    enum planche_status status =
        create_plans(page, &options, hopeless ? NULL : &page->budget, &least, error);
    if (status == PLANCHE_ERROR_BUDGET && least)
        return too_small(page, fixed + tta, least, error);
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

static struct planche_stake stake_of(const struct page *page, uint64_t room)
{
    unsigned threads = planche_pool_threads(page->engine->pool);
    unsigned fed = 1 + page->input.width / COLUMNS_PER_THREAD;
    return (struct planche_stake){
        .bytes = with_slack(page->fixed + network_bytes(page), room),
        .threads = fed < threads ? fed : threads,
    };
}

/* The plan for a page that could have `room` bytes now and `most` later. Errors: BUDGET also when
 * waiting is better than what there is room for. */
static enum planche_status choose_plan(struct page *page, uint64_t room, uint64_t most,
                                       struct planche_error *error)
{
    enum planche_status status = make_plan(page, most, error);
    uint64_t usable = room < most ? without_slack(room) : room;
    if (status || page->fixed + network_bytes(page) <= usable)
        return status;
    double best = network_macs(page);
    destroy_plans(page);
    status = make_plan(page, usable, error);
    if (!status && network_macs(page) > best * MOST_EXTRA) {
        destroy_plans(page);
        status = planche_fail(error, PLANCHE_ERROR_BUDGET, "other pages have the memory");
    }
    return status;
}

/* The colours of a run of pixels of the page, turned as tta has it. */
static enum planche_status find_colours(struct page *page, int64_t y, int64_t x, size_t count,
                                        const void **colours, struct planche_error *error)
{
    if (page->tta) {
        *colours = planche_tta_row(page->tta, y, x, count);
        return PLANCHE_OK;
    }
    size_t pixel = page->input.colours * planche_pixel_depth(page->input.format) / 8;
    enum planche_status status = planche_input_row(&page->input, y, colours, error);
    if (!status)
        *colours = (const uint8_t *)*colours + (size_t)x * pixel;
    return status;
}

static enum planche_status fetch(void *user, int64_t y, int64_t x, size_t count,
                                 float *const planes[PLANCHE_PLANES], struct planche_error *error)
{
    struct page *page = user;
    const struct planche_recipe *recipe = &page->engine->net->recipe;
    const struct planche_kernels *kernels = &page->engine->program->kernels;
    bool deep = planche_pixel_depth(page->input.format) == 16;
    unsigned colours = page->input.colours;
    const void *pixels;
    enum planche_status status = find_colours(page, y, x, count, &pixels, error);
    if (status)
        return status;
    struct planche_load_args args = {
        .in = pixels,
        .step = colours,
        .channels = colours,
        .scale = recipe->in_scale / (deep ? 65535.0f : 255.0f),
        .bias = recipe->in_bias,
        .out = planes,
        .pixels = count,
    };
    if (deep)
        kernels->load16(&args);
    else
        kernels->load8(&args);
    for (unsigned c = colours; c < PLANCHE_PLANES; c++)
        memcpy(planes[c], planes[0], count * sizeof(float));
    return PLANCHE_OK;
}

static enum planche_status emit(void *user, int64_t y, int64_t x, size_t count,
                                const float *const planes[PLANCHE_PLANES],
                                struct planche_error *error)
{
    struct page *page = user;
    if (!page->tta)
        return planche_output_put(&page->output, y, x, count, planes, error);
    planche_tta_add(page->tta, y, x, count, planes);
    return PLANCHE_OK;
}

static int poll(void *user, double done)
{
    struct page *page = user;
    if (page->tta)
        done = (page->turn + done) / PLANCHE_TTA_TURNS;
    return report(page, done * (1 - ENCODE_SHARE));
}

/* The averages go the way that a single result's rows go. */
static enum planche_status emit_means(struct page *page, struct planche_error *error)
{
    for (int64_t y = 0; y < page->output.height; y++) {
        const float *planes[PLANCHE_PLANES];
        planche_tta_mean(page->tta, y, planes);
        enum planche_status status =
            planche_output_put(&page->output, y, 0, (size_t)page->output.width, planes, error);
        if (status)
            return status;
        if (report(page, 1 - ENCODE_SHARE))
            return planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
    }
    return PLANCHE_OK;
}

static enum planche_status run_plan(struct page *page, const struct planche_plan *plan,
                                    struct planche_error *error)
{
    const struct planche_page_io io = {page, fetch, emit, poll};
    return planche_plan_run(plan, page->engine->pool, &io, page->engine->state->profile, error);
}

static enum planche_status run_turns(struct page *page, struct planche_error *error)
{
    const struct planche_tta_options options = tta_options(page);
    enum planche_status status = planche_tta_create(&page->tta, &options, &page->budget, error);
    if (!status)
        status = planche_tta_fill(page->tta, &page->input, error);
    for (page->turn = 0; !status && page->turn < PLANCHE_TTA_TURNS; page->turn++) {
        planche_tta_turn(page->tta, page->turn);
        status = run_plan(page, planche_tta_is_sideways(page->turn) ? page->sideways : page->plan,
                          error);
    }
    return status ? status : emit_means(page, error);
}

/* The network is done: what only it needed is given back, so that the next page can begin beside
 * the encoder, which keeps one thread busy. */
static void lower_stake(struct page *page)
{
    struct planche_stake *stake = &page->job->stake;
    destroy_plans(page);
    planche_tta_destroy(&page->tta);
    planche_input_stop(&page->input);
    planche_output_close(&page->output);
    page->budget.limit = with_slack(page->fixed, stake->bytes);
    const struct planche_stake lower = {page->budget.limit, 1};
    planche_gate_lower(&page->engine->state->gate, stake, &lower);
}

static enum planche_status flow(struct page *page, struct planche_error *error)
{
    struct planche_page_job *job = page->job;
    bool tta = job->options.tta != 0;
    enum planche_status status = PLANCHE_OK;
    if (!job->out)
        status = planche_parts_open(&page->parts, error);
    if (!status)
        status = planche_input_start(&page->input, tta ? 1 : page->plan->fetch_rows, error);
    if (!status)
        status = planche_output_start(&page->output, tta ? 1 : page->plan->emit_rows, error);
    if (!status)
        status = tta ? run_turns(page, error) : run_plan(page, page->plan, error);
    if (!status)
        status = planche_output_flush(&page->output, error);
    if (status || job->out)
        return status;
    lower_stake(page);
    double start = planche_system_ms();
    status = planche_parts_finish(&page->parts, error);
    double ms = planche_system_ms() - start;
    page->output.ms += ms;
    page->output.waited_ms += ms;
    return status;
}

/* All or nothing: a page that lacked memory tries again. */
static enum planche_status open_page(struct page *page, struct planche_error *error)
{
    enum planche_status status = open_input(page, error);
    if (!status && page->job->judge)
        status = page->job->judge->ask(page->job->judge->user,
                                       planche_reader_info(page->input.reader), error);
    if (!status)
        status = check_size(page, error);
    if (!status)
        status = look_over(page, error);
    if (!status && page->job->out)
        status = check_target(page, error);
    if (!status) {
        describe_output(page);
        status = choose_tone(page, error);
    }
    if (!status && !page->job->out)
        status = choose_target(page, error);
    page->opened = !status;
    if (status)
        close_input(page);
    return status;
}

static bool wants_to_stop(void *user)
{
    return report(user, 0) != 0;
}

/* Finds a plan for the page at the door. With less than the whole memory before it, a page that
 * lacks some waits. */
static enum planche_status prepare(struct page *page, struct planche_error *error)
{
    struct planche_gate *gate = &page->engine->state->gate;
    enum planche_status status = PLANCHE_OK;
    for (;;) {
        struct planche_room room = planche_gate_room(gate);
        page->budget.limit = room.now;
        /* What was refused when there was less room explains nothing any more. */
        atomic_store(&page->budget.refused, false);
        if (!page->opened)
            status = open_page(page, error);
        if (!status)
            status = choose_plan(page, room.now, room.most, error);
        status = planche_budget_blame(status, &page->budget, error);
        if (status != PLANCHE_ERROR_BUDGET || room.now == room.most)
            return status;
        status = PLANCHE_OK;
        if (!planche_gate_wait(gate, room.now, wants_to_stop, page))
            return planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
    }
}

/* Lets the page in once it has a plan. */
static enum planche_status enter(struct page *page, struct planche_error *error)
{
    struct planche_gate *gate = &page->engine->state->gate;
    if (!planche_gate_arrive(gate, wants_to_stop, page))
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
    enum planche_status status = PLANCHE_OK;
    if (page->alone && !planche_gate_wait_alone(gate, wants_to_stop, page))
        status = planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
    if (!status)
        status = prepare(page, error);
    if (status) {
        planche_gate_go_away(gate);
        return status;
    }
    page->job->stake = stake_of(page, page->budget.limit);
    if (page->alone) /* it is not for estimates to say what a page gets that has failed for one */
        page->job->stake.bytes = page->budget.limit;
    page->budget.limit = page->job->stake.bytes;
    planche_gate_enter(gate, &page->job->stake);
    return PLANCHE_OK;
}

static enum planche_status run_once(struct planche_page_job *job, bool alone,
                                    struct planche_error *error)
{
    struct page page = {.job = job, .engine = job->engine, .alone = alone};
    struct planche_page_result *result = &job->result;
    planche_budget_init_part(&page.budget, &job->engine->state->budget, 0);
    enum planche_status status = enter(&page, error);
    double start = planche_system_ms() - page.input.ms;
    if (!status) {
        planche_pool_enter(job->engine->pool);
        status = planche_budget_blame(flow(&page, error), &page.budget, error);
        planche_pool_leave(job->engine->pool);
    }
    planche_output_close(&page.output);
    planche_parts_close(&page.parts);
    destroy_plans(&page);
    planche_tta_destroy(&page.tta);
    close_input(&page);
    result->decode_ms = page.input.ms;
    result->encode_ms = page.output.ms;
    result->network_ms = planche_system_ms() - start - result->decode_ms - page.output.waited_ms;
    result->peak_bytes = job->engine->weight_bytes + atomic_load(&page.budget.peak);
    if (!status && job->options.progress)
        job->options.progress(job->options.progress_user, 1.0);
    return status;
}

enum planche_status planche_page_run(struct planche_page_job *job, struct planche_error *error)
{
    enum planche_status status = run_once(job, false, error);
    if (!job->stake.bytes || (status != PLANCHE_ERROR_BUDGET && status != PLANCHE_ERROR_MEMORY))
        return status;
    planche_page_leave(job);
    return run_once(job, true, error);
}

void planche_page_leave(struct planche_page_job *job)
{
    struct planche_engine_state *state = job->engine->state;
    if (job->stake.bytes && planche_gate_leave(&state->gate, &job->stake))
        planche_budget_rest(&state->budget);
    job->stake = (struct planche_stake){0};
}
