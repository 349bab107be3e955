/* SPDX-License-Identifier: MIT */
/* Child programs that fetch and unpack. They stay in the terminal's foreground process group, so
 * that Ctrl-C reaches them too. */
#include "models/program.h"

#include "cli/interrupt.h"
#include "io/process.h"

#include <errno.h>

int planche_cli_run_program(const char *const *arguments, bool silent, char *output, size_t size)
{
    const struct planche_cancel_token token = {.handle = planche_cli_interrupt_cancel()};
    const struct planche_process_options options = {
        .arguments = arguments,
        .flags = PLANCHE_PROCESS_FOREGROUND | (silent ? 0 : PLANCHE_PROCESS_SHOW_MESSAGES) |
                 (output != NULL ? 0 : PLANCHE_PROCESS_SHOW_OUTPUT),
        .cancel = &token,
    };
    struct planche_process process;
    int exit_status = PLANCHE_CLI_PROGRAM_BROKEN;
    if (!planche_process_start(&process, &options))
        return errno == ENOENT ? PLANCHE_CLI_PROGRAM_MISSING : PLANCHE_CLI_PROGRAM_BROKEN;
    bool ended = (output == NULL || planche_process_read_text(&process, output, size)) &&
                 planche_process_wait(&process, &exit_status);
    planche_process_kill(&process);
    /* The signal may have ended the child before this process noticed it. */
    if (planche_cancel_check(&token) != PLANCHE_OK)
        return PLANCHE_CLI_PROGRAM_INTERRUPTED;
    return ended && exit_status >= 0 ? exit_status : PLANCHE_CLI_PROGRAM_BROKEN;
}
