/* SPDX-License-Identifier: MIT */
/* Reading every type of PNG, and what PNG says beside its pixels. */
#include "images.h"

#include <math.h>
#include <png.h>
#include <string.h>

/* A grey or palette picture of few bits: values[x, y] = x + 2 y modulo 2^bits. */
#define WIDTH  13
#define HEIGHT 9

static uint8_t value_at(uint32_t x, uint32_t y, int bits)
{
    return (uint8_t)((x + 2 * y) & ((1u << bits) - 1));
}

static void pack(uint8_t rows[HEIGHT][WIDTH], int bits)
{
    memset(rows, 0, HEIGHT * WIDTH);
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++) {
            uint32_t bit = x * (uint32_t)bits;
            rows[y][bit / 8] |= (uint8_t)(value_at(x, y, bits) << (8 - bits - (int)(bit % 8)));
        }
}

static struct png_spec small_spec(uint8_t rows[HEIGHT][WIDTH], int type, int bits, bool interlaced)
{
    pack(rows, bits);
    return (struct png_spec){.width = WIDTH,
                             .height = HEIGHT,
                             .colour_type = type,
                             .bit_depth = bits,
                             .interlaced = interlaced,
                             .rows = rows[0],
                             .stride = WIDTH};
}

/* Reads the file that spec describes; it must have channels and depth. */
static struct read_result read_spec(const struct png_spec *spec, unsigned channels, unsigned depth)
{
    struct bytes file = make_png(spec);
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.format, PLANCHE_FORMAT_PNG);
    assert_int_equal(result.picture.width, spec->width);
    assert_int_equal(result.picture.height, spec->height);
    assert_int_equal(result.picture.channels, channels);
    assert_int_equal(result.picture.depth, depth);
    assert_int_equal(result.warnings, 0);
    bytes_free(&file);
    return result;
}

static void test_grey(void **state)
{
    (void)state;
    uint8_t rows[HEIGHT][WIDTH];
    for (int interlaced = 0; interlaced < 2; interlaced++)
        for (int bits = 1; bits <= 8; bits *= 2)
            for (int transparent = 0; transparent < 2; transparent++) {
                const uint16_t colour[1] = {1};
                struct png_spec spec = small_spec(rows, PNG_COLOR_TYPE_GRAY, bits, interlaced);
                spec.transparent = transparent ? colour : NULL;
                unsigned channels = transparent ? 2 : 1;
                struct read_result result = read_spec(&spec, channels, 8);
                for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
                    unsigned value = value_at(i % WIDTH, i / WIDTH, bits);
                    const uint8_t *pixel = result.picture.data + i * channels;
                    assert_int_equal(pixel[0], value * 255 / ((1u << bits) - 1));
                    if (transparent)
                        assert_int_equal(pixel[1], value == 1 ? 0 : 255);
                }
                read_result_free(&result);
            }
}

static void test_palette(void **state)
{
    (void)state;
    static const uint8_t alpha[3] = {0, 100, 200};
    uint8_t rows[HEIGHT][WIDTH], palette[256 * 3];
    for (int i = 0; i < 256 * 3; i++)
        palette[i] = (uint8_t)(i * 7 + 3);
    for (int interlaced = 0; interlaced < 2; interlaced++)
        for (int bits = 1; bits <= 8; bits *= 2)
            for (int transparent = 0; transparent < 2; transparent++) {
                struct png_spec spec = small_spec(rows, PNG_COLOR_TYPE_PALETTE, bits, interlaced);
                spec.palette = palette;
                spec.palette_size = 1 << bits;
                spec.palette_alpha = transparent ? alpha : NULL;
                spec.palette_alpha_size = bits == 1 ? 2 : 3;
                unsigned channels = transparent ? 4 : 3;
                struct read_result result = read_spec(&spec, channels, 8);
                for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
                    unsigned value = value_at(i % WIDTH, i / WIDTH, bits);
                    const uint8_t *pixel = result.picture.data + i * channels;
                    assert_memory_equal(pixel, palette + 3 * value, 3);
                    if (transparent)
                        assert_int_equal(pixel[3], value < 3 ? alpha[value] : 255);
                }
                read_result_free(&result);
            }
}

