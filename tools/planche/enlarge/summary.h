/* SPDX-License-Identifier: MIT */
/* What a run with books has come to. */
#ifndef PLANCHE_CLI_ENLARGE_SUMMARY_H
#define PLANCHE_CLI_ENLARGE_SUMMARY_H

#include <planche/planche.h>

struct planche_cli_summary {
    size_t outcomes[PLANCHE_BOOK_OUTCOMES];        /* of pages, in books and beside them */
    size_t books, books_failed, books_interrupted; /* that were run */
    size_t there;                                  /* books and pages that were there already */
    size_t others;                                 /* files left alone */
    uint64_t input_bytes, output_bytes;
    double start_ms;
    const char *device; /* the GPU; NULL: a CPU */
};

/* "180 pages: 170 enlarged, 9 duplicates, 1 failed" */
const char *planche_cli_summary_pages(const size_t *outcomes, char *text, size_t size);
/* Some lines on stderr. */
void planche_cli_summary_print(const struct planche_cli_summary *summary);

#endif
