/* SPDX-License-Identifier: MIT */
/* Defaults of options: reading them from variables and from the configuration file. */
#include "cli/config.h"

#include "cli/mistakes.h"
#include "cli/terminal.h"
#include "os/fd.h"
#include "profile/profile.h"
#include "toml/toml.h"
#include "words/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "PLANCHE_" /* of variables */

/* What is being read. */
struct reading {
    struct planche_cli_config *config;
    const char *section; /* NULL: what holds for all */
    unsigned commands;
};

/* Keeps what is wrong; the first problem stays. False. */
__attribute__((format(printf, 3, 4))) static bool fail(struct planche_cli_config *config,
                                                       const char *topic, const char *format, ...)
{
    va_list values;
    if (*config->problem != 0)
        return false;
    config->topic = topic;
    va_start(values, format);
    vsnprintf(config->problem, sizeof config->problem, format, values);
    va_end(values);
    return false;
}

static bool fail_memory(struct planche_cli_config *config)
{
    return fail(config, "config", "out of memory for the configuration");
}

void planche_cli_config_variable(const struct planche_cli_option *option, char *text, size_t size)
{
    snprintf(text, size, PREFIX "%s", option->name);
    for (char *c = text; *c; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

void planche_cli_config_place(const struct planche_cli_config *config,
                              const struct planche_cli_setting *setting, char *text, size_t size)
{
    if (setting->line == 0)
        planche_cli_config_variable(&planche_cli_option_table[setting->row], text, size);
    else
        snprintf(text, size, "%s:%u", config->path, setting->line);
}

bool planche_cli_config_lacks(const struct planche_cli_option *option)
{
    size_t row = (size_t)(option - planche_cli_option_table);
    return (option->commands & PLANCHE_CLI_ONCE) != 0 || !planche_cli_option_stores(row);
}

bool planche_cli_config_refuse(struct planche_cli_config *config,
                               const struct planche_cli_setting *setting)
{
    const struct planche_cli_option *option = &planche_cli_option_table[setting->row];
    char place[PATH_MAX + 16], what[512];
    planche_cli_config_place(config, setting, place, sizeof place);
    planche_cli_wrong_value(option, setting->value, what, sizeof what);
    if (setting->line == 0)
        return fail(config, option->name, "%s: %s", place, what);
    return fail(config, option->name, "%s: %s: %s", place, option->name, what);
}

bool planche_cli_config_refuse_list(struct planche_cli_config *config,
                                    const struct planche_cli_setting *setting)
{
    const char *name = planche_cli_option_table[setting->row].name;
    char place[PATH_MAX + 16];
    planche_cli_config_place(config, setting, place, sizeof place);
    return fail(config, name, "%s: %s has too many values", place, name);
}

/* Adds a setting if its value is one of the option; takes value. */
static bool add(const struct reading *reading, size_t row, unsigned line, bool off, char *value,
                bool check)
{
    struct planche_cli_config *config = reading->config;
    static struct planche_cli_options scratch;
    if (value != NULL && config->count == config->room) {
        size_t room = config->room ? 2 * config->room : 16;
        struct planche_cli_setting *more =
            reallocarray(config->settings, room, sizeof *config->settings);
        if (more == NULL) {
            free(value);
            return fail_memory(config);
        }
        config->settings = more;
        config->room = room;
    }
    if (value == NULL)
        return fail_memory(config);
    struct planche_cli_setting *setting = &config->settings[config->count++];
    *setting =
        (struct planche_cli_setting){row, reading->section, reading->commands, line, off, value};
    scratch = (struct planche_cli_options){0}; /* lists are checked one by one */
    return !check || off || planche_cli_option_store(row, &scratch, value) ||
           planche_cli_config_refuse(config, setting);
}

/* Variables that are no options, and those of tests and builds, which are nobody's business. name:
 * behind PLANCHE_. */
static bool is_other(const char *name)
{
    static const char *const others[] = {"CONFIG",    "FETCH_TIMEOUT", "LIBCURL",     "MODELS_URL",
                                         "MODEL_DIR", "CPU_MASK",      "TRACE",       "UNPACK",
                                         "DECODE",    "OPTIONS",       "LIBRARY_DIR", "PEER_DIR"};
    static const char *const prefixes[] = {"TEST_", "REQUIRE_", "FAULT", "BENCH_"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(name, others[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

/* The option of a variable, by its name behind PLANCHE_; NULL: there is none. */
static const struct planche_cli_option *find_option(const char *name)
{
    char variable[64];
    for (size_t row = 0; row < planche_cli_option_count; row++) {
        planche_cli_config_variable(&planche_cli_option_table[row], variable, sizeof variable);
        if (strcmp(name, variable + sizeof PREFIX - 1) == 0)
            return &planche_cli_option_table[row];
    }
    return NULL;
}

static void warn_of_unknown(const char *name)
{
    char word[64], variable[64];
    struct planche_cli_suggestion suggestion = {.word = word};
    const struct planche_cli_option *best = NULL;
    snprintf(word, sizeof word, "%s", name);
    for (char *c = word; *c != 0; c++)
        *c = *c == '_' ? '-' : *c;
    for (size_t row = 0; row < planche_cli_option_count; row++) {
        const struct planche_cli_option *option = &planche_cli_option_table[row];
        if (!planche_cli_config_lacks(option))
            planche_cli_suggest(&suggestion, option->name);
        best = suggestion.best == option->name ? option : best;
    }
    if (best != NULL)
        planche_cli_config_variable(best, variable, sizeof variable);
    planche_cli_message("the variable " PREFIX "%s is unknown, and ignored%s%s%s", name,
                        best != NULL ? "; did you mean " : "", best != NULL ? variable : "",
                        best != NULL ? "?" : "");
}

static void warn_of(const char *name, const char *end)
{
    char word[64];
    size_t length = (size_t)(end - name);
    if (length >= sizeof word)
        return;
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    const struct planche_cli_option *option = find_option(word);
    if (is_other(word))
        return;
    if (option == NULL)
        warn_of_unknown(word);
    else if (planche_cli_config_lacks(option))
        planche_cli_message("the variable " PREFIX "%s is ignored: --%s is for one run alone", word,
                            option->name);
}

void planche_cli_config_warn(void)
{
    for (char **variable = environ; *variable != NULL; variable++) {
        const char *end = strchr(*variable, '=');
        if (end != NULL && end[1] != 0 && strncmp(*variable, PREFIX, sizeof PREFIX - 1) == 0)
            warn_of(*variable + sizeof PREFIX - 1, end);
    }
}

/* True of what a switch may be in a variable. */
static bool read_switch(const char *value, bool *on)
{
    static const char *const words[] = {"0", "1", "no", "yes", "false", "true", "off", "on"};
    size_t i = 0;
    while (i < sizeof words / sizeof *words && strcasecmp(value, words[i]) != 0)
        i++;
    *on = i % 2 != 0;
    return i < sizeof words / sizeof *words;
}

static bool read_variable(const struct reading *reading, size_t row, bool check)
{
    const struct planche_cli_option *option = &planche_cli_option_table[row];
    char name[64];
    bool on = true;
    planche_cli_config_variable(option, name, sizeof name);
    const char *value = getenv(name);
    if (value == NULL || *value == 0)
        return true;
    if (*option->argument)
        return add(reading, row, 0, false, strdup(value), check);
    if (!read_switch(value, &on))
        return !check ||
               fail(reading->config, option->name, "%s: '%.60s' is not 1 or 0: --%s is a switch",
                    name, value, option->name);
    return add(reading, row, 0, !on, strdup(""), check);
}

static bool read_variables(struct planche_cli_config *config, enum planche_cli_command command)
{
    const struct reading reading = {.config = config};
    for (size_t row = 0; row < planche_cli_option_count; row++) {
        const struct planche_cli_option *option = &planche_cli_option_table[row];
        bool check = command == PLANCHE_CLI_DOCTOR || (option->commands & (unsigned)command) != 0;
        if (!planche_cli_config_lacks(option) && !read_variable(&reading, row, check))
            return false;
    }
    return true;
}

/* A key that is no option, with the nearest that is. */
static bool fail_key(const struct reading *reading, const struct planche_toml *value)
{
    struct planche_cli_suggestion suggestion = {.word = value->key};
    const char *open = "", *close = "", *meant = "";
    bool table = value->type == PLANCHE_TOML_TABLE && reading->section == NULL;
    for (size_t i = 0; table && i < planche_cli_command_count; i++)
        planche_cli_suggest(&suggestion, planche_cli_command_table[i].section);
    for (size_t i = 0; !table && i < planche_cli_option_count; i++) {
        const struct planche_cli_option *option = &planche_cli_option_table[i];
        if (!planche_cli_config_lacks(option) &&
            (reading->section == NULL || option->commands & reading->commands))
            planche_cli_suggest(&suggestion, option->name);
    }
    if (suggestion.best != NULL) {
        open = table ? "; did you mean [" : "; did you mean ";
        meant = suggestion.best;
        close = table ? "]?" : "?";
    }
    return fail(reading->config, !table && *meant ? meant : "config", "%s:%u: %s '%.60s'%s%s%s",
                reading->config->path, value->line,
                table ? "there is no command" : "there is no option", value->key, open, meant,
                close);
}

/* "~/models" is what a shell would make of it: there is none between the file and the option. */
static char *expand(const char *text)
{
    const char *home = text[0] == '~' && text[1] == '/' ? getenv("HOME") : NULL;
    char *path = NULL;
    if (home == NULL || *home != '/')
        return strdup(text);
    return asprintf(&path, "%s%s", home, text + 1) < 0 ? NULL : path;
}

/* A string or number as the command line would have it; to be freed. NULL: no memory. */
static char *text_of(const struct planche_toml *value)
{
    char number[64];
    if (value->type == PLANCHE_TOML_STRING)
        return expand(value->text);
    if (value->type == PLANCHE_TOML_INTEGER)
        snprintf(number, sizeof number, "%lld", (long long)value->integer);
    else
        snprintf(number, sizeof number, "%.15g", value->real);
    return strdup(number);
}

/* Says which kind of value an option has. */
static bool fail_type(const struct reading *reading, const struct planche_cli_option *option,
                      const struct planche_toml *value)
{
    const char *wanted = !*option->argument ? "true or false"
                         : option->commands & PLANCHE_CLI_MANY
                             ? "a string, a number or a list of them"
                             : "a string or a number";
    return fail(reading->config, option->name, "%s:%u: %s is %s, not %s", reading->config->path,
                value->line, option->name, wanted, planche_toml_type_name(value->type));
}

static bool is_scalar(const struct planche_toml *value)
{
    return value->type == PLANCHE_TOML_STRING || value->type == PLANCHE_TOML_INTEGER ||
           value->type == PLANCHE_TOML_FLOAT;
}

static bool read_option(const struct reading *reading, const struct planche_cli_option *option,
                        const struct planche_toml *value)
{
    size_t row = (size_t)(option - planche_cli_option_table);
    if (!*option->argument && value->type == PLANCHE_TOML_BOOLEAN)
        return add(reading, row, value->line, !value->boolean, strdup(""), true);
    if (*option->argument && is_scalar(value))
        return add(reading, row, value->line, false, text_of(value), true);
    if (value->type != PLANCHE_TOML_ARRAY || !(option->commands & PLANCHE_CLI_MANY))
        return fail_type(reading, option, value);
    for (const struct planche_toml *one = value->first; one != NULL; one = one->next) {
        if (!is_scalar(one))
            return fail_type(reading, option, one);
        if (!add(reading, row, one->line, false, text_of(one), true))
            return false;
    }
    return true;
}

static bool read_key(const struct reading *reading, const struct planche_toml *value)
{
    const struct planche_cli_config *config = reading->config;
    const struct planche_cli_option *option = planche_cli_option_find(value->key);
    if (option == NULL)
        return fail_key(reading, value);
    if (planche_cli_config_lacks(option))
        return fail(reading->config, option->name, "%s:%u: %s is for one run, not for a file",
                    config->path, value->line, option->name);
    if (reading->section != NULL && !(option->commands & reading->commands))
        return fail(reading->config, option->name,
                    "%s:%u: %s has no effect in [%s], which does not know it", config->path,
                    value->line, option->name, reading->section);
    return read_option(reading, option, value);
}

/* [serve] and the like. False: there is no sub-command of this name. */
static bool find_section(struct reading *reading, const char *name)
{
    for (size_t i = 0; i < planche_cli_command_count; i++) {
        const struct planche_cli_command_row *row = &planche_cli_command_table[i];
        if (strcmp(row->section, name) != 0)
            continue;
        reading->section = row->section;
        reading->commands |= (unsigned)row->command;
    }
    return reading->section != NULL;
}

static bool check_profiles(struct planche_cli_config *config, const struct planche_toml *tables)
{
    struct planche_error error = {0};
    return planche_profile_check(tables, config->path, &error) == PLANCHE_OK ||
           fail(config, "for", "%s", error.message);
}

bool planche_cli_config_take(struct planche_cli_config *config, const struct planche_toml *tree)
{
    for (const struct planche_toml *value = tree->first; value != NULL; value = value->next) {
        const struct reading all = {.config = config};
        struct reading reading = all;
        bool named = find_section(&reading, value->key);
        if (strcmp(value->key, "profiles") == 0) {
            if (!check_profiles(config, value))
                return false;
            continue;
        }
        /* "cache" is a sub-command and an option. */
        if (value->type != PLANCHE_TOML_TABLE) {
            if (!read_key(&all, value))
                return false;
            continue;
        }
        if (!named)
            return fail_key(&all, value);
        for (const struct planche_toml *own = value->first; own != NULL; own = own->next) {
            if (!read_key(&reading, own))
                return false;
        }
    }
    return true;
}

/* A file in the user's folder of configurations. False: there is no such folder. */
static bool find_own(const char *name, char *path, size_t size)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int length = -1;
    if (base != NULL && *base == '/')
        length = snprintf(path, size, "%s/planche/%s", base, name);
    else if (home != NULL && *home == '/')
        length = snprintf(path, size, "%s/.config/planche/%s", home, name);
    return length > 0 && (size_t)length < size;
}

bool planche_cli_config_former(char *path, size_t size)
{
    return find_own("config", path, size);
}

/* False: there is no file to look for. *given: somebody has named it. */
static bool find_path(struct planche_cli_config *config, const char *named, bool *given)
{
    size_t size = sizeof config->path;
    if (named == NULL)
        named = getenv("PLANCHE_CONFIG");
    *given = named != NULL && *named != 0;
    bool found = false;
    if (!*given)
        found = find_own("config.toml", config->path, size);
    else if (strcmp(named, "none") != 0)
        found = (size_t)snprintf(config->path, size, "%s", named) < size ||
                fail(config, "config", "--config: the name is too long");
    if (!found)
        *config->path = 0;
    return found;
}

/* The file says on which addresses a server listens and which folders it writes to: what anybody
 * could have written is not obeyed. Files that a group may write are usual where each user has a
 * group of their own. One that was named may be somebody else's: containers have such. */
static bool check_file(struct planche_cli_config *config, const struct stat *status, bool given)
{
    if (!S_ISREG(status->st_mode))
        return fail(config, "config", "%s: the configuration file is not a regular file",
                    config->path);
    if (status->st_mode & S_IWOTH)
        return fail(config, "config",
                    "%s: everybody may write to this configuration file: run chmod o-w on it, or "
                    "leave it out with --config none",
                    config->path);
    if (!given && status->st_uid != geteuid() && status->st_uid != 0)
        return fail(config, "config",
                    "%s: this configuration file belongs to another user: name it with --config, "
                    "or leave it out with --config none",
                    config->path);
    return true;
}

/* Opens the file. -1: there is none (problem is empty), or it cannot be read. A folder on the way
 * that may not be looked into, as services have it, is no problem unless the file was named. */
static int open_file(struct planche_cli_config *config, bool given)
{
    struct stat status;
    int fd = planche_fd_open(config->path, 0, NULL);
    int problem = errno;
    bool absent = problem == ENOENT || problem == ENOTDIR ||
                  (problem == EACCES && stat(config->path, &status) != 0);
    if (fd < 0 && (given || !absent))
        fail(config, "config", "%s: cannot read this configuration file: %s", config->path,
             strerror(problem));
    if (fd >= 0 && (fstat(fd, &status) != 0 || !check_file(config, &status, given)))
        planche_fd_close(&fd);
    return fd;
}

static bool read_file(struct planche_cli_config *config, const char *named)
{
    struct planche_error error = {0};
    struct planche_toml *tree = NULL;
    bool given;
    if (!find_path(config, named, &given))
        return *config->problem == 0;
    int fd = open_file(config, given);
    if (fd < 0) {
        if (*config->problem == 0)
            *config->path = 0;
        return *config->problem == 0;
    }
    bool ok = planche_toml_read_open(&tree, fd, config->path, &error) == PLANCHE_OK
                  ? planche_cli_config_take(config, tree)
                  : fail(config, "config", "%s", error.message);
    planche_fd_close(&fd);
    planche_toml_free(tree);
    return ok;
}

bool planche_cli_config_read(struct planche_cli_config *config, enum planche_cli_command command,
                             const char *named)
{
    *config = (struct planche_cli_config){.topic = "config"};
    bool variables = read_variables(config, command);
    return read_file(config, named) && variables;
}

void planche_cli_config_clear(struct planche_cli_config *config)
{
    for (size_t i = 0; i < config->count; i++)
        free(config->settings[i].value);
    free(config->settings);
    *config = (struct planche_cli_config){0};
}
