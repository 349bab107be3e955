/* SPDX-License-Identifier: MIT */
/* Books into a folder that is there: made page by page, by marks, times and digests. */
#include "book_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLD 1577934244

static struct told told;
static struct planche_page_options page;

static struct planche_book_options into(enum planche_existing existing)
{
    struct planche_book_options options = book_options(&told);
    page = *options.page;
    page.provenance = 1;
    options.page = &page;
    options.container = PLANCHE_CONTAINER_FOLDER;
    options.existing = existing;
    return options;
}

static void set_time(const char *name, time_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, test_path(name), times, 0), 0);
}

static void put_page(const char *name, uint64_t seed)
{
    struct book one = {0};
    book_add_page(&one, "x", seed, 20, 24, PLANCHE_FORMAT_JPEG);
    test_write(test_path(name), one.items[0].data, one.items[0].size);
    set_time(name, OLD);
    book_free(&one);
}

static struct planche_engine *start(void)
{
    struct planche_engine *engine =
        test_engine((struct planche_engine_options){.jobs = 1, .threads = 1}, 2);
    assert_int_equal(mkdir(test_path("in"), 0777), 0);
    put_page("in/p_a.jpg", 1);
    put_page("in/p_b.jpg", 2);
    test_write(test_path("in/ComicInfo.xml"), "<ComicInfo><PageCount>2</PageCount></ComicInfo>",
               47);
    set_time("in/ComicInfo.xml", OLD);
    book_make(engine, "in", "out", into(PLANCHE_EXISTING_FAIL), &told);
    assert_string_equal(told_outcomes(&told), "CEE");
    return engine;
}

static void finish(struct planche_engine **engine)
{
    planche_engine_destroy(engine);
    remove_all("in");
    remove_all("out");
    remove_all("fresh");
    assert_int_equal(test_count_files(), 0);
}

static ino_t inode_of(const char *name)
{
    struct stat info;
    assert_int_equal(stat(test_path(name), &info), 0);
    return info.st_ino;
}

static void run(const struct planche_engine *engine, enum planche_existing existing,
                const char *outcomes)
{
    book_make(engine, "in", "out", into(existing), &told);
    assert_string_equal(told_outcomes(&told), outcomes);
    assert_int_equal(count_in(".out.planche"), -1);
}

/* Makes a new folder of the same input, which the old one must be the same as. */
static void expect_as_fresh(const struct planche_engine *engine, const char *name)
{
    char left[100], right[100];
    remove_all("fresh");
    book_make(engine, "in", "fresh", into(PLANCHE_EXISTING_FAIL), &told);
    snprintf(left, sizeof left, "out/%s", name);
    snprintf(right, sizeof right, "fresh/%s", name);
    expect_same_files(left, right);
}

static void test_page_by_page(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    ino_t first = inode_of("out/p_a.png");
    test_write(test_path("out/mine.txt"), "mine", 4);
    put_page("in/p_c.jpg", 3);
    put_page("in/p_d.jpg", 1); /* the same as one that is there */
    assert_int_equal(book_run(engine, "in", "out", into(PLANCHE_EXISTING_FAIL), &told),
                     PLANCHE_ERROR_EXISTS);
    run(engine, PLANCHE_EXISTING_ADD, "CUUED");
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_UP_TO_DATE], 2);
    assert_int_equal(inode_of("out/p_a.png"), first);
    expect_same_files("out/p_d.png", "out/p_a.png");
    expect_as_fresh(engine, "p_c.png");
    expect_as_fresh(engine, "ComicInfo.xml");
    assert_int_equal(count_in("out"), 6);
    run(engine, PLANCHE_EXISTING_UPDATE, "CUUUU");
    assert_int_equal(inode_of("out/p_a.png"), first);
    finish(&engine);
}

static void test_changed(void **state)
{
    struct planche_engine *engine = start(),
                          *larger = test_engine((struct planche_engine_options){.jobs = 1}, 3);
    (void)state;
    put_page("in/p_b.jpg", 9); /* at the same time */
    run(engine, PLANCHE_EXISTING_ADD, "CUS");
    run(engine, PLANCHE_EXISTING_UPDATE, "CUE");
    expect_as_fresh(engine, "p_b.png");
    run(larger, PLANCHE_EXISTING_ADD, "COO");
    expect_as_fresh(engine, "p_a.png");
    run(larger, PLANCHE_EXISTING_UPDATE, "CEE");
    expect_as_fresh(larger, "p_a.png");
    run(larger, PLANCHE_EXISTING_REPLACE, "CEE");
    planche_engine_destroy(&larger);
    finish(&engine);
}

