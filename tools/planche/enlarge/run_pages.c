/* SPDX-License-Identifier: MIT */
/* Page runner: pages from files to files, as many at once as the engine admits. */
#include "base/status.h"
#include "cli/interrupt.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "cli/workers.h"
#include "enlarge/judge.h"
#include "enlarge/progress.h"
#include "os/clock.h"
#include "os/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Result of a page. */
struct ended {
    bool done, skipped;
    struct planche_cli_origin source;
    struct planche_cli_outcome outcome; /* message is own; NULL: none */
    char *made; /* the outcome's output, if it is not as it was planned; own */
    double ms;
};

/* The run of all pages. Reports come in the order of the items. */
struct pages {
    struct planche_cli_run *run;
    struct planche_cli_item *items;
    size_t count;
    struct ended *ended; /* [count] */
    size_t reported;
    struct planche_mutex report_lock;
    /* One inspection at a time: its memory is not in the engine's budget. */
    struct planche_mutex inspect_lock;
};

/* User data of on_progress. */
struct page_progress {
    struct pages *pages;
    size_t page;
};

static void on_progress(void *user, double done)
{
    const struct page_progress *progress = user;
    planche_cli_progress_page(&progress->pages->run->progress, progress->page, done);
}

/* The name of a file that the page became. NULL: no memory. */
static char *name_file(const char *output, const struct planche_page_result *result, unsigned part)
{
    size_t size = planche_page_file_name(NULL, 0, output, result, part) + 1;
    char *name = malloc(size);
    if (name != NULL)
        planche_page_file_name(name, size, output, result, part);
    return name;
}

static uint64_t count_output(const char *planned, const struct planche_page_result *result)
{
    uint64_t bytes = 0;
    for (unsigned part = 1; part <= result->parts; part++) {
        char *name = name_file(planned, result, part);
        bytes += name != NULL ? planche_cli_file_bytes(name) : 0;
        free(name);
    }
    return bytes;
}

static void count(struct planche_cli_summary *summary, const struct planche_cli_outcome *outcome,
                  const char *planned)
{
    enum planche_book_outcome ended = planche_cli_page_outcome(outcome);
    summary->pages_left += outcome->status == PLANCHE_ERROR_CANCELLED;
    if (outcome->status == PLANCHE_ERROR_CANCELLED)
        return;
    summary->outcomes[ended]++;
    if (ended != PLANCHE_BOOK_ENLARGED)
        return;
    summary->computed_pixels += (double)outcome->result.input_width * outcome->result.input_height;
    summary->input_bytes += planche_cli_file_bytes(outcome->input);
    summary->output_bytes += count_output(planned, &outcome->result);
}

static void report(struct planche_cli_run *run, const struct ended *ended,
                   const struct planche_cli_item *item)
{
    const struct planche_cli_outcome *outcome = &ended->outcome;
    const struct planche_page_result *result = &outcome->result;
    char parts[40] = "";
    if (result->parts > 1)
        snprintf(parts, sizeof parts, " (the first of %u)", result->parts);
    if (outcome->marked && !run->options.quiet)
        planche_cli_note("%s: left alone, Planche has made it; --again enlarges it all the same",
                         outcome->input);
    else if (outcome->large && !run->options.quiet)
        planche_cli_note("%s: left alone, it is large enough (--skip-above)", outcome->input);
    else if (outcome->status == PLANCHE_OK && run->each)
        planche_cli_note("%s -> %s%s  %ux%u -> %ux%u  %.1f s", outcome->input, outcome->output,
                         parts, result->input_width, result->input_height, result->output_width,
                         result->output_height, ended->ms / 1e3);
    if (outcome->status == PLANCHE_OK && !outcome->marked && !outcome->large)
        planche_cli_note_small(run, outcome->input, NULL, result);
    if (outcome->status != PLANCHE_OK && outcome->status != PLANCHE_ERROR_CANCELLED)
        planche_cli_print_failure(run, item, outcome->status, outcome->message);
    if (outcome->status != PLANCHE_OK)
        run->failed = true;
    count(&run->summary, outcome, item->output);
    if (run->options.json)
        planche_cli_run_json(run, planche_cli_json_single(outcome, &run->info));
}

