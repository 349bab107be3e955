/* SPDX-License-Identifier: MIT */
/* planche models import, and fetch --from. */
#ifndef PLANCHE_MODELS_IMPORT_H
#define PLANCHE_MODELS_IMPORT_H

#include <stdbool.h>

/* Imports files, folders and archives of models into the cache, one after the other. Returns an
 * exit status. */
int planche_cli_import_files(int count, char *const *paths, const char *folder, bool quiet);
/* The sub-command. */
int planche_cli_import(int argc, char **argv);

#endif
