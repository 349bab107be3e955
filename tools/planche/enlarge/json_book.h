/* SPDX-License-Identifier: MIT */
/* JSON lines of a run: single pages, pages of books, and books. */
#ifndef PLANCHE_CLI_ENLARGE_JSON_BOOK_H
#define PLANCHE_CLI_ENLARGE_JSON_BOOK_H

#include "cli/json.h"
#include "enlarge/plan.h"

/* Outcome of a book: what its JSON object says. */
struct planche_cli_book_outcome {
    const char *input, *output;
    enum planche_status status;
    const char *message;    /* of the failure */
    const size_t *outcomes; /* of its entries, [PLANCHE_BOOK_OUTCOMES] */
    struct planche_book_result result;
    double ms;
};

/* "enlarged", "duplicate", "resumed", "marked", "large", "failed", "copied" */
const char *planche_cli_outcome_name(enum planche_book_outcome outcome);
/* The outcome of a page that is not in a book. */
enum planche_book_outcome planche_cli_page_outcome(const struct planche_cli_outcome *outcome);

/* Each makes an object; NULL: no memory. info is NULL when there was no engine. */
json_t *planche_cli_json_single(const struct planche_cli_outcome *outcome,
                                const struct planche_engine_info *info);
json_t *planche_cli_json_entry(const char *input, const char *output,
                               const struct planche_book_page *page,
                               const struct planche_engine_info *info);
json_t *planche_cli_json_book(const struct planche_cli_book_outcome *outcome);
/* A file that was copied, or was there. */
json_t *planche_cli_json_other(const struct planche_cli_item *item, enum planche_status status,
                               const char *message);
/* A page or a book that was passed over because its output exists. */
json_t *planche_cli_json_existing(const struct planche_cli_item *item);

#endif
