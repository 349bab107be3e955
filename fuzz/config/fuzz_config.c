/* SPDX-License-Identifier: MIT */
/* Any bytes as a configuration file: a file is taken or there is a message, and what is taken is
 * stored for each sub-command. */
#include "cli/config.h"
#include "toml/toml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right)
        abort();
}

static void store(struct planche_cli_config *config, enum planche_cli_command command)
{
    static struct planche_cli_options options;
    static const bool typed[PLANCHE_CLI_MAX_OPTIONS];
    options = (struct planche_cli_options){0};
    /* A list may be longer than its option takes; that is told when it is stored. */
    if (!planche_cli_config_apply(config, &options, command, typed))
        check(*config->problem != 0);
    for (size_t i = 0; i < planche_cli_option_count; i++)
        check(options.source[i] == PLANCHE_CLI_SOURCE_NONE || options.given[i] != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct planche_cli_config config = {.path = "fuzz"};
    struct planche_toml *tree = NULL;
    struct planche_error error = {0};
    if (planche_toml_parse(&tree, (const char *)data, size, "fuzz", &error) != PLANCHE_OK)
        return 0;
    check(planche_cli_config_take(&config, tree) == (*config.problem == 0));
    planche_toml_free(tree);
    for (size_t i = 0; *config.problem == 0 && i < planche_cli_command_count; i++)
        store(&config, planche_cli_command_table[i].command);
    planche_cli_config_clear(&config);
    return 0;
}
