/* SPDX-License-Identifier: MIT */
/* Redaction: what is hidden, and what is left as it is. */
#include "serve/redact.h"

#include "support/testing.h"

#include <string.h>

static void check(const char *text, const char *expected)
{
    char out[512];
    planche_serve_redact(text, "the-token", out, sizeof out);
    assert_string_equal(out, expected);
}

static void test_secrets(void **state)
{
    (void)state;
    check("a?apiKey=12&b=2", "a?apiKey=***&b=2");
    check("apikey%3D12 x", "apikey%3D*** x");
    check("{\"token\": \"ab\", \"n\": 1}", "{\"token\": \"***\", \"n\": 1}");
    check("X-Api-Key: abc; y", "X-Api-Key: ***; y");
    check("Authorization: Bearer abc", "Authorization: Bearer ***");
    check("authorization=Basic YWI6Yw==", "authorization=Basic ***");
    check("got bearer abc, and more", "got bearer ***, and more");
    check("Cookie: KOMGA-SESSION=abc; x", "Cookie: ***; x");
    check("GET /api/opds/abc/series?x", "GET /api/opds/***/series?x");
    check("http://me:abc@host:1/x", "http://***@host:1/x");
    check("xthe-tokeny the-token", "x***y ***");
    check("password = 'abc'", "password = '***'");
    check("my_secret=a secret=b", "my_secret=*** secret=***");
}

static void test_others(void **state)
{
    static const char *const texts[] = {"",
                                        "a key that is none",
                                        "/etc/planche/token-file: no such file",
                                        "http://host/opds",
                                        "keyboard=1",
                                        "monkeys=2",
                                        "--quality 80 (option memory)",
                                        "x = y",
                                        "token",
                                        "key=",
                                        "listening on http://127.0.0.1:8377"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check(texts[i], texts[i]);
    char out[512];
    planche_serve_redact("the-token x", "", out, sizeof out);
    assert_string_equal(out, "the-token x");
}

/* Whatever the room, it is kept to, and no byte of a secret is written. */
static void test_room(void **state)
{
    static const char text[] = "token=ZZZZZZ and http://ZZ:ZZ@h/opds/ZZZ?key=ZZZ";
    char out[64], whole[64];
    (void)state;
    planche_serve_redact(text, NULL, whole, sizeof whole);
    for (size_t size = 1; size < sizeof out; size++) {
        memset(out, '#', sizeof out);
        planche_serve_redact(text, NULL, out, size);
        assert_memory_equal(out, whole, strlen(out));
        assert_int_equal(strlen(out), strlen(whole) < size ? strlen(whole) : size - 1);
        assert_null(strchr(out, 'Z'));
        for (size_t i = size; i < sizeof out; i++)
            assert_int_equal(out[i], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
