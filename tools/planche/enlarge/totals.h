/* SPDX-License-Identifier: MIT */
/* Totals of a dry run: books, pages, pixels, and what they will take: time, bytes, room on the
 * disk.
 */
#ifndef PLANCHE_CLI_ENLARGE_TOTALS_H
#define PLANCHE_CLI_ENLARGE_TOTALS_H

#include "cli/option_values.h"

#include <jansson.h>

struct planche_cli_totals {
    size_t books, pages;
    size_t unsized;                 /* pages whose size cannot be told beforehand (PDF) */
    double in_pixels, result_bytes; /* of the others */
    double copied_bytes;            /* of files and entries that are copied as they are */
    size_t inner; /* books in archives: not looked at, because that takes unpacking them */
};

/* Counts a page that will be computed, by its predicted result; width 0: not known. lossless: of
 * the options. */
void planche_cli_totals_add(struct planche_cli_totals *totals,
                            const struct planche_page_result *result, bool lossless);

/* What the totals come to, for pages of unknown size with the mean of the others. */
struct planche_cli_prospect {
    double pixels, bytes;
    double seconds;      /* by the speed of earlier runs; below 0: there was none */
    uint64_t free_bytes; /* where the output goes; 0: not known */
};
/* speed: input pixels per second, 0: not known. output: a path that may not be there yet. */
void planche_cli_totals_judge(const struct planche_cli_totals *totals, double speed,
                              const char *output, struct planche_cli_prospect *prospect);

/* "3 books, 214 pages, 321 megapixels: about 2 h 10 min and 150.0 MiB; 66.1 GiB are free there" */
const char *planche_cli_totals_text(const struct planche_cli_totals *totals,
                                    const struct planche_cli_prospect *prospect, char *text,
                                    size_t size);
/* The same as an object of the type "totals". */
json_t *planche_cli_totals_json(const struct planche_cli_totals *totals,
                                const struct planche_cli_prospect *prospect);

#endif
