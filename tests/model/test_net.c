/* SPDX-License-Identifier: MIT */
/* Small networks written by hand: their recipes, what is folded into what, numbers and weights. */
#include "model/load.h"
#include "model/ncnn/format.h"
#include "net/net.h"

#include "support/testing.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Loads the lines after the counts; names are those of the files. Weights are given or zero. */
static struct planche_net *load_as(const char *path, int layers, int blobs, const char *lines,
                                   const void *bin, size_t bin_size)
{
    char text[4096];
    struct planche_model_source source = {
        .param_path = path, .bin_path = "a.bin", .param = text, .bin = bin, .bin_size = bin_size};
    struct planche_error error = {.message = ""};
    struct planche_net *net;
    int length = snprintf(text, sizeof(text), "7767517\n%d %d\n%s", layers, blobs, lines);
    assert_true(length > 0 && (size_t)length < sizeof(text));
    source.param_size = (size_t)length;
    if (planche_model_load(&net, &source, NULL, NULL, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    return net;
}

static struct planche_net *load(int layers, int blobs, const char *lines, size_t floats)
{
    float *weights = calloc(floats + 1, sizeof(*weights));
    struct planche_net *net = load_as("a.param", layers, blobs, lines, weights, floats * 4);
    free(weights);
    return net;
}

static void expect_recipe(int layers, int blobs, const char *lines, size_t floats, unsigned scale,
                          unsigned multiple, unsigned pad, unsigned crop)
{
    struct planche_net *net = load(layers, blobs, lines, floats);
    const struct planche_recipe *recipe = &net->recipe;
    if (recipe->scale != scale || recipe->multiple != multiple || recipe->pad != pad ||
        recipe->crop != crop)
        fail_msg("%sscale %u, multiple %u, pad %u, crop %u", lines, recipe->scale, recipe->multiple,
                 recipe->pad, recipe->crop);
    planche_net_destroy(&net);
}

#define IN     "Input in 0 1 data\n"
#define CONV3  "Convolution c 1 1 data x 0=3 1=3 6=81\n"
#define HALF   "Convolution h 1 1 data x 0=3 1=2 3=2 6=36\n"
#define DOUBLE "Deconvolution d 1 1 x y 0=3 1=2 3=2 6=36\n"
#define SKIP   "Eltwise e 2 1 data y output 0=1\n"

static void test_recipes(void **state)
{
    (void)state;
    expect_recipe(2, 2, IN "Convolution c 1 1 data output 0=3 1=3 6=81\n", 82, 1, 1, 1, 0);
    expect_recipe(2, 2, IN "Convolution c 1 1 data output 0=3 1=3 4=1 6=81\n", 82, 1, 1, 10, 10);
    /* A loss of one row: a row is left over after padding by one on both sides. */
    expect_recipe(2, 2, IN "Convolution c 1 1 data output 0=3 1=2 6=36\n", 37, 1, 1, 1, 0);
    expect_recipe(2, 2, IN "Deconvolution c 1 1 data output 0=3 1=4 3=2 6=144\n", 145, 2, 1, 10,
                  21);
    expect_recipe(4, 4, IN HALF DOUBLE SKIP, 74, 1, 2, 10, 10);
    /* Skips over two halvings. */
    expect_recipe(6, 6,
                  IN HALF "Convolution h2 1 1 x x2 0=3 1=2 3=2 6=36\n"
                          "Deconvolution d2 1 1 x2 y2 0=3 1=2 3=2 6=36\n"
                          "Deconvolution d 1 1 y2 y 0=3 1=2 3=2 6=36\n" SKIP,
                  148, 1, 4, 10, 10);
    /* Unpadded and zero-padded convolutions: the zeroes stay away from the page. */
    expect_recipe(3, 3, IN CONV3 "Convolution c2 1 1 x output 0=3 1=3 4=1 6=81\n", 164, 1, 1, 11,
                  10);
    expect_recipe(3, 3,
                  IN "Interp i 1 1 data x 0=1 1=0.75 2=0.75\nInterp j 1 1 x output 0=2 1=4 "
                     "2=4\n",
                  0, 3, 4, 10, 30);
}

static void expect_pro(const char *path, const char *in, bool pro)
{
    char lines[128];
    struct planche_net *net;
    snprintf(lines, sizeof(lines), "Input in 0 1 %s\nReLU r 1 1 %s out0 0=1\n", in, in);
    net = load_as(path, 2, 2, lines, "", 0);
    assert_true(net->recipe.in_scale == (pro ? 0.7f : 1));
    assert_true(net->recipe.in_bias == (pro ? 0.15f : 0));
    assert_true(fabs(net->recipe.out_scale * (0.7 * 0.3 + 0.15) + net->recipe.out_bias -
                     (pro ? 0.3 : 0.7 * 0.3 + 0.15)) < 1e-6);
    planche_net_destroy(&net);
}

static void test_pro(void **state)
{
    (void)state;
    expect_pro("models-pro/up2x-conservative.param", "in0", true);
    expect_pro("/x/models/pro-up2x.param", "in0", true);
    expect_pro("pro.param", "in0", true);
    expect_pro("pro/up2x.param", "in0", true);
    expect_pro("pro/models/up2x.param", "in0", false);
    expect_pro("models/process.param", "in0", false);
    expect_pro("models/up2xpro.param", "in0", false);
    expect_pro("models-pro/up2x-conservative.param", "data", false);
}

/* Real-CUGAN 4x: recognised by its blobs and by how much its result is smaller. */
static void test_enlarged_input(void **state)
{
    static const char format[] = "Input in 0 1 in0\nInterp i 1 1 in0 x 0=1 1=4 2=4\n"
                                 "Crop c 1 1 x out0 0=%d 1=%d 3=-233 4=-233 6=%d 7=%d\n";
    char lines[256];
    struct planche_net *net;
    (void)state;
    snprintf(lines, sizeof(lines), format, 76, 76, 76, 76);
    net = load(3, 3, lines, 0);
    assert_int_equal(net->recipe.pad, 19);
    assert_int_equal(net->step_count, 3);
    assert_int_equal(net->steps[1].op, PLANCHE_STEP_INTERP);
    assert_int_equal(net->steps[2].op, PLANCHE_STEP_BINARY);
    assert_int_equal(net->steps[2].inputs[0].top, 76);
    assert_int_equal(net->steps[2].inputs[1].right, 76);
    planche_net_destroy(&net);
    snprintf(lines, sizeof(lines), format, 72, 72, 72, 72);
    net = load(3, 3, lines, 0);
    assert_int_equal(net->step_count, 1);
    planche_net_destroy(&net);
}

/* Which steps are left of some lines, as letters. */
static void expect_steps(int layers, int blobs, const char *lines, size_t floats,
                         const char *expected)
{
    static const char letters[] = "CDBSVAKIXPN"; /* in the order of enum planche_step_op */
    struct planche_net *net = load(layers, blobs, lines, floats);
    char found[32] = "";
    for (int i = 0; i < net->step_count && i < 31; i++)
        found[i] = letters[net->steps[i].op];
    if (strcmp(found, expected) != 0)
        fail_msg("%ssteps %s instead of %s", lines, found, expected);
    planche_net_destroy(&net);
}

static void test_folding(void **state)
{
    (void)state;
    /* Activation and scale after a convolution with one reader; not with two. */
    expect_steps(3, 3, IN CONV3 "PReLU p 1 1 x output 0=3\n", 85, "C");
    expect_steps(4, 4, IN CONV3 "Scale s 1 1 x y 0=3 1=1\nReLU r 1 1 y output\n", 88, "C");
    expect_steps(4, 4, IN CONV3 "ReLU r 1 1 x y\nScale s 1 1 y output 0=3\n", 85, "CA");
    expect_steps(4, 4, IN CONV3 "ReLU r 1 1 x y\nBinaryOp b 2 1 x y output\n", 82, "CAB");
    expect_steps(3, 3, IN CONV3 "Clip r 1 1 x output 0=0 1=1\n", 82, "CA");
    /* No activation behind a sum. */
    expect_steps(5, 5,
                 IN "Convolution c 1 1 data x 0=3 1=1 6=9\nEltwise e 2 1 x data y 0=1\n"
                    "ReLU r 1 1 y z\nConvolution d 1 1 z output 0=3 1=1 6=9\n",
                 20, "CAC");
    /* Two sums, not three; a difference is a sum. */
    expect_steps(5, 5,
                 IN "Convolution c 1 1 data x 0=3 1=1 6=9\nBinaryOp e 2 1 x data y 0=1\n"
                    "BinaryOp f 2 1 data y z\nBinaryOp g 2 1 z data output\n",
                 10, "CB");
    expect_steps(3, 3,
                 IN "Convolution c 1 1 data x 0=3 1=1 6=9\nEltwise e 3 1 x data data output "
                    "0=1\n",
                 10, "C");
    expect_steps(3, 3, IN "Convolution c 1 1 data x 0=3 1=1 6=9\nEltwise e 2 1 x data output 0=2\n",
                 10, "CB");
    /* A crop is a view where zero padding does not need its edges. */
    expect_steps(3, 3,
                 IN "Crop p 1 1 data x 0=1 1=1 3=-233 4=-233 6=1 7=1\n"
                    "Convolution c 1 1 x output 0=3 1=3 6=81\n",
                 82, "C");
    expect_steps(3, 3,
                 IN "Crop p 1 1 data x 0=1 1=1 3=-233 4=-233 6=1 7=1\n"
                    "Convolution c 1 1 x output 0=3 1=3 4=1 6=81\n",
                 82, "KC");
    expect_steps(2, 2, IN "Crop p 1 1 data output 0=1 1=1 3=-233 4=-233 6=1 7=1\n", 0, "K");
    /* Lists of inputs need whole blocks of lanes. */
    expect_steps(5, 5,
                 IN "Convolution a 1 1 data x 0=16 1=1 6=48\nConvolution b 1 1 data y 0=5 1=1 "
                    "6=15\nConcat k 2 1 x y z\nConvolution c 1 1 z output 0=3 1=1 6=63\n",
                 129, "CCC");
    expect_steps(5, 5,
                 IN "Convolution a 1 1 data x 0=16 1=1 6=48\nConvolution b 1 1 data y 0=5 1=1 "
                    "6=15\nConcat k 2 1 y x z\nConvolution c 1 1 z output 0=3 1=1 6=63\n",
                 129, "CCKC");
    expect_steps(4, 4,
                 IN "Convolution a 1 1 data x 0=16 1=1 6=48\nConcat k 2 1 x data z\n"
                    "Convolution c 1 1 z output 0=3 1=1 6=57\n",
                 107, "CKC");
    /* Layers that do not reach the output are gone. */
    expect_steps(3, 3, IN "ReLU r 1 1 data output\nSigmoid s 1 1 data other\n", 0, "A");
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        double value;
        bool integer;
    } good[] = {{"0", 0, true},        {"-17", -17, true},
                {"+3", 3, true},       {"0.1", 0.1, false},
                {".5", 0.5, false},    {"2.", 2, false},
                {"1e3", 1000, false},  {"-1.25e-2", -0.0125, false},
                {"1E+02", 100, false}, {"2.000000e-01", 0.2, false},
                {"1e-400", 0, false}};
    static const char *const bad[] = {"",   "-",   ".",   "e5",    "1e",  "1e+",   "0x10",
                                      "1,", "inf", "nan", "1e999", "--1", "1.2.3", "1 "};
    double value;
    bool integer;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(planche_ncnn_number(good[i].text, &value, &integer));
        assert_true(fabs(value - good[i].value) <= 4 * DBL_EPSILON * fabs(value));
        assert_int_equal(integer, good[i].integer);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(planche_ncnn_number(bad[i], &value, &integer));
}

static void test_halves(void **state)
{
    static const uint8_t bin[] = {0x47, 0x6B, 0x30, 0x01, 0x00, 0x3c, 0x00, 0xc0, 0x01,
                                  0x00, 0xff, 0x7b, 0x00, 0x80, 0xff, 0x03, 0x00, 0x04,
                                  0x55, 0x35, 0x00, 0x00, 0,    0,    0,    0,    0x20,
                                  0x41, 0,    0,    0x80, 0xbf, 0,    0,    0,    0};
    static const float expected[] = {1,        -2,          0x1p-24f, 65504, -0.0f, 0x1.ff8p-15f,
                                     0x1p-14f, 0x1.554p-2f, 0};
    struct planche_net *net = load_as(
        "a.param", 2, 2, IN "Convolution c 1 1 data output 0=3 1=1 5=1 6=9\n", bin, sizeof(bin));
    (void)state;
    assert_memory_equal(net->steps[0].weights, expected, sizeof(expected));
    assert_true(net->steps[0].bias[0] == 10 && net->steps[0].bias[1] == -1);
    planche_net_destroy(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recipes),        cmocka_unit_test(test_pro),
        cmocka_unit_test(test_enlarged_input), cmocka_unit_test(test_folding),
        cmocka_unit_test(test_numbers),        cmocka_unit_test(test_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
