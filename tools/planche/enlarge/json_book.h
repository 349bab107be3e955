/* SPDX-License-Identifier: MIT */
/* The lines of JSON of a run: pages beside books, pages in books, books. */
#ifndef PLANCHE_CLI_ENLARGE_JSON_BOOK_H
#define PLANCHE_CLI_ENLARGE_JSON_BOOK_H

#include "cli/json.h"

/* How a book ended. */
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
/* What became of a page beside books. */
enum planche_book_outcome planche_cli_loose_outcome(const struct planche_cli_outcome *outcome);

/* Each makes an object; NULL: no memory. info is NULL when there was no engine. */
json_t *planche_cli_json_loose(const struct planche_cli_outcome *outcome,
                               const struct planche_engine_info *info);
json_t *planche_cli_json_entry(const char *input, const char *output,
                               const struct planche_book_page *page,
                               const struct planche_engine_info *info);
json_t *planche_cli_json_book(const struct planche_cli_book_outcome *outcome);
/* A page or a book whose output was there already. */
json_t *planche_cli_json_there(const char *input, const char *output, bool book);

#endif
