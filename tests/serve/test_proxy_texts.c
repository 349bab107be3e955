/* SPDX-License-Identifier: MIT */
/* Texts of the proxy: heads of answers, rewritten heads, addresses of pages, Accept. */
#include "http/reply.h"
#include "proxy/accept.h"
#include "proxy/rewrite.h"
#include "proxy/routes.h"
#include "proxy/size.h"

#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct planche_http_reply reply;
static char storage[4096];

static const char *parse(const char *text)
{
    size_t size = strlen(text);
    memcpy(storage, text, size + 1);
    return planche_http_reply_parse(storage, size, &reply);
}

static void test_replies(void **state)
{
    (void)state;
    assert_null(parse("HTTP/1.1 200 OK\r\nX: \t a b \r\nContent-Length: 7\r\n\r\n"));
    assert_true(reply.status == 200 && reply.keep_alive && reply.has_length && reply.length == 7);
    assert_string_equal(reply.reason, "OK");
    assert_string_equal(planche_http_reply_field(&reply, "x"), "a b");
    assert_true(planche_http_reply_has_body(&reply, false));
    assert_false(planche_http_reply_has_body(&reply, true));
    struct planche_http_reply *copy = planche_http_reply_copy(&reply);
    memset(storage, 'x', sizeof storage);
    assert_string_equal(planche_http_reply_field(copy, "Content-Length"), "7");
    free(copy);
    assert_null(parse("HTTP/1.0 304\r\n\r\n"));
    assert_true(reply.status == 304 && !reply.keep_alive && *reply.reason == 0);
    assert_false(planche_http_reply_has_body(&reply, false));
    assert_null(parse("HTTP/1.1 200 \r\nTransfer-Encoding: Chunked\r\nConnection: Close\r\n\r\n"));
    assert_true(reply.chunked && !reply.keep_alive);
}

static void test_refused_replies(void **state)
{
    static const char *const heads[] = {
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        if (parse(heads[i]) == NULL)
            fail_msg("taken: %s", heads[i]);
    }
}

static char *finish(struct planche_text_buffer *text)
{
    static char out[4096];
    assert_true(!text->failed && text->size < sizeof out);
    if (text->size > 0)
        memcpy(out, text->data, text->size);
    out[text->size] = 0;
    planche_text_buffer_free(text);
    return out;
}

static void test_requests(void **state)
{
    static struct planche_http_head head;
    char text[] =
        "GET /p?a=b HTTP/1.1\r\nHost: comics\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\n"
        "Range: bytes=0-\r\nIf-None-Match: \"x\"\r\nX-Forwarded-For: 1.2.3.4\r\nCookie: "
        "a=b\r\n\r\n";
    struct planche_text_buffer out = {0};
    const struct planche_proxy_way way = {.peer = "10.0.0.1", .upstream = "komga:1", .whole = true};
    (void)state;
    assert_int_equal(planche_http_head_parse(text, sizeof text - 1, &head), 0);
    planche_proxy_write_request(&out, &head, &way);
    assert_string_equal(finish(&out),
                        "GET /p?a=b HTTP/1.1\r\nHost: comics\r\nCookie: a=b\r\n"
                        "X-Forwarded-For: 1.2.3.4, 10.0.0.1\r\nX-Forwarded-Proto: http\r\n"
                        "X-Forwarded-Host: comics\r\nVia: 1.1 planche\r\nX-Planche-Loop: 1\r\n"
                        "Accept-Encoding: identity\r\nConnection: keep-alive\r\n\r\n");
    const struct planche_proxy_way other = {
        .upstream = "komga:1", .method = "HEAD", .target = "/q", .more = "X: y\r\n"};
    planche_proxy_write_request(&out, &head, &other);
    const char *made = finish(&out);
    assert_true(strncmp(made, "HEAD /q HTTP/1.1\r\n", 18) == 0);
    assert_non_null(strstr(made, "Range: bytes=0-\r\n"));
    assert_null(strstr(made, "10.0.0.1"));
    assert_non_null(strstr(made, "\r\nX: y\r\n\r\n"));
}

