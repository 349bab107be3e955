/* SPDX-License-Identifier: MIT */
/* The ONNX loader: graphs of all operators compute what a plain computation says; what is not
 * supported is refused with the node's name; damaged files are refused. */
#include "model/load.h"
#include "net_export.h"
#include "onnx_cases.h"
#include "onnx_graph.h"
#include "reference.h"

#include "support/testing.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum planche_status load_bytes(const uint8_t *data, size_t size, struct planche_net **net,
                                      struct planche_error *error)
{
    const struct planche_model_source source = {
        .param_path = "a.onnx", .param = data, .param_size = size};
    *error = (struct planche_error){.status = PLANCHE_OK};
    return planche_model_load(net, &source, NULL, NULL, error);
}

static enum planche_status load(const struct onnx_graph *graph, struct planche_net **net,
                                struct planche_error *error)
{
    size_t size;
    uint8_t *data = onnx_write(graph, &size);
    enum planche_status status = load_bytes(data, size, net, error);
    free(data);
    return status;
}

/* For looking at with other programs, if a folder is named: a file, its input and its output. */
static void keep(const char *name, const char *end, const void *data, size_t size)
{
    const char *folder = getenv("PLANCHE_TEST_ONNX");
    char path[512];
    if (!folder)
        return;
    snprintf(path, sizeof(path), "%s/%s%s", folder, name, end);
    for (char *at = path; (at = strchr(at, ' '));)
        *at = '_';
    FILE *file = fopen(path, "wb");
    assert_true(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static void keep_all(const struct onnx_graph *graph, const char *name, const double *in, int c,
                     int h, int w, const double *out, size_t count)
{
    char dims[64];
    size_t size;
    uint8_t *data = onnx_write(graph, &size);
    keep(name, graph->height ? " fixed.onnx" : ".onnx", data, size);
    keep(name, graph->height ? " fixed.in" : ".in", in, (size_t)(c * h * w) * sizeof(*in));
    keep(name, graph->height ? " fixed.out" : ".out", out, count * sizeof(*out));
    snprintf(dims, sizeof(dims), "%d %d %d", c, h, w);
    keep(name, graph->height ? " fixed.dims" : ".dims", dims, strlen(dims));
    free(data);
}

/* The graph's numbers are so many times the network's. */
static void compare_range(const struct onnx_graph *graph, const struct planche_net *net,
                          const char *name, int h, int w, double range)
{
    struct random_graph files;
    struct ref_net *reference;
    int channels = net->tensors[0].channels, ca = 0, ha = 0, wa = 0, cb = 0, hb = 0, wb = 0;
    double *in = calloc((size_t)(h * w * channels), sizeof(double)), *a, *b, worst;
    for (int i = 0; i < h * w * channels; i++)
        in[i] = 0.5 + 0.5 * sin(i * 0.37) * cos(i / w * 0.11);
    double *wide = calloc((size_t)(h * w * channels), sizeof(double));
    for (int i = 0; i < h * w * channels; i++)
        wide[i] = range * in[i];
    net_export(net, &files);
    reference = ref_load_memory(files.param, files.param_size, files.bin, files.bin_size);
    assert_non_null(reference);
    if (!onnx_compute(graph, wide, h, w, &a, &ca, &ha, &wa) ||
        !ref_run(reference, in, channels, h, w, &b, &cb, &hb, &wb))
        fail_msg("%s: cannot be computed\n%s", name, files.param);
    if (ca != cb || ha != hb || wa != wb)
        fail_msg("%s: %dx%dx%d instead of %dx%dx%d\n%s", name, cb, hb, wb, ca, ha, wa, files.param);
    keep_all(graph, name, wide, channels, h, w, a, (size_t)ca * (size_t)ha * (size_t)wa);
    for (int i = 0; i < ca * ha * wa; i++)
        a[i] /= range;
    worst = ref_difference(a, b, (size_t)ca * (size_t)ha * (size_t)wa);
    if (!(worst < 2e-6))
        fail_msg("%s: the result differs by %g\n%s", name, worst, files.param);
    free(in);
    free(wide);
    free(a);
    free(b);
    ref_destroy(&reference);
    random_graph_free(&files);
}

static void compare(const struct onnx_graph *graph, const struct planche_net *net, const char *name,
                    int h, int w)
{
    compare_range(graph, net, name, h, w, 1);
}

static void make(struct onnx_graph *graph, const struct onnx_case *which, uint64_t seed)
{
    onnx_begin(graph, seed);
    if (which->opset)
        graph->opset = which->opset;
    onnx_lines(graph, which->lines);
}

static void check_case(const struct onnx_case *which, uint64_t seed)
{
    static struct onnx_graph graph;
    struct planche_net *net;
    struct planche_error error;
    make(&graph, which, seed);
    if (load(&graph, &net, &error) != PLANCHE_OK)
        fail_msg("%s: %s", which->name, error.message);
    int least = (int)(net->recipe.multiple + 2 * net->recipe.pad), more = (int)net->recipe.multiple;
    compare(&graph, net, which->name, least, least + more);
    planche_net_destroy(&net);
    /* The same with a size that the file states. */
    graph.height = least + more;
    graph.width = least;
    if (load(&graph, &net, &error) != PLANCHE_OK)
        fail_msg("%s: %s", which->name, error.message);
    compare(&graph, net, which->name, least + more, least);
    planche_net_destroy(&net);
    onnx_free(&graph);
}

static void test_operators(void **state)
{
    (void)state;
    for (size_t i = 0; i < onnx_case_count; i++)
        check_case(&onnx_cases[i], 1000 + i);
}

/* Half precision, and numbers that are not raw. */
static void test_numbers(void **state)
{
    static struct onnx_graph graph;
    const struct onnx_case *which = &onnx_cases[0];
    (void)state;
    for (int form = 0; form < 4; form++) {
        struct planche_net *net;
        struct planche_error error;
        make(&graph, which, 77);
        graph.io = form & 1 ? ONNX_HALF : ONNX_FLOAT;
        for (int i = 0; i < graph.arrays; i++) {
            graph.array[i].type = graph.io;
            graph.array[i].packed = form & 2;
        }
        assert_int_equal(load(&graph, &net, &error), PLANCHE_OK);
        compare(&graph, net, which->name, 24, 27);
        planche_net_destroy(&net);
        onnx_free(&graph);
    }
}

/* Pixels of 0 to 255, told by the arithmetic or by the type, and networks of one channel. */
static void test_ranges(void **state)
{
    static const struct {
        const char *lines;
        enum onnx_type io;
        double range, in_scale;
        int steps;
    } cases[] = {
        {"f k . 255\nDiv x k > a\nr w 3,3,3,3 -0.3 0.3\nConv a w > b\nMul b k > out\n", ONNX_FLOAT,
         255, 1, 1},
        {"f k . 0.003921569\nCast x > c to=1\nMul k c > a\nr w 3,3,3,3 -0.3 0.3\nConv a w > b\n"
         "Div b k > d\nf lo . 0\nf hi . 255\nClip d lo hi > e\nCast e > out to=2\n",
         ONNX_UINT8, 255, 1, 1},
        {"Cast x > c to=1\nr w 3,3,3,3 -0.3 0.3\nConv c w > d\nCast d > out to=2\n", ONNX_UINT8, 1,
         255, 1},
        {"f k . 255\nMul x k > a\nr w 3,3,3,3 -0.3 0.3\nConv a w > b\nDiv b k > out\n", ONNX_FLOAT,
         1, 1, 3},
    };
    static struct onnx_graph graph;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct planche_net *net;
        struct planche_error error;
        onnx_begin(&graph, i);
        graph.io = cases[i].io;
        onnx_lines(&graph, cases[i].lines);
        if (load(&graph, &net, &error) != PLANCHE_OK)
            fail_msg("%s%s", cases[i].lines, error.message);
        assert_true(net->recipe.in_scale == (float)cases[i].in_scale);
        assert_true(fabs(net->recipe.out_scale * cases[i].in_scale - 1) < 1e-6);
        assert_int_equal(net->step_count, cases[i].steps);
        if (cases[i].io == ONNX_FLOAT)
            compare_range(&graph, net, "range", 24, 25, cases[i].range);
        planche_net_destroy(&net);
        onnx_free(&graph);
    }
}

static void test_one_channel(void **state)
{
    static struct onnx_graph graph;
    struct planche_net *net;
    struct planche_error error;
    (void)state;
    onnx_begin(&graph, 4);
    graph.channels = 1;
    onnx_lines(&graph, "r w 4,1,3,3 -0.3 0.3\nConv x w > a pads=1,1,1,1\n"
                       "DepthToSpace a > out blocksize=2\n");
    assert_int_equal(load(&graph, &net, &error), PLANCHE_OK);
    assert_int_equal(net->tensors[0].channels, 1);
    assert_int_equal(net->recipe.scale, 2);
    compare(&graph, net, "one channel", 24, 27);
    planche_net_destroy(&net);
    onnx_free(&graph);
}

/* Colours with transparency: the network sees an opaque page, and gives its colours. */
static void test_four_channels(void **state)
{
    enum { SIDE = 24, PLANE = SIDE * SIDE };
    static struct onnx_graph graph;
    static double in[4 * PLANE];
    struct random_graph files;
    struct planche_net *net;
    struct planche_error error;
    double *a, *b;
    int ca = 0, ha = 0, wa = 0, cb = 0, hb = 0, wb = 0;
    (void)state;
    onnx_begin(&graph, 5);
    graph.channels = 4;
    onnx_lines(&graph, "r w 4,4,3,3 -0.3 0.3\nConv x w > a pads=1,1,1,1\nSigmoid a > out\n");
    assert_int_equal(load(&graph, &net, &error), PLANCHE_OK);
    assert_int_equal(net->tensors[0].channels, 3);
    assert_int_equal(net->tensors[net->output.tensor].channels, 3);
    for (int i = 0; i < 4 * PLANE; i++)
        in[i] = i < 3 * PLANE ? 0.5 + 0.5 * sin(i * 0.37) : 1;
    net_export(net, &files);
    struct ref_net *reference =
        ref_load_memory(files.param, files.param_size, files.bin, files.bin_size);
    assert_non_null(reference);
    assert_true(onnx_compute(&graph, in, SIDE, SIDE, &a, &ca, &ha, &wa));
    assert_true(ref_run(reference, in, 3, SIDE, SIDE, &b, &cb, &hb, &wb));
    assert_int_equal(ca, 4);
    assert_int_equal(cb, 3);
    assert_true(ref_difference(a, b, 3 * PLANE) < 2e-6);
    free(a);
    free(b);
    ref_destroy(&reference);
    random_graph_free(&files);
    planche_net_destroy(&net);
    onnx_free(&graph);
}

static void test_opsets(void **state)
{
    static struct onnx_graph graph;
    struct planche_net *net;
    struct planche_error error;
    (void)state;
    for (int opset = 10; opset <= 21; opset++) {
        bool known = opset >= 11 && opset <= 20;
        onnx_begin(&graph, 6);
        graph.opset = opset;
        onnx_lines(&graph, "r w 3,3,3,3 -0.3 0.3\nConv x w > out pads=1,1,1,1\n");
        assert_int_equal(load(&graph, &net, &error),
                         known ? PLANCHE_OK : PLANCHE_ERROR_UNSUPPORTED);
        planche_net_destroy(&net);
        onnx_free(&graph);
    }
}

/* Networks that pad to a multiple get pages of it, and cut nothing. */
static void test_multiple(void **state)
{
    static struct onnx_graph graph;
    struct planche_net *net;
    struct planche_error error;
    size_t i = 0;
    (void)state;
    while (strcmp(onnx_cases[i].name, "even size") != 0)
        i++;
    make(&graph, &onnx_cases[i], 1);
    assert_int_equal(load(&graph, &net, &error), PLANCHE_OK);
    assert_int_equal(net->recipe.multiple, 2);
    assert_int_equal(net->recipe.scale, 1);
    planche_net_destroy(&net);
    onnx_free(&graph);
}

/* Groups are convolutions of their own, several small ones in one; what follows them reads these as
 * one tensor, and an activation that is the same for all channels is theirs. */
static void test_divided(void **state)
{
    static const struct {
        const char *name;
        int kernel, parts, outputs, activated;
    } expected[] = {
        {"groups", 3, 1, 8, 0}, /* too small to pay; the first convolution has 3 x 3, too */
        {"two large groups", 3, 2, 32, 2},
        {"eight small groups", 5, 4, 16, 0},
        {"transpose large groups", 6, 2, 16, 0}};
    static struct onnx_graph graph;
    struct planche_error error;
    (void)state;
    for (size_t e = 0; e < sizeof(expected) / sizeof(expected[0]); e++) {
        struct planche_net *net;
        size_t i = 0;
        int parts = 0, activated = 0;
        while (strcmp(onnx_cases[i].name, expected[e].name) != 0)
            i++;
        make(&graph, &onnx_cases[i], 1);
        assert_int_equal(load(&graph, &net, &error), PLANCHE_OK);
        for (const struct planche_step *s = net->steps; s < net->steps + net->step_count; s++)
            if (planche_step_has_kernel(s) && s->kernel_h == expected[e].kernel &&
                net->tensors[s->output].channels == expected[e].outputs &&
                net->tensors[s->inputs[0].tensor].channels != 3) {
                parts++;
                activated += s->activation == PLANCHE_ACT_LEAKY;
            }
        assert_int_equal(parts, expected[e].parts);
        assert_int_equal(activated, expected[e].activated);
        planche_net_destroy(&net);
        onnx_free(&graph);
    }
}

/* Compact networks, in both formats: the lowered networks are the same to the bit. */
static void test_same_as_ncnn(void **state)
{
    static const char param[] =
        "7767517\n8 9\nInput in 0 1 data 0=0 1=0 2=3\nSplit split 1 2 data a b\n"
        "Convolution c0 1 1 a c 0=8 1=3 4=1 5=1 6=216\nPReLU p0 1 1 c d 0=8\n"
        "Convolution c1 1 1 d e 0=12 1=3 4=1 5=1 6=864\nPixelShuffle s 1 1 e f 0=2\n"
        "Interp i 1 1 b g 0=1 1=2.0 2=2.0\nBinaryOp sum 2 1 f g output 0=0\n";
    static const char lines[] =
        "r w0 8,3,3,3 -0.3 0.3\nr b0 8 -0.1 0.1\nr s 8,1,1 -0.2 0.5\nr w1 12,8,3,3 -0.3 0.3\n"
        "r b1 12 -0.1 0.1\nConv x w0 b0 > c pads=1,1,1,1\nPRelu c s > d\n"
        "Conv d w1 b1 > e pads=1,1,1,1\nDepthToSpace e > f blocksize=2 mode=s:CRD\n"
        "f up 4 1,1,2,2\nResize x - up > g coordinate_transformation_mode=s:asymmetric "
        "nearest_mode=s:floor\nAdd f g > out\n";
    /* In ncnn's order: a kernel and its bias, then the slopes. */
    static const int order[] = {0, 1, 2, 3, 4};
    static struct onnx_graph graph;
    struct random_graph files[2];
    struct planche_net *nets[2];
    struct planche_error error;
    static uint8_t bin[8192];
    size_t size = 0;
    (void)state;
    onnx_begin(&graph, 5);
    onnx_lines(&graph, lines);
    for (int i = 0; i < 5; i++) {
        const struct onnx_array *array = &graph.array[order[i]];
        size += array->rank == 4 ? 4 : 0;
        for (size_t j = 0; j < array->count; j++, size += 4) {
            float value = (float)array->values[j];
            memcpy(bin + size, &value, 4);
        }
    }
    const struct planche_model_source source = {.param_path = "a.param",
                                                .bin_path = "a.bin",
                                                .param = param,
                                                .param_size = sizeof(param) - 1,
                                                .bin = bin,
                                                .bin_size = size};
    if (planche_model_load(&nets[0], &source, NULL, NULL, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(load(&graph, &nets[1], &error), PLANCHE_OK);
    for (int i = 0; i < 2; i++)
        net_export(nets[i], &files[i]);
    assert_string_equal(files[0].param, files[1].param);
    assert_int_equal(files[0].bin_size, files[1].bin_size);
    assert_memory_equal(files[0].bin, files[1].bin, files[0].bin_size);
    assert_memory_equal(&nets[0]->recipe, &nets[1]->recipe, sizeof(nets[0]->recipe));
    for (int i = 0; i < 2; i++) {
        random_graph_free(&files[i]);
        planche_net_destroy(&nets[i]);
    }
    onnx_free(&graph);
}

#define HEAD "r w0 8,3,3,3 -0.3 0.3\nConv x w0 > a pads=1,1,1,1\n"
#define TAIL "r w9 3,8,3,3 -0.2 0.2\nConv z w9 > out pads=1,1,1,1\n"

static void test_refusals(void **state)
{
    static const struct {
        const char *lines, *message;
    } cases[] = {
        {HEAD "InstanceNormalization a > z\n" TAIL,
         "a.onnx: node 'InstanceNormalization_1' (InstanceNormalization): it needs the mean"},
        {HEAD "MaxPool a > z\n" TAIL, "node 'MaxPool_1' (MaxPool): pooling other than"},
        {HEAD "Loop a > z\n" TAIL, "branches and loops"},
        {HEAD "Nonsense a > z\n" TAIL, "(Nonsense): nodes of this type are not supported"},
        {HEAD "Relu b > z\n" TAIL, "its input 'b' is made by nothing before it"},
        {HEAD "Relu z > z\n" TAIL, "its input 'z' is made by nothing before it"},
        {HEAD "Relu a > a\n" TAIL, "its output 'a' has two producers"},
        {"r w0 3,4,3,3 0 1\nConv x w0 > out\n", "do not fit 3 input channels"},
        {"r w0 3,3,33,3 0 1\nConv x w0 > out\n", "a kernel of 33 is not supported"},
        {"r w0 3,3,3 0 1\nConv x w0 > out\n", "kernels of 1 axes are not supported"},
        {"r w0 3,3,3,3 0 1\nConv x w0 > out kernel_shape=3,5\n", "does not fit the weights"},
        {"r w0 3,3,3,3 0 1\nr b 4 0 1\nConv x w0 b > out\n", "4 biases do not fit 3 channels"},
        {"Conv x x > out\n", "its weights are computed from the page"},
        {HEAD "r v 1,1,7 0 1\nMul a v > z\n" TAIL, "this one has another shape"},
        {HEAD "f k . 0\nDiv a k > z\n" TAIL, "it divides by zero"},
        {HEAD "r w1 4,8,1,1 0 1\nConv a w1 > b\nAdd a b > z\n" TAIL, "8 and 4 channels"},
        {HEAD "i s 1 0\ni e 1 100\ni ax 1 2\nSlice a s e ax > z\n" TAIL,
         "(Slice): what it cuts away depends on the size of the page"},
        {HEAD "f s 4 1,1,3,3\nResize a - s > z nearest_mode=s:ceil\n" TAIL,
         "nearest with 'half_pixel' and 'ceil' is not supported"},
        {HEAD "Transpose a > b perm=0,1,3,2\nRelu b > z\n" TAIL, "no pixel shuffle or unshuffle"},
        {HEAD "i sh 2 1,-1\nReshape a sh > b\nr w 8,8 0 1\nGemm b w > z\n" TAIL,
         "products of matrices are supported only for"},
        {HEAD "i big 3 2000,2000,2000\nConstantOfShape big > k\nMul a k > z\n" TAIL,
         "too many numbers would be computed at load"},
        {"r w0 4,3,3,3 0 1\nConv x w0 > out\n", "must be a picture of 3 channels"},
        {"i s 1 4\nConstantOfShape s > out\n", "(Output): it does not depend on the page"},
    };
    static struct onnx_graph graph;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct planche_net *net;
        struct planche_error error;
        onnx_begin(&graph, i);
        onnx_lines(&graph, cases[i].lines);
        if (load(&graph, &net, &error) == PLANCHE_OK || !strstr(error.message, cases[i].message))
            fail_msg("%s\ngives \"%s\", not \"%s\"", cases[i].lines, error.message,
                     cases[i].message);
        assert_null(net);
        onnx_free(&graph);
    }
}

static void expect(const struct onnx_graph *graph, const char *message)
{
    struct planche_net *net;
    struct planche_error error;
    assert_int_not_equal(load(graph, &net, &error), PLANCHE_OK);
    if (!strstr(error.message, message))
        fail_msg("\"%s\" instead of \"%s\"", error.message, message);
}

static void test_files(void **state)
{
    static struct onnx_graph graph;
    (void)state;
    make(&graph, &onnx_cases[0], 3);
    graph.external = true;
    expect(&graph, "the tensor 'w0' has its numbers in another file (external data)");
    graph.external = false;
    graph.opset = 9;
    expect(&graph, "a.onnx: opset 9 is not supported (11 to 20)");
    graph.opset = 17;
    graph.array[0].values[5] = INFINITY;
    expect(&graph, "a number of the tensor 'w0' is not finite");
    graph.array[0].values[5] = 0;
    graph.array[0].dims[0] = 4;
    expect(&graph, "has more or fewer numbers than its shape says");
    graph.array[0].dims[0] = 3;
    graph.channels = 5;
    expect(&graph, "do not fit 5 input channels");
    onnx_free(&graph);
}

/* Wherever a file ends, and whatever a byte of it is, there is an answer. */
static void test_damage(void **state)
{
    static struct onnx_graph graph;
    size_t size;
    (void)state;
    onnx_begin(&graph, 9);
    onnx_lines(&graph, "r w0 3,3,1,1 -1 1\nConv x w0 > a\nf k . 2\nMul a k > out\n");
    uint8_t *data = onnx_write(&graph, &size);
    for (size_t i = 0; i < size; i++) {
        struct planche_net *net;
        struct planche_error error;
        uint8_t *part = malloc(i + 1), old = data[i];
        memcpy(part, data, i);
        assert_int_not_equal(load_bytes(part, i, &net, &error), PLANCHE_OK);
        free(part);
        for (int bit = 0; bit < 8; bit++) {
            data[i] = (uint8_t)(old ^ 1 << bit);
            load_bytes(data, size, &net, &error);
            planche_net_destroy(&net);
        }
        data[i] = old;
    }
    free(data);
    onnx_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operators),    cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_ranges),       cmocka_unit_test(test_one_channel),
        cmocka_unit_test(test_opsets),       cmocka_unit_test(test_four_channels),
        cmocka_unit_test(test_multiple),     cmocka_unit_test(test_divided),
        cmocka_unit_test(test_same_as_ncnn), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_files),        cmocka_unit_test(test_damage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
