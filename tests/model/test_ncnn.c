/* SPDX-License-Identifier: MIT */
/* Layers of ncnn files that the catalogue's models do not have. */
#include "model/load.h"
#include "net_export.h"
#include "reference.h"

#include "support/random.h"
#include "support/testing.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "7767517\n%d %d\nInput in 0 1 data 0=0 1=0 2=3\n"
#define CONV "Convolution c0 1 1 data a 0=8 1=3 4=1 5=1 6=216\n"
#define TAIL "Convolution c9 1 1 z out0 0=3 1=1 6=24\n"

/* A layer from a to z (perhaps by way of others), how the reference calls it, and the floats that
 * belong to it; a kernel's begin with a tag. */
static const struct {
    const char *lines, *reference;
    int count, tag, layers;
} cases[] = {
    {"Swish s 1 1 a z\n", "Activation s 1 1 a z 9=7\n", 0, 0, 1},
    {"Mish s 1 1 a z\n", "Activation s 1 1 a z 9=5\n", 0, 0, 1},
    {"TanH s 1 1 a z\n", "Activation s 1 1 a z 9=10\n", 0, 0, 1},
    {"GELU s 1 1 a z\n", "Activation s 1 1 a z 9=8\n", 0, 0, 1},
    {"GELU s 1 1 a z 0=1\n", "Activation s 1 1 a z 9=9\n", 0, 0, 1},
    {"ELU s 1 1 a z 0=0.3\n", "Activation s 1 1 a z 9=12 -23310=2,0.3,0\n", 0, 0, 1},
    {"HardSigmoid s 1 1 a z 0=0.3\n", "Activation s 1 1 a z 9=11 -23310=2,0.3,0.5\n", 0, 0, 1},
    {"HardSwish s 1 1 a z 0=0.2 1=0.4\n", "Activation s 1 1 a z 9=6 -23310=2,0.2,0.4\n", 0, 0, 1},
    {"ConvolutionDepthWise d 1 1 a z 0=8 1=3 4=1 5=1 6=72 7=8\n",
     "Convolution d 1 1 a z 0=8 1=3 4=1 5=1 6=72 7=8\n", 80, 1, 1},
    {"ConvolutionDepthWise d 1 1 a z 0=8 1=1 6=32 7=2\n",
     "Convolution d 1 1 a z 0=8 1=1 6=32 7=2\n", 32, 1, 1},
    {"Padding p 1 1 a z 0=1 1=1 2=2 3=2 4=2\n", NULL, 0, 0, 1},
    {"Padding p 1 1 a z 0=1 1=1 2=2 3=2 4=1\n", NULL, 0, 0, 1},
    {"Reorg r 1 1 a b 0=2\nPixelShuffle q 1 1 b z 0=2 1=1\n", NULL, 0, 0, 2},
    {"Reorg r 1 1 a b 0=2 1=1\nPixelShuffle q 1 1 b z 0=2\n", NULL, 0, 0, 2},
    {"Interp i 1 1 a z 0=2 1=2 2=2 6=1\n", "Interp i 1 1 a z 0=2 1=2 2=2 7=1\n", 0, 0, 1},
    {"MemoryData m 0 1 k 0=1 1=1 2=8\nBinaryOp b 2 1 a k z 0=1\n",
     "MemoryData m 0 1 k 0=8\nBinaryOp b 2 1 a k z 0=1\n", 8, 0, 2},
    {"MemoryData m 0 1 k 0=8\nBinaryOp b 2 1 k a z 0=2\n", NULL, 8, 0, 2},
    {"MemoryData m 0 1 k 0=1 1=1 2=1\nBinaryOp b 2 1 k a z 0=1\n",
     "MemoryData m 0 1 k 0=1\nBinaryOp b 2 1 k a z 0=1\n", 1, 0, 2},
    {"BinaryOp b 1 1 a z 0=7 1=1 2=0.5\n", NULL, 0, 0, 1},
};

static size_t put(uint8_t *bin, size_t size, int count, int tag, uint64_t *state)
{
    memset(bin + size, 0, 4);
    size += tag ? 4 : 0;
    for (int i = 0; i < count; i++, size += 4) {
        float value = (float)test_random_real(state, -0.3, 0.3);
        memcpy(bin + size, &value, 4);
    }
    return size;
}

static size_t make(char *text, size_t room, const char *lines, int layers)
{
    int size = snprintf(text, room, HEAD CONV, layers + 3, layers + 3);
    size += snprintf(text + size, room - (size_t)size, "%s", lines);
    size += snprintf(text + size, room - (size_t)size, TAIL);
    return (size_t)size;
}

static double *run(const void *param, size_t param_size, const void *bin, size_t bin_size, int size,
                   size_t *count)
{
    struct ref_net *net = ref_load_memory(param, param_size, bin, bin_size);
    double *in = calloc((size_t)(3 * size * size), sizeof(double)), *out;
    int c, h, w;
    assert_non_null(net);
    for (int i = 0; i < 3 * size * size; i++)
        in[i] = 0.5 + 0.5 * sin(i * 0.37);
    assert_true(ref_run(net, in, 3, size, size, &out, &c, &h, &w));
    *count = (size_t)(c * h * w);
    free(in);
    ref_destroy(&net);
    return out;
}

static void check(size_t index)
{
    static char text[2][2048];
    static uint8_t bin[8192];
    uint64_t state = index;
    size_t sizes[2], counts[2];
    size_t size =
        put(bin, put(bin, 0, 224, 1, &state), cases[index].count, cases[index].tag, &state);
    size = put(bin, size, 24, 1, &state);
    for (int i = 0; i < 2; i++)
        sizes[i] = make(text[i], sizeof(text[i]),
                        i && cases[index].reference ? cases[index].reference : cases[index].lines,
                        cases[index].layers);
    const struct planche_model_source source = {.param_path = "a.param",
                                                .bin_path = "a.bin",
                                                .param = text[0],
                                                .param_size = sizes[0],
                                                .bin = bin,
                                                .bin_size = size};
    struct planche_error error;
    struct planche_net *net;
    struct random_graph files;
    if (planche_model_load(&net, &source, NULL, NULL, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    net_export(net, &files);
    double *a = run(files.param, files.param_size, files.bin, files.bin_size, 24, &counts[0]);
    double *b = run(text[1], sizes[1], bin, size, 24, &counts[1]);
    assert_int_equal(counts[0], counts[1]);
    for (size_t i = 0; i < counts[0]; i++)
        if (!(fabs(a[i] - b[i]) < 1e-6))
            fail_msg("%s: %g instead of %g", text[0], a[i], b[i]);
    free(a);
    free(b);
    random_graph_free(&files);
    planche_net_destroy(&net);
}

static void test_layers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
