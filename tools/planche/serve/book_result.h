/* SPDX-License-Identifier: MIT */
/* GET /v1/books/ID/result: the larger book. */
#ifndef PLANCHE_SERVE_BOOK_RESULT_H
#define PLANCHE_SERVE_BOOK_RESULT_H

#include "serve/server.h"

void planche_serve_book_result(struct planche_serve *serve, struct planche_http_connection *c);

#endif
