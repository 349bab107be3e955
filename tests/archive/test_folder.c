/* SPDX-License-Identifier: MIT */
/* Folders as books, and the names of entries. */
#include "books.h"

#include "archive/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of what succeeds or fails for a reason that is tested elsewhere. */
static struct planche_error ignored;

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0777), 0);
}

static void remove_book(void)
{
    assert_int_equal(system("rm -r book"), 0);
}

static void test_order(void **state)
{
    (void)state;
    make_folder("book");
    make_folder("book/Chapter 10");
    make_folder("book/chapter 9");
    make_folder("book/empty");
    make_folder("book/.book-2x.cbz.planche");
    write_file("book/.book-2x.cbz.planche/state", "work");
    write_file("book/.x.png.planche-0123456789abcdef", "work");
    write_file("book/Chapter 10/p1.jpg", "10-1");
    write_file("book/chapter 9/p10.jpg", "9-10");
    write_file("book/chapter 9/p9.jpg", "9-9");
    write_file("book/.hidden", "kept");
    write_file("book/cover.jpg", "");
    struct planche_archive *archive = open_book("book");
    expect_entry(archive, ".hidden", "kept");
    expect_entry(archive, "chapter 9", NULL);
    expect_entry(archive, "chapter 9/p9.jpg", "9-9");
    expect_entry(archive, "chapter 9/p10.jpg", "9-10");
    expect_entry(archive, "Chapter 10", NULL);
    expect_entry(archive, "Chapter 10/p1.jpg", "10-1");
    expect_entry(archive, "cover.jpg", "");
    expect_entry(archive, "empty", NULL);
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    /* A link to the book itself is fine. */
    assert_int_equal(symlink("book", "link"), 0);
    archive = open_book("link");
    planche_archive_close(&archive);
    unlink("link");
    remove_book();
}

static void take_line(void *user, enum planche_log_level level, const char *message)
{
    char *lines = user;
    assert_int_equal(level, PLANCHE_LOG_WARNING);
    strcat(strcat(lines, message), "\n");
}

/* The next entry cannot be read, which is its own fault only. */
static void expect_unreadable(struct planche_archive *archive, const char *name, const char *words)
{
    struct planche_archive_entry entry;
    struct planche_error error;
    char data[8];
    size_t got;
    bool end = false;
    assert_int_equal(planche_archive_next(archive, &entry, &end, &error), PLANCHE_OK);
    assert_false(end);
    assert_string_equal(entry.name, name);
    assert_int_equal(planche_archive_read(archive, data, sizeof data, &got, &error),
                     PLANCHE_ERROR_IO);
    assert_non_null(strstr(error.message, words));
}

/* A link may be a page: it is one if it leads to a file of the folder, and else one that fails.
 * What can be no page is passed over: the folder may be its owner's. */
static void test_links(void **state)
{
    (void)state;
    make_folder("book");
    make_folder("book/sub");
    write_file("book/a", "x");
    write_file("beside", "not ours");
    assert_int_equal(symlink("a", "book/b"), 0);
    assert_int_equal(symlink("../a", "book/sub/c"), 0);
    assert_int_equal(symlink("../../beside", "book/sub/d"), 0);
    assert_int_equal(symlink("nothing", "book/sub/e"), 0);
    assert_int_equal(symlink("../sub", "book/sub/f"), 0);
    assert_int_equal(symlink("/etc", "book/sub/g"), 0);
    assert_int_equal(symlink("h", "book/sub/h"), 0);
    assert_int_equal(mkfifo("book/pipe", 0666), 0);
    char lines[2048] = "";
    const struct planche_log log = {.fn = take_line, .user = lines};
    struct planche_archive *archive;
    assert_int_equal(planche_archive_open(&archive, "book", &wide, NULL, &log, NULL, &ignored),
                     PLANCHE_OK);
    expect_entry(archive, "a", "x");
    expect_entry(archive, "b", "x");
    expect_entry(archive, "sub", NULL);
    expect_entry(archive, "sub/c", "x");
    expect_unreadable(archive, "sub/d", "sub/d: is a symbolic link that leads out of the folder");
    expect_unreadable(archive, "sub/e", "sub/e: is a symbolic link that leads to nothing");
    expect_unreadable(archive, "sub/f", "sub/f: is a symbolic link, but not to a file");
    expect_unreadable(archive, "sub/g", "sub/g: is a symbolic link that leads out of the folder");
    expect_unreadable(archive, "sub/h", "sub/h: cannot be read");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    assert_string_equal(lines,
                        "book/pipe: is a device or another special file; it is passed over\n");
    unlink("beside");
    remove_book();
}

