/* SPDX-License-Identifier: MIT */
/* Mean colours in cells: of pictures of any size, wherever they lie. */
#include "image/cells.h"
#include "support/testing.h"

#include <math.h>
#include <string.h>

static const struct planche_cells_place whole = {0, 0, 1, 1};

/* A picture that is dark on its left half, of rows of width pixels. */
static void add_halves(struct planche_cells *cells, const struct planche_cells_place *place,
                       uint32_t width, uint32_t height, unsigned channels)
{
    uint8_t row[3000];
    for (uint32_t x = 0; x < width * channels; x++)
        row[x] = x < width * channels / 2 ? 10 : 210;
    for (uint32_t y = 0; y < height; y++)
        planche_cells_add(cells, place, row, channels, y, width, height);
}

static void test_sizes(void **state)
{
    static const struct {
        uint32_t width, height;
        unsigned channels;
    } sizes[] = {{2, 1, 3}, {2, 1, 1}, {96, 48, 3}, {48, 7, 1}, {1000, 331, 3}};
    static struct planche_cells first, other;
    (void)state;
    first = (struct planche_cells){0};
    add_halves(&first, &whole, 2, 1, 3);
    for (int y = 0; y < PLANCHE_CELLS; y++)
        for (int x = 0; x < PLANCHE_CELLS; x++) {
            assert_true(fabs(first.area[y][x] - 1) < 1e-9);
            assert_true(fabs(first.colours[y][x][1] - (x < PLANCHE_CELLS / 2 ? 10 : 210)) < 1e-6);
        }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        other = (struct planche_cells){0};
        add_halves(&other, &whole, sizes[i].width, sizes[i].height, sizes[i].channels);
        struct planche_cells_difference apart = planche_cells_compare(&first, &other);
        assert_true(apart.mean < 1e-6 && apart.most < 1e-6);
    }
}

static void test_places(void **state)
{
    static struct planche_cells page, other;
    (void)state;
    page = other = (struct planche_cells){0};
    /* What nothing covers is white. */
    add_halves(&page, &(struct planche_cells_place){0.5, 0, 0.5, 1}, 20, 20, 3);
    assert_true(page.area[0][0] == 0 && fabs(page.area[0][PLANCHE_CELLS - 1] - 1) < 1e-9);
    struct planche_cells_difference apart = planche_cells_compare(&page, &other);
    assert_true(fabs(apart.mean - (0.25 * 245 + 0.25 * 45)) < 1e-6);
    assert_true(fabs(apart.most - 245) < 1e-6);
    /* What lies beyond the grid is cut off; nowhere at all, nothing is left. */
    page = (struct planche_cells){0};
    add_halves(&page, &(struct planche_cells_place){-1, -0.5, 2, 2}, 10, 10, 1);
    assert_true(fabs(page.colours[3][3][0] - 210) < 1e-6);
    page = (struct planche_cells){0};
    add_halves(&page, &(struct planche_cells_place){3, 0, 1, 1}, 10, 10, 1);
    add_halves(&page, &(struct planche_cells_place){0, NAN, 1, 1}, 10, 10, 1);
    add_halves(&page, &(struct planche_cells_place){0, 0, -INFINITY, 1}, 10, 10, 1);
    assert_true(planche_cells_compare(&page, &other).most == 0);
}

/* One cell that differs is seen as such. */
static void test_spot(void **state)
{
    static struct planche_cells page, other;
    uint8_t row[PLANCHE_CELLS], black[PLANCHE_CELLS];
    (void)state;
    memset(row, 200, sizeof row);
    memset(black, 200, sizeof black);
    black[17] = 0;
    page = other = (struct planche_cells){0};
    for (uint32_t y = 0; y < PLANCHE_CELLS; y++) {
        planche_cells_add(&page, &whole, row, 1, y, PLANCHE_CELLS, PLANCHE_CELLS);
        planche_cells_add(&other, &whole, y == 5 ? black : row, 1, y, PLANCHE_CELLS, PLANCHE_CELLS);
    }
    struct planche_cells_difference apart = planche_cells_compare(&page, &other);
    assert_true(fabs(apart.most - 200) < 1e-6);
    assert_true(fabs(apart.mean - 200.0 / PLANCHE_CELLS / PLANCHE_CELLS) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_spot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
