/* SPDX-License-Identifier: MIT */
/* Profiles: from a table of TOML to the text of a choice. */
#include "profile/profile.h"

#include "base/status.h"
#include "profile/parts.h"
#include "toml/toml.h"
#include "words/suggest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PAGES 15 /* alternatives that the library takes, but for the last */
#define MAX_SIDE  1000000

/* Names of keys and of kinds, for messages and near words. */
#define KEYS       "scale|width|height|levels|first|pages"
#define PAGES_KEYS "kind|max-height|model|levels|first"
#define KINDS      "grey|colour|all"

/* A profile while it is read. */
struct reading {
    struct planche_profile *profile;
    const char *path;
    FILE *text; /* of the choice */
    struct planche_error *error;
    const char *first; /* for all pages; NULL: none */
    bool levels;
    const struct planche_profile_names *names;
};

/* An entry of [[pages]]. */
struct pages {
    const char *kind, *model, *first;
    uint32_t height;
    bool levels;
};

static bool fail(struct reading *reading, unsigned line, const char *key, const char *what)
{
    planche_fail(reading->error, PLANCHE_ERROR_ARGUMENT, "%s:%u: %s: %s", reading->path, line, key,
                 what);
    return false;
}

/* A word that is none of a list ("a|b"), with the nearest that is. */
static bool fail_word(struct reading *reading, unsigned line, const char *what, const char *word,
                      const char *list)
{
    char buffer[128];
    struct planche_cli_suggestion meant = {.word = word};
    planche_cli_suggest_list(&meant, list, buffer, sizeof buffer);
    planche_fail(reading->error, PLANCHE_ERROR_ARGUMENT, "%s:%u: there is no %s '%.40s'%s%s%s",
                 reading->path, line, what, word, meant.best ? "; did you mean " : "",
                 meant.best ? meant.best : "", meant.best ? "?" : "");
    return false;
}

static bool take_number(struct reading *reading, const struct planche_toml *value, int64_t most,
                        uint32_t *out)
{
    char what[64];
    bool fits =
        value->type == PLANCHE_TOML_INTEGER && value->integer >= 1 && value->integer <= most;
    *out = fits ? (uint32_t)value->integer : 0;
    snprintf(what, sizeof what, "a whole number from 1 to %lld is wanted", (long long)most);
    return fits || fail(reading, value->line, value->key, what);
}

static bool take_switch(struct reading *reading, const struct planche_toml *value, bool *out)
{
    *out = value->boolean;
    return value->type == PLANCHE_TOML_BOOLEAN ||
           fail(reading, value->line, value->key, "true or false is wanted");
}

/* A file beside the profile, or whatever else the name is. */
struct beside {
    const char *path;
    char name[PATH_MAX];
};

static const char *place_beside(void *user, const char *name)
{
    struct beside *beside = user;
    const char *slash = strrchr(beside->path, '/');
    if (!slash || *name == '/' || !planche_model_is_file(name))
        return NULL;
    int length = snprintf(beside->name, sizeof beside->name, "%.*s/%s", (int)(slash - beside->path),
                          beside->path, name);
    FILE *file = length > 0 && length < (int)sizeof beside->name ? fopen(beside->name, "re") : NULL;
    if (!file)
        return NULL; /* an imported model, or one that is looked for where the command runs */
    fclose(file);
    return beside->name;
}

/* Whether there are the models of a text. */
static bool find_models(struct reading *reading, const struct planche_toml *value)
{
    struct beside beside = {.path = reading->path};
    char name[PATH_MAX], what[160];
    for (size_t i = 0; reading->names && planche_parts_name(value->text, i, name, sizeof name);
         i++) {
        if (place_beside(&beside, name) || reading->names->is_known(reading->names->user, name))
            continue;
        snprintf(what, sizeof what,
                 planche_model_is_file(name)
                     ? "%.80s: no such model file, neither beside the profile nor here"
                     : "there is no model named '%.80s'; planche models lists them",
                 name);
        return fail(reading, value->line, value->key, what);
    }
    return true;
}

