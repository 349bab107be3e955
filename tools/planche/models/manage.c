/* SPDX-License-Identifier: MIT */
/* planche models path, verify, remove: what is done with models that are there. */
#include "models/manage.h"

#include "base/file_names.h"
#include "cli/cli.h"
#include "cli/imported.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "models/licence.h"
#include "models/lock.h"
#include "models/selection.h"
#include "words/suggest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is done. */
struct work {
    const char *folder;
    const struct planche_cli_options *options;
    size_t deleted; /* models */
};

/* Does it to one model whose file, or the first of whose two, lies or should lie at path, which has
 * room for its other files' names. variant: NULL: it was imported. False: a message was printed. */
typedef bool (*action_fn)(struct work *work, const struct planche_model_variant *variant,
                          char *path);

static bool print_path(struct work *work, const struct planche_model_variant *variant, char *path)
{
    struct planche_error error = {0};
    if (variant != NULL && planche_model_check(variant, work->folder, 0, &error) != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return false;
    }
    if (planche_cli_prints_on_terminal())
        planche_cli_print("%s", path);
    else
        puts(path); /* for programs: the bytes of the name, whatever they are */
    return true;
}

/* There is no sum of a model that was imported, but it could be loaded then. */
static bool verify_imported(const char *path)
{
    struct planche_model_facts facts = PLANCHE_MODEL_FACTS_INIT;
    struct planche_error error = {0};
    bool loads = planche_model_inspect(path, 0, &facts, &error) == PLANCHE_OK;
    if (loads)
        planche_cli_print("%s: can be loaded", path);
    else
        planche_cli_message("%s", error.message);
    return loads;
}

/* What is not there is nothing to verify. */
static bool verify(struct work *work, const struct planche_model_variant *variant, char *path)
{
    struct planche_error error = {0};
    if (variant == NULL)
        return verify_imported(path);
    enum planche_status status = planche_model_check(variant, work->folder, 1, &error);
    if (status == PLANCHE_ERROR_NOT_FOUND)
        return true;
    if (status != PLANCHE_OK)
        planche_cli_message("%s", error.message);
    else
        planche_cli_print("%s: sound", path);
    return status == PLANCHE_OK;
}

static bool delete_file(const struct work *work, const char *path)
{
    if (unlink(path) == 0) {
        if (!work->options->quiet)
            planche_cli_note("%s: deleted", path);
        return true;
    }
    if (errno == ENOENT)
        return true;
    planche_cli_message("%s: cannot delete: %s", path, strerror(errno));
    return false;
}

/* Whether another imported model has the same name before its extension. */
static bool shares_stem(const struct work *work, const char *path)
{
    char stem[NAME_MAX + 1];
    const char *base = strrchr(path, '/') + 1, *dot = strrchr(base, '.');
    snprintf(stem, sizeof stem, "%.*s", (int)(dot - base), base);
    return planche_cli_imported_has(work->options, stem);
}

static bool is_own_licence(const char *path, const char *file)
{
    char licence[PATH_MAX];
    bool own = false;
    for (size_t i = 0; planche_name_licence(path, i, licence, sizeof licence, &own) > 0; i++)
        if (own && strcmp(file, licence) == 0)
            return true;
    return false;
}

/* What was imported with a model to tell its licence. Other files of its name may be anybody's: a
 * .json, .txt or .md that tells no licence stays. The model itself is gone. */
static bool delete_licences(const struct work *work, const char *path)
{
    char licence[256], file[PATH_MAX];
    if (shares_stem(work, path))
        return true;
    while (planche_cli_licence_find(path, licence, sizeof licence, file, sizeof file) &&
           is_own_licence(path, file))
        if (!delete_file(work, file))
            return false;
    int stem = (int)(strrchr(path, '.') - path);
    int length = snprintf(file, sizeof file, "%.*s" PLANCHE_NAME_LICENCE, stem, path);
    return length >= (int)sizeof file || delete_file(work, file); /* an empty one tells nothing */
}

static bool delete_files(struct work *work, const struct planche_model_variant *variant, char *path)
{
    char second[PATH_MAX];
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    bool deleted = delete_file(work, path);
    size_t length = planche_name_partner(path, second, sizeof second);
    if (length > 0 && length < sizeof second)
        deleted = delete_file(work, second) && deleted;
    if (deleted && variant == NULL)
        deleted = delete_licences(work, path);
    work->deleted += deleted;
    /* The folder of a model goes with its last file. */
    char *slash = strrchr(path, '/');
    *slash = 0;
    if (strcmp(path, work->folder) != 0)
        rmdir(path);
    return deleted;
}

