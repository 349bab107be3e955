/* SPDX-License-Identifier: MIT */
/* Selection of models by their names: MODEL[:SCALE[:DENOISE]]. */
#include "models/selection.h"

#include "base/status.h"
#include "cli/cli.h"
#include "cli/mistakes.h"
#include "cli/model_options.h"
#include "cli/number.h"
#include "cli/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    return variant != NULL && strcmp(selection->model, variant->model) == 0 &&
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

bool *planche_cli_select_models(int count, char *const *names, bool all, const char *preset,
                                int *status)
{
    *status = PLANCHE_CLI_OK;
    if (all && count > 0)
        *status = planche_cli_usage_error("models", "--all and '%s' contradict", names[0]);
    else if (!all && count == 0 && !preset)
        *status = planche_cli_usage_error("models", "no model is named; --all means all");
    if (*status != PLANCHE_CLI_OK)
        return NULL;
    bool *wanted = calloc(planche_model_variant_count() + 1, sizeof *wanted);
    if (wanted == NULL) {
        planche_cli_message("out of memory");
        *status = PLANCHE_CLI_NOT_STARTED;
        return NULL;
    }
    for (size_t i = 0; all && i < planche_model_variant_count(); i++)
        wanted[i] = true;
    if (!all && count == 0 && preset)
        *status = mark_wanted(wanted, preset);
    for (int i = 0; i < count && *status == PLANCHE_CLI_OK; i++)
        *status = mark_wanted(wanted, names[i]);
    if (*status == PLANCHE_CLI_OK)
        return wanted;
    free(wanted);
    return NULL;
}

bool planche_cli_model_folder(const struct planche_cli_options *options, char *folder, size_t size,
                              int *status)
{
    struct planche_error error = {0};
    const char *given = options->engine.model_directory;
    int length = given != NULL ? snprintf(folder, size, "%s", given) : 0;
    if (length < 0 || (size_t)length >= size)
        planche_fail(&error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long", given);
    else if (given != NULL || planche_model_directory(folder, size, &error) == PLANCHE_OK)
        return true;
    planche_cli_message("%s", error.message);
    *status = PLANCHE_CLI_NOT_STARTED;
    return false;
}

bool planche_cli_models_begin(int argc, char **argv, struct planche_cli_options *options,
                              int *first, char *folder, size_t size, int *status)
{
    return planche_cli_options_parse(options, PLANCHE_CLI_FETCH, "models", argc, argv, first,
                                     status) &&
           planche_cli_model_folder(options, folder, size, status);
}

int planche_cli_models_are_there(int count, char *const *operands)
{
    struct stat info;
    for (int i = 0; i < count; i++) {
        if (stat(operands[i], &info) != 0)
            return planche_cli_usage_error("models", "%s: %s; nothing was done", operands[i],
                                           errno == ENOENT ? "there is no such file or folder"
                                                           : strerror(errno));
    }
    return PLANCHE_CLI_OK;
}
