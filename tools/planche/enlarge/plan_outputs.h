/* SPDX-License-Identifier: MIT */
/* Output planning: which file each input becomes, decided before any work is done. */
#ifndef PLANCHE_CLI_ENLARGE_PLAN_OUTPUTS_H
#define PLANCHE_CLI_ENLARGE_PLAN_OUTPUTS_H

#include "cli/option_values.h"
#include "enlarge/plan.h"

/* Names the outputs of count operands: pages, books, folders. -o FILE, below -o FOLDER, or beside
 * the input as name-2x (scale is 2) or name-2400h (--height 2400). Sets
 * options->page.format. Checks that no output is another's or an input. On failure a message has
 * been printed and the exit status is returned; the plan must be freed as well. */
int planche_cli_plan_make(struct planche_cli_plan *plan, char **operands, size_t count,
                          struct planche_cli_options *options, unsigned scale);

/* The format of a page and of pages in books, in *options: that of -f, or by the extension of file
 * (NULL: there is none); they may not contradict each other. Returns an exit status. */
int planche_cli_choose_format(struct planche_cli_options *options, const char *file);

#endif