/* A page that was left alone has no output. */
static bool is_made(const struct planche_cli_outcome *outcome)
{
    return outcome->status == PLANCHE_OK && !outcome->marked && !outcome->large;
}

/* Reports come in the order of the pages, whichever ends first. */
static void end_page(struct pages *pages, size_t index, const struct ended *outcome)
{
    struct ended *ended = &pages->ended[index];
    planche_mutex_lock(&pages->report_lock);
    *ended = *outcome;
    ended->done = true;
    if (ended->outcome.message != NULL)
        ended->outcome.message = strdup(ended->outcome.message);
    for (; pages->reported < pages->count && pages->ended[pages->reported].done;
         pages->reported++) {
        ended = &pages->ended[pages->reported];
        const struct planche_cli_item *item = &pages->items[pages->reported];
        if (ended->skipped)
            planche_cli_run_skip(pages->run, item);
        else
            report(pages->run, ended, item);
        if (ended->source.known && is_made(&ended->outcome))
            planche_cli_judge_made(
                pages->run, item, &ended->source, ended->outcome.result.parts,
                ended->outcome.result.switched ? (int)ended->outcome.result.format : 0);
        free((char *)ended->outcome.message);
        free(ended->made);
    }
    planche_mutex_unlock(&pages->report_lock);
}

/* Most that a look at a page may take: beside an engine, which has the rest, a small part. */
static uint64_t look_bytes(uint64_t memory)
{
    const uint64_t most = (uint64_t)64 << 20;
    return memory != 0 && memory / 4 < most ? memory / 4 + 1 : most;
}

enum planche_status planche_cli_inspect_page(const struct planche_cli_options *options,
                                             struct planche_cli_outcome *outcome,
                                             struct planche_error *error)
{
    const struct planche_book_options *book = &options->book;
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    enum planche_status status = planche_provenance_read_within(
        outcome->input, look_bytes(options->engine.memory), &mark, error);
    if (status != PLANCHE_OK)
        return status;
    outcome->result.input_width = mark.width;
    outcome->result.input_height = mark.height;
    uint32_t longer = mark.width > mark.height ? mark.width : mark.height;
    outcome->large = book->skip_above != 0 && longer > book->skip_above;
    outcome->marked = !outcome->large && !book->again && *mark.source != 0;
    return PLANCHE_OK;
}

static enum planche_status run_page(struct pages *pages, size_t index,
                                    struct planche_cli_outcome *outcome,
                                    struct planche_error *error)
{
    const struct planche_cli_item *item = &pages->items[index];
    if (planche_cli_interrupt_signal() != 0) {
        snprintf(error->message, sizeof error->message, "stopped before this page began");
        return PLANCHE_ERROR_CANCELLED;
    }
    /* A page that cannot be read is told of when it is enlarged. */
    planche_mutex_lock(&pages->inspect_lock);
    planche_cli_inspect_page(&pages->run->options, outcome, NULL);
    planche_mutex_unlock(&pages->inspect_lock);
    if (outcome->large || outcome->marked)
        return PLANCHE_OK;
    if (item->resumes && !planche_cli_make_parent(item->output)) {
        snprintf(error->message, sizeof error->message, "%s: cannot make its folder: %s",
                 item->output, strerror(errno));
        return PLANCHE_ERROR_IO;
    }
    struct page_progress progress = {pages, index};
    struct planche_page_options options = pages->run->options.page;
    options.overwrite = item->replaces;
    if (item->format != PLANCHE_FORMAT_AUTO)
        options.format = item->format;
    options.cancel = planche_cli_interrupt_cancel();
    options.progress = on_progress;
    options.progress_user = &progress;
    return planche_engine_run_file(pages->run->engine, item->input, item->output, &options,
                                   &outcome->result, error);
}

