/* SPDX-License-Identifier: MIT */
/* POST, GET /v1/books; GET, DELETE /v1/books/ID. */
#ifndef PLANCHE_SERVE_BOOKS_H
#define PLANCHE_SERVE_BOOKS_H

#include "serve/server.h"

void planche_serve_add_book(struct planche_serve *serve, struct planche_http_connection *c);
void planche_serve_list_books(struct planche_serve *serve, struct planche_http_connection *c);
void planche_serve_show_book(struct planche_serve *serve, struct planche_http_connection *c);
void planche_serve_remove_book(struct planche_serve *serve, struct planche_http_connection *c);

#endif
