/* SPDX-License-Identifier: MIT */
/* Row conversions between pixel formats. */
#include "support/testing.h"

#include "image/pixels.h"

#include <string.h>

static const enum planche_pixel_format all[] = {
    PLANCHE_PIXELS_GREY8,  PLANCHE_PIXELS_GREY_ALPHA8,  PLANCHE_PIXELS_RGB8,  PLANCHE_PIXELS_RGBA8,
    PLANCHE_PIXELS_GREY16, PLANCHE_PIXELS_GREY_ALPHA16, PLANCHE_PIXELS_RGB16, PLANCHE_PIXELS_RGBA16,
};
#define FORMATS (sizeof all / sizeof all[0])

static void test_properties(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        unsigned channels = (unsigned)i % 4 + 1, depth = i < 4 ? 8 : 16;
        assert_true(planche_pixel_format_valid(all[i]));
        assert_int_equal(planche_pixel_channels(all[i]), channels);
        assert_int_equal(planche_pixel_depth(all[i]), depth);
        assert_int_equal(planche_pixel_size(all[i]), channels * depth / 8);
        assert_int_equal(planche_pixel_has_alpha(all[i]), channels == 2 || channels == 4);
        assert_int_equal(planche_pixel_format_make(channels, depth), all[i]);
    }
    assert_false(planche_pixel_format_valid((enum planche_pixel_format)0));
    assert_false(planche_pixel_format_valid((enum planche_pixel_format)9));
}

static void test_depths(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 65536; v++) {
        uint16_t wide = (uint16_t)v;
        uint8_t narrow;
        planche_row_convert(&narrow, PLANCHE_PIXELS_GREY8, &wide, PLANCHE_PIXELS_GREY16, 1);
        assert_int_equal(narrow, (unsigned)(v / 257.0 + 0.5));
    }
    for (unsigned v = 0; v < 256; v++) {
        uint8_t narrow = (uint8_t)v;
        uint16_t wide;
        planche_row_convert(&wide, PLANCHE_PIXELS_GREY16, &narrow, PLANCHE_PIXELS_GREY8, 1);
        assert_int_equal(wide, v * 257);
    }
}

static void test_channels(void **state)
{
    (void)state;
    const uint8_t grey[2] = {7, 200}, grey_alpha[4] = {7, 0, 200, 51};
    uint8_t rgb[6], rgba[8], back[2];
    planche_row_convert(rgb, PLANCHE_PIXELS_RGB8, grey, PLANCHE_PIXELS_GREY8, 2);
    assert_memory_equal(rgb, ((uint8_t[]){7, 7, 7, 200, 200, 200}), 6);
    planche_row_convert(back, PLANCHE_PIXELS_GREY8, rgb, PLANCHE_PIXELS_RGB8, 2);
    assert_memory_equal(back, grey, 2);
    planche_row_convert(rgba, PLANCHE_PIXELS_RGBA8, grey, PLANCHE_PIXELS_GREY8, 2);
    assert_memory_equal(rgba, ((uint8_t[]){7, 7, 7, 255, 200, 200, 200, 255}), 8);
    planche_row_convert(rgba, PLANCHE_PIXELS_RGBA8, grey_alpha, PLANCHE_PIXELS_GREY_ALPHA8, 2);
    assert_memory_equal(rgba, ((uint8_t[]){7, 7, 7, 0, 200, 200, 200, 51}), 8);
    /* Onto white: nothing is white, a fifth of 200 and four of 255 are 244. */
    planche_row_convert(back, PLANCHE_PIXELS_GREY8, grey_alpha, PLANCHE_PIXELS_GREY_ALPHA8, 2);
    assert_memory_equal(back, ((uint8_t[]){255, 244}), 2);
}

/* Every neutral, opaque colour survives every way there and back that does not lose depth. */
static void test_round_trips(void **state)
{
    (void)state;
    for (size_t a = 0; a < FORMATS; a++) {
        for (size_t b = 0; b < FORMATS; b++) {
            uint8_t start[256], source[256 * 8], there[256 * 8], back[256];
            for (unsigned v = 0; v < 256; v++)
                start[v] = (uint8_t)v;
            planche_row_convert(source, all[a], start, PLANCHE_PIXELS_GREY8, 256);
            planche_row_convert(there, all[b], source, all[a], 256);
            planche_row_convert(back, PLANCHE_PIXELS_GREY8, there, all[b], 256);
            assert_memory_equal(back, start, 256);
        }
    }
}

/* Nothing is written beyond the last pixel. */
static void test_bounds(void **state)
{
    (void)state;
    for (size_t a = 0; a < FORMATS; a++) {
        for (size_t b = 0; b < FORMATS; b++) {
            uint8_t source[3 * 8] = {0}, target[4 * 8];
            size_t size = 3 * planche_pixel_size(all[b]);
            memset(target, 0xa5, sizeof target);
            planche_row_convert(target, all[b], source, all[a], 3);
            for (size_t i = size; i < sizeof target; i++)
                assert_int_equal(target[i], 0xa5);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_properties), cmocka_unit_test(test_depths),
        cmocka_unit_test(test_channels),   cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
