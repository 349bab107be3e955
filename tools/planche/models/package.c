/* SPDX-License-Identifier: MIT */
/* Package installation: a tarball is downloaded into the cache, and imported from there. */
#include "models/package.h"

#include "base/status.h"
#include "cli/interrupt.h"
#include "cli/paths.h"
#include "cli/terminal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where the download of a package lies, until all of it is installed. */
struct places {
    char partial[PATH_MAX]; /* folder in the cache for what is not finished */
    char tarball[PATH_MAX]; /* the complete download */
};

static bool set_places(struct places *places, const char *package, const char *folder)
{
    char name[128];
    snprintf(name, sizeof name, "%s", package);
    for (char *slash = name; (slash = strchr(slash, '/')) != NULL;)
        *slash = '_'; /* "@scope/name" */
    if (strlen(folder) > PATH_MAX - 512)
        return false;
    snprintf(places->partial, PATH_MAX, "%s/.partial", folder);
    snprintf(places->tarball, PATH_MAX, "%s/.partial/%s.tgz", folder, name);
    return true;
}

/* Makes the folder for what is not finished. */
static enum planche_status make_partial(struct places *places, const char *package,
                                        const char *folder, struct planche_error *error)
{
    if (!set_places(places, package, folder))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: name too long", folder);
    if (!planche_cli_make_folder(places->partial))
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot make this folder: %s",
                            places->partial, strerror(errno));
    return PLANCHE_OK;
}

/* A package that others have changed, or that lost files on the way, is no use. */
static enum planche_status check_complete(const char *package, const char *folder,
                                          struct planche_error *error)
{
    struct planche_error why;
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (variant->package == NULL || strcmp(variant->package, package) != 0)
            continue;
        if (planche_model_check(variant, folder, 0, &why) != PLANCHE_OK)
            return planche_fail(error, PLANCHE_ERROR_DATA,
                                "%s lacks %s.param and .bin as Planche knows them (by their "
                                "sha256)",
                                package, variant->package_path);
    }
    return PLANCHE_OK;
}

static enum planche_status install(const struct places *places, const char *package,
                                   const char *folder, struct planche_error *error)
{
    struct planche_model_import_options options = PLANCHE_MODEL_IMPORT_OPTIONS_INIT;
    options.directory = folder;
    options.cancel = planche_cli_interrupt_cancel();
    enum planche_status status = planche_model_import(places->tarball, &options, error);
    return status == PLANCHE_OK ? check_complete(package, folder, error) : status;
}

/* Whether a download is of no use: else the next run takes it as it is. */
static bool is_damaged(enum planche_status status)
{
    return status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_MODEL ||
           status == PLANCHE_ERROR_LIMIT || status == PLANCHE_ERROR_EXISTS;
}

enum planche_status planche_cli_package_get(const char *package, const char *folder,
                                            const struct planche_cli_download_options *options,
                                            bool *is_local, struct planche_error *error)
{
    struct places places;
    *is_local = true;
    enum planche_status status = make_partial(&places, package, folder, error);
    if (status != PLANCHE_OK)
        return status;
    /* A damaged download, perhaps of an interrupted run, is tried once more from scratch. */
    for (int attempt = 0; attempt < 2; attempt++) {
        status = PLANCHE_OK;
        if (access(places.tarball, F_OK) != 0)
            status = planche_cli_download(package, places.tarball, options, is_local, error);
        if (status != PLANCHE_OK)
            break;
        *is_local = true;
        status = install(&places, package, folder, error);
        if (status != PLANCHE_OK && !is_damaged(status))
            break; /* the download is intact: the next run uses it */
        unlink(places.tarball);
        if (status == PLANCHE_OK)
            break;
        if (attempt == 0)
            planche_cli_note("The download of %s is damaged (%s); once more from the start",
                             package, error->message);
    }
    rmdir(places.partial);
    return status;
}
