/* SPDX-License-Identifier: MIT */
/* planche models A+B: what a chain or a choice of models does with pages. */
#ifndef PLANCHE_MODELS_EXPLAIN_H
#define PLANCHE_MODELS_EXPLAIN_H

#include "cli/options.h"

/* Prints what each text means. Gives an exit status. */
int planche_cli_explain_texts(const struct planche_cli_options *options, int count,
                              char *const *texts);

#endif
