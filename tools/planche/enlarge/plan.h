/* SPDX-License-Identifier: MIT */
/* The plan of a run: pages and books, each with its input and its output. */
#ifndef PLANCHE_CLI_ENLARGE_PLAN_H
#define PLANCHE_CLI_ENLARGE_PLAN_H

#include "enlarge/records.h"

#include <planche/planche.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Verdict: what an output that is there was made from and with. */
enum planche_cli_verdict {
    PLANCHE_CLI_MISSING, /* nothing is there */
    PLANCHE_CLI_UP_TO_DATE,
    PLANCHE_CLI_SOURCE_CHANGED,
    PLANCHE_CLI_OTHER_SETTINGS, /* of the same source */
    PLANCHE_CLI_OUTPUT_CHANGED, /* it is empty, or its end is missing */
    PLANCHE_CLI_PAGES_FAILED,   /* else up to date */
    PLANCHE_CLI_EXISTS,         /* nobody knows, or --skip-existing: nobody asks */
    PLANCHE_CLI_VERDICTS
};

/* "up to date", "source changed", "other settings", "output changed",
 * "pages failed", "exists" */
const char *planche_cli_verdict_name(enum planche_cli_verdict verdict);
/* True if --update makes such an output again. */
bool planche_cli_is_stale(enum planche_cli_verdict verdict);

/* An item of the plan: a page or a book. */
struct planche_cli_item {
    char *input, *output; /* own */
    bool book;
    bool resumes;                             /* one of many: passed over if its output is there */
    bool found;                               /* in a folder that was named, not named itself */
    enum planche_cli_verdict verdict;         /* see judge.h */
    bool makes;                               /* it is to be run, */
    bool replaces;                            /* and its output, or all pages of it, replaced */
    enum planche_container container;         /* of a book's output */
    uint64_t bytes;                           /* of the input */
    size_t operand;                           /* it comes from */
    enum planche_format format;               /* of a page; AUTO: that of the options */
    char settings[PLANCHE_CLI_SETTINGS_TEXT]; /* see settings.h */
};

/* All items of a run. */
struct planche_cli_plan {
    struct planche_cli_item *items; /* pages first */
    size_t count, capacity, pages;
    struct planche_cli_item *copies; /* files of libraries that are neither books nor pages */
    size_t copy_count, copy_capacity;
    size_t others, junk; /* files in folders that are left alone; those that programs have left */
    size_t links;        /* to folders, which are not followed */
    char *folder;        /* to be made before all; own; NULL: none */
    bool trouble;        /* a folder could not be read; a message was printed */
};

/* Adds a copy of *like with a copy of input and with output, which it takes (freed on failure).
 * False: no memory; output may be NULL, which is no memory too. */
bool planche_cli_plan_add(struct planche_cli_plan *plan, const char *input, char *output,
                          const struct planche_cli_item *like);
/* The same for a file that is copied. */
bool planche_cli_plan_add_copy(struct planche_cli_plan *plan, const char *input, char *output);
/* True if a name is the output of another item: "strip-1.png" becomes what the first part of
 * "strip.png" is called. */
bool planche_cli_plan_names(const struct planche_cli_plan *plan,
                            const struct planche_cli_item *item, const char *name);
void planche_cli_plan_free(struct planche_cli_plan *plan);

#endif
