/* SPDX-License-Identifier: MIT */
/* What becomes which file, decided before any work is done. */
#ifndef PLANCHE_CLI_ENLARGE_PLAN_OUTPUTS_H
#define PLANCHE_CLI_ENLARGE_PLAN_OUTPUTS_H

#include "cli/options.h"

#include <stddef.h>

/* A page or a book. */
struct planche_cli_work {
    char *input, *output; /* own */
    bool book;
    bool resumes;                     /* one of many: done already if its output is there */
    enum planche_container container; /* of a book's output */
    uint64_t bytes;                   /* of the input */
    size_t operand;                   /* it comes from */
};

struct planche_cli_plan {
    struct planche_cli_work *works; /* pages first */
    size_t count, capacity, pages;
    size_t others; /* files in folders that are neither books nor pages */
    char *folder;  /* to be made before all; own; NULL: none */
    bool shelf;    /* a folder with books was named */
    bool trouble;  /* a folder could not be read; a message was printed */
};

/* Names the outputs of count operands: pages, books, folders. -o FILE, below -o FOLDER, or beside
 * the input as name-2x (scale is 2) or name-2400h (--height 2400). Sets
 * options->page.format. Checks that no output is another's or an input. On failure a message has
 * been printed and the exit status is returned; the plan must be freed as well. */
int planche_cli_plan_make(struct planche_cli_plan *plan, char **operands, size_t count,
                          struct planche_cli_options *options, unsigned scale);
void planche_cli_plan_free(struct planche_cli_plan *plan);

/* No output may be another's, an input, or lie in a folder that is a book. As above; but of
 * files on a shelf that would get one name, all but one keep their whole old ones: "a.cbz",
 * "a.cb7.cbz". */
int planche_cli_plan_check(struct planche_cli_plan *plan);

#endif
