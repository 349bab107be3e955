/* SPDX-License-Identifier: MIT */
/* State of a book's run: its options, what is known of its entries, its share of the engine's
 * memory, its work folder, and its progress. One thread owns it; while pages run, their threads
 * write to the entries of their own pages, and share what is under the mutex. */
#ifndef PLANCHE_BOOK_STATE_H
#define PLANCHE_BOOK_STATE_H

#include "base/log.h"
#include "book/entries.h"
#include "book/workdir.h"
#include "codec/codec.h"
#include "os/thread.h"

/* Book: a run through a book, from its input to its output. It lives as long as the call; the
 * threads of pages share what is under the mutex. */
struct planche_book {
    const struct planche_engine *engine; /* NULL: the book is only inspected */
    const char *input;
    char *output; /* without a slash at the end */
    struct planche_book_options options;
    struct planche_page_options page;   /* cancel and deadline_ms are the token's */
    struct planche_cancel_token cancel; /* of the whole book */
    struct planche_archive_limits limits;
    struct planche_log log;
    struct planche_budget budget;
    uint64_t
        reserved; /* bytes set aside of the memory of the engine's pages, for the book itself */
    enum planche_container from, to;
    bool into; /* the output is a folder with something in it, which is added to */
    struct planche_entries entries;
    size_t *order; /* of an EPUB that becomes something else: entries of the output; else NULL */
    size_t ordered;
    struct planche_package package;
    unsigned depth;          /* books that it is in */
    uint64_t unpacked_bytes; /* of its entries, and of the books in it; known once they were run */
    /* Runs a book that is in this one; inner.c must not know book.c. */
    enum planche_status (*run_inner)(struct planche_book *outer, const struct planche_log *log,
                                     const char *input, const char *output,
                                     const struct planche_book_options *options,
                                     struct planche_book_result *result,
                                     struct planche_error *error);
    struct planche_archive_notes notes;
    void *comment;
    size_t comment_size;
    struct planche_workdir work;
    bool no_pages;  /* it fails for that */
    unsigned usual; /* level of cleaning (index) of most pages, where these choose it */

    struct planche_mutex mutex;
    struct planche_book_progress progress; /* under mutex */
};

/* Reports progress to the owner of the book, unless that has cancelled it. name may be NULL. The
 * mutex is held, or nobody else is there. */
void planche_book_report(struct planche_book *book, const char *name);

/* The format that a page becomes unless that cannot hold it. In an EPUB, what is not told otherwise
 * stays what it is; covers in folders do in any case. */
enum planche_format planche_book_page_format(const struct planche_book *book,
                                             const struct planche_entry *entry);

/* Opens the book's archive; cancel, which must stay until that is closed, as in
 * planche_archive_help. */
enum planche_status planche_book_open(struct planche_book *book,
                                      const struct planche_cancel_token *cancel,
                                      struct planche_archive **archive,
                                      struct planche_error *error);

/* Whether an error of reading an entry concerns this entry only: it is left out, or what could be
 * read of it is kept. */
bool planche_book_survives(const struct planche_book *book, const struct planche_entry *entry,
                           enum planche_status status);
/* Whether a failure is a fault of the page itself, not of the machine it runs on. */
bool planche_book_is_own_fault(enum planche_status status);
/* Gives an entry the outcome FAILED, and the reason: it is kept or left out. Errors: MEMORY,
 * BUDGET.
 */
enum planche_status planche_book_fail_page(struct planche_book *book, struct planche_entry *entry,
                                           enum planche_status status,
                                           const struct planche_error *why,
                                           struct planche_error *error);

/* Keeps the engine's pages from memory that the book has taken, or is about to take: sets aside
 * what its budget has in use now, and some more. cancel as in planche_engine_set_aside. Errors:
 * BUDGET, CANCELLED, DEADLINE. */
enum planche_status planche_book_reserve(struct planche_book *book,
                                         const struct planche_cancel_token *cancel,
                                         struct planche_error *error);
void planche_book_unreserve(struct planche_book *book);

#endif
