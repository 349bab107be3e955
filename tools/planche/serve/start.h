/* SPDX-License-Identifier: MIT */
/* Start: from the command line to a server that is ready. */
#ifndef PLANCHE_SERVE_START_H
#define PLANCHE_SERVE_START_H

#include "serve/server.h"

/* Makes all parts of a server from its options. An exit status, after a message unless it is 0. */
int planche_serve_start(struct planche_serve *serve);
/* Ends them, also those of a start that failed. */
void planche_serve_stop(struct planche_serve *serve);

#endif