/* A page that is made in another format is not there twice; what its mark does not say stays. */
static void test_other_format(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    test_write(test_path("out/p_b.webp"), "of another", 10);
    run(engine, PLANCHE_EXISTING_ADD, "CUU");
    for (int i = 0; i < 2; i++) {
        struct planche_book_options options = into(PLANCHE_EXISTING_UPDATE);
        page.format = PLANCHE_FORMAT_JPEG;
        page.scale = 1;
        page.width = 30;
        book_make(engine, "in", "out", options, &told);
        assert_string_equal(told_outcomes(&told), i ? "CUU" : "CEE");
        assert_int_equal(count_in("out"), 4); /* ComicInfo.xml, p_a.jpg, p_b.jpg, p_b.webp */
    }
    inode_of("out/p_a.jpg");
    inode_of("out/p_b.webp");
    finish(&engine);
}

static void expect_other(const struct planche_engine *engine, const char *name)
{
    int before = count_in("out");
    assert_int_equal(book_run(engine, name, "out", into(PLANCHE_EXISTING_ADD), &told),
                     PLANCHE_ERROR_EXISTS);
    assert_non_null(strstr(told.error.message, "out is there with pages of another book"));
    assert_int_equal(count_in("out"), before);
}

/* Also of a book whose pages have the same names, and one of them the same bytes, as covers and
 * credits do: nothing is added, whether it is a page or another file. */
static void test_same_names(void **state)
{
    struct planche_engine *engine = start();
    struct book other = {0};
    (void)state;
    assert_int_equal(mkdir(test_path("other"), 0777), 0);
    put_page("other/p_a.jpg", 7);
    put_page("other/p_b.jpg", 8);
    test_write(test_path("other/ComicInfo.xml"), "<ComicInfo/>", 12);
    test_write(test_path("other/notes.txt"), "notes", 5);
    expect_other(engine, "other");
    book_add_page(&other, "p_a.jpg", 7, 20, 24, PLANCHE_FORMAT_JPEG);
    book_add_page(&other, "p_b.jpg", 8, 20, 24, PLANCHE_FORMAT_JPEG);
    book_add(&other, "notes.txt", "notes", 5);
    book_write(&other, test_path("other.cbz"), PLANCHE_CONTAINER_ZIP);
    expect_other(engine, "other.cbz");
    book_free(&other);
    unlink(test_path("other/notes.txt"));
    book_make(engine, "other", "out", into(PLANCHE_EXISTING_ADD), &told);
    assert_string_equal(told_outcomes(&told), "SSS");
    put_page("in/p_c.jpg", 3);
    book_make(engine, "in", "out", into(PLANCHE_EXISTING_ADD), &told);
    put_page("other/p_c.jpg", 3);
    put_page("other/p_d.jpg", 9);
    expect_other(engine, "other");
    unlink(test_path("other.cbz"));
    remove_all("other");
    remove_all(".out.planche");
    finish(&engine);
}

/* Another book is not mixed with the one that is there, whatever its pages are called; the same
 * book with more pages is, and one of which a page is known. */
static void test_another_book(void **state)
{
    struct planche_engine *engine = start();
    struct book other = {0};
    (void)state;
    assert_int_equal(mkdir(test_path("other"), 0777), 0);
    put_page("other/p_a.jpg", 7);
    put_page("other/q.jpg", 8);
    assert_int_equal(book_run(engine, "other", "out", into(PLANCHE_EXISTING_ADD), &told),
                     PLANCHE_ERROR_EXISTS);
    assert_non_null(strstr(told.error.message, "out is there with pages of another book"));
    assert_non_null(strstr(told.error.message, "other: "));
    assert_int_equal(count_in("out"), 3);
    book_add_page(&other, "q.jpg", 8, 20, 24, PLANCHE_FORMAT_JPEG);
    book_write(&other, test_path("other.cbz"), PLANCHE_CONTAINER_ZIP);
    book_free(&other);
    assert_int_equal(book_run(engine, "other.cbz", "out", into(PLANCHE_EXISTING_ADD), &told),
                     PLANCHE_ERROR_EXISTS);
    assert_int_equal(count_in("out"), 3);
    put_page("other/r.jpg", 1); /* as in/p_a.jpg: still none of its results is there */
    assert_int_equal(book_run(engine, "other", "out", into(PLANCHE_EXISTING_ADD), &told),
                     PLANCHE_ERROR_EXISTS);
    put_page("other/p_a.jpg", 1);
    book_make(engine, "other", "out", into(PLANCHE_EXISTING_ADD), &told);
    assert_int_equal(count_in("out"), 5);
    unlink(test_path("other.cbz"));
    remove_all("other");
    remove_all(".out.planche");
    finish(&engine);
}

