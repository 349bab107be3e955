/* SPDX-License-Identifier: MIT */
/* Configuration file: reading it, and storing its options. */
#include "cli/config.h"

#include "cli/cli.h"
#include "cli/suggest.h"
#include "cli/terminal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)64 << 10)

/* The file's text: options point into it for as long as the process lives. */
static char text[MAX_BYTES + 1];

/* False: there is no file to read. *given: its absence is an error. */
static bool find_path(char *path, size_t size, bool *given)
{
    const char *own = getenv("PLANCHE_CONFIG_PATH"), *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    *given = own != NULL;
    if (own != NULL)
        return *own != 0 && snprintf(path, size, "%s", own) < (int)size;
    if (base != NULL && *base == '/')
        return snprintf(path, size, "%s/planche/config", base) < (int)size;
    return home != NULL && *home == '/' &&
           snprintf(path, size, "%s/.config/planche/config", home) < (int)size;
}

/* A line under reading. */
struct line {
    const char *path;
    unsigned number;
    char *name, *value; /* value: NULL: none */
};

static int refuse(const struct line *line, const char *what)
{
    planche_cli_message("%s:%u: %s; --no-config leaves this file out, see planche help no-config",
                        line->path, line->number, what);
    return PLANCHE_CLI_USAGE;
}

static int refuse_name(const struct line *line)
{
    char what[256];
    struct planche_cli_suggestion suggestion = {.word = line->name};
    for (size_t i = 0; i < planche_cli_option_count; i++)
        planche_cli_suggest(&suggestion, planche_cli_option_table[i].name);
    snprintf(what, sizeof what, "unknown option --%.60s%s%s%s", line->name,
             suggestion.best != NULL ? "; did you mean --" : "",
             suggestion.best != NULL ? suggestion.best : "", suggestion.best != NULL ? "?" : "");
    return refuse(line, what);
}

/* Options that are for one run, and those that store nothing. */
static bool is_for_one_run(size_t row)
{
    static const char *const names[] = {"output", "dry-run", "no-config", "all", "pages", "sample"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(planche_cli_option_table[row].name, names[i]) == 0)
            return true;
    }
    return !planche_cli_option_stores(row);
}

static int store(struct planche_cli_options *options, enum planche_cli_command command,
                 const struct line *line)
{
    char what[256];
    size_t row = 0;
    while (row < planche_cli_option_count &&
           strcmp(planche_cli_option_table[row].name, line->name) != 0)
        row++;
    if (row == planche_cli_option_count)
        return refuse_name(line);
    const struct planche_cli_option *option = &planche_cli_option_table[row];
    snprintf(what, sizeof what, "--%s is for one run, not for a file", option->name);
    if (is_for_one_run(row))
        return refuse(line, what);
    snprintf(what, sizeof what, "--%s %s", option->name,
             *option->argument ? "needs a value" : "takes no value");
    if ((*option->argument != 0) != (line->value != NULL))
        return refuse(line, what);
    if (!(option->commands & (unsigned)command))
        return PLANCHE_CLI_OK;
    snprintf(what, sizeof what, "--%s: '%.60s' is not %.100s", option->name,
             line->value != NULL ? line->value : "", *option->form ? option->form : option->values);
    return planche_cli_option_store(row, options, line->value) ? PLANCHE_CLI_OK
                                                               : refuse(line, what);
}

/* "--name", "--name value" and "--name=value"; blanks around, empty lines and "# ..." do not count.
 */
static int read_line(struct planche_cli_options *options, enum planche_cli_command command,
                     struct line *line, char *from)
{
    static const char blanks[] = " \t\r";
    from += strspn(from, blanks);
    for (char *end = from + strlen(from); end > from && strchr(blanks, end[-1]) != NULL;)
        *--end = 0;
    if (*from == 0 || *from == '#')
        return PLANCHE_CLI_OK;
    if (strncmp(from, "--", 2) != 0 || from[2] == 0)
        return refuse(line, "a line is an option that begins with --, and its value");
    line->name = from + 2;
    line->value = line->name + strcspn(line->name, "= \t");
    if (*line->value == 0) {
        line->value = NULL;
    } else {
        bool equals = *line->value == '=';
        *line->value++ = 0;
        line->value += equals ? 0 : strspn(line->value, blanks);
    }
    return store(options, command, line);
}

int planche_cli_config_read(struct planche_cli_options *options, enum planche_cli_command command)
{
    char path[PATH_MAX];
    bool given;
    if (!find_path(path, sizeof path, &given))
        return PLANCHE_CLI_OK;
    FILE *file = fopen(path, "re");
    if (file == NULL && !given && (errno == ENOENT || errno == ENOTDIR))
        return PLANCHE_CLI_OK;
    size_t size = file != NULL ? fread(text, 1, sizeof text, file) : 0;
    bool failed = file == NULL || ferror(file);
    if (failed)
        planche_cli_message("%s: cannot read this configuration file: %s", path, strerror(errno));
    if (file != NULL)
        fclose(file);
    if (failed)
        return PLANCHE_CLI_USAGE;
    struct line line = {.path = path};
    if (size > MAX_BYTES || memchr(text, 0, size) != NULL)
        return refuse(&line, "is no configuration file: larger than 64 KiB, or not text");
    text[size] = 0;
    int status = PLANCHE_CLI_OK;
    char *rest = text;
    for (char *next; status == PLANCHE_CLI_OK && rest != NULL; rest = next) {
        next = strchr(rest, '\n');
        if (next != NULL)
            *next++ = 0;
        line.number++;
        status = read_line(options, command, &line, rest);
    }
    options->model_count = 0; /* bench counts those of the command line */
    return status;
}
