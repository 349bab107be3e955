/* SPDX-License-Identifier: MIT */
/* Dry run (--dry-run): prints what would be done. */
#include "base/file_names.h"
#include "cli/interrupt.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "enlarge/copy_others.h"
#include "enlarge/speed.h"
#include "enlarge/totals.h"

#include <stdio.h>
#include <string.h>

/* A book under inspection. */
struct dry_book {
    struct planche_cli_run *run;
    const struct planche_cli_item *item;
    size_t *outcomes;
    struct planche_cli_totals *totals;
    bool has_own_pages; /* pages that are no covers of books in it */
};

/* Describes a result that is split or switched to another format; "" for others. */
static const char *describe_result(const struct planche_page_result *result, char *text,
                                   size_t size)
{
    text[0] = 0;
    if (result->parts > 1)
        snprintf(text, size, ": split into %u or more", result->parts);
    else if (result->switched)
        snprintf(text, size, ": switched to %s", planche_format_extension(result->format));
    return text;
}

/* Predicts the result of a page from the input size in *result. */
static enum planche_status predict(const struct planche_cli_run *run,
                                   const struct planche_page_options *options,
                                   struct planche_page_result *result, struct planche_error *error)
{
    result->struct_size = sizeof *result;
    return planche_engine_predict(run->engine, &run->options.engine, result->input_width,
                                  result->input_height, options, result, error);
}

/* As the library does: pages of an EPUB keep their format by default, if it is written, and are
 * never split, because its documents refer to one file. */
static enum planche_status predict_entry(const struct dry_book *dry,
                                         struct planche_page_result *result,
                                         struct planche_error *error)
{
    struct planche_page_options options = dry->run->options.page;
    options.format = dry->run->options.book_format;
    if (dry->item->container == PLANCHE_CONTAINER_EPUB) {
        if (options.format == PLANCHE_FORMAT_AUTO)
            options.format =
                planche_format_is_written(result->format) ? result->format : PLANCHE_FORMAT_PNG;
        if (options.on_limit == PLANCHE_ON_LIMIT_SPLIT)
            options.on_limit = PLANCHE_ON_LIMIT_SWITCH;
    }
    return predict(dry->run, &options, result, error);
}

static void print_entry(const struct dry_book *dry, const struct planche_book_page *page)
{
    static const struct {
        const char *what, *why;
    } words[] = {
        [PLANCHE_BOOK_ENLARGED] = {"enlarge", ""},
        [PLANCHE_BOOK_DUPLICATE] = {"repeat", ""},
        [PLANCHE_BOOK_RESUMED] = {"resume", ""},
        [PLANCHE_BOOK_ALREADY_ENLARGED] = {"keep", ": Planche has made it"},
        [PLANCHE_BOOK_LARGE] = {"keep", ": large enough"},
        [PLANCHE_BOOK_FAILED] = {"fail", ": "},
        [PLANCHE_BOOK_COPIED] = {"copy", ""},
        [PLANCHE_BOOK_UP_TO_DATE] = {"keep", ": up to date"},
        [PLANCHE_BOOK_OTHER_SETTINGS] = {"keep", ": made with other settings"},
        [PLANCHE_BOOK_SOURCE_CHANGED] = {"keep", ": source changed"},
        [PLANCHE_BOOK_DROPPED] = {"leave out", ""},
    };
    bool failed = page->outcome == PLANCHE_BOOK_FAILED;
    char result[64];
    planche_cli_print("  %-8s %s%s%s", words[page->outcome].what, page->name,
                      words[page->outcome].why,
                      failed ? planche_cli_entry_message(dry->item->input, page)
                             : describe_result(page->result, result, sizeof result));
}

/* True of entries that are in the output as they were. */
static bool is_kept(const struct dry_book *dry, enum planche_book_outcome outcome)
{
    return outcome == PLANCHE_BOOK_ALREADY_ENLARGED || outcome == PLANCHE_BOOK_LARGE ||
           outcome == PLANCHE_BOOK_COPIED ||
           (outcome == PLANCHE_BOOK_FAILED &&
            dry->run->options.book.on_error == PLANCHE_ON_ERROR_KEEP);
}

