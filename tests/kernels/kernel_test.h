/* SPDX-License-Identifier: MIT */
/* What the kernel tests share: versions from kernels.def, guarded buffers, random numbers,
 * comparison. */
#ifndef PLANCHE_TESTS_KERNEL_TEST_H
#define PLANCHE_TESTS_KERNEL_TEST_H

#include "kernels/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LANES PLANCHE_LANES

struct random {
    uint64_t state;
};
uint32_t random_next(struct random *random);
/* min..max, both included. */
size_t random_size(struct random *random, size_t min, size_t max);
/* Uniform in -1..1. */
float random_float(struct random *random);
/* True once in `times`. */
bool random_once(struct random *random, unsigned times);

/* Floats between two pages that may not be touched: they end at the second page or, when aligned to
 * 64 bytes, less than 64 bytes before it. The rest of the room holds NaNs, which buffer_check()
 * expects to find again, and so do the floats themselves at first. */
struct buffer {
    float *data;
    size_t count;
    unsigned char *room;
    size_t room_size;
};
struct buffer buffer_create(size_t count, bool aligned);
struct buffer buffer_create_random(size_t count, bool aligned, struct random *random);
/* `bytes` bytes, not aligned. */
struct buffer buffer_create_bytes(size_t bytes);
void buffer_check(const struct buffer *buffer);
/* Checks and frees. */
void buffer_destroy(struct buffer *buffer);

/* What a result should be, and how large what was added up for it is: errors are in proportion to
 * the latter. */
struct expected {
    double value, magnitude;
};
/* Adds a product. */
static inline void expected_add(struct expected *expected, double a, double b)
{
    expected->value += a * b;
    expected->magnitude += fabs(a * b);
}
/* Fails, naming element `index`, unless actual is within tolerance * magnitude. */
void expected_compare(const struct expected *expected, float actual, double tolerance,
                      const char *what, size_t index);

/* Random epilogues: bias and slope of `lanes` lanes, 0 to 2 residuals, sometimes a scale of wide
 * outputs. */
struct test_epilogue {
    struct planche_epilogue epilogue;
    struct buffer bias, slope, scale;
};
struct test_epilogue epilogue_create(size_t lanes, struct random *random);
void epilogue_destroy(struct test_epilogue *epilogue);
/* residuals: the values of this element. */
void epilogue_apply(const struct planche_epilogue *epilogue, size_t lane, const float *residuals,
                    struct expected *expected);

/* All parts. */
void pack_winograd(const struct planche_winograd_pack_args *args);

/* A version of a kernel. A check calls the member of the table that it is about and compares it
 * with a plain implementation in double precision. */
typedef void (*check_fn)(const struct planche_kernels *kernels, struct random *random);
struct version {
    const char *op, *type, *isa;
    uint32_t feature;
    void (*use)(struct planche_kernels *kernels);
    check_fn check;
};
extern const struct version kernel_versions[];
extern const size_t kernel_version_count;

void check_conv_f32(const struct planche_kernels *kernels, struct random *random);
void check_conv_narrow_f32(const struct planche_kernels *kernels, struct random *random);
void check_winograd4_f32(const struct planche_kernels *kernels, struct random *random);
void check_winograd6_f32(const struct planche_kernels *kernels, struct random *random);
void check_depthwise_f32(const struct planche_kernels *kernels, struct random *random);
void check_conv_bf16(const struct planche_kernels *kernels, struct random *random);
void check_winograd4_bf16(const struct planche_kernels *kernels, struct random *random);
void check_winograd6_bf16(const struct planche_kernels *kernels, struct random *random);
void check_conv3_int8(const struct planche_kernels *kernels, struct random *random);
void check_binary_f32(const struct planche_kernels *kernels, struct random *random);
void check_binary_vector_f32(const struct planche_kernels *kernels, struct random *random);
void check_channel_f32(const struct planche_kernels *kernels, struct random *random);
void check_activate_f32(const struct planche_kernels *kernels, struct random *random);
void check_norm_f32(const struct planche_kernels *kernels, struct random *random);
void check_attention_f32(const struct planche_kernels *kernels, struct random *random);
void check_sum_f32(const struct planche_kernels *kernels, struct random *random);
void check_interp_f32(const struct planche_kernels *kernels, struct random *random);
void check_shuffle_f32(const struct planche_kernels *kernels, struct random *random);
void check_load8_f32(const struct planche_kernels *kernels, struct random *random);
void check_load16_f32(const struct planche_kernels *kernels, struct random *random);
void check_store8_f32(const struct planche_kernels *kernels, struct random *random);
void check_store16_f32(const struct planche_kernels *kernels, struct random *random);

/* Measures the versions of the features (all if op is NULL, else those of one op) and prints a
 * table. */
void bench_kernels(uint32_t features, const char *op, const char *isa);
/* Likewise for kernels whose speed is in values, not products. */
void bench_values(uint32_t features, const char *op, const char *isa);
/* Calls of fn per second: the best of a few rounds. */
typedef void (*work_fn)(const void *user);
double bench_measure(work_fn fn, const void *user);
/* Prints the largest error of the winograd and conv versions for realistic weights. */
void print_errors(uint32_t features);

#endif
