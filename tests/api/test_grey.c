/* SPDX-License-Identifier: MIT */
/* Colour files without colours: run and stored as grey, and only those. */
#include "api_test.h"

#include <stdlib.h>
#include <string.h>

static struct planche_engine *engine;

static int setup(void **state)
{
    const struct planche_engine_options options = {.memory = (uint64_t)64 << 20};
    if (test_setup(state))
        return -1;
    engine = test_engine(options, 2);
    return 0;
}

static int teardown(void **state)
{
    planche_engine_destroy(&engine);
    return test_teardown(state);
}

/* A page in grey, and in a format with colours whose channels all have the grey's value. */
static void make_pair(struct image *grey, struct image *colour, enum planche_pixel_format format)
{
    unsigned channels = image_channels(format);
    image_make(grey, (enum planche_pixel_format)(format - 2), 37, 29, 0, 0);
    image_make(colour, format, 37, 29, 0, 0);
    image_draw(grey, 3);
    for (uint32_t y = 0; y < 29; y++)
        for (uint32_t x = 0; x < 37; x++)
            for (unsigned c = 0; c < channels; c++)
                image_set(colour, x, y, c, image_sample(&grey->pixels, x, y, c < 3 ? 0 : 1));
}

static struct bytes run(const struct image *page, enum planche_format from,
                        enum planche_format format, enum planche_grey grey)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct bytes in = encode(&page->pixels, from);
    options.format = format;
    options.grey = grey;
    struct bytes out = test_run_bytes(engine, &in, &options, NULL);
    free(in.data);
    return out;
}

static unsigned channels_of(const struct bytes *file)
{
    struct image image;
    enum planche_format format;
    decode(&image, file->data, file->size, &format);
    unsigned channels = image_channels(image.pixels.format);
    image_free(&image);
    return channels;
}

static void expect_channels(const struct image *page, enum planche_format format, unsigned expected)
{
    struct bytes file = run(page, PLANCHE_FORMAT_PNG, format, PLANCHE_GREY_AUTO);
    assert_int_equal(channels_of(&file), expected);
    free(file.data);
}

/* The result is that of the grey page, to the byte. */
static void test_same_as_grey(void **state)
{
    static const enum planche_pixel_format formats[] = {
        PLANCHE_PIXELS_RGB8, PLANCHE_PIXELS_RGBA8, PLANCHE_PIXELS_RGB16, PLANCHE_PIXELS_RGBA16};
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (int to = PLANCHE_FORMAT_PNG; to <= PLANCHE_FORMAT_WEBP; to++) {
            enum planche_format format = (enum planche_format)to;
            struct image grey, colour;
            make_pair(&grey, &colour, formats[i]);
            struct bytes expected = run(&grey, PLANCHE_FORMAT_PNG, format, PLANCHE_GREY_AUTO);
            struct bytes actual = run(&colour, PLANCHE_FORMAT_PNG, format, PLANCHE_GREY_AUTO);
            struct bytes kept = run(&colour, PLANCHE_FORMAT_PNG, format, PLANCHE_GREY_KEEP);
            assert_int_equal(actual.size, expected.size);
            assert_memory_equal(actual.data, expected.data, actual.size);
            assert_true(channels_of(&kept) >= 3);
            assert_true(format == PLANCHE_FORMAT_WEBP || channels_of(&actual) < 3);
            free(expected.data);
            free(actual.data);
            free(kept.data);
            image_free(&grey);
            image_free(&colour);
        }
}

/* A level apart is grey, two are a colour, wherever they are. */
static void test_one_level(void **state)
{
    (void)state;
    for (unsigned format = PLANCHE_PIXELS_RGB8; format <= PLANCHE_PIXELS_RGB16; format += 4)
        for (uint32_t place = 0; place < 3; place++) {
            struct image grey, page;
            uint32_t x = place * 18, y = place * 14;
            make_pair(&grey, &page, (enum planche_pixel_format)format);
            for (unsigned c = 0; c < 3; c++)
                image_set(&page, x, y, c, 100 + (c == place));
            expect_channels(&page, PLANCHE_FORMAT_PNG, 1);
            image_set(&page, x, y, place, 102);
            expect_channels(&page, PLANCHE_FORMAT_PNG, 3);
            expect_channels(&page, PLANCHE_FORMAT_JPEG, 3);
            image_free(&grey);
            image_free(&page);
        }
}

/* A colour that cannot be seen is none. */
static void test_transparent_colours(void **state)
{
    struct image grey, page;
    (void)state;
    make_pair(&grey, &page, PLANCHE_PIXELS_RGBA8);
    image_set(&page, 5, 5, 0, 250);
    image_set(&page, 5, 5, 1, 10);
    image_set(&page, 5, 5, 3, 0);
    expect_channels(&page, PLANCHE_FORMAT_PNG, 2);
    image_set(&page, 5, 5, 3, 1);
    expect_channels(&page, PLANCHE_FORMAT_PNG, 4);
    image_free(&grey);
    image_free(&page);
}

/* Files that are held whole are looked at as well; what happens in grey differs from what happens
 * in colours by little. */
static void test_other_files(void **state)
{
    struct image grey, page;
    (void)state;
    make_pair(&grey, &page, PLANCHE_PIXELS_RGB8);
    for (int from = PLANCHE_FORMAT_JPEG; from <= PLANCHE_FORMAT_WEBP; from++) {
        struct bytes file =
            run(&page, (enum planche_format)from, PLANCHE_FORMAT_PNG, PLANCHE_GREY_AUTO);
        assert_int_equal(channels_of(&file), 1);
        free(file.data);
    }
    image_free(&grey);
    image_free(&page);
}

/* A file that is cut is refused, whoever meets the end first; nothing is written. */
static void test_cut_file(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct image grey, page;
    void *data;
    size_t size;
    (void)state;
    make_pair(&grey, &page, PLANCHE_PIXELS_RGB8);
    struct bytes file = encode(&page.pixels, PLANCHE_FORMAT_PNG);
    options.grey = PLANCHE_GREY_AUTO;
    assert_int_equal(planche_engine_run_bytes(engine, file.data, file.size / 2, &data, &size,
                                              &options, NULL, NULL),
                     PLANCHE_ERROR_DATA);
    options.grey = (enum planche_grey)2;
    assert_int_equal(
        planche_engine_run_bytes(engine, file.data, file.size, &data, &size, &options, NULL, NULL),
        PLANCHE_ERROR_ARGUMENT);
    free(file.data);
    image_free(&grey);
    image_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_grey),
        cmocka_unit_test(test_one_level),
        cmocka_unit_test(test_transparent_colours),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_cut_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
