/* SPDX-License-Identifier: MIT */
/* Hints: what the library calls fields of structs, in the words of the command. */
#include "support/testing.h"

#include "cli/hints.h"
#include "service/engine_cache.h"

#include <stdio.h>

static void assert_hint(const char *message, const char *wanted)
{
    char text[200];
    assert_string_equal(planche_cli_hint(message, text, sizeof text), wanted);
}

static void test_options(void **state)
{
    (void)state;
    assert_hint("more than the limit (option max_pixels)", "more than the limit (--max-pixels)");
    assert_hint("raise it (option memory = 57M), or wait", "raise it (--memory 57M), or wait");
    assert_hint("(option max_entry_bytes) (option max_bytes)",
                "(--max-entry-size) (--max-book-size)");
    assert_hint("one of (option precision) and (option gpu_path)",
                "one of (--precision) and (--gpu-path)");
}

static void test_commands(void **state)
{
    (void)state;
    assert_hint("up2x.bin is missing: fetch the model realcugan:2:-1, or set",
                "up2x.bin is missing: run 'planche models fetch realcugan:2:-1', or set");
    assert_hint("there is no GPU 7; see the list of GPUs",
                "there is no GPU 7; planche info lists them");
}

static void assert_named(const char *message, const char *name, size_t size, const char *expected)
{
    char text[32];
    snprintf(text, sizeof text, "%s", message);
    planche_cli_hint_name(text, size, name);
    assert_string_equal(text, expected);
}

static void test_names(void **state)
{
    (void)state;
    assert_named("page: is empty", "a/b.png", 32, "a/b.png: is empty");
    assert_named("page: is empty", NULL, 32, "is empty");
    assert_named("page: is empty", "a/b.png", 12, "a/b.png: is");
    assert_named("page: is empty", "a/b.png", 10, "a/b.png: ");
    assert_named("page: is empty", "a/b.png", 9, "page: is empty");
    assert_named("out of memory", "a/b.png", 32, "out of memory");
}

static void test_other_texts_stay(void **state)
{
    (void)state;
    assert_hint("", "");
    assert_hint("book (option).cbz: (option nothing) (option memory",
                "book (option).cbz: (option nothing) (option memory");
}

static void test_cut(void **state)
{
    (void)state;
    char text[8];
    assert_string_equal(planche_cli_hint("(option memory)", text, sizeof text), "(--memo");
    assert_string_equal(planche_cli_hint("a long text", text, sizeof text), "a long ");
}

/* What one engine needs is a part of what --memory has to be. */
static void test_shares(void **state)
{
    (void)state;
    const struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_cli_engine_cache *engines = planche_cli_engine_cache_create(&options, 2);
    assert_hint("raise it (option memory = 41M)",
                "raise it (--memory 82M, which 2 engines share; 41M with --engines 1)");
    planche_cli_engine_cache_destroy(engines);
    planche_cli_hint_engines(1);
    planche_cli_hint_bodies(256);
    assert_hint("raise it (option memory = 42M)", "raise it (--memory 57M)");
    assert_hint("raise it (option memory = 2000M)", "raise it (--memory 2256M)");
    assert_hint("raise it (option memory)", "raise it (--memory)");
    planche_cli_hint_bodies(0);
}

/* Last: there is no way back. */
static void test_other_programs(void **state)
{
    (void)state;
    planche_cli_hint_no_options();
    assert_hint("raise it (option memory = 57M), or wait", "raise it, or wait");
    assert_hint("fetch the model realcugan:2", "run 'planche models fetch realcugan:2'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_other_texts_stay),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_other_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
