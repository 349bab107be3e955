/* SPDX-License-Identifier: MIT */
/* Planche's own networks: no files, no cache; levels that are numbers; pages in colour and grey;
 * scales that have a network and others. */
#include "api_test.h"
#include "support/own_network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  19
#define HEIGHT 15

static struct planche_engine_options options_of(const char *model, unsigned scale)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    options.model = model;
    options.scale = scale;
    options.backend = "cpu";
    options.threads = 2;
    options.memory = (uint64_t)64 << 20;
    return options;
}

static struct planche_engine *make(struct planche_engine_options options)
{
    struct planche_engine *engine;
    struct planche_error error;
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    return engine;
}

static struct planche_engine *make_level(const char *model, unsigned scale, double level)
{
    struct planche_engine_options options = options_of(model, scale);
    options.has_level = 1;
    options.level = level;
    return make(options);
}

static struct planche_page_result run(const struct planche_engine *engine,
                                      enum planche_pixel_format format, struct image *out)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT, size = result;
    struct planche_error error;
    struct image page;
    image_make(&page, format, WIDTH, HEIGHT, 0, 0);
    image_draw(&page, 7);
    assert_int_equal(planche_engine_predict(engine, NULL, WIDTH, HEIGHT, NULL, &size, &error),
                     PLANCHE_OK);
    image_make(out, format, size.output_width, size.output_height, 0, 0);
    if (planche_engine_run_pixels(engine, &page.pixels, &out->pixels, NULL, &result, &error))
        fail_msg("%s", error.message);
    image_free(&page);
    return result;
}

/* Mean difference of two pictures, in levels. */
static double difference(const struct image *a, const struct image *b)
{
    const struct planche_pixels *p = &a->pixels;
    unsigned channels = image_channels(p->format);
    double sum = 0;
    assert_int_equal(p->width, b->pixels.width);
    assert_int_equal(p->height, b->pixels.height);
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++)
            for (unsigned c = 0; c < channels; c++)
                sum += fabs((double)image_sample(p, x, y, c) -
                            (double)image_sample(&b->pixels, x, y, c));
    return sum / (p->width * p->height * channels);
}

/* Of a model at a level; engine is destroyed. */
static void run_once(struct planche_engine *engine, enum planche_pixel_format format,
                     struct image *out)
{
    run(engine, format, out);
    planche_engine_destroy(&engine);
}

/* Whole numbers are the levels of the catalogue, whichever way they are given. */
static void test_whole_levels(void **state)
{
    static const enum planche_denoise levels[] = {PLANCHE_DENOISE_NONE, PLANCHE_DENOISE_0,
                                                  PLANCHE_DENOISE_1, PLANCHE_DENOISE_2,
                                                  PLANCHE_DENOISE_3};
    struct image before = {.data = NULL};
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct planche_engine_options options = options_of("small", 2);
        struct image named, number;
        options.denoise = levels[i];
        run_once(make(options), PLANCHE_PIXELS_RGB8, &named);
        run_once(make_level("small", 2, i - 1), PLANCHE_PIXELS_RGB8, &number);
        image_expect_equal(&number.pixels, &named.pixels);
        if (before.data)
            assert_true(difference(&named, &before) > 0);
        image_free(&before);
        image_free(&number);
        before = named;
    }
    image_free(&before);
}

/* A level between two is nearer to each of them than they are to each other. */
static void test_fractions(void **state)
{
    static const double levels[] = {2, 2.5, 3};
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct image out[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct planche_engine *engine = make_level("small", 2, levels[i]);
        run(engine, PLANCHE_PIXELS_RGB8, &out[i]);
        assert_int_equal(planche_engine_get_info(engine, &info, NULL), PLANCHE_OK);
        assert_string_equal(info.variant, i == 0   ? "small-2x-clean2"
                                          : i == 1 ? "small-2x-clean2.5"
                                                   : "small-2x-clean3");
        planche_engine_destroy(&engine);
    }
    double whole = difference(&out[0], &out[2]);
    assert_true(difference(&out[0], &out[1]) > 0 && difference(&out[0], &out[1]) < whole);
    assert_true(difference(&out[2], &out[1]) > 0 && difference(&out[2], &out[1]) < whole);
    for (int i = 0; i < 3; i++)
        image_free(&out[i]);
}

