/* SPDX-License-Identifier: MIT */
/* Runs of pages: what the reader of the archive and the threads that run pages share. */
#ifndef PLANCHE_BOOK_PAGE_RUN_H
#define PLANCHE_BOOK_PAGE_RUN_H

#include "book/state.h"

/* Progress of the pages in flight, and the failure that ends the book. On the stack of the reader;
 * everything but book and cancel is under the book's mutex. */
struct planche_page_runs {
    struct planche_book *book;
    struct planche_cancel stopped;      /* the book has failed: pages in flight end */
    struct planche_cancel_token cancel; /* that, or the book is cancelled */
    size_t waiting;                     /* pages that repeat one in flight */
    double parts;                       /* finished, of the pages in flight: a sum of 0 to 1 each */
    enum planche_status status;         /* not OK: everything stops */
    struct planche_error error;
    size_t failed_entry; /* the entry that stopped the book, or PLANCHE_NO_ENTRY */
};

void planche_page_runs_init(struct planche_page_runs *runs, struct planche_book *book);

/* Ends the book for a failure at an entry. Of several failures the one of the first entry counts.
 * Any thread. */
void planche_page_runs_fail(struct planche_page_runs *runs, size_t index,
                            enum planche_status status, const struct planche_error *error);
/* Tells the owner of an entry (NULL: none) that has moved: the engine has made `part` of it (0: it
 * does not), and `more` pages are done. True: the book is to stop, for a failure or because its
 * owner cancels it. Any thread. */
bool planche_page_runs_report(struct planche_page_runs *runs, const struct planche_entry *entry,
                              double part, size_t more);

/* Tells of a page with the bytes of one before it, which is done when that one is. True: the book
 * is to stop. The reader's thread. */
bool planche_page_runs_repeat(struct planche_page_runs *runs, struct planche_entry *entry,
                              size_t original);

/* Runs the page whose file lies in the work folder. Sets its entry's outcome, or ends the book. Any
 * thread, once for each page. */
void planche_book_run_page(struct planche_page_runs *runs, size_t index);

#endif
