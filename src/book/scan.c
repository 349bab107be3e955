/* SPDX-License-Identifier: MIT */
/* Scan: the first pass over a book's archive, which lists its entries and tells which are pages. */
#include "base/file_names.h"
#include "base/status.h"
#include "book/epub.h"
#include "book/steps.h"
#include "codec/format.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Names that promise an image, whether or not Planche reads it. */
bool planche_book_has_image_name(const char *name)
{
    static const char *const extensions[] = {
        "jpg",  "jpeg", "jpe", "png", "webp", "avif", "jxl", "gif", "bmp", "tif", "tiff", "heic",
        "heif", "jp2",  "j2k", "jpf", "jpx",  "qoi",  "tga", "psd", "jxr", "wdp", "hdp"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof extensions / sizeof *extensions; i++)
        if (strcasecmp(dot + 1, extensions[i]) == 0)
            return true;
    return false;
}

static enum planche_status read_head(struct planche_archive *archive, uint8_t *head, size_t size,
                                     size_t *filled, struct planche_error *error)
{
    size_t got = 1;
    enum planche_status status = PLANCHE_OK;
    for (*filled = 0; *filled < size && got && !status; *filled += got) {
        status = planche_archive_read(archive, head + *filled, size - *filled, &got, error);
        if (status)
            break;
    }
    return status;
}

/* Junk is no part of a book; but what an EPUB lists must be there. */
static bool is_dropped(const struct planche_book *book, const struct planche_entry *entry)
{
    char path[PLANCHE_ENTRY_NAME_BYTES + 2];
    if (book->from == PLANCHE_CONTAINER_EPUB)
        return false;
    snprintf(path, sizeof path, "%s%s", entry->name, entry->folder ? "/" : "");
    return planche_name_is_junk(path);
}

static enum planche_status classify(struct planche_book *book, struct planche_archive *archive,
                                    struct planche_entry *entry, struct planche_error *error)
{
    uint8_t head[PLANCHE_FORMAT_HEAD_SIZE];
    size_t got;
    if (is_dropped(book, entry)) {
        entry->dropped = true;
        entry->outcome = PLANCHE_BOOK_DROPPED;
        return PLANCHE_OK;
    }
    if (entry->folder)
        return PLANCHE_OK;
    if (book->from == PLANCHE_CONTAINER_EPUB && planche_epub_is_encryption(entry->name))
        return planche_epub_check_encryption(book->input, archive, &book->budget, error);
    entry->page = planche_book_has_image_name(entry->name);
    /* To look into an entry may cost as much as to read it: a page of a PDF must be drawn. */
    if (entry->page && book->from != PLANCHE_CONTAINER_EPUB)
        return PLANCHE_OK;
    enum planche_status status = read_head(archive, head, sizeof head, &got, error);
    if (status)
        return planche_book_survives(book, entry, status) ? PLANCHE_OK : status;
    const struct planche_format_ops *ops = planche_format_detect(head, got);
    if (ops) {
        entry->format = ops->format;
        entry->page = true;
    }
    return PLANCHE_OK;
}

static enum planche_status list_entry(struct planche_book *book, struct planche_archive *archive,
                                      const struct planche_archive_entry *found,
                                      struct planche_error *error)
{
    struct planche_entry *entry;
    enum planche_status status = planche_entries_add(&book->entries, found, &entry, error);
    if (!status)
        status = classify(book, archive, entry, error);
    if (status)
        return status;
    book->entries.pages += entry->page;
    book->progress.pages = book->entries.pages;
    planche_book_report(book, entry->name);
    return planche_cancel_fail(&book->cancel, error);
}

static enum planche_status keep_comment(struct planche_book *book,
                                        const struct planche_archive *archive,
                                        struct planche_error *error)
{
    const void *comment = planche_archive_comment(archive, &book->comment_size);
    if (!book->comment_size)
        return PLANCHE_OK;
    book->comment = planche_alloc(&book->budget, book->comment_size);
    if (!book->comment)
        return planche_fail_memory(error, &book->budget, book->comment_size, book->input);
    memcpy(book->comment, comment, book->comment_size);
    return PLANCHE_OK;
}

enum planche_status planche_book_scan(struct planche_book *book, struct planche_error *error)
{
    struct planche_archive *archive;
    struct planche_archive_entry found;
    bool end = false;
    enum planche_status status = planche_book_open(book, &book->cancel, &archive, error);
    if (!status)
        status = keep_comment(book, archive, error);
    while (!status && !end) {
        status = planche_archive_next(archive, &found, &end, error);
        if (!status && !end)
            status = list_entry(book, archive, &found, error);
    }
    planche_archive_close(&archive);
    /* As an empty file or folder is. */
    if (!status && book->entries.count == 0)
        status = planche_fail(error, PLANCHE_ERROR_DATA, "%s: is an empty book", book->input);
    return status;
}
