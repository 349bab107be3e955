/* SPDX-License-Identifier: MIT */
/* Cleaning text from outside. */
#include "support/testing.h"

#include "base/log.h"
#include "base/text.h"

#include <string.h>

static void assert_cleaned(const char *from, const char *expected)
{
    char text[64];
    strcpy(text, from);
    planche_text_clean(text);
    assert_string_equal(text, expected);
}

static void test_clean(void **state)
{
    (void)state;
    assert_cleaned("", "");
    assert_cleaned("page 1.png", "page 1.png");
    assert_cleaned("Été 漫画 🎨", "Été 漫画 🎨");
    assert_cleaned("a\nb\tc\rd", "a b c d");
    assert_cleaned("\x1b[31mred\x7f", "?[31mred?");
    assert_cleaned("csi \xc2\x9b end", "csi ? end");
    assert_cleaned("latin1 \xe9t\xe9", "latin1 ?t?");
    assert_cleaned("cut \xe6\xbc", "cut ??");
    assert_cleaned("overlong \xc0\xaf \xe0\x80\xaf", "overlong ?? ???");
    assert_cleaned("surrogate \xed\xa0\x80", "surrogate ???");
    assert_cleaned("beyond \xf4\x90\x80\x80 \xf8\x88", "beyond ???? ??");
}

static void assert_shown(const char *from, const char *shown, const char *utf8)
{
    char text[64];
    strcpy(text, from);
    planche_text_show(text);
    assert_string_equal(text, shown);
    strcpy(text, from);
    planche_text_make_utf8(text);
    assert_string_equal(text, utf8);
}

/* What is for the screen has no marks that reorder a line; what is for JSON keeps all but bytes
 * that are no UTF-8. */
static void test_show(void **state)
{
    (void)state;
    assert_shown("よつ 👩‍👩", "よつ 👩‍👩", "よつ 👩‍👩");
    assert_shown("a\033[2Jb\nc\x7f", "a?[2Jb c?", "a\033[2Jb\nc\x7f");
    assert_shown("a\xc2\x9b"
                 "2Jb\u202e\u2028\u200f\u061c\u2066",
                 "a?2Jb?????",
                 "a\xc2\x9b"
                 "2Jb\u202e\u2028\u200f\u061c\u2066");
    assert_shown("\x9b"
                 "2J よ\xe9t\xe9",
                 "?2J よ?t?", "?2J よ?t?"); /* a one-byte CSI; Latin-1 */
}

__attribute__((format(printf, 3, 4))) static void format(char *text, size_t size, const char *form,
                                                         ...)
{
    va_list args;
    va_start(args, form);
    planche_text_format(text, size, form, args);
    va_end(args);
}

static void test_format_cuts_between_characters(void **state)
{
    (void)state;
    char text[8];
    format(text, sizeof text, "%s", "1234567");
    assert_string_equal(text, "1234567");
    format(text, sizeof text, "%s", "12345678");
    assert_string_equal(text, "1234567");
    format(text, sizeof text, "%s", "12345\xc3\xa9");
    assert_string_equal(text, "12345\xc3\xa9");
    format(text, sizeof text, "%s", "123456\xc3\xa9");
    assert_string_equal(text, "123456");
    format(text, sizeof text, "%s", "12345\xe6\xbc\xab");
    assert_string_equal(text, "12345");
    format(text, sizeof text, "%s", "1234\xf0\x9f\x8e\xa8");
    assert_string_equal(text, "1234");
    format(text, 1, "%s", "12");
    assert_string_equal(text, "");
}

struct heard {
    int lines;
    enum planche_log_level level;
    char text[2000];
};

static void hear(void *user, enum planche_log_level level, const char *message)
{
    struct heard *heard = user;
    heard->lines++;
    heard->level = level;
    strncpy(heard->text, message, sizeof heard->text - 1);
}

static void test_log(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct planche_log log = {.fn = hear, .user = &heard}, silent = {0};
    planche_log_write(&log, PLANCHE_LOG_WARNING, "%s: %d\nlines", "page", 2);
    assert_int_equal(heard.lines, 1);
    assert_int_equal(heard.level, PLANCHE_LOG_WARNING);
    assert_string_equal(heard.text, "page: 2 lines");
    planche_log_write(&log, PLANCHE_LOG_ERROR, "%1990d", 1);
    assert_in_range(strlen(heard.text), 500, 1990);
    planche_log_write(&silent, PLANCHE_LOG_ERROR, "nobody hears");
    planche_log_write(NULL, PLANCHE_LOG_ERROR, "nobody hears");
    assert_int_equal(heard.lines, 2);
}

static void test_hex(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x0f, 0xa5, 0xff};
    char text[2 * sizeof bytes + 1];
    planche_text_hex(text, bytes, sizeof bytes);
    assert_string_equal(text, "000fa5ff");
    planche_text_hex(text, bytes, 0);
    assert_string_equal(text, "");
}

static void test_ends(void **state)
{
    (void)state;
    assert_true(planche_text_ends("a.bin", ".bin"));
    assert_true(planche_text_ends(".bin", ".bin"));
    assert_true(planche_text_ends("a", ""));
    assert_false(planche_text_ends("bin", ".bin"));
    assert_false(planche_text_ends("a.bin ", ".bin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_format_cuts_between_characters),
        cmocka_unit_test(test_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
