/* SPDX-License-Identifier: MIT */
/* Interpolation and pixel shuffle. */
#include "kernel_test.h"

#include <string.h>

#define MAX_TAPS   4
#define TOLERANCE  4e-7
#define MAX_BLOCKS 32

/* Columns of first taps: they never decrease, repeat or skip some, and leave one tap among 0..width
 * - 1 (nearest: all). */
static void choose_columns(int32_t *columns, size_t pixels, size_t taps, size_t width,
                           struct random *random)
{
    const size_t reach = taps - 1, stride = random_size(random, 0, 3);
    size_t column = random_size(random, 0, width / 2); /* less `reach` */
    for (size_t p = 0; p < pixels; p++) {
        columns[p] = (int32_t)column - (int32_t)reach;
        column += random_size(random, 0, stride);
        column = column < width + reach ? column : width + reach - 1;
    }
}

static size_t clamp_column(ptrdiff_t column, size_t width)
{
    return column < 0 ? 0 : column < (ptrdiff_t)width ? (size_t)column : width - 1;
}

static void check_interp_shape(const struct planche_kernels *kernels, size_t lanes, size_t taps,
                               struct random *random)
{
    const size_t width = random_size(random, 1, 400), pixels = random_size(random, 1, 300);
    struct buffer row[MAX_TAPS], columns = buffer_create(pixels, false);
    struct buffer row_weights = buffer_create_random(taps, false, random);
    struct buffer column_weights = buffer_create_random(pixels * taps, false, random);
    struct buffer out = buffer_create(pixels * lanes, lanes == LANES);
    struct buffer again = buffer_create(pixels * lanes, lanes == LANES);
    const float *rows[MAX_TAPS];
    int32_t *column = (int32_t *)(void *)columns.data;
    for (size_t i = 0; i < taps; i++) {
        row[i] = buffer_create_random(width * lanes, lanes == LANES, random);
        rows[i] = row[i].data;
    }
    choose_columns(column, pixels, taps, width, random);
    struct planche_interp_args args = {.lanes = (unsigned)lanes,
                                       .taps = (unsigned)taps,
                                       .rows = rows,
                                       .row_weights = row_weights.data,
                                       .columns = column,
                                       .max = (int32_t)width - 1,
                                       .column_weights = column_weights.data,
                                       .out = out.data,
                                       .pixels = pixels};
    kernels->interp(&args);
    for (size_t p = 0; p < pixels; p++)
        for (size_t lane = 0; lane < lanes; lane++) {
            struct expected expected = {0};
            for (size_t i = 0; i < taps; i++)
                for (size_t j = 0; j < taps; j++)
                    expected_add(
                        &expected,
                        taps == 1 ? 1.0
                                  : (double)row_weights.data[i] * column_weights.data[p * taps + j],
                        rows[i][clamp_column(column[p] + (ptrdiff_t)j, width) * lanes + lane]);
            expected_compare(&expected, out.data[p * lanes + lane], TOLERANCE, "interp", p);
        }
    args.out = again.data;
    args.pixels = random_size(random, 0, pixels);
    kernels->interp(&args);
    args.columns += args.pixels;
    args.column_weights += args.pixels * taps;
    args.out += args.pixels * lanes;
    args.pixels = pixels - args.pixels;
    kernels->interp(&args);
    assert_memory_equal(again.data, out.data, pixels * lanes * sizeof *out.data);
    for (size_t i = 0; i < taps; i++)
        buffer_destroy(&row[i]);
    buffer_destroy(&columns);
    buffer_destroy(&row_weights);
    buffer_destroy(&column_weights);
    buffer_destroy(&out);
    buffer_destroy(&again);
}

void check_interp_f32(const struct planche_kernels *kernels, struct random *random)
{
    for (unsigned i = 0; i < 20; i++)
        for (size_t taps = 1; taps <= MAX_TAPS; taps *= 2) {
            check_interp_shape(kernels, 1, taps, random);
            check_interp_shape(kernels, LANES, taps, random);
        }
}

struct shuffle {
    size_t in_lanes, in_blocks, out_lanes, out_blocks, channels, factor, pixels;
    bool add;
    struct buffer in[MAX_BLOCKS], addend[MAX_BLOCKS], out[MAX_BLOCKS];
    const float *inputs[MAX_BLOCKS], *addends[MAX_BLOCKS];
    float *outputs[MAX_BLOCKS];
};

