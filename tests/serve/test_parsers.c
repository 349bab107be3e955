/* SPDX-License-Identifier: MIT */
/* Parsers of planche serve: what they take, and above all what they refuse. */
#include "http/chunked.h"
#include "http/form.h"
#include "http/head.h"
#include "http/multipart.h"
#include "http/query.h"
#include "http/range.h"
#include "http/text.h"

#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct planche_http_head head;
static char storage[40000];

static unsigned parse(const char *text)
{
    size_t size = strlen(text), seen = 0;
    memcpy(storage, text, size);
    assert_int_equal(planche_http_head_end(storage, size, &seen), size);
    return planche_http_head_parse(storage, size, &head);
}

#define GET "GET /a?b=c HTTP/1.1\r\nHost: here\r\n"

static void test_heads(void **state)
{
    (void)state;
    assert_int_equal(parse(GET "X-Y:  v w\t\r\nCONTENT-length: 12\r\n\r\n"), 0);
    assert_string_equal(head.method, "GET");
    assert_string_equal(head.target, "/a?b=c");
    assert_int_equal(head.path_length, 2);
    assert_string_equal(planche_http_head_field(&head, "x-y"), "v w");
    assert_null(planche_http_head_field(&head, "x"));
    assert_true(head.has_length && head.length == 12 && head.keep_alive && !head.chunked);
    assert_int_equal(parse(GET "Transfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n"), 0);
    assert_true(head.chunked && head.expects_continue);
    assert_int_equal(parse(GET "Connection: x, Close\r\n\r\n"), 0);
    assert_false(head.keep_alive);
    assert_int_equal(parse("GET / HTTP/1.0\r\n\r\n"), 0);
    assert_true(head.host == NULL && !head.keep_alive);
    assert_int_equal(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 0);
    assert_true(head.keep_alive);
    assert_int_equal(parse("GET http://other:1/p HTTP/1.1\r\nHost: here\r\n\r\n"), 0);
    assert_string_equal(head.host, "other:1");
    assert_string_equal(head.target, "/p");
    assert_int_equal(parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
}

static void test_refused_heads(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
    } heads[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400}, /* no Host */
        {GET "Host: there\r\n\r\n", 400},
        {GET "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
        {GET "Content-Length: 1, 1\r\n\r\n", 400},
        {GET "Content-Length: +1\r\n\r\n", 400},
        {GET "Content-Length: 0x1\r\n\r\n", 400},
        {GET "Content-Length: \r\n\r\n", 400},
        {GET "Content-Length: 99999999999999999999\r\n\r\n", 400},
        {GET "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {GET "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
        {GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {GET "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {GET "Transfer-Encoding: xchunked\r\n\r\n", 501},
        {GET "Transfer-Encoding : chunked\r\n\r\n", 400},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {GET "X: a\r\n b\r\n\r\n", 400}, /* obs-fold */
        {GET " X: a\r\n\r\n", 400},
        {GET "X: a\nY: b\r\n\r\n", 400},
        {GET "X: a\rY: b\r\n\r\n", 400},
        {GET "X: a\x01\r\n\r\n", 400},
        {GET "X\x80: a\r\n\r\n", 400},
        {GET ": a\r\n\r\n", 400},
        {GET "no colon\r\n\r\n", 400},
        {GET "Expect: something\r\n\r\n", 417},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
        {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
        {"GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET relative HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET http://u@h/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET http://a,b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET\r\n\r\n", 400},
        {GET "Host : b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        if (parse(heads[i].text) != heads[i].status)
            fail_msg("%s: not %u", heads[i].text, heads[i].status);
    }
}

static void test_limits_of_heads(void **state)
{
    char text[39000] = GET;
    (void)state;
    for (int i = 0; i < 99; i++)
        strcat(text, "F: v\r\n");
    strcat(text, "\r\n");
    assert_int_equal(parse(text), 0);
    text[strlen(text) - 2] = 0;
    strcat(text, "F: v\r\n\r\n");
    assert_int_equal(parse(text), 431);
    snprintf(text, sizeof text, "GET /%08191d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    assert_int_equal(parse(text), 0);
    snprintf(text, sizeof text, "GET /%08192d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    assert_int_equal(parse(text), 414);
}

/* Decodes text, cut in two at a place; the state. */
static enum planche_http_chunked_state decode(const char *text, size_t cut, char *body)
{
    struct planche_http_chunked chunked = {0};
    size_t size = strlen(text), length = 0;
    for (size_t at = 0; at < size && chunked.state < PLANCHE_HTTP_CHUNK_DONE;) {
        const char *piece = NULL;
        size_t end = at < cut ? cut : size, got;
        at += planche_http_chunked_take(&chunked, text + at, end - at, &piece, &got);
        if (got > 0)
            memcpy(body + length, piece, got);
        length += got;
    }
    body[length] = 0;
    return chunked.state;
}

static void test_chunks(void **state)
{
    static const char good[] = "5\r\nabcde\r\n00a ;x=\"y\"\r\n0123456789\r\n0\r\nT: x\r\n\r\n";
    static const char *const bad[] = {
        "\r\n",
        "g\r\n",
        "5\nabcde\r\n",
        "5\r\nabcdef\r\n",
        "5\r\nabcde\n",
        "-1\r\n",
        " 5\r\nabcde",
        "5\r\rabcde",
        "0\r\n\n",
        "0\r\nT: x\n",
        "0x5\r\n",
        "5;\x01\r\n",
        "11111111111111111\r\n",
    };
    char body[64];
    (void)state;
    for (size_t cut = 0; cut <= sizeof good - 1; cut++) {
        assert_int_equal(decode(good, cut, body), PLANCHE_HTTP_CHUNK_DONE);
        assert_string_equal(body, "abcde0123456789");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (decode(bad[i], 0, body) != PLANCHE_HTTP_CHUNK_BROKEN)
            fail_msg("%s is not refused", bad[i]);
    }
    assert_int_equal(decode("5\r\nabc", 0, body), PLANCHE_HTTP_CHUNK_DATA);
    char text[400];
    snprintf(text, sizeof text, "1;%0256d\r\nx\r\n0\r\n\r\n", 0);
    assert_int_equal(decode(text, 0, body), PLANCHE_HTTP_CHUNK_DONE);
    snprintf(text, sizeof text, "1;%0257d\r\nx\r\n0\r\n\r\n", 0);
    assert_int_equal(decode(text, 0, body), PLANCHE_HTTP_CHUNK_BROKEN);
}

static void test_queries(void **state)
{
    char buffer[32];
    const char *next = "a=1&&b+c=%41%2b&d", *name, *value;
    (void)state;
    assert_int_equal(planche_http_query_next(&next, buffer, sizeof buffer, &name, &value), 1);
    assert_string_equal(name, "a");
    assert_string_equal(value, "1");
    assert_int_equal(planche_http_query_next(&next, buffer, sizeof buffer, &name, &value), 1);
    assert_string_equal(name, "b c");
    assert_string_equal(value, "A+");
    assert_int_equal(planche_http_query_next(&next, buffer, sizeof buffer, &name, &value), 1);
    assert_string_equal(name, "d");
    assert_string_equal(value, "");
    assert_int_equal(planche_http_query_next(&next, buffer, sizeof buffer, &name, &value), 0);
    static const char *const bad[] = {"%",     "%4",    "%4g",
                                      "a=%00", "a=%zz", "a=0123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        next = bad[i];
        assert_int_equal(planche_http_query_next(&next, buffer, sizeof buffer, &name, &value), -1);
    }
}

static void test_texts(void **state)
{
    uint64_t number;
    char out[8];
    (void)state;
    assert_true(planche_http_decimal("9007199254740992", &number));
    assert_false(planche_http_decimal("9007199254740993", &number));
    assert_true(planche_http_has_token(" a ,close", "Close"));
    assert_false(planche_http_has_token("closed, xclose", "close"));
    assert_true(planche_http_matches_tag("\"x\", W/\"abc\"", "\"abc\""));
    assert_true(planche_http_matches_tag("*", "\"abc\""));
    assert_false(planche_http_matches_tag("\"abcd\", abc", "\"abc\""));
    assert_false(planche_http_matches_tag("\"abc", "\"abc\""));
    assert_true(
        planche_http_parameter("x; y=\"boundary=1;\"; Boundary=\"a\\\"b\"", "boundary", out, 8));
    assert_string_equal(out, "a\"b");
    assert_false(planche_http_parameter("x; boundary=12345678", "boundary", out, 8));
    assert_false(planche_http_parameter("boundary=1", "boundary", out, 8));
    assert_false(planche_http_parameter("x; boundary=\"1", "boundary", out, 8));
}

#define FORM "multipart/form-data; boundary=xy"

static int count_parts(const char *type, const char *text, struct planche_http_part *last)
{
    struct planche_http_multipart form;
    int count = 0, found;
    if (!planche_http_multipart_begin(&form, type, text, strlen(text)))
        return -2;
    while ((found = planche_http_multipart_next(&form, last)) == 1)
        count++;
    return found < 0 ? -1 : count;
}

static void test_forms(void **state)
{
    static const char text[] =
        "a preamble\r\n--xy \t\r\nContent-Type: image/png\r\n"
        "content-disposition: form-data; name=\"image\"; filename=\"../x\"\r\n\r\n"
        "with\r\n--x in it\r\n--xy\r\n\r\nplain\r\n--xy\r\nX: y\r\n\r\n\r\n--xy--\r\nepilogue";
    struct planche_http_multipart form;
    struct planche_http_part part;
    (void)state;
    assert_true(planche_http_multipart_begin(&form, FORM, text, sizeof text - 1));
    assert_int_equal(planche_http_multipart_next(&form, &part), 1);
    assert_string_equal(part.name, "image");
    assert_true(part.is_file);
    assert_int_equal(part.size, 15);
    assert_memory_equal(part.data, "with\r\n--x in it", 15);
    assert_int_equal(planche_http_multipart_next(&form, &part), 1);
    assert_string_equal(part.name, "");
    assert_false(part.is_file);
    assert_int_equal(part.size, 5);
    assert_int_equal(planche_http_multipart_next(&form, &part), 1);
    assert_int_equal(part.size, 0);
    assert_int_equal(planche_http_multipart_next(&form, &part), 0);
    assert_int_equal(count_parts(FORM, "--xy--", &part), 0);
    assert_int_equal(count_parts(FORM, "--xy\r\n\r\nno end", &part), -1);
    assert_int_equal(count_parts(FORM, "--xyz\r\n\r\na\r\n--xyz--", &part), -1);
    assert_int_equal(count_parts(FORM, "--xy\r\nhead without an end", &part), -1);
    assert_int_equal(count_parts(FORM, "nothing", &part), -2);
    assert_false(planche_http_multipart_begin(&form, FORM, NULL, 0));
    assert_int_equal(count_parts("multipart/form-data", "--xy--", &part), -2);
    assert_int_equal(count_parts("multipart/form-dataX; boundary=xy", "--xy--", &part), -2);
}

static bool add_to(void *user, const char *data, size_t size)
{
    strncat(user, data, size);
    return true;
}

/* A form that comes in pieces of so many bytes: its file, and the state in the end. */
static enum planche_http_form_state read_form(const char *text, size_t piece, char out[64],
                                              struct planche_http_form *form)
{
    size_t size = strlen(text);
    *out = 0;
    assert_true(planche_http_form_begin(form, FORM));
    for (size_t at = 0; at < size; at += piece)
        planche_http_form_take(form, text + at, size - at < piece ? size - at : piece, add_to, out);
    return form->state;
}

/* Of a form that comes in pieces the first file is found, whatever the pieces are. */
static void test_forms_in_pieces(void **state)
{
    static const char text[] =
        "before\r\n--xy \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n--x\r\n--xy\r\n"
        "content-disposition: form-data; name=\"book\"; filename=\"a b.cbz\"\r\n\r\n"
        "\r\n--x\r\r\n--xz\r\n--xy\r\nContent-Disposition: form-data; filename=\"c\"\r\n\r\nother"
        "\r\n--xy--\r\n--xy\r\n\r\nbehind";
    static const char empty[] = "--xy\r\nContent-Disposition: x; filename=\"\"\r\n\r\n--xy--";
    struct planche_http_form form;
    char out[64];
    (void)state;
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        assert_int_equal(read_form(text, piece, out, &form), PLANCHE_HTTP_FORM_DONE);
        assert_string_equal(out, "\r\n--x\r\r\n--xz");
        assert_string_equal(form.part.file_name, "a b.cbz");
        assert_int_equal(read_form(empty, piece, out, &form), PLANCHE_HTTP_FORM_DONE);
        assert_true(form.found && *out == 0);
        assert_int_equal(read_form("--xy\r\n\r\nno end", piece, out, &form),
                         PLANCHE_HTTP_FORM_OTHER);
        assert_int_equal(read_form("--xyz\r\n", piece, out, &form), PLANCHE_HTTP_FORM_BROKEN);
        assert_int_equal(read_form("--xy-x", piece, out, &form), PLANCHE_HTTP_FORM_BROKEN);
    }
    assert_false(planche_http_form_begin(&form, "multipart/form-data"));
    assert_false(planche_http_form_begin(&form, "text/plain; boundary=xy"));
}

static void test_ranges(void **state)
{
    static const struct {
        const char *value;
        enum planche_http_range range;
        uint64_t first, count;
    } cases[] = {
        {NULL, PLANCHE_HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=0-0", PLANCHE_HTTP_RANGE_PART, 0, 1},
        {"Bytes=5-", PLANCHE_HTTP_RANGE_PART, 5, 95},
        {"bytes=-7", PLANCHE_HTTP_RANGE_PART, 93, 7},
        {"bytes=-700", PLANCHE_HTTP_RANGE_PART, 0, 100},
        {"bytes=99-9007199254740992", PLANCHE_HTTP_RANGE_PART, 99, 1},
        {"bytes=100-", PLANCHE_HTTP_RANGE_BEYOND, 0, 0},
        {"bytes=-0", PLANCHE_HTTP_RANGE_BEYOND, 0, 0},
        {"bytes=-", PLANCHE_HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=9-1", PLANCHE_HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=1", PLANCHE_HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=1-2,5-6", PLANCHE_HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=+1-2", PLANCHE_HTTP_RANGE_WHOLE, 0, 0},
        {"bytes=18446744073709551616-", PLANCHE_HTTP_RANGE_WHOLE, 0, 0},
        {"pages=1-2", PLANCHE_HTTP_RANGE_WHOLE, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t first = 0, count = 0;
        assert_int_equal(planche_http_range_read(cases[i].value, 100, &first, &count),
                         cases[i].range);
        assert_int_equal(first, cases[i].first);
        assert_int_equal(count, cases[i].count);
    }
    uint64_t first, count;
    assert_int_equal(planche_http_range_read("bytes=-1", 0, &first, &count),
                     PLANCHE_HTTP_RANGE_BEYOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),           cmocka_unit_test(test_refused_heads),
        cmocka_unit_test(test_limits_of_heads), cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_queries),         cmocka_unit_test(test_texts),
        cmocka_unit_test(test_forms),           cmocka_unit_test(test_forms_in_pieces),
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
