/* SPDX-License-Identifier: MIT */
/* Books in requests and answers. */
#ifndef PLANCHE_SERVE_BOOK_JSON_H
#define PLANCHE_SERVE_BOOK_JSON_H

#include "books/books.h"
#include "serve/server.h"

#include <jansson.h>

/* The book that a path /v1/books/ID... names. NULL: there is none, which has been answered. */
struct planche_books_book *planche_serve_find_book(struct planche_serve *serve,
                                                   struct planche_http_connection *c);
/* What clients are told of a book. */
json_t *planche_serve_book_json(struct planche_serve *serve, const struct planche_books_book *book);
/* "waiting", "running", "done", "failed", "cancelled". */
const char *planche_serve_book_state(enum planche_books_state state);
bool planche_serve_book_is_over(enum planche_books_state state);
/* Content-Type of a result. */
const char *planche_serve_book_type(enum planche_container container);

#endif
