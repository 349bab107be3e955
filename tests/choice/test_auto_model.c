/* SPDX-License-Identifier: MIT */
/* The rule of model "auto": every branch, the pages of a book, and the words. */
#include "choice/auto_model.h"
#include "support/testing.h"

#include <string.h>

static double level_of(struct planche_signs signs)
{
    struct planche_auto_choice choice;
    signs.measured = true;
    planche_auto_choose(&choice, &signs);
    assert_true(choice.level < PLANCHE_AUTO_LEVELS);
    return planche_auto_level(choice.level);
}

static double jpeg(unsigned quality, unsigned past, unsigned screen)
{
    return level_of((struct planche_signs){.format = PLANCHE_FORMAT_JPEG,
                                           .file_quality = quality,
                                           .past_quality = past,
                                           .screen = screen});
}

static void test_files(void **state)
{
    static const struct {
        unsigned quality;
        double level;
    } of_jpeg[] = {{100, -1}, {96, -1}, {95, -.5}, {88, -.5}, {85, .5}, {80, 1},
                   {70, 1.5}, {60, 2},  {45, 2.5}, {30, 3},   {1, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof of_jpeg / sizeof *of_jpeg; i++)
        assert_true(jpeg(of_jpeg[i].quality, 0, 0) == of_jpeg[i].level);
    for (unsigned quality = 2; quality <= 100; quality++) {
        assert_true(jpeg(quality, 0, 0) <= jpeg(quality - 1, 0, 0));
        assert_true(jpeg(quality, 0, 50) >= jpeg(quality, 0, 0));
    }
    assert_true(jpeg(90, 0, 50) == 0);
    struct planche_signs webp = {.format = PLANCHE_FORMAT_WEBP, .file_quality = 95};
    assert_true(level_of(webp) == -1);
    webp.file_quality = 75;
    assert_true(level_of(webp) == -.5);
    webp.file_quality = 50;
    assert_true(level_of(webp) == .5);
    /* A format whose numbers nobody knows. */
    assert_true(level_of((struct planche_signs){.format = PLANCHE_FORMAT_AVIF}) == -1);
}

static void test_past(void **state)
{
    (void)state;
    assert_true(level_of((struct planche_signs){.format = PLANCHE_FORMAT_PNG}) == -1);
    assert_true(
        level_of((struct planche_signs){.format = PLANCHE_FORMAT_PNG, .past_quality = 80}) == 1);
    assert_true(jpeg(95, 60, 0) == 2);
    /* Its own steps, found in its pixels. */
    assert_true(jpeg(80, 79, 0) == 1);
    assert_true(jpeg(60, 90, 0) == 2);
}

static void expect_reason(const struct planche_signs *signs, const char *reason)
{
    struct planche_auto_choice choice;
    planche_auto_choose(&choice, signs);
    assert_string_equal(choice.reason, reason);
}

static void test_reasons(void **state)
{
    struct planche_signs signs = {.format = PLANCHE_FORMAT_PNG};
    (void)state;
    expect_reason(&signs, "nothing is known");
    signs.measured = true;
    expect_reason(&signs, "no sign of loss");
    signs.past_quality = 71;
    expect_reason(&signs, "JPEG 71, saved again without loss");
    signs.format = PLANCHE_FORMAT_WEBP;
    signs.file_quality = 90;
    expect_reason(&signs, "JPEG 71, saved again as WebP 90");
    signs.past_quality = 0;
    signs.screen = 30;
    expect_reason(&signs, "WebP 90");
    signs.format = PLANCHE_FORMAT_JPEG;
    expect_reason(&signs, "JPEG 90; screentone");
    signs.file_quality = 100;
    signs.past_quality = 100;
    expect_reason(&signs, "JPEG 100");
}

static void test_book(void **state)
{
    static const unsigned clean[] = {0, 0, 4, 0, 1}, noisy[] = {4, 5, 4, 0}, two[] = {0, 4};
    struct planche_auto_choice choice = {.level = 4, .reason = "JPEG 80"};
    (void)state;
    assert_int_equal(planche_auto_usual(NULL, 0), 0);
    assert_int_equal(planche_auto_usual(clean, 5), 0);
    assert_int_equal(planche_auto_usual(noisy, 4), 4);
    assert_int_equal(planche_auto_usual(two, 2), 0);
    assert_int_equal(planche_auto_usual(&two[1], 1), 4);
    planche_auto_settle(&choice, 5);
    assert_int_equal(choice.level, 5);
    assert_string_equal(choice.reason, "JPEG 80; as the book");
    choice = (struct planche_auto_choice){.level = 4, .reason = "JPEG 80"};
    planche_auto_settle(&choice, 1); /* clearly different */
    assert_int_equal(choice.level, 4);
    planche_auto_settle(&choice, 4);
    assert_string_equal(choice.reason, "JPEG 80");
}

static void test_kinds(void **state)
{
    (void)state;
    assert_string_equal(planche_auto_kind(&(struct planche_signs){.screen = 40}), "screentone");
    assert_string_equal(planche_auto_kind(&(struct planche_signs){.soft = 50}), "painted");
    assert_string_equal(planche_auto_kind(&(struct planche_signs){.flat = 80}), "flat");
    assert_string_equal(planche_auto_kind(&(struct planche_signs){.flat = 30}), "drawn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files), cmocka_unit_test(test_past),  cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_book),  cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
