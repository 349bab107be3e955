/* SPDX-License-Identifier: MIT */
/* planche models path, verify, remove. */
#ifndef PLANCHE_MODELS_MANAGE_H
#define PLANCHE_MODELS_MANAGE_H

#include <stdbool.h>

/* Runs the sub-command argv[0]; false: it is none of these. */
bool planche_cli_manage(int argc, char **argv, int *status);

#endif
