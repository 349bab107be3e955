/* SPDX-License-Identifier: MIT */
/* Attention within a window against the same in double precision. */
#include "kernel_test.h"

#include <math.h>
#include <string.h>

#define ATTENTION_ERROR 1e-5

enum { QUERY, KEY, VALUE, OUT, TENSORS };
#define ROWS (PLANCHE_ATTENTION_BLOCKS * PLANCHE_ATTENTION_WINDOW)

/* A window within wider rows. */
struct attention_run {
    struct planche_attention_args args;
    size_t pixels, length, row; /* row: floats */
    struct buffer tensors[TENSORS], bias, scratch;
    float *rows[TENSORS][ROWS];
};

static void create(struct attention_run *run, struct random *random)
{
    struct planche_attention_args *args = &run->args;
    *args = (struct planche_attention_args){
        .blocks = (unsigned)random_size(random, 1, 3),
        .rows = (unsigned)random_size(random, 1, PLANCHE_ATTENTION_WINDOW),
        .columns = (unsigned)random_size(random, 1, PLANCHE_ATTENTION_WINDOW),
        .factor = 0.7f,
    };
    run->pixels = (size_t)args->rows * args->columns;
    run->length = PLANCHE_ATTENTION_LENGTH(run->pixels);
    run->row = (args->columns + random_size(random, 0, 3)) * LANES;
    for (int t = 0; t < TENSORS; t++) {
        run->tensors[t] = buffer_create_random(run->row * args->rows * args->blocks, true, random);
        for (size_t i = 0; i < (size_t)args->rows * args->blocks; i++)
            run->rows[t][i] = run->tensors[t].data + i * run->row;
    }
    run->bias = buffer_create_random(run->pixels * run->length, true, random);
    for (size_t i = 0; i < run->pixels; i++)
        for (size_t j = run->pixels; j < run->length; j++)
            run->bias.data[i * run->length + j] = 0;
    run->scratch = buffer_create(PLANCHE_ATTENTION_SCRATCH(args->blocks, run->pixels), true);
    args->query = (const float *const *)run->rows[QUERY];
    args->key = (const float *const *)run->rows[KEY];
    args->value = (const float *const *)run->rows[VALUE];
    args->out = run->rows[OUT];
    args->bias = run->bias.data;
    args->scratch = run->scratch.data;
}

static void destroy(struct attention_run *run)
{
    for (int t = 0; t < TENSORS; t++)
        buffer_destroy(&run->tensors[t]);
    buffer_destroy(&run->bias);
    buffer_destroy(&run->scratch);
}

static double at(const struct attention_run *run, int tensor, size_t pixel, size_t channel)
{
    const struct planche_attention_args *args = &run->args;
    return run->rows[tensor][channel / LANES * args->rows + pixel / args->columns]
                    [pixel % args->columns * LANES + channel % LANES];
}

static void compare(const struct attention_run *run, size_t pixel)
{
    const size_t channels = (size_t)run->args.blocks * LANES;
    double shares[PLANCHE_ATTENTION_WINDOW * PLANCHE_ATTENTION_WINDOW], sum = 0;
    for (size_t j = 0; j < run->pixels; j++) {
        double product = 0;
        for (size_t c = 0; c < channels; c++)
            product += at(run, QUERY, pixel, c) * at(run, KEY, j, c);
        shares[j] = exp(run->args.factor * product + run->bias.data[j * run->length + pixel]);
        sum += shares[j];
    }
    for (size_t c = 0; c < channels; c++) {
        struct expected expected = {0, 1};
        for (size_t j = 0; j < run->pixels; j++)
            expected.value += shares[j] / sum * at(run, VALUE, j, c);
        expected_compare(&expected, (float)at(run, OUT, pixel, c), ATTENTION_ERROR, "attention", c);
    }
}

void check_attention_f32(const struct planche_kernels *kernels, struct random *random)
{
    for (unsigned i = 0; i < 40; i++) {
        struct attention_run run;
        create(&run, random);
        kernels->attention(&run.args);
        for (size_t p = 0; p < run.pixels; p++)
            compare(&run, p);
        destroy(&run);
    }
}
