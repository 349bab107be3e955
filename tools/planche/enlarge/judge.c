/* SPDX-License-Identifier: MIT */
/* Judging outputs by their records, or else by the marks in them. */
#include "enlarge/judge.h"
#include "base/cancel.h"
#include "base/text.h"

#include "cli/interrupt.h"
#include "cli/paths.h"
#include "enlarge/settings.h"
#include "io/file_end.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_folder_book(const struct planche_cli_item *item)
{
    return item->book && item->container == PLANCHE_CONTAINER_FOLDER;
}

static void digest_content(const char *path, char text[PLANCHE_IO_DIGEST_TEXT])
{
    const struct planche_cancel_token cancel = {.handle = planche_cli_interrupt_cancel()};
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    *text = 0;
    if (planche_content_digest(path, &cancel, digest))
        planche_text_hex(text, digest, sizeof digest);
}

struct measure {
    uint64_t bytes;
    bool cut;
};

/* All files of a page: of the parts, or of the format, that it became. False: they are not all
 * there. closely: whether one was cut off is looked at, too. */
static bool measure_page(const struct planche_cli_run *run, const struct planche_cli_item *item,
                         const struct planche_cli_record *record, bool closely,
                         struct measure *measure)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    bool there = record->parts > 0;
    *measure = (struct measure){0};
    result.parts = record->parts;
    result.format = (enum planche_format)record->format;
    result.switched = record->format != PLANCHE_FORMAT_AUTO;
    for (unsigned part = 1; there && part <= result.parts; part++) {
        struct planche_file_info info = {0};
        size_t size = planche_page_file_name(NULL, 0, item->output, &result, part) + 1;
        char *name = malloc(size);
        if (name != NULL)
            planche_page_file_name(name, size, item->output, &result, part);
        there = name != NULL && planche_file_find(name, &info) == PLANCHE_FILE_PRESENT &&
                !planche_cli_plan_names(&run->plan, item, name);
        measure->bytes += info.size;
        measure->cut = measure->cut || (closely && there && planche_file_is_cut(name));
        free(name);
    }
    return there;
}

/* An output: of a folder, all files in it, which are not looked at closely. */
static bool measure(const struct planche_cli_run *run, const struct planche_cli_item *item,
                    const struct planche_cli_record *record, bool closely, struct measure *found)
{
    struct planche_stamp output;
    if (!item->book)
        return measure_page(run, item, record, closely, found);
    bool known = planche_stamp_take(&output, item->output);
    *found = (struct measure){.bytes = known ? output.bytes : 0};
    found->cut = closely && known && !is_folder_book(item) && planche_file_is_cut(item->output);
    return known;
}

/* Keeps a record, unless nothing is to be written. The size of an output that was recorded once is
 * that of when it was made, whatever has become of it. */
static void note(struct planche_cli_run *run, const struct planche_cli_item *item,
                 struct planche_cli_record *record)
{
    struct planche_stamp output;
    struct measure now;
    if (run->options.dry_run)
        return;
    if (is_folder_book(item) && planche_stamp_take(&output, item->output))
        record->names = output.names;
    if (record->bytes == 0 && measure(run, item, record, false, &now))
        record->bytes = now.bytes;
    planche_cli_records_add(&run->records, item->output, record);
}

/* True if all files of a page that became something else than was planned are there. */
static bool are_parts_there(const struct planche_cli_run *run, const struct planche_cli_item *item,
                            const struct planche_cli_record *record)
{
    struct measure now;
    return !item->book && measure_page(run, item, record, false, &now);
}

/* True if an output is empty, or has another size than when it was made (or none is recorded) and
 * was cut off. One that somebody edited is whole and counts as made: nobody wants to lose that to
 * --update. */
static bool is_damaged(const struct planche_cli_run *run, const struct planche_cli_item *item,
                       const struct planche_cli_record *record)
{
    struct measure now;
    if (!measure(run, item, record, false, &now))
        return false;
    if (now.bytes == 0 || now.bytes == record->bytes)
        return now.bytes == 0;
    return measure(run, item, record, true, &now) && now.cut;
}

