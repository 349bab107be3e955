/* SPDX-License-Identifier: MIT */
/* Elementwise kernels against the same in double precision, into a third buffer and in place. */
#include "kernel_test.h"

#include "net/net.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 1.5e-7 /* of the operands' magnitudes: a rounding or two */

static const int ops[] = {PLANCHE_BINARY_ADD,  PLANCHE_BINARY_SUB, PLANCHE_BINARY_MUL,
                          PLANCHE_BINARY_DIV,  PLANCHE_BINARY_MAX, PLANCHE_BINARY_MIN,
                          PLANCHE_BINARY_RSUB, PLANCHE_BINARY_RDIV};
#define OP_COUNT (sizeof ops / sizeof *ops)

static struct expected combine(int op, double a, double b)
{
    const double magnitude = fabs(a) + fabs(b);
    switch (op) {
    case PLANCHE_BINARY_ADD:
        return (struct expected){a + b, magnitude};
    case PLANCHE_BINARY_SUB:
        return (struct expected){a - b, magnitude};
    case PLANCHE_BINARY_MUL:
        return (struct expected){a * b, fabs(a * b)};
    case PLANCHE_BINARY_DIV:
        return (struct expected){a / b, 2.0 * fabs(a / b)};
    case PLANCHE_BINARY_MAX:
        return (struct expected){fmax(a, b), magnitude};
    case PLANCHE_BINARY_MIN:
        return (struct expected){fmin(a, b), magnitude};
    case PLANCHE_BINARY_RSUB:
        return (struct expected){b - a, magnitude};
    default:
        return (struct expected){b / a, 2.0 * fabs(b / a)};
    }
}

void check_binary_f32(const struct planche_kernels *kernels, struct random *random)
{
    for (unsigned i = 0; i < 20 * OP_COUNT; i++) {
        const size_t count = random_size(random, 1, 100);
        struct buffer a = buffer_create_random(count, false, random);
        struct buffer b = buffer_create_random(count, false, random);
        struct buffer out = buffer_create(count, false);
        struct planche_binary_args args = {.op = ops[i % OP_COUNT],
                                           .self = i % 3 ? 1.0f : random_float(random),
                                           .other = i % 3 ? 1.0f : random_float(random),
                                           .a = a.data,
                                           .b = b.data,
                                           .out = out.data,
                                           .count = count};
        kernels->binary(&args);
        for (size_t j = 0; j < count; j++) {
            const struct expected expected =
                combine(args.op, (double)args.self * a.data[j], (double)args.other * b.data[j]);
            expected_compare(&expected, out.data[j], TOLERANCE, "binary", j);
        }
        args.out = i % 2 ? a.data : b.data;
        kernels->binary(&args);
        assert_memory_equal(args.out, out.data, count * sizeof(float));
        buffer_destroy(&a);
        buffer_destroy(&b);
        buffer_destroy(&out);
    }
}

void check_binary_vector_f32(const struct planche_kernels *kernels, struct random *random)
{
    for (unsigned i = 0; i < 20 * OP_COUNT; i++) {
        const unsigned lanes = i / OP_COUNT % 2 ? LANES : 1;
        const size_t pixels = random_size(random, 1, 60), count = pixels * lanes;
        struct buffer a = buffer_create_random(count, lanes == LANES, random);
        struct buffer vector = buffer_create_random(lanes, lanes == LANES, random);
        struct buffer out = buffer_create(count, lanes == LANES);
        struct planche_binary_vector_args args = {.op = ops[i % OP_COUNT],
                                                  .lanes = lanes,
                                                  .a = a.data,
                                                  .vector = vector.data,
                                                  .out = out.data,
                                                  .pixels = pixels};
        kernels->binary_vector(&args);
        for (size_t j = 0; j < count; j++) {
            const struct expected expected = combine(args.op, a.data[j], vector.data[j % lanes]);
            expected_compare(&expected, out.data[j], TOLERANCE, "binary_vector", j);
        }
        args.out = a.data;
        kernels->binary_vector(&args);
        assert_memory_equal(a.data, out.data, count * sizeof(float));
        buffer_destroy(&a);
        buffer_destroy(&vector);
        buffer_destroy(&out);
    }
}

static struct expected expect_channel(const struct planche_channel_args *args, double in,
                                      size_t lane)
{
    struct expected expected = {0};
    expected_add(&expected, in, args->scale[lane]);
    expected_add(&expected, args->bias[lane], 1.0);
    const double slope = args->slope[lane];
    if (expected.value < 0.0)
        expected.value *= slope;
    expected.magnitude *= fmax(1.0, fabs(slope));
    return expected;
}

void check_channel_f32(const struct planche_kernels *kernels, struct random *random)
{
    for (unsigned i = 0; i < 60; i++) {
        const unsigned lanes = i % 2 ? LANES : 1;
        const size_t pixels = random_size(random, 1, 60), count = pixels * lanes;
        const bool aligned = lanes == LANES;
        struct buffer in = buffer_create_random(count, aligned, random);
        struct buffer scale = buffer_create_random(lanes, aligned, random);
        struct buffer out = buffer_create(count, aligned);
        struct test_epilogue epilogue = epilogue_create(lanes, random);
        struct planche_channel_args args = {.lanes = lanes,
                                            .in = in.data,
                                            .scale = scale.data,
                                            .bias = epilogue.bias.data,
                                            .slope = epilogue.slope.data,
                                            .out = out.data,
                                            .pixels = pixels};
        kernels->channel(&args);
        for (size_t j = 0; j < count; j++) {
            const struct expected expected = expect_channel(&args, in.data[j], j % lanes);
            expected_compare(&expected, out.data[j], TOLERANCE, "channel", j);
        }
        args.out = in.data;
        kernels->channel(&args);
        assert_memory_equal(in.data, out.data, count * sizeof(float));
        epilogue_destroy(&epilogue);
        buffer_destroy(&in);
        buffer_destroy(&scale);
        buffer_destroy(&out);
    }
}

/* The order is promised, so the result is exact, and cutting changes nothing. */
void check_sum_f32(const struct planche_kernels *kernels, struct random *random)
{
    for (unsigned i = 0; i < 60; i++) {
        const unsigned lanes = i % 2 ? LANES : 1;
        const size_t pixels = random_size(random, 1, 200), cut = random_size(random, 0, pixels);
        struct buffer in = buffer_create_random(pixels * lanes, lanes == LANES, random);
        struct buffer sums = buffer_create_random(lanes, lanes == LANES, random);
        float expected[LANES];
        memcpy(expected, sums.data, lanes * sizeof(float));
        for (size_t j = 0; j < pixels * lanes; j++)
            expected[j % lanes] += in.data[j];
        kernels->sum(&(struct planche_sum_args){lanes, in.data, cut, sums.data});
        kernels->sum(
            &(struct planche_sum_args){lanes, in.data + cut * lanes, pixels - cut, sums.data});
        assert_memory_equal(sums.data, expected, lanes * sizeof(float));
        buffer_destroy(&in);
        buffer_destroy(&sums);
    }
}
