/* SPDX-License-Identifier: MIT */
/* Activations and normalisation against the same in double precision. */
#include "kernel_test.h"

#include "net/ops.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What docs/numerics.md says of activations: the error is less than this, of the greater of 1 and
 * the value. */
#define ACTIVATION_ERROR 1e-6
#define NORM_ERROR       2e-6

static double activation(int which, double a, double b, double v)
{
    switch (which) {
    case PLANCHE_ACT_RELU:
        return fmax(v, 0);
    case PLANCHE_ACT_LEAKY:
        return v > 0 ? v : a * v;
    case PLANCHE_ACT_CLIP:
        return fmin(fmax(v, a), b);
    case PLANCHE_ACT_SIGMOID:
        return 1 / (1 + exp(-v));
    case PLANCHE_ACT_MISH:
        return v * tanh(log1p(exp(v)));
    case PLANCHE_ACT_HARDSWISH:
        return v * fmin(fmax(v * a + b, 0), 1);
    case PLANCHE_ACT_SILU:
        return v / (1 + exp(-v));
    case PLANCHE_ACT_GELU:
        return v * 0.5 * erfc(-v / sqrt(2));
    case PLANCHE_ACT_GELU_TANH:
        return v * 0.5 * (1 + tanh(sqrt(2 / acos(-1)) * (v + 0.044715 * v * v * v)));
    case PLANCHE_ACT_TANH:
        return tanh(v);
    case PLANCHE_ACT_HARDSIGMOID:
        return fmin(fmax(v * a + b, 0), 1);
    case PLANCHE_ACT_ELU:
        return v > 0 ? v : a * expm1(v);
    default:
        return v;
    }
}

/* Most are of the size that networks have, some far from it. */
static void fill(float *values, size_t count, struct random *random)
{
    for (size_t i = 0; i < count; i++)
        values[i] = random_float(random) * (i % 3 == 0 ? 1.0f : i % 3 == 1 ? 12.0f : 300.0f);
}

static void compare(const struct planche_activate_args *args, const float *values, double *worst)
{
    for (size_t i = 0; i < args->count; i++) {
        const double value = activation(args->activation, args->act[0], args->act[1], values[i]);
        const double error = fabs(args->values[i] - value) / fmax(1, fabs(value));
        *worst = fmax(*worst, error);
        if (!(error <= ACTIVATION_ERROR))
            fail_msg("activation %d of %.9g is %.9g, not %.9g", args->activation, (double)values[i],
                     (double)args->values[i], value);
    }
}

static void check_ends(const struct planche_kernels *kernels, struct planche_activate_args args)
{
    float ends[] = {0.0f, INFINITY, -INFINITY, NAN, 3e38f, -3e38f, 1e-40f};
    args.values = ends;
    args.count = sizeof ends / sizeof *ends;
    kernels->activate(&args);
    assert_true(isnan(ends[3]));
    for (size_t i = 4; i < args.count; i++)
        assert_true(isfinite(ends[i]));
}

void check_activate_f32(const struct planche_kernels *kernels, struct random *random)
{
    for (int which = PLANCHE_ACT_NONE; which <= PLANCHE_ACT_ELU; which++) {
        double worst = 0;
        for (unsigned i = 0; i < 12; i++) {
            const size_t count = random_size(random, 1, 500), cut = random_size(random, 0, count);
            struct buffer in = buffer_create(count, false), out = buffer_create(count, false);
            struct buffer again = buffer_create(count, false);
            struct planche_activate_args args = {
                .activation = which,
                .act = {which == PLANCHE_ACT_CLIP ? -1.0f : 0.25f, 0.5f},
                .values = out.data,
                .count = count,
            };
            fill(in.data, count, random);
            memcpy(out.data, in.data, count * sizeof(float));
            memcpy(again.data, in.data, count * sizeof(float));
            kernels->activate(&args);
            compare(&args, in.data, &worst);
            args.values = again.data;
            args.count = cut;
            kernels->activate(&args);
            args.values = again.data + cut;
            args.count = count - cut;
            kernels->activate(&args);
            assert_memory_equal(out.data, again.data, count * sizeof(float));
            check_ends(kernels, args);
            buffer_destroy(&in);
            buffer_destroy(&out);
            buffer_destroy(&again);
        }
        printf("activation %d: error at most %.2g\n", which, worst);
    }
}

