/* SPDX-License-Identifier: MIT */
/* Enlarging alpha: against a plain double-precision bicubic, however rows are grouped. */
#include "support/testing.h"

#include "image/alpha.h"
#include "plane.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST PLANCHE_ALPHA_MAX_SCALE

struct plane {
    uint32_t width, height;
    unsigned depth;
    uint16_t *samples; /* whatever the depth */
};

static struct plane make_plane(uint32_t width, uint32_t height, unsigned depth)
{
    struct plane plane = {width, height, depth, calloc((size_t)width * height, sizeof(uint16_t))};
    assert_non_null(plane.samples);
    return plane;
}

/* All scales that networks have, and some that chains of them make, to the largest. */
static unsigned after(unsigned scale)
{
    return scale < 9 ? scale + 1 : scale < 27 ? 3 * scale : scale == 27 ? MOST : MOST + 1;
}

static void push_row(struct planche_alpha *alpha, const struct plane *plane, uint32_t y)
{
    uint8_t narrow[2 * 64];
    uint16_t wide[2 * 64];
    const uint16_t *row = plane->samples + (size_t)y * plane->width;
    for (uint32_t x = 0; x < plane->width; x++) {
        narrow[2 * x] = (uint8_t)row[x];
        wide[2 * x] = row[x];
    }
    assert_true(planche_alpha_push(alpha, plane->depth == 16 ? (void *)wide : narrow, 2));
}

static void pull_row(struct planche_alpha *alpha, struct plane *out, uint32_t y)
{
    uint8_t narrow[3 * 23 * MOST];
    uint16_t wide[3 * 23 * MOST];
    uint16_t *row = out->samples + (size_t)y * out->width;
    assert_true(planche_alpha_pull(alpha, out->depth == 16 ? (void *)wide : narrow, 3));
    for (uint32_t x = 0; x < out->width; x++)
        row[x] = out->depth == 16 ? wide[3 * x] : narrow[3 * x];
}

/* Pushes as many rows as there is room for, then pulls one (or all that are ready). */
static struct plane enlarge(const struct plane *in, unsigned scale, uint32_t ahead, int greedy)
{
    struct planche_budget budget;
    struct planche_alpha *alpha;
    struct planche_alpha_options options = {in->width, in->height, scale, in->depth, ahead};
    struct plane out = make_plane(in->width * scale, in->height * scale, in->depth);
    planche_budget_init(&budget, 0);
    assert_int_equal(planche_alpha_create(&alpha, &options, &budget, NULL), PLANCHE_OK);
    assert_true(budget.used <= planche_alpha_memory(&options));
    uint32_t pushed = 0, pulled = 0;
    while (pulled < out.height) {
        for (uint32_t i = 0; pushed < in->height && (i == 0 || (greedy && i < ahead)); i++)
            push_row(alpha, in, pushed++);
        while (planche_alpha_ready(alpha))
            pull_row(alpha, &out, pulled++);
    }
    assert_false(planche_alpha_pull(alpha, out.samples, 1));
    assert_false(planche_alpha_push(alpha, in->samples, 1));
    planche_alpha_destroy(&alpha);
    assert_int_equal(budget.used, 0);
    return out;
}

static double keys(double x)
{
    x = fabs(x);
    return x < 1   ? 1.5 * x * x * x - 2.5 * x * x + 1
           : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2
                   : 0;
}

static double at(const struct plane *p, int64_t x, int64_t y)
{
    x = x < 0 ? 0 : x >= p->width ? p->width - 1 : x;
    y = y < 0 ? 0 : y >= p->height ? p->height - 1 : y;
    return p->samples[y * p->width + x];
}

static double reference(const struct plane *in, unsigned scale, uint32_t x, uint32_t y)
{
    double sx = (x + 0.5) / scale - 0.5, sy = (y + 0.5) / scale - 0.5, sum = 0;
    int64_t x0 = (int64_t)floor(sx), y0 = (int64_t)floor(sy);
    for (int64_t j = y0 - 1; j <= y0 + 2; j++)
        for (int64_t i = x0 - 1; i <= x0 + 2; i++)
            sum += keys(sx - (double)i) * keys(sy - (double)j) * at(in, i, j);
    double max = in->depth == 16 ? 65535 : 255;
    return fmin(fmax(sum, 0), max);
}

