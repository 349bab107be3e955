/* SPDX-License-Identifier: MIT */
/* Putting the output together, in the input's order, when all that belongs into it is there. */
#include "base/status.h"
#include "book/existing.h"
#include "book/inner.h"
#include "book/order.h"
#include "book/steps.h"
#include "os/file_info.h"

#include <stdio.h>
#include <string.h>

/* Where the content of a part of an entry lies. True: in the work folder. */
static bool content_path(const struct planche_book *book, size_t index, unsigned part,
                         char path[PATH_MAX])
{
    const struct planche_entry *entry = &book->entries.list[index];
    const struct planche_made *made = &entry->made;
    size_t original = entry->original == PLANCHE_NO_ENTRY ? index : entry->original;
    const struct planche_entry *first = &book->entries.list[original];
    if (entry->inner_container)
        planche_inner_path(book, entry, path);
    else if (made->parts && first->stays)
        return snprintf(path, PATH_MAX, "%s/%s", book->output, first->outputs[part]), false;
    else if (made->parts)
        planche_workdir_page_path(&book->work, entry->digest, made->format, part, made->parts,
                                  path);
    else
        planche_workdir_entry_path(&book->work, original,
                                   entry->rewritten ? PLANCHE_WORKDIR_OUT : PLANCHE_WORKDIR_IN,
                                   path);
    return true;
}

static enum planche_status add_entry(struct planche_book *book,
                                     struct planche_archive_writer *writer, size_t index, bool *any,
                                     struct planche_error *error)
{
    struct planche_entry *entry = &book->entries.list[index];
    bool made = entry->made.parts > 0;
    enum planche_status status = PLANCHE_OK;
    for (unsigned part = 0; part < planche_entry_outputs(entry) && !status; part++) {
        char path[PATH_MAX];
        struct planche_file_info info;
        const struct planche_archive_entry added = {
            .name = entry->outputs[part],
            .folder = entry->folder,
            .mtime = entry->mtime,
            .comment = entry->comment,
            .comment_size = entry->comment_size,
            .given = content_path(book, index, part, path),
            .packed = made || entry->inner_container,
        };
        if (!entry->folder && planche_file_find(path, &info) == PLANCHE_FILE_PRESENT)
            entry->output_bytes += info.size;
        if (entry->stays || (!entry->folder && !made &&
                             planche_existing_keeps(book, entry, entry->outputs[part], path)))
            continue;
        *any = *any || !entry->folder;
        status = planche_archive_writer_add(writer, &added, entry->folder ? NULL : path, error);
    }
    return status;
}

static size_t count_outputs(const struct planche_book *book)
{
    return book->order ? book->ordered : book->entries.count;
}

static void on_commit(void *user, double done)
{
    struct planche_book *book = user;
    (void)done;
    planche_book_report(book, NULL);
}

enum planche_status planche_book_assemble(struct planche_book *book,
                                          struct planche_archive_writer *writer,
                                          struct planche_error *error)
{
    bool skip = book->options.on_error == PLANCHE_ON_ERROR_SKIP;
    struct planche_name_set outputs = {0};
    bool any = false;
    book->progress.writing = true;
    planche_book_drop_ornaments(book);
    enum planche_status status = planche_book_settle_repeats(book, error);
    if (!status)
        status = planche_entries_name(&book->entries, skip, error);
    if (!status)
        status = planche_book_update_references(book, error);
    if (!status)
        status = planche_book_describe(book, error);
    for (size_t i = 0; i < count_outputs(book) && !status; i++) {
        size_t index = book->order ? book->order[i] : i;
        if (book->entries.list[index].outputs)
            status = add_entry(book, writer, index, &any, error);
    }
    if (!status && book->comment_size)
        status = planche_archive_writer_comment(writer, book->comment, book->comment_size, error);
    if (!status)
        planche_book_report(book, NULL);
    if (!status)
        status = planche_existing_list_outputs(book, &outputs, error);
    if (!status)
        status = planche_cancel_fail(&book->cancel, error);
    planche_archive_writer_watch(writer, planche_workdir_record_output, &book->work);
    if (!status && (any || !book->into))
        status = planche_archive_writer_commit(writer, on_commit, book, &book->cancel, error);
    if (!status)
        planche_existing_remove_former(book, &outputs);
    planche_name_set_free(&outputs);
    return status;
}
