/* SPDX-License-Identifier: MIT */
/* What pages and books say when they end. */
#include "cli/paths.h"
#include "cli/terminal.h"
#include "enlarge/run_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begins_with(const char *message, const char *name)
{
    size_t length = strlen(name);
    return strncmp(message, name, length) == 0 && message[length] == ':';
}

/* The library cannot know what the option is called here. Of a book, it may be another run that is
 * in the way, or what a folder cannot replace. */
static const char *advise_on_existing(const struct planche_cli_run *run,
                                      const struct planche_cli_work *work)
{
    bool taken = planche_cli_is_taken(work->output);
    if (taken && planche_cli_is_folder(work->output))
        return "; folders are never replaced";
    if (run->options.page.overwrite ||
        (work->book && (!taken || work->container == PLANCHE_CONTAINER_FOLDER)))
        return "";
    return "; --overwrite replaces it";
}

/* True if something of the book is finished and kept. */
static bool has_begun(const struct planche_cli_work *work)
{
    const char *base = planche_cli_base_name(work->output);
    char *folder = NULL;
    if (asprintf(&folder, "%.*s.%s.planche", (int)(base - work->output), work->output, base) < 0)
        return false;
    bool begun = planche_cli_is_folder(folder);
    free(folder);
    return begun;
}

void planche_cli_print_failure(const struct planche_cli_run *run,
                               const struct planche_cli_work *work, enum planche_status status,
                               const char *message)
{
    if (message == NULL)
        message = "out of memory";
    const char *advice = "";
    if (status == PLANCHE_ERROR_EXISTS)
        advice = advise_on_existing(run, work);
    else if (status == PLANCHE_ERROR_IO && work->book && has_begun(work))
        advice = "; the same command goes on from there";
    if (begins_with(message, work->input) || begins_with(message, work->output))
        planche_cli_message("%s%s", message, advice);
    else
        planche_cli_message("%s: %s%s", work->input, message, advice);
}

static const char *skip_name(const char *message, const char *name)
{
    size_t length = strlen(name);
    return begins_with(message, name) && message[length + 1] == ' ' ? message + length + 2
                                                                    : message;
}

const char *planche_cli_entry_message(const char *input, const struct planche_book_page *page)
{
    const char *message = page->message != NULL ? page->message : planche_status_name(page->status);
    return skip_name(skip_name(message, input), page->name);
}

bool planche_cli_is_inner_book(const struct planche_book_page *page)
{
    const char *base = planche_cli_base_name(page->name);
    return page->outcome == PLANCHE_BOOK_COPIED &&
           planche_cli_book_stem_length(base) < strlen(base);
}

void planche_cli_note_lack(const char *input, const size_t *outcomes, bool inner)
{
    for (size_t i = 0; i < PLANCHE_BOOK_COPIED; i++) {
        if (outcomes[i] > 0)
            return;
    }
    planche_cli_message("%s: has no pages%s", input,
                        inner ? ", but books in it, which are not opened" : "");
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
