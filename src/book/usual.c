/* SPDX-License-Identifier: MIT */
/* Usual level of cleaning: that of most pages, by some that are spread over the book. Pages that
 * are not clearly different are made like that, so that a book's pages look alike. It depends on
 * the book alone: a run that goes on where another was stopped finds the same. */
#include "base/status.h"
#include "book/steps.h"
#include "choice/auto_model.h"
#include "engine/internal.h"
#include "engine/run.h"
#include "os/file.h"

#include <stdio.h>

/* Pages that are looked at, at most. An odd number has a middle. */
#define SAMPLE 9

/* The pages that were looked at. */
struct sample {
    struct planche_book *book;
    uint8_t *buffer;
    struct planche_entry *entry; /* that is being looked at */
    size_t wanted;               /* pages of the book that are to be looked at */
    size_t pages, seen;          /* of the book, that the archive has */
    unsigned levels[SAMPLE];
    size_t count;
};

/* Pages that a selection leaves out count: they are the same book. */
static bool is_page(const struct planche_entry *entry)
{
    return entry->page || entry->outcome == PLANCHE_BOOK_UNSELECTED;
}

static bool is_name_of_page(const struct planche_entry *entry)
{
    return is_page(entry) && !entry->folder && planche_book_has_image_name(entry->name);
}

/* Whether the page is one of those in the middles of equal parts of the book. */
static bool is_wanted(const struct sample *sample)
{
    for (size_t i = 0; i < sample->wanted; i++)
        if (sample->seen == (2 * i + 1) * sample->pages / (2 * sample->wanted))
            return true;
    return false;
}

static enum planche_status go_on(void *user, size_t got, struct planche_error *error)
{
    const struct sample *sample = user;
    (void)got;
    return planche_cancel_fail(&sample->book->cancel, error);
}

/* Pages that are kept as they are say nothing of the others. */
static enum planche_status filter_page(void *user, const struct planche_image_info *info,
                                       struct planche_error *error)
{
    const struct sample *sample = user;
    struct planche_entry scratch = *sample->entry;
    return planche_book_skip_page(sample->book, &scratch, info)
               ? planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "is kept")
               : PLANCHE_OK;
}

static enum planche_status look_at(struct sample *sample, const char *path,
                                   struct planche_error *error)
{
    struct planche_book *book = sample->book;
    const struct planche_source source = {.name = sample->entry->name, .path = path};
    const struct planche_page_filter filter = {filter_page, sample};
    struct planche_auto_choice choice;
    struct planche_signs signs;
    enum planche_status status =
        planche_run_look(book->engine, &source, &filter, &book->cancel, &signs, error);
    if (status) /* what is wrong with a page alone is said when it is made */
        return planche_book_is_own_fault(status) ? PLANCHE_OK : status;
    planche_auto_choose(&choice, &signs);
    sample->levels[sample->count++] = choice.level;
    return PLANCHE_OK;
}

static enum planche_status take_page(struct sample *sample, struct planche_archive *archive,
                                     size_t index, struct planche_error *error)
{
    struct planche_book *book = sample->book;
    char path[PATH_MAX];
    bool unread;
    planche_workdir_entry_path(&book->work, index, PLANCHE_WORKDIR_IN, path);
    const struct planche_spool spool = {
        .archive = archive, .path = path, .buffer = sample->buffer, .more = go_on, .user = sample};
    sample->entry = &book->entries.list[index];
    enum planche_status status = planche_book_spool(book, &spool, &unread, error);
    if (unread && planche_book_survives(book, sample->entry, status))
        status = PLANCHE_OK;
    else if (!status)
        status = look_at(sample, path, error);
    planche_file_remove(path);
    return status;
}

/* Up to the last page that is wanted. */
static enum planche_status read_archive(struct sample *sample, struct planche_archive *archive,
                                        struct planche_error *error)
{
    const struct planche_entries *entries = &sample->book->entries;
    struct planche_archive_entry found;
    enum planche_status status = PLANCHE_OK;
    bool end = false;
    for (size_t index = 0; !status && !end && index < entries->count; index++) {
        if (sample->seen == sample->pages)
            break;
        status = planche_archive_next(archive, &found, &end, error);
        if (status || end || !is_name_of_page(&entries->list[index]))
            continue;
        if (is_wanted(sample))
            status = take_page(sample, archive, index, error);
        sample->seen++;
    }
    return status;
}

/* Looks at the pages of the sample. */
static enum planche_status look(struct sample *sample, struct planche_error *error)
{
    struct planche_book *book = sample->book;
    struct planche_archive *archive = NULL;
    for (size_t i = 0; i < book->entries.count; i++)
        sample->pages += is_name_of_page(&book->entries.list[i]);
    sample->wanted = sample->pages < SAMPLE ? sample->pages : SAMPLE;
    if (sample->wanted == 0)
        return PLANCHE_OK;
    sample->buffer = planche_alloc(&book->budget, PLANCHE_SPOOL_BYTES);
    if (!sample->buffer)
        return planche_fail_memory(error, &book->budget, PLANCHE_SPOOL_BYTES, book->input);
    enum planche_status status = planche_book_open(book, &book->cancel, &archive, error);
    if (!status)
        status = planche_book_reserve(book, &book->cancel, error);
    if (!status)
        status = read_archive(sample, archive, error);
    planche_archive_close(&archive);
    planche_free(sample->buffer);
    return status;
}

enum planche_status planche_book_find_usual(struct planche_book *book, struct planche_error *error)
{
    struct sample sample = {.book = book};
    char text[32];
    if (!planche_engine_chooses(book->engine))
        return PLANCHE_OK;
    enum planche_status status = look(&sample, error);
    if (status)
        return status;
    book->usual = planche_auto_usual(sample.levels, sample.count);
    planche_log_write(&book->log, PLANCHE_LOG_DEBUG, "%s: level %g by %zu of %zu pages",
                      book->input, planche_auto_level(book->usual), sample.count, sample.pages);
    snprintf(text, sizeof text, "%u\n", book->usual);
    return planche_workdir_settle(&book->work, text, error);
}
