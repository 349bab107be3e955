/* SPDX-License-Identifier: MIT */
/* Making, running and reading books. */
#include "book_test.h"
#include "support/remove_tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void book_add(struct book *book, const char *name, const void *data, size_t size)
{
    struct item *item = &book->items[book->count++];
    assert_true(book->count <= MAX_ITEMS && strlen(name) < sizeof item->name);
    *item = (struct item){.size = size};
    strcpy(item->name, name);
    item->data = malloc(size + 1);
    if (size)
        memcpy(item->data, data, size);
}

void book_add_text(struct book *book, const char *name, const char *text)
{
    book_add(book, name, text, strlen(text));
}

void book_add_page(struct book *book, const char *name, uint64_t seed, uint32_t width,
                   uint32_t height, enum planche_format format)
{
    struct image image;
    image_make(&image, PLANCHE_PIXELS_RGB8, width, height, 0, 0);
    image_draw(&image, seed);
    struct bytes bytes = encode(&image.pixels, format);
    book_add(book, name, bytes.data, bytes.size);
    free(bytes.data);
    image_free(&image);
}

static void check(enum planche_status status, const struct planche_error *error)
{
    if (status)
        fail_msg("%s", error->message);
}

void book_write(const struct book *book, const char *path, enum planche_container container)
{
    struct planche_archive_writer *writer;
    struct planche_error error;
    char content[600], name[32];
    check(planche_archive_writer_create(&writer, container, path, true, NULL, &error), &error);
    for (size_t i = 0; i < book->count; i++) {
        const struct item *item = &book->items[i];
        /* Tests find contents in the file by their bytes. */
        struct planche_archive_entry entry = {
            .name = item->name, .mtime = 1577934244, .packed = true};
        char folder[sizeof item->name];
        size_t length = strlen(item->name);
        entry.folder = item->name[length - 1] == '/';
        snprintf(folder, sizeof folder, "%.*s", (int)(length - entry.folder), item->name);
        entry.name = folder;
        entry.comment = *item->comment ? item->comment : NULL;
        entry.comment_size = strlen(item->comment);
        snprintf(name, sizeof name, "item-%zu", i);
        snprintf(content, sizeof content, "%s", test_path(name));
        if (!entry.folder)
            test_write(content, item->data, item->size);
        check(planche_archive_writer_add(writer, &entry, entry.folder ? NULL : content, &error),
              &error);
    }
    if (*book->comment)
        check(planche_archive_writer_comment(writer, book->comment, strlen(book->comment), &error),
              &error);
    check(planche_archive_writer_commit(writer, NULL, NULL, NULL, &error), &error);
    planche_archive_writer_destroy(&writer);
    for (size_t i = 0; i < book->count; i++) {
        snprintf(name, sizeof name, "item-%zu", i);
        unlink(test_path(name));
    }
}

static void read_item(struct book *book, struct planche_archive *archive,
                      const struct planche_archive_entry *entry)
{
    static uint8_t data[1 << 20];
    struct planche_error error;
    char name[200];
    size_t size = 0, got = entry->folder ? 0 : 1;
    snprintf(name, sizeof name, "%s%s", entry->name, entry->folder ? "/" : "");
    while (got > 0) {
        check(planche_archive_read(archive, data + size, sizeof data - size, &got, &error), &error);
        size += got;
        assert_true(size < sizeof data);
    }
    book_add(book, name, data, size);
    book->mtime = entry->mtime;
    memcpy(book->items[book->count - 1].comment, entry->comment ? entry->comment : "",
           entry->comment_size);
}

void book_read(struct book *book, const char *path)
{
    static const struct planche_archive_limits limits = {100000, 1 << 30, 1 << 30, 100000};
    struct planche_archive *archive;
    struct planche_archive_entry entry;
    struct planche_error error;
    size_t size;
    bool end;
    *book = (struct book){0};
    check(planche_archive_open(&archive, path, &limits, NULL, NULL, NULL, &error), &error);
    const void *comment = planche_archive_comment(archive, &size);
    if (size)
        memcpy(book->comment, comment, size);
    for (;;) {
        check(planche_archive_next(archive, &entry, &end, &error), &error);
        if (end)
            break;
        read_item(book, archive, &entry);
    }
    planche_archive_close(&archive);
}

