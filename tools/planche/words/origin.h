/* SPDX-License-Identifier: MIT */
/* Origins: where values of options come from that turn out to be wrong only when they are used. */
#ifndef PLANCHE_WORDS_ORIGIN_H
#define PLANCHE_WORDS_ORIGIN_H

/* Nothing is known any more. */
void planche_cli_origin_clear(void);
/* Notes the place ("PATH:LINE" or a variable's name) of a value that holds for an option. Those of
 * options that nobody asks for are not kept. */
void planche_cli_origin_note(const char *option, const char *place);
/* The place; "": the command line, or the option has no value. */
const char *planche_cli_origin_of(const char *option);

#endif
