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
        {PLANCHE_BOOK_ENLARGED, "enlarged"},  {PLANCHE_BOOK_RESUMED, "made before"},
        {PLANCHE_BOOK_DUPLICATE, "repeated"}, {PLANCHE_BOOK_ALREADY_ENLARGED, "enlarged already"},
        {PLANCHE_BOOK_LARGE, "large enough"}, {PLANCHE_BOOK_FAILED, "failed"},
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

static void print_rest(const struct planche_cli_summary *summary)
{
    char text[256] = "";
    append(text, sizeof text, summary->existing, "", "there already");
    append(text, sizeof text, summary->others, *text != 0 ? ", " : "",
           summary->others == 1 ? "other file left alone" : "other files left alone");
    if (*text != 0)
        planche_cli_note("%s", text);
}

static void print_sizes(const struct planche_cli_summary *summary)
{
    char before[32], after[32], time[32], rate[32] = "";
    double seconds = (planche_clock_ms() - summary->start_ms) / 1e3;
    size_t enlarged = summary->outcomes[PLANCHE_BOOK_ENLARGED];
    if (enlarged > 0)
        snprintf(rate, sizeof rate, ", %.2f pages/s",
                 (double)enlarged / (seconds > 0.01 ? seconds : 0.01));
    planche_cli_note("%s -> %s in %s%s%s%s",
                     planche_cli_format_bytes(summary->input_bytes, before, sizeof before),
                     planche_cli_format_bytes(summary->output_bytes, after, sizeof after),
                     planche_cli_format_time(seconds, time, sizeof time), rate,
                     summary->device != NULL ? " on " : "",
                     summary->device != NULL ? summary->device : "");
}

void planche_cli_summary_print(const struct planche_cli_summary *summary)
{
    char pages[256], books[128] = "";
    append(books, sizeof books, summary->books, "", summary->books == 1 ? "book" : "books");
    append(books, sizeof books, summary->books_failed, ", ", "failed");
    append(books, sizeof books, summary->books_interrupted, ", ", "interrupted");
    bool any = false;
    for (size_t i = 0; i < PLANCHE_BOOK_COPIED; i++)
        any = any || summary->outcomes[i] > 0;
    planche_cli_summary_pages(summary->outcomes, pages, sizeof pages);
    if (any && *books != 0)
        planche_cli_note("%s; %s", books, pages);
    else if (any || *books != 0)
        planche_cli_note("%s", any ? pages : books);
    print_rest(summary);
    if (summary->output_bytes > 0)
        print_sizes(summary);
}
