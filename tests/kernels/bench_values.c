/* SPDX-License-Identifier: MIT */
/* Measures the kernels of steps without products between channels: values that a second makes. */
#include "kernel_test.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of 48 channels of a page: what a step works on at once. */
#define PIXELS    384
#define BLOCKS    3
#define BLOCK     ((size_t)PIXELS * PLANCHE_LANES)
#define MOST_TAPS 49
#define MARGIN    16 /* pixels that kernels read beyond the row */

struct subject {
    const char *op, *name;
    int kind; /* of activation, operation or norm; depthwise: side of the kernel */
};

static const struct subject subjects[] = {
    {"activate", "leaky", PLANCHE_ACT_LEAKY},
    {"activate", "clip", PLANCHE_ACT_CLIP},
    {"activate", "sigmoid", PLANCHE_ACT_SIGMOID},
    {"activate", "SiLU", PLANCHE_ACT_SILU},
    {"activate", "Mish", PLANCHE_ACT_MISH},
    {"activate", "GELU", PLANCHE_ACT_GELU},
    {"activate", "GELU by tanh", PLANCHE_ACT_GELU_TANH},
    {"activate", "tanh", PLANCHE_ACT_TANH},
    {"activate", "ELU", PLANCHE_ACT_ELU},
    {"binary_vector", "add", PLANCHE_BINARY_ADD},
    {"binary_vector", "multiply", PLANCHE_BINARY_MUL},
    {"norm", "layer", PLANCHE_NORM_LAYER},
    {"norm", "root of the mean square", PLANCHE_NORM_RMS},
    {"depthwise", "3x3", 3},
    {"depthwise", "5x5", 5},
    {"depthwise", "7x7", 7},
};

struct work {
    const struct planche_kernels *kernels;
    const struct subject *subject;
    const float *in, *weights, *vector;
    float *out;
};

static void activate(const struct work *work)
{
    /* In place: the values are new each time, or activations would take them to their end. */
    memcpy(work->out, work->in, BLOCKS * BLOCK * sizeof *work->out);
    work->kernels->activate(&(struct planche_activate_args){
        .activation = work->subject->kind,
        .act = {0.1f, 0.5f},
        .values = work->out,
        .count = BLOCKS * BLOCK,
    });
}

static void combine(const struct work *work)
{
    work->kernels->binary_vector(&(struct planche_binary_vector_args){
        .op = work->subject->kind,
        .lanes = PLANCHE_LANES,
        .a = work->in,
        .vector = work->vector,
        .out = work->out,
        .pixels = (size_t)BLOCKS * PIXELS,
    });
}

static void norm(const struct work *work)
{
    const float *in[BLOCKS];
    float *out[BLOCKS];
    for (size_t b = 0; b < BLOCKS; b++) {
        in[b] = work->in + b * BLOCK;
        out[b] = work->out + b * BLOCK;
    }
    work->kernels->norm(&(struct planche_norm_args){
        .norm = work->subject->kind,
        .lanes = PLANCHE_LANES,
        .blocks = BLOCKS,
        .channels = BLOCKS * PLANCHE_LANES,
        .in = in,
        .scale = work->vector,
        .bias = work->vector,
        .eps = 1e-6f,
        .out = out,
        .pixels = PIXELS,
    });
}

static void depthwise(const struct work *work)
{
    const int side = work->subject->kind;
    const float *inputs[MOST_TAPS];
    for (size_t b = 0; b < BLOCKS; b++) {
        for (int t = 0; t < side * side; t++)
            inputs[t] = work->in + b * BLOCK + (size_t)(t % side) * PLANCHE_LANES;
        work->kernels->depthwise(&(struct planche_conv_args){
            .entries = (size_t)side * (size_t)side,
            .inputs = inputs,
            .depth = PLANCHE_LANES,
            .input_step = PLANCHE_LANES,
            .weights = work->weights,
            .out_blocks = 1,
            .outputs = (float *[]){work->out + b * BLOCK},
            .output_step = PLANCHE_LANES,
            .count = PIXELS,
            .epilogue = {.bias = work->vector, .slope = work->vector},
        });
    }
}

static void run(const void *user)
{
    const struct work *work = user;
    if (strcmp(work->subject->op, "activate") == 0)
        activate(work);
    else if (strcmp(work->subject->op, "binary_vector") == 0)
        combine(work);
    else if (strcmp(work->subject->op, "norm") == 0)
        norm(work);
    else
        depthwise(work);
}

static float *random_floats(size_t count)
{
    struct random random = {count};
    float *data = planche_alloc(NULL, count * sizeof *data);
    if (!data)
        abort();
    for (size_t i = 0; i < count; i++)
        data[i] = random_float(&random) * 2.0f;
    return data;
}

void bench_values(uint32_t features, const char *op, const char *isa)
{
    float *in = random_floats(BLOCKS * BLOCK + (size_t)MARGIN * PLANCHE_LANES);
    float *weights = random_floats((size_t)MOST_TAPS * PLANCHE_LANES);
    float *vector = random_floats(BLOCKS * PLANCHE_LANES), *out = random_floats(BLOCKS * BLOCK);
    printf("\n%-14s %-10s %-30s %12s\n", "kernel", "ISA", "of 48 channels", "values/ns");
    for (size_t s = 0; s < sizeof subjects / sizeof *subjects; s++)
        for (size_t i = 0; i < kernel_version_count; i++) {
            const struct version *version = &kernel_versions[i];
            if (strcmp(version->op, subjects[s].op) != 0 || !(version->feature & features) ||
                (op && strcmp(op, version->op) != 0) || (isa && strcmp(isa, version->isa) != 0))
                continue;
            struct planche_kernels kernels;
            planche_kernels_init(&kernels, 0);
            version->use(&kernels);
            const struct work work = {&kernels, &subjects[s], in, weights, vector, out};
            printf("%-14s %-10s %-30s %12.2f\n", version->op, version->isa, subjects[s].name,
                   1e-9 * bench_measure(run, &work) * (double)(BLOCKS * BLOCK));
        }
    planche_free(in);
    planche_free(weights);
    planche_free(vector);
    planche_free(out);
}
