/* SPDX-License-Identifier: MIT */
/* Books whose pages choose their level of cleaning: most are made alike, and what is clearly
 * different is not; the same whatever runs at once, and after interruptions. */
#include "base/cancel.h"
#include "book_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGES 7
#define SIDE  16

static struct book in;
static struct planche_cancel cancel;
static size_t cancel_at;

/* What was told of a page. */
static struct {
    double level;
    int grey;
    char reason[72];
    enum planche_book_outcome outcome;
} pages[PAGES];
static size_t told_pages;

static void on_page(void *user, const struct planche_book_page *page)
{
    (void)user;
    assert_true(told_pages < PAGES);
    pages[told_pages].level = page->result->level;
    pages[told_pages].grey = page->result->grey;
    pages[told_pages].outcome = page->outcome;
    snprintf(pages[told_pages].reason, sizeof pages->reason, "%s", page->result->reason);
    told_pages++;
}

static void on_progress(void *user, const struct planche_book_progress *progress)
{
    (void)user;
    if (cancel_at && progress->done >= cancel_at)
        planche_cancel_request(&cancel);
}

static struct planche_engine *make_engine(unsigned threads, int has_level)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine *engine;
    struct planche_error error;
    options.model = "small";
    options.backend = "cpu";
    options.threads = options.jobs = threads;
    options.memory = (uint64_t)128 << 20;
    options.has_level = has_level;
    options.level = 2;
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    return engine;
}

static void add_page(int index, enum planche_pixel_format format, int quality)
{
    char name[32];
    struct image page;
    snprintf(name, sizeof name, "p%d.jpg", index);
    image_make(&page, format, SIDE, SIDE, 0, 0);
    image_draw(&page, (uint64_t)index);
    struct bytes file = encode_jpeg(&page.pixels, quality);
    book_add(&in, name, file.data, file.size);
    free(file.data);
    image_free(&page);
}

/* A cover in colour, pages of one quality, one of another near it, and one that is much worse. */
static void make_book(int usual, const char *path)
{
    add_page(0, PLANCHE_PIXELS_RGB8, 98);
    for (int i = 1; i < PAGES; i++)
        add_page(i, PLANCHE_PIXELS_GREY8, i == 3 ? 85 : i == 5 ? 30 : usual);
    book_write(&in, test_path(path), PLANCHE_CONTAINER_ZIP);
    book_free(&in);
}

static enum planche_status run(const struct planche_engine *engine, const char *input,
                               const char *output, const char *selection)
{
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_book_options options = PLANCHE_BOOK_OPTIONS_INIT;
    struct planche_error error;
    char from[300];
    snprintf(from, sizeof from, "%s", test_path(input));
    cancel = (struct planche_cancel){0};
    page.format = PLANCHE_FORMAT_PNG;
    page.grey = PLANCHE_GREY_AUTO;
    page.cancel = &cancel;
    options.page = &page;
    options.pages = selection;
    options.on_page = on_page;
    options.on_progress = on_progress;
    told_pages = 0;
    enum planche_status status =
        planche_engine_run_book(engine, from, test_path(output), &options, NULL, &error);
    if (status && status != PLANCHE_ERROR_CANCELLED)
        fail_msg("%s", error.message);
    return status;
}

static void test_levels(void **state)
{
    static const double expected[PAGES] = {-1, 1, 1, 1, 1, 3, 1};
    struct planche_engine *engine = make_engine(1, 0);
    (void)state;
    make_book(80, "in.cbz");
    assert_int_equal(run(engine, "in.cbz", "out.cbz", NULL), PLANCHE_OK);
    for (int i = 0; i < PAGES; i++) {
        assert_true(pages[i].level == expected[i]);
        assert_int_equal(pages[i].grey, i > 0);
    }
    assert_string_equal(pages[3].reason, "JPEG 85; as the book");
    assert_string_equal(pages[4].reason, "JPEG 80");
    planche_engine_destroy(&engine);
    /* Several at once. */
    engine = make_engine(3, 0);
    assert_int_equal(run(engine, "in.cbz", "several.cbz", NULL), PLANCHE_OK);
    expect_same_files("out.cbz", "several.cbz");
    planche_engine_destroy(&engine);
    /* A level that was asked for is that of all pages. */
    engine = make_engine(1, 1);
    assert_int_equal(run(engine, "in.cbz", "asked.cbz", NULL), PLANCHE_OK);
    assert_string_equal(pages[3].reason, "");
    planche_engine_destroy(&engine);
    remove_all("several.cbz");
    remove_all("asked.cbz");
}

