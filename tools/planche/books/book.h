/* SPDX-License-Identifier: MIT */
/* Book: one that was asked for, from its upload to the end of its result. */
#ifndef PLANCHE_BOOKS_BOOK_H
#define PLANCHE_BOOKS_BOOK_H

#include "books/library.h"

#include <jansson.h>
#include <planche/book.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_BOOKS_ID       33  /* bytes of an id with the 0: 128 bits in hexadecimal */
#define PLANCHE_BOOKS_HANDLE   17  /* of a handle: what folders and lines of the log are named by */
#define PLANCHE_BOOKS_NAME     200 /* of a name, for people */
#define PLANCHE_BOOKS_REASON   512 /* of why a book has failed */
#define PLANCHE_BOOKS_FAILURES 1000 /* pages that failed and are told one by one */

enum planche_books_state {
    PLANCHE_BOOKS_WAITING,
    PLANCHE_BOOKS_RUNNING,
    PLANCHE_BOOKS_DONE,
    PLANCHE_BOOKS_FAILED,
    PLANCHE_BOOKS_CANCELLED /* it is being removed */
};

/* Who wants to know when a book changes: owned by who watches, on the loop's thread. */
struct planche_books_book;
struct planche_books_watcher {
    void (*changed)(void *user);
    void *user;
    struct planche_books_book *book;
    struct planche_books_watcher *next, **link; /* link NULL: it watches nothing */
};

/* Of the loop's thread. */
struct planche_books_book {
    struct planche_books_book *next, **link; /* in the order in which they came */
    char id[PLANCHE_BOOKS_ID];               /* a secret: who has it has the book */
    char handle[PLANCHE_BOOKS_HANDLE];
    enum planche_books_state state;
    char name[PLANCHE_BOOKS_NAME];      /* of the input, UTF-8 without a path */
    char path[PLANCHE_LIBRARY_PATH];    /* below a library root; "": it was uploaded */
    json_t *settings;                   /* by the names of planche stdio */
    enum planche_container container;   /* asked for; AUTO: EPUBs stay so, others become CBZ */
    int64_t created, finished;          /* seconds since 1970 */
    int64_t order;                      /* ns since 1970, by which books are in order */
    uint64_t input_bytes, result_bytes; /* result_bytes 0: there is none */
    uint64_t disk_bytes;                /* of its folder, when it was measured last */
    enum planche_container result;      /* container of the result */
    char result_name[PLANCHE_BOOKS_NAME + 32];
    size_t pages, done; /* pages 0: not known yet */
    double parts;       /* done, and the finished parts of pages that run */
    bool writing;       /* the pages are made; the result is put together */
    size_t failed;      /* pages */
    json_t *failures;   /* [{"page", "reason"}]; NULL: not known */
    unsigned status;    /* of HTTP, for why it failed; 0: it has not */
    char reason[PLANCHE_BOOKS_REASON];
    int64_t run_began;   /* planche_clock_ns of the first page that was computed; 0: none yet */
    double run_parts;    /* parts then */
    double seconds;      /* that its runs took */
    uint64_t revision;   /* counts changes */
    bool stored;         /* its record is on the disk */
    bool busy, removing; /* something works on its folder; it is removed after that */
    struct planche_books_watcher *watchers;
    struct planche_books_watcher *untold; /* of those, the next one to be told; NULL: none */
};

/* A new id and its handle. False: the system has no random bytes. */
bool planche_books_make_id(char id[PLANCHE_BOOKS_ID], char handle[PLANCHE_BOOKS_HANDLE]);
/* The handle of an id, which does not tell it. */
void planche_books_make_handle(const char *id, char handle[PLANCHE_BOOKS_HANDLE]);

/* A name for people from what somebody has sent: its last part, valid UTF-8, without what no name
 * of a file should have; "book" if nothing is left. */
void planche_books_clean_name(const char *text, char name[PLANCHE_BOOKS_NAME]);
/* Sets the name of the result: of "a.cbr" "a-2x.cbz". suffix: "2x". */
void planche_books_name_result(struct planche_books_book *book, const char *suffix);

/* The record of a book, as JSON; NULL: no memory. */
json_t *planche_books_make_record(const struct planche_books_book *book);
/* Fills a zeroed book from a record. False: it is none. */
bool planche_books_take_record(struct planche_books_book *book, const json_t *record);

#endif