static void describe_entry(void *user, const struct planche_book_page *found)
{
    struct dry_book *dry = user;
    struct planche_cli_run *run = dry->run;
    struct planche_book_page page = *found;
    struct planche_page_result result = *found->result;
    struct planche_error error = {0};
    if (page.outcome == PLANCHE_BOOK_ENLARGED || page.outcome == PLANCHE_BOOK_DUPLICATE)
        page.status = predict_entry(dry, &result, &error);
    page.result = &result;
    if (page.status != PLANCHE_OK && page.message == NULL) {
        page.outcome = PLANCHE_BOOK_FAILED;
        page.message = error.message;
    }
    dry->outcomes[page.outcome]++;
    if (page.outcome == PLANCHE_BOOK_ENLARGED)
        planche_cli_totals_add(dry->totals, &result, run->options.page.lossless);
    bool inner = planche_cli_is_inner_book(&page);
    dry->totals->inner += inner;
    dry->has_own_pages = dry->has_own_pages ||
                         (planche_cli_is_page(page.outcome) && !planche_name_is_cover(page.name));
    if (is_kept(dry, page.outcome))
        dry->totals->copied_bytes += (double)found->input_bytes;
    if (page.outcome == PLANCHE_BOOK_UNSELECTED) {
        /* The run would not speak of it either. */
    } else if (!run->options.json) {
        if (inner)
            planche_cli_print("  %-8s %s", "book", page.name);
        else if (run->options.verbose || page.outcome == PLANCHE_BOOK_FAILED)
            print_entry(dry, &page);
    } else if (planche_cli_is_page(page.outcome)) {
        json_t *object = planche_cli_json_entry(dry->item->input, dry->item->output, &page, NULL);
        json_object_set_new(object, "dry_run", json_true());
        planche_cli_run_json(run, object);
    }
}

/* True if all pages have the same outcome. */
static bool is_only(const size_t *outcomes, enum planche_book_outcome outcome)
{
    for (size_t i = 0; i < PLANCHE_BOOK_OUTCOMES; i++) {
        if (i != outcome && planche_cli_is_page(i) && outcomes[i] > 0)
            return false;
    }
    return true;
}

/* "24 pages: 20 enlarged, 4 repeated" in the words of what is to come. */
static void print_book(const struct planche_cli_item *item, const size_t *outcomes,
                       const struct planche_cli_totals *before,
                       const struct planche_cli_totals *after)
{
    char pages[256];
    double pixels = (after->in_pixels - before->in_pixels) / 1e6;
    size_t inner = after->inner - before->inner;
    planche_cli_summary_pages(outcomes, pages, sizeof pages);
    if (inner > 0)
        planche_cli_print("%s -> %s  %s and %zu book%s in it", item->input, item->output, pages,
                          inner, inner == 1 ? "" : "s");
    else if (pixels > 0.0)
        planche_cli_print("%s -> %s  %s; %.1f megapixels", item->input, item->output, pages,
                          pixels);
    else
        planche_cli_print("%s -> %s  %s", item->input, item->output, pages);
}

static void describe_book(struct planche_cli_run *run, const struct planche_cli_item *item,
                          struct planche_cli_totals *totals)
{
    struct planche_page_options page = run->options.page;
    page.format = run->options.book_format;
    size_t outcomes[PLANCHE_BOOK_OUTCOMES] = {0};
    struct dry_book dry = {run, item, outcomes, totals, false};
    const struct planche_cli_totals before = *totals;
    struct planche_error error = {0};
    struct planche_book_options book = run->options.book;
    book.page = &page;
    book.container = item->container;
    book.memory = run->options.engine.memory;
    book.on_page = describe_entry;
    book.user = &dry;
    struct planche_cli_book_outcome outcome = {
        .input = item->input,
        .output = item->output,
        .message = error.message,
        .outcomes = outcomes,
        .result = PLANCHE_BOOK_RESULT_INIT,
    };
    outcome.status = planche_book_inspect(item->input, &book, &outcome.result, &error);
    if (item->found && outcome.result.no_pages) {
        (void)planche_cli_copy_book(run, item);
        return;
    }
    run->summary.outcomes[PLANCHE_BOOK_DROPPED] += outcome.result.outcomes[PLANCHE_BOOK_DROPPED];
    if (!run->options.json && outcome.status == PLANCHE_OK)
        print_book(item, outcomes, &before, totals);
    totals->books += outcomes[PLANCHE_BOOK_ENLARGED] > 0;
    if (outcome.status != PLANCHE_OK) {
        run->failed = true;
        planche_cli_print_failure(run, item, outcome.status, error.message);
    }
    if (outcomes[PLANCHE_BOOK_FAILED] > 0)
        run->failed = true; /* as the run's status will say */
    /* What becomes of the books in it, beside a cover, only the run knows. */
    bool shelf = totals->inner > before.inner && !dry.has_own_pages;
    bool fails =
        outcomes[PLANCHE_BOOK_FAILED] > 0 && (book.on_error == PLANCHE_ON_ERROR_FAIL ||
                                              (is_only(outcomes, PLANCHE_BOOK_FAILED) && !shelf));
    if (fails) {
        planche_cli_message("%s: would fail, because %s", item->input,
                            is_only(outcomes, PLANCHE_BOOK_FAILED) ? "all its pages do"
                                                                   : "a page does");
        *totals = before; /* nothing of it will be there */
    }
    if (run->options.json) {
        json_t *object = planche_cli_json_book(&outcome);
        json_object_set_new(object, "dry_run", json_true());
        planche_cli_run_json(run, object);
    }
}

