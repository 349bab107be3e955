/* SPDX-License-Identifier: MIT */
/* Command line parser: options and operands by the table of options.def. */
#ifndef PLANCHE_CLI_OPTIONS_H
#define PLANCHE_CLI_OPTIONS_H

#include "cli/option_table.h"
#include "cli/option_values.h"

/* Fills *options from argv and moves the operands behind the options: argv[*first..argc) are the
 * operands. False: the command is done, *status is the exit status (after --help, --version, or a
 * message). name is the sub-command as it is typed, "" for none. */
bool planche_cli_options_parse(struct planche_cli_options *options,
                               enum planche_cli_command command, const char *name, int argc,
                               char **argv, int *first, int *status);

#endif
