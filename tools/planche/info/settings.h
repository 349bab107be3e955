/* SPDX-License-Identifier: MIT */
/* Settings: the options that do not have what is built in, and where their values come from. */
#ifndef PLANCHE_INFO_SETTINGS_H
#define PLANCHE_INFO_SETTINGS_H

#include "cli/config.h"

#include <jansson.h>

/* Both leave out what a variable has replaced. */
void planche_cli_settings_print(const struct planche_cli_config *config);
/* Sets "configuration" and "settings". */
void planche_cli_settings_json(const struct planche_cli_config *config, json_t *object);

#endif
