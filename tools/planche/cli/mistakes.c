/* SPDX-License-Identifier: MIT */
/* Mistakes on the command line: what was probably meant. */
#include "cli/mistakes.h"

#include "base/text.h"
#include "cli/devices.h"
#include "cli/terminal.h"
#include "os/file_info.h"
#include "words/origin.h"
#include "words/suggest.h"

#include <planche/planche.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Options of other programs (the ncnn programs, cp, cwebp, ImageMagick), and what they are here. */
static const struct foreign {
    const char *name;
    const char *topic;
    const char *meant;
} foreigners[] = {
    {"i", "", "inputs are named without an option: planche FILE..."},
    {"t", "tile", "the size of tiles is --tile"},
    {"g", "backend", "GPUs are chosen by --backend vulkan:N, the CPU by --backend cpu"},
    {"x", "tta", "test-time augmentation is --tta"},
    {"c", "se", "page-wide averages are chosen by --se exact or --se sampled"},
    {"w", "width", "the width of results is --width"},
    {"z", "scale", "the scale is -s"},
    {"r", "", "folders are read with all folders in them, without an option"},
    {"R", "", "folders are read with all folders in them, without an option"},
    {"y", "overwrite", "outputs that exist are replaced with --overwrite"},
    {"p", "precision", "the number type is --precision, the progress --progress"},
    {"d", "model-dir", "the folder of models is --model-dir"},
    {"O", "output", "the output is -o"},
    {"input", "", "inputs are named without an option: planche FILE..."},
    {"force", "overwrite", "outputs that exist are replaced with --overwrite"},
    {"replace", "overwrite", "outputs that exist are replaced with --overwrite"},
    {"recursive", "", "folders are read with all folders in them, without an option"},
    {"no-clobber", "overwrite", "outputs that exist are never replaced without --overwrite"},
    {"no-overwrite", "overwrite", "outputs that exist are never replaced without --overwrite"},
    {"gpu", "backend", "GPUs are chosen by --backend vulkan:N"},
    {"gpu-id", "backend", "GPUs are chosen by --backend vulkan:N"},
    {"device-id", "backend", "GPUs are chosen by --backend vulkan:N"},
    {"cpu", "backend", "the CPU is chosen by --backend cpu"},
    {"tile-size", "tile", "the size of tiles is --tile"},
    {"tilesize", "tile", "the size of tiles is --tile"},
    {"noise", "denoise", "noise removal is -n"},
    {"noise-level", "denoise", "noise removal is -n"},
    {"silent", "quiet", "messages other than errors are left out with --quiet"},
    {"no-config", "config", "no configuration file is read with --config none"},
    {"resize", "fit", "the size of results is --width, --height or --fit"},
    {"profile", "device", "the screen of a device is --device"},
    {"target", "fit", "the size of results is --width, --height or --fit"},
    {"list-models", "models", "planche models lists the models"},
};

/* The same of servers. */
#define ADDRESS "listen", "address and port are --listen 127.0.0.1:8377"
static const struct foreign server_options[] = {
    {"p", ADDRESS}, {"b", ADDRESS}, {"port", ADDRESS}, {"bind", ADDRESS}, {"address", ADDRESS},
};

const char planche_cli_model_commands[] = "fetch|import|scan|pack|path|verify|remove";

/* What other programs call them. */
static const struct synonym {
    const char *word, *command;
} synonyms[] = {
    {"download", "fetch"}, {"install", "fetch"}, {"get", "fetch"},
    {"delete", "remove"},  {"rm", "remove"},     {"add", "import"},
};

/* First words of other programs for what needs no command here. */
static const char *const needless[] = {"upscale", "enlarge", "convert", "run"};

static bool has(const struct planche_cli_option *option, enum planche_cli_command command)
{
    return (option->commands & (unsigned)command) != 0;
}

static const struct foreign *find_in(const struct foreign *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    }
    return NULL;
}

/* Long options are looked for where pages are made alone. */
static const struct foreign *find_foreigner(enum planche_cli_command command, const char *name)
{
    const struct foreign *found = NULL;
    if (command == PLANCHE_CLI_SERVE)
        found = find_in(server_options, sizeof server_options / sizeof *server_options, name);
    bool general = name[1] == 0 ? command != PLANCHE_CLI_MODELS && command != PLANCHE_CLI_INFO
                                : command == PLANCHE_CLI_ENLARGE;
    if (found == NULL && general)
        found = find_in(foreigners, sizeof foreigners / sizeof *foreigners, name);
    return found;
}