/* Stopped after every number of pages, and gone on with. */
static void test_resume(void **state)
{
    struct planche_engine *engine = make_engine(1, 0);
    (void)state;
    for (size_t made = 1; made < PAGES; made += 2) {
        cancel_at = made;
        assert_int_equal(run(engine, "in.cbz", "again.cbz", NULL), PLANCHE_ERROR_CANCELLED);
        cancel_at = 0;
        assert_int_equal(run(engine, "in.cbz", "again.cbz", NULL), PLANCHE_OK);
        assert_int_equal(pages[0].outcome, PLANCHE_BOOK_RESUMED);
        expect_same_files("out.cbz", "again.cbz");
        remove_all("again.cbz");
    }
    planche_engine_destroy(&engine);
}

/* Pages that were made by another usual level are made again. */
static void test_changed(void **state)
{
    struct planche_engine *engine = make_engine(1, 0);
    (void)state;
    make_book(70, "worse.cbz");
    assert_int_equal(run(engine, "worse.cbz", "expected.cbz", NULL), PLANCHE_OK);
    assert_true(pages[1].level == 1.5 && pages[3].level == 1.5);
    cancel_at = 4;
    assert_int_equal(run(engine, "in.cbz", "again.cbz", NULL), PLANCHE_ERROR_CANCELLED);
    cancel_at = 0;
    /* The page of quality 85 is the same in both. */
    assert_int_equal(run(engine, "worse.cbz", "again.cbz", NULL), PLANCHE_OK);
    expect_same_files("expected.cbz", "again.cbz");
    remove_all("again.cbz");
    remove_all("expected.cbz");
    remove_all("worse.cbz");
    planche_engine_destroy(&engine);
}

/* Some pages are made as they are in the whole book. */
static void test_selection(void **state)
{
    struct planche_engine *engine = make_engine(1, 0);
    static struct book whole, some;
    (void)state;
    assert_int_equal(run(engine, "in.cbz", "some.cbz", "4"), PLANCHE_OK);
    book_read(&whole, test_path("out.cbz"));
    book_read(&some, test_path("some.cbz"));
    const struct item *a = book_find(&whole, "p3.png"), *b = book_find(&some, "p3.png");
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
    book_free(&whole);
    book_free(&some);
    remove_all("some.cbz");
    planche_engine_destroy(&engine);
}

/* Pages in a folder that is there are left, whichever of the levels they have. */
static void test_existing(void **state)
{
    struct planche_engine *engine = make_engine(1, 0);
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_book_options options = PLANCHE_BOOK_OPTIONS_INIT;
    struct planche_error error;
    (void)state;
    page.format = PLANCHE_FORMAT_PNG;
    page.provenance = 1;
    options.page = &page;
    options.container = PLANCHE_CONTAINER_FOLDER;
    options.existing = PLANCHE_EXISTING_UPDATE;
    options.on_page = on_page;
    char from[300];
    snprintf(from, sizeof from, "%s", test_path("in.cbz"));
    for (int i = 0; i < 2; i++) {
        told_pages = 0;
        if (planche_engine_run_book(engine, from, test_path("folder"), &options, NULL, &error))
            fail_msg("%s", error.message);
        for (int k = 0; k < PAGES; k++)
            assert_int_equal(pages[k].outcome, i ? PLANCHE_BOOK_UP_TO_DATE : PLANCHE_BOOK_ENLARGED);
    }
    planche_engine_destroy(&engine);
    remove_all("folder");
    remove_all("out.cbz");
    remove_all("in.cbz");
    assert_int_equal(test_count_files(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),   cmocka_unit_test(test_resume),
        cmocka_unit_test(test_changed),  cmocka_unit_test(test_selection),
        cmocka_unit_test(test_existing),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
