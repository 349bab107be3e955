/* SPDX-License-Identifier: MIT */
/* Pages through an engine: every format and pixel format, and what they must not lose. */
#include "api_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void run_pixels(const struct planche_engine *engine, const struct image *in,
                       struct image *out)
{
    struct planche_error error;
    if (planche_engine_run_pixels(engine, &in->pixels, &out->pixels, NULL, NULL, &error))
        fail_msg("%s", error.message);
}

/* What in becomes, tightly packed. */
static void enlarge(const struct planche_engine *engine, const struct image *in, unsigned scale,
                    struct image *out)
{
    image_make(out, in->pixels.format, in->pixels.width * scale, in->pixels.height * scale, 0, 0);
    run_pixels(engine, in, out);
}

/* Encoded in one format, enlarged into another, decoded. */
static void through_bytes(const struct planche_engine *engine, const struct image *in,
                          enum planche_format from, enum planche_format to, struct image *out)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error;
    struct bytes bytes = encode(&in->pixels, from);
    enum planche_format found, expected = to ? to : PLANCHE_FORMAT_WEBP;
    void *data;
    size_t size;
    options.format = to;
    options.lossless = 1;
    options.quality = 95;
    if (planche_engine_run_bytes(engine, bytes.data, bytes.size, &data, &size, &options, &result,
                                 &error))
        fail_msg("%s", error.message);
    decode(out, data, size, &found);
    assert_int_equal(found, expected);
    assert_int_equal(result.format, expected);
    assert_int_equal(result.input_width, in->pixels.width);
    assert_int_equal(result.input_height, in->pixels.height);
    assert_int_equal(result.output_width, out->pixels.width);
    assert_int_equal(result.output_height, out->pixels.height);
    assert_true(result.decode_ms >= 0 && result.network_ms > 0 && result.encode_ms >= 0);
    assert_true(result.peak_bytes > 0);
    planche_free_bytes(data);
    free(bytes.data);
}

static void expect_untouched(const struct image *image, uint8_t fill)
{
    const struct planche_pixels *p = &image->pixels;
    for (uint32_t y = 0; y + 1 < p->height; y++)
        for (size_t i = image_row_bytes(p); i < p->stride; i++)
            assert_int_equal(image->data[y * p->stride + i], fill);
}

/* All pixel formats, rows further apart than they must be, at odd distances where samples are
 * bytes. */
static void test_strides(void **state)
{
    const struct planche_engine_options options = {.cpu_mask = 0};
    (void)state;
    for (unsigned scale = 2; scale <= 4; scale++) {
        struct planche_engine *engine = test_engine(options, scale);
        for (int f = PLANCHE_PIXELS_GREY8; f <= PLANCHE_PIXELS_RGBA16; f++) {
            enum planche_pixel_format format = (enum planche_pixel_format)f;
            struct image in, padded_in, out, padded_out;
            image_make(&in, format, 19, 13, 0, 0);
            image_draw(&in, 5);
            unsigned odd = image_depth(format) == 8;
            image_make(&padded_in, format, 19, 13, 6 + odd, 0x55);
            image_draw(&padded_in, 5);
            enlarge(engine, &in, scale, &out);
            image_make(&padded_out, format, 19 * scale, 13 * scale, 10 + odd, 0xc3);
            run_pixels(engine, &padded_in, &padded_out);
            image_expect_equal(&padded_out.pixels, &out.pixels);
            expect_untouched(&padded_out, 0xc3);
            expect_untouched(&padded_in, 0x55);
            image_free(&in);
            image_free(&padded_in);
            image_free(&out);
            image_free(&padded_out);
        }
        planche_engine_destroy(&engine);
    }
}

/* PNG holds every pixel format: bytes and pixels must agree. */
static void test_bytes_equal_pixels(void **state)
{
    const struct planche_engine_options options = {.cpu_mask = 0};
    struct planche_engine *engine = test_engine(options, 3);
    (void)state;
    for (int f = PLANCHE_PIXELS_GREY8; f <= PLANCHE_PIXELS_RGBA16; f++) {
        struct image in, expected, actual;
        image_make(&in, (enum planche_pixel_format)f, 23, 17, 0, 0);
        image_draw(&in, (uint64_t)f);
        enlarge(engine, &in, 3, &expected);
        through_bytes(engine, &in, PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_PNG, &actual);
        image_expect_equal(&actual.pixels, &expected.pixels);
        image_free(&actual);
        image_free(&expected);
        image_free(&in);
    }
    planche_engine_destroy(&engine);
}

