/* SPDX-License-Identifier: MIT */
/* Upload: from pieces of a body to a book that is on the disk. One piece is in memory. */
#ifndef PLANCHE_BOOKS_UPLOAD_H
#define PLANCHE_BOOKS_UPLOAD_H

#include "books/books.h"

struct planche_books_upload;

/* What becomes of an upload. */
struct planche_books_uploader {
    /* There is room for pieces again. */
    void (*ready)(void *user);
    /* The book is on the disk and in the list, or book is NULL and refusal says why. Called once,
     * unless the upload is abandoned before. */
    void (*ended)(void *user, struct planche_books_book *book, enum planche_books_refusal refusal);
    void *user;
};

/* Begins one, of size bytes if that is known (0: not). Else *refusal says why not, and NULL. */
struct planche_books_upload *
planche_books_upload_begin(struct planche_books *books, uint64_t size,
                           const struct planche_books_uploader *uploader,
                           enum planche_books_refusal *refusal);
/* Takes bytes. False: they are refused, and ended will be called. */
bool planche_books_upload_take(struct planche_books_upload *upload, const char *data, size_t size);
/* After the bytes of one piece of the body. True: it writes, and wants no more until ready is
 * called.
 */
bool planche_books_upload_flush(struct planche_books_upload *upload);
/* All bytes are there: makes the book. */
void planche_books_upload_finish(struct planche_books_upload *upload,
                                 const struct planche_books_wish *wish);
/* Nobody is told any more, and what was written goes. */
void planche_books_upload_abandon(struct planche_books_upload *upload);

#endif
