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
    memset(&told, 0, sizeof told);
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

/* Names that several entries have, between each other: a content that a later one of them had is
 * there once, too, the last of three lists is kept, and where "(1)" is another page's the first
 * keeps its name. */
static void test_many_repeats(void **state)
{
    static const struct {
        const char *written, *name;
        unsigned seed;
    } pages[] = {{"a/1.png", NULL, 1},      {"b/2.png", NULL, 2},      {"a/u.png", "a/1.png", 3},
                 {"b/v.png", "b/2.png", 4}, {"a/w.png", "a/1.png", 3}, {"b/x.png", "b/2.png", 5},
                 {"a/1 (1).png", NULL, 6},  {"b/y.png", "b/2.png", 4}, {"a/z.png", "a/1.png", 1}};
    static const char *const lists[] = {"<ComicInfo></ComicInfo>", "<ComicInfo><A/></ComicInfo>",
                                        "<ComicInfo><B/></ComicInfo>"};
    static const char *const files[] = {"ComicInfo.xml", "DomicInfo.xml", "EomicInfo.xml"};
    struct planche_engine *engine = start();
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        book_add_page(&in, pages[i].written, pages[i].seed, 20, 30, PLANCHE_FORMAT_PNG);
    for (size_t i = 0; i < 3; i++)
        book_add_text(&in, files[i], lists[i]);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (pages[i].name)
            patch(test_path("in.cbz"), pages[i].written, pages[i].name);
    for (size_t i = 1; i < 3; i++)
        patch(test_path("in.cbz"), files[i], files[0]);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(told_outcomes(&told), "EEEEDEEDDCCC");
    assert_string_equal(
        book_names(&out),
        "a/1.png,b/2 (1).png,a/1 (2).png,b/2 (2).png,b/2 (3).png,a/1 (1).png,ComicInfo.xml");
    assert_memory_equal(book_find(&out, "ComicInfo.xml")->data, lists[2], strlen(lists[2]));
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
    assert_non_null(strstr(told.message, "4.png: is a symbolic link that leads out of the folder"));
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

/* An archive without entries is an error, as an empty file is. */
static void test_empty(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    assert_int_not_equal(book_run(engine, "in.cbz", "out.cbz", book_options(&told), &told),
                         PLANCHE_OK);
    assert_non_null(strstr(told.error.message, "in.cbz: is an empty book"));
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

/* Adds a file of the tests' folder, which goes. */
static void add_file(struct book *book, const char *name, const char *path)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(test_path(path), "rb");
    assert_non_null(file);
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    book_add(book, name, data, size);
    remove_all(path);
}

/* A book of pages as an entry of another. */
static void add_book(struct book *book, const char *name, uint64_t seed, bool broken)
{
    struct book inner = {.count = 0};
    book_add_page(&inner, "1.png", seed, 20, 30, PLANCHE_FORMAT_PNG);
    book_add_page(&inner, "2.png", seed + 1, 20, 30, PLANCHE_FORMAT_PNG);
    if (broken)
        book_add_text(&inner, "3.png", "no page");
    book_write(&inner, test_path("inner.cbz"), PLANCHE_CONTAINER_ZIP);
    book_free(&inner);
    add_file(book, name, "inner.cbz");
}

static void expect_book(const char *name, const char *names)
{
    static struct book inner;
    const struct item *item = book_find(&out, name);
    FILE *file = fopen(test_path("inner.cbz"), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(item->data, 1, item->size, file), item->size);
    fclose(file);
    book_read(&inner, test_path("inner.cbz"));
    assert_string_equal(book_names(&inner), names);
    uint32_t width, height;
    enum planche_format format;
    item_size(&inner.items[0], &width, &height, &format);
    assert_int_equal(width, 40);
    book_free(&inner);
    remove_all("inner.cbz");
}

static void make_shelf(void)
{
    book_add_text(&in, "series.json", "{}");
    add_book(&in, "ch1.cbr", 1, false);
    add_book(&in, "sub/ch2.zip", 3, true);
    add_book(&in, "sub/ch2.cbz", 5, false);
    book_add_text(&in, "broken.cbz", "PK\3\4 is cut short");
    book_add_text(&in, "notes.zip", "not an archive");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
}

/* An archive of archives is a shelf: its books are made, by their names. */
static void test_shelf(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    make_shelf();
    assert_true(planche_book_is_library(test_path("in.cbz")));
    assert_false(planche_book_is_library(test_path("out.cbz")));
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(book_names(&out), "series.json,ch1.cbz,sub/ch2.zip.cbz,sub/ch2.cbz,"
                                          "broken.cbz,notes.zip");
    expect_book("ch1.cbz", "1.png,2.png");
    expect_book("sub/ch2.zip.cbz", "1.png,2.png,3.png");
    expect_book("sub/ch2.cbz", "1.png,2.png");
    assert_string_equal(told_outcomes(&told), "CEEEEFEEFC");
    assert_string_equal(told.pages[1], "E ch1.cbr/1.png>ch1.cbr/1.png");
    assert_string_equal(told.pages[5], "F sub/ch2.zip/3.png>sub/ch2.zip/3.png");
    assert_int_equal(told.result.pages, 7);
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_ENLARGED], 6);
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_FAILED], 2);
    assert_int_equal(told.most_done, 7);
    assert_non_null(strstr(told.message, "in.cbz: broken.cbz: is cut short"));
    tidy(&engine);
}

