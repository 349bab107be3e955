/* SPDX-License-Identifier: MIT */
/* planche models fetch: downloads models into the cache. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/mistakes.h"
#include "cli/model_options.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "io/folder_lock.h"
#include "models/package.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_POLL_MS 200

/* A parsed MODEL[:SCALE[:DENOISE]]. */
struct selection {
    char model[64];
    unsigned scale; /* 0: all */
    int level;      /* PLANCHE_CLI_NO_LEVEL: all */
};

static bool parse_selection(const char *text, struct selection *selection)
{
    char scale[8] = "", level[8] = "", rest[2] = "";
    long number;
    *selection = (struct selection){.level = PLANCHE_CLI_NO_LEVEL};
    int parts = sscanf(text, "%63[^:]:%7[^:]:%7[^:]%1s", selection->model, scale, level, rest);
    if (parts < 1 || parts > 3 || text[strlen(text) - 1] == ':')
        return false;
    if (parts >= 2 && !planche_cli_parse_integer(scale, 1, 64, &number))
        return false;
    selection->scale = parts >= 2 ? (unsigned)number : 0;
    if (parts == 3 && !planche_cli_parse_integer(level, -1, 3, &number))
        return false;
    selection->level = parts == 3 ? (int)number : PLANCHE_CLI_NO_LEVEL;
    return true;
}

static bool selects(const struct selection *selection, const struct planche_model_variant *variant)
{
    return strcmp(selection->model, variant->model) == 0 &&
           (selection->scale == 0 || selection->scale == variant->scale) &&
           (selection->level == PLANCHE_CLI_NO_LEVEL ||
            planche_cli_denoise(variant->model, selection->level) == variant->denoise);
}

/* Marks the variants that one operand selects. If there is none, the message is the catalogue's. */
static int mark_wanted(bool *wanted, const char *text)
{
    struct selection selection;
    struct planche_error error = {0};
    const struct planche_model_variant *ignored;
    if (!parse_selection(text, &selection))
        return planche_cli_usage_error("models", "'%s' is not MODEL[:SCALE[:DENOISE]]", text);
    bool any = false;
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        bool selected = selects(&selection, planche_model_variant_get(i));
        wanted[i] = wanted[i] || selected;
        any = any || selected;
    }
    if (any)
        return PLANCHE_CLI_OK;
    planche_model_find(selection.model, selection.scale,
                       planche_cli_denoise(selection.model, selection.level), &ignored, &error);
    const struct planche_engine_options meant = {.model = selection.model};
    return planche_cli_wrong_model(&meant, &error);
}

/* One fetch at a time: a second waits and then finds everything there. False: a message was
 * printed, or a signal came. */
static bool lock_cache(struct planche_folder_lock *lock, const char *folder)
{
    char path[PATH_MAX + 8];
    enum planche_folder_lock_result result = PLANCHE_FOLDER_LOCK_FAILED;
    snprintf(path, sizeof path, "%s/.lock", folder);
    if (planche_cli_make_folder(folder))
        result = planche_file_lock_take(lock, path);
    if (result == PLANCHE_FOLDER_LOCK_BUSY)
        planche_cli_note("Another planche is fetching models; waiting for it");
    while (result == PLANCHE_FOLDER_LOCK_BUSY && planche_cli_interrupt_signal() == 0) {
        poll(NULL, 0, LOCK_POLL_MS);
        result = planche_file_lock_take(lock, path);
    }
    if (result == PLANCHE_FOLDER_LOCK_FAILED)
        planche_cli_message("%s: cannot write here: %s; choose another folder with --model-dir",
                            folder, strerror(errno));
    return result == PLANCHE_FOLDER_LOCK_TAKEN;
}

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

static int report(const struct planche_error *error, const char *package, const char *folder)
{
    if (error->status == PLANCHE_ERROR_NOT_FOUND)
        planche_cli_message("%s, or put the files of %s that planche models --json lists into %s",
                            error->message, package, folder);
    else if (error->status != PLANCHE_ERROR_CANCELLED)
        planche_cli_message("%s", error->message);
    return PLANCHE_CLI_NOT_STARTED;
}

static int fetch_missing(const bool *wanted, const struct planche_cli_options *options,
                         const char *folder)
{
    struct planche_error error = {0};
    struct planche_folder_lock lock = PLANCHE_FOLDER_LOCK_NONE;
    int status = PLANCHE_CLI_OK;
    if (!lock_cache(&lock, folder))
        return PLANCHE_CLI_NOT_STARTED;
    for (size_t i = 0; status == PLANCHE_CLI_OK && i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (wanted[i] && !is_there(variant, folder) &&
            planche_cli_package_get(variant->package, folder, options->quiet, &error) != PLANCHE_OK)
            status = report(&error, variant->package, folder);
    }
    planche_folder_lock_release(&lock);
    return status;
}

static int fetch(const bool *wanted, const struct planche_cli_options *options)
{
    struct planche_error error = {0};
    char path[PATH_MAX];
    const char *folder = options->engine.model_directory;
    if (folder == NULL && planche_model_directory(path, sizeof path, &error) != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_NOT_STARTED;
    }
    folder = folder != NULL ? folder : path;
    if (count_missing(wanted, folder) == 0) { /* before the lock: a read-only cache is enough */
        if (!options->quiet)
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
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_FETCH, "models", argc, argv, &first,
                                   &status))
        return status;
    if (options.all && first < argc)
        return planche_cli_usage_error("models", "--all and '%s' contradict", argv[first]);
    bool *wanted = calloc(planche_model_variant_count() + 1, sizeof *wanted);
    if (wanted == NULL) {
        planche_cli_message("out of memory");
        return PLANCHE_CLI_NOT_STARTED;
    }
    status = PLANCHE_CLI_OK;
    for (size_t i = 0; options.all && i < planche_model_variant_count(); i++)
        wanted[i] = true;
    if (!options.all && first == argc)
        status = mark_wanted(wanted, PLANCHE_CLI_DEFAULT_MODEL);
    for (int i = first; i < argc && status == PLANCHE_CLI_OK; i++)
        status = mark_wanted(wanted, argv[i]);
    if (status == PLANCHE_CLI_OK)
        status = fetch(wanted, &options);
    free(wanted);
    return status;
}
