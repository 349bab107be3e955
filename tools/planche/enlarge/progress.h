/* SPDX-License-Identifier: MIT */
/* Progress bar of pages: page, percent, time left. */
#ifndef PLANCHE_CLI_ENLARGE_PROGRESS_H
#define PLANCHE_CLI_ENLARGE_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Thread-safe between start and stop. */
struct planche_cli_progress {
    bool shown;
    size_t count;    /* pages */
    size_t finished; /* pages that ended, well or not */
    double *done;    /* of each page, 0..1 */
    double total;    /* sum of done */
    double start_ms, drawn_ms;
    const char *device; /* the GPU, shown in the bar; NULL: a CPU, not shown */
    pthread_mutex_t lock;
};

#define PLANCHE_CLI_REDRAW_MS 100.0

/* "6:29" or "1:02:03" into text, which is returned; "" if that is too long to mean anything. */
const char *planche_cli_format_time(double seconds, char *text, size_t size);
/* "####...." of width characters, for a fraction of 0..1. */
const char *planche_cli_format_bar(double fraction, char *text, size_t width);
/* Length in bytes of the first `columns` characters of UTF-8 text. */
size_t planche_cli_utf8_length(const char *text, unsigned columns);

/* With shown false nothing is ever drawn. device may be NULL. False: no memory. */
bool planche_cli_progress_start(struct planche_cli_progress *progress, size_t count,
                                const char *device, bool shown);
/* Thread-safe. name is the page that moved. */
void planche_cli_progress_update(struct planche_cli_progress *progress, size_t page,
                                 const char *name, double done);
void planche_cli_progress_page_end(struct planche_cli_progress *progress, size_t page,
                                   const char *name);
/* Removes the bar. */
void planche_cli_progress_stop(struct planche_cli_progress *progress);

#endif