static void copy_result(const char *name)
{
    size_t size;
    uint8_t *bytes = test_read(test_path("out/p_a.png"), &size);
    test_write(test_path(name), bytes, size);
    free(bytes);
}

/* Which files are of other books is told by their names, with any extension of a picture, and with
 * the number of a part. */
static void test_names_of_results(void **state)
{
    static const char *const of_pages[] = {"out/p_a.webp", "out/p_a-1.png", "out/p_b-12.jxl",
                                           "out/p_b.v2.png"};
    static const char *const foreign[] = {"out/p_a-x.png", "out/p_ab.png", "out/p_.png"};
    static const char *const no_pictures[] = {"out/q.txt", "out/q", "out/.q"};
    struct planche_engine *engine = start();
    (void)state;
    put_page("in/p_c.jpg", 3);
    for (size_t i = 0; i < sizeof of_pages / sizeof *of_pages; i++)
        copy_result(of_pages[i]);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        copy_result(foreign[i]);
    assert_int_equal(book_run(engine, "in", "out", into(PLANCHE_EXISTING_ADD), &told),
                     PLANCHE_ERROR_EXISTS);
    unlink(test_path(foreign[0]));
    for (size_t i = 0; i < sizeof no_pictures / sizeof *no_pictures; i++)
        copy_result(no_pictures[i]);
    run(engine, PLANCHE_EXISTING_ADD, "CUUE");
    finish(&engine);
}

static void *cancel_soon(void *user)
{
    usleep(50000);
    planche_cancel_request(user);
    return NULL;
}

/* The pages of a folder are read before any is made: this one takes an hour. */
static void test_cancelled_while_looking(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_options options;
    pthread_t thread;
    (void)state;
    assert_int_equal(truncate(test_path("in/p_a.jpg"), (off_t)1 << 42), 0);
    put_page("in/p_c.jpg", 3);
    options = into(PLANCHE_EXISTING_ADD);
    options.max_entry_bytes = options.max_bytes = UINT64_MAX;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &told.cancel), 0);
    assert_int_equal(book_run(engine, "in", "out", options, &told), PLANCHE_ERROR_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    finish(&engine);
}

static void test_overwrite(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_options options = into(PLANCHE_EXISTING_FAIL);
    (void)state;
    ino_t folder = inode_of("out"), first = inode_of("out/p_a.png");
    test_write(test_path("out/mine.txt"), "mine", 4);
    page.overwrite = 1;
    book_make(engine, "in", "out", options, &told);
    assert_string_equal(told_outcomes(&told), "CEE");
    assert_int_equal(inode_of("out"), folder);
    assert_int_not_equal(inode_of("out/p_a.png"), first);
    assert_int_equal(count_in("out"), 4);
    finish(&engine);
}

/* Without marks the time of a page is that of its source. */
static void test_unmarked(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_options options = into(PLANCHE_EXISTING_REPLACE);
    (void)state;
    page.provenance = 0;
    book_make(engine, "in", "out", options, &told);
    put_page("in/p_b.jpg", 9);
    set_time("in/p_b.jpg", OLD + 100);
    run(engine, PLANCHE_EXISTING_ADD, "CUS");
    run(engine, PLANCHE_EXISTING_UPDATE, "CUE");
    finish(&engine);
}

