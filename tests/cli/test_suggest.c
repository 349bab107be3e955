/* SPDX-License-Identifier: MIT */
/* Did you mean: distances, and what is near enough. */
#include "support/testing.h"

#include "words/suggest.h"

static void test_distances(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned distance;
    } known[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"height", "height", 0},
        {"hegiht", "height", 1}, /* neighbours exchanged */
        {"modles", "models", 1},
        {"kitten", "sitting", 3},
        {"WEBP", "webp", 0},
        {"ca", "abc", 3}, /* no second change of the same letters */
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_int_equal(planche_cli_distance(known[i].a, known[i].b), known[i].distance);
        assert_int_equal(planche_cli_distance(known[i].b, known[i].a), known[i].distance);
    }
    char longer[257] = {0};
    for (int i = 0; i < 256; i++)
        longer[i] = 'a';
    assert_true(planche_cli_distance(longer, longer) > 255);
}

static const char *nearest(const char *word, const char *list)
{
    static char buffer[64];
    struct planche_cli_suggestion suggestion = {.word = word};
    planche_cli_suggest_list(&suggestion, list, buffer, sizeof buffer);
    return suggestion.best;
}

static void test_suggestions(void **state)
{
    (void)state;
    assert_string_equal(nearest("hegiht", "width|height|help"), "height");
    assert_string_equal(nearest("realcugna", "realcugan|realesrgan-x4plus"), "realcugan");
    assert_string_equal(nearest("avx", "portable|avx2|avx512"), "avx2");
    assert_string_equal(nearest("over", "on-error|overwrite"), "overwrite");
    assert_null(nearest("frobnicate", "width|height|help"));
    assert_null(nearest("x", "width|height"));
    assert_null(nearest("", "width|height"));
    assert_null(nearest("5", "-1|0|1|2|3"));
    assert_null(nearest("-2", "-1|0|1|2|3"));
    assert_null(nearest("library", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
