/* SPDX-License-Identifier: MIT */
/* Memory planning and admission of a page: its plan, its reservation, and the wait for both. */
#include "engine/page_state.h"

#include "base/status.h"
#include "codec/isolation.h"
#include "os/clock.h"

#include <stdio.h>

/* Columns of a page that keep a thread busy: with fewer, threads wait for each other in every
 * layer, and all but one in what a page does alone, as decoding.
 */
#define COLUMNS_PER_THREAD 512
/* How much more arithmetic is worth not waiting for memory until other pages are done: about as
 * much as decoding and encoding beside them gains. */
#define MAX_EXTRA 1.05

/* The least memory budget that would do, for the message: rounded up to whole MiB. */
static enum planche_status too_small(const struct planche_page *page, uint64_t fixed,
                                     uint64_t least, struct planche_error *error)
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
    char fewer[80] = "";
    if (parts > 1) /* each of them has an equal part of the budget */
        snprintf(fewer, sizeof fewer, ", or run one page at a time (option jobs = 1), for %llu MiB",
                 (unsigned long long)(((need - others) / parts + others) >> 20) + 1);
    return planche_fail(
        error, PLANCHE_ERROR_BUDGET,
        "the page needs a memory budget of at least %llu MiB, and there are %llu MiB; "
        "raise it (option memory = %lluM)%s",
        (unsigned long long)((need >> 20) + 1), (unsigned long long)(limit >> 20),
        (unsigned long long)((need >> 20) + 1), fewer);
}

/* Bytes that the page takes beside the plan of its network. */
static uint64_t fixed_bytes(const struct planche_page *page)
{
    const struct planche_page_job *job = page->job;
    uint64_t bytes = atomic_load(&page->budget.used) + planche_input_memory(&page->input) +
                     planche_output_memory(&page->output) +
                     planche_page_passes_overhead(&page->passes);
    if (!job->out)
        bytes += planche_writer_memory(&page->parts.info, &page->parts.options);
    if (job->sink_memory)
        bytes +=
            job->sink_memory(job->sink_user, &page->parts.info, &job->options, page->parts.count);
    return bytes;
}

/* Of `limit` bytes for the page, those beyond what a page usually takes have to pay. Without
 * knowing how many pages are to come, as many again as have come so far is the best guess. */
static struct planche_memory_terms terms_of(const struct planche_engine *engine, uint64_t limit)
{
    uint64_t base = planche_engine_weight_bytes(engine);
    uint64_t usual = engine->usual_bytes > base ? engine->usual_bytes - base : 0;
    unsigned made = atomic_load(&engine->state->pages);
    unsigned expected = atomic_load(&engine->state->expected);
    return (struct planche_memory_terms){
        .extra = engine->usual_bytes && limit > usual ? limit - usual : 0,
        .pages = expected > made ? expected : made + 1,
    };
}

/* With the writer's options as they are. */
static enum planche_status plan_with(struct planche_page *page, uint64_t limit,
                                     struct planche_error *error)
{
    uint64_t least;
    page->fixed = fixed_bytes(page);
    page->passes.terms = terms_of(page->engine, limit);
    enum planche_status status = planche_page_passes_plan(
        &page->passes, limit > page->fixed ? limit - page->fixed : 0, &least, error);
    if (status == PLANCHE_ERROR_BUDGET && least)
        return too_small(page, page->fixed, least, error);
    return status;
}

/* Writers make the same bytes on one thread, with less memory: before a page fails for want of it,
 * its writer does without the pool. */
static enum planche_status make_plan(struct planche_page *page, uint64_t limit,
                                     struct planche_error *error)
{
    page->parts.options.pool = page->engine->pool;
    enum planche_status status = plan_with(page, limit, error);
    if (status != PLANCHE_ERROR_BUDGET || page->job->out)
        return status;
    page->parts.options.pool = NULL;
    return plan_with(page, limit, error);
}

/* Estimates are a little off now and then. */
static uint64_t with_slack(uint64_t bytes, uint64_t most)
{
    uint64_t slack = bytes / 32 + ((uint64_t)1 << 20);
    return bytes < most - most / 32 && slack < most - bytes ? bytes + slack : most;
}

/* What a plan may take of what others have left: it must not fail for an estimate when waiting
 * would have helped. */
static uint64_t without_slack(uint64_t available)
{
    uint64_t slack = available / 32 + ((uint64_t)1 << 20);
    return available > slack ? available - slack : 0;
}

/* The plan for a page that could have `available` bytes now and `most` later. Errors: BUDGET also
 * when waiting is better than a plan for what is available. */
