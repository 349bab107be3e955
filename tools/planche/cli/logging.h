/* SPDX-License-Identifier: MIT */
/* Log sink: the library's log lines on stderr. */
#ifndef PLANCHE_CLI_LOGGING_H
#define PLANCHE_CLI_LOGGING_H

#include <planche/planche.h>

/* A planche_log_fn; user is a struct planche_cli_options. Warnings are shown unless --quiet,
 * everything with --verbose. */
void planche_cli_log(void *user, enum planche_log_level level, const char *message);

#endif
