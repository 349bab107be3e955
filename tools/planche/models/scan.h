/* SPDX-License-Identifier: MIT */
/* planche models scan FOLDER and planche models FILE: what models' files are. */
#ifndef PLANCHE_MODELS_SCAN_H
#define PLANCHE_MODELS_SCAN_H

#include "cli/options.h"

/* planche models scan FOLDER...: argv[0] is "scan". */
int planche_cli_scan(int argc, char **argv);
/* planche models FILE...: all about each. Gives an exit status. */
int planche_cli_describe_files(const struct planche_cli_options *options, int count,
                               char *const *paths);

#endif
