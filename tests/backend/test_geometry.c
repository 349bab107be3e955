/* SPDX-License-Identifier: MIT */
/* Which input rows output rows need: against counting them one by one. */
#include "backend_test.h"

#include <math.h>
#include <stdlib.h>

#define LEAST INT64_MIN
#define MOST  INT64_MAX

struct range {
    int64_t lo, hi;
};

static void include(struct range *range, int64_t i)
{
    range->lo = i < range->lo ? i : range->lo;
    range->hi = i + 1 > range->hi ? i + 1 : range->hi;
}

/* The taps of output row y, written as the layers are defined. */
static void include_taps(struct range *range, const struct planche_receptive_field *field,
                         int64_t y, int64_t in, int64_t out)
{
    switch (field->kind) {
    case PLANCHE_RECEPTIVE_FIELD_CONV:
        for (int64_t i = 0; i <= field->extent; i++)
            include(range, y * field->stride + field->offset + i);
        break;
    case PLANCHE_RECEPTIVE_FIELD_DECONV:
        for (int64_t i = -100; i < 400; i++) {
            int64_t reach = y + field->offset - i * field->stride;
            if (reach >= 0 && reach <= field->extent)
                include(range, i);
        }
        break;
    case PLANCHE_RECEPTIVE_FIELD_EDGE:
        include(range, y < field->offset ? 0 : y - field->offset < in ? y - field->offset : in - 1);
        break;
    case PLANCHE_RECEPTIVE_FIELD_INTERP:
        if (field->extent == 1) {
            include(range, y * in / out);
        } else {
            /* floor((y + 1/2) * in / out - 1/2) in whole numbers; in and out are positive. */
            int64_t top = (2 * y + 1) * in - out, base = top / (2 * out) - (top < 0);
            for (int64_t t = 0; t < field->extent; t++)
                include(range, base - (field->extent / 2 - 1) + t);
        }
        break;
    case PLANCHE_RECEPTIVE_FIELD_WINDOW:
        for (int64_t i = y - field->stride; i <= y + field->stride; i++)
            if ((i - field->offset + 4 * field->stride) / field->stride ==
                (y - field->offset + 4 * field->stride) / field->stride)
                include(range, i);
        break;
    case PLANCHE_RECEPTIVE_FIELD_REFLECT: {
        int64_t i = y - field->offset;
        while (in > 1 && (i < 0 || i >= in))
            i = i < 0 ? -i : 2 * (in - 1) - i;
        include(range, in > 1 ? i : 0);
        break;
    }
    }
}

static void check(const struct planche_receptive_field *field, int64_t y0, int64_t y1, int64_t in,
                  int64_t out)
{
    struct range expected = {MOST, LEAST};
    int64_t lo, hi;
    for (int64_t y = y0; y < y1; y++)
        include_taps(&expected, field, y, in, out);
    planche_receptive_field_rows(field, y0, y1, in, out, &lo, &hi);
    /* A deconvolution's row may have no taps at all: then the range is empty. */
    if (expected.lo == MOST ? lo < hi : lo != expected.lo || hi != expected.hi)
        fail_msg("map %d, stride %d, offset %d, extent %d, rows [%lld, %lld) of %lld from %lld: "
                 "[%lld, %lld), not [%lld, %lld)",
                 field->kind, field->stride, field->offset, field->extent, (long long)y0,
                 (long long)y1, (long long)out, (long long)in, (long long)lo, (long long)hi,
                 (long long)expected.lo, (long long)expected.hi);
}

static void check_rows(const struct planche_receptive_field *field, int64_t in, int64_t out)
{
    for (int64_t y0 = 0; y0 < out; y0++)
        for (int64_t y1 = y0 + 1; y1 <= out; y1 += y1 - y0 < 6 ? 1 : 5)
            check(field, y0, y1, in, out);
}

static void test_conv(void **state)
{
    (void)state;
    for (int stride = 1; stride <= 3; stride++)
        for (int offset = -4; offset <= 0; offset++)
            for (int extent = 0; extent <= 6; extent++) {
                const struct planche_receptive_field field = {PLANCHE_RECEPTIVE_FIELD_CONV, stride,
                                                              offset, extent};
                check_rows(&field, 20, 20);
            }
}

static void test_deconv(void **state)
{
    (void)state;
    for (int stride = 1; stride <= 4; stride++)
        for (int offset = 0; offset <= 4; offset++)
            for (int extent = 0; extent <= 6; extent++) {
                const struct planche_receptive_field field = {PLANCHE_RECEPTIVE_FIELD_DECONV,
                                                              stride, offset, extent};
                check_rows(&field, 20, 20);
            }
}

static void test_interp(void **state)
{
    static const int taps[] = {1, 2, 4};
    static const int64_t sizes[][2] = {{1, 1}, {1, 4},  {3, 6},   {7, 28},  {9, 6},
                                       {8, 2}, {20, 5}, {12, 18}, {11, 16}, {40, 60}};
    (void)state;
    for (size_t t = 0; t < 3; t++)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
            const struct planche_receptive_field field = {PLANCHE_RECEPTIVE_FIELD_INTERP, 1, 0,
                                                          taps[t]};
            check_rows(&field, sizes[s][0], sizes[s][1]);
        }
}

static void test_reflect(void **state)
{
    (void)state;
    for (int64_t in = 1; in <= 12; in++)
        for (int pad = 0; pad <= 20; pad += 4) {
            const struct planche_receptive_field field = {PLANCHE_RECEPTIVE_FIELD_REFLECT, 1, pad,
                                                          0};
            check_rows(&field, in, in + 2 * pad + 3);
        }
    for (int64_t size = 1; size <= 6; size++)
        for (int64_t i = -40; i < 40; i++) {
            struct range expected = {MOST, LEAST};
            const struct planche_receptive_field field = {PLANCHE_RECEPTIVE_FIELD_REFLECT, 1, 0, 0};
            include_taps(&expected, &field, i, size, size);
            assert_int_equal(planche_reflect(i, size), expected.lo);
        }
}

static void test_window(void **state)
{
    (void)state;
    for (int window = 1; window <= 6; window++)
        for (int shift = 0; shift < window; shift++) {
            const struct planche_receptive_field field = {PLANCHE_RECEPTIVE_FIELD_WINDOW, window,
                                                          shift, 0};
            check_rows(&field, 20, 20);
        }
}

static void test_groups(void **state)
{
    (void)state;
    for (int tile = 1; tile <= 6; tile++)
        for (int anchor = 0; anchor < tile; anchor++) {
            const struct planche_node node = {.tile = tile, .anchor = anchor};
            for (int64_t y = -20; y <= 20; y++) {
                int64_t below = planche_node_group_floor(&node, y);
                int64_t above = planche_node_group_ceil(&node, y);
                assert_true(below <= y && y - below < tile && above >= y && above - y < tile);
                assert_int_equal((below - anchor) % tile, 0);
                assert_int_equal((above - anchor) % tile, 0);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),   cmocka_unit_test(test_deconv),
        cmocka_unit_test(test_interp), cmocka_unit_test(test_reflect),
        cmocka_unit_test(test_window), cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
