/* SPDX-License-Identifier: MIT */
/* planche doctor: the configuration file and variables. */
#include "doctor/checks.h"

#include "cli/config.h"
#include "os/file_info.h"
#include "words/suggest.h"

#include <planche/planche.h>
#include <stdio.h>
#include <string.h>

extern char **environ;

/* Variables that are no options. */
static const char *const others[] = {
    "PLANCHE_CONFIG",     "PLANCHE_TRACE",         "PLANCHE_UNPACK",  "PLANCHE_DECODE",
    "PLANCHE_MODELS_URL", "PLANCHE_FETCH_TIMEOUT", "PLANCHE_LIBCURL", "PLANCHE_OPTIONS"};

/* The name of a variable that has an effect and is nearest to one, or is it. */
static void find_variable(struct planche_cli_suggestion *suggestion, char *best, size_t size)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        planche_cli_suggest(suggestion, others[i]);
    if (suggestion->best != NULL) {
        snprintf(best, size, "%s", suggestion->best);
        suggestion->best = best;
    }
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        char name[64];
        const char *before = suggestion->best;
        if (planche_cli_config_lacks(&planche_cli_option_table[i]))
            continue;
        planche_cli_config_variable(&planche_cli_option_table[i], name, sizeof name);
        planche_cli_suggest(suggestion, name);
        if (suggestion->best != before) {
            snprintf(best, size, "%s", name);
            suggestion->best = best;
        }
    }
}

/* Other programs may have variables that begin like ours: only those that look misspelt are told.
 */
static void check_variable(struct planche_doctor_findings *findings, const char *variable)
{
    char name[64], best[64], remedy[128];
    int length = (int)strcspn(variable, "=");
    if (length >= (int)sizeof name)
        return;
    snprintf(name, sizeof name, "%.*s", length, variable);
    struct planche_cli_suggestion suggestion = {.word = name};
    find_variable(&suggestion, best, sizeof best);
    if (suggestion.best == NULL || suggestion.distance == 0 || suggestion.distance > 3)
        return;
    snprintf(remedy, sizeof remedy, "did you mean %s?", suggestion.best);
    planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, "variable", remedy, "%s has no effect", name);
}

/* The file that versions in development read. */
static void check_former(struct planche_doctor_findings *findings,
                         const struct planche_cli_config *config)
{
    char path[PATH_MAX];
    if (!planche_cli_config_former(path, sizeof path) ||
        planche_file_find(path, NULL) != PLANCHE_FILE_PRESENT)
        return;
    planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, "configuration",
                       "write its options into config.toml beside it, as quality = 80 for "
                       "--quality 80, and remove it",
                       "%s is not read%s%s", path, *config->path ? "; the file is " : "",
                       config->path);
}

void planche_doctor_check_settings(struct planche_doctor_findings *findings,
                                   const struct planche_cli_options *options)
{
    const struct planche_cli_config *config = options->config;
    if (*config->problem)
        planche_doctor_add(findings, PLANCHE_DOCTOR_PROBLEM, "configuration",
                           "mend it, or leave the file out with --config none", "%s",
                           config->problem);
    else
        planche_doctor_add(findings, PLANCHE_DOCTOR_OK, "configuration", "",
                           "%s; options that it or variables set: %zu (planche info shows them)",
                           *config->path ? config->path : "no file", config->count);
    check_former(findings, config);
    for (char **variable = environ; *variable != NULL; variable++) {
        if (strncmp(*variable, "PLANCHE_", 8) == 0)
            check_variable(findings, *variable);
    }
}
