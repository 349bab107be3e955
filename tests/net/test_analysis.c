/* SPDX-License-Identifier: MIT */
/* Analyses of the intermediate representation: levels, rectangles, halo propagation, blocking. */
#include "net/layout.h"
#include "net/levels.h"
#include "net/receptive_field.h"

#include "support/random.h"
#include "support/testing.h"

#include <string.h>

#define VIEW(tensor_) ((struct planche_view[]){{.tensor = (tensor_)}})

/* Two squeeze-and-excitation blocks, the second one on what the first has scaled:
 * 0 -conv-> 1; 1 -pool-> 2 -inner-> 3; 1 * 3 -> 4; 4 -pool-> 5; 4 * 5 -> 6; 1 + 6 -> 7; and a
 * convolution of 0 with 4 as its residual -> 8. */
static void finds_levels(void **state)
{
    struct planche_step steps[] = {
        {.op = PLANCHE_STEP_CONV, .inputs = VIEW(0), .input_count = 1, .output = 1},
        {.op = PLANCHE_STEP_POOL, .inputs = VIEW(1), .input_count = 1, .output = 2},
        {.op = PLANCHE_STEP_INNER, .inputs = VIEW(2), .input_count = 1, .output = 3},
        {.op = PLANCHE_STEP_BINARY_VECTOR,
         .inputs = VIEW(1),
         .input_count = 1,
         .vector = 3,
         .output = 4},
        {.op = PLANCHE_STEP_POOL, .inputs = VIEW(4), .input_count = 1, .output = 5},
        {.op = PLANCHE_STEP_BINARY_VECTOR,
         .inputs = VIEW(4),
         .input_count = 1,
         .vector = 5,
         .output = 6},
        {.op = PLANCHE_STEP_BINARY,
         .inputs = (struct planche_view[]){{.tensor = 1}, {.tensor = 6}},
         .input_count = 2,
         .output = 7},
        {.op = PLANCHE_STEP_CONV,
         .inputs = VIEW(0),
         .input_count = 1,
         .residual_count = 1,
         .residuals = {{.view = {.tensor = 4}, .self = 1, .other = 1}},
         .output = 8},
    };
    static const int expected[] = {0, 0, 1, 1, 1, 2, 2, 2, 1};
    struct planche_net net = {.tensor_count = 9, .step_count = 8, .steps = steps};
    int levels[9];
    (void)state;
    memset(levels, -1, sizeof(levels));
    assert_int_equal(planche_net_levels(&net, levels), 2);
    assert_memory_equal(levels, expected, sizeof(levels));
    net.step_count = 1;
    assert_int_equal(planche_net_levels(&net, levels), 0);
}

static bool same(struct planche_rect a, struct planche_rect b)
{
    return a.x0 == b.x0 && a.x1 == b.x1 && a.y0 == b.y0 && a.y1 == b.y1;
}

static void widens_rectangles(void **state)
{
    struct planche_rect rect = {0, 0, 0, 0};
    (void)state;
    assert_true(planche_rect_is_empty(rect));
    assert_true(planche_rect_is_empty((struct planche_rect){3, 4, 7, 7}));
    assert_true(planche_rect_is_empty((struct planche_rect){4, 3, 0, 9}));
    assert_false(planche_rect_is_empty((struct planche_rect){3, 4, 7, 8}));
    planche_rect_widen(&rect, (struct planche_rect){5, 9, 2, 3});
    assert_true(same(rect, (struct planche_rect){5, 9, 2, 3}));
    planche_rect_widen(&rect, (struct planche_rect){-50, -50, -50, 50});
    assert_true(same(rect, (struct planche_rect){5, 9, 2, 3}));
    planche_rect_widen(&rect, (struct planche_rect){1, 7, 1, 8});
    assert_true(same(rect, (struct planche_rect){1, 9, 1, 8}));
    planche_rect_widen(&rect, (struct planche_rect){2, 3, 2, 3});
    assert_true(same(rect, (struct planche_rect){1, 9, 1, 8}));
}

/* The bounding box of the input pixels within the view that a convolution's output pixels read, one
 * by one. */
static struct planche_rect count_taps(const struct planche_step *step,
                                      const struct planche_view *view, struct planche_shape in,
                                      struct planche_rect made)
{
    struct planche_rect read = {0};
    for (int64_t y = made.y0; y < made.y1; y++)
        for (int64_t x = made.x0; x < made.x1; x++)
            for (int ky = 0; ky < step->kernel_h; ky++)
                for (int kx = 0; kx < step->kernel_w; kx++) {
                    int64_t row = y * step->stride_h - step->pad_top + ky * step->dilation_h;
                    int64_t column = x * step->stride_w - step->pad_left + kx * step->dilation_w;
                    if (row < 0 || row >= in.height || column < 0 || column >= in.width)
                        continue;
                    row += view->top;
                    column += view->left;
                    planche_rect_widen(&read,
                                       (struct planche_rect){column, column + 1, row, row + 1});
                }
    return read;
}

