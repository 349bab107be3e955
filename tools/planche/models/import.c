/* SPDX-License-Identifier: MIT */
/* planche models import: models from files, folders and archives that are here already. */
#include "models/import.h"

#include "base/file_names.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/hints.h"
#include "cli/imported.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "models/lock.h"
#include "models/scan.h"
#include "models/selection.h"
#include "os/file_info.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the operands brought so far. */
struct imported {
    const char *folder; /* of models */
    bool quiet;
    bool named; /* models of this folder are found by their names, without --model-dir */
    size_t fresh, there, failed; /* failed: files of folders */
};

/* Models of the catalogue are many, and are named as ever; others by their files. */
static void note_model(void *user, const struct planche_model_imported *model)
{
    struct imported *imported = user;
    const char *slash = strrchr(model->path, '/'), *name = NULL;
    char text[NAME_MAX + 1];
    imported->fresh += !model->there;
    imported->there += model->there != 0;
    if (imported->quiet || model->variant != NULL)
        return;
    if (imported->named && slash != NULL)
        name = planche_cli_imported_short(imported->folder, slash + 1, text, sizeof text);
    planche_cli_note("%s: use it with -m %s", model->there ? "Already here" : "Imported",
                     name != NULL ? name : model->path);
}

/* "x.bin" is the second file of "x.param", which brings it. */
static bool is_partner(int count, char *const *paths, const char *path)
{
    char first[PATH_MAX];
    if (!planche_text_ends(path, ".bin") ||
        planche_name_partner(path, first, sizeof first) >= sizeof first)
        return false;
    for (int i = 0; i < count; i++) {
        if (strcmp(paths[i], first) == 0)
            return true;
    }
    return false;
}

static void tell(const struct planche_error *error)
{
    char text[PLANCHE_ERROR_MESSAGE_SIZE + 64];
    if (error->status != PLANCHE_ERROR_CANCELLED)
        planche_cli_message("%s", planche_cli_hint(error->message, text, sizeof text));
}

static enum planche_status import_quietly(const char *path, struct imported *imported,
                                          struct planche_error *error)
{
    struct planche_model_import_options options = PLANCHE_MODEL_IMPORT_OPTIONS_INIT;
    options.directory = imported->folder;
    options.cancel = planche_cli_interrupt_cancel();
    options.imported = note_model;
    options.user = imported;
    return planche_model_import(path, &options, error);
}

/* What lies beside a model's file under a licence's name, and is left out. */
static void tell_links(const char *model)
{
    struct planche_file_info info;
    char path[PATH_MAX];
    size_t length;
    bool own;
    for (size_t i = 0; (length = planche_name_licence(model, i, path, sizeof path, &own)) > 0; i++)
        if (length < sizeof path && planche_file_find_link(path, &info) == PLANCHE_FILE_PRESENT &&
            info.kind != PLANCHE_FILE_REGULAR)
            planche_cli_message("%s: is %s: it is left out", path,
                                info.kind == PLANCHE_FILE_LINK
                                    ? "a symbolic link, which is not followed"
                                    : "no regular file");
}

/* A model's file of a folder, by itself. */
static void import_found(void *user, const char *path)
{
    struct imported *imported = user;
    struct planche_file_info info;
    struct planche_error error = {0};
    if (planche_cli_interrupt_signal() != 0)
        return;
    if (planche_file_find_link(path, &info) == PLANCHE_FILE_PRESENT &&
        info.kind == PLANCHE_FILE_LINK) {
        planche_cli_message("%s: is a symbolic link, which is followed only if it is named", path);
        imported->failed++;
    } else if (import_quietly(path, imported, &error) != PLANCHE_OK) {
        tell(&error);
        imported->failed++;
    }
}

/* Whether the models of a source can be taken one by one: a list of sums speaks of all of them. */
static bool is_loose_folder(const char *path)
{
    char sums[PATH_MAX];
    return planche_cli_is_folder(path) &&
           (size_t)snprintf(sums, sizeof sums, "%s/SHA256SUMS", path) < sizeof sums &&
           planche_file_find_link(sums, NULL) == PLANCHE_FILE_ABSENT;
}

/* A folder of which something cannot be imported is gone through again, file by file. */
static bool import_one(const char *path, struct imported *imported)
{
    struct planche_error error = {0};
    enum planche_status status = import_quietly(path, imported, &error);
    if (status == PLANCHE_OK && !planche_cli_is_folder(path))
        tell_links(path);
    if (status == PLANCHE_OK)
        return true;
    size_t before = imported->failed;
    bool each = status != PLANCHE_ERROR_CANCELLED && status != PLANCHE_ERROR_MEMORY &&
                is_loose_folder(path);
    if (each)
        planche_cli_scan_each(path, import_found, imported);
    if (!each || imported->failed == before)
        tell(&error);
    return false;
}

int planche_cli_import_files(int count, char *const *paths, const char *folder, bool quiet)
{
    struct planche_folder_lock lock = PLANCHE_FOLDER_LOCK_NONE;
    struct imported imported = {.folder = folder, .quiet = quiet};
    int status = PLANCHE_CLI_OK;
    char usual[PATH_MAX];
    imported.named = planche_model_directory(usual, sizeof usual, NULL) == PLANCHE_OK &&
                     strcmp(usual, folder) == 0;
    status = planche_cli_models_are_there(count, paths);
    if (status != PLANCHE_CLI_OK)
        return status;
    planche_cli_interrupt_install();
    if (!planche_cli_lock_models(&lock, folder))
        return PLANCHE_CLI_NOT_STARTED;
    for (int i = 0; i < count && planche_cli_interrupt_signal() == 0; i++) {
        if (!is_partner(count, paths, paths[i]) && !import_one(paths[i], &imported))
            status = PLANCHE_CLI_PAGE_FAILED;
    }
    planche_folder_lock_release(&lock);
    if (!quiet && imported.fresh + imported.there > 0)
        planche_cli_note("Done: %zu imported, %zu were here already; the models are in %s",
                         imported.fresh, imported.there, folder);
    return status;
}

int planche_cli_import(int argc, char **argv)
{
    struct planche_cli_options options;
    char folder[PATH_MAX];
    int first, status;
    if (!planche_cli_models_begin(argc, argv, &options, &first, folder, sizeof folder, &status))
        return status;
    if (options.from != NULL || options.all || options.output != NULL)
        return planche_cli_usage_error("models",
                                       "models import takes files, and no --from, --all or -o");
    if (first == argc)
        return planche_cli_usage_error("models", "no file is named: planche models import FILE...");
    return planche_cli_import_files(argc - first, argv + first, folder, options.quiet);
}