/* 8 and 16 bits of 1 to 4 channels arrive as they are. */
static void test_whole_samples(void **state)
{
    (void)state;
    static const int types[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                 PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    for (int interlaced = 0; interlaced < 2; interlaced++)
        for (unsigned depth = 8; depth <= 16; depth += 8)
            for (unsigned channels = 1; channels <= 4; channels++) {
                struct picture noise = picture_noise(11, 17, channels, depth, depth + channels);
                size_t row = picture_row_bytes(&noise);
                struct png_spec spec = {.width = 11,
                                        .height = 17,
                                        .colour_type = types[channels],
                                        .bit_depth = (int)depth,
                                        .interlaced = interlaced,
                                        .rows = noise.data,
                                        .stride = row};
                struct read_result result = read_spec(&spec, channels, depth);
                /* PNG has the high byte first. */
                for (size_t i = 0; i < row * 17; i += depth / 8)
                    if (depth == 16)
                        assert_int_equal(*(uint16_t *)(void *)(result.picture.data + i),
                                         noise.data[i] << 8 | noise.data[i + 1]);
                    else
                        assert_int_equal(result.picture.data[i], noise.data[i]);
                read_result_free(&result);
                picture_free(&noise);
            }
}

static void test_transparent_rgb(void **state)
{
    (void)state;
    for (int depth = 8; depth <= 16; depth += 8) {
        static const uint8_t narrow[6] = {1, 2, 3, 4, 5, 6};
        static const uint8_t wide[12] = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0};
        const uint16_t colour[3] = {(uint16_t)(depth == 8 ? 4 : 0x400),
                                    (uint16_t)(depth == 8 ? 5 : 0x500),
                                    (uint16_t)(depth == 8 ? 6 : 0x600)};
        struct png_spec spec = {.width = 2,
                                .height = 1,
                                .colour_type = PNG_COLOR_TYPE_RGB,
                                .bit_depth = depth,
                                .rows = depth == 8 ? narrow : wide,
                                .transparent = colour};
        struct read_result result = read_spec(&spec, 4, (unsigned)depth);
        if (depth == 8) {
            assert_memory_equal(result.picture.data, ((uint8_t[]){1, 2, 3, 255, 4, 5, 6, 0}), 8);
        } else {
            static const uint16_t expected[8] = {0x100, 0x200, 0x300, 65535,
                                                 0x400, 0x500, 0x600, 0};
            assert_memory_equal(result.picture.data, expected, sizeof expected);
        }
        read_result_free(&result);
    }
}

static struct png_spec pixel_spec(unsigned channels)
{
    static const uint8_t pixels[4] = {10, 20, 30, 40};
    return (struct png_spec){.width = 1,
                             .height = 1,
                             .colour_type =
                                 channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                             .bit_depth = 8,
                             .rows = pixels};
}

static void test_metadata(void **state)
{
    (void)state;
    struct bytes icc = make_icc(3), exif = make_exif(1, true), xmp = {NULL, 0, 0};
    bytes_append(&xmp, "<x tiff:Orientation=\"1\"/>", 25);
    struct png_spec spec = pixel_spec(3);
    spec.icc = &icc;
    spec.exif = &exif;
    spec.xmp = &xmp;
    spec.x_density = 2835;
    spec.y_density = 5670;
    struct read_result result = read_spec(&spec, 3, 8);
    assert_int_equal(result.icc.size, icc.size);
    assert_memory_equal(result.icc.data, icc.data, icc.size);
    assert_int_equal(result.exif.size, exif.size);
    assert_memory_equal(result.exif.data, exif.data, exif.size);
    assert_int_equal(result.xmp.size, xmp.size);
    assert_memory_equal(result.xmp.data, xmp.data, xmp.size);
    assert_true(result.x_density == 2835 && result.y_density == 5670);
    read_result_free(&result);
    bytes_free(&icc);
    bytes_free(&exif);
    bytes_free(&xmp);
}

/* EXIF's resolution is used when PNG's own is missing: 118.11 per cm. */
static void test_exif_density(void **state)
{
    (void)state;
    struct bytes exif = make_exif(1, false);
    struct png_spec spec = pixel_spec(3);
    spec.exif = &exif;
    struct read_result result = read_spec(&spec, 3, 8);
    assert_true(fabs(result.x_density - 11811) < 1e-6 && fabs(result.y_density - 23622) < 1e-6);
    read_result_free(&result);
    bytes_free(&exif);
}

static void test_gamma(void **state)
{
    (void)state;
    static const double adobe[8] = {0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06};
    static const double srgb[8] = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};
    static const struct {
        unsigned channels;
        double gamma;
        const double *chromaticities;
        bool srgb, profile;
    } cases[] = {
        {3, 0.45455, NULL, false, false}, {3, 0.45455, srgb, false, false},
        {3, 0.45455, adobe, false, true}, {3, 1.0, NULL, false, true},
        {3, 0, adobe, false, true},       {1, 1.0, NULL, false, true},
        {1, 0.45455, NULL, false, false}, {3, 0.45455, NULL, true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct png_spec spec = pixel_spec(cases[i].channels);
        spec.gamma = cases[i].gamma;
        spec.chromaticities = cases[i].chromaticities;
        spec.srgb = cases[i].srgb;
        struct read_result result = read_spec(&spec, cases[i].channels, 8);
        assert_int_equal(result.icc.size != 0, cases[i].profile);
        read_result_free(&result);
    }
}

/* A compressed profile that expands beyond all measure is left behind, the picture is read. */
static void test_profile_bomb(void **state)
{
    (void)state;
    struct bytes xmp = {calloc(1, 17 << 20), 17 << 20, 17 << 20};
    memset(xmp.data, 'x', xmp.size);
    struct png_spec spec = pixel_spec(3);
    spec.xmp = &xmp;
    struct bytes file = make_png(&spec);
    struct read_result result;
    assert_true(file.size < 64 << 10);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.xmp.size, 0);
    assert_true(result.warnings > 0);
    assert_true(result.peak < 40 << 20);
    read_result_free(&result);
    bytes_free(&file);
    bytes_free(&xmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grey),          cmocka_unit_test(test_palette),
        cmocka_unit_test(test_whole_samples), cmocka_unit_test(test_transparent_rgb),
        cmocka_unit_test(test_metadata),      cmocka_unit_test(test_exif_density),
        cmocka_unit_test(test_gamma),         cmocka_unit_test(test_profile_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
