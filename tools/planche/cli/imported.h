/* SPDX-License-Identifier: MIT */
/* Imported models: those that `planche models import` put into the models' folder and that are in
 * no catalogue. They are named as their files, with or without the extension. */
#ifndef PLANCHE_CLI_IMPORTED_H
#define PLANCHE_CLI_IMPORTED_H

#include "base/file_names.h"
#include "cli/option_values.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

/* Folder of such models in the models' folder. */
#define PLANCHE_CLI_IMPORTED PLANCHE_NAME_IMPORTED

/* The names of the models' files, sorted; the caller frees each and the list. -1: there is no such
 * folder, or it cannot be read. */
int planche_cli_imported_list(const char *folder, struct dirent ***names);
/* How many imported models of the models' folder a name means, that the catalogue does not have: 1,
 * or 2 and more of a name without extension. The path of the last one goes to path. */
int planche_cli_imported_find(const char *folder, const char *name, char *path, size_t size);
/* Puts names of imported models behind the others. How many there are; -1: one means several files,
 * and a message was printed. */
int planche_cli_imported_sort(const char *folder, int count, char **names);
/* The shortest text that means an imported model after -m, from its file's name: without the
 * extension, or all of it. NULL: only its path does. text has room for the name. */
const char *planche_cli_imported_short(const char *folder, const char *file, char *text,
                                       size_t size);
/* Where they are. False: there is no folder of models. */
bool planche_cli_imported_folder(const struct planche_cli_options *options, char *path,
                                 size_t size);
/* Whether an imported model has the name. */
bool planche_cli_imported_has(const struct planche_cli_options *options, const char *name);
/* Puts the paths of imported models in the place of their names in options->engine.model and
 * options->models, in chains and choices, too. The catalogue's names and paths stay. The paths are
 * valid until the next call. False: a name means two files; a message was printed. */
bool planche_cli_imported_settle(struct planche_cli_options *options);

#endif
