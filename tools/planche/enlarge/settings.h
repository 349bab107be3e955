/* SPDX-License-Identifier: MIT */
/* Settings of an output: what it is made with, as far as the command line says. */
#ifndef PLANCHE_CLI_ENLARGE_SETTINGS_H
#define PLANCHE_CLI_ENLARGE_SETTINGS_H

#include "cli/option_values.h"
#include "enlarge/plan.h"
#include "enlarge/records.h"

/* A digest of the model, its scale and denoise level, and all options that change results. The
 * machine, its memory and the version of Planche are not in it: results of another machine or
 * version are no reason to make a library again. scale: of the result. */
void planche_cli_settings(const struct planche_cli_options *options,
                          const struct planche_cli_item *item, unsigned scale,
                          char text[PLANCHE_CLI_SETTINGS_TEXT]);

#endif