static enum planche_status choose_plan(struct planche_page *page, uint64_t available, uint64_t most,
                                       struct planche_error *error)
{
    struct planche_page_passes *passes = &page->passes;
    enum planche_status status = make_plan(page, most, error);
    uint64_t usable = available < most ? without_slack(available) : available;
    if (status || page->fixed + planche_page_passes_bytes(passes) <= usable)
        return status;
    double best = planche_page_passes_macs(passes);
    planche_page_passes_unplan(passes);
    status = make_plan(page, usable, error);
    if (!status && planche_page_passes_macs(passes) > best * MAX_EXTRA) {
        planche_page_passes_unplan(passes);
        status = planche_fail(error, PLANCHE_ERROR_BUDGET, "other pages have the memory");
    }
    return status;
}

/* All or nothing: a page that lacked memory tries again. */
static enum planche_status open_and_resolve(struct planche_page *page, struct planche_error *error)
{
    page->job->unmade = false;
    enum planche_status status = planche_page_open(page, error);
    if (status)
        return status;
    status = planche_page_resolve(page, error);
    if (status)
        planche_page_close(page);
    else
        PLANCHE_TRACE(&page->job->trace, PLANCHE_TRACE_PAGE, "opened: %lld x %lld pixels",
                      (long long)page->input.width, (long long)page->input.height);
    return status;
}

/* NEW or RESOLVED -> PLANNED, with the memory that is available now: *available. */
static enum planche_status try_plan(struct planche_page *page, struct planche_available *available,
                                    struct planche_error *error)
{
    struct planche_admission *admission = &page->engine->state->admission;
    enum planche_status status = PLANCHE_OK;
    *available = planche_admission_available(admission);
    page->budget.limit = available->now;
    /* What was refused when there was less explains nothing any more. */
    atomic_store(&page->budget.refused, false);
    if (page->state == PLANCHE_PAGE_NEW)
        status = open_and_resolve(page, error);
    if (!status) { /* networks may have been made, or given up for them */
        *available = planche_admission_available(admission);
        page->budget.limit = available->now;
        status = choose_plan(page, available->now, available->most, error);
    }
    if (!status) {
        planche_page_set_state(page, PLANCHE_PAGE_PLANNED);
        PLANCHE_TRACE(&page->job->trace, PLANCHE_TRACE_PAGE, "planned: %.1f MiB on %s",
                      (double)(page->fixed + planche_page_passes_bytes(&page->passes)) / 1048576,
                      page->machine->title);
    }
    return planche_budget_reclassify_oom(status, &page->budget, error);
}

/* Makes more memory available to the page at the door than it has tried with in vain: waits for
 * pages inside, or gives up networks that none runs on. *more: it is to try again. Errors:
 * CANCELLED, DEADLINE. */
static enum planche_status find_memory(const struct planche_page *page,
                                       struct planche_available available, bool *more,
                                       struct planche_error *error)
{
    struct planche_admission *admission = &page->engine->state->admission;
    const struct planche_cancel_token *cancel = &page->job->cancel;
    const unsigned held = page->held.count;
    const bool last = held > 0; /* a page that uses none yet may be going to use it */
    bool waits = true;
    *more = false;
    if (available.now < available.most) {
        waits = *more = planche_admission_wait_for_memory(admission, available.now, cancel);
    } else if (!page->job->unmade) { /* for networks all was given up */
        enum planche_shed shed = planche_admission_shed(admission, held, last);
        if (shed == PLANCHE_SHED_LATER) {
            waits = planche_admission_wait_idle(admission, cancel);
            shed = planche_admission_shed(admission, held, last);
        }
        *more = shed == PLANCHE_SHED_DONE;
    }
    return waits ? PLANCHE_OK : planche_cancel_fail(cancel, error);
}

/* Finds a plan for the page at the door. */
static enum planche_status plan(struct planche_page *page, struct planche_error *error)
{
    for (;;) {
        struct planche_available available;
        enum planche_status status = try_plan(page, &available, error);
        if (status != PLANCHE_ERROR_BUDGET)
            return status;
        const struct planche_error reason = *error;
        bool more;
        status = find_memory(page, available, &more, error);
        if (status)
            return status;
        if (!more) {
            *error = reason;
            return error->status;
        }
    }
}

/* A page whose executor leaves the threads idle keeps one busy, that decodes and encodes it. */
static struct planche_reservation reservation_of(const struct planche_page *page,
                                                 uint64_t available)
{
    bool uses_pool = planche_page_passes_use_pool(&page->passes);
    unsigned threads = uses_pool ? planche_pool_threads(page->engine->pool) : 1;
    unsigned fed = 1 + page->input.width / COLUMNS_PER_THREAD;
    return (struct planche_reservation){
        .bytes = with_slack(page->fixed + planche_page_passes_bytes(&page->passes), available),
        .threads = fed < threads ? fed : threads,
    };
}

