/* SPDX-License-Identifier: MIT */
/* A book on its way through the engine. */
#ifndef PLANCHE_BOOK_BOOK_H
#define PLANCHE_BOOK_BOOK_H

#include "base/log.h"
#include "book/entries.h"
#include "book/workdir.h"
#include "codec/codec.h"
#include "engine/page.h"
#include "os/thread.h"

struct planche_book {
    const struct planche_engine *engine; /* NULL: the book is only looked at */
    const char *input;
    char *output; /* without a slash at the end */
    struct planche_book_options options;
    struct planche_page_options page;
    struct planche_archive_limits limits;
    struct planche_log log;
    struct planche_budget budget;
    uint64_t reserved; /* of the memory of the engine's pages, for the book itself */
    enum planche_container from, to;
    struct planche_entries entries;
    struct planche_archive_notes notes;
    void *comment;
    size_t comment_size;
    struct planche_workdir work;

    struct planche_mutex mutex;
    struct planche_book_progress progress; /* under mutex, as is what follows */
    bool cancelled;
};

/* What the owner of the book is told; true: the book is cancelled. name may be NULL. The mutex is
 * held, or nobody else is there. */
bool planche_book_report(struct planche_book *book, const char *name);
/* As that, of a book that no other thread works on. */
bool planche_book_wants_to_stop(void *book);
enum planche_status planche_book_fail_cancelled(struct planche_error *error);

/* Lists what is in the book. */
enum planche_status planche_book_scan(struct planche_book *book, struct planche_error *error);
/* Opens the book's archive; stop as in planche_archive_help. */
enum planche_status planche_book_open(struct planche_book *book, bool (*stop)(void *user),
                                      void *user, struct planche_archive **archive,
                                      struct planche_error *error);
/* Whether an error of reading an entry concerns this entry only: it is left out, or what could be
 * read of it is kept. */
bool planche_book_survives(const struct planche_book *book, const struct planche_entry *entry,
                           enum planche_status status);
/* Notes that an entry is to be kept or left out. Errors: MEMORY, BUDGET. */
enum planche_status planche_book_fail_page(struct planche_book *book, struct planche_entry *entry,
                                           enum planche_status status,
                                           const struct planche_error *why,
                                           struct planche_error *error);

/* Whether a page's header says that it is kept as it is; its outcome is set then. */
bool planche_book_skip_page(const struct planche_book *book, struct planche_entry *entry,
                            const struct planche_image_info *info);

/* Makes every page in the work folder, and puts everything else there. */
enum planche_status planche_book_run_pages(struct planche_book *book, struct planche_error *error);
/* Puts the output together. */
enum planche_status planche_book_assemble(struct planche_book *book,
                                          struct planche_archive_writer *writer,
                                          struct planche_error *error);
/* Finds out what would become of each page, reading only headers. */
enum planche_status planche_book_inspect_pages(struct planche_book *book,
                                               struct planche_error *error);

/* What pages are made with, as a text that is the same when the bytes are. Errors: IO. */
#define PLANCHE_BOOK_FINGERPRINT 1024
enum planche_status planche_book_fingerprint(const struct planche_book *book,
                                             char text[PLANCHE_BOOK_FINGERPRINT],
                                             struct planche_error *error);

/* Keeps the engine's pages from memory that the book has taken, or is about to take. Errors:
 * BUDGET, CANCELLED. */
enum planche_status planche_book_reserve(struct planche_book *book, planche_admission_stop_fn stop,
                                         void *user, struct planche_error *error);
void planche_book_unreserve(struct planche_book *book);

#endif
