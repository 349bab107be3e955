/* SPDX-License-Identifier: MIT */
/* Elementwise kernels. Included once per ISA with KERNEL_NAME(op) defined: the compiler vectorises
 * them for the flags of the including file. */
#include "kernels/list.h"
#include "net/ops.h"

#define LANES PLANCHE_LANES

/* Where a result may lie on an operand, an element depends only on its own place: without this the
 * vectorised loop is skipped for operands that overlap. */
#ifdef __clang__
#define IN_PLACE _Pragma("clang loop vectorize(assume_safety)")
#else
#define IN_PLACE _Pragma("GCC ivdep")
#endif

/* A loop for each operation, so that the operation is chosen outside of it. */
#define EACH(op, expression)                                                                       \
    case op:                                                                                       \
        for (size_t first = 0; first < count; first += length)                                     \
            IN_PLACE                                                                               \
        for (size_t i = 0; i < length; i++) {                                                      \
            const float x = self * a[first + i], y = other * b[i];                                 \
            out[first + i] = (expression);                                                         \
        }                                                                                          \
        break

/* count is a multiple of length, after which b begins again. */
static inline __attribute__((always_inline)) void combine(int op, float self, float other,
                                                          const float *a, const float *b,
                                                          size_t length, float *out, size_t count)
{
    switch (op) {
        EACH(PLANCHE_BINARY_ADD, x + y);
        EACH(PLANCHE_BINARY_SUB, x - y);
        EACH(PLANCHE_BINARY_MUL, x * y);
        EACH(PLANCHE_BINARY_DIV, x / y);
        EACH(PLANCHE_BINARY_MAX, x > y ? x : y);
        EACH(PLANCHE_BINARY_MIN, x < y ? x : y);
        EACH(PLANCHE_BINARY_RSUB, y - x);
        EACH(PLANCHE_BINARY_RDIV, y / x);
    }
}

void KERNEL_NAME(binary)(const struct planche_binary_args *args)
{
    combine(args->op, args->self, args->other, args->a, args->b, args->count, args->out,
            args->count);
}

void KERNEL_NAME(binary_vector)(const struct planche_binary_vector_args *args)
{
    float vector[LANES] = {0}; /* a copy: out cannot overlap it */
    for (size_t lane = 0; lane < args->lanes; lane++)
        vector[lane] = args->vector[lane];
    if (args->lanes == LANES) {
        combine(args->op, 1.0f, 1.0f, args->a, vector, LANES, args->out, args->pixels * LANES);
        return;
    }
    for (size_t lane = 1; lane < LANES; lane++)
        vector[lane] = vector[0];
    const size_t whole = args->pixels / LANES * LANES;
    combine(args->op, 1.0f, 1.0f, args->a, vector, LANES, args->out, whole);
    combine(args->op, 1.0f, 1.0f, args->a + whole, vector, 1, args->out + whole,
            args->pixels - whole);
}

/* lanes is a constant where this is inlined. */
static inline __attribute__((always_inline)) void
scale_channels(const struct planche_channel_args *args, size_t lanes)
{
    float scale[LANES], bias[LANES], slope[LANES];
    for (size_t lane = 0; lane < lanes; lane++) {
        scale[lane] = args->scale[lane];
        bias[lane] = args->bias[lane];
        slope[lane] = args->slope[lane];
    }
    for (size_t p = 0; p < args->pixels; p++)
        IN_PLACE
    for (size_t lane = 0; lane < lanes; lane++) {
        const float v = args->in[p * lanes + lane] * scale[lane] + bias[lane];
        args->out[p * lanes + lane] = v < 0.0f ? v * slope[lane] : v;
    }
}

void KERNEL_NAME(channel)(const struct planche_channel_args *args)
{
    if (args->lanes == 1)
        scale_channels(args, 1);
    else
        scale_channels(args, LANES);
}

void KERNEL_NAME(sum)(const struct planche_sum_args *args)
{
    float sums[LANES] = {0};
    const size_t lanes = args->lanes;
    for (size_t lane = 0; lane < lanes; lane++)
        sums[lane] = args->sums[lane];
    if (lanes == 1)
        for (size_t p = 0; p < args->pixels; p++)
            sums[0] += args->in[p];
    else
        for (size_t p = 0; p < args->pixels; p++)
            for (size_t lane = 0; lane < LANES; lane++)
                sums[lane] += args->in[p * LANES + lane];
    for (size_t lane = 0; lane < lanes; lane++)
        args->sums[lane] = sums[lane];
}