static void compare_shuffle(const struct shuffle *shuffle, size_t row)
{
    for (size_t c = 0; c < shuffle->out_blocks * shuffle->out_lanes; c++)
        for (size_t p = 0; p < shuffle->pixels * shuffle->factor; p++) {
            const size_t in = (c * shuffle->factor + row) * shuffle->factor + p % shuffle->factor;
            const size_t pixel = p / shuffle->factor;
            float expected = 0.0f;
            if (c < shuffle->channels)
                expected = shuffle->inputs[in / shuffle->in_lanes]
                                          [pixel * shuffle->in_lanes + in % shuffle->in_lanes];
            if (c < shuffle->channels && shuffle->add)
                expected += shuffle->addends[c / shuffle->out_lanes]
                                            [pixel * shuffle->out_lanes + c % shuffle->out_lanes];
            const float *actual = &shuffle->outputs[c / shuffle->out_lanes][p * shuffle->out_lanes +
                                                                            c % shuffle->out_lanes];
            assert_memory_equal(actual, &expected, sizeof expected);
        }
}

static void check_shuffle_shape(const struct planche_kernels *kernels, struct shuffle *shuffle,
                                struct random *random)
{
    for (size_t b = 0; b < shuffle->in_blocks; b++) {
        shuffle->in[b] = buffer_create_random(shuffle->pixels * shuffle->in_lanes,
                                              shuffle->in_lanes == LANES, random);
        shuffle->inputs[b] = shuffle->in[b].data;
    }
    for (size_t b = 0; b < shuffle->out_blocks; b++) {
        shuffle->addend[b] = buffer_create_random(shuffle->pixels * shuffle->out_lanes,
                                                  shuffle->out_lanes == LANES, random);
        shuffle->addends[b] = shuffle->addend[b].data;
    }
    for (size_t row = 0; row < shuffle->factor; row++) {
        for (size_t b = 0; b < shuffle->out_blocks; b++) {
            shuffle->out[b] = buffer_create(shuffle->pixels * shuffle->factor * shuffle->out_lanes,
                                            shuffle->out_lanes == LANES);
            shuffle->outputs[b] = shuffle->out[b].data;
        }
        kernels->shuffle(
            &(struct planche_shuffle_args){.inputs = shuffle->inputs,
                                           .in_lanes = (unsigned)shuffle->in_lanes,
                                           .addends = shuffle->add ? shuffle->addends : NULL,
                                           .outputs = shuffle->outputs,
                                           .out_lanes = (unsigned)shuffle->out_lanes,
                                           .out_channels = (unsigned)shuffle->channels,
                                           .factor = (unsigned)shuffle->factor,
                                           .row = (unsigned)row,
                                           .pixels = shuffle->pixels});
        compare_shuffle(shuffle, row);
        for (size_t b = 0; b < shuffle->out_blocks; b++)
            buffer_destroy(&shuffle->out[b]);
    }
    for (size_t b = 0; b < shuffle->in_blocks; b++)
        buffer_destroy(&shuffle->in[b]);
    for (size_t b = 0; b < shuffle->out_blocks; b++)
        buffer_destroy(&shuffle->addend[b]);
}

void check_shuffle_f32(const struct planche_kernels *kernels, struct random *random)
{
    for (size_t factor = 1; factor <= 5; factor++)
        for (size_t channels = 1; channels <= 20; channels++) {
            const size_t inputs = channels * factor * factor;
            struct shuffle shuffle = {
                .channels = channels, .factor = factor, .pixels = random_size(random, 1, 40)};
            shuffle.add = random_once(random, 2);
            shuffle.in_lanes = inputs <= PLANCHE_PLANAR_CHANNELS ? 1 : LANES;
            shuffle.in_blocks = (inputs + shuffle.in_lanes - 1) / shuffle.in_lanes;
            shuffle.out_lanes = channels <= PLANCHE_PLANAR_CHANNELS ? 1 : LANES;
            shuffle.out_blocks = (channels + shuffle.out_lanes - 1) / shuffle.out_lanes;
            check_shuffle_shape(kernels, &shuffle, random);
        }
}