/* Mean difference of two pictures' samples, in levels of 8 bits. */
static double mean_difference(const struct planche_pixels *a, const struct planche_pixels *b)
{
    unsigned channels = image_channels(a->format);
    double sum = 0;
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++)
            for (unsigned c = 0; c < channels; c++)
                sum += abs((int)image_sample(a, x, y, c) - (int)image_sample(b, x, y, c));
    return sum / ((double)a->width * a->height * channels);
}

/* From each format into each. Only JPEG loses something (WebP is asked not to). */
static void test_formats(void **state)
{
    const struct planche_engine_options options = {.cpu_mask = 0};
    struct planche_engine *engine = test_engine(options, 2);
    struct image in, expected;
    (void)state;
    image_make(&in, PLANCHE_PIXELS_RGB8, 64, 40, 0, 0);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 64; x++)
            for (unsigned c = 0; c < 3; c++)
                image_set(&in, x, y, c, (x * 3 + y * (c + 1)) % 256);
    enlarge(engine, &in, 2, &expected);
    for (int from = PLANCHE_FORMAT_PNG; from <= PLANCHE_FORMAT_WEBP; from++)
        for (int to = PLANCHE_FORMAT_AUTO; to <= PLANCHE_FORMAT_WEBP; to++) {
            struct image actual;
            through_bytes(engine, &in, (enum planche_format)from, (enum planche_format)to, &actual);
            double difference = mean_difference(&actual.pixels, &expected.pixels);
            bool lossless = from != PLANCHE_FORMAT_JPEG && to != PLANCHE_FORMAT_JPEG;
            assert_true(lossless ? difference == 0 : difference < 8);
            image_free(&actual);
        }
    image_free(&expected);
    image_free(&in);
    planche_engine_destroy(&engine);
}

/* A grey page stays a page of one channel where the format has such pages. */
static void test_grey(void **state)
{
    const struct planche_engine_options options = {.cpu_mask = 0};
    struct planche_engine *engine = test_engine(options, 2);
    struct image in, out;
    (void)state;
    image_make(&in, PLANCHE_PIXELS_GREY8, 30, 21, 0, 0);
    image_draw(&in, 3);
    through_bytes(engine, &in, PLANCHE_FORMAT_JPEG, PLANCHE_FORMAT_PNG, &out);
    assert_int_equal(out.pixels.format, PLANCHE_PIXELS_GREY8);
    image_free(&out);
    through_bytes(engine, &in, PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_JPEG, &out);
    assert_int_equal(out.pixels.format, PLANCHE_PIXELS_GREY8);
    image_free(&out);
    through_bytes(engine, &in, PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_WEBP, &out);
    assert_int_equal(out.pixels.format, PLANCHE_PIXELS_RGB8);
    for (uint32_t y = 0; y < out.pixels.height; y++)
        for (uint32_t x = 0; x < out.pixels.width; x++)
            for (unsigned c = 1; c < 3; c++)
                assert_int_equal(image_sample(&out.pixels, x, y, c),
                                 image_sample(&out.pixels, x, y, 0));
    image_free(&out);
    image_free(&in);
    planche_engine_destroy(&engine);
}

/* 16 bits are more than 256 levels, all the way. */
static void test_deep(void **state)
{
    const struct planche_engine_options options = {.cpu_mask = 0};
    struct planche_engine *engine = test_engine(options, 2);
    static bool level[65536];
    struct image in, out;
    int levels = 0;
    (void)state;
    image_make(&in, PLANCHE_PIXELS_RGB16, 80, 40, 0, 0);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 80; x++)
            for (unsigned c = 0; c < 3; c++)
                image_set(&in, x, y, c, 20000 + x * 5 + y * 2 + c * 1000);
    through_bytes(engine, &in, PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_PNG, &out);
    assert_int_equal(out.pixels.format, PLANCHE_PIXELS_RGB16);
    for (uint32_t y = 0; y < out.pixels.height; y++)
        for (uint32_t x = 0; x < out.pixels.width; x++)
            level[image_sample(&out.pixels, x, y, 0)] = true;
    for (int i = 0; i < 65536; i++)
        levels += level[i];
    assert_true(levels > 256);
    image_free(&out);
    through_bytes(engine, &in, PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_WEBP, &out);
    assert_int_equal(out.pixels.format, PLANCHE_PIXELS_RGB8);
    image_free(&out);
    image_free(&in);
    planche_engine_destroy(&engine);
}