/* A file that was only touched, or copied from elsewhere, is the same. */
static bool is_same_source(struct planche_cli_run *run, const struct planche_cli_item *item,
                           struct planche_cli_record *record)
{
    struct planche_stamp now;
    char digest[PLANCHE_IO_DIGEST_TEXT];
    if (!planche_stamp_take(&now, item->input))
        return false;
    if (planche_stamp_is_same(&now, &record->source))
        return true;
    if (now.bytes != record->source.bytes || *record->digest == 0)
        return false;
    digest_content(item->input, digest);
    if (strcmp(digest, record->digest) != 0)
        return false;
    record->source = now;
    note(run, item, record);
    return true;
}

static enum planche_cli_verdict judge_record(struct planche_cli_run *run,
                                             const struct planche_cli_item *item,
                                             struct planche_cli_record record)
{
    if (!is_same_source(run, item, &record))
        return PLANCHE_CLI_SOURCE_CHANGED;
    bool other = *record.settings != 0 && strcmp(record.settings, item->settings) != 0;
    if (other)
        return PLANCHE_CLI_OTHER_SETTINGS;
    if (!is_folder_book(item) && is_damaged(run, item, &record))
        return PLANCHE_CLI_OUTPUT_CHANGED;
    return item->book && record.parts > 0 ? PLANCHE_CLI_PAGES_FAILED : PLANCHE_CLI_UP_TO_DATE;
}

/* Whether a page with this mark is what would be made now: by the same networks, as large. */
static bool has_settings(const struct planche_cli_run *run, const struct planche_cli_item *item,
                         const struct planche_provenance *mark)
{
    struct planche_provenance page = PLANCHE_PROVENANCE_INIT;
    struct planche_page_result wanted = PLANCHE_PAGE_RESULT_INIT;
    return planche_provenance_read(item->input, &page, NULL) == PLANCHE_OK &&
           planche_engine_predict(run->engine, &run->options.engine, page.width, page.height,
                                  &run->options.page, &wanted, NULL) == PLANCHE_OK &&
           wanted.output_width == mark->width && wanted.output_height == mark->height &&
           strcmp(wanted.networks, mark->model) == 0;
}

/* Of an output that was made before there were records, or elsewhere: what its mark says. One that
 * was cut off and has lost its mark with its end may be anybody's. */
static enum planche_cli_verdict judge_page(struct planche_cli_run *run,
                                           const struct planche_cli_item *item)
{
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    struct planche_cli_record record = {.parts = 1};
    const enum planche_status status = planche_provenance_read(item->output, &mark, NULL);
    if (status != PLANCHE_OK || *mark.source == 0 ||
        !planche_stamp_take(&record.source, item->input))
        return PLANCHE_CLI_EXISTS;
    digest_content(item->input, record.digest);
    if (strcmp(record.digest, mark.source) != 0)
        return PLANCHE_CLI_SOURCE_CHANGED;
    if (!has_settings(run, item, &mark))
        return PLANCHE_CLI_OTHER_SETTINGS;
    if (planche_file_lacks_end(item->output))
        return PLANCHE_CLI_OUTPUT_CHANGED;
    note(run, item, &record);
    return PLANCHE_CLI_UP_TO_DATE;
}

/* True if there are pages in a book that Planche has made. */
static bool is_made(const struct planche_cli_run *run, const char *path)
{
    struct planche_book_result result = PLANCHE_BOOK_RESULT_INIT;
    struct planche_book_options options = run->options.book;
    options.again = 0;
    options.skip_above = 0;
    return planche_book_inspect(path, &options, &result, NULL) == PLANCHE_OK &&
           result.outcomes[PLANCHE_BOOK_ALREADY_ENLARGED] > 0;
}

/* The same of books. Their files do not say what they were made from, so if one was named nothing
 * is known; in a library, its place says it, and its time whether the source is newer. */
static enum planche_cli_verdict judge_book(struct planche_cli_run *run,
                                           const struct planche_cli_item *item)
{
    struct planche_cli_record record = {.parts = 0};
    struct planche_stamp output;
    bool folder = is_folder_book(item);
    if ((!item->resumes && !folder) || planche_cli_is_folder(item->output) != folder ||
        !planche_stamp_take(&record.source, item->input) ||
        !planche_stamp_take(&output, item->output) || !is_made(run, item->output))
        return PLANCHE_CLI_EXISTS;
    if (folder || record.source.time > output.time)
        return PLANCHE_CLI_SOURCE_CHANGED; /* the pages of a folder tell more */
    note(run, item, &record);
    return PLANCHE_CLI_UP_TO_DATE;
}

/* True if files of a folder have gone, have come or have other sizes since it was made: then its
 * pages are looked at. */
