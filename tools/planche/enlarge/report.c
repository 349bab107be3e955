/* SPDX-License-Identifier: MIT */
/* Reports of pages and books: failures with advice, and items that are passed over. */
#include "base/status.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "enlarge/judge.h"
#include "os/file_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of "NAME:" that a message begins with; 0: with something else. Messages show names with
 * odd bytes as errors do. */
static size_t length_of_name(const char *message, const char *name)
{
    struct planche_error shown = {0};
    planche_fail(&shown, PLANCHE_ERROR_DATA, "%s:", name);
    size_t length = strlen(shown.message);
    return strncmp(message, shown.message, length) == 0 ? length : 0;
}

static bool begins_with(const char *message, const char *name)
{
    return length_of_name(message, name) > 0;
}

/* The library does not know the names of options. --overwrite does not help if another run is
 * making the book. */
static const char *advise_on_existing(const struct planche_cli_run *run,
                                      const struct planche_cli_item *item)
{
    bool taken = planche_cli_is_taken(item->output);
    bool folder = planche_cli_is_folder(item->output);
    if (!taken || run->options.page.overwrite ||
        folder != (item->book && item->container == PLANCHE_CONTAINER_FOLDER))
        return "";
    if (folder && item->verdict != PLANCHE_CLI_EXISTS) /* of another book */
        return ", or --update makes the pages of this one in it";
    return folder ? "; Planche does not know it; --overwrite adds to it and replaces its pages"
                  : "; --overwrite replaces it";
}

/* True if pages of the book are finished and kept for the next run. */
static bool has_begun(const struct planche_cli_item *item)
{
    const char *base = planche_cli_base_name(item->output);
    char *folder = NULL;
    if (asprintf(&folder, "%.*s.%s.planche", (int)(base - item->output), item->output, base) < 0)
        return false;
    struct planche_file_info info; /* a link there is none of a run */
    bool begun = planche_file_find_link(folder, &info) == PLANCHE_FILE_PRESENT &&
                 info.kind == PLANCHE_FILE_FOLDER;
    free(folder);
    return begun;
}

void planche_cli_print_failure(const struct planche_cli_run *run,
                               const struct planche_cli_item *item, enum planche_status status,
                               const char *message)
{
    if (message == NULL)
        message = "out of memory";
    const char *advice = "";
    if (status == PLANCHE_ERROR_EXISTS)
        advice = advise_on_existing(run, item);
    else if (status == PLANCHE_ERROR_IO && item->book && has_begun(item))
        advice = "; the same command goes on from there";
    if (begins_with(message, item->input) || begins_with(message, item->output))
        planche_cli_message("%s%s", message, advice);
    else
        planche_cli_message("%s: %s%s", item->input, message, advice);
}

static const char *skip_name(const char *message, const char *name)
{
    size_t length = length_of_name(message, name);
    return length > 0 && message[length] == ' ' ? message + length + 1 : message;
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

bool planche_cli_note_small(const struct planche_cli_run *run, const char *input, const char *entry,
                            const struct planche_page_result *result)
{
    const struct planche_page_options *page = &run->options.page;
    bool narrow = page->width == 0 || result->output_width < page->width;
    bool low = page->height == 0 || result->output_height < page->height;
    bool reaches = page->scale == PLANCHE_SCALE_AUTO && (page->width != 0 || page->height != 0);
    if (!reaches || !narrow || !low || run->options.quiet)
        return false;
    planche_cli_note(
        "%s%s%s: becomes %ux%u, smaller than was wanted: no page is enlarged more than "
        "16 times",
        input, entry != NULL ? ": " : "", entry != NULL ? entry : "", result->output_width,
        result->output_height);
    return true;
}

/* Whether something lies where the result of one input was to go by its name, which was made from
 * something else or in another way. */
static bool is_in_the_way(const struct planche_cli_run *run, const struct planche_cli_item *item)
{
    const char *output = run->options.output;
    bool named = output != NULL && !item->resumes && !planche_cli_output_is_folder(output);
    return named && (item->verdict == PLANCHE_CLI_SOURCE_CHANGED ||
                     item->verdict == PLANCHE_CLI_OTHER_SETTINGS ||
                     item->verdict == PLANCHE_CLI_OUTPUT_CHANGED);
}

void planche_cli_run_skip(struct planche_cli_run *run, const struct planche_cli_item *item)
{
    if (item->verdict == PLANCHE_CLI_PAGES_FAILED)
        run->failed = true;
    /* One that was named is wanted, not what lies in its place: the message says all of it. */
    if (is_in_the_way(run, item)) {
        const char *why =
            item->verdict == PLANCHE_CLI_SOURCE_CHANGED   ? "was made from another file or version"
            : item->verdict == PLANCHE_CLI_OTHER_SETTINGS ? "was made with other settings"
            : planche_file_find(item->output, NULL) == PLANCHE_FILE_ABSENT
                ? "is a link that leads nowhere"
                : "is empty or was cut off";
        planche_cli_message("%s: exists already and %s; --update makes it again", item->output,
                            why);
        run->failed = true;
    } else {
        run->summary.passed[item->book][item->verdict]++;
        if (run->options.verbose || (planche_cli_is_stale(item->verdict) && run->each))
            planche_cli_note("%s -> %s  %s", item->input, item->output,
                             planche_cli_verdict_name(item->verdict));
    }
    if (run->options.json)
        planche_cli_run_json(run, planche_cli_json_existing(item));
}

void planche_cli_run_json(struct planche_cli_run *run, json_t *object)
{
    /* A standard output that cannot be written is told at the end, for all that goes there. */
    if (!planche_cli_json_print(object) && !ferror(stdout))
        run->failed = true;
}
