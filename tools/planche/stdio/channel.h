/* SPDX-License-Identifier: MIT */
/* stdin and stdout of the resident process: lines and runs of bytes, stopped by a signal. */
#ifndef PLANCHE_CLI_STDIO_CHANNEL_H
#define PLANCHE_CLI_STDIO_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_CLI_LINE_SIZE 65536 /* of a request's line, terminator included */

/* Zeroes to begin with. Reads from standard input. */
struct planche_cli_channel {
    char buffer[PLANCHE_CLI_LINE_SIZE];
    size_t begin, end;
    bool ended; /* end of input, a read error or a signal */
    int error;  /* the read error's errno; 0: none */
};

enum planche_cli_line {
    PLANCHE_CLI_LINE_OK,
    PLANCHE_CLI_LINE_TOO_LONG, /* it was skipped */
    PLANCHE_CLI_LINE_END       /* end of input, or a signal */
};

/* The next line without its newline into line[PLANCHE_CLI_LINE_SIZE]; *length does not count the
 * terminator. */
enum planche_cli_line planche_cli_channel_line(struct planche_cli_channel *channel, char *line,
                                               size_t *length);
/* The next size bytes into data (NULL: skipped). Returns how many there were before the end. */
uint64_t planche_cli_channel_bytes(struct planche_cli_channel *channel, void *data, uint64_t size);

/* Writes to standard output. False: the reader is gone, or a signal came and it does not read. */
bool planche_cli_channel_write(const void *data, size_t size);

#endif
