/* SPDX-License-Identifier: MIT */
/* Crew: pages of the server that workers of a queue make (--queue URL). */
#ifndef PLANCHE_SERVE_QUEUE_CREW_H
#define PLANCHE_SERVE_QUEUE_CREW_H

#include "serve/server.h"

/* Pages of readers and prefetch, and of a book, that are in the queue at once, at most: what reads
 * the queue is a thread for each, and more than a hundred workers are kept busy. */
#define PLANCHE_SERVE_CREW_PAGES 128

struct planche_books_settings;
struct planche_metrics;

/* Opens the queue of the options, if there is one: serve->link and serve->crew. A status of the
 * command; what is wrong has been told. */
int planche_serve_crew_open(struct planche_serve *serve);
/* Once no page is made any more. */
void planche_serve_crew_close(struct planche_serve *serve);
/* Who makes pages; NULL: the engines of this process. */
const struct planche_pages_maker *planche_serve_crew_maker(const struct planche_serve *serve);
/* Sets who makes the pages of books. */
void planche_serve_crew_books(struct planche_serve *serve, struct planche_books_settings *settings);
/* For GET /v1/status: null without a queue. */
json_t *planche_serve_crew_json(struct planche_serve *serve);
/* Sets the metrics of the queue. */
void planche_serve_crew_count(struct planche_serve *serve);

#endif