/* Names of other times, each folder in its own character set; two may come out as one. */
static void test_legacy_names(void **state)
{
    (void)state;
    make_folder("book");
    make_folder("book/\x83\x7d\x83\x93\x83\x4b");
    write_file("book/\x83\x7d\x83\x93\x83\x4b/\x83\x5c.jpg", "1");
    write_file("book/\x83\x7d\x83\x93\x83\x4b/\xe3\x82\xbd.jpg", "2");
    make_folder("book/w");
    write_file("book/w/caf\x82.jpg", "3");
    struct planche_archive *archive = open_book("book");
    expect_entry(archive, "w", NULL);
    expect_entry(archive, "w/caf\u00e9.jpg", "3");
    expect_entry(archive, "\u30de\u30f3\u30ac", NULL);
    expect_entry(archive, "\u30de\u30f3\u30ac/\u30bd.jpg", "1");
    expect_entry(archive, "\u30de\u30f3\u30ac/\u30bd (2).jpg", "2");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    remove_book();
}

/* It may be a page, so that to leave it out would be a loss. */
static void test_bad_names(void **state)
{
    static const char *const names[] = {"..\\evil"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct planche_archive *archive;
        struct planche_archive_entry entry;
        struct planche_error error;
        char path[64];
        bool end = false;
        snprintf(path, sizeof path, "book/%s", names[i]);
        make_folder("book");
        write_file(path, "x");
        assert_int_equal(planche_archive_open(&archive, "book", &wide, NULL, NULL, NULL, &ignored),
                         PLANCHE_OK);
        assert_int_equal(planche_archive_next(archive, &entry, &end, &error), PLANCHE_ERROR_DATA);
        assert_non_null(strstr(error.message, "the name "));
        planche_archive_close(&archive);
        remove_book();
    }
}

/* One odd name is no reason to do nothing of a folder. */
static void test_odd_names(void **state)
{
    (void)state;
    make_folder("book");
    make_folder("book/a\x1b");
    write_file("book/a\x1b/x", "1");
    write_file("book/line\nend", "2");
    struct planche_archive *archive = open_book("book");
    expect_entry(archive, "a?", NULL);
    expect_entry(archive, "a?/x", "1");
    expect_entry(archive, "line end", "2");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    remove_book();
}

/* What cannot be read costs its own entry only. */
static void test_unreadable(void **state)
{
    (void)state;
    struct planche_archive_entry entry;
    struct planche_error error;
    char data[8];
    size_t got;
    bool end;
    if (geteuid() == 0) {
        print_message("root may read everything\n");
        skip();
    }
    make_folder("book");
    write_file("book/a", "x");
    write_file("book/b", "y");
    assert_int_equal(chmod("book/a", 0), 0);
    struct planche_archive *archive = open_book("book");
    assert_int_equal(planche_archive_next(archive, &entry, &end, &error), PLANCHE_OK);
    assert_int_equal(planche_archive_read(archive, data, sizeof data, &got, &error),
                     PLANCHE_ERROR_IO);
    expect_entry(archive, "b", "y");
    planche_archive_close(&archive);
    remove_book();
}

/* A file that is replaced by a link while we read is not followed. */
static void test_replaced(void **state)
{
    (void)state;
    struct planche_archive_entry entry;
    struct planche_error error;
    char data[8];
    size_t got;
    bool end;
    make_folder("book");
    write_file("book/a", "x");
    struct planche_archive *archive = open_book("book");
    assert_int_equal(planche_archive_next(archive, &entry, &end, &error), PLANCHE_OK);
    unlink("book/a");
    assert_int_equal(symlink("/etc/passwd", "book/a"), 0);
    assert_int_equal(planche_archive_read(archive, data, sizeof data, &got, &error),
                     PLANCHE_ERROR_IO);
    planche_archive_close(&archive);
    remove_book();
}

static void test_limits(void **state)
{
    (void)state;
    struct planche_archive_limits limits = wide;
    char path[256] = "book";
    make_folder("book");
    write_file("book/a", "12345");
    write_file("book/b", "12345");
    limits.entries = 1;
    expect_failure_within("book", &limits, PLANCHE_ERROR_LIMIT, "more than 1 entries");
    limits = wide;
    limits.entry_bytes = 4;
    expect_failure_within("book", &limits, PLANCHE_ERROR_LIMIT, "a: unpacks to more");
    limits = wide;
    limits.total_bytes = 9;
    expect_failure_within("book", &limits, PLANCHE_ERROR_LIMIT, "b: up to here");
    for (int i = 0; i < 33; i++) {
        strcat(path, "/d");
        make_folder(path);
    }
    expect_failure("book", PLANCHE_ERROR_DATA, "lies in more than 32 folders");
    remove_book();
}

