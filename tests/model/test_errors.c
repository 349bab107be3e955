/* SPDX-License-Identifier: MIT */
/* Damaged and unsupported files: the right status, a message that says where, never a crash. */
#include "model/load.h"
#include "random_graph.h"

#include "support/testing.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Kept small so that an altered file cannot take the machine's memory: it must be enough. */
#define BUDGET (UINT64_C(64) << 20)

struct outcome {
    enum planche_status status;
    struct planche_error error;
};

static struct outcome load(const void *param, size_t param_size, const void *bin, size_t bin_size,
                           const struct planche_model_variant *variant)
{
    const struct planche_model_source source = {.param_path = "a.param",
                                                .bin_path = "a.bin",
                                                .param = param,
                                                .param_size = param_size,
                                                .bin = bin,
                                                .bin_size = bin_size};
    struct outcome outcome = {.error = {.message = ""}};
    struct planche_budget budget;
    struct planche_net *net;
    planche_budget_init(&budget, BUDGET);
    outcome.status = planche_model_load(&net, &source, variant, &budget, &outcome.error);
    assert_true((net != NULL) == (outcome.status == PLANCHE_OK));
    if (outcome.status != PLANCHE_OK) {
        assert_int_equal(outcome.error.status, outcome.status);
        assert_true(outcome.error.message[0] != '\0');
    }
    planche_net_destroy(&net);
    assert_int_equal(budget.used, 0);
    return outcome;
}

/* The lines after the counts, with weights that are all zero. */
struct sample {
    const char *lines;
    int layers, blobs, floats;
    enum planche_status status;
    const char *message;
};

#define IN    "Input in 0 1 data\n"
#define CONV  "Convolution c 1 1 data x 0=3 1=1 5=1 6=9\n"
#define FINAL "Convolution last 1 1 x output 0=3 1=1 6=9\n"
#define MODEL PLANCHE_ERROR_MODEL
#define UNSUP PLANCHE_ERROR_UNSUPPORTED

