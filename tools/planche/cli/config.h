/* SPDX-License-Identifier: MIT */
/* Defaults of options: those of the configuration file and of variables PLANCHE_NAME. */
#ifndef PLANCHE_CLI_CONFIG_H
#define PLANCHE_CLI_CONFIG_H

#include "cli/option_table.h"
#include "cli/option_values.h"
#include "toml/tree.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* A value of an option. A list is as many of them, in its order. */
struct planche_cli_setting {
    size_t row;
    const char *section; /* static; NULL: for every sub-command */
    unsigned commands;   /* of the section */
    unsigned line;       /* 0: of a variable */
    bool off;            /* a switch that is false */
    char *value;         /* owned; "" of a switch */
};

struct planche_cli_config {
    char path[PATH_MAX]; /* "": no file was read */
    struct planche_cli_setting *settings;
    size_t count, room;
    /* What is wrong with them, "" if nothing, and what of planche help has more. */
    char problem[PATH_MAX + 512];
    const char *topic;
};

/* Reads the variables and the file: named, else $PLANCHE_CONFIG ("none" in either: no file), else
 * ${XDG_CONFIG_HOME:-~/.config}/planche/config.toml if that is there. All that the file says is
 * checked; of the variables those that a sub-command knows. False: see problem; what was read
 * before it stays. */
bool planche_cli_config_read(struct planche_cli_config *config, enum planche_cli_command command,
                             const char *named);
/* What a file says, after it was parsed. False: see problem. */
bool planche_cli_config_take(struct planche_cli_config *config, const struct planche_toml *tree);
/* Stores the values that hold for a sub-command: of each option those of its strongest source, none
 * of a weaker one than that of an option that it would contradict. typed: the rows that the command
 * line has, which are left alone. False: see problem. */
bool planche_cli_config_apply(struct planche_cli_config *config,
                              struct planche_cli_options *options, enum planche_cli_command command,
                              const bool *typed);
/* "PLANCHE_MEMORY" or "PATH:LINE". */
void planche_cli_config_place(const struct planche_cli_config *config,
                              const struct planche_cli_setting *setting, char *text, size_t size);
/* Tells of variables that look like one that is known, but for a letter or two. */
void planche_cli_config_warn(void);
/* "PLANCHE_MAX_PIXELS" for "max-pixels". */
void planche_cli_config_variable(const struct planche_cli_option *option, char *text, size_t size);
/* True if neither the file nor a variable can have the option. */
bool planche_cli_config_lacks(const struct planche_cli_option *option);
/* Keeps as the problem that a setting's value is none of its option. False. */
bool planche_cli_config_refuse(struct planche_cli_config *config,
                               const struct planche_cli_setting *setting);
/* The file that earlier versions in development read, whether it is there or not. False: there is
 * no folder for it. */
bool planche_cli_config_former(char *path, size_t size);
/* The same of a list with more values than its option takes. */
bool planche_cli_config_refuse_list(struct planche_cli_config *config,
                                    const struct planche_cli_setting *setting);
void planche_cli_config_clear(struct planche_cli_config *config);

#endif