/* The name of a model or of a chain, which must not be read as more. */
static bool take_model(struct reading *reading, const struct planche_toml *value, bool may_be_empty,
                       const char **out)
{
    if (value->type != PLANCHE_TOML_STRING)
        return fail(reading, value->line, value->key, "a model's name in quotes is wanted");
    *out = value->text;
    if (!*value->text)
        return may_be_empty || fail(reading, value->line, value->key, "the name is empty");
    struct planche_model_part part = PLANCHE_MODEL_PART_INIT;
    struct planche_error why = {0};
    if (strchr(value->text, '|'))
        return fail(reading, value->line, value->key, "one model or a chain is wanted, no choice");
    if (planche_model_part_find(value->text, 0, &part, &why) != PLANCHE_OK)
        return fail(reading, value->line, value->key, why.message);
    if (part.grey || part.colour || part.height)
        return fail(reading, value->line, value->key, "one model or a chain is wanted, no choice");
    if (part.levels)
        return fail(reading, value->line, value->key,
                    "levels are a key of their own: levels = true");
    return find_models(reading, value);
}

static bool take_kind(struct reading *reading, const struct planche_toml *value, const char **out)
{
    if (value->type != PLANCHE_TOML_STRING)
        return fail(reading, value->line, value->key, "grey, colour or all is wanted");
    *out = value->text;
    return strcmp(value->text, "grey") == 0 || strcmp(value->text, "colour") == 0 ||
           strcmp(value->text, "all") == 0 ||
           fail_word(reading, value->line, "kind of pages", value->text, KINDS);
}

static bool take_pages_key(struct reading *reading, struct pages *pages,
                           const struct planche_toml *value)
{
    if (strcmp(value->key, "kind") == 0)
        return take_kind(reading, value, &pages->kind);
    if (strcmp(value->key, "max-height") == 0)
        return take_number(reading, value, MAX_SIDE, &pages->height);
    if (strcmp(value->key, "model") == 0)
        return take_model(reading, value, false, &pages->model);
    if (strcmp(value->key, "levels") == 0)
        return take_switch(reading, value, &pages->levels);
    if (strcmp(value->key, "first") == 0)
        return take_model(reading, value, true, &pages->first);
    return fail_word(reading, value->line, "key of [[pages]]", value->key, PAGES_KEYS);
}

/* Writes the condition of an entry. False: it has none. */
static bool write_rule(FILE *text, const struct pages *pages)
{
    bool kind = strcmp(pages->kind, "all") != 0;
    if (kind)
        fputs(pages->kind, text);
    if (pages->height)
        fprintf(text, "%sheight<=%u", kind ? "," : "", pages->height);
    if (kind || pages->height)
        fputc(':', text);
    return kind || pages->height;
}

static void write_chain(FILE *text, const struct pages *pages)
{
    if (pages->levels && strcmp(pages->kind, "colour") != 0)
        fputs("levels+", text);
    if (pages->first && *pages->first)
        fprintf(text, "%s+", pages->first);
    fputs(pages->model, text);
}

/* Reads an entry of [[pages]]. *last: it is for all pages that are left. */
static bool take_pages(struct reading *reading, const struct planche_toml *table, bool *last)
{
    struct pages pages = {.kind = "all", .first = reading->first, .levels = reading->levels};
    if (*last)
        return fail(reading, table->line, "pages",
                    "no page is left for this: the entry before it has no kind and no max-height");
    for (const struct planche_toml *value = table->first; value; value = value->next)
        if (!take_pages_key(reading, &pages, value))
            return false;
    if (!pages.model)
        return fail(reading, table->line, "pages", "model is missing");
    *last = !write_rule(reading->text, &pages);
    write_chain(reading->text, &pages);
    if (!*last)
        fputc('|', reading->text);
    return true;
}

