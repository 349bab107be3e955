/* SPDX-License-Identifier: MIT */
/* Colours under transparency: against a plain sum over each window. */
#include "support/testing.h"

#include "image/bleed.h"
#include "image/pixels.h"
#include "plane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
    uint32_t width, height;
    enum planche_pixel_format format;
    uint8_t *data;
};

static struct page make_page(uint32_t width, uint32_t height, enum planche_pixel_format format)
{
    struct page page = {width, height, format,
                        calloc((size_t)width * height, planche_pixel_size(format))};
    assert_non_null(page.data);
    return page;
}

static uint32_t get(const struct page *page, uint32_t x, uint32_t y, unsigned channel)
{
    size_t index = ((size_t)y * page->width + x) * planche_pixel_channels(page->format) + channel;
    return planche_pixel_depth(page->format) == 16 ? ((uint16_t *)(void *)page->data)[index]
                                                   : page->data[index];
}

static void set(struct page *page, uint32_t x, uint32_t y, unsigned channel, uint32_t value)
{
    size_t index = ((size_t)y * page->width + x) * planche_pixel_channels(page->format) + channel;
    if (planche_pixel_depth(page->format) == 16)
        ((uint16_t *)(void *)page->data)[index] = (uint16_t)value;
    else
        page->data[index] = (uint8_t)value;
}

static struct page bleed(const struct page *in, uint32_t ahead)
{
    struct planche_budget budget;
    struct planche_bleed *bleed;
    struct planche_bleed_options options = {in->width, in->height, in->format, ahead};
    struct page out = make_page(in->width, in->height,
                                planche_pixel_format_make(planche_pixel_channels(in->format) - 1,
                                                          planche_pixel_depth(in->format)));
    size_t in_row = in->width * planche_pixel_size(in->format);
    size_t out_row = out.width * planche_pixel_size(out.format);
    planche_budget_init(&budget, 0);
    assert_int_equal(planche_bleed_create(&bleed, &options, &budget, NULL), PLANCHE_OK);
    assert_true(budget.used <= planche_bleed_memory(&options));
    for (int pass = 0; pass < 2; pass++) {
        uint32_t pushed = 0, pulled = 0;
        planche_bleed_rewind(bleed);
        while (pulled < in->height) {
            for (uint32_t i = 0; i <= ahead && pushed < in->height; i++)
                assert_true(planche_bleed_push(bleed, in->data + pushed++ * in_row));
            for (uint32_t i = planche_bleed_ready(bleed); i > 0; i--)
                assert_true(planche_bleed_pull(bleed, out.data + pulled++ * out_row));
        }
        assert_false(planche_bleed_pull(bleed, out.data));
        assert_false(planche_bleed_push(bleed, in->data));
    }
    planche_bleed_destroy(&bleed);
    assert_int_equal(budget.used, 0);
    return out;
}

static uint32_t reference(const struct page *in, uint32_t x, uint32_t y, unsigned channel)
{
    const int64_t radius = PLANCHE_BLEED_RADIUS;
    unsigned last = planche_pixel_channels(in->format) - 1;
    uint64_t max = planche_pixel_depth(in->format) == 16 ? 65535 : 255, sum = 0, weight = 0;
    for (int64_t j = y - radius; j <= y + radius; j++)
        for (int64_t i = x - radius; i <= x + radius; i++)
            if (i >= 0 && j >= 0 && i < in->width && j < in->height) {
                uint64_t alpha = get(in, (uint32_t)i, (uint32_t)j, last);
                sum += alpha * get(in, (uint32_t)i, (uint32_t)j, channel);
                weight += alpha;
            }
    uint64_t mean = weight ? (sum + weight / 2) / weight : max;
    uint64_t alpha = get(in, x, y, last), own = get(in, x, y, channel);
    return (uint32_t)((own * alpha + mean * (max - alpha) + max / 2) / max);
}

static void compare(const struct page *in)
{
    struct page one = bleed(in, 0), many = bleed(in, 5);
    unsigned colours = planche_pixel_channels(one.format);
    for (uint32_t y = 0; y < in->height; y++)
        for (uint32_t x = 0; x < in->width; x++)
            for (unsigned c = 0; c < colours; c++) {
                assert_int_equal(get(&one, x, y, c), reference(in, x, y, c));
                assert_int_equal(get(&many, x, y, c), get(&one, x, y, c));
            }
    free(one.data);
    free(many.data);
}

static void test_reference(void **state)
{
    (void)state;
    static const uint32_t sides[][2] = {{1, 1}, {3, 40}, {40, 3}, {17, 17}, {31, 29}};
    static const enum planche_pixel_format formats[] = {
        PLANCHE_PIXELS_GREY_ALPHA8, PLANCHE_PIXELS_RGBA8, PLANCHE_PIXELS_GREY_ALPHA16,
        PLANCHE_PIXELS_RGBA16};
    uint32_t seed = 77;
    printf("seed %u\n", seed);
    for (size_t s = 0; s < sizeof sides / sizeof sides[0]; s++)
        for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
            struct page in = make_page(sides[s][0], sides[s][1], formats[f]);
            unsigned channels = planche_pixel_channels(in.format);
            uint32_t max = planche_pixel_depth(in.format) == 16 ? 65535 : 255;
            for (uint32_t y = 0; y < in.height; y++)
                for (uint32_t x = 0; x < in.width; x++)
                    for (unsigned c = 0; c < channels; c++) {
                        uint32_t value = plane_random(&seed) & max;
                        /* Alpha is often nothing or all. */
                        uint32_t dice = plane_random(&seed) % 4;
                        if (c + 1 == channels && dice < 3)
                            value = dice < 2 ? 0 : max;
                        set(&in, x, y, c, value);
                    }
            compare(&in);
            free(in.data);
        }
}

/* A red patch on hidden black: no black within sight of the patch, white paper beyond. */
static void test_no_halo(void **state)
{
    (void)state;
    struct page in = make_page(60, 60, PLANCHE_PIXELS_RGBA8);
    for (uint32_t y = 20; y < 40; y++)
        for (uint32_t x = 20; x < 40; x++) {
            set(&in, x, y, 0, 200);
            set(&in, x, y, 3, 255);
        }
    struct page out = bleed(&in, 0);
    for (uint32_t y = 12; y < 48; y++)
        for (uint32_t x = 12; x < 48; x++) {
            assert_int_equal(get(&out, x, y, 0), 200);
            assert_int_equal(get(&out, x, y, 1), 0);
        }
    for (unsigned c = 0; c < 3; c++)
        assert_int_equal(get(&out, 5, 5, c), 255);
    free(in.data);
    free(out.data);
}

static void test_errors(void **state)
{
    (void)state;
    static const struct planche_bleed_options bad[] = {{0, 1, PLANCHE_PIXELS_RGBA8, 0},
                                                       {1, 0, PLANCHE_PIXELS_RGBA8, 0},
                                                       {1, 1, PLANCHE_PIXELS_RGB8, 0},
                                                       {1, 1, (enum planche_pixel_format)0, 0}};
    struct planche_bleed *bleed;
    struct planche_budget budget;
    struct planche_error error;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(planche_bleed_create(&bleed, &bad[i], NULL, &error),
                         PLANCHE_ERROR_ARGUMENT);
    struct planche_bleed_options good = {1000, 1000, PLANCHE_PIXELS_RGBA8, 0};
    planche_budget_init(&budget, 4096);
    assert_int_equal(planche_bleed_create(&bleed, &good, &budget, &error), PLANCHE_ERROR_BUDGET);
    assert_int_equal(budget.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_no_halo),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
