/* SPDX-License-Identifier: MIT */
/* Passes of a page: plans, what lies between them, and running them. */
#include "engine/page_passes.h"

#include "base/checked.h"
#include "base/status.h"
#include "image/pixels.h"

#include <assert.h>

/* Rows that a page without networks passes on between questions whether to go on. */
#define COPY_ROWS 64

/* Progress of the pass that runs becomes the page's. */
static void report(void *user, double done)
{
    const struct planche_page_passes *passes = user;
    passes->io.progress(passes->io.user, passes->done + passes->shown * done);
}

/* That of a network before a relay is the last one's. */
static void report_nothing(void *user, double done)
{
    (void)user;
    (void)done;
}

void planche_page_passes_choose(struct planche_page_passes *passes,
                                const struct planche_chain *chain,
                                const struct planche_executor *const *executors,
                                const struct planche_net *const *nets, const double *macs)
{
    double all = 0, product = 1;
    passes->count = chain->count;
    passes->scale = chain->scale;
    for (unsigned i = 0; i < chain->count; i++) {
        struct planche_network *network = &passes->list[i];
        *network = (struct planche_network){
            .io = passes->io,
            .executor = executors[i],
            .budget = passes->budget,
            .turns = passes->turns,
        };
        network->io.net = nets[i];
        network->io.progress = report;
        network->io.user = passes;
        passes->share[i] = (macs[i] > 0 ? macs[i] : 1) * product * product;
        all += passes->share[i];
        product *= nets[i]->recipe.scale;
    }
    for (unsigned i = 0; i < chain->count; i++)
        passes->share[i] /= all;
}

static void describe_between(struct planche_page_passes *passes, unsigned index)
{
    struct planche_page_between *between = &passes->between[index];
    struct planche_network *before = &passes->list[index], *behind = &passes->list[index + 1];
    const struct planche_input *page = before->io.input;
    const struct planche_output *last = passes->io.output;
    unsigned scale = before->io.net->recipe.scale;
    between->pixels = (struct planche_pixels)PLANCHE_PIXELS_INIT;
    between->pixels.format = planche_pixel_format_make(page->colours, 16);
    between->pixels.width = page->width * scale;
    between->pixels.height = page->height * scale;
    between->pixels.stride = between->pixels.width * planche_pixel_size(between->pixels.format);
    between->relays = false;
    planche_input_expect(&between->input, &between->pixels, passes->budget);
    between->output = (struct planche_output){
        .input = before->io.input,
        .kernels = last->kernels,
        .scale = scale,
        .budget = passes->budget,
        .trace = last->trace,
        .pool = last->pool,
        .pixels = &between->pixels,
        .format = between->pixels.format,
        .target = between->pixels.format,
        .width = between->pixels.width,
        .height = between->pixels.height,
        .out_width = between->pixels.width,
        .out_height = between->pixels.height,
    };
    before->io.output = &between->output;
    behind->io.input = &between->input;
}

/* What is passed on comes as values. */
static void describe_copy(struct planche_output *output)
{
    output->value_scale = 1;
    output->value_bias = 0;
    output->takes_values = true;
}

void planche_page_passes_describe(struct planche_page_passes *passes)
{
    if (passes->count == 0)
        describe_copy(passes->io.output);
    else
        passes->list[passes->count - 1].io.output = passes->io.output;
    for (unsigned i = 0; i + 1 < passes->count; i++)
        describe_between(passes, i);
    for (unsigned i = 0; i < passes->count; i++)
        planche_network_describe(&passes->list[i]);
}

uint64_t planche_page_passes_overhead(const struct planche_page_passes *passes)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < passes->count; i++)
        bytes += planche_network_overhead(&passes->list[i]);
    return bytes;
}

/* Whether rows are relayed behind a pass. */
static void set_relay(struct planche_page_passes *passes, unsigned index, bool relays)
{
    struct planche_page_between *between = &passes->between[index];
    between->relays = relays;
    between->output.relay = between->input.relay = relays ? &between->relay : NULL;
    passes->list[index].io.progress = relays ? report_nothing : report;
}

/* Passes that run together with one: the first and the last. */
static unsigned first_of(const struct planche_page_passes *passes, unsigned index)
{
    while (index > 0 && passes->between[index - 1].relays)
        index--;
    return index;
}

