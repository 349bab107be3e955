/* SPDX-License-Identifier: MIT */
/* Summary of a run with books: pages, sizes and time. */
#ifndef PLANCHE_CLI_ENLARGE_SUMMARY_H
#define PLANCHE_CLI_ENLARGE_SUMMARY_H

#include "enlarge/plan.h"

/* Counts of a run. */
struct planche_cli_summary {
    size_t outcomes[PLANCHE_BOOK_OUTCOMES];        /* of pages, in books and beside them */
    size_t books, books_failed, books_interrupted; /* that were run */
    size_t books_left, pages_left;                 /* that a signal left no time for */
    size_t passed[2][PLANCHE_CLI_VERDICTS];        /* pages, books: passed over, by verdict */
    bool update;                                   /* --update was given */
    size_t others;                                 /* files left alone */
    size_t links;                                  /* to folders, not followed */
    size_t copied, copies_changed; /* files copied; and those whose copies were not replaced */
    size_t junk;                   /* files left out, beside those of books */
    uint64_t copied_bytes;         /* of a dry run */
    uint64_t input_bytes, output_bytes;
    double computed_pixels; /* of the input, of pages that were computed */
    double start_ms;
    const char *device; /* the GPU; NULL: a CPU */
};

/* Whether an outcome is one of pages, not of other entries. */
bool planche_cli_is_page(size_t outcome);
/* "180 pages: 170 enlarged, 9 repeated, 1 failed" */
const char *planche_cli_summary_pages(const size_t *outcomes, char *text, size_t size);
/* Input pixels per second; 0: too little was computed to tell. */
double planche_cli_summary_speed(const struct planche_cli_summary *summary);
/* Prints it on stderr, in one to three lines. */
void planche_cli_summary_print(const struct planche_cli_summary *summary);
/* Its line on files that are no pages, if there are any. */
void planche_cli_summary_print_others(const struct planche_cli_summary *summary);

#endif
