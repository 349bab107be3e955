/* SPDX-License-Identifier: MIT */
/* Standard output of the resident process: what is written together stays together. */
#ifndef PLANCHE_CLI_STDIO_OUTPUT_H
#define PLANCHE_CLI_STDIO_OUTPUT_H

#include "os/thread.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct planche_cli_output {
    struct planche_mutex lock; /* of standard output */
    atomic_bool broken;        /* nobody reads it */
};

void planche_cli_output_init(struct planche_cli_output *output);

/* Writes a line and the bytes that follow it. line NULL: no memory for it, which ends the process
 * like an output that nobody reads: its reader would wait for ever. Thread-safe. */
void planche_cli_output_answer(struct planche_cli_output *output, const char *line,
                               const void *data, size_t size);
/* Writes a line that may be left out (NULL: it is) and is while another thread writes. */
void planche_cli_output_hint(struct planche_cli_output *output, const char *line);

#endif
