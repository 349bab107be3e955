/* SPDX-License-Identifier: MIT */
/* A PPM becomes a PNG with the same pixels, in pieces of any size, or is told to be broken. */
#include "archive/ppm_png.h"
#include "codec/codec.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 2000000

/* All that a conversion gives; -1: it does not end well. */
static long convert(const uint8_t *ppm, size_t size, size_t piece, uint8_t *out,
                    struct planche_budget *budget, enum planche_ppm_png_state *state)
{
    struct planche_ppm_png *png = calloc(1, sizeof *png);
    size_t at = 0, made = 0, left = 0;
    const uint8_t *data = ppm;
    png->density = 11811;
    png->max_pixels = 1000000;
    png->budget = budget;
    do {
        if (left == 0) {
            data = ppm + at;
            left = size - at < piece ? size - at : piece;
            at += left;
        }
        *state = planche_ppm_png_step(png, &data, &left);
        if (*state == PLANCHE_PPM_PNG_READY) {
            assert_true(made + png->out_size <= ROOM);
            memcpy(out + made, png->out, png->out_size);
            made += png->out_size;
        }
    } while (*state == PLANCHE_PPM_PNG_READY || *state == PLANCHE_PPM_PNG_MORE);
    planche_ppm_png_end(png);
    free(png);
    return *state == PLANCHE_PPM_PNG_DONE ? (long)made : -1;
}

static uint8_t *make(unsigned width, unsigned height, size_t *size)
{
    char head[64];
    size_t length = (size_t)snprintf(head, sizeof head, "P6\n%u %u\n255\n", width, height);
    size_t pixels = (size_t)width * height * 3;
    uint8_t *ppm = malloc(length + pixels + 1);
    memcpy(ppm, head, length);
    for (size_t i = 0; i < pixels; i++)
        ppm[length + i] = (uint8_t)(i * i * 2654435761u >> 13);
    *size = length + pixels;
    return ppm;
}

static void expect_pixels(const uint8_t *png, long size, const uint8_t *pixels, unsigned width,
                          unsigned height)
{
    const struct planche_source source = {.name = "png", .data = png, .size = (size_t)size};
    const struct planche_reader_options options = {0};
    struct planche_reader *reader;
    struct planche_error error;
    uint8_t *rows = malloc((size_t)width * height * 3);
    assert_int_equal(planche_reader_open(&reader, &source, &options, &error), PLANCHE_OK);
    const struct planche_image_info *info = planche_reader_info(reader);
    assert_true(info->width == width && info->height == height && info->channels == 3);
    assert_true(info->metadata->x_density == 11811);
    assert_int_equal(planche_reader_read(reader, rows, (size_t)width * 3, height, &error),
                     PLANCHE_OK);
    assert_memory_equal(rows, pixels, (size_t)width * height * 3);
    planche_reader_destroy(&reader);
    free(rows);
}

static void test_pixels(void **state)
{
    static const unsigned sizes[][2] = {{1, 1}, {3, 2}, {1, 700}, {700, 1}, {317, 411}};
    uint8_t *out = malloc(ROOM);
    enum planche_ppm_png_state ended;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size;
        const unsigned width = sizes[i][0], height = sizes[i][1];
        uint8_t *ppm = make(width, height, &size);
        for (size_t piece = 1; piece < 3 * size; piece = piece * 13 + 1) {
            long made = convert(ppm, size, piece, out, NULL, &ended);
            assert_true(made > 0);
            expect_pixels(out, made, ppm + size - (size_t)width * height * 3, width, height);
        }
        free(ppm);
    }
    free(out);
}

static void test_broken(void **state)
{
    static const char *const heads[] = {
        "",
        "P",
        "P5\n1 1\n255\nabc",
        "P6\n0 1\n255\n",
        "P6\n1 1\n65535\nabcabc",
        "P6\n1 1 255",
        "P6\n1234567890 1\n255\nabc",
        "P6\n-1 1\n255\nabc",
        "P6  1 1\n255\nabc",
        "P6\n1 1\n255\nab",
        "P6\n1 1\n255\nabcd",
        "P6\n1001 1000\n255\nabc",
        "P6\n999999999 999999999\n255\nabc",
        "P6\n#c\n1 1\n255\nabc",
    };
    uint8_t *out = malloc(ROOM);
    enum planche_ppm_png_state ended;
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (size_t piece = 1; piece < 40; piece += 12) {
            assert_int_equal(
                convert((const uint8_t *)heads[i], strlen(heads[i]), piece, out, NULL, &ended), -1);
            assert_int_equal(ended, PLANCHE_PPM_PNG_BROKEN);
        }
    free(out);
}

static void test_memory(void **state)
{
    struct planche_budget budget;
    enum planche_ppm_png_state ended;
    uint8_t *out = malloc(ROOM);
    size_t size;
    uint8_t *ppm = make(9, 9, &size);
    (void)state;
    planche_budget_init(&budget, 1000);
    assert_int_equal(convert(ppm, size, 100, out, &budget, &ended), -1);
    assert_int_equal(ended, PLANCHE_PPM_PNG_MEMORY);
    planche_budget_init(&budget, 1000000);
    assert_true(convert(ppm, size, 100, out, &budget, &ended) > 0);
    assert_true(atomic_load(&budget.used) == 0);
    free(ppm);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
