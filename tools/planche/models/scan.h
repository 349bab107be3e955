/* SPDX-License-Identifier: MIT */
/* planche models scan FOLDER and planche models FILE: what models' files are. */
#ifndef PLANCHE_MODELS_SCAN_H
#define PLANCHE_MODELS_SCAN_H

#include "cli/options.h"

#include <stdbool.h>

/* planche models scan FOLDER...: argv[0] is "scan". */
int planche_cli_scan(int argc, char **argv);
/* Calls found with the path of each model's file that a scan of the folder finds, links to files
 * included, in order, and with those of links to folders and of links with a model's name that lead
 * nowhere. False: a message says what could not be looked at. */
bool planche_cli_scan_each(const char *folder, void (*found)(void *user, const char *path),
                           void *user);
/* planche models FILE...: all about each. Gives an exit status. */
int planche_cli_describe_files(const struct planche_cli_options *options, int count,
                               char *const *paths);

#endif
