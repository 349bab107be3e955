/* SPDX-License-Identifier: MIT */
/* The bar on a terminal: page, percent, time left. */
#ifndef PLANCHE_CLI_PROGRESS_H
#define PLANCHE_CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct planche_cli_progress {
    bool shown;
    size_t count;    /* pages */
    size_t finished; /* pages that ended, well or not */
    double *done;    /* of each page, 0..1 */
    double total;    /* sum of done */
    double start_ms, drawn_ms;
    pthread_mutex_t lock;
};

/* Monotonic milliseconds. */
double planche_cli_now_ms(void);

/* With shown false nothing is ever drawn. False: no memory. */
bool planche_cli_progress_start(struct planche_cli_progress *progress, size_t count, bool shown);
/* Thread-safe. name is the page that moved. */
void planche_cli_progress_update(struct planche_cli_progress *progress, size_t page,
                                 const char *name, double done);
void planche_cli_progress_page_end(struct planche_cli_progress *progress, size_t page,
                                   const char *name);
/* Removes the bar. */
void planche_cli_progress_stop(struct planche_cli_progress *progress);

#endif
