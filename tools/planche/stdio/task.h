/* SPDX-License-Identifier: MIT */
/* Task of planche stdio: a request as a job, with its page, its progress and its answer. */
#ifndef PLANCHE_CLI_STDIO_TASK_H
#define PLANCHE_CLI_STDIO_TASK_H

#include "stdio/server.h"

/* The job's callbacks; user is a struct planche_cli_task. */
enum planche_status planche_cli_task_run(void *user, struct planche_cancel *cancel);
void planche_cli_task_done(void *user, enum planche_status status);
/* Answers a request that is not run: id may be NULL. */
void planche_cli_stdio_refuse(struct planche_cli_server *server, const json_t *id,
                              const struct planche_error *error);

#endif