static enum planche_status predict_page(const struct planche_cli_run *run,
                                        const struct planche_cli_item *item,
                                        struct planche_page_result *result,
                                        struct planche_error *error)
{
    struct planche_page_options options = run->options.page;
    if (item->format != PLANCHE_FORMAT_AUTO)
        options.format = item->format;
    return predict(run, &options, result, error);
}

static void describe_page(struct planche_cli_run *run, const struct planche_cli_item *item,
                          struct planche_cli_totals *totals)
{
    struct planche_error error = {0};
    struct planche_cli_outcome outcome = {
        .input = item->input, .output = item->output, .message = error.message};
    char result[64];
    outcome.status = planche_cli_inspect_page(&run->options, &outcome, &error);
    if (outcome.status == PLANCHE_OK && !outcome.large && !outcome.marked) {
        outcome.status = predict_page(run, item, &outcome.result, &error);
        if (outcome.status == PLANCHE_OK)
            planche_cli_totals_add(totals, &outcome.result, run->options.page.lossless);
        if (outcome.status == PLANCHE_OK)
            planche_cli_note_small(run, item->input, NULL, &outcome.result);
    }
    if (outcome.status != PLANCHE_OK) {
        run->failed = true;
        planche_cli_print_failure(run, item, outcome.status, error.message);
    } else if (!run->options.json && (outcome.large || outcome.marked)) {
        planche_cli_print("%s  (%s)", item->input,
                          outcome.large ? "large enough" : "Planche has made it");
    } else if (!run->options.json) {
        planche_cli_print("%s -> %s%s", item->input, item->output,
                          describe_result(&outcome.result, result, sizeof result));
    }
    if (run->options.json) {
        json_t *object = planche_cli_json_single(&outcome, NULL);
        json_object_set_new(object, "dry_run", json_true());
        planche_cli_run_json(run, object);
    }
}

/* Says what the run would fail with at once. False: nothing. */
static bool refuse(struct planche_cli_run *run, const struct planche_cli_item *item)
{
    if (item->verdict != PLANCHE_CLI_EXISTS || item->replaces)
        return false;
    char whole[PLANCHE_ERROR_MESSAGE_SIZE];
    snprintf(whole, sizeof whole, "%s: exists already", item->output);
    planche_cli_print_failure(run, item, PLANCHE_ERROR_EXISTS, whole);
    run->failed = true;
    return true;
}

/* What all of it comes to. */
static void tell_totals(struct planche_cli_run *run, const struct planche_cli_totals *totals)
{
    struct planche_cli_prospect prospect;
    char text[256];
    if (totals->pages == 0)
        return;
    planche_cli_totals_judge(totals, planche_cli_speed_find(&run->options, run->scale),
                             run->plan.items[0].output, &prospect);
    if (run->options.json)
        planche_cli_run_json(run, planche_cli_totals_json(totals, &prospect));
    else if (!run->options.quiet)
        planche_cli_print("%s", planche_cli_totals_text(totals, &prospect, text, sizeof text));
}

void planche_cli_run_dry(struct planche_cli_run *run)
{
    const struct planche_cli_plan *plan = &run->plan;
    struct planche_cli_totals totals = {0};
    for (size_t i = 0; i < plan->count && planche_cli_interrupt_signal() == 0 && !ferror(stdout);
         i++) {
        const struct planche_cli_item *item = &plan->items[i];
        if (!item->makes) {
            planche_cli_run_skip(run, item);
            if (!run->options.json)
                planche_cli_print("%s -> %s  (%s)", item->input, item->output,
                                  planche_cli_verdict_name(item->verdict));
        } else if (refuse(run, item)) {
            /* It has been said. */
        } else if (item->book) {
            describe_book(run, item, &totals);
        } else {
            describe_page(run, item, &totals);
        }
    }
    run->summary.others = plan->others;
    run->summary.links = plan->links;
    run->summary.junk = plan->junk;
    planche_cli_copy_others(run);
    totals.copied_bytes += (double)run->summary.copied_bytes;
    tell_totals(run, &totals);
    if (!run->options.quiet && !run->options.json)
        planche_cli_summary_print_others(&run->summary);
}
