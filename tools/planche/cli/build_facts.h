/* SPDX-License-Identifier: MIT */
/* Build facts: what the command and its library were made from. */
#ifndef PLANCHE_CLI_BUILD_FACTS_H
#define PLANCHE_CLI_BUILD_FACTS_H

#include <jansson.h>

/* Prints a line a fact: commit, compiler, libraries. */
void planche_cli_build_print(void);
/* Adds "commit" and "build", an object of names and values. */
void planche_cli_build_json(json_t *object);

#endif
