/* SPDX-License-Identifier: MIT */
/* What the files of this folder share. */
#ifndef PLANCHE_BOOKS_STATE_H
#define PLANCHE_BOOKS_STATE_H

#include "books/books.h"
#include "books/chore.h"
#include "books/folder.h"

#define PLANCHE_BOOKS_MOST    1000 /* books at once, those that are kept among them */
#define PLANCHE_BOOKS_UPLOADS 16   /* that come at once */

struct planche_books {
    struct planche_books_settings settings;
    struct planche_books_folder folder;
    struct planche_library library;
    struct planche_job_queue *chores, *runner; /* one thread each */
    struct planche_job_queue *looks; /* one thread: at libraries, whose disks may be far away; NULL:
                                      * there is none */
    struct planche_books_book *first, **last;
    size_t count;
    uint64_t reserved; /* bytes that uploads have and are going to have */
    unsigned uploads;
    struct planche_books_run *run; /* NULL: none */
    /* A run is over; the book's fields say how. */
    void (*run_ended)(struct planche_books *books, struct planche_books_book *book);
    struct planche_http_timer expiry;
    struct planche_books_opener *openers; /* who wait for the folder */
    bool ready, opening; /* the folder is open, and its books are in the list; it is being opened */
    bool draining, cancelled;
    void (*idle)(void *user);
    void *idle_user;
};

/* Bytes that books have on the disk now; and what is left for one that comes. */
uint64_t planche_books_used(const struct planche_books *books);
uint64_t planche_books_room(const struct planche_books *books);
/* A zeroed book with an id; NULL: no memory, or no random bytes. */
struct planche_books_book *planche_books_new(const struct planche_books_wish *wish);
void planche_books_free(struct planche_books_book *book);
/* Puts a book that is whole into the list, and begins it when it is its turn. */
void planche_books_enter(struct planche_books *books, struct planche_books_book *book);
/* Tells those who watch. */
void planche_books_changed(struct planche_books_book *book);

#endif