static void propagates_the_halo(void **state)
{
    uint64_t random = 1;
    int beyond = 0, dense_cases = 0;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct planche_step step = {
            .op = PLANCHE_STEP_CONV,
            .kernel_w = test_random_int(&random, 1, 5),
            .kernel_h = test_random_int(&random, 1, 5),
            .stride_w = test_random_int(&random, 1, 2),
            .stride_h = test_random_int(&random, 1, 2),
            .dilation_w = test_random_int(&random, 1, 2),
            .dilation_h = 1,
            .pad_top = test_random_int(&random, 0, 2),
            .pad_left = test_random_int(&random, 0, 2),
        };
        struct planche_shape shapes[1] = {{30, 40}}, out, in;
        struct planche_view view = {.top = test_random_int(&random, 0, 3),
                                    .left = test_random_int(&random, 0, 3),
                                    .bottom = test_random_int(&random, 0, 3)};
        struct planche_receptive_field rows, columns;
        struct planche_rect made, read;
        in = planche_view_shape(&view, shapes);
        out.height = planche_conv_size(in.height, step.kernel_h, step.stride_h, 1, step.pad_top);
        out.width = planche_conv_size(in.width, step.kernel_w, step.stride_w, step.dilation_w,
                                      step.pad_left);
        made.x0 = test_random_int(&random, 0, (int)out.width - 1);
        made.x1 = test_random_int(&random, (int)made.x0 + 1, (int)out.width);
        made.y0 = test_random_int(&random, 0, (int)out.height - 1);
        made.y1 = test_random_int(&random, (int)made.y0 + 1, (int)out.height);
        planche_receptive_field_step(&step, &rows, &columns);
        read = planche_receptive_field_rect(&rows, &columns, &view, shapes, out, made);
        struct planche_rect expected = count_taps(&step, &view, in, made);
        beyond += read.y0 == view.top && step.pad_top > 0;
        /* Taps that are apart leave gaps, in which the view's edge may lie. */
        bool dense = step.stride_w == 1 && step.stride_h == 1 && step.dilation_w == 1;
        planche_rect_widen(&expected, read);
        if (!same(read, expected) || (dense && !same(read, count_taps(&step, &view, in, made))))
            fail_msg("case %d: [%lld, %lld) x [%lld, %lld)", i, (long long)read.x0,
                     (long long)read.x1, (long long)read.y0, (long long)read.y1);
        dense_cases += dense;
    }
    assert_true(beyond > 0 && dense_cases > 100);
}

static void joins_full_blocks(void **state)
{
    (void)state;
    assert_false(planche_channels_are_joinable(PLANCHE_PLANAR_CHANNELS, true));
    assert_true(planche_channels_are_joinable(PLANCHE_PLANAR_CHANNELS + 1, true));
    assert_false(planche_channels_are_joinable(PLANCHE_PLANAR_CHANNELS + 1, false));
    assert_true(planche_channels_are_joinable(2 * PLANCHE_LANES, false));
    assert_false(planche_channels_are_joinable(2 * PLANCHE_LANES + 1, false));
}

/* Sizes that are whole, but for a factor that is not exact; large ones get no pixel too many. */
static void sizes_interpolation(void **state)
{
    static const struct {
        int64_t size;
        float factor;
        int64_t result; /* 0: not whole */
    } cases[] = {
        {262000, 4, 1048000}, {300000, 4, 1200000},       {INT32_MAX / 4, 4, INT32_MAX / 4 * 4},
        {999, 1 / 3.0F, 333}, {300000, 1 / 3.0F, 100000}, {2999997, 1 / 3.0F, 999999},
        {1000, 1 / 3.0F, 0},  {3000001, 1 / 3.0F, 0},     {3000002, 1 / 3.0F, 0},
        {7, 1.5F, 0},         {2000001, 1.5F, 0},         {2000002, 1.5F, 3000003},
        {700001, 1.25F, 0},   {10, 2.000001F, 20},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t result;
        bool whole = planche_interp_size(cases[i].size, cases[i].factor, &result);
        assert_int_equal(whole, cases[i].result > 0);
        if (whole)
            assert_int_equal(result, cases[i].result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_interpolation), cmocka_unit_test(finds_levels),
        cmocka_unit_test(widens_rectangles),   cmocka_unit_test(propagates_the_halo),
        cmocka_unit_test(joins_full_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
