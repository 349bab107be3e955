/* SPDX-License-Identifier: MIT */
/* Estimate of the time left: a model of time per unit of work (an input pixel), measured while the
 * run goes on. Pure: times are arguments. */
#ifndef PLANCHE_CLI_ENLARGE_ESTIMATE_H
#define PLANCHE_CLI_ENLARGE_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

/* Speed is work per second of wall time in which pages were computed, however many at once. Recent
 * time counts most, so that the estimate follows a machine that others use too; but at least the
 * last few pages count, for a page's work may not be done at an even pace. Pages that are passed
 * over take no time and are no work. What books take beside their pages (unpacking, writing the
 * result) is counted by the book. */
struct planche_cli_estimate {
    double work, seconds; /* done, and the time it took; both fade */
    double now, done;     /* of the last update */
    double page_work;     /* of all pages that have ended */
    size_t pages;
    double idle;  /* seconds of books in which no page was computed */
    size_t books; /* that have ended */
};

/* Begins at a time (seconds of any clock). */
void planche_cli_estimate_start(struct planche_cli_estimate *estimate, double now);
/* done: all work of this run up to now, with the parts of pages in flight. computing: pages were in
 * flight since the last update. */
void planche_cli_estimate_update(struct planche_cli_estimate *estimate, double now, double done,
                                 bool computing);
/* A page has been computed, and was so much work. */
void planche_cli_estimate_page(struct planche_cli_estimate *estimate, double work);
/* A book that had pages to compute has ended. */
void planche_cli_estimate_book(struct planche_cli_estimate *estimate);
/* From now on work is counted by another measure, by which so much has been done, or time has
 * passed that no page took: the time since the last update does not count. */
void planche_cli_estimate_restart(struct planche_cli_estimate *estimate, double now, double done);

/* Seconds that so much work, in so many books, will take; below 0: not known yet. */
double planche_cli_estimate_left(const struct planche_cli_estimate *estimate, double work,
                                 size_t books);
/* Seconds from the end of a page to the end of the next; below 0: not known yet. */
double planche_cli_estimate_page_seconds(const struct planche_cli_estimate *estimate);

#endif