static unsigned last_of(const struct planche_page_passes *passes, unsigned index)
{
    while (index + 1 < passes->count && passes->between[index].relays)
        index++;
    return index;
}

/* Pixels or rows behind a pass, and what its output and the next input take beside them. */
static uint64_t between_bytes(const struct planche_page_passes *passes, unsigned index)
{
    const struct planche_page_between *between = &passes->between[index];
    uint64_t bytes = between->relays ? planche_relay_memory(between->pixels.stride)
                                     : (uint64_t)between->pixels.height * between->pixels.stride;
    return bytes + planche_output_memory(&between->output) + planche_input_memory(&between->input);
}

/* What is held while a pass runs, beside its plan and those of passes that run with it. */
static uint64_t held_bytes(const struct planche_page_passes *passes, unsigned index)
{
    unsigned first = first_of(passes, index), last = last_of(passes, index);
    uint64_t bytes = 0;
    for (unsigned i = first > 0 ? first - 1 : 0; i <= last && i + 1 < passes->count; i++)
        bytes += between_bytes(passes, i);
    return bytes;
}

/* Rows of a page that is passed on: three planes of values, and a row at each end. */
static uint64_t copy_bytes(const struct planche_page_passes *passes)
{
    const struct planche_input *input = passes->io.input;
    return (uint64_t)input->width * PLANCHE_PLANES * sizeof(float) + input->colour_row_bytes +
           planche_output_band_row(passes->io.output);
}

/* Plans a pass, which has a share of the memory if others run with it. least: what would do for all
 * of them. */
static enum planche_status plan_pass(struct planche_page_passes *passes, unsigned index,
                                     uint64_t memory, uint64_t *least, struct planche_error *error)
{
    unsigned first = first_of(passes, index), together = last_of(passes, index) - first + 1;
    uint64_t held = held_bytes(passes, index), own = 0, taken = 0;
    passes->list[index].terms = passes->terms;
    for (unsigned i = first; i < index; i++)
        if (passes->list[i].upright)
            taken += planche_network_bytes(&passes->list[i]);
    /* What those before have left is shared by those that follow. */
    uint64_t room = memory > held + taken ? memory - held - taken : 0;
    enum planche_status status =
        planche_network_plan(&passes->list[index], room / (first + together - index), &own, error);
    *least = own ? own * together + held : 0;
    return status;
}

static enum planche_status plan_all(struct planche_page_passes *passes, uint64_t memory,
                                    uint64_t *least, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    *least = passes->count ? 0 : copy_bytes(passes);
    if (*least > memory)
        status = planche_fail(error, PLANCHE_ERROR_BUDGET, "no room for rows of the page");
    /* For the message, all tell what they need. */
    for (unsigned i = 0; i < passes->count; i++) {
        uint64_t needed;
        struct planche_error reason = {0};
        enum planche_status now = plan_pass(passes, i, memory, &needed, &reason);
        if (needed > *least)
            *least = needed;
        if (now && (!status || status == PLANCHE_ERROR_BUDGET)) {
            status = now;
            *error = reason;
        }
        if (status && status != PLANCHE_ERROR_BUDGET)
            break;
    }
    if (status)
        planche_page_passes_unplan(passes);
    return status;
}

/* Whether rows may be relayed behind a pass: threads share one CPU, and turned pages are whole. */
static bool may_relay(const struct planche_page_passes *passes, unsigned index)
{
    return !passes->turns && passes->list[index].executor->ops->uses_pool &&
           passes->list[index + 1].executor->ops->uses_pool;
}

/* Drops relays before passes whose plans read their page more than once. True: there were some. */
static bool drop_relays(struct planche_page_passes *passes, bool all)
{
    bool dropped = false;
    for (unsigned i = 0; i + 1 < passes->count; i++) {
        const struct planche_executor_plan *plan = passes->list[i + 1].upright;
        if (!passes->between[i].relays || (!all && (!plan || plan->reads_once)))
            continue;
        set_relay(passes, i, false);
        dropped = true;
    }
    return dropped;
}

enum planche_status planche_page_passes_plan(struct planche_page_passes *passes, uint64_t memory,
                                             uint64_t *least, struct planche_error *error)
{
    for (unsigned i = 0; i + 1 < passes->count; i++)
        set_relay(passes, i, may_relay(passes, i));
    enum planche_status status = plan_all(passes, memory, least, error);
    if (!status && drop_relays(passes, false)) {
        planche_page_passes_unplan(passes);
        status = plan_all(passes, memory, least, error);
    }
    if (status != PLANCHE_ERROR_BUDGET || !drop_relays(passes, true))
        return status;
    return plan_all(passes, memory, least, error);
}

