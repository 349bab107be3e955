/* SPDX-License-Identifier: MIT */
/* Help texts: the parts that several of them are made of. All go to standard output. */
#ifndef PLANCHE_CLI_HELP_H
#define PLANCHE_CLI_HELP_H

#include "cli/option_table.h"

#include <stdbool.h>

/* Columns of a terminal that texts fill. */
#define PLANCHE_CLI_HELP_COLUMNS 79

/* An option's lines in a list: of the help of a sub-command, as it is for that; "": of pages' help,
 * or of what an option is for anywhere. */
void planche_cli_help_option(const struct planche_cli_option *option, const char *command);
/* The help of a sub-command ("": none). False: there is no such command. */
bool planche_cli_help_command(const char *command);
/* A paragraph, broken into lines. */
void planche_cli_help_text(const char *text);

#endif
