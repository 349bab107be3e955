/* SPDX-License-Identifier: MIT */
/* planche serve in a build without it. */
#include "cli/cli.h"
#include "cli/terminal.h"

int planche_cli_serve(int argc, char **argv)
{
    (void)argc, (void)argv;
    planche_cli_message("this planche was built without the server: install a build that has it");
    return PLANCHE_CLI_USAGE;
}