/* "--max-pixels, --max-entries" for --max; the number of them. */
static unsigned list_beginnings(enum planche_cli_command command, const char *word, char *text,
                                size_t size)
{
    unsigned count = 0;
    size_t used = 0;
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        const struct planche_cli_option *option = &planche_cli_option_table[i];
        if (!has(option, command) || strncmp(option->name, word, strlen(word)) != 0 || used >= size)
            continue;
        used +=
            (size_t)snprintf(text + used, size - used, "%s--%s", count ? ", " : "", option->name);
        count++;
    }
    return count;
}

static const char *nearest_option(enum planche_cli_command command, const char *word)
{
    struct planche_cli_suggestion suggestion = {.word = word};
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        if (has(&planche_cli_option_table[i], command))
            planche_cli_suggest(&suggestion, planche_cli_option_table[i].name);
    }
    return suggestion.best;
}

/* option: as it was written, of other commands. */
static int refuse_elsewhere(const char *name, const char *option)
{
    return planche_cli_usage_error(name, "%s is not an option of %s%s", option,
                                   *name ? "planche " : "pages and books", name);
}

/* word: without dashes and value. */
static int unknown_long(enum planche_cli_command command, const char *name, const char *word)
{
    char list[256];
    if (list_beginnings(command, word, list, sizeof list) > 1)
        return planche_cli_usage_error(name, "--%s may be %s", word, list);
    const struct foreign *foreign = find_foreigner(command, word);
    if (foreign != NULL && word[1] != 0)
        return planche_cli_usage_error(foreign->topic, "unknown option --%s: %s", word,
                                       foreign->meant);
    if (planche_cli_option_find(word) != NULL) {
        snprintf(list, sizeof list, "--%s", word);
        return refuse_elsewhere(name, list);
    }
    const char *best = nearest_option(command, word);
    if (best != NULL)
        return planche_cli_usage_error(best, "unknown option --%s; did you mean --%s?", word, best);
    return planche_cli_usage_error(name, "unknown option --%s", word);
}

static const struct planche_cli_option *find_letter(int letter)
{
    for (size_t i = 0; i < planche_cli_option_count; i++)
        if (planche_cli_option_table[i].letter == letter)
            return &planche_cli_option_table[i];
    return NULL;
}

int planche_cli_unknown_option(enum planche_cli_command command, const char *name, int letter,
                               const char *word)
{
    char text[64] = {(char)letter};
    if (planche_file_find_link(word, NULL) == PLANCHE_FILE_PRESENT) /* as *.jpg may name it */
        return planche_cli_usage_error(name, "%s is taken as options; name the file ./%s", word,
                                       word);
    const struct foreign *foreign = letter ? find_foreigner(command, text) : NULL;
    if (!letter) {
        word += strspn(word, "-");
        snprintf(text, sizeof text, "%.*s", (int)strcspn(word, "="), word);
        return unknown_long(command, name, text);
    }
    if (foreign != NULL)
        return planche_cli_usage_error(foreign->topic, "unknown option -%c: %s", letter,
                                       foreign->meant);
    const struct planche_cli_option *row = find_letter(letter);
    if (row != NULL) {
        snprintf(text, sizeof text, "-%c, --%s,", letter, row->name);
        return refuse_elsewhere(name, text);
    }
    return planche_cli_usage_error(name, "unknown option -%c", letter);
}

/* "keep, skip or fail" for "keep|skip|fail". */
static void list_values(const char *values, char *text, size_t size)
{
    size_t length = 0;
    for (; *values && length + 5 < size; values++) {
        const char *put = *values != '|'            ? (char[]){*values, 0}
                          : strchr(values + 1, '|') ? ", "
                                                    : " or ";
        length += (size_t)snprintf(text + length, size - length, "%s", put);
    }
}

void planche_cli_wrong_value(const struct planche_cli_option *option, const char *value, char *text,
                             size_t size)
{
    char values[128] = "", nearest[64], meant[96] = "";
    struct planche_cli_suggestion suggestion = {.word = value};
    list_values(option->values, values, sizeof values);
    planche_cli_suggest_list(&suggestion, option->values, nearest, sizeof nearest);
    if (strcmp(option->name, "device") == 0)
        planche_cli_device_suggest(&suggestion);
    if (suggestion.best != NULL)
        snprintf(meant, sizeof meant, "; did you mean %s?", suggestion.best);
    snprintf(text, size, "'%.200s' is not %s%s", value, *option->form ? option->form : values,
             meant);
}

