/* SPDX-License-Identifier: MIT */
/* The analysis of a PDF's page: which image is all that one sees, and its bytes. */
#include "archive/pdf_svg.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JPEG "/9j/4AAQ"

#define HEAD                                                                                       \
    "<?xml version=\"1.0\"?>\n<svg xmlns=\"s\" width=\"20\" height=\"30pt\" version=\"1.1\">\n"
#define IMAGE(id, type, data)                                                                      \
    "<image id=\"" id "\" width=\"40\" height=\"60\" xlink:href=\"data:image/" type                \
    ";base64," data "\"/>"
#define USE(id, matrix) "<use xlink:href=\"#" id "\" transform=\"" matrix "\"/>"
#define HALF            "matrix(0.5,0,0,0.5,0,0)"
#define TAIL            "</g></svg>"

static void feed(struct planche_pdf_svg *page, const char *svg, size_t piece)
{
    size_t size = strlen(svg);
    planche_pdf_svg_init(page);
    for (size_t at = 0; at < size; at += piece)
        planche_pdf_svg_feed(page, svg + at, size - at < piece ? size - at : piece);
}

static void expect(const char *svg, size_t alone, bool others, bool strange)
{
    struct planche_pdf_svg page;
    for (size_t piece = 1; piece < 1000; piece = piece * 3 + 1) {
        feed(&page, svg, piece);
        assert_true(page.width == 20 && page.height == 30);
        assert_int_equal(page.alone, alone);
        assert_int_equal(page.others, others);
        assert_int_equal(page.strange, strange);
    }
}

static void test_alone(void **state)
{
    struct planche_pdf_svg page;
    (void)state;
    const char *svg = HEAD "<defs>" IMAGE("i0", "png", "iVBORw0KGgo=")
        IMAGE("i1", "jpeg", JPEG) "</defs><g id=\"surface1\">" USE("i0", HALF) USE("i1", HALF) TAIL;
    expect(svg, 1, false, false);
    feed(&page, svg, 7);
    assert_int_equal(page.count, 2);
    assert_true(page.images[1].jpeg && !page.images[0].jpeg);
    /* There is another image: what it is for is not asked. */
    assert_false(planche_pdf_svg_is_alone(&page));
    feed(&page,
         HEAD "<defs>" IMAGE("i", "jpeg", JPEG) "</defs>" USE("i", "matrix(0.5,0,0,0.5,0.1,0)"), 9);
    assert_true(planche_pdf_svg_is_alone(&page));
    assert_true(page.place.left == 0.1 / 20 && page.place.top == 0 && page.place.width == 1 &&
                page.place.height == 1);
    /* A clip that is the whole page, groups of text, an image as it is. */
    expect(HEAD "<defs><clipPath id=\"c\"><path d=\"M 0 0 L 20 0 L 20 30 L 0 30 Z M 0 0\"/>"
                "</clipPath>" IMAGE("i", "jpeg",
                                    JPEG) "</defs>"
                                          "<g clip-path=\"url(#c)\" clip-rule=\"nonzero\">" USE(
                                              "i", HALF) TAIL,
           0, false, false);
}

static void test_not_alone(void **state)
{
    (void)state;
    /* Something is painted over it; it shines through; it does not fill; it is turned. */
    expect(HEAD "<defs>" IMAGE("i", "jpeg", JPEG) "</defs><g id=\"surface1\">" USE(
               "i", HALF) "<path d=\"M 0 0\"/>" TAIL,
           SIZE_MAX, true, false);
    expect(HEAD "<defs>" IMAGE("i", "png", "iVBORw0KGgo=") "</defs>" USE("i", HALF), SIZE_MAX,
           false, false);
    expect(HEAD "<defs>" IMAGE("i", "jpeg", JPEG) "</defs>" USE("i", "matrix(0.5,0,0,0.4,0,0)"),
           SIZE_MAX, false, false);
    expect(HEAD "<defs>" IMAGE("i", "jpeg", JPEG) "</defs>" USE("i", "matrix(0,0.5,0.5,0,0,0)"),
           SIZE_MAX, false, false);
    /* A mask, an opacity, a way of blending: what is below shines through. */
    const char *const further[] = {"mask=\"url(#m)\"", "opacity=\"0.5\"", "clip-path=\"url(#c)\"",
                                   "style=\"mix-blend-mode:multiply\"", "filter=\"url(#f)\""};
    for (size_t i = 0; i < sizeof further / sizeof *further; i++) {
        char svg[1000];
        snprintf(svg, sizeof svg,
                 HEAD "<defs>" IMAGE("i", "jpeg", JPEG) "</defs><use %s xlink:href=\"#i\" "
                                                        "transform=\"" HALF "\"/>" TAIL,
                 further[i]);
        expect(svg, SIZE_MAX, false, false);
    }
    /* Other transforms, other elements, masks, clips that cut. */
    expect(HEAD "<defs>" IMAGE("i", "jpeg", JPEG) "</defs>" USE("i", "scale(0.5)"), SIZE_MAX, true,
           false);
    expect(HEAD "<defs>" IMAGE("i", "jpeg", JPEG) "</defs>" USE("j", HALF), SIZE_MAX, true, false);
    expect(HEAD "<mask/>", SIZE_MAX, false, true);
    expect(HEAD IMAGE("i", "jpeg", JPEG), SIZE_MAX, false, true);
    expect(HEAD "<defs><clipPath id=\"c\"><path d=\"M 0 0 L 9 0 L 9 30 L 0 30 Z M 0 0\"/>"
                "</clipPath></defs><g clip-path=\"url(#c)\">",
           SIZE_MAX, false, true);
}

static void expect_data(const char *svg, size_t index, const char *expected, bool ended)
{
    for (size_t piece = 1; piece < 300; piece++) {
        struct planche_drawn_data data = {.index = index};
        uint8_t found[300];
        size_t size = strlen(svg), made = 0;
        for (size_t at = 0; at < size; at += piece) {
            size_t length = size - at < piece ? size - at : piece;
            uint8_t *out = malloc(length);
            size_t got = planche_drawn_data_feed(&data, svg + at, length, out);
            assert_true(got <= length);
            memcpy(found + made, out, got);
            made += got;
            free(out);
        }
        assert_int_equal(data.ended, ended);
        if (!ended)
            continue;
        assert_int_equal(made, strlen(expected));
        assert_memory_equal(found, expected, made);
    }
}

static void test_data(void **state)
{
    (void)state;
    const char *svg =
        IMAGE("a", "png", "Zmlyc3Q=") "<g/>" IMAGE("b", "jpeg", "c2Vjb25kIQ==") "<use/>";
    expect_data(svg, 0, "first", true);
    expect_data(svg, 1, "second!", true);
    expect_data(svg, 2, "", false);
    expect_data(IMAGE("a", "png", ""), 0, "", true);
    expect_data(IMAGE("a", "png", "Zml*c3Q="), 0, "", false);
    expect_data("<image href=\"data:image/png;base64,Zmlyc3Q=", 0, "", false);
}

/* Cut anywhere: no harm is done. */
static void test_cut(void **state)
{
    const char *svg = HEAD "<defs>" IMAGE(
        "i", "jpeg",
        "/9j/4QAYRXhpZgAASUkqAAgAAAAB") "</defs><g clip-path=\"url(#c)\">" USE("i", HALF) TAIL;
    struct planche_pdf_svg page;
    (void)state;
    for (size_t cut = 0; cut < strlen(svg); cut++) {
        char *text = strndup(svg, cut);
        feed(&page, text, 64);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_not_alone),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
