/* SPDX-License-Identifier: MIT */
/* Books are written complete, always the same way, or not at all. */
#include "books.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(struct planche_archive_writer *writer, const char *name, const char *content)
{
    struct planche_error error;
    struct planche_archive_entry entry = {
        .name = name, .folder = !content, .mtime = 1000000001, .comment = "c", .comment_size = 1};
    if (planche_archive_writer_add(writer, &entry, content, &error))
        fail_msg("%s", error.message);
}

static void write_book(const char *path, enum planche_container container)
{
    struct planche_archive_writer *writer;
    struct planche_error error;
    if (planche_archive_writer_create(&writer, container, path, false, NULL, &error))
        fail_msg("%s", error.message);
    add(writer, "p10.jpg", "one");
    add(writer, "empty folder", NULL);
    add(writer, "sub/p2.jpg", "two");
    add(writer, "\xe6\xbc\xab.txt", "nothing");
    if (container == PLANCHE_CONTAINER_EPUB)
        add(writer, "mimetype", "type");
    assert_int_equal(planche_archive_writer_comment(writer, "hello", 5, NULL), PLANCHE_OK);
    assert_int_equal(access(path, F_OK), -1);
    if (planche_archive_writer_commit(writer, NULL, NULL, &error))
        fail_msg("%s", error.message);
    planche_archive_writer_destroy(&writer);
    planche_archive_writer_destroy(&writer);
}

static void make_contents(void)
{
    write_file("one", "first page");
    write_file("two", "second page");
    write_file("nothing", "");
    write_file("type", "application/epub+zip");
}

static void remove_contents(void)
{
    unlink("one");
    unlink("two");
    unlink("nothing");
    unlink("type");
    assert_int_equal(count_files(), 0);
}

static void test_zip(void **state)
{
    (void)state;
    make_contents();
    write_book("book", PLANCHE_CONTAINER_ZIP);
    write_book("again", PLANCHE_CONTAINER_ZIP);
    assert_int_equal(system("cmp -s book again"), 0);
    struct planche_archive *archive = open_book("book");
    size_t size;
    assert_memory_equal(planche_archive_comment(archive, &size), "hello", 5);
    assert_int_equal(size, 5);
    expect_entry(archive, "p10.jpg", "first page");
    expect_entry(archive, "empty folder", NULL);
    expect_entry(archive, "sub/p2.jpg", "second page");
    expect_entry(archive, "\xe6\xbc\xab.txt", "");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    unlink("book");
    unlink("again");
    remove_contents();
}

static void test_folder(void **state)
{
    (void)state;
    make_contents();
    write_book("book/", PLANCHE_CONTAINER_FOLDER);
    struct planche_archive *archive = open_book("book");
    struct stat info;
    assert_int_equal(stat("book/p10.jpg", &info), 0);
    assert_int_equal(info.st_mtime, 1000000001);
    assert_int_equal(planche_archive_container(archive), PLANCHE_CONTAINER_FOLDER);
    expect_entry(archive, "empty folder", NULL);
    expect_entry(archive, "p10.jpg", "first page");
    expect_entry(archive, "sub", NULL);
    expect_entry(archive, "sub/p2.jpg", "second page");
    expect_entry(archive, "\xe6\xbc\xab.txt", "");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    assert_int_equal(system("rm -r book"), 0);
    remove_contents();
}

static void test_epub(void **state)
{
    (void)state;
    make_contents();
    write_book("book", PLANCHE_CONTAINER_EPUB);
    struct planche_archive *archive = open_book("book");
    assert_int_equal(planche_archive_container(archive), PLANCHE_CONTAINER_EPUB);
    expect_entry(archive, "mimetype", "application/epub+zip");
    expect_entry(archive, "p10.jpg", "first page");
    planche_archive_close(&archive);
    unlink("book");
    remove_contents();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zip),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_epub),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
