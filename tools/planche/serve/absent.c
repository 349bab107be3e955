/* SPDX-License-Identifier: MIT */
/* planche serve in a build without it. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/terminal.h"

/* --help is answered, as planche help is. */
int planche_cli_serve(int argc, char **argv)
{
    struct planche_cli_options options;
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_SERVE, "serve", argc, argv, &first,
                                   &status))
        return status;
    planche_cli_message("this planche was built without the server: install a build that has it");
    return PLANCHE_CLI_USAGE;
}
