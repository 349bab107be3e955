/* SPDX-License-Identifier: MIT */
/* Progress bar of books: book, page, pages/s, time left of the book and of all. */
#ifndef PLANCHE_CLI_ENLARGE_BOOK_BAR_H
#define PLANCHE_CLI_ENLARGE_BOOK_BAR_H

#include <planche/planche.h>
#include <stdbool.h>

/* The rate is that of the last minute: pages that are kept or resumed take no time, and would spoil
 * a rate of the whole run. */
#define PLANCHE_CLI_BAR_SAMPLES 60

/* Not thread-safe. */
struct planche_cli_book_bar {
    bool shown;
    size_t books, book;   /* book: from 1 */
    uint64_t bytes_after; /* of the inputs behind this book */
    uint64_t bytes;       /* of this book */
    double pages_before;  /* of the books before this one */
    double drawn_ms;
    struct {
        double ms, pages;
    } samples[PLANCHE_CLI_BAR_SAMPLES]; /* ring buffer, about one a second */
    size_t first, count;
};

/* With shown false nothing is ever drawn. bytes: of all inputs. */
void planche_cli_book_bar_start(struct planche_cli_book_bar *bar, size_t books, uint64_t bytes,
                                bool shown);
/* The next book begins; bytes: of its input. */
void planche_cli_book_bar_next(struct planche_cli_book_bar *bar, uint64_t bytes);
/* One call at a time. */
void planche_cli_book_bar_update(struct planche_cli_book_bar *bar,
                                 const struct planche_book_progress *progress);
/* The book ended; pages: how many it has. Removes the bar. */
void planche_cli_book_bar_end(struct planche_cli_book_bar *bar, size_t pages);

#endif