void planche_page_passes_unplan(struct planche_page_passes *passes)
{
    for (unsigned i = 0; i < passes->count; i++)
        planche_network_unplan(&passes->list[i]);
}

uint64_t planche_page_passes_bytes(const struct planche_page_passes *passes)
{
    uint64_t most = passes->count ? 0 : copy_bytes(passes);
    for (unsigned i = 0; i < passes->count; i = last_of(passes, i) + 1) {
        uint64_t bytes = held_bytes(passes, i);
        for (unsigned j = i; j <= last_of(passes, i); j++)
            bytes += planche_network_bytes(&passes->list[j]);
        most = bytes > most ? bytes : most;
    }
    return most;
}

double planche_page_passes_macs(const struct planche_page_passes *passes)
{
    double macs = 0;
    for (unsigned i = 0; i < passes->count; i++)
        macs += planche_network_macs(&passes->list[i]);
    return macs;
}

struct planche_page_estimate planche_page_passes_estimate(const struct planche_page_passes *passes)
{
    struct planche_page_estimate sum = {0};
    bool other = false;
    uint64_t bytes = 0, more = 0;
    for (unsigned i = 0; i < passes->count; i++) {
        struct planche_page_estimate one = planche_network_estimate(&passes->list[i]);
        if (first_of(passes, i) == i)
            bytes = more = held_bytes(passes, i);
        bytes += one.bytes;
        more += one.other_bytes ? one.other_bytes : one.bytes;
        other = other || one.other_bytes;
        sum.bytes = bytes > sum.bytes ? bytes : sum.bytes;
        sum.other_bytes = more > sum.other_bytes ? more : sum.other_bytes;
        sum.seconds += one.seconds;
        sum.other_seconds += one.other_seconds;
    }
    if (!other)
        sum.other_bytes = 0;
    return sum;
}

bool planche_page_passes_use_pool(const struct planche_page_passes *passes)
{
    bool uses = false;
    for (unsigned i = 0; i < passes->count; i++)
        uses = uses || passes->list[i].executor->ops->uses_pool;
    return uses;
}

const struct planche_executor_ops *
planche_page_passes_machine(const struct planche_page_passes *passes)
{
    return passes->count ? passes->list[passes->count - 1].executor->ops : NULL;
}

static enum planche_status copy_row(struct planche_page_passes *passes, int64_t y,
                                    float *const planes[PLANCHE_PLANES],
                                    struct planche_error *error)
{
    struct planche_input *input = passes->io.input;
    bool deep = planche_pixel_depth(input->format) == 16;
    struct planche_load_args args = {
        .step = input->colours,
        .channels = input->colours,
        .scale = 1.0f / (deep ? 65535.0f : 255.0f),
        .out = planes,
        .pixels = input->width,
    };
    const void *row;
    enum planche_status status = planche_input_row(input, y, &row, error);
    if (status)
        return status;
    args.in = row;
    if (deep)
        passes->io.kernels->load16(&args);
    else
        passes->io.kernels->load8(&args);
    const float *values[PLANCHE_PLANES] = {planes[0], planes[1], planes[2]};
    for (unsigned c = input->colours; c < PLANCHE_PLANES; c++)
        values[c] = planes[0];
    planche_output_put(passes->io.output, y, 0, input->width, values);
    return planche_output_add(passes->io.output, y, input->width, error);
}

static enum planche_status copy_rows(struct planche_page_passes *passes, float *values,
                                     struct planche_error *error)
{
    const struct planche_input *input = passes->io.input;
    float *const planes[PLANCHE_PLANES] = {values, values + input->width,
                                           values + 2 * (size_t)input->width};
    enum planche_status status = PLANCHE_OK;
    for (int64_t y = 0; !status && y < input->height; y++) {
        if (y % COPY_ROWS == 0) {
            passes->io.progress(passes->io.user, (double)y / input->height);
            status = planche_cancel_fail(passes->io.cancel, error);
        }
        if (!status)
            status = copy_row(passes, y, planes, error);
    }
    return status;
}

