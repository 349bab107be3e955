/* SPDX-License-Identifier: MIT */
/* What planche worker and planche queue have in common. */
#ifndef PLANCHE_QUEUE_COMMAND_H
#define PLANCHE_QUEUE_COMMAND_H

#include "cli/options.h"

/* Refuses a command line without a queue, or with words that mean nothing; returns an exit status.
 */
int planche_queue_check_usage(const char *command, const struct planche_cli_options *options,
                              int argc, char **argv, int first);
/* Sets options->engine.isolate: pages of others are decoded in processes of their own where the
 * system lets them. Returns an exit status. */
int planche_queue_isolate(struct planche_cli_options *options);

/* Tells why a queue could not be opened: a status of the command. */
int planche_queue_refuse(enum planche_status status, const struct planche_error *error);

#endif
