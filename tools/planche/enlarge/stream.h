/* SPDX-License-Identifier: MIT */
/* Pages through pipes: "planche -" reads standard input, "-o -" writes standard output. */
#ifndef PLANCHE_CLI_ENLARGE_STREAM_H
#define PLANCHE_CLI_ENLARGE_STREAM_H

#include "enlarge/run_state.h"

/* Whether an operand or the output is "-". */
bool planche_cli_is_stream(char **operands, size_t count,
                           const struct planche_cli_options *options);
/* Refuses what does not go with a pipe, and chooses the format. Returns an exit status. */
int planche_cli_stream_check(char **operands, size_t count, struct planche_cli_options *options);
/* Enlarges the page. Nothing but the page goes to standard output. The engine is open. Returns an
 * exit status. */
int planche_cli_stream_run(struct planche_cli_run *run, const char *input);

#endif
