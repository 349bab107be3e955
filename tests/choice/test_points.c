/* SPDX-License-Identifier: MIT */
/* Black and white point: found in scans, and never moved on clean pages. */
#include "choice/points.h"
#include "support/random.h"
#include "support/testing.h"

#include <stdlib.h>
#include <string.h>

#define SIDE 400

static uint64_t random_state;

/* About normal, with a deviation of `spread`. */
static int noise(int spread)
{
    int sum = 0;
    for (int i = 0; i < 12; i++)
        sum += test_random_int(&random_state, 0, 999);
    return (sum - 5994) * spread / 1000;
}

static uint8_t clip(int value)
{
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

/* Lettering and tone on paper: a tenth ink, a tenth dots. */
static void draw(uint8_t *page, int black, int white, int spread)
{
    random_state = 7;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            bool ink = (x / 4 + y / 8) % 10 == 0, dot = x > SIDE / 2 && (x % 4 < 2) && y % 4 < 2;
            page[y * SIDE + x] = clip((ink || dot ? black : white) + noise(spread));
        }
}

static struct planche_points find(const void *page, unsigned channels, unsigned depth)
{
    struct planche_greys greys = {0};
    const uint8_t *row = page;
    for (int y = 0; y < SIDE; y++, row += (size_t)SIDE * channels * depth / 8)
        planche_greys_add(&greys, row, SIDE, channels, depth);
    return planche_points_find(&greys);
}

static void expect(struct planche_points points, int black, int white, int off)
{
    if (abs(points.black - black) > off || abs(points.white - white) > off)
        fail_msg("black %d and white %d instead of %d and %d", points.black, points.white, black,
                 white);
}

static void test_scans(void **state)
{
    static uint8_t page[SIDE * SIDE], pairs[2 * SIDE * SIDE];
    static uint16_t deep[SIDE * SIDE];
    (void)state;
    draw(page, 32, 228, 5);
    expect(find(page, 1, 8), 32, 228, 2);
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        pairs[2 * i] = page[i];
        pairs[2 * i + 1] = (uint8_t)i;
        deep[i] = (uint16_t)(page[i] << 8 | (i & 255));
    }
    struct planche_points points = find(page, 1, 8);
    expect(find(pairs, 2, 8), points.black, points.white, 0);
    expect(find(deep, 1, 16), points.black, points.white, 0);
    draw(page, 60, 255, 4);
    expect(find(page, 1, 8), 60, 255, 2);
    draw(page, 0, 200, 4);
    expect(find(page, 1, 8), 0, 200, 2);
}

/* Black and white, also where most of the page is something else, with the noise of JPEG, and
 * where there is neither. */
static void test_clean_pages(void **state)
{
    static uint8_t page[SIDE * SIDE];
    (void)state;
    for (int spread = 0; spread <= 3; spread++) {
        draw(page, 0, 255, spread);
        expect(find(page, 1, 8), 0, 255, 0);
    }
    draw(page, 0, 255, 0);
    for (size_t i = SIDE * SIDE / 20; i < SIDE * SIDE; i++) /* grey, but for a corner */
        page[i] = page[i] ? 215 : 45;
    expect(find(page, 1, 8), 0, 255, 0);
    memset(page, 128, sizeof page);
    expect(find(page, 1, 8), 0, 255, 0);
    for (size_t i = 0; i < SIDE * SIDE; i++) /* soft lines: all values, none most */
        page[i] = i % 20 == 0 ? (uint8_t)(i / 20) : 255;
    expect(find(page, 1, 8), 0, 255, 0);
    for (size_t i = 0; i < SIDE * SIDE; i++) /* a painting */
        page[i] = (uint8_t)(20 + i % 200);
    expect(find(page, 1, 8), 0, 255, 0);
    struct planche_greys none = {0};
    expect(planche_points_find(&none), 0, 255, 0);
}

/* The line through both points, rounded; alpha stays. */
static void test_moving(void **state)
{
    const struct planche_points points = {30, 230};
    struct planche_stretch stretch;
    uint8_t row[512];
    uint16_t deep[512];
    (void)state;
    planche_stretch_make(&stretch, &points);
    for (unsigned i = 0; i < 256; i++) {
        row[2 * i] = (uint8_t)i;
        row[2 * i + 1] = (uint8_t)(i * 7);
        deep[2 * i] = (uint16_t)(i * 257);
        deep[2 * i + 1] = (uint16_t)(i * 77);
    }
    planche_stretch_row(&stretch, row, 256, 2, 8);
    planche_stretch_row(&stretch, deep, 256, 2, 16);
    for (unsigned i = 0; i < 256; i++) {
        double exact = (i - 30.0) / 200;
        exact = exact < 0 ? 0 : exact > 1 ? 1 : exact;
        assert_int_equal(row[2 * i], (int)(exact * 255 + 0.5));
        assert_int_equal(row[2 * i + 1], (uint8_t)(i * 7));
        assert_int_equal(deep[2 * i], (int)(exact * 65535 + 0.5));
        assert_int_equal(deep[2 * i + 1], (uint16_t)(i * 77));
    }
    assert_false(planche_points_move(&(struct planche_points){0, 255}));
    assert_true(planche_points_move(&points));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scans),
        cmocka_unit_test(test_clean_pages),
        cmocka_unit_test(test_moving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