static const struct sample samples[] = {
    {IN CONV FINAL, 3, 3, 23, PLANCHE_OK, ""},
    {IN CONV FINAL "\n \r\n", 3, 3, 23, PLANCHE_OK, ""},
    {IN CONV "Permute p 1 1 x a 0=3\nLayerNorm l 1 1 a b 0=3\nPermute q 1 1 b output 0=4\n", 5, 5,
     19, PLANCHE_OK, ""},
    {IN CONV "Permute p 1 1 x output 0=3\n", 3, 3, 13, UNSUP, "axes are exchanged"},
    {IN CONV "Permute p 1 1 x output 0=1\n", 3, 3, 13, UNSUP,
     "a.param:5: layer 'p' (Permute): an order of axes other than before and behind a LayerNorm"},
    {IN CONV "Permute p 1 1 x a 0=5\nReLU r 1 1 a output\n", 4, 4, 13, UNSUP,
     "axes a Permute has exchanged"},
    {IN CONV "LayerNorm l 1 1 x output 0=3\n", 3, 3, 19, UNSUP, "normalisation of rows"},
    {IN CONV "Permute p 1 1 x a 0=3\nLayerNorm l 1 1 a output 0=3\n", 4, 4, 19, UNSUP,
     "axes are exchanged"},
    {IN CONV "Slice s 1 2 x a output -23300=2,1,3 1=1\n", 3, 4, 13, UNSUP,
     "a slice of rows or columns"},
    {IN CONV "Slice s 1 2 x a output -23300=3,1,1,1\n", 3, 4, 13, MODEL,
     "must have the channels of each output"},
    {IN CONV "Slice s 1 2 x a output -23300=2,-233,3\n", 3, 4, 13, MODEL,
     "has a number of channels that is none"},
    {IN CONV FINAL, 4, 3, 23, MODEL, "ends after 3 of the 4 layers"},
    {IN CONV FINAL, 2, 3, 23, MODEL, "a.param:5: more layers than"},
    {IN CONV FINAL, 3, 2, 23, MODEL, "a.param:5: layer 'last' (Convolution): blob 'output'"},
    {IN CONV FINAL, 3, 3, 24, MODEL, "4 bytes are left over"},
    {IN CONV FINAL, 3, 3, 22, MODEL, "layer 'last' (Convolution): a.bin ends too early: 36 bytes"},
    {IN CONV FINAL, 3, 3, 13, MODEL, "a.bin ends too early: 4 bytes of weights are wanted at"},
    {IN CONV FINAL, 3, 3, 10, MODEL, "a.param:4: layer 'c'"},
    {"Inpud in 0 1 data\n", 1, 1, 0, UNSUP, "a.param:3: layer 'in' (Inpud): layers of this type"},
    {"Input in\n", 1, 1, 0, MODEL, "a.param:3: not a layer"},
    {"Input in 0 0\n", 1, 1, 0, MODEL, "a.param:3: not a layer"},
    {"Input in 65 1 data\n", 1, 1, 0, MODEL, "a.param:3: not a layer"},
    {"Input in 0 2 data more\n", 1, 2, 0, MODEL, "0 inputs and 2 outputs do not fit"},
    {"Input in 0 9 data\n", 1, 1, 0, MODEL, "more outputs than the file has blobs"},
    {"Split in 0 1 data\n", 1, 1, 0, MODEL, "0 inputs and 1 outputs do not fit"},
    {"Input in 0 1\n", 1, 1, 0, MODEL, "names fewer blobs"},
    {"Input in 0 1 a=b\n", 1, 1, 0, MODEL, "'a=b' is not a blob's name"},
    {IN IN CONV, 3, 3, 0, MODEL, "a.param:4: layer 'in' (Input): blob 'data' is produced twice"},
    {IN "Input in 0 1 data2\n", 2, 2, 0, UNSUP, "more than one input"},
    {IN FINAL, 2, 3, 0, MODEL, "a.param:4: blob 'x' is used but no layer produces it"},
    {"Convolution c 1 1 y x 0=3 1=1 6=9\nConvolution c 1 1 x y 0=3 1=1 6=9\n", 2, 2, 0, MODEL,
     "no Input"},
    {IN "ReLU a 1 1 y x\nReLU b 1 1 x y\n", 3, 3, 0, MODEL, "its inputs depend on its own output"},
    {IN "ReLU a 1 1 x x\n", 2, 2, 0, MODEL, ""},
    {IN "BinaryOp a 2 1 data y x\nReLU b 1 1 x y\nReLU c 1 1 y output\n", 4, 4, 0, MODEL,
     "its inputs depend on its own output"},
    /* Parameters. */
    {IN "ReLU r 1 1 data output 0\n", 2, 2, 0, MODEL, "'0' is not a parameter"},
    {IN "ReLU r 1 1 data output 0=x\n", 2, 2, 0, MODEL, "parameter '0' is not an id"},
    {IN "ReLU r 1 1 data output 0=1e999\n", 2, 2, 0, MODEL, "parameter '0' is not an id"},
    {IN "ReLU r 1 1 data output 0=1e39\n", 2, 2, 0, MODEL, "parameter 0 is out of range"},
    {IN "ReLU r 1 1 data output 0=nan\n", 2, 2, 0, MODEL, "parameter '0' is not an id"},
    {IN "ReLU r 1 1 data output 32=0\n", 2, 2, 0, MODEL, "parameter '32' is not an id"},
    {IN "ReLU r 1 1 data output -1=0\n", 2, 2, 0, MODEL, "parameter '-1' is not an id"},
    {IN "ReLU r 1 1 data output 0=0.1 0=0.2\n", 2, 2, 0, MODEL, "parameter 0 is given twice"},
    {IN "ReLU r 1 1 data output -23300=1,0\n", 2, 2, 0, MODEL, "parameter 0 must be a number"},
    {IN "ReLU r 1 1 data output 5=0 30=7 -23331=1,4\n", 2, 2, 0, PLANCHE_OK, ""},
    {IN "ReLU r 1 1 data output 5=1\n", 2, 2, 0, UNSUP, "parameter 5 is not supported"},
    {IN "ReLU r 1 1 data output -23310=2,1\n", 2, 2, 0, MODEL, "parameter '-23310' is not"},
    {IN "ReLU r 1 1 data output -23310=1,1,2\n", 2, 2, 0, MODEL, "parameter '-23310' is not"},
    {IN "ReLU r 1 1 data output -23310=65,1\n", 2, 2, 0, MODEL, "parameter '-23310' is not"},
    {IN "ReLU r 1 1 data output -23310=-1\n", 2, 2, 0, MODEL, "parameter '-23310' is not"},
    {IN "Convolution c 1 1 data output 0=3.0 1=1 6=9\n", 2, 2, 10, MODEL, "0 must be an integer"},
    {IN "Convolution c 1 1 data output 1=1 6=9\n", 2, 2, 10, MODEL, "parameter 0 is missing"},
    {IN "Convolution c 1 1 data output 0=5000 1=1 6=9\n", 2, 2, 10, MODEL, "0 is out of range"},
    {IN "Convolution c 1 1 data output 0=3 1=32 6=9\n", 2, 2, 10, MODEL, "1 is out of range"},
    {IN "Convolution c 1 1 data output 0=3 1=1 6=0\n", 2, 2, 10, MODEL, "6 is out of range"},
    {IN "Convolution c 1 1 data output 0=3 1=1 6=99999999999\n", 2, 2, 10, MODEL,
     "6 is out of range"},
    {IN "Convolution c 1 1 data output 0=3 1=1 4=-1 6=9\n", 2, 2, 10, MODEL, "4 is out of range"},
    {IN "Convolution c 1 1 data output 0=3 1=1 4=-233 6=9\n", 2, 2, 10, UNSUP, "automatic padding"},
    {IN "Convolution c 1 1 data output 0=3 1=1 6=9 8=1\n", 2, 2, 10, UNSUP, "int8"},
    {IN "Convolution c 1 1 data output 0=3 1=1 6=9 18=1\n", 2, 2, 10, UNSUP, "anything but zero"},
    {IN "Convolution c 1 1 data output 0=3 1=1 6=9 19=1\n", 2, 2, 10, UNSUP, "computed"},
    {IN "Convolution c 1 1 data output 0=3 1=1 6=9 9=7\n", 2, 2, 10, UNSUP, "activation"},
    {IN "Convolution c 1 1 data output 0=3 1=1 6=9 9=2\n", 2, 2, 10, MODEL, "10 lacks"},
    {IN "Convolution c 1 1 data output 0=3 1=1 6=9 9=6 -23310=2,0,1\n", 2, 2, 10, MODEL,
     "divide by zero"},
    {IN "Deconvolution c 1 1 data output 0=3 1=1 6=9 20=8\n", 2, 2, 10, UNSUP, "fixed output"},
    {IN "Deconvolution c 1 1 data output 0=3 1=1 6=9 18=1\n", 2, 2, 10, UNSUP, "output padding"},
    {IN "BinaryOp b 1 1 data output 0=6 1=1\n", 2, 2, 0, UNSUP, "this operation"},
    {IN "BinaryOp b 1 1 data output 0=1\n", 2, 2, 0, MODEL, "number of inputs"},
    {IN "Eltwise e 2 1 data data output 0=1 -23301=1,1\n", 2, 2, 0, MODEL, "one coefficient"},
    {IN "Concat e 2 1 data data output 0=1\n", 2, 2, 0, UNSUP, "another axis"},
    {IN "Interp i 1 1 data output 0=0 1=2 2=2\n", 2, 2, 0, UNSUP, "this interpolation"},
    {IN "Interp i 1 1 data output 0=1 3=8 4=8\n", 2, 2, 0, UNSUP, "a fixed output size"},
    {IN "Interp i 1 1 data output 0=1 1=2 2=2 6=1\n", 2, 2, 0, UNSUP, "aligning corners"},
    {IN "Interp i 1 1 data output 0=1 1=0 2=2\n", 2, 2, 0, MODEL, "out of range"},
    {IN "Interp i 1 1 data output 0=1 1=1e9 2=1e9\n", 2, 2, 0, MODEL, "out of range"},
    {IN "PixelShuffle s 1 1 data output 0=2 1=2\n", 2, 2, 0, MODEL, "parameter 1 is out"},
    {IN "Pooling p 1 1 data output 0=0 4=1\n", 2, 2, 0, UNSUP, "other than the global average"},
    {IN "Pooling p 1 1 data output 0=1 1=2 3=2\n", 2, 2, 0, UNSUP, "other than the global"},
    {IN "Scale s 1 1 data output 0=-233\n", 2, 2, 0, MODEL, "parameter 0 is out of range"},
    {IN "Crop c 1 1 data output 0=1 1=1\n", 2, 2, 0, MODEL, "must be a size or -233"},
    {IN "Crop c 1 1 data output 2=1 3=-233 4=-233\n", 2, 2, 0, UNSUP, "cropping channels"},
    {IN "Crop c 1 1 data output -23309=1,1 -23310=1,2 -23311=1,0\n", 2, 2, 0, UNSUP,
     "cropping channels"},
    {IN "Crop c 1 1 data output -23309=1,1 -23310=1,2 -23311=1,3\n", 2, 2, 0, MODEL,
     "is not an axis"},
    {IN "Crop c 1 1 data output -23309=2,1,1 -23310=1,2 -23311=1,1\n", 2, 2, 0, MODEL,
     "as many elements"},
    /* Channels and sizes. */
    {"Input in 0 1 data 2=2\n" CONV FINAL, 3, 3, 23, UNSUP, "3 input channels"},
    {"Input in 0 1 data 2=1\nConvolution c 1 1 data output 0=3 1=1 6=3\n", 2, 2, 12, UNSUP,
     "picture of 1 channel,"},
    {IN "Convolution c 1 1 data output 0=3 1=3 6=9\n", 2, 2, 10, MODEL, "(81 wanted)"},
    {IN "Convolution c 1 1 data output 0=4 1=1 6=12\n", 2, 2, 13, UNSUP, "picture of 3 channels"},
    {IN "Pooling p 1 1 data output 0=1 4=1\n", 2, 2, 0, UNSUP, "picture of 3 channels"},
    {IN "PReLU p 1 1 data output 0=2\n", 2, 2, 2, MODEL, "2 values do not fit 3 channels"},
    {IN "Convolution c 1 1 data x 0=4 1=1 6=12\nEltwise e 2 1 data x output\n", 3, 3, 13, MODEL,
     "its inputs have 3 and 4 channels"},
    {IN "PixelShuffle s 1 1 data output 0=2\n", 2, 2, 0, MODEL, "3 channels cannot be divided"},
    {IN "InnerProduct i 1 1 data output 0=3 2=9\n", 2, 2, 10, UNSUP, "dense layer on a picture"},
    {IN "Pooling p 1 1 data v 0=1 4=1\nBinaryOp b 2 1 v v w\nScale s 2 1 data w output 0=-233\n", 4,
     4, 0, UNSUP, "pooled vectors"},
    {IN "Pooling p 1 1 data v 0=1 4=1\nSigmoid b 1 1 v w\nScale s 2 1 data w output 0=-233\n", 4, 4,
     0, UNSUP, "must follow a dense layer"},
    {IN "Scale s 2 1 data data output 0=-233\n", 2, 2, 0, UNSUP, "but a pooled vector"},
    {IN "Convolution c 1 1 data x 0=3 1=2 6=36\nBinaryOp b 2 1 data x output\n", 3, 3, 37, UNSUP,
     "layer 'b' (BinaryOp): no page size suits the network: the sizes of its inputs differ"},
    {IN "Interp i 1 1 data output 0=1 1=1.3 2=1.3\n", 2, 2, 0, UNSUP, "whole sizes"},
    {IN "Interp i 1 1 data output 0=1 1=2 2=3\n", 2, 2, 0, UNSUP, "whole multiple"},
    {IN "Crop c 1 1 data output 0=900 1=0 3=-233 4=-233\n", 2, 2, 0, UNSUP, "nothing left"},
    {IN "Crop c 1 1 data output 0=1 1=1 3=20 4=20\n", 2, 2, 0, UNSUP, "depends on the size"},
    {IN "Interp i 1 1 data a 0=1 1=16 2=16\nInterp i 1 1 a b 0=1 1=16 2=16\n"
        "Interp i 1 1 b c 0=1 1=16 2=16\nInterp i 1 1 c d 0=1 1=16 2=16\n"
        "Interp i 1 1 d e 0=1 1=16 2=16\nInterp i 1 1 e output 0=1 1=16 2=16\n",
     7, 7, 0, UNSUP, "empty or too large"},
};

