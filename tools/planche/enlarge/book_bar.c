/* SPDX-License-Identifier: MIT */
/* Progress bar of books: book, page, pages/s, time left of the book and of all. */
#include "enlarge/book_bar.h"

#include "cli/terminal.h"
#include "enlarge/progress.h"
#include "os/clock.h"

#include <stdio.h>

#define BAR_WIDTH   12
#define NAME_WIDTH  30
#define SAMPLE_MS   1000.0
#define ESTIMATE_MS 2000.0 /* earlier estimates jump about */

void planche_cli_book_bar_start(struct planche_cli_book_bar *bar, size_t books, uint64_t bytes,
                                bool shown)
{
    *bar = (struct planche_cli_book_bar){.shown = shown, .books = books, .bytes_after = bytes};
}

void planche_cli_book_bar_next(struct planche_cli_book_bar *bar, uint64_t bytes)
{
    bar->book++;
    bar->drawn_ms = 0.0; /* a new book shows at once, however soon it ends */
    bar->bytes = bytes;
    bar->bytes_after -= bytes < bar->bytes_after ? bytes : bar->bytes_after;
}

/* Pages per second of late; 0: not known yet. */
static double find_rate(struct planche_cli_book_bar *bar, double pages, double now)
{
    size_t last = (bar->first + bar->count - 1) % PLANCHE_CLI_BAR_SAMPLES;
    if (bar->count == 0 || now - bar->samples[last].ms >= SAMPLE_MS) {
        if (bar->count == PLANCHE_CLI_BAR_SAMPLES)
            bar->first = (bar->first + 1) % PLANCHE_CLI_BAR_SAMPLES;
        else
            bar->count++;
        last = (bar->first + bar->count - 1) % PLANCHE_CLI_BAR_SAMPLES;
        bar->samples[last].ms = now;
        bar->samples[last].pages = pages;
    }
    double ms = now - bar->samples[bar->first].ms;
    return ms >= ESTIMATE_MS ? (pages - bar->samples[bar->first].pages) / ms * 1e3 : 0.0;
}

/* How long the other books take is guessed from their bytes: counting their pages takes reading
 * them. */
static void format_left(const struct planche_cli_book_bar *bar,
                        const struct planche_book_progress *progress, double rate, char *text,
                        size_t size)
{
    char book[32], all[32];
    double left = (double)progress->pages - progress->done_parts;
    double others = bar->bytes > 0
                        ? (double)bar->bytes_after / (double)bar->bytes * (double)progress->pages
                        : 0.0;
    text[0] = 0;
    if (rate <= 0.0)
        return;
    planche_cli_format_time(left / rate, book, sizeof book);
    planche_cli_format_time((left + others) / rate, all, sizeof all);
    if (book[0] != 0 && all[0] != 0 && bar->books > 1)
        snprintf(text, size, ", %.2f pages/s, %s left, %s in all", rate, book, all);
    else if (book[0] != 0)
        snprintf(text, size, ", %.2f pages/s, %s left", rate, book);
}

static void draw(struct planche_cli_book_bar *bar, const struct planche_book_progress *progress,
                 double now)
{
    char meter[BAR_WIDTH + 1], left[128], book[64] = "", line[256];
    double rate = find_rate(bar, bar->pages_before + progress->done_parts, now);
    double pages = progress->pages > 0 ? (double)progress->pages : 1.0;
    size_t page = progress->done < progress->pages ? progress->done + 1 : progress->pages;
    const char *name = progress->name != NULL ? progress->name : "";
    planche_cli_format_bar(progress->done_parts / pages, meter, BAR_WIDTH);
    format_left(bar, progress, rate, left, sizeof left);
    if (bar->books > 1)
        snprintf(book, sizeof book, "book %zu/%zu, ", bar->book, bar->books);
    if (progress->writing)
        snprintf(line, sizeof line, "[%s] %s%zu page%s, writing the book", meter, book,
                 progress->pages, progress->pages == 1 ? "" : "s");
    else if (progress->done_parts <= 0.0) /* they are still being counted, perhaps */
        snprintf(line, sizeof line, "[%s] %s%zu page%s", meter, book, progress->pages,
                 progress->pages == 1 ? "" : "s");
    else
        snprintf(line, sizeof line, "[%s] %spage %zu/%zu%s  %.*s", meter, book, page,
                 progress->pages, left, (int)planche_cli_utf8_length(name, NAME_WIDTH), name);
    /* A full line would wrap and scroll. */
    line[planche_cli_utf8_length(line, planche_cli_columns() - 1)] = 0;
    planche_cli_status_line(line);
}

void planche_cli_book_bar_update(struct planche_cli_book_bar *bar,
                                 const struct planche_book_progress *progress)
{
    double now = planche_clock_ms();
    if (!bar->shown || now - bar->drawn_ms < PLANCHE_CLI_REDRAW_MS)
        return;
    bar->drawn_ms = now;
    draw(bar, progress, now);
}

void planche_cli_book_bar_end(struct planche_cli_book_bar *bar, size_t pages)
{
    bar->pages_before += (double)pages;
    if (bar->shown)
        planche_cli_status_line("");
}
