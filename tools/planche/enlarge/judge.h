/* SPDX-License-Identifier: MIT */
/* Judging outputs: which are up to date, and which items of the plan are to be run. */
#ifndef PLANCHE_CLI_ENLARGE_JUDGE_H
#define PLANCHE_CLI_ENLARGE_JUDGE_H

#include "enlarge/origin.h"
#include "enlarge/run_state.h"

/* Sets verdict, makes and replaces of all items. Sources are read only where their size or time has
 * changed, or nothing is recorded of their output. */
void planche_cli_judge(struct planche_cli_run *run);

/* Notes that an item's output was made from this source, which has ended. parts: of a page, of a
 * book the number of pages that failed; format: of one that became another than was planned, else
 * 0. Not for two threads at once. */
void planche_cli_judge_made(struct planche_cli_run *run, const struct planche_cli_item *item,
                            const struct planche_cli_origin *source, unsigned parts, int format);

#endif