#define MAX_CHANNELS 70

struct norm_run {
    struct planche_norm_args args;
    size_t row; /* floats of a block */
    struct buffer in, out, scale, bias;
    const float *ins[MAX_CHANNELS];
    float *outs[MAX_CHANNELS];
};

static void create_norm(struct norm_run *run, struct random *random)
{
    struct planche_norm_args *args = &run->args;
    *args = (struct planche_norm_args){
        .norm = random_once(random, 2) ? PLANCHE_NORM_LAYER : PLANCHE_NORM_RMS,
        .channels = (unsigned)random_size(random, 1, MAX_CHANNELS),
        .eps = 1e-5f,
        .pixels = random_size(random, 1, 30),
    };
    args->lanes = args->channels <= PLANCHE_PLANAR_CHANNELS ? 1 : LANES;
    args->blocks = (args->channels + args->lanes - 1) / args->lanes;
    run->row = args->pixels * args->lanes;
    run->in = buffer_create_random(run->row * args->blocks, args->lanes == LANES, random);
    run->out = buffer_create(run->row * args->blocks, args->lanes == LANES);
    run->scale = buffer_create_random((size_t)args->blocks * args->lanes, true, random);
    run->bias = buffer_create_random((size_t)args->blocks * args->lanes, true, random);
    for (size_t c = args->channels; c < (size_t)args->blocks * args->lanes; c++) {
        run->scale.data[c] = run->bias.data[c] = 0.0f;
        for (size_t p = 0; p < args->pixels; p++)
            run->in.data[c / LANES * run->row + p * LANES + c % LANES] = 0.0f;
    }
    args->scale = run->scale.data;
    args->bias = run->bias.data;
    args->in = run->ins;
    args->out = run->outs;
}

static double at(const struct norm_run *run, const float *data, unsigned c, size_t p)
{
    return data[c / run->args.lanes * run->row + p * run->args.lanes + c % run->args.lanes];
}

static void compare_norm(const struct norm_run *run, size_t p)
{
    const struct planche_norm_args *args = &run->args;
    double mean = 0, square = 0;
    for (unsigned c = 0; c < args->channels; c++)
        mean += args->norm == PLANCHE_NORM_LAYER ? at(run, run->in.data, c, p) : 0;
    mean /= args->channels;
    for (unsigned c = 0; c < args->channels; c++)
        square += pow(at(run, run->in.data, c, p) - mean, 2);
    const double factor = 1 / sqrt(square / args->channels + args->eps);
    for (unsigned c = 0; c < args->blocks * args->lanes; c++) {
        const double value =
            (at(run, run->in.data, c, p) - mean) * factor * args->scale[c] + args->bias[c];
        const struct expected expected = {c < args->channels ? value : 0, 1 + fabs(factor)};
        expected_compare(&expected, (float)at(run, run->out.data, c, p), NORM_ERROR, "norm", c);
    }
}

/* Pixels from `first` on into `to`. */
static void run_norm(struct norm_run *run, const struct planche_kernels *kernels, size_t first,
                     size_t count, float *to)
{
    struct planche_norm_args args = run->args;
    for (unsigned b = 0; b < args.blocks; b++) {
        run->ins[b] = run->in.data + b * run->row + first * args.lanes;
        run->outs[b] = to + b * run->row + first * args.lanes;
    }
    args.pixels = count;
    kernels->norm(&args);
}

void check_norm_f32(const struct planche_kernels *kernels, struct random *random)
{
    for (unsigned i = 0; i < 60; i++) {
        struct norm_run run;
        create_norm(&run, random);
        const size_t pixels = run.args.pixels, cut = random_size(random, 0, pixels);
        run_norm(&run, kernels, 0, pixels, run.out.data);
        for (size_t p = 0; p < pixels; p++)
            compare_norm(&run, p);
        run_norm(&run, kernels, 0, cut, run.in.data);
        run_norm(&run, kernels, cut, pixels - cut, run.in.data);
        assert_memory_equal(run.in.data, run.out.data, run.row * run.args.blocks * sizeof(float));
        buffer_destroy(&run.in);
        buffer_destroy(&run.out);
        buffer_destroy(&run.scale);
        buffer_destroy(&run.bias);
    }
}
