/* SPDX-License-Identifier: MIT */
/* TOML: what it takes, and what it refuses with which line. */
#include "toml/toml.h"

#include "support/testing.h"

#include <math.h>
#include <string.h>

static struct planche_toml *take(const char *text)
{
    struct planche_toml *file = NULL;
    struct planche_error error = {0};
    if (planche_toml_parse(&file, text, strlen(text), "file", &error) != PLANCHE_OK)
        fail_msg("%s: %s", text, error.message);
    return file;
}

static void test_values(void **state)
{
    (void)state;
    struct planche_toml *file =
        take("\xef\xbb\xbf# settings\r\n"
             "text = \"a\\t\\u00e9\\U0001F600\\\\\" # more\n'lit eral' = 'C:\\x'\n"
             "whole = -1_000\nhex = 0xFF\noct=0o17\nbin = 0b101\nreal = 6.5e-1\nbig = -inf\n"
             "yes = true\nno = false\nlist = [ 1, # one\n  [\"x\"], ]\nempty = []\n"
             "in = { a = 1, b.c = 'd' }\na.b.c = 1\na.b.d = 2\n");
    assert_string_equal(planche_toml_get(file, "text")->text, "a\t\xc3\xa9\xf0\x9f\x98\x80\\");
    assert_int_equal(planche_toml_get(file, "text")->line, 2);
    assert_string_equal(planche_toml_get(file, "lit eral")->text, "C:\\x");
    assert_int_equal(planche_toml_get(file, "whole")->integer, -1000);
    assert_int_equal(planche_toml_get(file, "hex")->integer, 255);
    assert_int_equal(planche_toml_get(file, "oct")->integer, 15);
    assert_int_equal(planche_toml_get(file, "bin")->integer, 5);
    assert_true(planche_toml_get(file, "real")->real == 0.65);
    assert_true(isinf(planche_toml_get(file, "big")->real));
    assert_true(planche_toml_get(file, "yes")->boolean && !planche_toml_get(file, "no")->boolean);
    const struct planche_toml *list = planche_toml_get(file, "list");
    assert_int_equal(list->first->integer, 1);
    assert_string_equal(list->first->next->first->text, "x");
    assert_null(list->first->next->next);
    assert_null(planche_toml_get(file, "empty")->first);
    const struct planche_toml *in = planche_toml_get(file, "in");
    assert_string_equal(planche_toml_get(planche_toml_get(in, "b"), "c")->text, "d");
    const struct planche_toml *b = planche_toml_get(planche_toml_get(file, "a"), "b");
    assert_int_equal(planche_toml_get(b, "d")->integer, 2);
    planche_toml_free(file);
}

static void test_tables(void **state)
{
    (void)state;
    struct planche_toml *file = take("[a.b]\nx = 1\n[a]\ny = 2\n[[r]]\nn = 1\n[r.sub]\nz = 1\n"
                                     "[[r]]\nn = 2\n[ \"q.q\" . c ]\n");
    const struct planche_toml *a = planche_toml_get(file, "a");
    assert_int_equal(planche_toml_get(planche_toml_get(a, "b"), "x")->integer, 1);
    assert_int_equal(planche_toml_get(a, "y")->integer, 2);
    const struct planche_toml *r = planche_toml_get(file, "r")->first;
    assert_int_equal(planche_toml_get(planche_toml_get(r, "sub"), "z")->integer, 1);
    assert_int_equal(planche_toml_get(r->next, "n")->integer, 2);
    assert_non_null(planche_toml_get(planche_toml_get(file, "q.q"), "c"));
    planche_toml_free(file);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        const char *says; /* line and a part of the message */
    } files[] = {
        {"a = 1\na = 2\n", "file:2: a is set twice"},
        {"[a]\n[a]\n", "file:2: a is set twice"},
        {"a = 1\n[a.b]\n", "file:2: a is set already"},
        {"a = {b = 1}\na.c = 2\n", "file:2: a is set already"},
        {"[a]\nb = 1\n[c]\n[a.b]\n", "file:4: b is set"},
        {"a = [1]\n[[a]]\n", "file:2: a is set already"},
        {"[a.b]\n[x]\n[a]\nb.c = 1\n", "file:4: b is set already"},
        {"a\n", "file:1: = is wanted after a"},
        {"= 1\n", "file:1: a key is wanted"},
        {"a = \n", "file:1: a value is wanted"},
        {"a = 1 b = 2\n", "file:1: something follows"},
        {"a = [1 2]\n", "file:1: an array has no end"},
        {"a = [1,\n\n", "file:3: a value is wanted"},
        {"a = {b = 1\n}\n", "file:1: an inline table has no end"},
        {"[a\n", "file:1: the name of a table has no end"},
        {"a = \"x\n", "file:1: a string has no end"},
        {"a = \"\\q\"", "there is no escape \\q"},
        {"a = \"\\ud800\"", "an escape that is no character"},
        {"a = \"\\u12\"", "escape"},
        {"a = \"\xff\"", "not UTF-8"},
        {"a = \"\xed\xa0\x80\"", "not UTF-8"},
        {"a = '\x01'", "a control character in a string"},
        {"# \x01", "a control character in a comment"},
        {"a = \"\"\"x\"\"\"", "several lines"},
        {"a = 2026-11-29\n", "dates and times"},
        {"a = 07:32:00\n", "dates and times"},
        {"a = 01\n", "a value is wanted"},
        {"a = 1__0\n", "a value is wanted"},
        {"a = _1\n", "a value is wanted"},
        {"a = 1.\n", "a value is wanted"},
        {"a = .5\n", "a value is wanted"},
        {"a = 0x\n", "a value is wanted"},
        {"a = 9223372036854775808\n", "a value is wanted"},
        {"a = yes\n", "a value is wanted"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct planche_toml *file = NULL;
        struct planche_error error = {0};
        enum planche_status status =
            planche_toml_parse(&file, files[i].text, strlen(files[i].text), "file", &error);
        if (status != PLANCHE_ERROR_ARGUMENT || strstr(error.message, files[i].says) == NULL)
            fail_msg("%s: %d %s", files[i].text, status, error.message);
        assert_null(file);
    }
}

static void test_depth(void **state)
{
    char text[200] = "a = ";
    struct planche_toml *file = NULL;
    struct planche_error error = {0};
    (void)state;
    memset(text + 4, '[', 150);
    assert_int_equal(planche_toml_parse(&file, text, strlen(text), "file", &error),
                     PLANCHE_ERROR_ARGUMENT);
    for (size_t i = 0; i < 150; i += 2)
        memcpy(text + i, "a.", 2);
    assert_int_equal(planche_toml_parse(&file, text, strlen(text), "file", &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "too many dots"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_depth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