const struct item *book_find(const struct book *book, const char *name)
{
    for (size_t i = 0; i < book->count; i++)
        if (strcmp(book->items[i].name, name) == 0)
            return &book->items[i];
    fail_msg("no entry %s", name);
    return NULL;
}

void book_free(struct book *book)
{
    for (size_t i = 0; i < book->count; i++)
        free(book->items[i].data);
    *book = (struct book){0};
}

const char *book_names(const struct book *book)
{
    static char names[4096];
    size_t at = 0;
    names[0] = 0;
    for (size_t i = 0; i < book->count; i++)
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", i ? "," : "",
                               book->items[i].name);
    return names;
}

void item_size(const struct item *item, uint32_t *width, uint32_t *height,
               enum planche_format *format)
{
    struct image image;
    decode(&image, item->data, item->size, format);
    *width = image.pixels.width;
    *height = image.pixels.height;
    image_free(&image);
}

static void on_page(void *user, const struct planche_book_page *page)
{
    struct told *told = user;
    assert_int_equal(page->struct_size, sizeof *page);
    assert_int_equal(page->index, told->count);
    snprintf(told->pages[told->count], sizeof told->pages[0], "%c %s>%s",
             "EDRMLFCUOSX-"[page->outcome], page -> name,
             page -> output_name ? page -> output_name : "-");
    told->count++;
    assert_int_equal(page->message != NULL, page->outcome == PLANCHE_BOOK_FAILED);
    assert_int_equal(page->status != PLANCHE_OK, page->outcome == PLANCHE_BOOK_FAILED);
    if (page->message)
        snprintf(told->message, sizeof told->message, "%s", page->message);
}

static void on_progress(void *user, const struct planche_book_progress *progress)
{
    struct told *told = user;
    told->calls++;
    assert_true(progress->done <= progress->pages);
    assert_true(progress->done >= told->most_done);
    assert_true(progress->done_parts >= (double)progress->done - 1e-6);
    assert_true(progress->done_parts <= (double)progress->pages + 1e-6);
    told->most_done = progress->done;
    told->writing |= progress->writing != 0;
    if (told->cancel_at && progress->done >= told->cancel_at)
        planche_cancel_request(&told->cancel);
}

struct planche_book_options book_options(struct told *told)
{
    static const struct planche_page_options page = {
        .struct_size = sizeof page, .format = PLANCHE_FORMAT_PNG, .effort = 1};
    struct planche_book_options options = PLANCHE_BOOK_OPTIONS_INIT;
    memset(told, 0, sizeof *told);
    told->page = page;
    told->page.cancel = &told->cancel;
    options.page = &told->page;
    options.on_page = on_page;
    options.on_progress = on_progress;
    options.user = told;
    return options;
}

enum planche_status book_run(const struct planche_engine *engine, const char *input,
                             const char *output, struct planche_book_options options,
                             struct told *told)
{
    /* Progress may ask for many more paths. */
    char from[600], to[600];
    snprintf(from, sizeof from, "%s", test_path(input));
    snprintf(to, sizeof to, "%s", test_path(output));
    told->result = (struct planche_book_result)PLANCHE_BOOK_RESULT_INIT;
    enum planche_status status =
        planche_engine_run_book(engine, from, to, &options, &told->result, &told->error);
    if (status)
        assert_int_equal(told->error.status, status);
    return status;
}

void book_make(const struct planche_engine *engine, const char *input, const char *output,
               struct planche_book_options options, struct told *told)
{
    enum planche_status status = book_run(engine, input, output, options, told);
    if (status)
        fail_msg("%s", told->error.message);
    assert_true(told->writing);
}

const char *told_outcomes(const struct told *told)
{
    static char outcomes[MAX_ITEMS + 1];
    for (size_t i = 0; i < told->count; i++)
        outcomes[i] = told->pages[i][0];
    outcomes[told->count] = 0;
    return outcomes;
}

int count_in(const char *name)
{
    DIR *folder = opendir(test_path(name));
    int count = 0;
    if (!folder)
        return -1;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

void remove_all(const char *name)
{
    remove_tree(test_path(name));
}

void expect_same_files(const char *a, const char *b)
{
    size_t a_size, b_size;
    void *x = test_read(test_path(a), &a_size), *y = test_read(test_path(b), &b_size);
    assert_non_null(x);
    assert_non_null(y);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(x, y, a_size);
    free(x);
    free(y);
}
