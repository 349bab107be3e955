/* SPDX-License-Identifier: MIT */
/* Names of imported models. */
#include "cli/imported.h"

#include "cli/terminal.h"
#include "profile/parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By its extension: not even a name with a + in it is read as several models. */
static bool is_file_name(const char *name)
{
    char path[NAME_MAX + 3];
    int length = snprintf(path, sizeof path, "./%s", name);
    return length < (int)sizeof path && planche_model_is_file(path);
}

static int is_model(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && is_file_name(entry->d_name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int planche_cli_imported_list(const char *folder, struct dirent ***names)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/" PLANCHE_CLI_IMPORTED, folder);
    *names = NULL;
    return length < 0 || length >= (int)sizeof path ? -1 : scandir(path, names, is_model, by_name);
}

/* Whether a model is named by its file's name without the extension, or by all of it. */
static bool is_named(const char *file, const char *name)
{
    size_t length = strlen(name);
    return strncmp(file, name, length) == 0 &&
           (file[length] == 0 || strrchr(file, '.') == file + length);
}

/* How many models a name means; the path of the last one. */
static int find(const char *folder, const char *name, char *path, size_t size)
{
    struct dirent **names;
    int count = planche_cli_imported_list(folder, &names), found = 0;
    for (int i = 0; i < count; i++) {
        if (is_named(names[i]->d_name, name)) {
            int length =
                snprintf(path, size, "%s/" PLANCHE_CLI_IMPORTED "/%s", folder, names[i]->d_name);
            found += length >= 0 && (size_t)length < size;
        }
        free(names[i]);
    }
    free(names);
    return found;
}

/* Not one that the catalogue has. */
static bool may_be_imported(const char *name)
{
    const struct planche_model_variant *variant = NULL;
    return strchr(name, '/') == NULL &&
           (is_file_name(name) || planche_model_find(name, 0, PLANCHE_DENOISE_DEFAULT, &variant,
                                                     NULL) == PLANCHE_ERROR_NOT_FOUND);
}

/* Neither a model of the catalogue nor a file that is there. */
static bool is_open_name(const char *name)
{
    return name != NULL && may_be_imported(name) &&
           (!planche_model_is_file(name) || access(name, F_OK) != 0);
}

int planche_cli_imported_find(const char *folder, const char *name, char *path, size_t size)
{
    return may_be_imported(name) ? find(folder, name, path, size) : 0;
}

int planche_cli_imported_sort(const char *folder, int count, char **names)
{
    int own = 0;
    for (int i = count - 1; i >= 0; i--) {
        char path[PATH_MAX], *name = names[i];
        int found = planche_cli_imported_find(folder, name, path, sizeof path);
        if (found > 1) {
            planche_cli_usage_error("models",
                                    "%s means several files of %s/" PLANCHE_CLI_IMPORTED
                                    "; name one with its extension",
                                    name, folder);
            return -1;
        }
        if (found == 0)
            continue;
        own++;
        memmove(names + i, names + i + 1, (size_t)(count - own - i) * sizeof *names);
        names[count - own] = name;
    }
    return own;
}

const char *planche_cli_imported_short(const char *folder, const char *file, char *text,
                                       size_t size)
{
    char path[PATH_MAX];
    const char *dot = strrchr(file, '.');
    snprintf(text, size, "%.*s", dot != NULL ? (int)(dot - file) : (int)strlen(file), file);
    if (planche_parts_are_several(file) || strlen(file) >= size)
        return NULL;
    if (*text != 0 && !planche_model_is_file(text) &&
        planche_cli_imported_find(folder, text, path, sizeof path) == 1)
        return text;
    snprintf(text, size, "%s", file);
    return text;
}

/* Imported models while names are replaced. */
struct names {
    const char *folder;
    bool failed, changed; /* a message was printed; there was one */
    char path[PATH_MAX];
};

/* The path of the model of a name; NULL: it is none of these. */
static const char *path_of(void *user, const char *name)
{
    struct names *names = user;
    int found = is_open_name(name) ? find(names->folder, name, names->path, sizeof names->path) : 0;
    if (found > 1) {
        planche_cli_usage_error("model",
                                "--model %s means several files of %s/" PLANCHE_CLI_IMPORTED
                                "; name one with its extension",
                                name, names->folder);
        names->failed = true;
    }
    names->changed = names->changed || found == 1;
    return found == 1 ? names->path : NULL;
}

/* The same of all names of a text, to be freed with *kept. False: a message was printed. */
static bool settle(const char *folder, const char **name, char **kept)
{
    struct names names = {.folder = folder};
    struct planche_error error = {0};
    char *text;
    free(*kept);
    *kept = NULL;
    bool replaced = planche_parts_replace(&text, *name, path_of, &names, &error) == PLANCHE_OK;
    if (!replaced && names.changed && !names.failed) { /* else its errors are told later */
        planche_cli_usage_error("model", "--model %s: %s", *name, error.message);
        names.failed = true;
    }
    if (!replaced || !names.changed || names.failed) {
        free(text);
        return !names.failed;
    }
    *name = *kept = text;
    return true;
}

/* Of the models that were imported and others. */
static bool find_folder(const struct planche_cli_options *options, char *folder, size_t size)
{
    const char *given = options->engine.model_directory;
    if (given != NULL)
        return (size_t)snprintf(folder, size, "%s", given) < size;
    return planche_model_directory(folder, size, NULL) == PLANCHE_OK;
}

bool planche_cli_imported_folder(const struct planche_cli_options *options, char *path, size_t size)
{
    char folder[PATH_MAX];
    if (!find_folder(options, folder, sizeof folder))
        return false;
    int length = snprintf(path, size, "%s/" PLANCHE_CLI_IMPORTED, folder);
    return length > 0 && (size_t)length < size;
}

bool planche_cli_imported_has(const struct planche_cli_options *options, const char *name)
{
    char folder[PATH_MAX], path[PATH_MAX];
    return find_folder(options, folder, sizeof folder) && find(folder, name, path, sizeof path) > 0;
}

bool planche_cli_imported_settle(struct planche_cli_options *options)
{
    static char *kept[PLANCHE_CLI_MAX_MODELS + 1]; /* options point into it */
    char folder[PATH_MAX];
    if (options->engine.model == NULL)
        return true;
    if (!find_folder(options, folder, sizeof folder))
        return true; /* which is told when a model is looked for */
    for (size_t i = 0; i < options->model_count; i++) {
        if (!settle(folder, &options->models[i], &kept[i]))
            return false;
    }
    return settle(folder, &options->engine.model, &kept[PLANCHE_CLI_MAX_MODELS]);
}
