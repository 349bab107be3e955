/* SPDX-License-Identifier: MIT */
/* State of a book's run: progress and cancellation, opening the archive, failures of entries, and
 * the memory reservation. What a book takes of the engine's budget, the engine's pages must do
 * without. */
#include "book/state.h"

#include "base/file_names.h"
#include "base/status.h"
#include "book/picture.h"
#include "engine/internal.h"

#include <assert.h>

/* What may come until the next reservation: buffers of files, another entry. */
#define RESERVE ((uint64_t)1 << 20)

void planche_book_report(struct planche_book *book, const char *name)
{
    book->progress.name = name;
    if (book->options.on_progress && planche_cancel_check(&book->cancel) == PLANCHE_OK)
        book->options.on_progress(book->options.user, &book->progress);
}

enum planche_format planche_book_page_format(const struct planche_book *book,
                                             const struct planche_entry *entry)
{
    enum planche_format own = entry->format ? entry->format : planche_codec_format_of(entry->name);
    enum planche_format wanted = book->page.format ? book->page.format : PLANCHE_FORMAT_WEBP;
    bool cover = book->to == PLANCHE_CONTAINER_FOLDER && planche_name_is_cover(entry->name);
    if (book->entries.referred && !book->page.format)
        return entry->format ? planche_codec_kept(entry->format) : wanted;
    if ((book->options.keep_format || cover) && own && planche_codec_kept(own) == own)
        return own;
    return wanted;
}

enum planche_status planche_book_open(struct planche_book *book,
                                      const struct planche_cancel_token *cancel,
                                      struct planche_archive **archive, struct planche_error *error)
{
    /* What is passed over is told once, at the first reading. */
    const struct planche_log *log = book->entries.count ? NULL : &book->log;
    const struct planche_archive_help help = {
        .cancel = cancel, .notes = &book->notes, .log = &book->log, .look = planche_book_look};
    return planche_archive_open(archive, book->input, &book->limits, &book->budget, log, &help,
                                error);
}

bool planche_book_survives(const struct planche_book *book, const struct planche_entry *entry,
                           enum planche_status status)
{
    /* UNSUPPORTED: it is packed by a method that is not read, which others need not be. */
    bool own = status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_UNSUPPORTED ||
               (status == PLANCHE_ERROR_IO && book->from == PLANCHE_CONTAINER_FOLDER);
    /* Without one of its texts an EPUB is none. */
    return own && (entry->page || book->from != PLANCHE_CONTAINER_EPUB) &&
           book->options.on_error != PLANCHE_ON_ERROR_FAIL;
}

enum planche_status planche_book_fail_page(struct planche_book *book, struct planche_entry *entry,
                                           enum planche_status status,
                                           const struct planche_error *why,
                                           struct planche_error *error)
{
    assert(status != PLANCHE_OK && !entry->message);
    entry->outcome = PLANCHE_BOOK_FAILED;
    entry->status = status;
    entry->message = planche_strdup(&book->budget, why->message);
    return entry->message
               ? PLANCHE_OK
               : planche_fail_memory(error, &book->budget, sizeof why->message, entry->name);
}

enum planche_status planche_book_reserve(struct planche_book *book,
                                         const struct planche_cancel_token *cancel,
                                         struct planche_error *error)
{
    uint64_t wanted = atomic_load(&book->budget.used) + RESERVE;
    if (wanted <= book->reserved)
        return PLANCHE_OK;
    /* More than must be, so that this happens a few times and not for every entry. */
    uint64_t more = wanted - book->reserved + RESERVE / 4;
    if (planche_engine_set_aside(book->engine, more, cancel)) {
        book->reserved += more;
        return PLANCHE_OK;
    }
    enum planche_status status = planche_cancel_fail(cancel, error);
    if (status)
        return status;
    return planche_fail(error, PLANCHE_ERROR_BUDGET,
                        "%s: reading and writing the book takes %llu MiB, which leaves nothing of "
                        "the memory budget for its pages; raise it (option memory)",
                        book->input, (unsigned long long)(wanted >> 20) + 1);
}

void planche_book_unreserve(struct planche_book *book)
{
    if (book->reserved)
        planche_engine_put_back(book->engine, book->reserved);
    book->reserved = 0;
}

bool planche_book_is_own_fault(enum planche_status status)
{
    return status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_UNSUPPORTED ||
           status == PLANCHE_ERROR_LIMIT || status == PLANCHE_ERROR_BUDGET;
}
