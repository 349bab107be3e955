/* SPDX-License-Identifier: MIT */
/* Books as such: made, freed, watched; and the room for them. */
#include "books/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define EXPECTED  3 /* times its input that a book takes */

struct planche_books_book *planche_books_new(const struct planche_books_wish *wish)
{
    struct planche_books_book *book = calloc(1, sizeof *book);
    struct timespec now;
    if (book == NULL || !planche_books_make_id(book->id, book->handle)) {
        free(book);
        return NULL;
    }
    planche_books_clean_name(wish->name, book->name);
    snprintf(book->path, sizeof book->path, "%s", wish->path);
    book->settings = json_incref(wish->settings);
    book->container = wish->container;
    clock_gettime(CLOCK_REALTIME, &now);
    book->created = now.tv_sec;
    book->order = now.tv_sec * SECOND_NS + now.tv_nsec;
    book->failures = json_array();
    return book;
}

void planche_books_free(struct planche_books_book *book)
{
    json_decref(book->settings);
    json_decref(book->failures);
    free(book);
}

/* A watcher that is told may end its connection's answer, whose next request may remove the book,
 * end other watchers or change the book again. A change within a change tells all of them, so that
 * nothing is left for the first one. */
void planche_books_changed(struct planche_books_book *book)
{
    struct planche_books_watcher *at;
    book->revision++;
    book->untold = book->watchers;
    while ((at = book->untold) != NULL) {
        book->untold = at->next;
        at->changed(at->user);
    }
}

void planche_books_watch(struct planche_books_book *book, struct planche_books_watcher *watcher)
{
    watcher->book = book;
    watcher->next = book->watchers;
    watcher->link = &book->watchers;
    if (watcher->next != NULL)
        watcher->next->link = &watcher->next;
    book->watchers = watcher;
}

void planche_books_unwatch(struct planche_books_watcher *watcher)
{
    if (watcher->link == NULL)
        return;
    if (watcher->book->untold == watcher)
        watcher->book->untold = watcher->next;
    *watcher->link = watcher->next;
    if (watcher->next != NULL)
        watcher->next->link = watcher->link;
    watcher->link = NULL;
}

uint64_t planche_books_used(const struct planche_books *books)
{
    uint64_t used = 0;
    for (const struct planche_books_book *book = books->first; book != NULL; book = book->next)
        used += book->disk_bytes;
    return used;
}

/* What a book is going to use, so that one that comes does not take the room of one that runs:
 * about its input, its pages and its result. */
static uint64_t expect(const struct planche_books_book *book)
{
    bool active = book->state == PLANCHE_BOOKS_WAITING || book->state == PLANCHE_BOOKS_RUNNING;
    uint64_t expected = active ? EXPECTED * book->input_bytes : 0;
    return book->disk_bytes > expected ? book->disk_bytes : expected;
}

uint64_t planche_books_room(const struct planche_books *books)
{
    uint64_t used = books->reserved;
    for (const struct planche_books_book *book = books->first; book != NULL; book = book->next)
        used += expect(book);
    return used < books->settings.max_bytes ? books->settings.max_bytes - used : 0;
}
