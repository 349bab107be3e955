/* SPDX-License-Identifier: MIT */
/* Option table: the rows of options.def as data, without the functions that store values. */
#ifndef PLANCHE_CLI_OPTION_TABLE_H
#define PLANCHE_CLI_OPTION_TABLE_H

#include <stddef.h>

enum {
#define COMMAND(id, name, section, about) PLANCHE_CLI_COMMAND_##id,
#include "cli/commands.def"
#undef COMMAND
};

/* Which sub-commands know an option: a bit for each row of commands.def. */
enum planche_cli_command {
#define COMMAND(id, name, section, about) PLANCHE_CLI_##id = 1 << PLANCHE_CLI_COMMAND_##id,
#include "cli/commands.def"
#undef COMMAND
    /* Beside them: of an option that may be repeated, that is for one run (no file or variable has
     * it), that is for books only. */
    PLANCHE_CLI_MANY = 1 << 28,
    PLANCHE_CLI_ONCE = 1 << 29,
    PLANCHE_CLI_BOOKS_ONLY = 1 << 30
};

/* A row of commands.def, which explains the columns; in the order of their bits. */
struct planche_cli_command_row {
    enum planche_cli_command command;
    const char *name, *section, *about;
};

extern const struct planche_cli_command_row planche_cli_command_table[];
extern const size_t planche_cli_command_count;

/* Headings of --help and of the manual, in this order. */
enum planche_cli_option_group {
    PLANCHE_CLI_GROUP_OUTPUT,
    PLANCHE_CLI_GROUP_BOOKS,
    PLANCHE_CLI_GROUP_MODEL,
    PLANCHE_CLI_GROUP_MACHINE,
    PLANCHE_CLI_GROUP_MESSAGES,
    PLANCHE_CLI_GROUP_OWN,
    PLANCHE_CLI_GROUP_COUNT
};

/* A row of options.def, which explains the columns. */
struct planche_cli_option {
    enum planche_cli_option_group group;
    const char *name;
    int letter;
    const char *argument;
    unsigned commands;
    const char *values, *form, *preset, *help, *detail;
};

extern const struct planche_cli_option planche_cli_option_table[];
extern const size_t planche_cli_option_count;

/* The row of an option's name; NULL: there is none. */
const struct planche_cli_option *planche_cli_option_find(const char *name);
/* "Output", "Books", ...: static. */
const char *planche_cli_group_name(enum planche_cli_option_group group);

#endif
