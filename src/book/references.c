/* SPDX-License-Identifier: MIT */
/* References to pages: ComicInfo.xml, and in an EPUB whatever names them. */

#include "base/status.h"
#include "book/comicinfo.h"
#include "book/epub.h"
#include "book/steps.h"
#include "os/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Larger files are kept as they are. */
#define MAX_BYTES ((uint64_t)16 << 20)

/* Pages and their outputs, sorted for look-up. */
struct rewriting {
    struct planche_book *book;
    const struct planche_entry **pages; /* by their names, in the order of people */
    size_t count;
    const char **outputs; /* their names in the output, in the order of people */
    size_t output_count;
    struct planche_comicinfo_image *images; /* of pages */
    struct planche_renamed renamed;         /* found last */
};

static int compare_pages(const void *a, const void *b)
{
    const struct planche_entry *const *x = a, *const *y = b;
    return planche_name_compare((*x)->name, (*y)->name);
}

static int compare_names(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return planche_name_compare(*x, *y);
}

static const char *type_of(enum planche_format format)
{
    return format == PLANCHE_FORMAT_PNG    ? "image/png"
           : format == PLANCHE_FORMAT_JPEG ? "image/jpeg"
                                           : "image/webp";
}

static const struct planche_renamed *find_renamed(void *user, const char *name)
{
    struct rewriting *r = user;
    const struct planche_entry key = {.name = (char *)name}, *pointer = &key;
    const struct planche_entry *const *found =
        bsearch(&pointer, r->pages, r->count, sizeof *r->pages, compare_pages);
    if (!found || !(*found)->outputs || strcmp((*found)->outputs[0], name) == 0)
        return NULL;
    r->renamed = (struct planche_renamed){
        .from = (*found)->name,
        .to = (*found)->outputs[0],
        .type = type_of((*found)->made.format),
    };
    return &r->renamed;
}

static size_t find_output(const struct rewriting *r, const char *name)
{
    const char **found =
        bsearch(&name, r->outputs, r->output_count, sizeof *r->outputs, compare_names);
    return (size_t)(found - r->outputs);
}

/* The images that a ComicInfo.xml is about: those in its folder and below. Returns how many. */
static size_t list_images(struct rewriting *r, const char *name)
{
    const char *slash = strrchr(name, '/');
    size_t folder = slash ? (size_t)(slash - name) + 1 : 0, count = 0, first = 0;
    while (first < r->output_count && strncmp(r->outputs[first], name, folder) != 0)
        first++;
    for (size_t i = 0; i < r->count; i++) {
        const struct planche_entry *page = r->pages[i];
        if (strncmp(page->name, name, folder) != 0)
            continue;
        r->images[count] = (struct planche_comicinfo_image){
            .number = page->outputs ? find_output(r, page->outputs[0]) - first : 0,
            .outputs = page->outputs ? planche_entry_outputs(page) : 0,
            .changed = page->made.parts > 0,
        };
        if (page->made.parts) {
            r->images[count].bytes = page->made.part->bytes;
            r->images[count].width = page->made.part->width;
            r->images[count].height = page->made.part->height;
        }
        count++;
    }
    return count;
}

bool planche_book_is_comicinfo(const char *name)
{
    const char *slash = strrchr(name, '/');
    return strcasecmp(slash ? slash + 1 : name, "ComicInfo.xml") == 0;
}

/* Reads an open file of the work folder; *data NULL: it is too large to be changed. */
static enum planche_status read_file(struct planche_book *book, int fd, const char *path,
                                     uint64_t bytes, char **data, struct planche_error *error)
{
    if (bytes == 0 || bytes > MAX_BYTES)
        return PLANCHE_OK;
    size_t size = (size_t)bytes;
    *data = planche_alloc(&book->budget, size);
    if (!*data)
        return planche_fail_memory(error, &book->budget, size, path);
    return planche_workdir_read(fd, path, *data, size, error);
}

