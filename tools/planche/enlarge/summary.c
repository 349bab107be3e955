/* SPDX-License-Identifier: MIT */
/* Summary of a run with books: pages, sizes and time. */
#include "enlarge/summary.h"

#include "cli/number.h"
#include "cli/terminal.h"
#include "enlarge/progress.h"
#include "os/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ", COUNT WHAT", unless there are none. */
static void append(char *text, size_t size, size_t count, const char *separator, const char *what)
{
    size_t length = strlen(text);
    if (count > 0 && length < size)
        snprintf(text + length, size - length, "%s%zu %s", separator, count, what);
}

const char *planche_cli_summary_pages(const size_t *outcomes, char *text, size_t size)
{
    static const struct {
        enum planche_book_outcome outcome;
        const char *what;
    } words[] = {
        {PLANCHE_BOOK_ENLARGED, "enlarged"},
        {PLANCHE_BOOK_RESUMED, "resumed from a stopped run"},
        {PLANCHE_BOOK_DUPLICATE, "repeated"},
        {PLANCHE_BOOK_ALREADY_ENLARGED, "made by Planche before"},
        {PLANCHE_BOOK_LARGE, "large enough"},
        {PLANCHE_BOOK_UP_TO_DATE, "up to date"},
        {PLANCHE_BOOK_OTHER_SETTINGS, "left, made with other settings"},
        {PLANCHE_BOOK_SOURCE_CHANGED, "left, source or result changed"},
        {PLANCHE_BOOK_FAILED, "failed"},
    };
    size_t pages = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        pages += outcomes[words[i].outcome];
    snprintf(text, size, "%zu page%s", pages, plural(pages));
    const char *separator = ": ";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        append(text, size, outcomes[words[i].outcome], separator, words[i].what);
        separator = outcomes[words[i].outcome] > 0 ? ", " : separator;
    }
    return text;
}

bool planche_cli_is_page(size_t outcome)
{
    return outcome != PLANCHE_BOOK_COPIED && outcome != PLANCHE_BOOK_DROPPED &&
           outcome != PLANCHE_BOOK_UNSELECTED;
}

/* "Skipped: 3 books (up to date), 1 page (source changed)" */
static void print_skipped(const struct planche_cli_summary *summary)
{
    static const char *const whys[] = {
        [PLANCHE_CLI_UP_TO_DATE] = "up to date",
        [PLANCHE_CLI_SOURCE_CHANGED] = "source changed",
        [PLANCHE_CLI_OTHER_SETTINGS] = "made with other settings",
        [PLANCHE_CLI_OUTPUT_CHANGED] = "output changed",
        [PLANCHE_CLI_PAGES_FAILED] = "pages failed",
        [PLANCHE_CLI_EXISTS] = "output exists",
    };
    char text[512] = "Skipped: ", what[64];
    size_t stale = summary->outcomes[PLANCHE_BOOK_OTHER_SETTINGS] +
                   summary->outcomes[PLANCHE_BOOK_SOURCE_CHANGED];
    const char *separator = "";
    for (int book = 1; book >= 0; book--) {
        for (int why = PLANCHE_CLI_UP_TO_DATE; why < PLANCHE_CLI_VERDICTS; why++) {
            size_t count = summary->passed[book][why];
            stale += planche_cli_is_stale((enum planche_cli_verdict)why) ? count : 0;
            snprintf(what, sizeof what, "%s%s (%s)", book ? "book" : "page", plural(count),
                     whys[why]);
            append(text, sizeof text, count, separator, what);
            separator = count > 0 ? ", " : separator;
        }
    }
    if (*separator != 0)
        planche_cli_note("%s%s", text, stale > 0 ? "; --update makes these again" : "");
    else if (stale > 0)
        planche_cli_note("--update makes these again");
}

void planche_cli_summary_print_others(const struct planche_cli_summary *summary)
{
    char text[256] = "";
    size_t junk = summary->junk + summary->outcomes[PLANCHE_BOOK_DROPPED];
    const struct {
        size_t count;
        const char *what;
    } parts[] = {{summary->copied, "copied"},
                 {summary->copies_changed, "not replaced, copies differ"},
                 {junk, "left out (Thumbs.db and the like)"},
                 {summary->others, "left alone"}};
    const char *separator = "Other files: ";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        append(text, sizeof text, parts[i].count, separator, parts[i].what);
        separator = parts[i].count > 0 ? ", " : separator;
    }
    if (*text != 0)
        planche_cli_note("%s", text);
    if (summary->links > 0)
        planche_cli_note("Links to folders: %zu not followed; name the folders themselves",
                         summary->links);
}

static void print_sizes(const struct planche_cli_summary *summary)
{
    char before[32], after[32], time[32], pace[48] = "";
    double seconds = (planche_clock_ms() - summary->start_ms) / 1e3;
    size_t enlarged = summary->outcomes[PLANCHE_BOOK_ENLARGED];
    if (enlarged > 0)
        planche_cli_format_pace((seconds > 0.01 ? seconds : 0.01) / (double)enlarged, pace,
                                sizeof pace);
    planche_cli_note("%s -> %s in %s%s%s%s%s",
                     planche_cli_format_bytes(summary->input_bytes, before, sizeof before),
                     planche_cli_format_bytes(summary->output_bytes, after, sizeof after),
                     planche_cli_format_time(seconds, time, sizeof time), *pace ? ", " : "", pace,
                     summary->device != NULL ? " on " : "",
                     summary->device != NULL ? summary->device : "");
}

/* "Books: 3 done, 1 interrupted, 6 not started" */
static const char *format_books(const struct planche_cli_summary *summary, char *text, size_t size)
{
    size_t done = summary->books - summary->books_failed - summary->books_interrupted;
    const struct {
        size_t count;
        const char *what;
    } parts[] = {{done, "done"},
                 {summary->books_failed, "failed"},
                 {summary->books_interrupted, "interrupted"},
                 {summary->books_left, "not started"}};
    const char *separator = "Books: ";
    *text = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        append(text, size, parts[i].count, separator, parts[i].what);
        separator = parts[i].count > 0 ? ", " : separator;
    }
    return text;
}

/* "Pages: 8 enlarged, 2 failed" */
static const char *format_pages(const struct planche_cli_summary *summary, char *text, size_t size)
{
    char all[384];
    *text = 0;
    for (size_t i = 0; i < PLANCHE_BOOK_OUTCOMES; i++) {
        if (!planche_cli_is_page(i) || summary->outcomes[i] == 0)
            continue;
        const char *counts =
            strchr(planche_cli_summary_pages(summary->outcomes, all, sizeof all), ':');
        snprintf(text, size, "Pages%s", counts != NULL ? counts : "");
        break;
    }
    append(text, size, summary->pages_left, *text != 0 ? ", " : "Pages: ", "not started");
    return text;
}

/* Less than this is mostly the loading of the model. */
#define MIN_SECONDS 5.0

double planche_cli_summary_speed(const struct planche_cli_summary *summary)
{
    double seconds = (planche_clock_ms() - summary->start_ms) / 1e3;
    return seconds >= MIN_SECONDS ? summary->computed_pixels / seconds : 0.0;
}

void planche_cli_summary_print(const struct planche_cli_summary *summary)
{
    char books[128], pages[448];
    format_books(summary, books, sizeof books);
    format_pages(summary, pages, sizeof pages);
    if (*books != 0 || *pages != 0)
        planche_cli_note("%s%s%s", books, *books != 0 && *pages != 0 ? ". " : "", pages);
    print_skipped(summary);
    planche_cli_summary_print_others(summary);
    if (summary->output_bytes > 0)
        print_sizes(summary);
}
