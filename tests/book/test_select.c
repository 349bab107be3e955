/* SPDX-License-Identifier: MIT */
/* Selection of a book's pages by their numbers, and as a sample. */
#include "book_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAGES 12

static struct planche_engine *engine;

static int setup(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    if (test_setup(state))
        return -1;
    engine = test_engine(options, 2);
    /* Pages in an order that is not that of their names, among other files. */
    struct book book = {0};
    book_add_text(&book, "ComicInfo.xml", "<ComicInfo><PageCount>12</PageCount></ComicInfo>");
    for (unsigned i = PAGES; i > 0; i--) {
        char name[32];
        snprintf(name, sizeof(name), "p%u.png", i);
        book_add_page(&book, name, i, 10 + i, 9, PLANCHE_FORMAT_PNG);
    }
    book_add_text(&book, "notes.txt", "words");
    book_write(&book, test_path("book.cbz"), PLANCHE_CONTAINER_ZIP);
    book_free(&book);
    return 0;
}

static int teardown(void **state)
{
    unlink(test_path("book.cbz"));
    planche_engine_destroy(&engine);
    return test_teardown(state);
}

/* What a selection makes: names in the output, in its order. */
static void expect(const char *pages, unsigned sample, const char *names, size_t count)
{
    static struct told told;
    struct book book;
    memset(&told, 0, sizeof(told));
    struct planche_book_options options = book_options(&told);
    options.pages = pages;
    options.sample = sample;
    if (book_run(engine, "book.cbz", "out.cbz", options, &told))
        fail_msg("%s", told.error.message);
    book_read(&book, test_path("out.cbz"));
    assert_string_equal(book_names(&book), names);
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_ENLARGED], count);
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_UNSELECTED], PAGES + 2 - count);
    assert_int_equal(told.result.pages, count);
    assert_int_equal(told.most_done, count);
    book_free(&book);
    unlink(test_path("out.cbz"));
    /* Inspection tells the same. */
    struct planche_book_result inspected = PLANCHE_BOOK_RESULT_INIT;
    options.on_page = NULL;
    options.on_progress = NULL;
    assert_int_equal(planche_book_inspect(test_path("book.cbz"), &options, &inspected, NULL),
                     PLANCHE_OK);
    assert_int_equal(inspected.outcomes[PLANCHE_BOOK_ENLARGED], count);
    assert_int_equal(inspected.pages, count);
}

static void test_numbers(void **state)
{
    (void)state;
    expect("1", 0, "p1.png", 1);
    expect("10-", 0, "p12.png,p11.png,p10.png", 3);
    expect("2-3,5", 0, "p5.png,p3.png,p2.png", 3);
    expect("3,2-3,99", 0, "p3.png,p2.png", 2);
}

static void test_samples(void **state)
{
    (void)state;
    expect(NULL, 1, "p7.png", 1);
    expect(NULL, 3, "p11.png,p7.png,p3.png", 3);
    expect("1-4", 2, "p4.png,p2.png", 2);
}

static void test_all(void **state)
{
    static struct told told;
    struct book book;
    (void)state;
    struct planche_book_options options = book_options(&told);
    options.sample = 100; /* more than there are: nothing else comes along all the same */
    assert_int_equal(book_run(engine, "book.cbz", "out.cbz", options, &told), PLANCHE_OK);
    book_read(&book, test_path("out.cbz"));
    assert_int_equal(book.count, PAGES);
    book_free(&book);
    unlink(test_path("out.cbz"));
}

static void test_mistakes(void **state)
{
    static const char *const wrong[] = {"",   "0",   "a",   "3-2",   "1,",  ",1",
                                        "-3", "1--", "1 2", "1-2-3", "1,,2"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct planche_book_options options = PLANCHE_BOOK_OPTIONS_INIT;
        struct planche_error error = {.message = ""};
        options.pages = wrong[i];
        enum planche_status status =
            planche_book_inspect(test_path("book.cbz"), &options, NULL, &error);
        if (status != PLANCHE_ERROR_ARGUMENT || !strstr(error.message, "option pages"))
            fail_msg("'%s': %d %s", wrong[i], (int)status, error.message);
    }
    static struct told told;
    struct planche_book_options options = book_options(&told);
    options.pages = "13-20";
    assert_int_equal(book_run(engine, "book.cbz", "out.cbz", options, &told),
                     PLANCHE_ERROR_ARGUMENT);
    assert_non_null(strstr(told.error.message, "12 pages"));
    options.pages = "1";
    options.container = PLANCHE_CONTAINER_EPUB;
    assert_int_equal(book_run(engine, "book.cbz", "out.epub", options, &told),
                     PLANCHE_ERROR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