/* A page that no network makes. */
static enum planche_status copy_page(struct planche_page_passes *passes,
                                     struct planche_error *error)
{
    size_t count = (size_t)passes->io.input->width * PLANCHE_PLANES;
    float *values = planche_calloc(passes->budget, count, sizeof(float));
    if (!values)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a row of the page");
    enum planche_status status = planche_input_start(passes->io.input, 1, error);
    if (!status)
        status = planche_output_start(passes->io.output, 1, error);
    if (!status)
        status = copy_rows(passes, values, error);
    if (!status)
        status = planche_output_flush(passes->io.output, error);
    planche_free(values);
    return status;
}

static enum planche_status take_pixels(struct planche_page_passes *passes, unsigned index,
                                       struct planche_error *error)
{
    struct planche_pixels *pixels = &passes->between[index].pixels;
    pixels->data = planche_calloc(passes->budget, pixels->height, pixels->stride);
    if (pixels->data)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_MEMORY,
                        "no memory for %u x %u pixels between two networks", pixels->width,
                        pixels->height);
}

static void drop_between(struct planche_page_between *between)
{
    planche_relay_end(&between->relay);
    planche_output_close(&between->output);
    planche_input_close(&between->input);
    planche_free(between->pixels.data);
    between->pixels.data = NULL;
}

/* Of the page's own input, only the transparency is read again. */
static enum planche_status end_first(struct planche_page_passes *passes,
                                     struct planche_error *error)
{
    struct planche_input *input = passes->io.input;
    planche_input_stop(input);
    return planche_pixel_has_alpha(input->format) ? planche_input_start(input, 1, error)
                                                  : PLANCHE_OK;
}

/* A network on the thread of the relay behind it. */
static enum planche_status make_rows(void *user, struct planche_error *error)
{
    return planche_network_run(user, error);
}

/* Starts the networks before the last of those that run together. */
static enum planche_status begin_relays(struct planche_page_passes *passes, unsigned first,
                                        unsigned last, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (unsigned i = first; !status && i < last; i++)
        status = planche_relay_begin(&passes->between[i].relay, passes->between[i].pixels.stride,
                                     make_rows, &passes->list[i], passes->budget, error);
    return status;
}

/* Ends what has run, from the last on: each waits for the one behind it. */
static void end_passes(struct planche_page_passes *passes, unsigned first, unsigned last)
{
    for (unsigned i = last + 1; i-- > first;) {
        if (i < last)
            planche_relay_end(&passes->between[i].relay);
        passes->result.device_ms += passes->list[i].result.device_ms;
        if (i == last)
            passes->result.device = passes->list[i].result.device;
        passes->result.tiles += passes->list[i].result.tiles;
        passes->result.another |= passes->list[i].result.another;
    }
}

/* Runs passes whose rows are relayed. */
static enum planche_status run_passes(struct planche_page_passes *passes, unsigned first,
                                      unsigned last, struct planche_error *error)
{
    bool final = last + 1 == passes->count;
    enum planche_status status = final ? PLANCHE_OK : take_pixels(passes, last, error);
    passes->shown = 0;
    for (unsigned i = first; i <= last; i++)
        passes->shown += passes->share[i];
    if (!status)
        status = begin_relays(passes, first, last, error);
    if (!status)
        status = planche_network_run(&passes->list[last], error);
    end_passes(passes, first, last);
    if (status || final)
        return status;
    for (unsigned i = first; i <= last; i++)
        planche_network_close(&passes->list[i]);
    planche_output_close(&passes->between[last].output);
    for (unsigned i = first > 0 ? first - 1 : 0; i < last; i++)
        drop_between(&passes->between[i]);
    passes->done += passes->shown;
    return first == 0 ? end_first(passes, error) : PLANCHE_OK;
}

enum planche_status planche_page_passes_run(struct planche_page_passes *passes,
                                            struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    passes->done = 0;
    if (passes->count == 0)
        return copy_page(passes, error);
    for (unsigned i = 0; !status && i < passes->count; i = last_of(passes, i) + 1)
        status = run_passes(passes, i, last_of(passes, i), error);
    return status;
}

void planche_page_passes_close(struct planche_page_passes *passes)
{
    for (unsigned i = 0; i < passes->count; i++)
        planche_network_close(&passes->list[i]);
    for (unsigned i = 0; i + 1 < passes->count; i++)
        drop_between(&passes->between[i]);
}