/* A cover beside the books is enlarged, too; beside pages of another kind archives are extras. */
static void test_shelf_with_pages(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    for (int extras = 0; extras < 2; extras++) {
        book_add_page(&in, extras ? "01.png" : "cover.png", 8, 20, 30, PLANCHE_FORMAT_PNG);
        add_book(&in, "ch1.cbz", 1, false);
        book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
        assert_int_equal(planche_book_is_library(test_path("in.cbz")), !extras);
        book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
        book_read(&out, test_path("out.cbz"));
        assert_string_equal(told_outcomes(&told), extras ? "EC" : "EEE");
        if (!extras)
            expect_book("ch1.cbz", "1.png,2.png");
        else
            assert_non_null(strstr(lines, "in.cbz: ch1.cbz: archives beside pages"));
        book_free(&in);
        book_free(&out);
        remove_all("in.cbz");
        remove_all("out.cbz");
    }
    tidy(&engine);
}

/* A damaged cover fails alone, as long as a book beside it was made. */
static void test_shelf_with_damaged_cover(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    book_add_text(&in, "cover.png", "no page");
    add_book(&in, "ch1.cbz", 1, false);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(book_names(&out), "cover.png,ch1.cbz");
    expect_book("ch1.cbz", "1.png,2.png");
    assert_string_equal(told_outcomes(&told), "FEE");
    book_free(&in);
    book_free(&out);
    book_add_text(&in, "cover.png", "no page");
    book_add_text(&in, "ch1.cbz", "PK\3\4 is cut short");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    assert_int_not_equal(book_run(engine, "in.cbz", "none.cbz", book_options(&told), &told),
                         PLANCHE_OK);
    assert_int_equal(access(test_path("none.cbz"), F_OK), -1);
    tidy(&engine);
}

/* Stopped within the second book, it goes on from there, and ends with the same bytes. */
static void test_shelf_resumes(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_options options = book_options(&told);
    (void)state;
    make_shelf();
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    options = book_options(&told);
    told.cancel_at = 3;
    assert_int_equal(book_run(engine, "in.cbz", "again.cbz", options, &told),
                     PLANCHE_ERROR_CANCELLED);
    options = book_options(&told);
    book_make(engine, "in.cbz", "again.cbz", options, &told);
    /* The first book, and of the second what was done. */
    assert_true(told.result.outcomes[PLANCHE_BOOK_RESUMED] >= 2);
    assert_in_range(told.result.outcomes[PLANCHE_BOOK_ENLARGED], 2, 3);
    expect_same_files("out.cbz", "again.cbz");
    remove_all("again.cbz");
    tidy(&engine);
}

/* Two archives of zeroes, which pack well. */
static void make_bombs(void)
{
    for (int i = 0; i < 2; i++) {
        struct book bomb = {.count = 0};
        uint8_t zeroes[2500] = {(uint8_t)i};
        book_add(&bomb, i ? "a.png" : "a.txt", zeroes, sizeof zeroes);
        book_write(&bomb, test_path("inner.cbz"), PLANCHE_CONTAINER_ZIP);
        book_free(&bomb);
        add_file(&in, i ? "b.cbz" : "a.cbz", "inner.cbz");
    }
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
}

