/* SPDX-License-Identifier: MIT */
/* planche models scan: the models' files in folders, and what they are. */
#include "models/scan.h"

#include "cli/cli.h"
#include "cli/imported.h"
#include "cli/interrupt.h"
#include "cli/mistakes.h"
#include "cli/options.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "models/describe.h"
#include "models/selection.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Folders below the one that is named, names that are looked at, and models that are loaded. */
#define MAX_DEPTH  8
#define MAX_NAMES  100000
#define MAX_MODELS 2000

struct scan {
    const struct planche_cli_options *options;
    void (*found)(void *user, const char *path); /* NULL: models are shown */
    void *user;
    size_t names, models;
    bool heading; /* is printed */
    bool full;    /* a bound was met */
    int status;
};

static bool is_stopped(const struct scan *scan)
{
    return scan->full || planche_cli_interrupt_signal() != 0;
}

static void meet_bound(struct scan *scan, const char *what, unsigned count)
{
    planche_cli_message("the folder has more than %u %s; the rest is left out: name folders in it",
                        count, what);
    scan->full = true;
    scan->status = PLANCHE_CLI_PAGE_FAILED;
}

static void show(struct scan *scan, const char *path)
{
    struct planche_cli_description description;
    if (scan->models == MAX_MODELS) {
        meet_bound(scan, "models", MAX_MODELS);
        return;
    }
    scan->models++;
    if (scan->found != NULL) {
        scan->found(scan->user, path);
        return;
    }
    bool speed = scan->options->speed;
    planche_cli_describe(&description, path, speed);
    if (scan->options->json) {
        if (!planche_cli_describe_json(&description))
            scan->status = PLANCHE_CLI_PAGE_FAILED;
        return;
    }
    if (!scan->heading)
        planche_cli_describe_heading(speed);
    scan->heading = true;
    planche_cli_describe_line(&description, speed);
    fflush(stdout);
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void visit_folder(struct scan *scan, char *path, unsigned depth);

/* Links to folders are not followed, so that there is no way round in a circle. Who wants the files
 * is told of them, and of links with a model's name that lead nowhere; neither is a model. */
static void visit(struct scan *scan, char *path, unsigned depth)
{
    struct stat info;
    if (scan->names++ == MAX_NAMES) {
        meet_bound(scan, "files", MAX_NAMES);
        return;
    }
    if (lstat(path, &info) != 0)
        return;
    bool named = planche_model_is_file(path);
    if (S_ISDIR(info.st_mode)) {
        if (depth < MAX_DEPTH)
            visit_folder(scan, path, depth + 1);
        else
            planche_cli_message("%s: too deep; it is left out", path);
    } else if (stat(path, &info) != 0 ? named : S_ISDIR(info.st_mode)) {
        if (scan->found != NULL)
            scan->found(scan->user, path);
    } else if (S_ISREG(info.st_mode) && named) {
        show(scan, path);
    }
}

/* path is of PATH_MAX bytes, and is as before afterwards. */
static void visit_folder(struct scan *scan, char *path, unsigned depth)
{
    struct dirent **names;
    size_t length = strlen(path);
    int count = scandir(path, &names, is_shown, by_name);
    if (count < 0) {
        planche_cli_message("%s: %s", path, strerror(errno));
        scan->status = PLANCHE_CLI_PAGE_FAILED;
        return;
    }
    for (int i = 0; i < count; i++) {
        int added = snprintf(path + length, PATH_MAX - length, "%s%s",
                             path[length - 1] == '/' ? "" : "/", names[i]->d_name);
        if (!is_stopped(scan) && added >= 0 && (size_t)added < PATH_MAX - length)
            visit(scan, path, depth);
        path[length] = 0;
        free(names[i]);
    }
    free(names);
}

static void scan_operand(struct scan *scan, const char *operand)
{
    char path[PATH_MAX];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s", operand);
    if (length <= 0 || length >= (int)sizeof path || stat(path, &info) != 0) {
        planche_cli_message("%s: %s", operand, strerror(length <= 0 ? ENOENT : errno));
        scan->status = PLANCHE_CLI_PAGE_FAILED; /* it has gone since it was looked for */
        return;
    }
    size_t before = scan->models;
    int status = scan->status;
    if (!S_ISDIR(info.st_mode)) {
        show(scan, path);
        return;
    }
    visit_folder(scan, path, 0);
    bool read = scan->status == status; /* else something in it could not be, and may be one */
    if (scan->models == before && read && !is_stopped(scan))
        planche_cli_note("%s: no model's file is in it", operand);
}

bool planche_cli_scan_each(const char *folder, void (*found)(void *user, const char *path),
                           void *user)
{
    char path[PATH_MAX];
    struct scan scan = {.found = found, .user = user, .status = PLANCHE_CLI_OK};
    if (*folder == 0 || (size_t)snprintf(path, sizeof path, "%s", folder) >= sizeof path)
        return false;
    visit_folder(&scan, path, 0);
    return scan.status == PLANCHE_CLI_OK;
}

int planche_cli_scan(int argc, char **argv)
{
    struct planche_cli_options options;
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_MODELS, "models", argc, argv, &first,
                                   &status))
        return status;
    if (first == argc)
        return planche_cli_usage_error("models",
                                       "no folder is named: planche models scan FOLDER...");
    status = planche_cli_models_are_there(argc - first, argv + first);
    if (status != PLANCHE_CLI_OK)
        return status;
    for (int i = first; i < argc; i++) {
        char text[PLANCHE_ERROR_MESSAGE_SIZE];
        if (!planche_cli_is_folder(argv[i]) && planche_cli_is_no_model(argv[i], text, sizeof text))
            return planche_cli_usage_error("models", "%s", text);
    }
    struct scan scan = {.options = &options, .status = PLANCHE_CLI_OK};
    planche_cli_interrupt_install();
    for (int i = first; i < argc && !is_stopped(&scan); i++)
        scan_operand(&scan, argv[i]);
    return scan.status;
}

int planche_cli_describe_files(const struct planche_cli_options *options, int count,
                               char *const *paths)
{
    int status = PLANCHE_CLI_OK;
    planche_cli_interrupt_install();
    for (int i = 0; i < count && planche_cli_interrupt_signal() == 0; i++) {
        struct planche_cli_description description;
        struct planche_cli_options own = *options;
        own.engine.model = own.models[0] = paths[i]; /* or the name of an imported model */
        own.model_count = 1;
        if (!planche_cli_imported_settle(&own))
            return PLANCHE_CLI_USAGE;
        planche_cli_describe(&description, own.engine.model, options->speed);
        if (options->json)
            planche_cli_describe_json(&description);
        else
            planche_cli_describe_all(&description);
        if (!description.usable)
            status = PLANCHE_CLI_PAGE_FAILED;
    }
    return status;
}