/* All entries, and "auto" for what is left. */
static bool take_list(struct reading *reading, const struct planche_toml *list)
{
    unsigned count = 0;
    bool last = false;
    if (list && list->type != PLANCHE_TOML_ARRAY)
        return fail(reading, list->line, "pages", "a list is wanted: [[pages]]");
    for (const struct planche_toml *table = list ? list->first : NULL; table; table = table->next) {
        if (table->type != PLANCHE_TOML_TABLE)
            return fail(reading, table->line, "pages", "tables are wanted: [[pages]]");
        if (count++ == MAX_PAGES)
            return fail(reading, table->line, "pages", "there are more than 15");
        if (!take_pages(reading, table, &last))
            return false;
    }
    const struct pages rest = {
        .kind = "all", .model = "auto", .first = reading->first, .levels = reading->levels};
    if (!last)
        write_chain(reading->text, &rest);
    return true;
}

static bool take_key(struct reading *reading, const struct planche_toml *value)
{
    struct planche_profile *profile = reading->profile;
    if (strcmp(value->key, "scale") == 0)
        return take_number(reading, value, 64, &profile->scale);
    if (strcmp(value->key, "width") == 0)
        return take_number(reading, value, MAX_SIDE, &profile->width);
    if (strcmp(value->key, "height") == 0)
        return take_number(reading, value, MAX_SIDE, &profile->height);
    if (strcmp(value->key, "levels") == 0)
        return take_switch(reading, value, &reading->levels);
    if (strcmp(value->key, "first") == 0)
        return take_model(reading, value, true, &reading->first);
    return strcmp(value->key, "pages") == 0 ||
           fail_word(reading, value->line, "key", value->key, KEYS);
}

static bool take_table(struct reading *reading, const struct planche_toml *table)
{
    for (const struct planche_toml *value = table->first; value; value = value->next)
        if (!take_key(reading, value))
            return false;
    return take_list(reading, planche_toml_get(table, "pages"));
}

/* Names of files are looked for beside the profile. */
static enum planche_status settle(struct planche_profile *profile, char *text, const char *path,
                                  struct planche_error *error)
{
    struct beside beside = {.path = path};
    struct planche_error why = {0};
    enum planche_status status =
        planche_parts_replace(&profile->model, text, place_beside, &beside, &why);
    return status ? planche_fail(error, status, "%s: %s", path, why.message) : PLANCHE_OK;
}

enum planche_status planche_profile_take(struct planche_profile *profile,
                                         const struct planche_toml *table, const char *path,
                                         const struct planche_profile_names *names,
                                         struct planche_error *error)
{
    char *text = NULL;
    size_t size = 0;
    struct reading reading = {.profile = profile,
                              .path = path,
                              .text = open_memstream(&text, &size),
                              .error = error,
                              .levels = true,
                              .names = names};
    *profile = (struct planche_profile){0};
    if (!reading.text)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory", path);
    bool ok = take_table(&reading, table);
    if (fclose(reading.text) != 0 && ok) {
        planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory", path);
        ok = false;
    }
    enum planche_status status = ok ? settle(profile, text, path, error) : error->status;
    free(text);
    return status;
}

enum planche_status planche_profile_check(const struct planche_toml *tables, const char *path,
                                          struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (tables->type != PLANCHE_TOML_TABLE)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s:%u: profiles are tables: [profiles.NAME]", path, tables->line);
    for (const struct planche_toml *table = tables->first; !status && table; table = table->next) {
        struct planche_profile profile = {0};
        status = table->type == PLANCHE_TOML_TABLE
                     ? planche_profile_take(&profile, table, path, NULL, error)
                     : planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                    "%s:%u: a profile is a table: [profiles.%.40s]", path,
                                    table->line, table->key);
        planche_profile_free(&profile);
    }
    return status;
}

enum planche_status planche_profile_read(struct planche_profile *profile, const char *path,
                                         const struct planche_profile_names *names,
                                         struct planche_error *error)
{
    struct planche_toml *tree = NULL;
    *profile = (struct planche_profile){0};
    enum planche_status status = planche_toml_read(&tree, path, error);
    if (status == PLANCHE_OK)
        status = planche_profile_take(profile, tree, path, names, error);
    planche_toml_free(tree);
    return status;
}

void planche_profile_free(struct planche_profile *profile)
{
    free(profile->model);
    *profile = (struct planche_profile){0};
}
