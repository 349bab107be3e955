/* SPDX-License-Identifier: MIT */
/* What poppler's programs list of pages, sound and not. */
#include "archive/pdf_listing.h"
#include "support/testing.h"

#include <math.h>
#include <string.h>

static struct planche_pdf_page pages[3];

static struct planche_pdf_listing begin(uint64_t first)
{
    memset(pages, 0, sizeof pages);
    return (struct planche_pdf_listing){.pages = pages, .first = first, .count = 3};
}

static void test_info(void **state)
{
    static const char text[] = "Title:          Page    5 size:  9 x 9 pts\n"
                               "Pages:           1234\n"
                               "Page    5 size:  595.276 x 841.89 pts (A4)\n"
                               "Page    5 rot:   90\n"
                               "Page    6 size:  0 x 0 pts\n"
                               "Page    6 rot:   270\n"
                               "Page    7 size:  nan x 1e400 pts\n"
                               "Page    8 size:  1 x 1 pts\n"
                               "Page    4 size:  1 x 1 pts\n"
                               "Page    5 MediaBox:     -5.00     0.00   700.00   900.00\n"
                               "Page    6 MediaBox:     -5.00    -1.50    10.00    20.00\n"
                               "Page    6 CropBox:       1.00     1.00     2.00     2.00\n";
    (void)state;
    for (size_t piece = 1; piece < sizeof text; piece = piece * 2 + 1) {
        struct planche_pdf_listing listing = begin(5);
        for (size_t at = 0; at < sizeof text - 1; at += piece)
            planche_pdf_listing_info(&listing, text + at,
                                     sizeof text - 1 - at < piece ? sizeof text - 1 - at : piece);
        assert_int_equal(listing.total, 1234);
        assert_true(fabs(pages[0].width - 841.89) < 1e-9 && fabs(pages[0].height - 595.276) < 1e-9);
        assert_true(pages[0].turned && !pages[0].uncropped);
        assert_true(pages[1].width == 21.5 && pages[1].height == 15 && pages[1].uncropped);
        assert_true(pages[2].width == 0);
    }
}

/* Numbers that are none, or too large for one, leave pages whose sizes can be computed with. */
static void test_large_numbers(void **state)
{
    static const char text[] = "Page    1 MediaBox:   e500  0e999  1e999  -1e400\n"
                               "Page    2 size:  1e999 x 1e400 pts\n"
                               "Page    3 size:  0e999 x 7 pts\n";
    struct planche_pdf_listing listing = begin(1);
    (void)state;
    planche_pdf_listing_info(&listing, text, sizeof text - 1);
    for (int i = 0; i < 3; i++)
        assert_true(isfinite(pages[i].width * pages[i].height));
    assert_true(pages[0].width == 1e15 && pages[0].height == 1e15);
    assert_true(pages[1].width == 1e15 && pages[2].width == 0);
}

#define LINE(page, type, size, colours, encoding, object, density)                                 \
    "   " page "     0 " type "   " size "  " colours "   8  " encoding "  no  " object            \
    " " density " 14.8K 8.4%\n"

static void test_images(void **state)
{
    struct planche_pdf_listing listing = begin(1);
    const char *text =
        "page   num  type   width height color comp bpc  enc interp  object ID x-ppi "
        "y-ppi size ratio\n-------\n" LINE("1", "image", "200 300", "rgb 3", "jpeg", "5  0",
                                           "72 73")
            LINE("2", "image", "200 300", "icc 1", "jpeg", "5  0", "72 72")
                LINE("2", "smask", "400 600", "gray 1", "image", "6  0", "144 145")
                    LINE("3", "stencil", "20 30", "- 1", "image", "[inline]", "7.2 7.2");
    (void)state;
    planche_pdf_listing_images(&listing, text, strlen(text));
    assert_true(pages[0].images == 1 && pages[0].jpeg);
    assert_true(planche_pdf_page_density(&pages[0]) == 73);
    assert_true(pages[1].images == 2 && !pages[1].jpeg);
    assert_true(pages[1].image_width == 400 && planche_pdf_page_density(&pages[1]) == 145);
    assert_true(pages[2].images == 1 && !pages[2].jpeg);
    assert_true(fabs(planche_pdf_page_density(&pages[2]) - 7.2) < 1e-9);
}

/* What is one JPEG of grey or RGB. */
static void test_jpegs(void **state)
{
    static const struct {
        const char *line;
        bool jpeg;
    } cases[] = {
        {LINE("1", "image", "9 9", "gray 1", "jpeg", "5 0", "72 72"), true},
        {LINE("1", "image", "9 9", "rgb 3", "jpeg", "5 0", "72 72"), true},
        {LINE("1", "image", "9 9", "icc 3", "jpeg", "5 0", "72 72"), true},
        {LINE("1", "image", "9 9", "icc 4", "jpeg", "5 0", "72 72"), false},
        {LINE("1", "image", "9 9", "cmyk 4", "jpeg", "5 0", "72 72"), false},
        {LINE("1", "image", "9 9", "index 1", "jpeg", "5 0", "72 72"), false},
        {LINE("1", "image", "9 9", "sep 1", "jpeg", "5 0", "72 72"), false},
        {LINE("1", "image", "9 9", "gray 3", "jpeg", "5 0", "72 72"), false},
        {LINE("1", "image", "9 9", "rgb 3", "jpx", "5 0", "72 72"), false},
        {LINE("1", "smask", "9 9", "gray 1", "jpeg", "5 0", "72 72"), false},
        {LINE("1", "mask", "9 9", "gray 1", "jpeg", "5 0", "72 72"), false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct planche_pdf_listing listing = begin(1);
        planche_pdf_listing_images(&listing, cases[i].line, strlen(cases[i].line));
        assert_int_equal(pages[0].images, 1);
        assert_int_equal(pages[0].jpeg, cases[i].jpeg);
    }
}

static void test_density(void **state)
{
    struct planche_pdf_page page = {.width = 378.48, .height = 200};
    (void)state;
    assert_true(planche_pdf_page_density(&page) == 0);
    /* It lies over the whole page: exactly; turned, too. */
    page = (struct planche_pdf_page){.width = 378.48,
                                     .height = 200,
                                     .image_width = 1577,
                                     .image_height = 833,
                                     .x_density = 300,
                                     .y_density = 300};
    assert_true(fabs(planche_pdf_page_density(&page) - 1577 * 72 / 378.48) < 1e-9);
    page.width = 200;
    page.height = 378.48;
    assert_true(fabs(planche_pdf_page_density(&page) - 1577 * 72 / 378.48) < 1e-9);
    /* Over a part of it: as it is listed. */
    page.height = 500;
    assert_true(planche_pdf_page_density(&page) == 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info),    cmocka_unit_test(test_large_numbers),
        cmocka_unit_test(test_images),  cmocka_unit_test(test_jpegs),
        cmocka_unit_test(test_density),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