static void expect_failure(struct planche_engine_options options, const char *part)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_engine *engine;
    struct planche_error error = {.message = ""};
    assert_int_equal(planche_engine_create(&engine, &options, &error), PLANCHE_ERROR_ARGUMENT);
    if (!strstr(error.message, part))
        fail_msg("%s; not: %s", error.message, part);
    if (strchr(options.model, '.'))
        return;
    assert_int_equal(planche_engine_predict(NULL, &options, 10, 10, NULL, &result, NULL),
                     PLANCHE_ERROR_ARGUMENT);
}

static void expect_no_level(const char *model, unsigned scale, double level, const char *part)
{
    struct planche_engine_options options = options_of(model, scale);
    options.has_level = 1;
    options.level = level;
    expect_failure(options, part);
}

static void test_levels_that_are_none(void **state)
{
    struct planche_engine_options options = options_of("small", 2);
    (void)state;
    expect_no_level("small", 2, 3.01, "levels are -1 to 3");
    expect_no_level("small", 2, -1.5, "levels are -1 to 3");
    expect_no_level("small", 2, NAN, "levels are -1 to 3");
    expect_no_level("small", 1, -1, "small at scale 1 has no denoise level -1; it has 0, 1, 2, 3");
    expect_no_level("realcugan", 2, 1.5, "realcugan has no levels between whole numbers");
    expect_no_level("realesrgan-x4fast", 4, 1, "has no denoise levels");
    expect_no_level(test_model(2), 0, 1, "it has no denoise levels");
    options.denoise = PLANCHE_DENOISE_CONSERVATIVE;
    expect_failure(options, "small at scale 2 has no PLANCHE_DENOISE_CONSERVATIVE");
}

/* Whether a colour of a pixel is as dark or as bright as can be. */
static bool is_clamped(const struct image *image, uint32_t x, uint32_t y)
{
    const unsigned most = image_depth(image->pixels.format) == 16 ? 65535 : 255;
    bool clamped = false;
    for (unsigned c = 0; c < 3; c++) {
        unsigned sample = image_sample(&image->pixels, x, y, c);
        clamped = clamped || sample == 0 || sample == most;
    }
    return clamped;
}

static void check_grey(const struct own_form *form)
{
    static const enum planche_pixel_format formats[] = {PLANCHE_PIXELS_GREY8, PLANCHE_PIXELS_GREY16,
                                                        PLANCHE_PIXELS_GREY_ALPHA8};
    const struct own_file file = own_file_make_form(form, 9);
    assert_true(own_file_write(&file, test_path("model-grey.planche")));
    free(file.data);
    struct planche_engine *engine = make_level(test_path("model-grey.planche"), 2, 1.5);
    for (size_t i = 0; i < 3; i++) {
        struct planche_page_result result;
        struct image grey, page, colour;
        unsigned alpha = image_has_alpha(formats[i]) ? 1 : 0;
        result = run(engine, formats[i], &grey);
        assert_string_equal(result.networks, "model-grey-clean1.5 2x");
        image_make(&page, (enum planche_pixel_format)(formats[i] + 2), WIDTH, HEIGHT, 0, 0);
        image_make(&colour, page.pixels.format, 2 * WIDTH, 2 * HEIGHT, 0, 0);
        struct image small;
        image_make(&small, formats[i], WIDTH, HEIGHT, 0, 0);
        image_draw(&small, 7);
        for (uint32_t at = 0; at < WIDTH * HEIGHT; at++)
            for (unsigned c = 0; c < 3 + alpha; c++)
                image_set(&page, at % WIDTH, at / WIDTH, c,
                          image_sample(&small.pixels, at % WIDTH, at / WIDTH, c < 3 ? 0 : 1));
        assert_int_equal(
            planche_engine_run_pixels(engine, &page.pixels, &colour.pixels, NULL, NULL, NULL),
            PLANCHE_OK);
        double most = image_depth(formats[i]) == 16 ? 257 : 1;
        for (uint32_t at = 0; at < 4 * WIDTH * HEIGHT; at++) {
            uint32_t x = at % (2 * WIDTH), y = at / (2 * WIDTH);
            double luma = 0.299 * image_sample(&colour.pixels, x, y, 0) +
                          0.587 * image_sample(&colour.pixels, x, y, 1) +
                          0.114 * image_sample(&colour.pixels, x, y, 2);
            if (!is_clamped(&colour, x, y))
                assert_true(fabs(luma - image_sample(&grey.pixels, x, y, 0)) <= most);
        }
        image_free(&small);
        image_free(&grey);
        image_free(&page);
        image_free(&colour);
    }
    planche_engine_destroy(&engine);
}