static int act_on_variants(struct work *work, const bool *wanted, bool all, action_fn action)
{
    int status = PLANCHE_CLI_OK;
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        struct planche_error error = {0};
        char path[PATH_MAX];
        if (!wanted[i] || (variant->package == NULL && (all || action == verify)))
            continue; /* what is built in has no files */
        if (planche_model_path(variant, work->folder, path, sizeof path, &error) != PLANCHE_OK) {
            planche_cli_message("%s", error.message);
            return PLANCHE_CLI_NOT_STARTED;
        }
        if (!action(work, variant, path))
            status = PLANCHE_CLI_PAGE_FAILED;
    }
    return status;
}

static int act_on_imported(struct work *work, int count, char **names, action_fn action)
{
    int status = PLANCHE_CLI_OK;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        if (planche_cli_imported_find(work->folder, names[i], path, sizeof path) == 1 &&
            !action(work, NULL, path))
            status = PLANCHE_CLI_PAGE_FAILED;
    }
    return status;
}

/* All models that were imported. */
static int act_on_all_imported(struct work *work, action_fn action)
{
    struct dirent **names;
    int status = PLANCHE_CLI_OK, count = planche_cli_imported_list(work->folder, &names);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        int length = snprintf(path, sizeof path, "%s/" PLANCHE_CLI_IMPORTED "/%s", work->folder,
                              names[i]->d_name);
        if (length > 0 && length < (int)sizeof path && !action(work, NULL, path))
            status = PLANCHE_CLI_PAGE_FAILED;
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return status;
}

static const struct action {
    const char *name;
    action_fn action;
    bool all; /* without names */
} actions[] = {
    {"path", print_path, false},
    {"verify", verify, true},
    {"remove", delete_files, false},
};

/* Nothing is done unless all names mean something. */
static int act(struct work *work, const struct action *action, int count, char **names, bool all)
{
    int status = PLANCHE_CLI_OK, others = PLANCHE_CLI_OK;
    int own = planche_cli_imported_sort(work->folder, count, names),
        first = all ? count : count - own;
    bool *wanted = NULL;
    if (own < 0)
        return PLANCHE_CLI_USAGE;
    if (first > 0 || own == 0) {
        wanted = planche_cli_select_models(first, names, all, NULL, &status);
        if (wanted == NULL)
            return status;
        status = act_on_variants(work, wanted, all, action->action);
        free(wanted);
    }
    if (own > 0)
        others = act_on_imported(work, own, names + count - own, action->action);
    else if (all && action->all)
        others = act_on_all_imported(work, action->action);
    return status != PLANCHE_CLI_OK ? status : others;
}

/* Who imports or fetches at the time ends first. */
static int remove_models(struct work *work, const struct action *action, int count, char **names,
                         const struct planche_cli_options *options)
{
    struct planche_folder_lock lock = PLANCHE_FOLDER_LOCK_NONE;
    bool there = access(work->folder, F_OK) == 0;
    planche_cli_interrupt_install();
    if (there && !planche_cli_lock_models(&lock, work->folder))
        return PLANCHE_CLI_NOT_STARTED;
    int status = act(work, action, count, names, options->all);
    planche_folder_lock_release(&lock);
    if (!options->quiet && status == PLANCHE_CLI_OK)
        planche_cli_note("Done: %zu removed from %s", work->deleted, work->folder);
    return status;
}

static int run(const struct action *action, int argc, char **argv)
{
    struct planche_cli_options options;
    char folder[PATH_MAX];
    struct work work = {.folder = folder, .options = &options};
    int first, status;
    if (!planche_cli_models_begin(argc, argv, &options, &first, folder, sizeof folder, &status))
        return status;
    if (options.from != NULL || options.output != NULL)
        return planche_cli_usage_error("models", "--from is for models fetch, and -o for models "
                                                 "pack");
    if (action->action == delete_files)
        return remove_models(&work, action, argc - first, argv + first, &options);
    return act(&work, action, argc - first, argv + first,
               options.all || (action->all && first == argc));
}

bool planche_cli_manage(int argc, char **argv, int *status)
{
    const struct action *action = PLANCHE_CLI_FIND_NAMED(actions, argv[0]);
    if (action != NULL)
        *status = run(action, argc, argv);
    return action != NULL;
}
