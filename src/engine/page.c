/* SPDX-License-Identifier: MIT */
/* Run and retry of a page: one try after the other until a machine has made it. page_state.h says
 * what a try goes through. */
#include "engine/page.h"

#include "base/status.h"
#include "engine/fallback.h"
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
        status = planche_network_run(&page->network, error);
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

/* One try: with a program of the CPU, or on the GPUs (NULL). */
static enum planche_status run_once(struct planche_page_job *job,
                                    const struct planche_program *program, bool alone,
                                    struct planche_error *error)
{
    struct planche_page page = {.job = job, .engine = job->engine};
    struct planche_page_result *result = &job->result;
    page.network = (struct planche_network){
        .engine = job->engine,
        .program = program,
        .budget = &page.budget,
        .input = &page.input,
        .output = &page.output,
        .turns = job->options.tta != 0,
        .progress = planche_page_network_progress,
        .user = job,
        .cancel = &job->cancel,
        .trace = &job->trace,
    };
    planche_budget_init_part(&page.budget, &job->engine->state->budget, 0);
    enum planche_status status = planche_page_admit(&page, alone, error);
    double start = planche_clock_ms() - page.input.ms;
    if (!status) {
        planche_pool_enter(job->engine->pool);
        status = planche_page_run_deferred(&page, error);
        if (!status)
            status = flow(&page, error);
        status = planche_budget_reclassify_oom(status, &page.budget, error);
        planche_pool_leave(job->engine->pool);
    }
    planche_output_close(&page.output);
    planche_split_close(&page.parts);
    planche_network_close(&page.network);
    planche_page_close(&page);
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
