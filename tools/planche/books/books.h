/* SPDX-License-Identifier: MIT */
/* Books of a server: those that wait, the one that runs, and results that are kept. */
#ifndef PLANCHE_BOOKS_BOOKS_H
#define PLANCHE_BOOKS_BOOKS_H

#include "base/log.h"
#include "books/book.h"
#include "cli/options.h"
#include "http/budget.h"
#include "http/loop.h"

#include <planche/planche.h>

struct planche_books;
struct planche_cli_engine_cache;
struct planche_cli_request;
struct planche_pages;

struct planche_books_settings {
    struct planche_http_loop *loop;
    struct planche_http_budget *budget; /* that pieces of uploads count in */
    struct planche_pages *pages;        /* whose turns books take */
    struct planche_cli_engine_cache *engines;
    /* Makes the pages in the place of an engine, up to `makers` of a book at once, which do not
     * wait for the turns of `pages`. wanted: the options of the engine. NULL: the engine makes
     * them. */
    enum planche_status (*make)(void *make_user, const struct planche_engine *engine,
                                const struct planche_engine_options *wanted, const char *name,
                                const char *input, const char *output,
                                const struct planche_page_options *options,
                                struct planche_page_result *result, struct planche_error *error);
    unsigned makers;
    void *make_user;
    const struct planche_cli_options *defaults; /* of what a request leaves out */
    const struct planche_log *log;              /* of what clients are not told */
    const char *folder;                         /* NULL: the user's */
    uint64_t max_bytes;                         /* of the folder */
    uint64_t upload_bytes;                      /* of one input */
    int64_t keep_s;                             /* results are kept for so long */
    const char *const *roots;                   /* of libraries */
    unsigned root_count;
    /* A book has ended: its state, pages and seconds are set. */
    void (*ended)(void *user, const struct planche_books_book *book);
    void *user;
};

/* What is measured now. */
struct planche_books_stats {
    size_t waiting, running, kept;
    uint64_t bytes, max_bytes;
};

/* All calls are for the loop's thread. A folder that is there is opened and its books go on; it is
 * made now only if it was named. Errors: MEMORY, IO, EXISTS, ARGUMENT. */
enum planche_status planche_books_create(struct planche_books **out,
                                         const struct planche_books_settings *settings,
                                         struct planche_error *error);
/* Stops what runs, which goes on after the next start, before the pages are destroyed. */
void planche_books_stop(struct planche_books *books);
/* After it, once no connection has anything of it. NULL is fine for both. */
void planche_books_destroy(struct planche_books *books);

/* Looks for a book, which is there until it changes to CANCELLED or the loop goes on. NULL: there
 * is none. */
struct planche_books_book *planche_books_find(struct planche_books *books, const char *id);
struct planche_books_book *planche_books_first(struct planche_books *books);
/* How many run or wait before this one. */
size_t planche_books_before(const struct planche_books *books,
                            const struct planche_books_book *book);
/* Cancels it, and removes all of it. */
void planche_books_remove(struct planche_books *books, struct planche_books_book *book);
/* Until the watcher is unwatched, or the book is no more: changed is called a last time then, with
 * the state CANCELLED. */
void planche_books_watch(struct planche_books_book *book, struct planche_books_watcher *watcher);
void planche_books_unwatch(struct planche_books_watcher *watcher);
/* Opens the result for reading; -1: it is not there. */
int planche_books_open_result(struct planche_books *books, const struct planche_books_book *book);
/* Seconds until it is done; < 0: not known. */
double planche_books_seconds_left(const struct planche_books_book *book);

/* A book that is wanted. */
struct planche_books_wish {
    const char *name, *path; /* path "": it is uploaded */
    json_t *settings;        /* held */
    enum planche_container container;
};
/* Why a book is not taken. */
enum planche_books_refusal {
    PLANCHE_BOOKS_ACCEPTED,
    PLANCHE_BOOKS_TOO_LARGE, /* 413 */
    PLANCHE_BOOKS_FULL,      /* 507: the folder's limit, or the disk */
    PLANCHE_BOOKS_BUSY,      /* 503: too many at once, no memory, the server ends */
    PLANCHE_BOOKS_NOWHERE,   /* 503: the folder cannot be used; the log says why */
    PLANCHE_BOOKS_NO_ROOT,   /* 404: a path, and there is no library root */
    PLANCHE_BOOKS_OUTSIDE,   /* 403: a path that is refused */
    PLANCHE_BOOKS_ABSENT,    /* 404: a path that is below no root */
    PLANCHE_BOOKS_ERROR      /* 500: the disk; the log says why */
};
/* Who has a book to add, before it is added: owned by who waits. */
struct planche_books_opener {
    void (*opened)(void *user);
    void *user;
    struct planche_books_opener *next;
};
/* Opens the folder if it is not yet, and then calls opened, at once if that is done; also if it
 * cannot be opened, which the log is told: books are refused then. */
void planche_books_open(struct planche_books *books, struct planche_books_opener *opener);
/* Adds a book of a library; added is called later, unless the result is a refusal. */
enum planche_books_refusal planche_books_add_path(
    struct planche_books *books, const struct planche_books_wish *wish,
    void (*added)(void *user, struct planche_books_book *book, enum planche_books_refusal refusal),
    void *user);

/* Begins no more pages, and lets those that run end; idle is called when there are none. */
void planche_books_drain(struct planche_books *books, void (*idle)(void *user), void *user);
bool planche_books_is_idle(const struct planche_books *books);
/* Gives up what runs, at once. */
void planche_books_cancel(struct planche_books *books);

void planche_books_get_stats(const struct planche_books *books, struct planche_books_stats *stats);

#endif
