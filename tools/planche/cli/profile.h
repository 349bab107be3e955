/* SPDX-License-Identifier: MIT */
/* --for: a profile in the place of a model, and of a scale and a size where none is given. */
#ifndef PLANCHE_CLI_PROFILE_H
#define PLANCHE_CLI_PROFILE_H

#include "cli/option_values.h"

/* Finds the profile that --for names and takes over what it says: a file that ends in .toml, a
 * folder with the files of MangaJaNai, a table [profiles.NAME] of the configuration, or
 * "mangajanai" among the imported models. What it says is valid until the next call. False: a
 * message was printed. */
bool planche_cli_profile_settle(struct planche_cli_options *options);

#endif
