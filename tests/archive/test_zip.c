/* SPDX-License-Identifier: MIT */
/* ZIP archives as they come, sound and hostile. */
#include "books.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void put_zip(const char *path, const struct zip_entry *entries, size_t count)
{
    struct bytes zip = make_zip(entries, count, NULL, 0);
    bytes_write(&zip, path);
}

static void test_sound(void **state)
{
    (void)state;
    const struct zip_entry entries[] = {
        {.name = "z.txt", .data = "stored"},
        {.name = "folder/"},
        {.name = "folder/page 1.jpg", .data = "packed packed packed", .packed = true},
        {.name = "empty", .packed = true},
        {.name = "empty too"},
        {.name = "Archive.cbz/in a folder.txt", .data = "x", .mode = 0100600, .comment = "note"},
        {.name = "./a//b/./c", .data = "64", .zip64 = true},
        {.name = "win\\dows\\page.png", .data = "w"},
    };
    struct bytes zip = make_zip(entries, COUNT(entries), "the archive's comment", 0);
    bytes_write(&zip, "book");
    struct planche_archive *archive = open_book("book");
    struct planche_archive_entry entry;
    size_t size;
    bool end;
    assert_int_equal(planche_archive_container(archive), PLANCHE_CONTAINER_ZIP);
    assert_memory_equal(planche_archive_comment(archive, &size), "the archive's comment", 21);
    assert_int_equal(size, 21);
    expect_entry(archive, "z.txt", "stored");
    expect_entry(archive, "folder", NULL);
    expect_entry(archive, "folder/page 1.jpg", "packed packed packed");
    expect_entry(archive, "empty", "");
    expect_entry(archive, "empty too", "");
    assert_int_equal(planche_archive_next(archive, &entry, &end, NULL), PLANCHE_OK);
    assert_int_equal(entry.comment_size, 4);
    assert_memory_equal(entry.comment, "note", 4);
    assert_int_equal(entry.mtime, 1704110400); /* 2024-01-01 12:00 */
    expect_entry(archive, "a/b/c", "64");
    expect_entry(archive, "win/dows/page.png", "w");
    expect_entry(archive, NULL, NULL);
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    planche_archive_close(&archive);
    unlink("book");
}

static void test_names(void **state)
{
    (void)state;
    const struct zip_entry entries[] = {
        {.name = "\xe9\x9b\xaa.jpg", .utf8 = true},         /* as it should be */
        {.name = "na\xc3\xafve.jpg"},                       /* UTF-8 without saying so */
        {.name = "caf\x82.jpg"},                            /* code page 437 */
        {.name = "\xe3\xb0.jpg"},                           /* likewise, not UTF-8 */
        {.name = "?.jpg", .utf8_name = "\xe6\xbc\xab.jpg"}, /* Info-ZIP's */
    };
    put_zip("book", entries, COUNT(entries));
    struct planche_archive *archive = open_book("book");
    expect_entry(archive, "\xe9\x9b\xaa.jpg", "");
    expect_entry(archive, "na\xc3\xafve.jpg", "");
    expect_entry(archive, "caf\xc3\xa9.jpg", "");
    expect_entry(archive, "\xcf\x80\xe2\x96\x91.jpg", "");
    expect_entry(archive, "\xe6\xbc\xab.jpg", "");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    unlink("book");
}

static void test_prepended(void **state)
{
    (void)state;
    const struct zip_entry entry = {.name = "a", .data = "content"};
    for (int shifted = 0; shifted < 2; shifted++) {
        struct bytes file = {0}, zip = make_zip(&entry, 1, NULL, 0);
        if (shifted)
            bytes_text(&file, "PK\3\4 what came before");
        bytes_add(&file, zip.data, zip.size);
        bytes_text(&file, "what came behind");
        free(zip.data);
        bytes_write(&file, "book");
        struct planche_archive *archive = open_book("book");
        expect_entry(archive, "a", "content");
        expect_entry(archive, NULL, NULL);
        planche_archive_close(&archive);
    }
    unlink("book");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_prepended),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
