/* SPDX-License-Identifier: MIT */
/* Terminal output: lines on stderr and one status line, from any thread. */
#ifndef PLANCHE_CLI_TERMINAL_H
#define PLANCHE_CLI_TERMINAL_H

#include <stdbool.h>

/* "planche: " and one line. What a file name may hold and a terminal must not get becomes '?'
 * (planche_text_show), here and in what follows. */
__attribute__((format(printf, 1, 2))) void planche_cli_message(const char *format, ...);
/* The same without the prefix. */
__attribute__((format(printf, 1, 2))) void planche_cli_note(const char *format, ...);
/* A line on standard output. */
__attribute__((format(printf, 1, 2))) void planche_cli_print(const char *format, ...);
/* Writes out what standard output holds. False: it cannot; the first reason, as in errno, stays (0:
 * none was seen). For one thread at a time. */
bool planche_cli_flush_output(void);
int planche_cli_output_reason(void);
/* "planche: WHAT; see planche help TOPIC" (an option, a sub-command, a section; "": all of --help);
 * returns PLANCHE_CLI_USAGE. */
__attribute__((format(printf, 2, 3))) int planche_cli_usage_error(const char *topic,
                                                                  const char *format, ...);
/* Says that there is no memory; returns PLANCHE_CLI_NOT_STARTED. */
int planche_cli_no_memory(void);

/* Draws text as the status line, which later lines push down; "" removes it. */
void planche_cli_status_line(const char *text);
/* Whether standard error is a terminal, and whether it is one on which the cursor can be moved. */
bool planche_cli_is_terminal(void);
bool planche_cli_has_escapes(void);
/* Whether standard output is a terminal, and whether it shows colours that the user wants:
 * NO_COLOR, CLICOLOR and CLICOLOR_FORCE, https://no-color.org and https://bixense.com/clicolors. */
bool planche_cli_prints_on_terminal(void);
bool planche_cli_prints_colours(void);
/* Columns of the terminal at stderr; 80 if unknown. */
unsigned planche_cli_columns(void);

#endif