static void test_upgrade(void **state)
{
    static struct planche_http_head head;
    char text[] = "GET /hub HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
                  "Upgrade: websocket\r\n\r\n";
    struct planche_text_buffer out = {0};
    const struct planche_proxy_way way = {.upstream = "b:1"};
    (void)state;
    assert_int_equal(planche_http_head_parse(text, sizeof text - 1, &head), 0);
    assert_true(planche_proxy_wants_upgrade(&head));
    planche_proxy_write_request(&out, &head, &way);
    assert_non_null(strstr(finish(&out), "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
    const struct planche_proxy_way page = {.upstream = "b:1", .whole = true};
    planche_proxy_write_request(&out, &head, &page);
    assert_null(strstr(finish(&out), "pgrade"));
}

static void test_fields(void **state)
{
    struct planche_text_buffer out = {0};
    const char *text =
        "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Type: image/png\r\nSet-Cookie: c\r\n"
        "Connection: x-y\r\nX-Y: z\r\nX-Request-Id: own\r\nContent-Length: 3\r\nKeep-Alive: "
        "timeout=5\r\n\r\n";
    (void)state;
    assert_null(parse(text));
    planche_proxy_write_fields(&out, &reply, PLANCHE_PROXY_ALL);
    assert_string_equal(finish(&out),
                        "ETag: \"a\"\r\nContent-Type: image/png\r\nSet-Cookie: c\r\n");
    planche_proxy_write_fields(&out, &reply, PLANCHE_PROXY_LATER);
    assert_string_equal(finish(&out), "Content-Type: image/png\r\nSet-Cookie: c\r\n");
    planche_proxy_write_fields(&out, &reply, PLANCHE_PROXY_CHANGED);
    assert_string_equal(finish(&out), "Set-Cookie: c\r\n");
}

static void test_dispositions(void **state)
{
    static const char *const cases[][2] = {
        {"inline", "inline"},
        {"inline; filename=\"p.1.png\"", "inline; filename=\"p.1.jpg\""},
        {"inline; filename=p.png; size=3", "inline; filename=p.jpg; size=3"},
        {"attachment; filename=\"a;b\"; x=\"y\"", "attachment; filename=\"a;b.jpg\"; x=\"y\""},
        {"inline; filename*=UTF-8''p%201.png", "inline; filename*=UTF-8''p%201.jpg"},
        {"inline; filename=\"open", "inline; filename=\"open.jpg"},
        {"inline;", "inline;"},
        {"filename=", "filename=.jpg"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct planche_text_buffer out = {0};
        char wanted[256];
        snprintf(wanted, sizeof wanted, "Content-Disposition: %s\r\n", cases[i][1]);
        planche_proxy_write_disposition(&out, cases[i][0], "jpg");
        assert_string_equal(finish(&out), wanted);
    }
}

static bool match(const char *target, struct planche_proxy_match *out)
{
    return planche_proxy_match_page(target, strcspn(target, "?"), out);
}

static void test_pages(void **state)
{
    static const struct {
        const char *target, *book, *series, *next;
        uint32_t number;
    } pages[] = {
        {"/api/v1/books/0AB/pages/7", "0AB", "", "/api/v1/books/0AB/pages/8", 7},
        {"/komga/api/v1/books/0AB/pages/9/raw?x=y", "0AB", "",
         "/komga/api/v1/books/0AB/pages/10/raw?x=y", 9},
        {"/opds/v1.2/books/0AB/pages/0?convert=png", "0AB", "",
         "/opds/v1.2/books/0AB/pages/1?convert=png", 0},
        {"/opds/v2/books/0AB/pages/1", "0AB", "", "/opds/v2/books/0AB/pages/2", 1},
        {"/api/reader/image?chapterId=12&page=3&apiKey=K", "12", "",
         "/api/reader/image?chapterId=12&page=4&apiKey=K", 3},
        {"/k/api/opds/KEY/image?libraryId=1&seriesId=5&chapterId=12&pageNumber=3", "12", "5",
         "/k/api/reader/image?chapterId=12&page=4&apiKey=KEY", 3},
        {"/api/v1/manga/4/chapter/9/page/0?updateProgress=true&format=webp", "9", "4",
         "/api/v1/manga/4/chapter/9/page/1?format=webp", 0},
        {"/api/v1/manga/4/chapter/9/page/3?x=a?b&UpdateProgress=TRUE&y&update%50rogress", "9", "4",
         "/api/v1/manga/4/chapter/9/page/4?x=a?b&y", 3},
        {"/api/v1/manga/4/chapter/9/page/3?updateProgress=1&x=?&updateProgressNot=1", "9", "4",
         "/api/v1/manga/4/chapter/9/page/4?x=?&updateProgressNot=1", 3},
        {"/api/reader/bookmark-image?seriesId=5&page=0", "5", "5",
         "/api/reader/bookmark-image?seriesId=5&page=1", 0},
    };
    static const char *const others[] = {"/api/v1/books/0AB/pages/7/thumbnail",
                                         "/api/v1/books/0AB/pages/x",
                                         "/api/v1/books/0AB/pages",
                                         "/api/v1/books//pages/1",
                                         "/api/reader/image",
                                         "/api/reader/image?page=",
                                         "/api/reader/images",
                                         "/api/reader/image?xpage=1&chapterId=2",
                                         "/api/v1/books/0AB/pages/99999999999",
                                         "/",
                                         "/api/reader/thumbnail?chapterId=1&page=1",
                                         "/api/v1/books/0AB/file"};
    struct planche_proxy_match found;
    char next[256];
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        assert_true(match(pages[i].target, &found));
        assert_string_equal(found.book, pages[i].book);
        assert_string_equal(found.series, pages[i].series);
        assert_int_equal(found.number, pages[i].number);
        assert_true(planche_proxy_page_target(pages[i].target, &found, found.number + 1, next,
                                              sizeof next));
        assert_string_equal(next, pages[i].next);
        assert_false(planche_proxy_page_target(pages[i].target, &found, found.number, next, 8));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (match(others[i], &found))
            fail_msg("taken for a page: %s", others[i]);
    }
}

static void check_format(const char *accept, const char *type, const char *wanted, bool plain,
                         const char *format)
{
    static struct planche_http_head head;
    head.count = accept != NULL ? 3 : 1;
    head.fields[0] = (struct planche_http_field){"Host", "a"};
    head.fields[1] = (struct planche_http_field){"ACCEPT", accept};
    head.fields[2] = (struct planche_http_field){"accept", "text/html"};
    struct planche_proxy_accepted accepted = planche_proxy_read_accept(&head);
    const char *chosen = planche_proxy_choose_format(&accepted, type, wanted, plain);
    if (format == NULL)
        assert_null(chosen);
    else
        assert_string_equal(chosen, format);
}

static void test_formats(void **state)
{
    (void)state;
    check_format(NULL, "image/jpeg", NULL, false, "jpg");
    check_format("image/*,*/*;q=0.8", "image/png", NULL, false, "png");
    check_format("image/avif,image/webp,*/*", "image/png", NULL, false, "webp");
    check_format("image/avif,image/webp,*/*", "image/jpeg", NULL, false, "jpg");
    check_format("image/webp;q=0, image/*", "image/png", NULL, false, "png");
    check_format("image/webp;q=0.5", "image/jpeg", NULL, false, "webp");
    check_format("image/webp,*/*", "image/png", NULL, true, "png");
    check_format("*/*", "image/webp", NULL, false, "webp");
    check_format("*/*", "image/webp", NULL, true, "jpg");
    check_format("*/*", "image/avif", NULL, false, "jpg");
    check_format("*/*", "image/jpeg", "webp", false, "jpg"); /* which it does not name */
    check_format("image/webp,*/*", "image/jpeg", "webp", false, "webp");
    check_format("image/webp,*/*", "image/jpeg", "webp", true, "jpg");
    check_format(NULL, "image/jpeg", "avif", true, "jpg");
    check_format(NULL, "image/avif", "avif", true, "jpg");
    check_format(NULL, "image/png", "jpg", true, "jpg");
    check_format("*/*", "image/jpeg", "auto", false, "jpg");
    check_format("image/webp;q=0, */*", "image/webp", NULL, false, "jpg");
    check_format("image/jpeg;q=0, image/*", "image/jpeg", NULL, false, "png");
    check_format("image/*;q=0, */*", "image/jpeg", NULL, false, NULL);
    check_format("image/avif;q=0.9,*/*", "image/png", "avif", false, "avif");
    check_format("image/png", "image/jpeg", "webp", false, "png");
    check_format("application/json", "image/jpeg", "webp", false, NULL);
    check_format("IMAGE/JPG", "image/jpeg", NULL, false, "jpg");
}

/* Heads of files, and the sizes that they say. */
static void test_sizes(void **state)
{
#define FILE_OF(text) text, sizeof(text) - 1
    static const struct {
        const char *data;
        size_t size;
        uint32_t width, height;
    } files[] = {
        {FILE_OF("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\1\2\0\0\3\4"), 258, 772},
        {FILE_OF("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\1\2\0\0\3"), 0, 0},
        {FILE_OF("\xff\xd8\xff\xe0\0\4xx\xff\xff\xc2\0\x0b\x08\0\x50\0\x40\1"), 64, 80},
        {FILE_OF("\xff\xd8\xff\xda\0\4xx\xff\xc2\0\x0b\x08\0\x50\0\x40\1"), 0, 0},
        {FILE_OF("GIF89a\x20\1\x10\0"), 288, 16},
        {FILE_OF("RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\1\0\x3f\0\0"), 512, 64},
        {FILE_OF("RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x3f\xc0\x0f\0"), 64, 64},
        {FILE_OF("RIFF\0\0\0\0WEBPVP8 \0\0\0\0abc\x9d\x01\x2a\x20\0\x30\0"), 32, 48},
        {FILE_OF("\0\0\0\x10"
                 "ftypavif\0\0\0\0\0\0\0\x14ispe\0\0\0\0\0\0\0\7\0\0\0\7\0\0\0\x14ispe\0\0\0\0\0"
                 "\0\1\0\0\0\2\0"),
         256, 512},
        {FILE_OF("\xff\x0a\x4b\0\0\0\0\0\0\0\0\0"), 48, 48},
        {FILE_OF("II*\0\x08\0\0\0\2\0\0\1\3\0\1\0\0\0\x20\0\0\0\1\1\4\0\1\0\0\0\x40\0\0\0"), 32,
         64},
        {FILE_OF("\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x16ihdr\0\0\0\x40\0\0\0\x20"), 32, 64},
        {FILE_OF("qoif\0\0\0\5\0\0\0\6"), 5, 6},
        {FILE_OF("BM0123456789ab\x28\0\0\0\5\0\0\0\xfa\xff\xff\xff"), 5, 6},
        {FILE_OF("8BPS\0\1zzzzzz\0\3\0\0\0\6\0\0\0\5"), 5, 6},
        {FILE_OF("no image"), 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        uint32_t width, height;
        bool known = planche_proxy_read_size(files[i].data, files[i].size, &width, &height);
        if (known != (files[i].width > 0) ||
            (known && (width != files[i].width || height != files[i].height)))
            fail_msg("file %zu: %u x %u", i, width, height);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),  cmocka_unit_test(test_refused_replies),
        cmocka_unit_test(test_requests), cmocka_unit_test(test_upgrade),
        cmocka_unit_test(test_fields),   cmocka_unit_test(test_dispositions),
        cmocka_unit_test(test_pages),    cmocka_unit_test(test_formats),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
