/* SPDX-License-Identifier: MIT */
/* --for: where profiles come from. */
#include "cli/profile.h"

#include "base/status.h"
#include "base/text.h"
#include "cli/config.h"
#include "cli/imported.h"
#include "cli/terminal.h"
#include "profile/parts.h"
#include "profile/profile.h"
#include "toml/toml.h"
#include "words/suggest.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANGAJANAI "mangajanai"

/* No profile is called so. */
static enum planche_status fail_name(const char *name, const struct planche_toml *tables,
                                     struct planche_error *error)
{
    struct planche_cli_suggestion meant = {.word = name};
    planche_cli_suggest(&meant, MANGAJANAI);
    for (const struct planche_toml *table = tables ? tables->first : NULL; table;
         table = table->next)
        planche_cli_suggest(&meant, table->key);
    return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                        "--for %.80s: there is no such profile%s%s%s; give a file that ends in "
                        ".toml, a folder with MangaJaNai's models, or the name of a table "
                        "[profiles.NAME] of the configuration",
                        name, meant.best ? "; did you mean " : "", meant.best ? meant.best : "",
                        meant.best ? "?" : "");
}

/* A model's file, or a name of the catalogue or of the imported models. */
static bool is_known(void *user, const char *name)
{
    const struct planche_model_variant *variant = NULL;
    if (planche_model_is_file(name) && access(name, F_OK) == 0)
        return true;
    return planche_model_find(name, 0, PLANCHE_DENOISE_DEFAULT, &variant, NULL) == PLANCHE_OK ||
           planche_cli_imported_has(user, name);
}

/* Of the configuration, else a name that is built in. */
static enum planche_status find_named(struct planche_profile *profile,
                                      const struct planche_cli_options *options, const char *name,
                                      const struct planche_profile_names *names,
                                      struct planche_error *error)
{
    const struct planche_toml *tables = NULL, *table = NULL;
    struct planche_toml *tree = NULL;
    char folder[PATH_MAX];
    enum planche_status status = PLANCHE_OK;
    if (options->config && *options->config->path)
        status = planche_toml_read(&tree, options->config->path, error);
    if (!status && tree)
        tables = planche_toml_get(tree, "profiles");
    if (tables && tables->type == PLANCHE_TOML_TABLE)
        table = planche_toml_get(tables, name);
    if (!status && table)
        status = planche_profile_take(profile, table, options->config->path, names, error);
    else if (!status && strcmp(name, MANGAJANAI) != 0)
        status = fail_name(name, tables, error);
    else if (!status && !planche_cli_imported_folder(options, folder, sizeof folder))
        status = planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "there is no folder of models");
    else if (!status)
        status = planche_profile_make_mangajanai(profile, folder, options->engine.scale, error);
    planche_toml_free(tree);
    return status;
}

static enum planche_status find(struct planche_profile *profile,
                                const struct planche_cli_options *options, const char *name,
                                struct planche_error *error)
{
    const struct planche_profile_names names = {is_known, (void *)(uintptr_t)options};
    bool folder = strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
    struct stat info;
    if (planche_text_ends(name, ".toml"))
        return planche_profile_read(profile, name, &names, error);
    if (folder && stat(name, &info) == 0 && S_ISDIR(info.st_mode)) {
        char path[PATH_MAX];
        size_t length = strlen(name);
        while (length > 1 && name[length - 1] == '/')
            length--;
        snprintf(path, sizeof path, "%.*s", (int)length, name);
        return planche_profile_make_mangajanai(profile, path, options->engine.scale, error);
    }
    return find_named(profile, options, name, &names, error);
}

static bool has_target(const struct planche_cli_options *options)
{
    return options->page.width != 0 || options->page.height != 0;
}

bool planche_cli_profile_settle(struct planche_cli_options *options)
{
    static struct planche_profile profile; /* options point into it */
    struct planche_error error = {0};
    const char *name = options->profile_name;
    if (name == NULL)
        return true;
    if (planche_cli_option_is_typed(options, "model") &&
        planche_cli_option_is_typed(options, "for")) {
        planche_cli_usage_error("for", "--for and --model exclude each other: a profile says which "
                                       "models there are");
        return false;
    }
    planche_profile_free(&profile);
    if (find(&profile, options, name, &error) != PLANCHE_OK) {
        planche_cli_usage_error("for", "%s", error.message);
        return false;
    }
    options->engine.model = options->models[0] = profile.model;
    options->model_count = 1;
    if (options->engine.scale == 0 && options->page.scale == 0)
        options->engine.scale = profile.scale;
    if (!has_target(options)) {
        options->page.width = profile.width;
        options->page.height = profile.height;
    }
    return true;
}
