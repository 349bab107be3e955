/* SPDX-License-Identifier: MIT */
/* Log sink: the library's log lines on stderr. */
#ifndef PLANCHE_CLI_LOGGING_H
#define PLANCHE_CLI_LOGGING_H

#include <planche/planche.h>

struct planche_cli_options;

/* Has an engine give its lines to planche_cli_log, and make no others. options stay while it lives.
 */
void planche_cli_log_to(struct planche_engine_options *engine,
                        const struct planche_cli_options *options);
/* A planche_log_fn; user is a struct planche_cli_options. Warnings are shown unless --quiet,
 * everything with --verbose. */
void planche_cli_log(void *user, enum planche_log_level level, const char *message);

#endif