/* A file that somebody has changed is replaced only when that is asked for. */
static void test_other_files(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    test_write(test_path("out/ComicInfo.xml"), "<ComicInfo><Tagged/></ComicInfo>", 32);
    put_page("in/p_c.jpg", 3);
    run(engine, PLANCHE_EXISTING_ADD, "SUUE");
    run(engine, PLANCHE_EXISTING_UPDATE, "CUUU");
    expect_as_fresh(engine, "ComicInfo.xml");
    finish(&engine);
}

/* What was kept because it failed is tried again, and goes when it is made. */
static void test_failed_before(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    test_write(test_path("in/p_c.jpg"), "no page", 7);
    run(engine, PLANCHE_EXISTING_ADD, "CUUF");
    run(engine, PLANCHE_EXISTING_ADD, "CUUF");
    expect_same_files("in/p_c.jpg", "out/p_c.jpg");
    /* As if the page had failed for want of memory. */
    put_page("in/p_c.jpg", 3);
    put_page("out/p_c.jpg", 3);
    run(engine, PLANCHE_EXISTING_ADD, "CUUE");
    assert_int_equal(access(test_path("out/p_c.jpg"), F_OK), -1);
    expect_as_fresh(engine, "p_c.png");
    finish(&engine);
}

/* Parts, and other formats, of pages that their format could not hold. */
static void test_split(void **state)
{
    struct planche_engine *engine = start();
    struct book strip = {0};
    (void)state;
    book_add_page(&strip, "x", 5, 8, 9000, PLANCHE_FORMAT_PNG);
    test_write(test_path("in/p_c.png"), strip.items[0].data, strip.items[0].size);
    book_free(&strip);
    for (int way = PLANCHE_ON_LIMIT_SWITCH; way <= PLANCHE_ON_LIMIT_SPLIT; way++) {
        for (int again = 0; again < 2; again++) {
            struct planche_book_options options = into(PLANCHE_EXISTING_ADD);
            page.format = PLANCHE_FORMAT_WEBP;
            page.on_limit = (enum planche_on_limit)way;
            book_make(engine, "in", "out", options, &told);
            assert_string_equal(told_outcomes(&told), again ? "CUUU" : "CUUE");
        }
        unlink(test_path("out/p_c.jpg"));
        unlink(test_path("out/p_c.png"));
    }
    assert_int_equal(access(test_path("out/p_c-2.webp"), F_OK), 0);
    finish(&engine);
}

/* Stopped and gone on with. */
static void test_interrupted(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    put_page("in/p_c.jpg", 3);
    put_page("in/p_d.jpg", 4);
    struct planche_book_options options = into(PLANCHE_EXISTING_ADD);
    told.cancel_at = 3;
    assert_int_equal(book_run(engine, "in", "out", options, &told), PLANCHE_ERROR_CANCELLED);
    assert_int_equal(count_in("out"), 3);
    run(engine, PLANCHE_EXISTING_ADD, "CUURE");
    assert_int_equal(count_in("out"), 5);
    finish(&engine);
}

/* An empty folder that was made for the book keeps its mode. */
static void test_empty(void **state)
{
    struct planche_engine *engine = start();
    struct stat info;
    (void)state;
    remove_all("out");
    assert_int_equal(mkdir(test_path("out"), 0777), 0);
    assert_int_equal(chmod(test_path("out"), 02750), 0);
    run(engine, PLANCHE_EXISTING_FAIL, "CEE");
    assert_int_equal(stat(test_path("out"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 02750);
    finish(&engine);
}

static void test_in_the_way(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    unlink(test_path("out/p_a.png"));
    assert_int_equal(mkdir(test_path("out/p_a.png"), 0777), 0);
    assert_int_equal(book_run(engine, "in", "out", into(PLANCHE_EXISTING_ADD), &told),
                     PLANCHE_ERROR_EXISTS);
    assert_non_null(strstr(told.error.message, "p_a.png"));
    assert_int_equal(book_run(engine, "in", "out", into((enum planche_existing)7), &told),
                     PLANCHE_ERROR_ARGUMENT);
    remove_all(".out.planche");
    finish(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_by_page),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_overwrite),
        cmocka_unit_test(test_other_format),
        cmocka_unit_test(test_unmarked),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_failed_before),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_in_the_way),
        cmocka_unit_test(test_same_names),
        cmocka_unit_test(test_another_book),
        cmocka_unit_test(test_names_of_results),
        cmocka_unit_test(test_cancelled_while_looking),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
