/* SPDX-License-Identifier: MIT */
/* How far 3x3 layers are from double precision: inputs uniform in -1..1, weights uniform with the
 * variance 1 / (9 * input channels), as of trained layers. docs/numerics.md quotes the table. */
#include "kernel_test.h"

#include "kernels/bf16.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_BLOCKS 16
#define COLUMNS    48
#define MAX_ROWS   PLANCHE_WINOGRAD_TILE_MAX
#define MAX_INPUTS PLANCHE_WINOGRAD_INPUT(MAX_ROWS)

struct layer {
    unsigned in_blocks, rows;
    struct buffer inputs[MAX_BLOCKS * MAX_INPUTS], outputs[MAX_ROWS], weights, zeros, ones;
    const float *input_rows[MAX_BLOCKS * MAX_INPUTS];
    float *output_rows[MAX_ROWS];
};

struct errors {
    double largest, squares, signal; /* signal: sum of the squares of the right values */
};

static void create_layer(struct layer *layer, unsigned in_blocks, unsigned rows,
                         struct random *random)
{
    const unsigned channels = in_blocks * LANES;
    memset(layer, 0, sizeof *layer);
    layer->in_blocks = in_blocks;
    layer->rows = rows;
    for (unsigned i = 0; i < in_blocks * (rows + 2); i++) {
        layer->inputs[i] = buffer_create_random((COLUMNS + 2) * LANES, true, random);
        layer->input_rows[i] = layer->inputs[i].data;
    }
    for (unsigned i = 0; i < rows; i++) {
        layer->outputs[i] = buffer_create(COLUMNS * LANES, true);
        layer->output_rows[i] = layer->outputs[i].data;
    }
    layer->weights = buffer_create_random((size_t)LANES * channels * 9, true, random);
    for (size_t i = 0; i < layer->weights.count / sizeof(float); i++)
        layer->weights.data[i] *= sqrtf(3.0f / (9.0f * (float)channels));
    layer->zeros = buffer_create(LANES, true);
    layer->ones = buffer_create(LANES, true);
    for (unsigned i = 0; i < LANES; i++) {
        layer->zeros.data[i] = 0.0f;
        layer->ones.data[i] = 1.0f;
    }
}

static void destroy_layer(struct layer *layer)
{
    for (unsigned i = 0; i < layer->in_blocks * (layer->rows + 2); i++)
        buffer_destroy(&layer->inputs[i]);
    for (unsigned i = 0; i < layer->rows; i++)
        buffer_destroy(&layer->outputs[i]);
    buffer_destroy(&layer->weights);
    buffer_destroy(&layer->zeros);
    buffer_destroy(&layer->ones);
}

static void run_winograd(struct layer *layer, enum planche_precision precision,
                         planche_winograd_fn fn)
{
    const unsigned tile = layer->rows, channels = layer->in_blocks * LANES;
    unsigned lanes[MAX_BLOCKS * LANES];
    size_t weights, scratch;
    for (unsigned i = 0; i < channels; i++)
        lanes[i] = i;
    assert_true(planche_winograd_weights(tile, precision, layer->in_blocks, 1, &weights));
    assert_true(planche_winograd_scratch(tile, layer->in_blocks, 1, COLUMNS / tile, &scratch));
    struct buffer packed = buffer_create(weights, true), work = buffer_create(scratch, true);
    pack_winograd(&(struct planche_winograd_pack_args){
        .tile = tile,
        .precision = precision,
        .weights = layer->weights.data,
        .out_channels = LANES,
        .in_channels = channels,
        .in_lane = lanes,
        .in_blocks = layer->in_blocks,
        .out_blocks = 1,
        .packed = packed.data,
    });
    fn(&(struct planche_winograd_args){
        .in_blocks = layer->in_blocks,
        .input_rows = layer->input_rows,
        .input_columns = COLUMNS + 2,
        .weights = packed.data,
        .out_blocks = 1,
        .output_rows = layer->output_rows,
        .columns = COLUMNS,
        .epilogue = {.bias = layer->zeros.data, .slope = layer->ones.data},
        .scratch = work.data,
    });
    buffer_destroy(&packed);
    buffer_destroy(&work);
}

