/* SPDX-License-Identifier: MIT */
/* Books as people have them: names twice, absolute, of other times; links; no files at all. */
#include "book_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct book in, out;
static struct told told;
static char lines[4096]; /* warnings */

static void take_line(void *user, enum planche_log_level level, const char *message)
{
    (void)user;
    if (level == PLANCHE_LOG_WARNING)
        strcat(strcat(lines, message), "\n");
}

static struct planche_engine *start(void)
{
    lines[0] = 0;
    return test_engine((struct planche_engine_options){.log = take_line, .jobs = 0}, 2);
}

static void tidy(struct planche_engine **engine)
{
    static const char *const made[] = {"in.cbz", "out.cbz", "in", "beside.png"};
    planche_engine_destroy(engine);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        remove_all(made[i]);
    book_free(&in);
    book_free(&out);
    assert_int_equal(test_count_files(), 0);
}

/* Changes every such text in a file into another of the same length: names in both places. */
static void patch(const char *path, const char *from, const char *to)
{
    FILE *file = fopen(path, "r+b");
    size_t length = strlen(from);
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file), found = 0;
    char *data = test_malloc(size);
    rewind(file);
    assert_int_equal(fread(data, 1, size, file), size);
    assert_int_equal(strlen(to), length);
    for (size_t i = 0; i + length <= size; i++)
        if (memcmp(data + i, from, length) == 0) {
            memcpy(data + i, to, length);
            found++;
        }
    assert_true(found > 0);
    rewind(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
    test_free(data);
}

/* The same page twice is there once, different ones both and in order, the last ComicInfo.xml. */
static void test_repeats(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    book_add_page(&in, "a/1.png", 1, 20, 30, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "a/X.png", 1, 20, 30, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "a/2.png", 2, 20, 30, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "a/Y.png", 3, 22, 30, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "a/Z.png", 2, 20, 30, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "a/3.png", 4, 20, 30, PLANCHE_FORMAT_PNG);
    book_add_text(&in, "ComicInfo.xml", "<ComicInfo></ComicInfo>");
    book_add_text(&in, "DomicInfo.xml", "<ComicInfo><Title>x</Title></ComicInfo>");
    book_add_text(&in, "notes.txt", "same");
    book_add_text(&in, "netes.txt", "same");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    patch(test_path("in.cbz"), "a/X.png", "a/1.png");
    patch(test_path("in.cbz"), "a/Y.png", "a/2.png");
    patch(test_path("in.cbz"), "a/Z.png", "a/2.png");
    patch(test_path("in.cbz"), "DomicInfo", "ComicInfo");
    patch(test_path("in.cbz"), "netes", "notes");
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(book_names(&out),
                        "a/1.png,a/2 (1).png,a/2 (2).png,a/3.png,ComicInfo.xml,notes.txt");
    assert_memory_equal(book_find(&out, "ComicInfo.xml")->data,
                        "<ComicInfo><Title>x</Title></ComicInfo>", 39);
    assert_string_equal(told_outcomes(&told), "EDEEDECCCC");
    assert_string_equal(told.pages[1], "D a/1 (2).png>-");
    assert_non_null(
        strstr(lines, "in.cbz: has a/1.png more than once, with the same content; one"));
    assert_non_null(strstr(lines, "in.cbz: has a/2.png more than once, with different contents; "
                                  "another one is called a/2 (2).png\n"));
    assert_non_null(strstr(lines, "in.cbz: has ComicInfo.xml more than once; the last is kept\n"));
    tidy(&engine);
}

/* A link to a page of the folder is that page; others are pages that fail. */
static void test_links(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    char beside[300];
    book_add_page(&in, "1.png", 1, 20, 30, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "5.png", 2, 20, 30, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in"), PLANCHE_CONTAINER_FOLDER);
    snprintf(beside, sizeof beside, "%s", test_path("in/4.png"));
    assert_int_equal(symlink("1.png", test_path("in/2.png")), 0);
    assert_int_equal(symlink("gone.png", test_path("in/3.png")), 0);
    assert_int_equal(symlink("../beside.png", beside), 0);
    FILE *file = fopen(test_path("beside.png"), "w");
    assert_non_null(file);
    fclose(file);
    book_make(engine, "in", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(book_names(&out), "1.png,2.png,5.png");
    assert_string_equal(told_outcomes(&told), "EDFFE");
    assert_int_equal(told.result.pages, 5);
    assert_non_null(strstr(told.message, "4.png: is a symbolic link that leads out of the book's"));
    tidy(&engine);
}

/* What is no book says why. */
static void test_refused(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    assert_int_equal(mkfifo(test_path("in.cbz"), 0666), 0);
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", book_options(&told), &told),
                     PLANCHE_ERROR_IO);
    assert_non_null(strstr(told.error.message, "is a pipe, a device or another special file"));
    remove_all("in.cbz");
    FILE *file = fopen(test_path("in.cbz"), "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", book_options(&told), &told),
                     PLANCHE_ERROR_DATA);
    assert_non_null(strstr(told.error.message, "is an empty file"));
    if (geteuid() != 0) {
        assert_int_equal(chmod(test_path("in.cbz"), 0), 0);
        assert_int_equal(book_run(engine, "in.cbz", "out.cbz", book_options(&told), &told),
                         PLANCHE_ERROR_IO);
        assert_non_null(strstr(told.error.message, "cannot be read: Permission denied"));
    }
    tidy(&engine);
}

/* An archive without entries becomes one. */
static void test_empty(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    assert_int_equal(out.count, 0);
    assert_int_equal(told.result.pages, 0);
    tidy(&engine);
}

/* Pages are numbered as people count, in whatever order the archive has them. */
static void test_entry_order(void **state)
{
    static const char before[] =
        "<ComicInfo><PageCount>3</PageCount><Pages>"
        "<Page Image=\"0\" ImageWidth=\"20\" Type=\"FrontCover\" />"
        "<Page Image=\"1\" ImageWidth=\"22\" Bookmark=\"Ch 1\" />"
        "<Page Image='2' ImageWidth='24' DoublePage=\"true\"/></Pages></ComicInfo>";
    static const char after[] =
        "<ComicInfo><PageCount>3</PageCount><Pages>"
        "<Page Image=\"0\" ImageWidth=\"40\" Type=\"FrontCover\" />"
        "<Page Image=\"1\" ImageWidth=\"44\" Bookmark=\"Ch 1\" />"
        "<Page Image='2' ImageWidth='48' DoublePage=\"true\"/></Pages></ComicInfo>";
    struct planche_engine *engine = start();
    (void)state;
    book_add_page(&in, "page10.png", 1, 24, 30, PLANCHE_FORMAT_PNG);
    book_add_text(&in, "ComicInfo.xml", before);
    book_add_page(&in, "page2.png", 2, 22, 30, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "page1.png", 3, 20, 30, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(book_names(&out), "page10.png,ComicInfo.xml,page2.png,page1.png");
    assert_int_equal(book_find(&out, "ComicInfo.xml")->size, strlen(after));
    assert_memory_equal(book_find(&out, "ComicInfo.xml")->data, after, strlen(after));
    tidy(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeats),     cmocka_unit_test(test_links),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_empty),
        cmocka_unit_test(test_entry_order),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
