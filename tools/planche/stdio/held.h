/* SPDX-License-Identifier: MIT */
/* Requests of planche stdio that have no answer yet. */
#ifndef PLANCHE_CLI_STDIO_HELD_H
#define PLANCHE_CLI_STDIO_HELD_H

#include "stdio/server.h"

/* Counts a request, and one that has been answered or refused out again. */
void planche_cli_stdio_hold(struct planche_cli_server *server, struct planche_cli_task *task);
void planche_cli_stdio_release(struct planche_cli_server *server, struct planche_cli_task *task);

#endif