/* The content of an entry; data NULL: it is too large to be changed. */
static enum planche_status load(struct planche_book *book, size_t index, char **data, size_t *size,
                                struct planche_error *error)
{
    char path[PATH_MAX];
    struct planche_file_info info;
    *data = NULL;
    planche_workdir_entry_path(&book->work, index, PLANCHE_WORKDIR_IN, path);
    int fd = planche_fd_open(path, 0, &info);
    if (fd < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", path, strerror(errno));
    *size = (size_t)info.size;
    enum planche_status status = read_file(book, fd, path, info.size, data, error);
    planche_fd_close(&fd);
    if (status) {
        planche_free(*data);
        *data = NULL;
    }
    return status;
}

/* What is wrong with the text, if it cannot be changed. */
static const char *edit(struct rewriting *r, const char *name, const char *data, size_t size,
                        struct planche_text_buffer *out)
{
    if (!planche_book_is_comicinfo(name))
        return planche_epub_edit(name, data, size, find_renamed, r, out)
                   ? NULL
                   : "cannot be understood, so it may refer to pages by their old names";
    return planche_comicinfo_edit(data, size, r->images, list_images(r, name), out);
}

static enum planche_status rewrite_entry(struct rewriting *r, size_t index,
                                         struct planche_error *error)
{
    struct planche_book *book = r->book;
    struct planche_entry *entry = &book->entries.list[index];
    struct planche_text_buffer out = {.budget = &book->budget};
    const char *wrong = "is too large or empty";
    char *data, path[PATH_MAX];
    size_t size = 0;
    enum planche_status status = load(book, index, &data, &size, error);
    if (status)
        return status;
    if (data)
        wrong = edit(r, entry->name, data, size, &out);
    if (wrong) {
        planche_log_write(&book->log, PLANCHE_LOG_WARNING, "%s: %s: %s; it is kept as it is",
                          book->input, entry->name, wrong);
    } else if (out.failed) {
        status = planche_fail_memory(error, &book->budget, size, entry->name);
    } else if (out.size != size || memcmp(out.data, data, size) != 0) {
        planche_workdir_entry_path(&book->work, index, PLANCHE_WORKDIR_OUT, path);
        status = planche_workdir_write(&book->work, path, out.data, out.size, error);
        entry->rewritten = true;
    }
    planche_text_buffer_free(&out);
    planche_free(data);
    return status;
}

static bool may_need(const struct planche_book *book, const struct planche_entry *entry)
{
    if (entry->folder || entry->page || entry->dropped || entry->outcome == PLANCHE_BOOK_FAILED)
        return false;
    return book->entries.referred ? planche_epub_may_refer(entry->name)
                                  : planche_book_is_comicinfo(entry->name);
}

/* Lists pages and their names in the output, sorted. */
static enum planche_status list_pages(struct rewriting *r, struct planche_error *error)
{
    const struct planche_entries *entries = &r->book->entries;
    struct planche_budget *budget = &r->book->budget;
    size_t outputs = 0;
    for (size_t i = 0; i < entries->count; i++)
        outputs += entries->list[i].page ? planche_entry_outputs(&entries->list[i]) : 0;
    r->pages = planche_calloc(budget, entries->pages, sizeof *r->pages);
    r->images = planche_calloc(budget, entries->pages, sizeof *r->images);
    r->outputs = planche_calloc(budget, outputs, sizeof *r->outputs);
    if (!r->pages || !r->images || !r->outputs)
        return planche_fail_memory(error, budget, entries->pages * sizeof *r->images,
                                   r->book->input);
    for (size_t i = 0; i < entries->count; i++) {
        const struct planche_entry *entry = &entries->list[i];
        if (!entry->page)
            continue;
        r->pages[r->count++] = entry;
        for (unsigned p = 0; entry->outputs && p < planche_entry_outputs(entry); p++)
            r->outputs[r->output_count++] = entry->outputs[p];
    }
    qsort(r->pages, r->count, sizeof *r->pages, compare_pages);
    qsort(r->outputs, r->output_count, sizeof *r->outputs, compare_names);
    return PLANCHE_OK;
}

enum planche_status planche_book_update_references(struct planche_book *book,
                                                   struct planche_error *error)
{
    const struct planche_entries *entries = &book->entries;
    struct rewriting r = {.book = book};
    if (entries->pages == 0)
        return PLANCHE_OK;
    enum planche_status status = list_pages(&r, error);
    for (size_t i = 0; i < entries->count && !status; i++)
        if (may_need(book, &entries->list[i]))
            status = rewrite_entry(&r, i, error);
    planche_free(r.outputs);
    planche_free(r.images);
    planche_free(r.pages);
    return status;
}