#define SIDE   48
#define RADIUS 15.0

/* Part of the pixel that a disc covers, about. */
static double disc(uint32_t x, uint32_t y, double softness)
{
    double r = hypot(x + 0.5 - SIDE / 2.0, y + 0.5 - SIDE / 2.0);
    double cover = (RADIUS - r) / softness + 0.5;
    return cover < 0 ? 0 : cover > 1 ? 1 : cover;
}

static const unsigned disc_colour[3] = {250, 205, 120};

static void make_disc(struct image *image, enum planche_pixel_format format, double softness)
{
    image_make(image, format, SIDE, SIDE, 0, 0);
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++) {
            double alpha = disc(x, y, softness);
            for (unsigned c = 0; c < 3; c++)
                image_set(image, x, y, c, alpha > 0 ? disc_colour[c] : 0);
            if (image_has_alpha(format))
                image_set(image, x, y, 3, (unsigned)(alpha * 255 + 0.5));
        }
}

/* Colours of one picture and alpha of another, laid on white. */
static void lay_on_white(struct image *out, const struct planche_pixels *colours,
                         const struct planche_pixels *alpha)
{
    image_make(out, PLANCHE_PIXELS_RGB8, colours->width, colours->height, 0, 0);
    for (uint32_t y = 0; y < colours->height; y++)
        for (uint32_t x = 0; x < colours->width; x++)
            for (unsigned c = 0; c < 3; c++) {
                unsigned a = image_sample(alpha, x, y, 3);
                unsigned v = image_sample(colours, x, y, c) * a + 255 * (255 - a);
                image_set(out, x, y, c, (v + 127) / 255);
            }
}

/* How much darker one picture is than another at its darkest. */
static int darkest(const struct planche_pixels *a, const struct planche_pixels *b)
{
    int worst = 0;
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++)
            for (unsigned c = 0; c < 3; c++) {
                int d = (int)image_sample(b, x, y, c) - (int)image_sample(a, x, y, c);
                worst = d > worst ? d : worst;
            }
    return worst;
}

/* A light disc on transparent black: enlarged and laid on white it must look as if it had been laid
 * on white and enlarged, without a dark edge. */
static void test_no_halo(void **state)
{
    static const double softness[] = {0.01, 1, 3};
    const struct planche_engine_options options = {.cpu_mask = 0};
    (void)state;
    for (unsigned scale = 2; scale <= 4; scale++)
        for (size_t s = 0; s < 3; s++) {
            struct planche_engine *engine = test_engine(options, scale);
            struct image in, hidden, laid, out, black, naive, after, before;
            make_disc(&in, PLANCHE_PIXELS_RGBA8, softness[s]);
            make_disc(&hidden, PLANCHE_PIXELS_RGB8, softness[s]);
            lay_on_white(&laid, &in.pixels, &in.pixels);
            enlarge(engine, &in, scale, &out);
            enlarge(engine, &laid, scale, &before);
            enlarge(engine, &hidden, scale, &black);
            lay_on_white(&after, &out.pixels, &out.pixels);
            lay_on_white(&naive, &black.pixels, &out.pixels);
            int dark = darkest(&after.pixels, &before.pixels);
            int dark_naive = darkest(&naive.pixels, &before.pixels);
            if (dark > 20)
                fail_msg("softness %g at %u x: a halo %d levels dark", softness[s], scale, dark);
            /* The test can tell: the black underneath would have shown. */
            if (softness[s] < 2 && dark_naive < 2 * dark + 20)
                fail_msg("softness %g at %u x: black shows by %d levels only", softness[s], scale,
                         dark_naive);
            image_free(&in);
            image_free(&hidden);
            image_free(&laid);
            image_free(&out);
            image_free(&black);
            image_free(&naive);
            image_free(&after);
            image_free(&before);
            planche_engine_destroy(&engine);
        }
}

/* Transparency that is the same everywhere stays exactly that, and an opaque page keeps its
 * colours. */