/* The same book twice is made once; all books together may not unpack to more than one may. */
static void test_shelf_limits(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_options options = book_options(&told);
    (void)state;
    add_book(&in, "ch1.cbz", 1, false);
    add_book(&in, "ch2.cbz", 1, false);
    add_book(&in, "ch3.cbz", 3, false);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    assert_string_equal(told_outcomes(&told), "EEDEE");
    remove_all("out.cbz");
    book_free(&in);
    make_bombs();
    options = book_options(&told);
    options.max_bytes = 9000;
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", options, &told), PLANCHE_ERROR_LIMIT);
    assert_non_null(strstr(told.error.message, "b.cbz: a.png: up to here, it unpacks to more"));
    tidy(&engine);
}

/* Three levels are made, a fourth is copied; archives beside pages are extras. */
static void test_shelf_depth(void **state)
{
    struct planche_engine *engine = start();
    struct book level = {.count = 0};
    (void)state;
    add_book(&level, "deepest.cbz", 1, false);
    for (int i = 0; i < 2; i++) {
        book_write(&level, test_path("level.cbz"), PLANCHE_CONTAINER_ZIP);
        book_free(&level);
        level = (struct book){.count = 0};
        add_file(&level, "level.cbz", "level.cbz");
        if (i == 0)
            add_book(&level, "side.cbz", 3, false);
    }
    book_write(&level, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_free(&level);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "CEE");
    assert_string_equal(told.pages[1], "E level.cbz/side.cbz/1.png>level.cbz/side.cbz/1.png");
    assert_non_null(strstr(lines, "level.cbz: deepest.cbz: is an archive in too many others"));
    remove_all("out.cbz");
    book_add_page(&in, "1.png", 1, 20, 30, PLANCHE_FORMAT_PNG);
    add_book(&in, "extras.zip", 3, false);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "EC");
    assert_false(planche_book_is_library(test_path("in.cbz")));
    tidy(&engine);
}

/* Nothing is made, and nothing is left. */
static void expect_no_pages(struct planche_engine *engine, const char *name, const char *why)
{
    assert_int_not_equal(book_run(engine, name, "out.cbz", book_options(&told), &told), PLANCHE_OK);
    if (!strstr(told.error.message, why))
        fail_msg("no '%s' in '%s'", why, told.error.message);
    assert_int_equal(told.result.no_pages, !strstr(why, "that can be read"));
    assert_int_equal(access(test_path("out.cbz"), F_OK), -1);
    assert_int_equal(access(test_path(".out.cbz.planche"), F_OK), -1);
}

/* A book without pages is an error, whatever else is in it; so is one whose books have none. */
static void test_no_pages(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_result result = PLANCHE_BOOK_RESULT_INIT;
    (void)state;
    book_add(&in, "1.txt", "text", 4);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    expect_no_pages(engine, "in.cbz", "in.cbz: has no pages: no file in it is an image");
    assert_int_equal(planche_book_inspect(test_path("in.cbz"), NULL, &result, &told.error),
                     PLANCHE_ERROR_DATA);
    assert_int_equal(result.no_pages, 1);
    assert_non_null(strstr(told.error.message, "in.cbz: has no pages"));
    add_file(&in, "text.cbz", "in.cbz");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    expect_no_pages(engine, "in.cbz", "has no pages, nor have the archives in it");
    /* What is in the books is only known to the run. */
    assert_int_equal(planche_book_inspect(test_path("in.cbz"), NULL, NULL, &told.error),
                     PLANCHE_OK);
    book_add(&in, "broken.cbz", "PK\3\4", 4);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    expect_no_pages(engine, "in.cbz", "has no pages that can be read: broken.cbz: ");
    book_free(&in);
    add_book(&in, "deepest.cbz", 1, false);
    for (int i = 0; i < 3; i++) {
        book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
        book_free(&in);
        add_file(&in, "level.cbz", "in.cbz");
    }
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    expect_no_pages(engine, "in.cbz", "down to level 3; unpack it if they lie deeper");
    tidy(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_many_repeats),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_no_pages),
        cmocka_unit_test(test_entry_order),
        cmocka_unit_test(test_shelf),
        cmocka_unit_test(test_shelf_resumes),
        cmocka_unit_test(test_shelf_with_pages),
        cmocka_unit_test(test_shelf_depth),
        cmocka_unit_test(test_shelf_limits),
        cmocka_unit_test(test_shelf_with_damaged_cover),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