static bool is_archive(const char *name)
{
    return planche_text_ends(name, ".zip") || planche_text_ends(name, ".tar") ||
           planche_text_ends(name, ".tgz") || planche_text_ends(name, ".gz") ||
           planche_text_ends(name, ".7z");
}

bool planche_cli_is_no_model(const char *name, char *text, size_t size)
{
    struct planche_file_info info;
    if (planche_model_is_file(name) || planche_file_find(name, &info) != PLANCHE_FILE_PRESENT)
        return false;
    if (info.kind == PLANCHE_FILE_FOLDER)
        snprintf(text, size, "%s is a folder; planche models scan lists the models in it", name);
    else if (is_archive(name))
        snprintf(text, size,
                 "%s is an archive by its name; planche models import takes models out of it",
                 name);
    else if (planche_text_ends(name, ".bin"))
        snprintf(text, size, "%s is the second file of a model: name the .param beside it", name);
    else
        snprintf(text, size,
                 "%s is no model's file by its name: those end in .param, .planche, .pth, .pt, "
                 ".ckpt, .safetensors or .onnx",
                 name);
    return true;
}

int planche_cli_wrong_model(const struct planche_engine_options *options,
                            const struct planche_error *error)
{
    struct planche_cli_suggestion suggestion = {.word = options->model ? options->model : ""};
    planche_cli_suggest(&suggestion, "auto");
    for (size_t i = 0; i < planche_model_variant_count(); i++)
        planche_cli_suggest(&suggestion, planche_model_variant_get(i)->model);
    const char *topic = strstr(error->message, "denoise") ? "denoise"
                        : strstr(error->message, "scale") ? "scale"
                                                          : "model";
    const char *place = planche_cli_origin_of(topic), *colon = *place != 0 ? ": " : "";
    char text[PLANCHE_ERROR_MESSAGE_SIZE];
    if (error->status == PLANCHE_ERROR_NOT_FOUND && options->model != NULL &&
        planche_cli_is_no_model(options->model, text, sizeof text))
        return planche_cli_usage_error(topic, "%s%s%s", place, colon, text);
    if (suggestion.best != NULL && suggestion.distance > 0)
        return planche_cli_usage_error(topic, "%s%s%s; did you mean %s?", place, colon,
                                       error->message, suggestion.best);
    return planche_cli_usage_error(topic, "%s%s%s", place, colon, error->message);
}

/* The command that was probably meant; NULL: none. */
static const char *suggest_command(const char *word)
{
    static const char *const others[] = {"version", "help"};
    struct planche_cli_suggestion suggestion = {.word = word};
    if (strchr(word, '/') != NULL) /* "in/x" is no "info" */
        return NULL;
    for (size_t i = 1; i < planche_cli_command_count; i++)
        planche_cli_suggest(&suggestion, planche_cli_command_table[i].section);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        planche_cli_suggest(&suggestion, others[i]);
    return suggestion.best;
}

const char *planche_cli_model_synonym(const char *word)
{
    const struct synonym *synonym = PLANCHE_CLI_FIND_NAMED(synonyms, word);
    return synonym != NULL ? synonym->command : NULL;
}

bool planche_cli_explain_command(const char *word, char *text, size_t size)
{
    const char *command = suggest_command(word), *synonym = planche_cli_model_synonym(word);
    char buffer[64];
    struct planche_cli_suggestion models = {.word = word};
    planche_cli_suggest_list(&models, planche_cli_model_commands, buffer, sizeof buffer);
    for (size_t i = 0; i < sizeof needless / sizeof *needless; i++) {
        if (strcmp(needless[i], word) == 0) {
            snprintf(text, size, "pages and books need no command: planche FILE...");
            return true;
        }
    }
    if (command != NULL && strcmp(command, word) == 0)
        snprintf(text, size, "a command comes before its options: planche %s ...", command);
    else if (synonym != NULL || (models.best != NULL && strcmp(models.best, word) == 0))
        snprintf(text, size, "did you mean the command 'planche models %s'?",
                 synonym != NULL ? synonym : models.best);
    else if (strcmp(word, "list") == 0)
        snprintf(text, size, "did you mean the command 'planche models'?");
    else if (command != NULL)
        snprintf(text, size, "did you mean the command 'planche %s'?", command);
    else
        return false;
    return true;
}
