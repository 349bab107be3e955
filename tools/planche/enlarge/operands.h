/* SPDX-License-Identifier: MIT */
/* Operands of the command: what is looked at before anything is planned. */
#ifndef PLANCHE_CLI_ENLARGE_OPERANDS_H
#define PLANCHE_CLI_ENLARGE_OPERANDS_H

#include "cli/option_values.h"

#include <stddef.h>

/* Refuses inputs that do not exist, and says what was probably meant: a sub-command, or an output
 * whose -o was forgotten. Returns an exit status. */
int planche_cli_check_operands(char **operands, size_t count,
                               const struct planche_cli_options *options);

#endif
