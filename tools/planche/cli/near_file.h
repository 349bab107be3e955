/* SPDX-License-Identifier: MIT */
/* Did you mean, for files: the name in a folder that is nearest to one that is not there. */
#ifndef PLANCHE_CLI_NEAR_FILE_H
#define PLANCHE_CLI_NEAR_FILE_H

#include <planche/error.h>

#include <stdbool.h>
#include <stddef.h>

/* How far a name of a folder is from a wanted one; 0: only in large and small letters, UINT_MAX:
 * too far. One letter in three may be wrong, those of the extension do not count, and names whose
 * numbers differ mean different things. */
unsigned planche_cli_near_file_distance(const char *wanted, const char *name);
/* Finds the nearest name in the folder of a path that does not exist, as a path. False: nothing is
 * near, or there is something of that path. */
bool planche_cli_near_file(const char *path, char *text, size_t size);
/* Adds "; did you mean NAME?" to the error of a file that does not exist. */
void planche_cli_near_file_hint(const char *path, struct planche_error *error);

#endif
