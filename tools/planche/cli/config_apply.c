/* SPDX-License-Identifier: MIT */
/* Defaults of options: which of them hold. */
#include "cli/config.h"
#include "words/origin.h"

#include <string.h>

/* Options that contradict each other: what a stronger source says of one leaves the others out. */
static const char *const rivals[][3] = {
    {"isolate", "no-isolate", ""},
    {"token-file", "no-token", ""},
    {"quiet", "verbose", ""},
    {"no-cache", "cache", ""},
    {"fit", "device", "width"},
    {"fit", "device", "height"},
    {"overwrite", "update", "skip-existing"},
    {"all", "model", ""},
    {"for", "model", ""},
};

static bool are_rivals(const char *a, const char *b)
{
    for (size_t i = 0; i < sizeof rivals / sizeof *rivals; i++) {
        bool has_a = false, has_b = false;
        for (size_t j = 0; j < 3; j++) {
            has_a = has_a || strcmp(rivals[i][j], a) == 0;
            has_b = has_b || strcmp(rivals[i][j], b) == 0;
        }
        if (has_a && has_b && strcmp(a, b) != 0)
            return true;
    }
    return false;
}

static enum planche_cli_source source_of(const struct planche_cli_setting *setting,
                                         enum planche_cli_command command)
{
    const struct planche_cli_option *option = &planche_cli_option_table[setting->row];
    if (!(option->commands & (unsigned)command) ||
        (setting->section != NULL && !(setting->commands & (unsigned)command)))
        return PLANCHE_CLI_SOURCE_NONE;
    if (setting->line == 0)
        return PLANCHE_CLI_SOURCE_ENVIRONMENT;
    return setting->section != NULL ? PLANCHE_CLI_SOURCE_SECTION : PLANCHE_CLI_SOURCE_FILE;
}

/* The strongest source of each row; of switches that are off, too. */
static void find_sources(const struct planche_cli_config *config, enum planche_cli_command command,
                         const bool *typed, enum planche_cli_source *sources)
{
    for (size_t row = 0; row < planche_cli_option_count; row++)
        sources[row] = typed[row] ? PLANCHE_CLI_SOURCE_TYPED : PLANCHE_CLI_SOURCE_NONE;
    for (size_t i = 0; i < config->count; i++) {
        enum planche_cli_source source = source_of(&config->settings[i], command);
        if (source > sources[config->settings[i].row])
            sources[config->settings[i].row] = source;
    }
}

/* Whether an option that holds by a stronger source contradicts a row. */
static bool is_beaten(const struct planche_cli_config *config, size_t row,
                      enum planche_cli_command command, const bool *typed,
                      const enum planche_cli_source *sources)
{
    const char *name = planche_cli_option_table[row].name;
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        if (typed[i] && are_rivals(name, planche_cli_option_table[i].name))
            return true;
    }
    for (size_t i = 0; i < config->count; i++) {
        const struct planche_cli_setting *other = &config->settings[i];
        enum planche_cli_source source = source_of(other, command);
        if (!other->off && source == sources[other->row] && source > sources[row] &&
            are_rivals(name, planche_cli_option_table[other->row].name))
            return true;
    }
    return false;
}

bool planche_cli_config_apply(struct planche_cli_config *config,
                              struct planche_cli_options *options, enum planche_cli_command command,
                              const bool *typed)
{
    enum planche_cli_source sources[PLANCHE_CLI_MAX_OPTIONS];
    find_sources(config, command, typed, sources);
    for (size_t i = 0; i < config->count; i++) {
        const struct planche_cli_setting *setting = &config->settings[i];
        size_t row = setting->row;
        enum planche_cli_source source = source_of(setting, command);
        if (source == PLANCHE_CLI_SOURCE_NONE || source != sources[row] || setting->off ||
            is_beaten(config, row, command, typed, sources))
            continue;
        /* Each value of the file was checked when it was read. */
        if (!planche_cli_option_store(row, options, setting->value))
            return setting->line == 0 ? planche_cli_config_refuse(config, setting)
                                      : planche_cli_config_refuse_list(config, setting);
        options->source[row] = source;
        char place[PATH_MAX + 16];
        planche_cli_config_place(config, setting, place, sizeof place);
        planche_cli_origin_note(planche_cli_option_table[row].name, place);
    }
    return true;
}
