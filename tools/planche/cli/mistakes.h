/* SPDX-License-Identifier: MIT */
/* Mistakes on the command line: unknown options and wrong values, with what was probably meant. */
#ifndef PLANCHE_CLI_MISTAKES_H
#define PLANCHE_CLI_MISTAKES_H

#include "cli/option_table.h"

#include <planche/engine.h>
#include <stdbool.h>
#include <stddef.h>

/* Says that a sub-command does not know an option: a letter, or if that is 0 the word as it was
 * typed. Names the option of this command that does what other programs' option does, the nearest
 * ones, or the sub-command that has it. Returns PLANCHE_CLI_USAGE. */
int planche_cli_unknown_option(enum planche_cli_command command, const char *name, int letter,
                               const char *word);
/* Writes that a value is none of an option, which are, and which was probably meant. */
void planche_cli_wrong_value(const struct planche_cli_option *option, const char *value, char *text,
                             size_t size);

/* Writes why a file or folder that is there cannot be named as a model: by its name it is none.
 * False: nothing of this name is there. */
bool planche_cli_is_no_model(const char *name, char *text, size_t size);
/* Says that there is no such model, scale or denoise level, by the error of planche_cli_choose.
 * Returns PLANCHE_CLI_USAGE. */
int planche_cli_wrong_model(const struct planche_engine_options *options,
                            const struct planche_error *error);
/* What to do instead of naming this word, which is no file, as the first input: the command that
 * was meant. False: nothing is known of it. */
bool planche_cli_explain_command(const char *word, char *text, size_t size);
/* The commands of planche models, with | between them. */
extern const char planche_cli_model_commands[];
/* The one of them that other programs call by this word; NULL: none. */
const char *planche_cli_model_synonym(const char *word);

#endif
