/* SPDX-License-Identifier: MIT */
/* Option table. It uses nothing of the library: the generator of completions and of the manual is
 * built from it too, for the build machine. */
#include "cli/option_table.h"

#include <string.h>

enum {
    ENLARGE = PLANCHE_CLI_ENLARGE,
    MODELS = PLANCHE_CLI_MODELS,
    FETCH = PLANCHE_CLI_FETCH,
    INFO = PLANCHE_CLI_INFO,
    STDIO = PLANCHE_CLI_STDIO,
    BENCH = PLANCHE_CLI_BENCH,
    PREVIEW = PLANCHE_CLI_PREVIEW,
    COMPARE = PLANCHE_CLI_COMPARE,
    SERVE = PLANCHE_CLI_SERVE,
    CACHE = PLANCHE_CLI_CACHE,
    WORKER = PLANCHE_CLI_WORKER,
    QUEUE = PLANCHE_CLI_QUEUE,
    DOCTOR = PLANCHE_CLI_DOCTOR,
    TUNE = PLANCHE_CLI_TUNE,
    MANY = PLANCHE_CLI_MANY,
    ONCE = PLANCHE_CLI_ONCE,
    BOOKS_ONLY = PLANCHE_CLI_BOOKS_ONLY,
    PAGES = ENLARGE | STDIO | SERVE,
    ENGINES = PAGES | BENCH | PREVIEW | DOCTOR,
    EVERY = ENGINES | MODELS | FETCH | INFO
};

const struct planche_cli_option planche_cli_option_table[] = {
#define OPTION(group, name, letter, argument, commands, set, values, form, preset, help, detail)   \
    {PLANCHE_CLI_GROUP_##group,                                                                    \
     name,                                                                                         \
     letter,                                                                                       \
     argument,                                                                                     \
     commands,                                                                                     \
     values,                                                                                       \
     form,                                                                                         \
     preset,                                                                                       \
     help,                                                                                         \
     detail},
#include "cli/options.def"
#undef OPTION
};

const size_t planche_cli_option_count =
    sizeof planche_cli_option_table / sizeof *planche_cli_option_table;

const struct planche_cli_command_row planche_cli_command_table[] = {
#define COMMAND(id, name, section, about) {PLANCHE_CLI_##id, name, section, about},
#include "cli/commands.def"
#undef COMMAND
};

const size_t planche_cli_command_count =
    sizeof planche_cli_command_table / sizeof *planche_cli_command_table;

const struct planche_cli_option *planche_cli_option_find(const char *name)
{
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        if (strcmp(planche_cli_option_table[i].name, name) == 0)
            return &planche_cli_option_table[i];
    }
    return NULL;
}

const char *planche_cli_group_name(enum planche_cli_option_group group)
{
    static const char *const names[] = {
        [PLANCHE_CLI_GROUP_OUTPUT] = "Output",     [PLANCHE_CLI_GROUP_BOOKS] = "Books",
        [PLANCHE_CLI_GROUP_MODEL] = "Model",       [PLANCHE_CLI_GROUP_MACHINE] = "Machine",
        [PLANCHE_CLI_GROUP_MESSAGES] = "Messages", [PLANCHE_CLI_GROUP_OWN] = "Options",
    };
    return names[group];
}
