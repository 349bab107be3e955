/* SPDX-License-Identifier: MIT */
/* Child programs that fetch and unpack: npm, curl, tar. */
#ifndef PLANCHE_MODELS_PROGRAM_H
#define PLANCHE_MODELS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* What planche_cli_run_program returns when there is no exit status. */
enum planche_cli_program_failure {
    PLANCHE_CLI_PROGRAM_MISSING = -1,     /* no such program on PATH */
    PLANCHE_CLI_PROGRAM_BROKEN = -2,      /* it could not be run, or was killed */
    PLANCHE_CLI_PROGRAM_INTERRUPTED = -3, /* a signal asked us to stop; the program was ended */
};

/* Runs arguments[0] (found on PATH; the list ends with NULL) and waits for it. Its stdin is empty,
 * its stdout goes to stderr, or, if output is not NULL, into output[size] (cut to fit, terminated).
 * Its stderr is ours, or, if silent, nowhere. Returns its exit status or one of the above. */
int planche_cli_run_program(const char *const *arguments, bool silent, char *output, size_t size);

#endif
