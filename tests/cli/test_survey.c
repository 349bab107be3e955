/* SPDX-License-Identifier: MIT */
/* The survey's sums and guesses, and what it finds of files that are none. */
#include "support/testing.h"

#include "enlarge/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char gone[] = "/nonexistent/a.cbz", gone_page[] = "/nonexistent/a.png";
static struct planche_cli_item items[] = {
    {.input = gone, .book = true, .bytes = 1000},
    {.input = gone, .book = true, .bytes = 3000},
    {.input = gone, .book = true, .bytes = 500},
    {.input = gone_page, .bytes = 10},
};
static const struct planche_cli_plan plan = {.items = items, .count = 4, .pages = 0};

/* All but the third are to be made. */
static bool is_wanted(void *user, size_t index)
{
    (void)user;
    return index != 2;
}

static void start(struct planche_cli_survey *survey, const struct planche_cli_options *options)
{
    assert_true(planche_cli_survey_start(survey, &plan, options, is_wanted, NULL));
    planche_cli_survey_wait(survey);
}

static void test_files_that_are_not_there(void **state)
{
    (void)state;
    struct planche_cli_options options = {.page = PLANCHE_PAGE_OPTIONS_INIT,
                                          .book = PLANCHE_BOOK_OPTIONS_INIT};
    struct planche_cli_survey survey;
    struct planche_cli_survey_totals totals;
    start(&survey, &options);
    planche_cli_survey_sum(&survey, &totals);
    assert_int_equal(totals.items, 3);
    assert_int_equal(totals.known, 3);
    assert_int_equal(totals.pages, 0);
    assert_true(totals.pixels == 0.0 && totals.mean_pixels > 0.0);
    assert_true(survey.items[0].failed && survey.items[3].failed && !survey.items[2].known);
    planche_cli_survey_stop(&survey);
    planche_cli_survey_stop(&survey); /* nothing is left to stop */
}

static void note_book(struct planche_cli_survey *survey, size_t index)
{
    struct planche_cli_survey_item book = {
        .known = true, .wanted = true, .pages = 3, .unsized = 1, .pixels = 6000.0, .entries = 4};
    book.entry_pixels = calloc(4, sizeof *book.entry_pixels);
    assert_non_null(book.entry_pixels);
    book.entry_pixels[1] = 2000.0f;
    book.entry_pixels[2] = 4000.0f;
    planche_cli_survey_note(survey, index, &book);
}

/* What is not known yet is guessed from bytes, and pages without a size from the others. */
static void test_guesses(void **state)
{
    (void)state;
    struct planche_cli_options options = {.page = PLANCHE_PAGE_OPTIONS_INIT,
                                          .book = PLANCHE_BOOK_OPTIONS_INIT};
    const struct planche_cli_survey_item unknown = {.wanted = true};
    struct planche_cli_survey survey;
    struct planche_cli_survey_totals totals;
    start(&survey, &options);
    note_book(&survey, 0);
    planche_cli_survey_note(&survey, 1, &unknown);
    planche_cli_survey_note(&survey, 3, &unknown);
    planche_cli_survey_sum(&survey, &totals);
    assert_int_equal(totals.known, 1);
    assert_int_equal(totals.books, 1);
    assert_int_equal(totals.pages, 3);
    assert_true(totals.mean_pixels == 3000.0 && totals.pixels == 9000.0);
    assert_true(planche_cli_survey_pixels(&survey, 0, &totals) == 9000.0);
    assert_true(fabs(planche_cli_survey_pixels(&survey, 1, &totals) - 18000.0) < 1e-6);
    assert_true(planche_cli_survey_pixels(&survey, 2, &totals) == 0.0);
    assert_true(planche_cli_survey_pixels(&survey, 3, &totals) == 3000.0);
    assert_true(planche_cli_survey_entry(&survey, 0, 2, &totals) == 4000.0);
    assert_true(planche_cli_survey_entry(&survey, 0, 0, &totals) == 3000.0);
    assert_true(planche_cli_survey_entry(&survey, 0, 99, &totals) == 3000.0);
    assert_true(planche_cli_survey_entry(&survey, 1, 0, &totals) == 3000.0);
    planche_cli_survey_stop(&survey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_that_are_not_there),
        cmocka_unit_test(test_guesses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
