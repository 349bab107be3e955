/* SPDX-License-Identifier: MIT */
/* Progress of a run as text: a line of the terminal's width, a line for logs. Pure. */
#ifndef PLANCHE_CLI_ENLARGE_PROGRESS_LINE_H
#define PLANCHE_CLI_ENLARGE_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* What is known of a run at a moment. */
struct planche_cli_snapshot {
    double fraction;     /* of the whole run, 0..1 */
    double left;         /* seconds; below 0: not known */
    double page_seconds; /* from page to page; below 0: not known */
    size_t books, book;  /* book: from 1; books 0 or 1: not shown */
    size_t pages, page;  /* of the book, or of all single pages; page: from 1; pages 0: not known */
    const char *name;    /* of the book, or of the page that moved last; never NULL */
    const char *device;  /* the GPU; NULL: a CPU, not shown */
    bool writing;        /* the book is put together */
};

/* "6:29" or "1:02:03" into text, which is returned; "" if that is too long to mean anything. */
const char *planche_cli_format_time(double seconds, char *text, size_t size);
/* "####...." of width characters, for a fraction of 0..1. */
const char *planche_cli_format_bar(double fraction, char *text, size_t width);
/* "3.2 pages/s", "2.4 s a page", "14 s a page" or "2:20 a page"; "" if that is not known. */
const char *planche_cli_format_pace(double page_seconds, char *text, size_t size);

/* A line that takes fewer than so many cells. What has no room is left out, the least important
 * first; names are cut in their middle. Returns line. */
const char *planche_cli_progress_line(const struct planche_cli_snapshot *snapshot, size_t columns,
                                      char *line, size_t size);
/* The same for logs, where nothing is cut: "12 %, book 3 of 10, NAME, page 6 of 24, 14 s a page,
 * 16:00 left". Returns line. */
const char *planche_cli_progress_plain(const struct planche_cli_snapshot *snapshot, char *line,
                                       size_t size);

#endif