/* A grey page runs through a network that is made for it; it makes the grey of the other's result.
 * The middle of one has many weights and little to compute: memory must be set aside for them. */
static void test_grey(void **state)
{
    static const struct own_form plain = {7, 2, 2, 3, 0, 0, false},
                                 middle = {9, 1, 2, 3, 288, 1, true};
    (void)state;
    check_grey(&plain);
    check_grey(&middle);
}

static void check_same_bytes(const char *model, unsigned scale, enum planche_pixel_format format)
{
    struct planche_engine_options options = options_of(model, scale);
    struct image one, two;
    options.threads = 1;
    options.memory = (uint64_t)24 << 20;
    run_once(make(options), format, &one);
    options.threads = 3;
    options.memory = (uint64_t)512 << 20;
    run_once(make(options), format, &two);
    image_expect_equal(&one.pixels, &two.pixels);
    image_free(&one);
    image_free(&two);
}

/* Bytes do not depend on threads and memory, of pages in colour and grey. */
static void test_same_bytes(void **state)
{
    static const unsigned scales[] = {1, 2, 4};
    static const struct own_form form = {16, 2, 2, 3, 24, 2, true};
    const struct own_file middle = own_file_make_form(&form, 11);
    (void)state;
    assert_true(own_file_write(&middle, test_path("model-middle.planche")));
    free(middle.data);
    for (size_t s = 0; s < 3; s++)
        for (unsigned format = PLANCHE_PIXELS_GREY8; format <= PLANCHE_PIXELS_RGB8; format += 2) {
            check_same_bytes("small", scales[s], (enum planche_pixel_format)format);
            check_same_bytes(test_path("model-middle.planche"), scales[s],
                             (enum planche_pixel_format)format);
        }
}

/* Scales without a network are chains; scale 1 cleans. */
static void test_scales(void **state)
{
    (void)state;
    for (unsigned scale = 1; scale <= 8; scale += scale < 4 ? 1 : 4) {
        struct planche_engine *engine = make_level("small", scale, 2);
        struct image out;
        const struct planche_page_result result = run(engine, PLANCHE_PIXELS_GREY8, &out);
        assert_int_equal(result.output_width, scale * WIDTH);
        assert_non_null(strstr(result.networks, "-clean2 "));
        assert_true(scale > 2 || result.passes == 1);
        image_free(&out);
        planche_engine_destroy(&engine);
    }
}

/* A file does what the same network in the library does; one for grey pages makes pages grey. */
static void test_files(void **state)
{
    const struct own_file colour = own_file_make(6, 1, 2, 3, 3),
                          grey = own_file_make(6, 1, 2, 1, 4);
    struct planche_page_result result;
    struct image page, out;
    (void)state;
    assert_true(own_file_write(&colour, test_path("model-a.planche")) &&
                own_file_write(&grey, test_path("model-b.planche")));
    struct planche_engine *engine = make_level(test_path("model-a.planche"), 8, 0.25);
    result = run(engine, PLANCHE_PIXELS_RGB8, &out);
    assert_string_equal(result.networks, "model-a-clean0.25 2x + model-a 2x (2 times)");
    image_free(&out);
    result = run(engine, PLANCHE_PIXELS_GREY16, &out);
    assert_int_equal(result.output_width, 8 * WIDTH);
    image_free(&out);
    planche_engine_destroy(&engine);
    engine = make(options_of(test_path("model-a.planche"), 1));
    result = run(engine, PLANCHE_PIXELS_RGB8, &out);
    assert_string_equal(result.networks, "model-a-clean0 1x");
    image_free(&out);
    planche_engine_destroy(&engine);
    expect_no_level(test_path("model-a.planche"), 1, -1, "ask for a level from 0 to 3");
    engine = make(options_of(test_path("model-b.planche"), 0));
    run(engine, PLANCHE_PIXELS_GREY8, &out);
    image_free(&out);
    image_make(&page, PLANCHE_PIXELS_RGB8, 2, 2, 0, 9);
    struct bytes file = encode(&page.pixels, PLANCHE_FORMAT_PNG);
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct image made;
    enum planche_format format = PLANCHE_FORMAT_PNG;
    void *data;
    size_t size;
    options.format = format;
    assert_int_equal(
        planche_engine_run_bytes(engine, file.data, file.size, &data, &size, &options, NULL, NULL),
        PLANCHE_OK);
    decode(&made, data, size, &format);
    assert_int_equal(image_channels(made.pixels.format), 1);
    planche_free_bytes(data);
    free(file.data);
    image_free(&made);
    image_free(&page);
    planche_engine_destroy(&engine);
    free(colour.data);
    free(grey.data);
}

