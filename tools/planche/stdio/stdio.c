/* SPDX-License-Identifier: MIT */
/* planche stdio: the resident process behind a reader's back end. docs/stdio.md has the protocol.
 */
#include "cli/cli.h"
#include "cli/hints.h"
#include "cli/interrupt.h"
#include "cli/logging.h"
#include "cli/mistakes.h"
#include "cli/model_options.h"
#include "cli/terminal.h"
#include "stdio/reader.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Until all requests have their answers. False after a message. */
static bool run(struct planche_cli_server *server, char *line)
{
    struct planche_error error = {0};
    struct planche_job_queue_options options = PLANCHE_JOB_QUEUE_OPTIONS_INIT;
    options.workers = server->jobs;
    options.capacity = PLANCHE_CLI_READ_AHEAD;
    if (planche_job_queue_create(&server->queue, &options, &error) != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return false;
    }
    planche_cli_stdio_read(server, line);
    planche_job_queue_drain(server->queue, planche_cli_interrupt_cancel(), NULL);
    planche_job_queue_destroy(&server->queue); /* cancels what a signal has left */
    return true;
}

/* Without a model, what no model could do with shows now as well: the library looks at the memory
 * before it looks for the model's file. */
static int check_memory(struct planche_cli_server *server)
{
    struct planche_engine_options wanted = {.model = "/dev/null/none.param"};
    const struct planche_engine *engine;
    struct planche_error error = {0};
    if (planche_cli_engine_cache_acquire(server->engines, &wanted, NULL, &engine, &error) !=
        PLANCHE_ERROR_BUDGET)
        return PLANCHE_CLI_OK;
    planche_cli_message("%s", error.message);
    return PLANCHE_CLI_NOT_STARTED;
}

/* A model named on the command line is loaded at once, so that its absence shows now. */
static int preload(struct planche_cli_server *server)
{
    struct planche_engine_options wanted = server->options.engine;
    const struct planche_engine *engine;
    struct planche_error error = {0};
    unsigned scale;
    if (planche_cli_choose_typed(&wanted, server->options.level, &scale, &error) != PLANCHE_OK)
        return planche_cli_wrong_model(&wanted, &error);
    if (wanted.model == NULL)
        return check_memory(server);
    if (planche_cli_engine_cache_acquire(server->engines, &wanted, NULL, &engine, &error) !=
        PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_NOT_STARTED;
    }
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    planche_engine_get_info(engine, &info, NULL);
    if (info.jobs > server->jobs) /* GPUs have pages beside those of the threads */
        server->jobs = info.jobs < PLANCHE_CLI_MAX_JOBS ? info.jobs : PLANCHE_CLI_MAX_JOBS;
    planche_cli_engine_cache_release(server->engines, engine);
    return PLANCHE_CLI_OK;
}

static int serve_all(struct planche_cli_server *server, char *line)
{
    int status = preload(server);
    if (status != PLANCHE_CLI_OK)
        return status;
    if (!run(server, line))
        return PLANCHE_CLI_NOT_STARTED;
    if (planche_cli_interrupt_signal() == SIGTERM) {
        planche_cli_interrupt_forget(); /* the ordinary way to end a service */
        return PLANCHE_CLI_OK;
    }
    if (server->output.broken)
        planche_cli_message("standard output: nobody reads the answers");
    int error = server->channel->error;
    if (error != 0)
        planche_cli_message("standard input: cannot read: %s", strerror(error));
    return server->output.broken || error != 0 ? PLANCHE_CLI_PAGE_FAILED : PLANCHE_CLI_OK;
}

int planche_cli_stdio(int argc, char **argv)
{
    struct planche_cli_options options;
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_STDIO, "stdio", argc, argv, &first,
                                   &status))
        return status;
    if (first < argc)
        return planche_cli_usage_error("stdio", "unexpected '%s'; requests come on stdin",
                                       argv[first]);
    if (options.keep_format)
        return planche_cli_usage_error("stdio",
                                       "--format keep is for files; a request names its format");
    struct planche_cli_server *server = calloc(1, sizeof *server);
    char *line = malloc(PLANCHE_CLI_LINE_SIZE);
    status = PLANCHE_CLI_NOT_STARTED;
    if (server != NULL) {
        server->options = options;
        server->jobs = planche_cli_count_jobs(&options.engine);
        planche_cli_log_to(&server->options.engine, &server->options);
        planche_mutex_init(&server->lock);
        planche_cond_init(&server->changed);
        planche_cli_output_init(&server->output);
        server->channel = calloc(1, sizeof *server->channel);
        server->engines = planche_cli_engine_cache_create(&server->options.engine, options.engines);
    }
    if (server == NULL || line == NULL || server->channel == NULL || server->engines == NULL)
        planche_cli_message("out of memory");
    else if (!planche_cli_interrupt_install())
        planche_cli_message("cannot make a pipe; see ulimit -n");
    else
        status = serve_all(server, line);
    if (server != NULL) {
        planche_cli_engine_cache_destroy(server->engines);
        free(server->channel);
    }
    free(server);
    free(line);
    return status;
}
