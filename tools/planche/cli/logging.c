/* SPDX-License-Identifier: MIT */
/* Log sink: the library's log lines on stderr. */
#include "cli/logging.h"

#include "cli/options.h"
#include "cli/terminal.h"

void planche_cli_log_to(struct planche_engine_options *engine,
                        const struct planche_cli_options *options)
{
    engine->log = planche_cli_log;
    engine->log_user = (void *)options;
    engine->log_level = options->verbose ? PLANCHE_LOG_DEBUG : PLANCHE_LOG_WARNING;
}

void planche_cli_log(void *user, enum planche_log_level level, const char *message)
{
    const struct planche_cli_options *options = user;
    if (options->verbose || level == PLANCHE_LOG_TRACE)
        planche_cli_note("%s", message);
    else if (level >= PLANCHE_LOG_WARNING && !options->quiet)
        planche_cli_message("%s", message);
}
