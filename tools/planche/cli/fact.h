/* SPDX-License-Identifier: MIT */
/* Printing of facts: a name and a value, wrapped where a terminal of 80 columns ends. */
#ifndef PLANCHE_CLI_FACT_H
#define PLANCHE_CLI_FACT_H

/* Prints a line to standard output; more of them, indented, if the value is long. An empty name
 * continues the fact before. What would move the cursor becomes '?'. */
void planche_cli_print_fact(const char *name, const char *value);
/* The same where so many columns of the line are written already, as few as 64. */
void planche_cli_print_fact_from(unsigned indent, const char *name, const char *value);

#endif
