/* SPDX-License-Identifier: MIT */
/* Configuration file: defaults of options, one to a line, as on the command line. */
#ifndef PLANCHE_CLI_CONFIG_H
#define PLANCHE_CLI_CONFIG_H

#include "cli/option_table.h"
#include "cli/option_values.h"

/* Stores what the file says of the options that a sub-command knows: $PLANCHE_CONFIG_PATH ("":
 * none), else ${XDG_CONFIG_HOME:-~/.config}/planche/config if that is there. Options that only
 * other sub-commands know are passed over. Returns an exit status; after an error, a message has
 * named the file and the line. */
int planche_cli_config_read(struct planche_cli_options *options, enum planche_cli_command command);

#endif
