/* SPDX-License-Identifier: MIT */
/* Where results are cut that no file of their format can hold. */
#include "support/testing.h"

#include "engine/split_result.h"
#include "support/random.h"

#include <stdlib.h>
#include <string.h>

/* Of calls whose status is enough. */
static struct planche_error ignored;

static struct planche_split_result choose(const struct planche_split_options *options)
{
    struct planche_split_result parts = {.count = 0};
    assert_int_equal(planche_split_choose(&parts, options, &ignored), PLANCHE_OK);
    return parts;
}

/* Each part fits, and they are the whole. */
static void check(const struct planche_split_result *parts,
                  const struct planche_split_options *options)
{
    uint32_t start = 0, tallest = 0;
    for (unsigned i = 0; i < parts->count; i++) {
        assert_true(parts->ends[i] > start);
        assert_true(parts->ends[i] - start <= options->max_rows);
        tallest = parts->ends[i] - start > tallest ? parts->ends[i] - start : tallest;
        start = parts->ends[i];
    }
    assert_int_equal(start, options->out_height);
    assert_int_equal(planche_split_tallest(parts), tallest);
}

/* The row of the page in which a cut lies. */
static uint32_t row_of(const struct planche_split_options *options, uint32_t end)
{
    return (uint32_t)((uint64_t)end * options->in_height / options->out_height);
}

/* 2x, gutters of 20 rows all 100 rows: as many parts as must be, cut in gutters. */
static void test_gutters(void **state)
{
    uint8_t variation[1000];
    struct planche_split_options options = {1000, 2000, 500, variation};
    (void)state;
    for (uint32_t y = 0; y < 1000; y++)
        variation[y] = y % 100 < 20 ? (uint8_t)(y % 4) : 200;
    for (options.max_rows = 300; options.max_rows <= 2000; options.max_rows += 50) {
        struct planche_split_result parts = choose(&options);
        check(&parts, &options);
        for (unsigned i = 0; i + 1 < parts.count; i++)
            assert_in_range(row_of(&options, parts.ends[i]) % 100, 0, 19);
        assert_true(parts.count <= (2000 + options.max_rows - 200) / (options.max_rows - 200) + 1);
        planche_free(parts.ends);
    }
    options.max_rows = 1000;
    struct planche_split_result parts = choose(&options);
    assert_true(parts.count == 2 || parts.count == 3);
    planche_free(parts.ends);
}

/* One gutter, away from the middle: it costs a part more, and is taken. */
static void test_lonely_gutter(void **state)
{
    uint8_t variation[1000];
    const struct planche_split_options options = {1000, 1000, 520, variation};
    (void)state;
    memset(variation, 255, sizeof variation);
    memset(variation + 300, 0, 11);
    struct planche_split_result parts = choose(&options);
    check(&parts, &options);
    assert_int_equal(parts.count, 3);
    assert_int_equal(parts.ends[0], 305);
    planche_free(parts.ends);
}

/* No gutter: the quietest row. */
static void test_no_gutter(void **state)
{
    uint8_t variation[1000];
    const struct planche_split_options options = {1000, 3000, 1700, variation};
    (void)state;
    memset(variation, 255, sizeof variation);
    variation[480] = 90;
    struct planche_split_result parts = choose(&options);
    check(&parts, &options);
    assert_int_equal(parts.count, 2);
    assert_int_equal(parts.ends[0], 480 * 3 + 1);
    planche_free(parts.ends);
}

static void test_one_part(void **state)
{
    uint8_t variation[10] = {0};
    struct planche_split_options options = {10, 20, 20, variation};
    (void)state;
    struct planche_split_result parts = choose(&options);
    assert_int_equal(parts.count, 1);
    assert_int_equal(parts.ends[0], 20);
    planche_free(parts.ends);
    options.max_rows = 1;
    options.variation = NULL; /* nobody has looked: it stays whole */
    parts = choose(&options);
    assert_int_equal(parts.count, 1);
    planche_free(parts.ends);
}

static void test_too_many(void **state)
{
    uint8_t *variation = calloc(1, PLANCHE_MAX_PARTS + 1);
    const struct planche_split_options options = {PLANCHE_MAX_PARTS + 1, PLANCHE_MAX_PARTS + 1, 1,
                                                  variation};
    struct planche_split_result parts = {.count = 0};
    (void)state;
    assert_int_equal(planche_split_choose(&parts, &options, &ignored), PLANCHE_ERROR_LIMIT);
    planche_free(parts.ends);
    free(variation);
}

/* Whatever the page is like. */
static void test_any_page(void **state)
{
    uint64_t seed = 4;
    (void)state;
    for (int i = 0; i < 3000; i++) {
        uint32_t height = (uint32_t)test_random_int(&seed, 1, 400);
        uint32_t out = (uint32_t)test_random_int(&seed, 1, 1600);
        uint32_t least = out / 400 + 1;
        uint8_t *variation = malloc(height);
        for (uint32_t y = 0; y < height; y++)
            variation[y] = (uint8_t)test_random_int(&seed, 0, 255);
        const struct planche_split_options options = {
            height, out, least + (uint32_t)test_random_int(&seed, 0, (int)out), variation};
        struct planche_split_result parts = choose(&options);
        check(&parts, &options);
        planche_free(parts.ends);
        free(variation);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gutters),   cmocka_unit_test(test_lonely_gutter),
        cmocka_unit_test(test_no_gutter), cmocka_unit_test(test_one_part),
        cmocka_unit_test(test_too_many),  cmocka_unit_test(test_any_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