static void compare(const struct plane *in, unsigned scale)
{
    struct plane one = enlarge(in, scale, 0, 0), many = enlarge(in, scale, 7, 1);
    for (uint32_t y = 0; y < one.height; y++)
        for (uint32_t x = 0; x < one.width; x++) {
            uint16_t got = one.samples[y * one.width + x];
            assert_true(fabs(got - reference(in, scale, x, y)) <= 0.5 + 1e-6);
            assert_int_equal(got, many.samples[y * one.width + x]);
        }
    free(one.samples);
    free(many.samples);
}

static void test_reference(void **state)
{
    (void)state;
    static const uint32_t sides[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 5}, {5, 23}, {23, 3}};
    uint32_t seed = 20240501;
    printf("seed %u\n", seed);
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++)
        for (unsigned depth = 8; depth <= 16; depth += 8)
            for (unsigned scale = 1; scale <= PLANCHE_ALPHA_MAX_SCALE; scale = after(scale)) {
                struct plane in = make_plane(sides[i][0], sides[i][1], depth);
                for (uint32_t k = 0; k < in.width * in.height; k++)
                    in.samples[k] = (uint16_t)(plane_random(&seed) & (depth == 16 ? 65535 : 255));
                compare(&in, scale);
                free(in.samples);
            }
}

static void test_constant(void **state)
{
    (void)state;
    for (unsigned scale = 1; scale <= PLANCHE_ALPHA_MAX_SCALE; scale = after(scale))
        for (unsigned value = 0; value < 65536; value += 4369) {
            struct plane in = make_plane(5, 4, 16);
            for (uint32_t k = 0; k < 20; k++)
                in.samples[k] = (uint16_t)value;
            struct plane out = enlarge(&in, scale, 0, 0);
            for (uint32_t k = 0; k < out.width * out.height; k++)
                assert_int_equal(out.samples[k], value);
            free(in.samples);
            free(out.samples);
        }
}

/* The ring refuses what it has no room for and loses nothing by it. */
static void test_full_ring(void **state)
{
    (void)state;
    struct planche_alpha *alpha;
    struct planche_alpha_options options = {1, 100, 2, 8, 3};
    uint8_t row = 9, out[2];
    uint32_t pushed = 0;
    assert_int_equal(planche_alpha_create(&alpha, &options, NULL, NULL), PLANCHE_OK);
    assert_false(planche_alpha_pull(alpha, out, 1));
    while (planche_alpha_push(alpha, &row, 1))
        pushed++;
    assert_in_range(pushed, 4 + 3, 100);
    assert_true(planche_alpha_pull(alpha, out, 1));
    assert_int_equal(out[0], 9);
    planche_alpha_destroy(&alpha);
    planche_alpha_destroy(&alpha);
}

static void test_errors(void **state)
{
    (void)state;
    static const struct planche_alpha_options bad[] = {{0, 1, 2, 8, 0},
                                                       {1, 0, 2, 8, 0},
                                                       {1, 1, 0, 8, 0},
                                                       {1, 1, PLANCHE_ALPHA_MAX_SCALE + 1, 8, 0},
                                                       {1, 1, 2, 12, 0}};
    struct planche_alpha *alpha;
    struct planche_error error;
    struct planche_budget budget;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(planche_alpha_create(&alpha, &bad[i], NULL, &error),
                         PLANCHE_ERROR_ARGUMENT);
    struct planche_alpha_options good = {1000, 1000, 2, 8, 0};
    planche_budget_init(&budget, 4096);
    assert_int_equal(planche_alpha_create(&alpha, &good, &budget, &error), PLANCHE_ERROR_BUDGET);
    assert_null(alpha);
    assert_int_equal(budget.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_constant),
        cmocka_unit_test(test_full_ring),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
