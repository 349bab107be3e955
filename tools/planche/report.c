/* SPDX-License-Identifier: MIT */
/* What pages and books say when they end. */
#include "paths.h"
#include "run.h"
#include "terminal.h"

#include <string.h>

static bool begins_with(const char *message, const char *name)
{
    size_t length = strlen(name);
    return strncmp(message, name, length) == 0 && message[length] == ':';
}

void planche_cli_print_failure(const char *input, const char *output, enum planche_status status,
                               const char *message)
{
    if (message == NULL)
        message = "out of memory";
    const char *advice = "";
    /* The library cannot know what the option is called here. */
    if (status == PLANCHE_ERROR_EXISTS)
        advice = planche_cli_is_folder(output) ? "; folders are never replaced"
                                               : "; --overwrite replaces it";
    if (begins_with(message, input) || begins_with(message, output))
        planche_cli_message("%s%s", message, advice);
    else
        planche_cli_message("%s: %s%s", input, message, advice);
}

bool planche_cli_run_is_there(const struct planche_cli_run *run,
                              const struct planche_cli_work *work)
{
    return work->resumes && !run->options.page.overwrite && planche_cli_is_taken(work->output);
}

void planche_cli_run_pass_over(struct planche_cli_run *run, const struct planche_cli_work *work)
{
    run->summary.there++;
    if (run->options.verbose)
        planche_cli_note("%s -> %s  there already", work->input, work->output);
    if (run->options.json)
        planche_cli_run_json(run, planche_cli_json_there(work->input, work->output, work->book));
}

void planche_cli_run_json(struct planche_cli_run *run, json_t *object)
{
    if (!planche_cli_json_print(object))
        run->failed = true;
}
