/* SPDX-License-Identifier: MIT */
/* The markup scanner: tags where they stand, edits that leave all else alone, tags in pieces. */
#include "base/markup.h"
#include "support/testing.h"

#include <stdlib.h>
#include <string.h>

static const char document[] =
    "<?xml version='1.0'?><!DOCTYPE a><!-- <no a='b'/> --><a x=\"1>2\" y = 'p\"q' z=3 w>text 'b\n"
    "<![CDATA[<no/>]]><n:b n:x=''/></a >";

static void put(struct planche_text_buffer *out, struct planche_span span, const char *text)
{
    planche_text_buffer_put(out, text + span.at, span.end - span.at);
}

/* "name(attribute=value;...)" for each tag, with '/' where it closes or is empty. */
static void describe(const char *text, const struct planche_tag *tag,
                     struct planche_text_buffer *out)
{
    struct planche_attribute attribute;
    planche_text_buffer_put(out, "/", tag->closing);
    put(out, tag->name, text);
    planche_text_buffer_put(out, "(", 1);
    for (size_t at = tag->name.end; planche_markup_attribute(text, tag, &at, &attribute);) {
        put(out, attribute.name, text);
        planche_text_buffer_put(out, "=", 1);
        put(out, attribute.value, text);
        planche_text_buffer_put(out, ";", 1);
    }
    planche_text_buffer_put(out, ")/", 1u + tag->empty);
}

static void expect_text(struct planche_text_buffer *text, const char *expected)
{
    planche_text_buffer_put(text, "", 1);
    assert_false(text->failed);
    assert_string_equal(text->data, expected);
    planche_text_buffer_free(text);
}

static void test_tags(void **state)
{
    struct planche_text_buffer out = {0};
    struct planche_tag tag;
    bool broken;
    (void)state;
    for (size_t at = 0; planche_markup_next(document, sizeof document - 1, &at, &tag, &broken);)
        describe(document, &tag, &out);
    assert_false(broken);
    expect_text(&out, "a(x=1>2;y=p\"q;z=3;w=;)n:b(n:x=;)//a()");
}

static void test_broken(void **state)
{
    static const char *const texts[] = {"<", "<a", "<a b='>", "<!-- -- >", "<![CDATA[ ]>", "<?a ?"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct planche_tag tag;
        size_t at = 0;
        bool broken = false;
        assert_false(planche_markup_next(texts[i], strlen(texts[i]), &at, &tag, &broken));
        assert_true(broken);
    }
}

/* The tags that a reader finds in a text that comes in pieces, each in memory of its own. */
static void read_pieces(const char *text, size_t size, size_t piece,
                        struct planche_text_buffer *out)
{
    struct planche_tag_reader reader = {0};
    struct planche_tag tag;
    for (size_t from = 0; from < size; from += piece) {
        size_t length = size - from < piece ? size - from : piece, at = 0;
        char *copy = malloc(length);
        memcpy(copy, text + from, length);
        while (planche_tag_reader_next(&reader, copy, length, &at, &tag))
            describe(reader.text, &tag, out);
        assert_int_equal(at, length);
        free(copy);
    }
}

/* A quote opens a value behind '=' only: elsewhere it is a character like others. */
static void test_stray_quotes(void **state)
{
    static const char text[] = "<a' b=c'd e><f g=\"'\" ='h'i><'j'>";
    struct planche_text_buffer out = {0}, again = {0};
    struct planche_tag tag;
    bool broken;
    (void)state;
    for (size_t at = 0; planche_markup_next(text, sizeof text - 1, &at, &tag, &broken);)
        describe(text, &tag, &out);
    assert_false(broken);
    expect_text(&out, "a'(b=c'd;e=;)f(g=';'h'i=;)'j'()");
    read_pieces(text, sizeof text - 1, 1, &again);
    expect_text(&again, "a'(b=c'd;e=;)f(g=';'h'i=;)'j'()");
}

static void test_names(void **state)
{
    static const char text[] = "x:Href";
    const struct planche_span all = {0, 6}, none = {3, 3};
    (void)state;
    assert_true(planche_markup_is(text, all, "href"));
    assert_false(planche_markup_is(text, all, "x:href"));
    assert_true(planche_markup_equals(text, all, "x:Href"));
    assert_false(planche_markup_equals(text, all, "x:href"));
    assert_false(planche_markup_equals(text, all, "x:Hre"));
    assert_true(planche_markup_begins(text, all, "x:"));
    assert_false(planche_markup_begins(text, all, "x:Hrefs"));
    assert_true(planche_markup_equals(text, none, ""));
}

static void test_edit(void **state)
{
    static const char text[] = "<a b='1' c='22'/>\r\n";
    struct planche_text_buffer out = {0};
    struct planche_markup_edit edit = {.data = text, .out = &out};
    (void)state;
    planche_markup_replace(&edit, (struct planche_span){6, 7}, "333", 3);
    planche_markup_replace(&edit, (struct planche_span){12, 14}, "", 0);
    planche_markup_copy_until(&edit, sizeof text - 1);
    expect_text(&out, "<a b='333' c=''/>\r\n");
}

static void test_pieces(void **state)
{
    static const char text[] = "<?xml v='>'?> \"<a x=\"1>2\" y='\"'>' <b/></a><!d>";
    (void)state;
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        struct planche_text_buffer out = {0};
        read_pieces(text, sizeof text - 1, piece, &out);
        expect_text(&out, "?xml(v=>;?=;)a(x=1>2;y=\";)b()//a()!d()");
    }
}

/* Of a long tag the beginning is kept; how it ends is known. */
static void test_long_tag(void **state)
{
    enum { LONG = 5000 };
    char text[LONG + 8];
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "<a b=\"", 6);
    memcpy(text + LONG, "\"/><c d>", 8);
    for (size_t piece = 1; piece <= sizeof text; piece += 317) {
        struct planche_text_buffer out = {0};
        read_pieces(text, sizeof text, piece, &out);
        /* "<a b=\"" and '>' are in it, too. */
        assert_int_equal(out.size, strlen("a(b=;)/c(d=;)") + PLANCHE_TAG_READER_BYTES - 7);
        assert_memory_equal(out.data, "a(b=xxx", 7);
        assert_memory_equal(out.data + out.size - 10, "x;)/c(d=;)", 10);
        planche_text_buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags),         cmocka_unit_test(test_broken),
        cmocka_unit_test(test_names),        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_pieces),       cmocka_unit_test(test_long_tag),
        cmocka_unit_test(test_stray_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
