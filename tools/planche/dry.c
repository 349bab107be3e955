/* SPDX-License-Identifier: MIT */
/* --dry-run: what would be done. */
#include "interrupt.h"
#include "paths.h"
#include "run.h"
#include "terminal.h"

struct dry {
    struct planche_cli_run *run;
    const struct planche_cli_work *work;
    size_t *fates;
};

static void print_entry(const struct planche_book_page *page)
{
    static const struct {
        const char *what, *why;
    } words[] = {
        [PLANCHE_BOOK_ENLARGED] = {"enlarge", ""},
        [PLANCHE_BOOK_DUPLICATE] = {"repeat", ""},
        [PLANCHE_BOOK_RESUMED] = {"resume", ""},
        [PLANCHE_BOOK_MARKED] = {"keep", ": Planche has made it"},
        [PLANCHE_BOOK_LARGE] = {"keep", ": large enough"},
        [PLANCHE_BOOK_FAILED] = {"fail", ": "},
        [PLANCHE_BOOK_COPIED] = {"copy", ""},
    };
    planche_cli_print("  %-8s %s%s%s", words[page->fate].what, page->name, words[page->fate].why,
                      page->message != NULL ? page->message : "");
}

static void describe_entry(void *user, const struct planche_book_page *page)
{
    const struct dry *dry = user;
    struct planche_cli_run *run = dry->run;
    dry->fates[page->fate]++;
    if (!run->options.json) {
        print_entry(page);
    } else if (page->fate != PLANCHE_BOOK_COPIED) {
        json_t *object = planche_cli_json_entry(dry->work->input, dry->work->output, page, NULL);
        json_object_set_new(object, "dry_run", json_true());
        planche_cli_run_json(run, object);
    }
}

static void describe_book(struct planche_cli_run *run, const struct planche_cli_work *work)
{
    struct planche_page_options page = run->options.page;
    page.format = run->options.book_format;
    size_t fates[PLANCHE_BOOK_COPIED + 1] = {0};
    struct dry dry = {run, work, fates};
    struct planche_error error = {0};
    struct planche_book_options book = run->options.book;
    book.page = &page;
    book.container = work->container;
    book.on_page = describe_entry;
    book.user = &dry;
    struct planche_cli_book_outcome outcome = {
        .input = work->input,
        .output = work->output,
        .message = error.message,
        .fates = fates,
        .result = PLANCHE_BOOK_RESULT_INIT,
    };
    if (!run->options.json)
        planche_cli_print("%s -> %s", work->input, work->output);
    outcome.status = planche_book_inspect(work->input, &book, &outcome.result, &error);
    if (outcome.status != PLANCHE_OK) {
        run->failed = true;
        planche_cli_print_failure(run, work, outcome.status, error.message);
    }
    if (run->options.json) {
        json_t *object = planche_cli_json_book(&outcome);
        json_object_set_new(object, "dry_run", json_true());
        planche_cli_run_json(run, object);
    }
}

static void describe_page(struct planche_cli_run *run, const struct planche_cli_work *work)
{
    struct planche_error error = {0};
    struct planche_cli_outcome outcome = {
        .input = work->input, .output = work->output, .message = error.message};
    outcome.status = planche_cli_look_at_page(&run->options.book, &outcome, &error);
    if (outcome.status != PLANCHE_OK) {
        run->failed = true;
        planche_cli_print_failure(run, work, outcome.status, error.message);
    } else if (!run->options.json && (outcome.large || outcome.marked)) {
        planche_cli_print("%s  (%s)", work->input,
                          outcome.large ? "large enough" : "Planche has made it");
    } else if (!run->options.json) {
        planche_cli_print("%s -> %s", work->input, work->output);
    }
    if (run->options.json) {
        json_t *object = planche_cli_json_loose(&outcome, NULL);
        json_object_set_new(object, "dry_run", json_true());
        planche_cli_run_json(run, object);
    }
}

static bool is_in_the_way(const struct planche_cli_run *run, const struct planche_cli_work *work)
{
    return !work->resumes && !run->options.page.overwrite && planche_cli_is_taken(work->output);
}

void planche_cli_run_dry(struct planche_cli_run *run)
{
    const struct planche_cli_plan *plan = &run->plan;
    for (size_t i = 0; i < plan->count && planche_cli_interrupt_signal() == 0; i++) {
        const struct planche_cli_work *work = &plan->works[i];
        if (planche_cli_run_is_there(run, work)) {
            planche_cli_run_pass_over(run, work);
            if (!run->options.json)
                planche_cli_print("%s -> %s  (there already)", work->input, work->output);
        } else if (is_in_the_way(run, work)) {
            planche_cli_message("%s: exists; --overwrite replaces it", work->output);
            run->failed = true;
        } else if (work->book) {
            describe_book(run, work);
        } else {
            describe_page(run, work);
        }
    }
}
