/* SPDX-License-Identifier: MIT */
/* Hints: what the library calls by the fields of its structs, in the words of the command. The
 * library writes "(option max_pixels)" or "(option memory = 57M)", "fetch the model NAME", "see the
 * list of GPUs"; the command has an option or a sub-command for each. */
#ifndef PLANCHE_CLI_HINTS_H
#define PLANCHE_CLI_HINTS_H

#include <stdbool.h>
#include <stddef.h>

/* Copies a message into text with the command's hints in it; a message that does not fit stays as
 * it is as far as it fits. Returns text. */
const char *planche_cli_hint(const char *message, char *text, size_t size);
/* Messages about a page in memory begin with "page: ": puts its name there, or nothing if name is
 * NULL. A message that does not fit in size bytes is cut. */
void planche_cli_hint_name(char *message, size_t size, const char *name);
/* For programs whose options are not Planche's: fields are left out of messages from now on. Not
 * thread-safe. */
void planche_cli_hint_no_options(void);
/* For commands whose --memory is shared: so many engines have equal parts of it, or of what is left
 * once bodies have a quarter, but at most so many MiB (0: there are none). Not thread-safe. */
void planche_cli_hint_engines(unsigned engines);
void planche_cli_hint_bodies(unsigned mib);

#endif
