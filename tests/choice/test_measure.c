/* SPDX-License-Identifier: MIT */
/* Measurement of pages: what encoders have done to them, found in their files and in their pixels,
 * and what is no trace of an encoder. */
#include "choice/drawn.h"
#include "choice/measure.h"

#include <stdlib.h>
#include <string.h>

#define SIDE 288

/* What is measured of a file. */
static struct planche_signs look(const struct bytes *file)
{
    struct planche_budget budget;
    struct planche_error error;
    struct planche_reader *reader;
    struct planche_measure measure;
    planche_budget_init(&budget, 0);
    const struct planche_source source = {.name = "page", .data = file->data, .size = file->size};
    const struct planche_reader_options options = {.budget = &budget};
    assert_int_equal(planche_reader_open(&reader, &source, &options, &error), PLANCHE_OK);
    const struct planche_image_info *info = planche_reader_info(reader);
    assert_true(planche_measure_start(&measure, info, planche_reader_encoding(reader), &budget));
    size_t size = info->width * planche_image_pixel_size(info);
    uint8_t *row = malloc(size);
    for (uint32_t y = 0; y < info->height; y++) {
        assert_int_equal(planche_reader_read(reader, row, size, 1, &error), PLANCHE_OK);
        planche_measure_add(&measure, row);
    }
    struct planche_signs signs = planche_measure_signs(&measure, false);
    planche_measure_stop(&measure);
    free(row);
    planche_reader_destroy(&reader);
    assert_int_equal(budget.used, 0);
    return signs;
}

/* The page as a file; quality 0: PNG. The page is freed. */
static struct bytes encode(struct picture page, enum planche_format format, int quality)
{
    struct bytes file = {0};
    struct planche_error error;
    const struct planche_writer_options options = {.quality = quality};
    assert_int_equal(write_picture(&page, format, NULL, &options, &file, &error), PLANCHE_OK);
    picture_free(&page);
    return file;
}

/* What a viewer sees of a file, which is freed. */
static struct picture decode(struct bytes file)
{
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    struct picture page = result.picture;
    result.picture.data = NULL;
    read_result_free(&result);
    bytes_free(&file);
    return page;
}

static struct planche_signs look_once(struct picture page, enum planche_format format, int quality)
{
    struct bytes file = encode(page, format, quality);
    struct planche_signs signs = look(&file);
    bytes_free(&file);
    return signs;
}

/* Cut blocks tell less: more of them are needed. */
static struct picture damage(enum drawn_kind kind, int quality)
{
    bool cut = kind == DRAWN_LINES || kind == DRAWN_DOTS || kind == DRAWN_HATCHING;
    uint32_t side = cut ? 2 * SIDE : SIDE;
    return decode(encode(draw_page(kind, side, side), PLANCHE_FORMAT_JPEG, quality));
}

static void test_files(void **state)
{
    static const int qualities[] = {30, 50, 70, 80, 90, 95};
    (void)state;
    for (size_t i = 0; i < sizeof qualities / sizeof *qualities; i++) {
        unsigned quality = (unsigned)qualities[i];
        struct planche_signs signs =
            look_once(draw_page(DRAWN_FLAT, 64, 64), PLANCHE_FORMAT_JPEG, qualities[i]);
        assert_in_range(signs.file_quality, quality, quality + 1); /* 50 and 51 are alike */
        assert_int_equal(signs.format, PLANCHE_FORMAT_JPEG);
        signs = look_once(draw_page(DRAWN_PAINTING, 200, 200), PLANCHE_FORMAT_WEBP, qualities[i]);
        assert_in_range(signs.file_quality, quality - 10, quality + 10);
        assert_int_equal(signs.chroma, 4);
    }
    struct planche_signs signs = look_once(draw_page(DRAWN_FLAT, 64, 64), PLANCHE_FORMAT_PNG, 0);
    assert_int_equal(signs.file_quality, 0);
    assert_int_equal(signs.chroma, 0);
}

