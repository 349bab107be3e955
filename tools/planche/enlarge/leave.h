/* SPDX-License-Identifier: MIT */
/* Leaving: how a process that has made its pages ends. */
#ifndef PLANCHE_CLI_LEAVE_H
#define PLANCHE_CLI_LEAVE_H

#include <planche/planche.h>
#include <stdbool.h>

/* Ends the use of an engine whose pages are done and whose files are closed. One on a GPU stays
 * open: drivers take 0.15 s to put away what the end of the process frees as well, and nobody waits
 * for that but whoever waits for the process. Builds that count or check at exit destroy it. */
void planche_cli_leave_engine(struct planche_engine **engine, bool gpu);

/* Whether an engine was left open: the process must end without exit handlers, since the engine's
 * threads and the driver's are still there. */
bool planche_cli_left_engine(void);

#endif