static void log_estimate(const struct planche_page *page)
{
    const struct planche_page_job *job = page->job;
    struct planche_page_estimate e = planche_page_passes_estimate(&page->passes);
    uint64_t beside = page->fixed + planche_engine_weight_bytes(page->engine);
    char other[80] = "";
    if (e.seconds <= 0)
        return;
    if (e.other_bytes)
        snprintf(other, sizeof other, "; with %llu MB about %.1f s",
                 (unsigned long long)((e.other_bytes + beside) / 1000000), e.other_seconds);
    planche_log_write(&job->log.log, PLANCHE_LOG_DEBUG, "%s: planned for %llu MB, about %.1f s%s",
                      job->source ? job->source->name : "page",
                      (unsigned long long)((e.bytes + beside) / 1000000), e.seconds, other);
}

/* PLANNED -> ADMITTED or DEFERRED. */
static void commit(struct planche_page *page, bool alone)
{
    struct planche_reservation *reservation = &page->job->reservation;
    bool defers = planche_page_defers_scans(page);
    *reservation = reservation_of(page, page->budget.limit);
    if (alone) /* a retry after a wrong estimate gets the whole budget */
        reservation->bytes = page->budget.limit;
    page->budget.limit = reservation->bytes;
    planche_admission_commit(&page->engine->state->admission, reservation);
    planche_page_set_state(page, defers ? PLANCHE_PAGE_DEFERRED : PLANCHE_PAGE_ADMITTED);
}

/* Waits until nobody is inside, and ends programs that wait for other pages. */
static enum planche_status have_all(struct planche_page *page, struct planche_error *error)
{
    struct planche_admission *admission = &page->engine->state->admission;
    if (!planche_admission_wait_idle(admission, &page->job->cancel))
        return planche_cancel_fail(&page->job->cancel, error);
    planche_isolation_trim(page->engine->isolation);
    return PLANCHE_OK;
}

enum planche_status planche_page_admit(struct planche_page *page, bool alone,
                                       struct planche_error *error)
{
    struct planche_admission *admission = &page->engine->state->admission;
    double start = planche_clock_ms();
    const struct planche_cancel_token *cancel = &page->job->cancel;
    const struct planche_admission_ticket ticket = {cancel, page->job->options.priority};
    if (!planche_admission_acquire(admission, &ticket))
        return planche_cancel_fail(cancel, error);
    enum planche_status status = PLANCHE_OK;
    if (alone)
        status = have_all(page, error);
    if (!status)
        status = plan(page, error);
    if (status) {
        planche_admission_cancel(admission);
        return status;
    }
    log_estimate(page);
    commit(page, alone);
    PLANCHE_TRACE(&page->job->trace, PLANCHE_TRACE_PAGE,
                  "admitted after %.3f ms: %.1f MiB and %u threads", planche_clock_ms() - start,
                  (double)page->job->reservation.bytes / 1048576, page->job->reservation.threads);
    return PLANCHE_OK;
}

enum planche_status planche_page_look(struct planche_page_job *job, struct planche_error *error)
{
    struct planche_admission *admission = &job->engine->state->admission;
    const struct planche_admission_ticket ticket = {&job->cancel, job->options.priority};
    struct planche_page page = {.job = job, .engine = job->engine};
    job->cancel = (struct planche_cancel_token){.parent = job->parent};
    planche_log_once_init(&job->log, &job->engine->log);
    enum planche_status status = PLANCHE_OK;
    if (!planche_admission_acquire(admission, &ticket)) {
        status = planche_cancel_fail(&job->cancel, error);
    } else {
        if (!planche_admission_wait_idle(admission, &job->cancel))
            status = planche_cancel_fail(&job->cancel, error);
        planche_budget_init_part(&page.budget, &job->engine->state->budget,
                                 planche_admission_available(admission).most);
        if (!status)
            status = planche_page_measure(&page, error);
        planche_admission_cancel(admission);
    }
    planche_log_once_destroy(&job->log);
    return planche_budget_reclassify_oom(status, &page.budget, error);
}

enum planche_status planche_page_run_deferred(struct planche_page *page,
                                              struct planche_error *error)
{
    if (page->state != PLANCHE_PAGE_DEFERRED)
        return PLANCHE_OK;
    planche_page_drop_result(page);
    planche_page_passes_unplan(&page->passes);
    enum planche_status status = planche_page_resolve(page, error);
    if (!status)
        status = make_plan(page, page->budget.limit, error);
    if (status)
        return status;
    planche_page_set_state(page, PLANCHE_PAGE_PLANNED);
    planche_page_set_state(page, PLANCHE_PAGE_ADMITTED);
    return PLANCHE_OK;
}

void planche_page_shrink_reservation(struct planche_page *page)
{
    struct planche_reservation *reservation = &page->job->reservation;
    planche_page_passes_close(&page->passes);
    planche_input_stop(&page->input);
    planche_output_close(&page->output);
    page->budget.limit = with_slack(page->fixed, reservation->bytes);
    const struct planche_reservation lower = {page->budget.limit, 1};
    planche_admission_shrink(&page->engine->state->admission, reservation, &lower);
}
