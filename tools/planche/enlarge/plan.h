/* SPDX-License-Identifier: MIT */
/* The plan of a run: pages and books, each with its input and its output. */
#ifndef PLANCHE_CLI_ENLARGE_PLAN_H
#define PLANCHE_CLI_ENLARGE_PLAN_H

#include <planche/planche.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An item of the plan: a page or a book. */
struct planche_cli_item {
    char *input, *output; /* own */
    bool book;
    bool resumes;                     /* one of many: done already if its output is there */
    enum planche_container container; /* of a book's output */
    uint64_t bytes;                   /* of the input */
    size_t operand;                   /* it comes from */
};

/* All items of a run. */
struct planche_cli_plan {
    struct planche_cli_item *items; /* pages first */
    size_t count, capacity, pages;
    size_t others; /* files in folders that are neither books nor pages */
    char *folder;  /* to be made before all; own; NULL: none */
    bool trouble;  /* a folder could not be read; a message was printed */
};

/* Adds a copy of *like with a copy of input and with output, which it takes (freed on failure).
 * False: no memory; output may be NULL, which is no memory too. */
bool planche_cli_plan_add(struct planche_cli_plan *plan, const char *input, char *output,
                          const struct planche_cli_item *like);
void planche_cli_plan_free(struct planche_cli_plan *plan);

#endif