/* Nothing that is drawn, and was saved without loss, looks like an encoder's work. */
static void test_clean(void **state)
{
    (void)state;
    for (int kind = 0; kind < DRAWN_KINDS; kind++) {
        struct planche_signs signs =
            look_once(draw_page((enum drawn_kind)kind, SIDE, SIDE), PLANCHE_FORMAT_PNG, 0);
        if (signs.past_quality)
            fail_msg("kind %d is taken for a JPEG of %u", kind, signs.past_quality);
    }
}

static void expect_past(enum drawn_kind kind, int quality, unsigned slack)
{
    unsigned expected = (unsigned)quality;
    struct planche_signs signs = look_once(damage(kind, quality), PLANCHE_FORMAT_PNG, 0);
    assert_int_equal(signs.file_quality, 0);
    if (signs.past_quality + slack < expected || signs.past_quality > expected + slack)
        fail_msg("kind %d, quality %d: %u found", (int)kind, quality, signs.past_quality);
}

static void test_saved_again(void **state)
{
    static const int qualities[] = {50, 60, 70, 80, 88};
    (void)state;
    for (size_t i = 0; i < sizeof qualities / sizeof *qualities; i++) {
        expect_past(DRAWN_PAINTING, qualities[i], 3);
        expect_past(DRAWN_GREY, qualities[i], 3);
    }
    /* Black and white are cut off: of so few blocks, not all qualities are found. */
    expect_past(DRAWN_LINES, 55, 4);
    expect_past(DRAWN_LINES, 65, 4);
    expect_past(DRAWN_DOTS, 70, 4);
    expect_past(DRAWN_DOTS, 80, 4);
    expect_past(DRAWN_HATCHING, 50, 4);
    /* At a higher quality as JPEG, and as WebP. */
    struct planche_signs signs = look_once(damage(DRAWN_PAINTING, 60), PLANCHE_FORMAT_JPEG, 95);
    assert_int_equal(signs.file_quality, 95);
    assert_in_range(signs.past_quality, 57, 63);
    signs = look_once(damage(DRAWN_PAINTING, 98), PLANCHE_FORMAT_PNG, 0);
    assert_int_equal(signs.past_quality, 0);
}

/* Margins were cut off before the page was saved again. */
static void test_cut(void **state)
{
    (void)state;
    for (uint32_t left = 0; left < 8; left += 3) {
        struct picture page = damage(DRAWN_PAINTING, 60);
        struct planche_signs signs =
            look_once(cut_page(&page, left, (left * 3) % 8), PLANCHE_FORMAT_PNG, 0);
        assert_in_range(signs.past_quality, 57, 63);
    }
}

static void test_texture(void **state)
{
    (void)state;
    struct planche_signs dots = look_once(draw_page(DRAWN_DOTS, SIDE, SIDE), PLANCHE_FORMAT_PNG, 0);
    struct planche_signs flat = look_once(draw_page(DRAWN_FLAT, SIDE, SIDE), PLANCHE_FORMAT_PNG, 0);
    struct planche_signs soft =
        look_once(draw_page(DRAWN_PAINTING, SIDE, SIDE), PLANCHE_FORMAT_PNG, 0);
    assert_true(dots.screen > 40 && flat.screen < 5 && soft.screen == 0);
    assert_true(flat.flat > 40 && dots.flat < 10 && soft.flat < 10);
    assert_true(soft.soft > 80 && dots.soft < 20 && flat.soft < 20);
}

static void test_small(void **state)
{
    (void)state;
    for (uint32_t side = 1; side < 12; side += 3) {
        struct planche_signs signs =
            look_once(draw_page(DRAWN_PAINTING, side, 12 - side), PLANCHE_FORMAT_PNG, 0);
        assert_int_equal(signs.past_quality, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),       cmocka_unit_test(test_clean),
        cmocka_unit_test(test_saved_again), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_texture),     cmocka_unit_test(test_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