static void run_conv(struct layer *layer, enum planche_precision precision, planche_conv_fn fn)
{
    const size_t channels = layer->in_blocks * LANES;
    const float *inputs[9 * MAX_BLOCKS];
    size_t scratch;
    assert_true(planche_conv_scratch(precision, 9 * layer->in_blocks, &scratch));
    struct buffer packed = buffer_create(9 * channels * LANES, true);
    struct buffer work = buffer_create(scratch / sizeof(float) + 1, true);
    uint16_t *pairs = (uint16_t *)(void *)packed.data;
    for (unsigned e = 0; e < 9 * layer->in_blocks; e++) {
        const unsigned tap = e % 9, block = e / 9;
        inputs[e] = layer->input_rows[block * (layer->rows + 2) + tap / 3] + (tap % 3) * LANES;
        for (unsigned k = 0; k < LANES; k++)
            for (unsigned out = 0; out < LANES; out++) {
                const float w = layer->weights.data[(out * channels + block * LANES + k) * 9 + tap];
                if (precision == PLANCHE_PRECISION_BF16)
                    pairs[((e * LANES + k) / 2 * LANES + out) * 2 + k % 2] = planche_bf16_round(w);
                else
                    packed.data[(e * LANES + k) * LANES + out] = w;
            }
    }
    fn(&(struct planche_conv_args){
        .entries = 9 * layer->in_blocks,
        .inputs = inputs,
        .depth = LANES,
        .input_step = LANES,
        .weights = packed.data,
        .out_blocks = 1,
        .outputs = layer->output_rows,
        .output_step = LANES,
        .count = COLUMNS,
        .epilogue = {.bias = layer->zeros.data, .slope = layer->ones.data},
        .scratch = work.data,
    });
    buffer_destroy(&packed);
    buffer_destroy(&work);
}

static double expect(const struct layer *layer, unsigned row, size_t x, unsigned out)
{
    const unsigned channels = layer->in_blocks * LANES;
    double sum = 0.0;
    for (unsigned c = 0; c < channels; c++)
        for (unsigned tap = 0; tap < 9; tap++)
            sum += (double)layer->weights.data[(out * channels + c) * 9 + tap] *
                   layer->input_rows[c / LANES * (layer->rows + 2) + row + tap / 3]
                                    [(x + tap % 3) * LANES + c % LANES];
    return sum;
}

static void add_errors(const struct layer *layer, struct errors *errors)
{
    for (unsigned row = 0; row < layer->rows; row++)
        for (size_t x = 0; x < COLUMNS; x++)
            for (unsigned out = 0; out < LANES; out++) {
                const double expected = expect(layer, row, x, out);
                const double error = layer->output_rows[row][x * LANES + out] - expected;
                errors->largest = fmax(errors->largest, fabs(error));
                errors->squares += error * error;
                errors->signal += expected * expected;
            }
}

static void print_version(const struct version *version, unsigned in_blocks)
{
    const bool conv = strcmp(version->op, "conv") == 0,
               small = strcmp(version->op, "winograd4") == 0,
               bf16 = strcmp(version->type, "bf16") == 0;
    const enum planche_precision precision = bf16 ? PLANCHE_PRECISION_BF16 : PLANCHE_PRECISION_F32;
    struct planche_kernels kernels;
    struct random random = {in_blocks};
    struct errors errors = {0};
    planche_kernels_init(&kernels, 0);
    version->use(&kernels);
    for (unsigned i = 0; i < 16; i++) {
        struct layer layer;
        create_layer(&layer, in_blocks, conv ? 1 : small ? 4 : 6, &random);
        if (conv)
            run_conv(&layer, precision, bf16 ? kernels.conv_bf16 : kernels.conv);
        else
            run_winograd(&layer, precision,
                         bf16 ? (small ? kernels.winograd4_bf16 : kernels.winograd6_bf16)
                              : (small ? kernels.winograd4 : kernels.winograd6));
        add_errors(&layer, &errors);
        destroy_layer(&layer);
    }
    printf("%-10s %-4s %-10s %8u %13.1e %13.1e %9.1f\n", version->op, version->type, version->isa,
           in_blocks * LANES, errors.largest, sqrt(errors.squares / errors.signal),
           10.0 * log10(errors.signal / errors.squares));
}

void print_errors(uint32_t features)
{
    printf("%-10s %-4s %-10s %8s %13s %13s %9s\n", "kernel", "type", "ISA", "channels",
           "largest error", "relative rms", "SNR dB");
    for (size_t i = 0; i < kernel_version_count; i++) {
        const struct version *version = &kernel_versions[i];
        const bool shown = strcmp(version->op, "conv") == 0 ||
                           strncmp(version->op, "winograd", strlen("winograd")) == 0;
        if (shown && (version->feature & (features)))
            for (unsigned in_blocks = 1; in_blocks <= MAX_BLOCKS; in_blocks *= 4)
                print_version(version, in_blocks);
    }
}
