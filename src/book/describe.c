/* SPDX-License-Identifier: MIT */
/* ComicInfo.xml of a book that was an EPUB: what its package says, and its pages. What one that is
 * there says, stays. */
#include "base/status.h"
#include "book/comicinfo.h"
#include "book/order.h"
#include "book/steps.h"
#include "os/fd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_BYTES ((uint64_t)16 << 20)

static const char empty[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                            "<ComicInfo xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                            "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\n</ComicInfo>\n";

/* Size of a page of the output, if it is known. */
static void find_size(const struct planche_entry *entry, unsigned part, uint32_t *width,
                      uint32_t *height)
{
    bool made = entry->made.parts > 0 && entry->made.part;
    *width = made ? entry->made.part[part].width : entry->width;
    *height = made ? entry->made.part[part].height : entry->height;
}

/* Books whose pages are wide have no double pages that the width tells. */
static bool has_upright_pages(const struct planche_book *book)
{
    size_t upright = 0, wide = 0;
    for (size_t i = 0; i < book->ordered; i++) {
        const struct planche_entry *entry = &book->entries.list[book->order[i]];
        uint32_t width, height;
        find_size(entry, 0, &width, &height);
        upright += entry->page && !entry->dropped && width <= height;
        wide += entry->page && !entry->dropped && width > height;
    }
    return upright > wide;
}

static bool is_double(const struct planche_entry *entry, uint32_t width, uint32_t height,
                      bool upright)
{
    if (entry->spread == PLANCHE_SPREAD_CENTRE)
        return true;
    return upright && entry->spread == PLANCHE_SPREAD_ANY && width > height;
}

static void put(struct planche_text_buffer *out, const char *text)
{
    planche_text_buffer_put(out, text, strlen(text));
}

static void put_page(struct planche_text_buffer *out, const struct planche_entry *entry,
                     unsigned part, size_t number, bool upright)
{
    char line[256];
    uint32_t width, height;
    find_size(entry, part, &width, &height);
    snprintf(line, sizeof line, "    <Page Image=\"%zu\"", number);
    put(out, line);
    if (entry->made.parts && entry->made.part) {
        snprintf(line, sizeof line, " ImageSize=\"%" PRIu64 "\"", entry->made.part[part].bytes);
        put(out, line);
    }
    if (width && height) {
        snprintf(line, sizeof line, " ImageWidth=\"%" PRIu32 "\" ImageHeight=\"%" PRIu32 "\"",
                 width, height);
        put(out, line);
    }
    if (entry->cover && part == 0)
        put(out, " Type=\"FrontCover\"");
    if (is_double(entry, width, height, upright))
        put(out, " DoublePage=\"true\"");
    put(out, " />\n");
}

/* The content of <Pages>, with a 0 at its end. Returns the number of pages. */
static size_t list_pages(const struct planche_book *book, struct planche_text_buffer *out)
{
    bool upright = has_upright_pages(book);
    size_t number = 0;
    put(out, "\n");
    for (size_t i = 0; i < book->ordered; i++) {
        const struct planche_entry *entry = &book->entries.list[book->order[i]];
        for (unsigned part = 0;
             entry->page && entry->outputs && part < planche_entry_outputs(entry); part++)
            put_page(out, entry, part, number++, upright);
    }
    put(out, "  ");
    planche_text_buffer_put(out, "", 1);
    return number;
}

/* Adds what is known to a text, in the order of the schema. */
static const char *fill(const struct planche_book *book, const char *data, size_t size,
                        struct planche_text_buffer *out)
{
    char *const *facts = book->package.facts;
    struct planche_text_buffer pages = {.budget = out->budget};
    char count[24];
    snprintf(count, sizeof count, "%zu", list_pages(book, &pages));
    const struct planche_comicinfo_field fields[] = {
        {"Title", facts[PLANCHE_FACT_TITLE]},
        {"Series", facts[PLANCHE_FACT_SERIES]},
        {"Number", facts[PLANCHE_FACT_NUMBER]},
        {"Summary", facts[PLANCHE_FACT_SUMMARY]},
        {"Year", facts[PLANCHE_FACT_YEAR]},
        {"Month", facts[PLANCHE_FACT_MONTH]},
        {"Day", facts[PLANCHE_FACT_DAY]},
        {"Writer", facts[PLANCHE_FACT_WRITER]},
        {"Penciller", facts[PLANCHE_FACT_PENCILLER]},
        {"Colorist", facts[PLANCHE_FACT_COLORIST]},
        {"Translator", facts[PLANCHE_FACT_TRANSLATOR]},
        {"Publisher", facts[PLANCHE_FACT_PUBLISHER]},
        {"PageCount", count},
        {"LanguageISO", facts[PLANCHE_FACT_LANGUAGE]},
        {"Manga", book->package.right_to_left ? "YesAndRightToLeft" : NULL},
        {"Pages", pages.failed ? NULL : pages.data},
    };
    out->failed = out->failed || pages.failed;
    const char *wrong =
        planche_comicinfo_fill(data, size, fields, sizeof fields / sizeof *fields, out);
    planche_text_buffer_free(&pages);
    return wrong;
}

/* The text that an entry has now; *data NULL: it is too large. */
static enum planche_status load(struct planche_book *book, size_t index, char **data, size_t *size,
                                struct planche_error *error)
{
    const struct planche_entry *entry = &book->entries.list[index];
    struct planche_file_info info;
    char path[PATH_MAX];
    planche_workdir_entry_path(&book->work, index,
                               entry->rewritten ? PLANCHE_WORKDIR_OUT : PLANCHE_WORKDIR_IN, path);
    int fd = planche_fd_open(path, 0, &info);
    enum planche_status status = PLANCHE_OK;
    *data = NULL;
    *size = 0;
    if (fd < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", path, strerror(errno));
    if (info.size > 0 && info.size <= MAX_BYTES) {
        *size = (size_t)info.size;
        *data = planche_alloc(&book->budget, *size);
        if (!*data)
            status = planche_fail_memory(error, &book->budget, *size, path);
        else
            status = planche_workdir_read(fd, path, *data, *size, error);
    }
    planche_fd_close(&fd);
    return status;
}

static size_t find_comicinfo(const struct planche_book *book)
{
    for (size_t i = 0; i < book->entries.count; i++)
        if (!book->entries.list[i].dropped && book->entries.list[i].outputs &&
            planche_book_is_comicinfo(book->entries.list[i].name))
            return i;
    return PLANCHE_NO_ENTRY;
}

/* A new entry, the last of the book. */
static enum planche_status add_entry(struct planche_book *book, struct planche_error *error)
{
    struct planche_entries *entries = &book->entries;
    struct planche_entry *entry;
    const struct planche_archive_entry like = {.name = "ComicInfo.xml",
                                               .mtime = entries->list[0].mtime};
    enum planche_status status = planche_entries_add(entries, &like, &entry, error);
    if (status)
        return status;
    entry->outputs = planche_calloc(&book->budget, 1, sizeof *entry->outputs);
    if (entry->outputs)
        entry->outputs[0] = planche_strdup(&book->budget, like.name);
    if (!entry->outputs || !entry->outputs[0])
        return planche_fail_memory(error, &book->budget, sizeof like, book->input);
    book->order[book->ordered++] = entries->count - 1;
    return PLANCHE_OK;
}

static enum planche_status write_entry(struct planche_book *book, size_t index,
                                       const struct planche_text_buffer *text,
                                       struct planche_error *error)
{
    char path[PATH_MAX];
    if (text->failed)
        return planche_fail_memory(error, &book->budget, text->size, book->input);
    planche_workdir_entry_path(&book->work, index, PLANCHE_WORKDIR_OUT, path);
    book->entries.list[index].rewritten = true;
    return planche_workdir_write(&book->work, path, text->data, text->size, error);
}

enum planche_status planche_book_describe(struct planche_book *book, struct planche_error *error)
{
    struct planche_text_buffer out = {.budget = &book->budget};
    enum planche_status status = PLANCHE_OK;
    const char *wrong = NULL;
    char *data = NULL;
    size_t size = 0;
    if (!book->order)
        return PLANCHE_OK;
    size_t index = find_comicinfo(book);
    if (index != PLANCHE_NO_ENTRY)
        status = load(book, index, &data, &size, error);
    else
        wrong = fill(book, empty, sizeof empty - 1, &out);
    if (!status && data)
        wrong = fill(book, data, size, &out);
    if (!status && index == PLANCHE_NO_ENTRY) {
        index = book->entries.count;
        status = add_entry(book, error);
    }
    if (!status && !wrong && (out.size > 0 || out.failed))
        status = write_entry(book, index, &out, error);
    planche_text_buffer_free(&out);
    planche_free(data);
    return status;
}
