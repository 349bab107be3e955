/* SPDX-License-Identifier: MIT */
/* GET /v1/books/ID/events: the progress of a book as server-sent events. */
#ifndef PLANCHE_SERVE_BOOK_EVENTS_H
#define PLANCHE_SERVE_BOOK_EVENTS_H

#include "serve/server.h"

void planche_serve_book_events(struct planche_serve *serve, struct planche_http_connection *c);

#endif
