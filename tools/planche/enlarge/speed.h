/* SPDX-License-Identifier: MIT */
/* Speeds of earlier runs: input pixels per second, by model and what else decides, in the state
 * directory (planche/speeds). What has never run has none: --dry-run computes nothing to find out.
 */
#ifndef PLANCHE_CLI_ENLARGE_SPEED_H
#define PLANCHE_CLI_ENLARGE_SPEED_H

#include "cli/option_values.h"

/* Keeps the speed of a run; one that cannot be kept is forgotten. scale: of the model. */
void planche_cli_speed_keep(const struct planche_cli_options *options, unsigned scale,
                            double pixels_per_second);
/* The speed of the last run with the same model and machine options; 0: there was none. */
double planche_cli_speed_find(const struct planche_cli_options *options, unsigned scale);

#endif
