/* SPDX-License-Identifier: MIT */
/* Requests of planche stdio: reading ahead within bounds, and cancelling what was read. */
#ifndef PLANCHE_CLI_STDIO_READER_H
#define PLANCHE_CLI_STDIO_READER_H

#include "stdio/server.h"

/* Takes requests until the input ends, a signal comes, or nobody reads the answers.
 * line[PLANCHE_CLI_LINE_SIZE] is for its use. */
void planche_cli_stdio_read(struct planche_cli_server *server, char *line);

#endif
