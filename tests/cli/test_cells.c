/* SPDX-License-Identifier: MIT */
/* Widths of texts on a screen, cuts, and what is taken out of lines. */
#include "support/testing.h"

#include "cli/cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY "\U0001f468\u200d\U0001f469\u200d\U0001f467" /* man, joiner, woman, joiner, girl */

static int set_locale(void **state)
{
    (void)state;
    return unsetenv("LC_ALL") || unsetenv("LC_CTYPE") || setenv("LANG", "C", 1);
}

static void test_widths(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t cells;
    } known[] = {
        {"", 0},
        {"page.png", 8},
        {"よつばと！ 第01巻", 17},
        {"ｱｲｳ", 3},                /* half-width katakana */
        {"か\u3099", 2},           /* a combining voiced sound mark */
        {"e\u0301te\u0301", 3},    /* combining accents */
        {"한국어", 6},             /* syllables */
        {"\u1112\u1161\u11ab", 2}, /* one syllable of three letters */
        {"\U0001f600", 2},         /* an emoji */
        {"\u2764\ufe0f", 2},       /* a heart, asked for as an emoji */
        {"Ж", 1},                  /* ambiguous, narrow here */
        {"\xe3\x81", 2},           /* a sequence that is cut off: two bytes */
        {"\x82\xa0", 2},           /* Shift-JIS */
        {"a\tb", 3},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (planche_cli_cells(known[i].text) != known[i].cells)
            fail_msg("'%s' takes %zu, not %zu", known[i].text, planche_cli_cells(known[i].text),
                     known[i].cells);
    }
    assert_in_range(planche_cli_cells(FAMILY), 2, 6);
}

static void test_ambiguous_by_locale(void **state)
{
    (void)state;
    setenv("LANG", "ja_JP.UTF-8", 1);
    assert_int_equal(planche_cli_cells("Ж"), 2);
    setenv("LC_ALL", "fr_FR.UTF-8", 1);
    assert_int_equal(planche_cli_cells("Ж"), 1);
}

/* No width splits a character: what is cut off begins with one. */
static void test_no_cut_splits(void **state)
{
    (void)state;
    static const char text[] = "x" FAMILY "か\u3099e\u0301第\U0001f600\u2764\ufe0f.cbz";
    static const size_t starts[] = {0, 1, 19, 25, 28, 31, 35, 41, 42, 43, 44, 45};
    for (size_t cells = 0; cells < 30; cells++) {
        size_t length = planche_cli_cells_length(text, cells), i = 0;
        while (i < 12 && starts[i] != length)
            i++;
        if (i == 12)
            fail_msg("%zu cells are cut at byte %zu", cells, length);
    }
}

static void assert_middle(const char *text, size_t cells, const char *wanted)
{
    char out[64];
    assert_string_equal(planche_cli_cut_middle(text, cells, out, sizeof out), wanted);
    assert_in_range(planche_cli_cells(out), 0, cells);
}

static void test_cut_in_the_middle(void **state)
{
    (void)state;
    assert_middle("short", 5, "short");
    assert_middle("Volume 1 of the series, part 3.cbz", 16, "Volume ... 3.cbz");
    assert_middle("よつばと！ 第01巻.cbz", 12, "よつ....cbz");
    assert_middle("よつばと！", 4, "よつ");
    assert_middle("よつばと！", 1, "");
    assert_middle("か\u3099か\u3099か\u3099か\u3099", 7, "か\u3099...か\u3099");
}

/* Every width of every kind of text fits, into the buffer too. */
static void test_cuts_fit(void **state)
{
    (void)state;
    static const char *const texts[] = {"A long name of Latin letters.cbz", "よつばと！ 第01巻.cbz",
                                        "か\u3099か\u3099か\u3099e\u0301e\u0301",
                                        "\x82\xa0\x82\xa2\x82\xa4\x82\xa6"};
    for (size_t i = 0; i < 4; i++) {
        for (size_t cells = 0; cells < 40; cells++) {
            char out[24];
            planche_cli_cut_middle(texts[i], cells, out, sizeof out);
            assert_in_range(planche_cli_cells(out), 0, cells);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_widths, set_locale),
        cmocka_unit_test_setup(test_ambiguous_by_locale, set_locale),
        cmocka_unit_test_setup(test_no_cut_splits, set_locale),
        cmocka_unit_test_setup(test_cut_in_the_middle, set_locale),
        cmocka_unit_test_setup(test_cuts_fit, set_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
