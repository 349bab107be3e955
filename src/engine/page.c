/* SPDX-License-Identifier: MIT */
/* Run and retry of a page: one try after the other until a machine has made it. page_state.h says
 * what a try goes through. */
#include "engine/page.h"

#include "base/status.h"
#include "engine/page_state.h"
#include "os/clock.h"

#include <stdio.h>

static enum planche_status flow(struct planche_page *page, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    planche_page_set_state(page, PLANCHE_PAGE_RUNNING);
    if (!page->job->out)
        status = planche_split_open(&page->parts, error);
    if (!status)
        status = planche_page_passes_run(&page->passes, error);
    if (status || page->job->out)
        return status;
    planche_page_shrink_reservation(page);
    planche_page_set_state(page, PLANCHE_PAGE_ENCODING);
    double start = planche_clock_ms();
    status = planche_split_finish(&page->parts, error);
    double ms = planche_clock_ms() - start;
    page->output.ms += ms;
    page->output.waited_ms += ms;
    if (!status)
        PLANCHE_TRACE(&page->job->trace, PLANCHE_TRACE_PAGE, "encoded");
    return status;
}

static void describe_run(const struct planche_page *page, double ms)
{
    struct planche_page_result *result = &page->job->result;
    result->decode_ms = page->input.ms;
    result->encode_ms = page->output.ms;
    result->network_ms = ms - page->input.waited_ms - page->output.waited_ms;
    result->peak_bytes =
        planche_engine_weight_bytes(page->engine) + atomic_load(&page->budget.peak);
    const struct planche_executor_ops *machine = planche_page_passes_machine(&page->passes);
    result->backend = machine ? machine->name : NULL;
    result->gpu_ms = page->passes.result.device_ms;
    result->device = page->passes.result.device;
    result->tiles = page->passes.result.tiles;
    page->job->another = page->passes.result.another;
}

static enum planche_status run_admitted(struct planche_page *page, struct planche_error *error)
{
    planche_pool_enter(page->engine->pool);
    enum planche_status status = planche_page_run_deferred(page, error);
    if (!status)
        status = flow(page, error);
    status = planche_budget_reclassify_oom(status, &page->budget, error);
    planche_pool_leave(page->engine->pool);
    return status;
}

/* One try. alone: when nobody else is inside. */
static enum planche_status run_once(struct planche_page_job *job,
                                    const struct planche_executor_ops *machine, bool alone,
                                    struct planche_error *error)
{
    struct planche_page page = {.job = job, .engine = job->engine, .machine = machine};
    page.passes = (struct planche_page_passes){
        .io =
            {
                .kernels = &job->engine->kernels,
                .input = &page.input,
                .output = &page.output,
                .progress = planche_page_network_progress,
                .user = job,
                .cancel = &job->cancel,
                .trace = &job->trace,
            },
        .budget = &page.budget,
        .turns = job->options.tta != 0,
    };
    planche_budget_init_part(&page.budget, &job->engine->state->budget, 0);
    enum planche_status status = planche_page_admit(&page, alone, error);
    double start = planche_clock_ms() - page.input.waited_ms;
    if (!status)
        status = run_admitted(&page, error);
    planche_output_close(&page.output);
    planche_split_close(&page.parts);
    planche_page_passes_close(&page.passes);
    planche_page_close(&page);
    describe_run(&page, planche_clock_ms() - start);
    if (!status && job->options.progress)
        job->options.progress(job->options.progress_user, 1.0);
    return status;
}

static bool lacked_memory(enum planche_status status)
{
    return status == PLANCHE_ERROR_BUDGET || status == PLANCHE_ERROR_MEMORY;
}

/* One try. One that turned out to need other networks once it was inside comes to the door again,
 * where they are made. */
static enum planche_status try_page(struct planche_page_job *job,
                                    const struct planche_executor_ops *machine,
                                    struct planche_error *error)
{
    job->unmade = job->unready = false;
    enum planche_status status = run_once(job, machine, false, error);
    while (job->unready) {
        job->unready = false;
        job->seen_first = true;
        planche_page_leave(job);
        status = run_once(job, machine, false, error);
    }
    return status;
}

/* On the last executor, a page that lacked memory beside others gets all of it, alone. */
static enum planche_status run_on(struct planche_page_job *job,
                                  const struct planche_executor_ops *machine, bool last,
                                  bool *may_go_on, struct planche_error *error)
{
    enum planche_status status = try_page(job, machine, error);
    /* If a network could not be made for it, the next one may still run the page. */
    if (status && job->unmade) {
        *may_go_on = planche_cancel_check(&job->cancel) == PLANCHE_OK;
        return status;
    }
    *may_go_on = status == PLANCHE_ERROR_DEVICE || lacked_memory(status);
    if (!last || !job->reservation.bytes || !lacked_memory(status))
        return status;
    planche_page_leave(job);
    return run_once(job, machine, true, error);
}

/* The page begins anew on another machine. */
static void begin_again(struct planche_page_job *job, const char *next,
                        const struct planche_error *error)
{
    char *reason = job->result.redone_reason;
    snprintf(reason, sizeof(job->result.redone_reason), "%.127s", error->message);
    planche_log_write(&job->log.log, PLANCHE_LOG_WARNING, "%s: made on %s: %s",
                      job->source ? job->source->name : "page", next, error->message);
    PLANCHE_TRACE(&job->trace, PLANCHE_TRACE_PAGE, "begun again on %s: %s", next, error->message);
    planche_page_leave(job);
    job->result.redone = 1;
}

/* Walks the list of executors until one can make the page. One that has lost a device and has
 * others gets it again: devices that are lost get no more pages, so that this ends. */
static enum planche_status run_anywhere(struct planche_page_job *job, struct planche_error *error)
{
    struct planche_executors *executors = &planche_engine_primary(job->engine)->executors;
    unsigned index = 0;
    for (;;) {
        while (!planche_executors_is_usable(executors, index))
            index++;
        bool last = index + 1 == executors->count, may_go_on;
        job->another = false;
        enum planche_status status =
            run_on(job, executors->list[index].ops, last, &may_go_on, error);
        if (status == PLANCHE_ERROR_DEVICE && job->another)
            begin_again(job, "another of its devices", error);
        else if (!status || last || !may_go_on)
            return status;
        else
            begin_again(job, executors->list[++index].ops->title, error);
    }
}

enum planche_status planche_page_run(struct planche_page_job *job, struct planche_error *error)
{
    job->cancel = (struct planche_cancel_token){
        .handle = job->options.cancel,
        .parent = job->parent,
        .deadline = planche_cancel_deadline(job->options.deadline_ms),
    };
    job->set = job->engine->state->levels.own;
    planche_trace_begin(&job->trace, &job->engine->log);
    planche_log_once_init(&job->log, &job->engine->log);
    enum planche_status status = run_anywhere(job, error);
    planche_log_once_destroy(&job->log);
    if (status)
        PLANCHE_TRACE(&job->trace, PLANCHE_TRACE_PAGE, "failed: %s", error->message);
    else
        atomic_fetch_add(&job->engine->state->pages, 1);
    if (!status)
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
