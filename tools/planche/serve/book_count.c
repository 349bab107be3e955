/* SPDX-License-Identifier: MIT */
/* Figures and log of books. */
#include "serve/book_count.h"

#include "metrics/metrics.h"
#include "serve/book_json.h"
#include "serve/log.h"

static void add(struct planche_serve *serve, enum planche_metric metric, uint64_t amount,
                const char *label)
{
    planche_metrics_add(serve->metrics, metric, amount, PLANCHE_LABELS(label));
}

void planche_serve_begin_book_figures(struct planche_serve *serve)
{
    for (int state = PLANCHE_BOOKS_DONE; state <= PLANCHE_BOOKS_CANCELLED; state++)
        add(serve, PLANCHE_METRIC_BOOKS, 0,
            planche_serve_book_state((enum planche_books_state)state));
    add(serve, PLANCHE_METRIC_BOOK_PAGES, 0, "ok");
    add(serve, PLANCHE_METRIC_BOOK_PAGES, 0, "error");
}

void planche_serve_count_book(void *user, const struct planche_books_book *book)
{
    struct planche_serve *serve = user;
    const char *state = planche_serve_book_state(book->state);
    bool done = book->state == PLANCHE_BOOKS_DONE;
    add(serve, PLANCHE_METRIC_BOOKS, 1, state);
    add(serve, PLANCHE_METRIC_BOOK_PAGES, done ? book->pages - book->failed : 0, "ok");
    add(serve, PLANCHE_METRIC_BOOK_PAGES, done ? book->failed : 0, "error");
    planche_serve_log(serve, PLANCHE_CLI_LOG_INFO,
                      "book %s: %s, pages=%zu failed=%zu in=%llu out=%llu seconds=%.1f%s%s",
                      book->handle, state, book->pages, book->failed,
                      (unsigned long long)book->input_bytes, (unsigned long long)book->result_bytes,
                      book->seconds, book->status != 0 ? ": " : "", book->reason);
}