static void test_constant_alpha(void **state)
{
    static const unsigned values[] = {0, 1, 137, 254, 255};
    const struct planche_engine_options options = {.cpu_mask = 0};
    struct planche_engine *engine = test_engine(options, 3);
    (void)state;
    for (int f = PLANCHE_PIXELS_GREY8; f <= PLANCHE_PIXELS_RGBA16; f++)
        for (size_t v = 0; v < 5; v++) {
            enum planche_pixel_format format = (enum planche_pixel_format)f;
            unsigned last = image_channels(format) - 1;
            unsigned alpha = image_depth(format) == 8 ? values[v] : values[v] * 257;
            struct image in, out, plain, plain_out;
            if (!image_has_alpha(format))
                continue;
            image_make(&in, format, 11, 9, 0, 0);
            image_draw(&in, v);
            image_make(&plain, (enum planche_pixel_format)(f - 1), 11, 9, 0, 0);
            for (uint32_t y = 0; y < 9; y++)
                for (uint32_t x = 0; x < 11; x++) {
                    image_set(&in, x, y, last, alpha);
                    for (unsigned c = 0; c < last; c++)
                        image_set(&plain, x, y, c, image_sample(&in.pixels, x, y, c));
                }
            enlarge(engine, &in, 3, &out);
            enlarge(engine, &plain, 3, &plain_out);
            for (uint32_t y = 0; y < 27; y++)
                for (uint32_t x = 0; x < 33; x++) {
                    assert_int_equal(image_sample(&out.pixels, x, y, last), alpha);
                    for (unsigned c = 0; v == 4 && c < last; c++)
                        assert_int_equal(image_sample(&out.pixels, x, y, c),
                                         image_sample(&plain_out.pixels, x, y, c));
                }
            image_free(&in);
            image_free(&out);
            image_free(&plain);
            image_free(&plain_out);
        }
    planche_engine_destroy(&engine);
}

struct lines {
    int warnings, plans;
    char last[512]; /* warning */
};

static void keep_line(void *user, enum planche_log_level level, const char *message)
{
    struct lines *lines = user;
    assert_null(strchr(message, '\n'));
    if (level == PLANCHE_LOG_DEBUG)
        lines->plans += strstr(message, "planned for ") != NULL;
    if (level != PLANCHE_LOG_WARNING)
        return;
    lines->warnings++;
    strncpy(lines->last, message, sizeof(lines->last) - 1);
}

/* JPEG has no transparency: the page is laid on white, and the log says so once. */
static void test_alpha_into_jpeg(void **state)
{
    struct lines lines = {0};
    const struct planche_engine_options options = {.log = keep_line, .log_user = &lines};
    struct planche_engine *engine = test_engine(options, 2);
    struct image in, out;
    (void)state;
    make_disc(&in, PLANCHE_PIXELS_RGBA8, 1);
    through_bytes(engine, &in, PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_JPEG, &out);
    assert_int_equal(lines.warnings, 1);
    assert_non_null(strstr(lines.last, "transparen"));
    assert_int_equal(lines.plans, 1);
    assert_int_equal(out.pixels.format, PLANCHE_PIXELS_RGB8);
    for (unsigned c = 0; c < 3; c++) {
        assert_true(image_sample(&out.pixels, 2, 2, c) > 245);
        assert_true(abs((int)image_sample(&out.pixels, SIDE, SIDE, c) - (int)disc_colour[c]) < 16);
    }
    image_free(&out);
    through_bytes(engine, &in, PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_PNG, &out);
    assert_int_equal(lines.warnings, 1);
    image_free(&out);
    image_free(&in);
    planche_engine_destroy(&engine);
}

/* Pages smaller than the padding, and rows and columns of one pixel. */
static void test_tiny_pages(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {3, 1}, {1, 5}, {2, 2}, {7, 3}};
    const struct planche_engine_options options = {.cpu_mask = 0};
    struct planche_engine *engine = test_engine(options, 4);
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        for (int f = PLANCHE_PIXELS_RGB8; f <= PLANCHE_PIXELS_RGBA8; f++) {
            struct image in, out, expected;
            image_make(&in, (enum planche_pixel_format)f, sizes[i][0], sizes[i][1], 0, 0);
            image_draw(&in, i);
            enlarge(engine, &in, 4, &expected);
            through_bytes(engine, &in, PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_PNG, &out);
            image_expect_equal(&out.pixels, &expected.pixels);
            image_free(&in);
            image_free(&out);
            image_free(&expected);
        }
    planche_engine_destroy(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strides),        cmocka_unit_test(test_bytes_equal_pixels),
        cmocka_unit_test(test_formats),        cmocka_unit_test(test_grey),
        cmocka_unit_test(test_deep),           cmocka_unit_test(test_no_halo),
        cmocka_unit_test(test_constant_alpha), cmocka_unit_test(test_alpha_into_jpeg),
        cmocka_unit_test(test_tiny_pages),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
