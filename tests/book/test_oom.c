/* SPDX-License-Identifier: MIT */
/* Books while allocations fail: a status, nothing in use, and the next run ends with the same
 * bytes. */
#include "book_test.h"
#include "engine/engine.h"
#include "support/oom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct book in;
static struct told told;

struct at_work {
    struct planche_engine *engine;
    uint64_t used, room;
};

static enum planche_status scenario(void *user, struct planche_budget *budget,
                                    struct planche_error *error)
{
    const struct at_work *work = user;
    (void)budget;
    enum planche_status status =
        book_run(work->engine, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_int_equal(atomic_load(&work->engine->state->budget.used), work->used);
    assert_int_equal(planche_admission_available(&work->engine->state->admission).most, work->room);
    assert_int_equal(access(test_path("out.cbz"), F_OK) == 0, status == PLANCHE_OK);
    if (status == PLANCHE_OK && told.result.outcomes[PLANCHE_BOOK_FAILED] == 1)
        expect_same_files("out.cbz", "expected.cbz");
    unlink(test_path("out.cbz"));
    *error = told.error;
    return status;
}

/* A book that is made into a CBZ: as a scenario, and what it has left is gone. */
static enum planche_status make(const struct at_work *work, const char *input,
                                struct planche_error *error)
{
    enum planche_status status =
        book_run(work->engine, input, "out.cbz", book_options(&told), &told);
    assert_int_equal(atomic_load(&work->engine->state->budget.used), work->used);
    assert_int_equal(access(test_path("out.cbz"), F_OK) == 0, status == PLANCHE_OK);
    unlink(test_path("out.cbz"));
    *error = told.error;
    return status;
}

/* An EPUB: its order is found, and a ComicInfo.xml made. */
static enum planche_status convert(void *user, struct planche_budget *budget,
                                   struct planche_error *error)
{
    (void)budget;
    return make(user, "in.epub", error);
}

/* A book in a book. */
static enum planche_status make_shelf(void *user, struct planche_budget *budget,
                                      struct planche_error *error)
{
    (void)budget;
    return make(user, "in.cbz", error);
}

static enum planche_status inspect(void *user, struct planche_budget *budget,
                                   struct planche_error *error)
{
    (void)user, (void)budget;
    return planche_book_inspect(test_path("in.cbz"), NULL, NULL, error);
}

static void test_book(void **state)
{
    const struct planche_engine_options options = {.jobs = 1, .threads = 1};
    struct at_work work = {.engine = test_engine(options, 2)};
    (void)state;
    strcpy(in.comment, "comment");
    book_add_text(&in, "ComicInfo.xml", "<ComicInfo><Page Image='0' ImageSize='1'/></ComicInfo>");
    book_add_page(&in, "1.png", 1, 8, 8, PLANCHE_FORMAT_PNG);
    book_add(&in, "2.png", in.items[1].data, in.items[1].size);
    book_add_text(&in, "3.jpg", "not an image");
    strcpy(in.items[1].comment, "of an entry");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_free(&in);
    book_make(work.engine, "in.cbz", "expected.cbz", book_options(&told), &told);
    work.used = atomic_load(&work.engine->state->budget.used);
    work.room = planche_admission_available(&work.engine->state->admission).most;
    assert_true(oom_run("book", scenario, &work, 1) > 50);
    assert_true(oom_run("inspect", inspect, NULL, 1) > 10);
    /* What the last failure has left is gone on with. */
    assert_int_equal(scenario(&work, NULL, &told.error), PLANCHE_OK);
    planche_engine_destroy(&work.engine);
    remove_all("in.cbz");
    remove_all("expected.cbz");
    assert_int_equal(test_count_files(), 0);
}

static void test_epub(void **state)
{
    const struct planche_engine_options options = {.jobs = 1, .threads = 1};
    struct at_work work = {.engine = test_engine(options, 2)};
    (void)state;
    book_add_text(&in, "mimetype", "application/epub+zip");
    book_add_text(&in, "META-INF/container.xml", "<rootfile full-path='x.opf'/>");
    book_add_text(&in, "x.opf",
                  "<dc:title>T</dc:title><dc:creator>W</dc:creator><dc:creator>X</dc:creator>"
                  "<item id='c' href='c.png' properties='cover-image'/><item id='t' href='t.html'/>"
                  "<itemref idref='t'/>");
    book_add_text(&in, "t.html", "text <img src='p.png'/>");
    book_add_page(&in, "p.png", 1, 200, 64, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "c.png", 2, 8, 8, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.epub"), PLANCHE_CONTAINER_EPUB);
    book_free(&in);
    book_make(work.engine, "in.epub", "out.cbz", book_options(&told), &told);
    work.used = atomic_load(&work.engine->state->budget.used);
    remove_all("out.cbz");
    assert_true(oom_run("epub", convert, &work, 1) > 50);
    assert_int_equal(convert(&work, NULL, &told.error), PLANCHE_OK);
    planche_engine_destroy(&work.engine);
    remove_all("in.epub");
    assert_int_equal(test_count_files(), 0);
}

static void test_inner(void **state)
{
    const struct planche_engine_options options = {.jobs = 1, .threads = 1};
    struct at_work work = {.engine = test_engine(options, 2)};
    uint8_t inner[4096];
    (void)state;
    book_add_page(&in, "1.png", 1, 8, 8, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_free(&in);
    FILE *file = fopen(test_path("in.cbz"), "rb");
    assert_non_null(file);
    const size_t size = fread(inner, 1, sizeof inner, file);
    assert_true(size > 0 && size < sizeof inner);
    assert_int_equal(fclose(file), 0);
    book_add(&in, "a.cbz", inner, size);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_free(&in);
    book_make(work.engine, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_int_equal(told.result.pages, 1);
    work.used = atomic_load(&work.engine->state->budget.used);
    remove_all("out.cbz");
    assert_true(oom_run("shelf", make_shelf, &work, 1) > 50);
    assert_int_equal(make_shelf(&work, NULL, &told.error), PLANCHE_OK);
    planche_engine_destroy(&work.engine);
    remove_all("in.cbz");
    assert_int_equal(test_count_files(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_book),
        cmocka_unit_test(test_inner),
        cmocka_unit_test(test_epub),
    };
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
