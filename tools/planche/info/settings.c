/* SPDX-License-Identifier: MIT */
/* Settings: the options that do not have what is built in, and where their values come from. */
#include "info/settings.h"

#include "cli/fact.h"
#include "cli/json.h"

#include <stdio.h>

/* Variables come first in the list. */
static bool is_replaced(const struct planche_cli_config *config,
                        const struct planche_cli_setting *setting)
{
    for (size_t i = 0; setting->line != 0 && i < config->count; i++) {
        if (config->settings[i].line == 0 && config->settings[i].row == setting->row)
            return true;
    }
    return false;
}

static bool is_switch(const struct planche_cli_setting *setting)
{
    return *planche_cli_option_table[setting->row].argument == 0;
}

void planche_cli_settings_print(const struct planche_cli_config *config)
{
    const char *name = "settings";
    planche_cli_print_fact("configuration", *config->path ? config->path : "no file");
    for (size_t i = 0; i < config->count; i++) {
        const struct planche_cli_setting *setting = &config->settings[i];
        const char *on = setting->off ? "false" : "true";
        char place[PATH_MAX + 16], text[2 * PATH_MAX];
        if (is_replaced(config, setting))
            continue;
        if (setting->line == 0)
            planche_cli_config_place(config, setting, place, sizeof place);
        else
            snprintf(place, sizeof place, "line %u", setting->line);
        snprintf(text, sizeof text, "%s = %.2048s%s%s%s (%s)",
                 planche_cli_option_table[setting->row].name,
                 is_switch(setting) ? on : setting->value, setting->section ? " in [" : "",
                 setting->section ? setting->section : "", setting->section ? "]" : "", place);
        planche_cli_print_fact(name, text);
        name = "";
    }
}

static json_t *describe(const struct planche_cli_config *config,
                        const struct planche_cli_setting *setting)
{
    char place[PATH_MAX + 16];
    json_t *object = json_object();
    planche_cli_config_place(config, setting, place, sizeof place);
    json_object_set_new(object, "option", json_string(planche_cli_option_table[setting->row].name));
    json_object_set_new(object, "value",
                        is_switch(setting) ? json_boolean(!setting->off)
                                           : planche_cli_json_text(setting->value));
    json_object_set_new(object, "section",
                        setting->section ? json_string(setting->section) : json_null());
    json_object_set_new(object, "from", planche_cli_json_text(place));
    return object;
}

void planche_cli_settings_json(const struct planche_cli_config *config, json_t *object)
{
    json_t *list = json_array();
    for (size_t i = 0; i < config->count; i++) {
        if (!is_replaced(config, &config->settings[i]))
            json_array_append_new(list, describe(config, &config->settings[i]));
    }
    json_object_set_new(object, "configuration",
                        *config->path ? planche_cli_json_text(config->path) : json_null());
    json_object_set_new(object, "settings", list);
}
