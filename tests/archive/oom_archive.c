/* SPDX-License-Identifier: MIT */
/* Allocations that fail while books are read and written; those of libarchive and the C library are
 * beyond this. */
#include "books.h"

#include "support/oom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum planche_status run_read(void *user, struct planche_budget *budget,
                                    struct planche_error *error)
{
    return read_all(user, &wide, budget, error);
}

static void test_readers(void **state)
{
    (void)state;
    const char *const books[] = {"zip", "epub",           "rar4", "rar5",
                                 "7z",  "7z-packed-lzma", "tar",  "tar.gz"};
    for (size_t i = 0; i < sizeof books / sizeof books[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", CORPUS, books[i]);
        assert_true(oom_run(books[i], run_read, path, 1) >= 3);
    }
    assert_true(system("mkdir -p book/a/b book/c && touch book/a/x book/a/b/y book/z") == 0);
    assert_true(oom_run("folder", run_read, (void *)"book", 1) >= 8);
    assert_true(system("rm -r book") == 0);
}

static enum planche_status run_write(void *user, struct planche_budget *budget,
                                     struct planche_error *error)
{
    const enum planche_container *container = user;
    struct planche_archive_writer *writer;
    struct planche_archive_entry entry = {.comment = "c", .comment_size = 1};
    char name[32];
    enum planche_status status =
        planche_archive_writer_create(&writer, *container, "book", true, budget, error);
    for (int i = 0; i < 100 && status == PLANCHE_OK; i++) {
        snprintf(name, sizeof name, "%d/%d", i % 7, i);
        entry.name = name;
        status = planche_archive_writer_add(writer, &entry, i ? "content" : "long", error);
    }
    if (status == PLANCHE_OK)
        status = planche_archive_writer_comment(writer, "text", 4, error);
    if (status == PLANCHE_OK)
        status = planche_archive_writer_commit(writer, NULL, NULL, NULL, error);
    planche_archive_writer_destroy(&writer);
    if (status == PLANCHE_OK && *container == PLANCHE_CONTAINER_FOLDER)
        assert_int_equal(system("rm -r book"), 0);
    return status;
}

static void test_writers(void **state)
{
    (void)state;
    enum planche_container containers[] = {PLANCHE_CONTAINER_ZIP, PLANCHE_CONTAINER_FOLDER};
    write_file("content", "x");
    write_file("long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"); /* is packed */
    for (int i = 0; i < 2; i++) {
        assert_true(oom_run(i ? "folder" : "ZIP", run_write, &containers[i], 1) > 100);
        unlink("book");
    }
    unlink("content");
    unlink("long");
    assert_int_equal(count_files(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers),
        cmocka_unit_test(test_writers),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