/* True if every file of a result is there, and no other page's. */
static bool are_there(const struct pages *pages, size_t index,
                      const struct planche_page_result *result)
{
    bool there = result->parts > 0;
    for (unsigned part = 1; there && part <= result->parts; part++) {
        char *name = name_file(pages->items[index].output, result, part);
        there = name != NULL && planche_cli_is_taken(name) &&
                !planche_cli_plan_names(&pages->run->plan, &pages->items[index], name);
        free(name);
    }
    return there;
}

static void run_one(void *user, size_t index)
{
    struct pages *pages = user;
    const struct planche_cli_item *page = &pages->items[index];
    struct planche_error error = {0};
    struct ended ended = {
        .skipped = !page->makes,
        .outcome = {.input = page->input,
                    .output = page->output,
                    .result = PLANCHE_PAGE_RESULT_INIT},
    };
    double start = planche_clock_ms();
    if (!ended.skipped)
        planche_cli_origin_begin(&ended.source, page->input, false, planche_cli_interrupt_cancel());
    if (!ended.skipped)
        planche_cli_progress_begin(&pages->run->progress, index);
    if (!ended.skipped)
        ended.outcome.status = run_page(pages, index, &ended.outcome, &error);
    /* What an earlier run has made in another format or in parts. */
    if (page->resumes && ended.outcome.status == PLANCHE_ERROR_EXISTS)
        ended.skipped = are_there(pages, index, &ended.outcome.result);
    if (ended.skipped && page->makes)
        pages->items[index].verdict = PLANCHE_CLI_EXISTS;
    if (ended.outcome.status == PLANCHE_OK && ended.outcome.result.parts > 0)
        ended.made = name_file(page->output, &ended.outcome.result, 1);
    if (ended.made != NULL)
        ended.outcome.output = ended.made;
    if (ended.outcome.status != PLANCHE_OK)
        ended.outcome.message = error.message;
    ended.ms = planche_clock_ms() - start;
    planche_cli_origin_end(&ended.source, is_made(&ended.outcome));
    planche_cli_progress_end(&pages->run->progress, index,
                             ended.outcome.status == PLANCHE_OK && ended.outcome.result.parts > 0);
    end_page(pages, index, &ended);
}

/* What a signal has left undone: a run of pages leaves nothing else that tells. */
static void report_interruption(const struct pages *pages)
{
    enum { NAMES = 3 };
    char names[512] = "";
    size_t left = 0, length = 0;
    for (size_t i = 0; i < pages->count; i++) {
        if (pages->ended[i].outcome.status != PLANCHE_ERROR_CANCELLED)
            continue;
        if (left++ < NAMES && length < sizeof names)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                       left > 1 ? ", " : "", pages->items[i].input);
    }
    if (left == 0)
        return;
    planche_cli_message("stopped with %zu of %zu pages done; not done: %s%s", pages->count - left,
                        pages->count, names, left > NAMES ? " and those behind" : "");
}

enum planche_status planche_cli_run_pages(struct planche_cli_run *run, struct planche_error *error)
{
    struct pages pages = {
        .run = run,
        .items = run->plan.items,
        .count = run->plan.pages,
        .report_lock = PLANCHE_MUTEX_INIT,
        .inspect_lock = PLANCHE_MUTEX_INIT,
    };
    if (pages.count == 0)
        return PLANCHE_OK;
    enum planche_status status;
    pages.ended = calloc(pages.count, sizeof *pages.ended);
    if (pages.ended == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory; give fewer files");
    status = planche_cli_for_each(run->engine != NULL ? run->info.jobs : 1, pages.count, run_one,
                                  &pages, error);
    if (status == PLANCHE_OK && planche_cli_interrupt_signal() != 0)
        report_interruption(&pages);
    free(pages.ended);
    return status;
}
