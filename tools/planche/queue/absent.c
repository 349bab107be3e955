/* SPDX-License-Identifier: MIT */
/* The commands of queues, in a build without them. */
#include "cli/cli.h"
#include "cli/terminal.h"

static int refuse(void)
{
    planche_cli_message("this build is without queues (libnats)");
    return PLANCHE_CLI_NOT_STARTED;
}

int planche_cli_worker(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return refuse();
}

int planche_cli_queue(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return refuse();
}
