/* SPDX-License-Identifier: MIT */
/* Inspection of a book without an engine: every page, or its beginning, is read into memory, and
 * its header decoded. */
#include "base/status.h"
#include "book/steps.h"

#include <nettle/sha2.h>
#include <stdio.h>

#define READ_BYTES ((size_t)1 << 20)
/* What holds the headers of most images, profile and all. */
#define HEADER_BYTES ((size_t)64 << 10)

/* The content of the entry that was read last, and the pages so far. */
struct bytes {
    uint8_t *data;
    size_t size, capacity;
    struct planche_digests digests; /* of pages */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum planche_status grow(struct planche_book *book, struct bytes *bytes, const char *name,
                                struct planche_error *error)
{
    size_t capacity = bytes->capacity + bytes->capacity / 2 + READ_BYTES;
    uint8_t *data = planche_realloc(&book->budget, bytes->data, capacity);
    if (!data)
        return planche_fail_memory(error, &book->budget, capacity, name);
    bytes->data = data;
    bytes->capacity = capacity;
    return PLANCHE_OK;
}

/* Finds out whether a page has the bytes of another before it. */
static void compare(const struct planche_book *book, struct planche_entry *entry,
                    struct bytes *bytes)
{
    struct sha256_ctx context;
    size_t index = (size_t)(entry - book->entries.list);
    sha256_init(&context);
    sha256_update(&context, bytes->size, bytes->data);
    sha256_digest(&context, sizeof entry->digest, entry->digest);
    size_t first = planche_digests_add(&bytes->digests, index);
    if (first != index)
        entry->original = first;
}

/* Pages are read whole, of other entries only the size is found out. */
static enum planche_status read_entry(struct planche_book *book, struct planche_archive *archive,
                                      struct planche_entry *entry, struct bytes *bytes,
                                      struct planche_error *error)
{
    size_t got = 1;
    bytes->size = 0;
    while (got > 0) {
        enum planche_status status = PLANCHE_OK;
        if (bytes->capacity == bytes->size)
            status = grow(book, bytes, entry->name, error);
        if (!status)
            status = planche_archive_read(archive, bytes->data + bytes->size,
                                          bytes->capacity - bytes->size, &got, error);
        if (status)
            return status;
        entry->input_bytes += got;
        bytes->size = entry->page ? bytes->size + got : 0;
    }
    return PLANCHE_OK;
}

static enum planche_status read_header(struct planche_book *book, struct planche_entry *entry,
                                       const struct bytes *bytes, struct planche_error *error)
{
    char name[PATH_MAX + PLANCHE_ENTRY_NAME_BYTES + 4];
    const struct planche_source source = {.name = name, .data = bytes->data, .size = bytes->size};
    /* Of a beginning nothing can be said but its size: whoever reads all of it warns. */
    const struct planche_reader_options options = {
        .budget = &book->budget,
        .log = book->options.headers_only ? NULL : &book->log,
        .header_only = true,
    };
    struct planche_reader *reader;
    snprintf(name, sizeof name, "%s: %s", book->input, entry->name);
    enum planche_status status = planche_reader_open(&reader, &source, &options, error);
    if (status)
        return status;
    const struct planche_image_info *info = planche_reader_info(reader);
    entry->result.input_width = info->width;
    entry->result.input_height = info->height;
    entry->result.format = info->format;
    if (!planche_book_skip_page(book, entry, info))
        entry->outcome =
            entry->original == PLANCHE_NO_ENTRY ? PLANCHE_BOOK_ENLARGED : PLANCHE_BOOK_DUPLICATE;
    planche_reader_destroy(&reader);
    return PLANCHE_OK;
}

static enum planche_status inspect_page(struct planche_book *book, struct planche_entry *entry,
                                        const struct bytes *bytes, struct planche_error *error)
{
    struct planche_error why = {0};
    enum planche_status status = read_header(book, entry, bytes, &why);
    return status ? planche_book_fail_page(book, entry, status, &why, error) : PLANCHE_OK;
}

/* Reads more and more of a page until its header is there. */
static enum planche_status inspect_beginning(struct planche_book *book,
                                             struct planche_archive *archive,
                                             struct planche_entry *entry, struct bytes *bytes,
                                             struct planche_error *error)
{
    size_t got = 1, wanted = HEADER_BYTES;
    struct planche_error why = {0};
    enum planche_status status = PLANCHE_OK, header = PLANCHE_ERROR_DATA;
    entry->outcome = PLANCHE_BOOK_ENLARGED;
    if (book->from == PLANCHE_CONTAINER_PDF) /* its pages would be drawn */
        return PLANCHE_OK;
    for (bytes->size = 0; header && got > 0; wanted *= 8) {
        while (!status && got > 0 && bytes->size < wanted) {
            if (bytes->capacity == bytes->size)
                status = grow(book, bytes, entry->name, error);
            size_t room = least(bytes->capacity, wanted) - bytes->size;
            if (!status)
                status =
                    planche_archive_read(archive, bytes->data + bytes->size, room, &got, error);
            bytes->size += status ? 0 : got;
        }
        if (status)
            return status;
        header = read_header(book, entry, bytes, &why);
    }
    return header ? planche_book_fail_page(book, entry, header, &why, error) : PLANCHE_OK;
}

static enum planche_status inspect_entry(struct planche_book *book, struct planche_archive *archive,
                                         struct planche_entry *entry, struct bytes *bytes,
                                         struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    bool quick = book->options.headers_only;
    if (quick && entry->page)
        status = inspect_beginning(book, archive, entry, bytes, error);
    else if (!entry->folder && !entry->dropped && !quick)
        status = read_entry(book, archive, entry, bytes, error);
    if (status && planche_book_survives(book, entry, status)) {
        const struct planche_error why = *error;
        return planche_book_fail_page(book, entry, status, &why, error);
    }
    if (status || !entry->page || quick)
        return status;
    compare(book, entry, bytes);
    return inspect_page(book, entry, bytes, error);
}

enum planche_status planche_book_inspect_pages(struct planche_book *book,
                                               struct planche_error *error)
{
    struct planche_archive *archive;
    struct planche_archive_entry found;
    struct bytes bytes = {0};
    bool end = false;
    enum planche_status status = planche_book_open(book, &book->cancel, &archive, error);
    if (!status)
        status = planche_digests_init(&bytes.digests, &book->entries, error);
    for (size_t i = 0; i < book->entries.count && !status; i++) {
        struct planche_entry *entry = &book->entries.list[i];
        status = planche_archive_next(archive, &found, &end, error);
        if (!status && end)
            status = planche_fail(error, PLANCHE_ERROR_IO, "%s: has changed while it was read",
                                  book->input);
        if (!status)
            status = inspect_entry(book, archive, entry, &bytes, error);
        book->progress.done += entry->page;
        book->progress.done_parts = (double)book->progress.done;
        if (!status)
            planche_book_report(book, entry->name);
        if (!status)
            status = planche_cancel_fail(&book->cancel, error);
    }
    planche_digests_free(&bytes.digests);
    planche_free(bytes.data);
    planche_archive_close(&archive);
    return status;
}
