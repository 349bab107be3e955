/* SPDX-License-Identifier: MIT */
/* planche models path, verify, remove: what is done with models that are there. */
#include "models/manage.h"

#include "cli/cli.h"
#include "cli/model_options.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "models/selection.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Does it to one variant whose .param file lies, or should lie, at path. False: a message was
 * printed. */
typedef bool (*action_fn)(const struct planche_model_variant *variant, const char *folder,
                          char *path);

static bool print_path(const struct planche_model_variant *variant, const char *folder, char *path)
{
    struct planche_error error = {0};
    if (planche_model_check(variant, folder, 0, &error) != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return false;
    }
    if (planche_cli_prints_on_terminal())
        planche_cli_print("%s", path);
    else
        puts(path); /* for programs: the bytes of the name, whatever they are */
    return true;
}

/* What is not there is nothing to verify. */
static bool verify(const struct planche_model_variant *variant, const char *folder, char *path)
{
    struct planche_error error = {0};
    enum planche_status status = planche_model_check(variant, folder, 1, &error);
    if (status == PLANCHE_ERROR_NOT_FOUND)
        return true;
    if (status != PLANCHE_OK)
        planche_cli_message("%s", error.message);
    else
        planche_cli_print("%s: sound", path);
    return status == PLANCHE_OK;
}

static bool delete_file(const char *path)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return true;
    planche_cli_message("%s: cannot delete: %s", path, strerror(errno));
    return false;
}

static bool delete_files(const struct planche_model_variant *variant, const char *folder,
                         char *path)
{
    (void)variant;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    bool deleted = delete_file(path);
    memcpy(path + strlen(path) - strlen(".param"), ".bin", sizeof ".bin");
    deleted = delete_file(path) && deleted;
    /* The folder of a model goes with its last file. */
    char *slash = strrchr(path, '/');
    *slash = 0;
    if (strcmp(path, folder) != 0)
        rmdir(path);
    return deleted;
}

static int act_on(const bool *wanted, bool all, const char *folder, action_fn action)
{
    int status = PLANCHE_CLI_OK;
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        struct planche_error error = {0};
        char path[PATH_MAX];
        if (!wanted[i] || (variant->package == NULL && (all || action == verify)))
            continue; /* what is built in has no files */
        if (planche_model_path(variant, folder, path, sizeof path, &error) != PLANCHE_OK) {
            planche_cli_message("%s", error.message);
            return PLANCHE_CLI_NOT_STARTED;
        }
        if (!action(variant, folder, path))
            status = PLANCHE_CLI_PAGE_FAILED;
    }
    return status;
}

static const struct {
    const char *name;
    action_fn action;
    bool all; /* without names */
} actions[] = {
    {"path", print_path, false},
    {"verify", verify, true},
    {"remove", delete_files, false},
};

static int run(size_t which, int argc, char **argv)
{
    struct planche_cli_options options;
    char folder[PATH_MAX];
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_FETCH, "models", argc, argv, &first,
                                   &status) ||
        !planche_cli_model_folder(&options, folder, sizeof folder, &status))
        return status;
    if (options.from != NULL || options.output != NULL)
        return planche_cli_usage_error("models", "--from is for models fetch, and -o for models "
                                                 "pack");
    bool all = options.all || (actions[which].all && first == argc);
    bool *wanted = planche_cli_select_models(argc - first, argv + first, all, NULL, &status);
    if (wanted != NULL)
        status = act_on(wanted, all, folder, actions[which].action);
    free(wanted);
    return status;
}

bool planche_cli_manage(int argc, char **argv, int *status)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(argv[0], actions[i].name) == 0) {
            *status = run(i, argc, argv);
            return true;
        }
    }
    return false;
}