static bool has_other_files(const struct planche_cli_item *item,
                            const struct planche_cli_record *record)
{
    struct planche_stamp output;
    return is_folder_book(item) && planche_stamp_take(&output, item->output) &&
           (output.names != record->names || (record->bytes != 0 && output.bytes != record->bytes));
}

/* True if what is in an output's place holds nothing that could be lost: a link that leads nowhere,
 * or an empty file. */
static bool is_nothing(const struct planche_cli_item *item)
{
    struct planche_file_info info;
    if (planche_file_find_link(item->output, &info) != PLANCHE_FILE_PRESENT)
        return false;
    enum planche_file_state there = planche_file_find(item->output, &info);
    return there == PLANCHE_FILE_ABSENT ||
           (there == PLANCHE_FILE_PRESENT && info.kind == PLANCHE_FILE_REGULAR && info.size == 0);
}

/* What is to be done with an output that is there. other: it, or parts of it, were made with other
 * settings. */
static void decide(const struct planche_cli_options *options, struct planche_cli_item *item,
                   bool incomplete, bool other)
{
    bool stale = planche_cli_is_stale(item->verdict);
    bool folder = is_folder_book(item);
    item->makes =
        item->verdict == PLANCHE_CLI_MISSING || (stale && options->update) ||
        (folder && item->verdict == PLANCHE_CLI_SOURCE_CHANGED) || incomplete ||
        (item->verdict == PLANCHE_CLI_EXISTS && !item->resumes && !options->skip_existing);
    item->replaces = stale && options->update && (!folder || other);
}

static void judge(struct planche_cli_run *run, struct planche_cli_item *item)
{
    const struct planche_cli_options *options = &run->options;
    const struct planche_cli_record *found = planche_cli_records_find(&run->records, item->output);
    const struct planche_cli_record record =
        found != NULL ? *found : (struct planche_cli_record){0};
    bool incomplete = false, known = found != NULL;
    if (!planche_cli_is_taken(item->output) && !(known && are_parts_there(run, item, &record)))
        item->verdict = PLANCHE_CLI_MISSING;
    else if (options->page.overwrite || options->skip_existing)
        item->verdict = PLANCHE_CLI_EXISTS;
    else if (is_nothing(item)) /* which no folder replaces */
        item->verdict = is_folder_book(item) ? PLANCHE_CLI_EXISTS : PLANCHE_CLI_OUTPUT_CHANGED;
    else if (!known)
        item->verdict = item->book ? judge_book(run, item) : judge_page(run, item);
    else
        item->verdict = judge_record(run, item, record);
    if (item->verdict == PLANCHE_CLI_UP_TO_DATE && known)
        incomplete = has_other_files(item, &record);
    decide(options, item, incomplete,
           *record.settings != 0 && strcmp(record.settings, item->settings) != 0);
    if (options->page.overwrite)
        item->makes = item->replaces = true;
}

/* All that the settings of items differ by. */
static bool have_same_settings(const struct planche_cli_item *a, const struct planche_cli_item *b)
{
    return a->book == b->book && a->format == b->format &&
           (a->container == PLANCHE_CONTAINER_EPUB) == (b->container == PLANCHE_CONTAINER_EPUB);
}

void planche_cli_judge(struct planche_cli_run *run)
{
    for (size_t i = 0; i < run->plan.count && planche_cli_interrupt_signal() == 0; i++) {
        struct planche_cli_item *item = &run->plan.items[i];
        if (i > 0 && have_same_settings(item, item - 1))
            memcpy(item->settings, item[-1].settings, sizeof item->settings);
        else
            planche_cli_settings(&run->options, item, run->scale, item->settings);
        judge(run, item);
    }
}

void planche_cli_judge_made(struct planche_cli_run *run, const struct planche_cli_item *item,
                            const struct planche_cli_origin *source, unsigned parts, int format)
{
    struct planche_cli_record record = {.source = source->stamp, .parts = parts, .format = format};
    const struct planche_cli_record *old = planche_cli_records_find(&run->records, item->output);
    memcpy(record.settings, item->settings, sizeof record.settings);
    memcpy(record.digest, source->digest, sizeof record.digest);
    /* A folder to which pages were added has older ones with the settings of then. */
    if (old != NULL && is_folder_book(item) && item->verdict != PLANCHE_CLI_MISSING &&
        !item->replaces)
        memcpy(record.settings, old->settings, sizeof record.settings);
    note(run, item, &record);
}
