/* SPDX-License-Identifier: MIT */
/* The reference on cases small enough to work out by hand. */
#include "reference.h"

#include "support/testing.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "7767517\n2 2\nInput in 0 1 data\n"

/* Runs one layer on [c][h][w] and compares. Weights are floats, the tag (0) included. */
static void expect(const char *line, const float *weights, size_t weight_count, int c, int h, int w,
                   const double *in, int rc, int rh, int rw, const double *result)
{
    char text[512];
    struct ref_net *net;
    double *out;
    int oc, oh, ow;
    snprintf(text, sizeof(text), HEAD "%s\n", line);
    net = ref_load_memory(text, strlen(text), weights, weight_count * 4);
    assert_non_null(net);
    assert_true(ref_run(net, in, c, h, w, &out, &oc, &oh, &ow));
    assert_true(oc == rc && oh == rh && ow == rw);
    for (int i = 0; i < oc * oh * ow; i++)
        if (fabs(out[i] - result[i]) > 1e-7)
            fail_msg("%s: element %d is %g instead of %g", line, i, out[i], result[i]);
    free(out);
    ref_destroy(&net);
}

static void test_convolution(void **state)
{
    const double in[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    (void)state;
    /* A 2x2 kernel 1 2 / 3 4, bias 0.5. */
    expect("Convolution c 1 1 data output 0=1 1=2 5=1 6=4", (float[]){0, 1, 2, 3, 4, 0.5f}, 6, 1, 3,
           3, in, 1, 2, 2, (double[]){37.5, 47.5, 67.5, 77.5});
    /* Stride 2, one row of zeroes above and one column to the left. */
    expect("Convolution c 1 1 data output 0=1 1=2 3=2 4=1 15=0 16=0 6=4", (float[]){0, 1, 2, 3, 4},
           5, 1, 3, 3, in, 1, 2, 2, (double[]){4, 18, 36, 77});
    /* Dilation 2 and a leaky activation. */
    expect("Convolution c 1 1 data output 0=1 1=2 2=2 6=4 9=2 -23310=1,0.5",
           (float[]){0, 1, 1, 1, -4}, 5, 1, 3, 3, in, 1, 1, 1, (double[]){-12.5});
    /* Two channels in, two out. */
    expect("Convolution c 1 1 data output 0=2 1=1 6=4", (float[]){0, 1, 10, 100, 1000}, 5, 2, 1, 2,
           (double[]){1, 2, 3, 4}, 2, 1, 2, (double[]){31, 42, 3100, 4200});
}

static void test_deconvolution(void **state)
{
    (void)state;
    expect("Deconvolution d 1 1 data output 0=1 1=2 3=2 6=4", (float[]){0, 1, 2, 3, 4}, 5, 1, 1, 2,
           (double[]){1, 10}, 1, 2, 4, (double[]){1, 2, 10, 20, 3, 4, 30, 40});
    /* Overlapping kernels, a column cut off on the left. */
    expect("Deconvolution d 1 1 data output 0=1 1=3 11=1 3=1 4=1 14=0 15=0 6=3",
           (float[]){0, 1, 2, 3}, 4, 1, 1, 2, (double[]){1, 10}, 1, 1, 3, (double[]){12, 23, 30});
}

static void test_interpolation(void **state)
{
    (void)state;
    expect("Interp i 1 1 data output 0=1 1=1 2=2", NULL, 0, 1, 1, 2, (double[]){1, 5}, 1, 1, 4,
           (double[]){1, 1, 5, 5});
    expect("Interp i 1 1 data output 0=2 1=1 2=2", NULL, 0, 1, 1, 2, (double[]){1, 5}, 1, 1, 4,
           (double[]){1, 2, 4, 5});
    /* Half: half-pixel centres lie between two samples. */
    expect("Interp i 1 1 data output 0=2 1=1 2=0.5", NULL, 0, 1, 1, 4, (double[]){1, 3, 7, 9}, 1, 1,
           2, (double[]){2, 8});
    /* Cubic at a half: weights -3/32, 19/32, 19/32, -3/32. */
    expect("Interp i 1 1 data output 0=3 1=1 2=0.5", NULL, 0, 1, 1, 4, (double[]){0, 32, 64, 0}, 1,
           1, 2, (double[]){-3 * 0 + 19 * 0 + 19 - 6, -3 + 38});
}

static void test_others(void **state)
{
    const double pair[] = {1, 2, 3, 4, 5, 6, 7, 8};
    (void)state;
    expect("PixelShuffle s 1 1 data output 0=2", NULL, 0, 4, 1, 2, pair, 1, 2, 4,
           (double[]){1, 3, 2, 4, 5, 7, 6, 8});
    expect("Crop c 1 1 data output -23309=1,1 -23310=1,-1 -23311=1,-1", NULL, 0, 2, 1, 4, pair, 2,
           1, 2, (double[]){2, 3, 6, 7});
    expect("Pooling p 1 1 data output 0=1 4=1", NULL, 0, 2, 2, 2, pair, 2, 1, 1,
           (double[]){2.5, 6.5});
    expect("PReLU p 1 1 data output 0=2", (float[]){0.5f, 2}, 2, 2, 1, 1, (double[]){-1, -2}, 2, 1,
           1, (double[]){-0.5, -4});
    expect("Scale s 1 1 data output 0=2 1=1", (float[]){2, 3, 10, 20}, 4, 2, 1, 1, (double[]){1, 2},
           2, 1, 1, (double[]){12, 26});
    expect("BinaryOp b 1 1 data output 0=7 1=1 2=10", NULL, 0, 1, 1, 2, pair, 1, 1, 2,
           (double[]){9, 8});
    expect("Eltwise e 2 1 data data output 0=1 -23301=2,3,0.5", NULL, 0, 1, 1, 2, pair, 1, 1, 2,
           (double[]){3.5, 7});
    expect("Concat k 2 1 data data output", NULL, 0, 1, 1, 2, pair, 2, 1, 2,
           (double[]){1, 2, 1, 2});
    expect("Sigmoid s 1 1 data output", NULL, 0, 1, 1, 1, (double[]){log(3)}, 1, 1, 1,
           (double[]){0.75});
}

/* A page of one row: mirrored about its ends without repeating them, as often as it takes. */
static void test_page(void **state)
{
    static const char text[] = HEAD "Crop c 1 1 data output 0=0 1=0 3=-233 4=-233\n";
    const struct ref_recipe recipe = {
        .scale = 1, .multiple = 4, .pad = 3, .crop = 0, .in_scale = 1, .out_scale = 2};
    const uint8_t grey[] = {0, 51, 255};
    double *page = ref_pixels(grey, 1, 8, 1, 3), *out;
    struct ref_net *net = ref_load_memory(text, strlen(text), "", 0);
    (void)state;
    assert_true(ref_page(net, &recipe, page, 1, 3, &out));
    /* ... 0 [51 255 51 0] 51 ... begins three to the left: 51, 255, 51. */
    assert_true(fabs(out[0] - 0.4) < 1e-9 && fabs(out[3] - 2) < 1e-9 && fabs(out[6] - 0.4) < 1e-9);
    assert_true(out[0] == out[1] && out[1] == out[2]);
    assert_true(isinf(ref_psnr(page, page, 9)));
    assert_true(fabs(ref_psnr((double[]){0, 0}, (double[]){0.1, -0.1}, 2) - 20) < 1e-9);
    free(page);
    free(out);
    ref_destroy(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolution),   cmocka_unit_test(test_deconvolution),
        cmocka_unit_test(test_interpolation), cmocka_unit_test(test_others),
        cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