/* Pixels with colours become what those of their greys do, in their own format; with colours that
 * are equal, to the last bit. */
static void expect_grey(const struct planche_engine *engine, enum planche_pixel_format format,
                        uint32_t width)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct image page, grey, out[2];
    unsigned channels = image_channels(format);
    uint32_t height = width ? HEIGHT * width / WIDTH : 2 * HEIGHT;
    enum planche_pixel_format plain = (enum planche_pixel_format)(format - 2);
    options.width = width;
    image_make(&page, format, WIDTH, HEIGHT, 6, 0);
    image_make(&grey, plain, WIDTH, HEIGHT, 0, 0);
    image_draw(&grey, 3);
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            for (unsigned c = 0; c < channels; c++)
                image_set(&page, x, y, c, image_sample(&grey.pixels, x, y, c < 3 ? 0 : 1));
    width = width ? width : 2 * WIDTH;
    image_make(&out[0], plain, width, height, 4, 0);
    image_make(&out[1], format, width, height, 4, 0);
    assert_int_equal(
        planche_engine_run_pixels(engine, &grey.pixels, &out[0].pixels, &options, NULL, NULL),
        PLANCHE_OK);
    assert_int_equal(
        planche_engine_run_pixels(engine, &page.pixels, &out[1].pixels, &options, NULL, NULL),
        PLANCHE_OK);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (unsigned c = 0; c < channels; c++)
                assert_int_equal(image_sample(&out[1].pixels, x, y, c),
                                 image_sample(&out[0].pixels, x, y, c < 3 ? 0 : 1));
    image_free(&page);
    image_free(&grey);
    image_free(&out[0]);
    image_free(&out[1]);
}

static void test_grey_of_colours(void **state)
{
    const struct own_file file = own_file_make(6, 1, 2, 1, 4);
    (void)state;
    assert_true(own_file_write(&file, test_path("model-grey.planche")));
    struct planche_engine *engine = make(options_of(test_path("model-grey.planche"), 2));
    expect_grey(engine, PLANCHE_PIXELS_RGB8, 0);
    expect_grey(engine, PLANCHE_PIXELS_RGBA16, 0);
    expect_grey(engine, PLANCHE_PIXELS_RGBA8, WIDTH);
    planche_engine_destroy(&engine);
    free(file.data);
}

/* A colour file without colours is run as a grey one, by the network for these. */
static void test_found_grey(void **state)
{
    struct planche_engine *engine = make(options_of("small", 2));
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct bytes files[2];
    void *out[2];
    size_t sizes[2];
    (void)state;
    options.format = PLANCHE_FORMAT_PNG;
    options.grey = PLANCHE_GREY_AUTO;
    for (int i = 0; i < 2; i++) {
        struct image page;
        image_make(&page, i ? PLANCHE_PIXELS_RGB8 : PLANCHE_PIXELS_GREY8, WIDTH, HEIGHT, 0, 0);
        for (uint32_t at = 0; at < WIDTH * HEIGHT; at++)
            for (unsigned c = 0; c < image_channels(page.pixels.format); c++)
                image_set(&page, at % WIDTH, at / WIDTH, c, at * 7 % 256);
        files[i] = encode(&page.pixels, PLANCHE_FORMAT_PNG);
        image_free(&page);
    }
    /* The one that must be scanned comes first: it needs a network that is not there yet. */
    for (int i = 1; i >= 0; i--)
        assert_int_equal(planche_engine_run_bytes(engine, files[i].data, files[i].size, &out[i],
                                                  &sizes[i], &options, NULL, NULL),
                         PLANCHE_OK);
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(out[0], out[1], sizes[0]);
    for (int i = 0; i < 2; i++) {
        free(files[i].data);
        planche_free_bytes(out[i]);
    }
    planche_engine_destroy(&engine);
}

static int setup(void **state)
{
    /* Neither a home nor a cache. */
    return unsetenv("HOME") || unsetenv("XDG_CACHE_HOME") || unsetenv("PLANCHE_MODEL_DIR") ||
           test_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_levels),
        cmocka_unit_test(test_fractions),
        cmocka_unit_test(test_levels_that_are_none),
        cmocka_unit_test(test_grey),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_grey_of_colours),
        cmocka_unit_test(test_found_grey),
    };
    return cmocka_run_group_tests(tests, setup, test_teardown);
}
