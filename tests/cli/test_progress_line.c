/* SPDX-License-Identifier: MIT */
/* The line of progress: it fits every terminal, and says what matters first. */
#include "support/testing.h"

#include "cli/cells.h"
#include "enlarge/progress_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct planche_cli_snapshot usual = {
    .fraction = 0.345,
    .left = 960.0,
    .page_seconds = 14.2,
    .books = 10,
    .book = 3,
    .pages = 24,
    .page = 6,
    .name = "よつばと！ 第01巻 とても長い題名のある本.cbz",
};

static const char *line_of(const struct planche_cli_snapshot *snapshot, size_t columns)
{
    static char line[512];
    return planche_cli_progress_line(snapshot, columns, line, sizeof line);
}

static void test_usual(void **state)
{
    (void)state;
    struct planche_cli_snapshot s = usual;
    assert_string_equal(line_of(&s, 104),
                        "[###.......] 34%  book 3/10  よつばと！ 第01巻 ...題名のある本.cbz"
                        "  page 6/24  14 s a page  16:00 left");
    assert_string_equal(line_of(&s, 80), "[###.......] 34%  book 3/10  よつば....cbz"
                                         "  page 6/24  14 s a page  16:00 left");
}

/* No terminal is so narrow, and no name so strange, that the line would wrap. */
static void test_fits(void **state)
{
    (void)state;
    static const char *const names[] = {"",
                                        "a",
                                        "よつばと！ 第01巻 とても長い題名のある本.cbz",
                                        "\x82\xa0\x82\xa2\x82\xa4\x82\xa6\x82\xa8 a name.cbz",
                                        "か\u3099か\u3099か\u3099か\u3099か\u3099か\u3099.cbz",
                                        "\U0001f468\u200d\U0001f469\u200d\U0001f467.cbz",
                                        "a\033[2J\nname\tof\u202e many characters.cbz"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        for (size_t columns = 0; columns < 200; columns++) {
            struct planche_cli_snapshot s = usual;
            s.name = names[n];
            s.device = columns % 2 ? "NVIDIA H200" : NULL;
            s.writing = columns % 3 == 0;
            s.left = columns % 5 == 0 ? -1.0 : 86400.0 * 3;
            const char *line = line_of(&s, columns);
            size_t cells = planche_cli_cells(line);
            if (columns > 0 ? cells >= columns : cells > 0)
                fail_msg("'%s' has %zu cells in %zu columns", line, cells, columns);
            assert_null(strpbrk(line, "\033\n\t"));
        }
    }
}

/* What is left out first is what matters least. */
static void test_narrow(void **state)
{
    (void)state;
    struct planche_cli_snapshot s = usual;
    assert_non_null(strstr(line_of(&s, 60), "page 6/24"));
    assert_non_null(strstr(line_of(&s, 60), "16:00 left"));
    assert_non_null(strstr(line_of(&s, 40), "16:00 left"));
    assert_string_equal(line_of(&s, 18), " 34%  16:00 left");
    assert_string_equal(line_of(&s, 8), " 34%");
    assert_string_equal(line_of(&s, 1), "");
}

static void test_plain(void **state)
{
    (void)state;
    struct planche_cli_snapshot s = usual;
    char line[512];
    assert_string_equal(
        planche_cli_progress_plain(&s, line, sizeof line),
        "34 %, book 3 of 10, よつばと！ 第01巻 とても長い題名のある本.cbz, page 6 of "
        "24, 14 s a page, 16:00 left");
    s = (struct planche_cli_snapshot){
        .name = "a.png", .left = -1.0, .page_seconds = -1.0, .pages = 2, .page = 1};
    assert_string_equal(planche_cli_progress_plain(&s, line, sizeof line),
                        "0 %, a.png, page 1 of 2");
}

static void test_pace(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } known[] = {
        {14.28, "14 s a page"},
        {2.44, "2.4 s a page"},
        {1.0, "1.0 s a page"},
        {0.31, "3.2 pages/s"},
        {0.05, "20 pages/s"},
        {140.0, "2:20 a page"},
        {-1.0, ""},
        {9.97, "10 s a page"},
        {99.6, "1:40 a page"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char text[48];
        assert_string_equal(planche_cli_format_pace(known[i].seconds, text, sizeof text),
                            known[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual), cmocka_unit_test(test_fits), cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_plain), cmocka_unit_test(test_pace),
    };
    unsetenv("LC_ALL");
    unsetenv("LC_CTYPE");
    setenv("LANG", "C", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
