/* SPDX-License-Identifier: MIT */
/* What planche worker and planche queue have in common. */
#include "cli/cli.h"
#include "cli/terminal.h"
#include "queue/command.h"
#include "queue/shared/folder.h"

#include <planche/planche.h>

int planche_queue_check_usage(const char *command, const struct planche_cli_options *options,
                              int argc, char **argv, int first)
{
    if (first < argc)
        return planche_cli_usage_error(command, "unexpected '%s'", argv[first]);
    if (options->queue.url == NULL)
        return planche_cli_usage_error(command,
                                       "give the queue's address: --queue nats://HOST:4222");
    const struct planche_cli_queue_options *queue = &options->queue;
    struct planche_error error = {0};
    if (planche_queue_store_check(queue->store, queue->store_token != NULL, &error) != PLANCHE_OK)
        return planche_cli_usage_error("store", "%s", error.message);
    return PLANCHE_CLI_OK;
}

int planche_queue_refuse(enum planche_status status, const struct planche_error *error)
{
    if (status == PLANCHE_ERROR_ARGUMENT)
        return planche_cli_usage_error("queue", "%s", error->message);
    planche_cli_message("%s", error->message);
    return PLANCHE_CLI_NOT_STARTED;
}

int planche_queue_isolate(struct planche_cli_options *options)
{
    struct planche_error error = {0};
    if (options->serve.isolate && options->serve.no_isolate)
        return planche_cli_usage_error("no-isolate",
                                       "--isolate and --no-isolate exclude each other");
    if (options->serve.no_isolate)
        return PLANCHE_CLI_OK;
    options->engine.isolate = planche_isolation_check(&error) == PLANCHE_OK;
    if (options->engine.isolate)
        return PLANCHE_CLI_OK;
    planche_cli_message("%s%s", error.message,
                        options->serve.isolate ? "" : "; pages are decoded in this process");
    return options->serve.isolate ? PLANCHE_CLI_NOT_STARTED : PLANCHE_CLI_OK;
}