static void test_recognise(void **state)
{
    (void)state;
    make_folder("book");
    assert_int_equal(planche_container_of("book"), PLANCHE_CONTAINER_AUTO);
    make_folder("book/.x.cbz.planche");
    assert_int_equal(planche_container_of("book"), PLANCHE_CONTAINER_AUTO);
    write_file("book/x", "");
    assert_int_equal(planche_container_of("book"), PLANCHE_CONTAINER_FOLDER);
    assert_int_equal(planche_container_of("book/x"), PLANCHE_CONTAINER_AUTO);
    assert_int_equal(planche_container_of("nothing"), PLANCHE_CONTAINER_AUTO);
    assert_int_equal(planche_container_of(NULL), PLANCHE_CONTAINER_AUTO);
    assert_int_equal(mkfifo("book/pipe", 0666), 0);
    assert_int_equal(planche_container_of("book/pipe"), PLANCHE_CONTAINER_AUTO);
    expect_failure("book/x", PLANCHE_ERROR_DATA, "is not a book");
    expect_failure("nothing", PLANCHE_ERROR_NOT_FOUND, "cannot be read");
    expect_failure("/dev/null", PLANCHE_ERROR_IO, "neither a file nor a folder");
    assert_string_equal(planche_container_extension(PLANCHE_CONTAINER_ZIP), "cbz");
    assert_string_equal(planche_container_extension(PLANCHE_CONTAINER_PDF), "pdf");
    assert_string_equal(planche_container_extension(PLANCHE_CONTAINER_FOLDER), "");
    assert_string_equal(planche_container_extension(PLANCHE_CONTAINER_AUTO), "");
    assert_string_equal(planche_container_extension((enum planche_container)99), "");
    remove_book();
}

static void test_compare(void **state)
{
    (void)state;
    const char *const sorted[] = {"1", "2", "10", "P1", "p2", "p02x", "p10"};
    for (size_t i = 0; i < sizeof sorted / sizeof sorted[0]; i++)
        for (size_t k = 0; k < sizeof sorted / sizeof sorted[0]; k++) {
            int order = planche_name_compare(sorted[i], sorted[k]);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    assert_true(planche_name_compare("a99999999999999999999999", "a100000000000000000000000") < 0);
    assert_true(planche_name_compare("p2", "p02") != 0);
    assert_true(planche_name_compare("A", "a") != 0);
}

static void test_work_names(void **state)
{
    (void)state;
    assert_true(planche_name_is_work(".a.planche"));
    assert_true(planche_name_is_work(".book.cbz.planche-0123456789abcdef"));
    assert_false(planche_name_is_work("a.planche"));
    assert_false(planche_name_is_work(".planche"));
    assert_false(planche_name_is_work(".a.planche-0123456789abcdeg"));
    assert_false(planche_name_is_work(".a.planche2"));
    assert_false(planche_name_is_work(""));
}

/* Of the names of a set, those of files; also when it has become larger. */
static void test_name_set(void **state)
{
    struct planche_name_set set = {0};
    char name[16];
    (void)state;
    assert_false(planche_name_set_has_file(&set, "a/1.png"));
    assert_int_equal(planche_name_set_add(&set, "a/1.png", false), PLANCHE_NAME_NEW);
    assert_int_equal(planche_name_set_add(&set, "b", true), PLANCHE_NAME_NEW);
    assert_int_equal(planche_name_set_add(&set, "b", false), PLANCHE_NAME_CLASH);
    for (unsigned i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "c/%u.png", i);
        assert_false(planche_name_set_has_file(&set, name));
        assert_int_equal(planche_name_set_add(&set, name, false), PLANCHE_NAME_NEW);
        assert_true(planche_name_set_has_file(&set, name));
    }
    assert_true(planche_name_set_has_file(&set, "a/1.png"));
    assert_true(planche_name_set_has_file(&set, "c/0.png"));
    for (const char *const *no = (const char *const[]){"a", "b", "c", "1.png", "a/1", "", NULL};
         *no; no++)
        assert_false(planche_name_set_has_file(&set, *no));
    planche_name_set_free(&set);
    assert_false(planche_name_set_has_file(&set, "a/1.png"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),        cmocka_unit_test(test_links),
        cmocka_unit_test(test_bad_names),    cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_unreadable),   cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_recognise),
        cmocka_unit_test(test_compare),      cmocka_unit_test(test_work_names),
        cmocka_unit_test(test_legacy_names), cmocka_unit_test(test_name_set),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