static void check_sample(const struct sample *sample)
{
    char text[2048];
    float *weights = calloc((size_t)sample->floats + 1, sizeof(*weights));
    int length = snprintf(text, sizeof(text), "7767517\n%d %d\n%s", sample->layers, sample->blobs,
                          sample->lines);
    struct outcome outcome;
    assert_true(length > 0 && (size_t)length < sizeof(text));
    outcome = load(text, (size_t)length, weights, (size_t)sample->floats * 4, NULL);
    if (outcome.status != sample->status || !strstr(outcome.error.message, sample->message))
        fail_msg("%s: status %d, '%s' instead of %d, '%s'", sample->lines, (int)outcome.status,
                 outcome.error.message, (int)sample->status, sample->message);
    free(weights);
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        check_sample(&samples[i]);
}

static void test_header(void **state)
{
    static const char *const texts[] = {"",
                                        "\n\n",
                                        "7767517",
                                        "7767518\n1 1\n",
                                        "7767517 1\n",
                                        "7767517\n\n",
                                        "7767517\n1\n",
                                        "7767517\n1 x\n",
                                        "7767517\n0 1\n",
                                        "7767517\n1 0\n",
                                        "7767517\n16385 1\n",
                                        "7767517\n1 32769\n",
                                        "7767517\n1 1 1\n",
                                        "7767517.0\n1 1\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(load(texts[i], strlen(texts[i]), "", 0, NULL).status, MODEL);
    assert_non_null(strstr(load("7767517\0\n", 9, "", 0, NULL).error.message, "zero bytes"));
}

/* Kernels begin with a tag; only floats of two widths are weights, and they must be finite. */
static void test_weights(void **state)
{
    static const char text[] = "7767517\n2 2\n" IN "Convolution c 1 1 data output 0=3 1=1 6=9\n";
    uint32_t bin[10] = {0x000D4B38};
    const float nan_value = (float)(0.0 / (double)(bin[1] + 0.0f));
    struct outcome outcome = load(text, strlen(text), bin, 40, NULL);
    (void)state;
    assert_int_equal(outcome.status, UNSUP);
    assert_non_null(strstr(outcome.error.message, "int8"));
    bin[0] = 0x12345678;
    outcome = load(text, strlen(text), bin, 40, NULL);
    assert_int_equal(outcome.status, UNSUP);
    assert_non_null(strstr(outcome.error.message, "0x12345678"));
    bin[0] = 0x0002C056;
    assert_int_equal(load(text, strlen(text), bin, 40, NULL).status, PLANCHE_OK);
    bin[0] = 0;
    memcpy(&bin[9], &nan_value, 4);
    outcome = load(text, strlen(text), bin, 40, NULL);
    assert_int_equal(outcome.status, MODEL);
    assert_non_null(strstr(outcome.error.message, "finite"));
    memset(bin, 0, sizeof(bin));
    bin[0] = 0x01306B47;
    assert_int_equal(load(text, strlen(text), bin, 24, NULL).status, PLANCHE_OK);
    assert_int_equal(load(text, strlen(text), bin, 23, NULL).status, MODEL);
    bin[3] = 0x7c00;
    assert_int_equal(load(text, strlen(text), bin, 24, NULL).status, MODEL);
}

static void test_variant(void **state)
{
    static const char text[] = "7767517\n2 2\n" IN "ReLU r 1 1 data output\n";
    struct planche_model_variant variant = *planche_model_variant_get(0);
    struct outcome outcome;
    (void)state;
    variant.scale = 1;
    assert_int_equal(load(text, strlen(text), "", 0, &variant).status, PLANCHE_OK);
    variant.scale = 2;
    outcome = load(text, strlen(text), "", 0, &variant);
    assert_int_equal(outcome.status, MODEL);
    assert_non_null(strstr(outcome.error.message, "enlarges 1 times, not 2 times"));
}

static void expect_files(const char *param, const char *bin, enum planche_status status,
                         const char *message)
{
    const struct planche_model_source source = {.param_path = param, .bin_path = bin};
    struct planche_error error = {.message = ""};
    struct planche_net *net;
    assert_int_equal(planche_model_load(&net, &source, NULL, NULL, &error), status);
    assert_null(net);
    if (!strstr(error.message, message))
        fail_msg("'%s' lacks '%s'", error.message, message);
}

static void write_file(const char *path, const char *text, off_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fflush(file);
    if (size)
        assert_int_equal(ftruncate(fileno(file), size), 0);
    fclose(file);
}

static void test_files(void **state)
{
    char directory[] = "/tmp/planche-test-XXXXXX", param[64], bin[64];
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(param, sizeof(param), "%s/a.param", directory);
    snprintf(bin, sizeof(bin), "%s/a.bin", directory);
    expect_files(param, bin, PLANCHE_ERROR_NOT_FOUND, "a.param: no such model file");
    expect_files(directory, bin, PLANCHE_ERROR_IO, "not a regular file");
    expect_files("/dev/zero", bin, PLANCHE_ERROR_IO, "not a regular file");
    write_file(param, "7767517\n", (off_t)20 << 20);
    expect_files(param, bin, MODEL, "too large");
    write_file(param, "7767517\n2 2\n" IN "Convolution c 1 1 data output 0=3 1=1 6=9\n", 0);
    expect_files(param, bin, PLANCHE_ERROR_NOT_FOUND, "a.bin: no such model file");
    write_file(bin, "", (off_t)1 << 31);
    expect_files(param, bin, MODEL, "too large");
    write_file(bin, "", 44);
    expect_files(param, bin, MODEL, "left over");
    unlink(param);
    unlink(bin);
    rmdir(directory);
}

static void test_budget(void **state)
{
    struct random_graph files;
    struct planche_model_source source = {.param_path = "a.param", .bin_path = "a.bin"};
    struct planche_error error;
    struct planche_net *net;
    (void)state;
    random_graph_make(&files, 3);
    source.param = files.param;
    source.param_size = files.param_size;
    source.bin = files.bin;
    source.bin_size = files.bin_size;
    for (uint64_t limit = 100; limit < 100000; limit *= 10) {
        struct planche_budget budget;
        planche_budget_init(&budget, limit);
        assert_int_equal(planche_model_load(&net, &source, NULL, &budget, &error),
                         PLANCHE_ERROR_BUDGET);
        assert_non_null(strstr(error.message, "budget"));
        assert_int_equal(budget.used, 0);
    }
    random_graph_free(&files);
}

/* Seeds whose files are small but have many kinds of layers. */
static const uint64_t small_seeds[] = {2, 5, 11};

static void test_truncation(void **state)
{
    (void)state;
    for (size_t s = 0; s < 3; s++) {
        struct random_graph files;
        random_graph_make(&files, small_seeds[s]);
        for (size_t size = 0; size < files.param_size; size++) {
            struct outcome outcome = load(files.param, size, files.bin, files.bin_size, NULL);
            /* A cut may hit the last parameter's default or only the last line's end. */
            if (size + 80 < files.param_size)
                assert_int_not_equal(outcome.status, PLANCHE_OK);
        }
        for (size_t size = 0; size < files.bin_size; size += 1 + files.bin_size / 3000)
            assert_int_equal(load(files.param, files.param_size, files.bin, size, NULL).status,
                             MODEL);
        random_graph_free(&files);
    }
}

static void test_alteration(void **state)
{
    static const char others[] = {'0', '9', ' ', '-', '=', '\n', '\x80'};
    (void)state;
    for (size_t s = 0; s < 3; s++) {
        struct random_graph files;
        random_graph_make(&files, small_seeds[s]);
        for (size_t at = 0; at < files.param_size; at++) {
            char before = files.param[at];
            for (size_t i = 0; i < sizeof(others); i++) {
                files.param[at] = others[i];
                load(files.param, files.param_size, files.bin, files.bin_size, NULL);
            }
            files.param[at] = before;
        }
        for (size_t at = 0; at < files.bin_size; at += 1 + files.bin_size / 3000) {
            files.bin[at] ^= 0x7f;
            load(files.param, files.param_size, files.bin, files.bin_size, NULL);
            files.bin[at] ^= 0x7f;
        }
        random_graph_free(&files);
    }
}

/* Many layers of the worst kinds stay quick. */
static void test_large(void **state)
{
    const int layers = 16384;
    char *text = malloc((size_t)layers * 64 + 64), *at = text;
    struct outcome outcome;
    (void)state;
    at += sprintf(at, "7767517\n%d %d\n" IN, layers, layers);
    for (int i = 1; i < layers; i++)
        at += sprintf(at, "BinaryOp l%d 2 1 %s%.0d %s%.0d b%d\n", i, i > 1 ? "b" : "data",
                      i > 1 ? i - 1 : 0, i > 2 ? "b" : "data", i > 2 ? i / 2 : 0, i);
    outcome = load(text, (size_t)(at - text), "", 0, NULL);
    if (outcome.status != PLANCHE_OK)
        fail_msg("%s", outcome.error.message);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),    cmocka_unit_test(test_header),
        cmocka_unit_test(test_weights),    cmocka_unit_test(test_variant),
        cmocka_unit_test(test_files),      cmocka_unit_test(test_budget),
        cmocka_unit_test(test_truncation), cmocka_unit_test(test_alteration),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
