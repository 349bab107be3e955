/* SPDX-License-Identifier: MIT */
/* Interleaved integer samples to planar floats and back. Included once per ISA with KERNEL_NAME(op)
 * defined: the compiler vectorises them for the flags of the including file. */
#include "kernels/list.h"

/* step is a constant where these are inlined, or the loops stay scalar. */
#define LOAD(sample)                                                                               \
    static inline __attribute__((always_inline)) void load_##sample(                               \
        const struct planche_load_args *args, size_t c, size_t step)                               \
    {                                                                                              \
        const sample *restrict in = (const sample *)args->in + c;                                  \
        const float scale = args->scale, bias = args->bias;                                        \
        float *restrict out = args->out[c];                                                        \
        for (size_t p = 0; p < args->pixels; p++)                                                  \
            out[p] = (float)in[p * step] * scale + bias;                                           \
    }

/* NaN fails the comparison with 0; the cast of what is left is floor. */
#define STORE(sample, most)                                                                        \
    static inline __attribute__((always_inline)) void store_##sample(                              \
        const struct planche_store_args *args, size_t c, size_t step)                              \
    {                                                                                              \
        const float *restrict in = args->in[c];                                                    \
        const float scale = args->scale, bias = args->bias;                                        \
        sample *restrict out = (sample *)args->out + c;                                            \
        for (size_t p = 0; p < args->pixels; p++) {                                                \
            float v = in[p] * scale + bias + 0.5f;                                                 \
            v = v > 0.0f ? v : 0.0f;                                                               \
            v = v < (most) ? v : (most);                                                           \
            out[p * step] = (sample)(int32_t)v;                                                    \
        }                                                                                          \
    }

LOAD(uint8_t)
LOAD(uint16_t)
STORE(uint8_t, 255.0f)
STORE(uint16_t, 65535.0f)

#define EACH_CHANNEL(function)                                                                     \
    for (size_t c = 0; c < args->channels; c++)                                                    \
        switch (args->step) {                                                                      \
        case 1:                                                                                    \
            function(args, c, 1);                                                                  \
            break;                                                                                 \
        case 3:                                                                                    \
            function(args, c, 3);                                                                  \
            break;                                                                                 \
        default:                                                                                   \
            function(args, c, args->step);                                                         \
        }

void KERNEL_NAME(load8)(const struct planche_load_args *args)
{
    EACH_CHANNEL(load_uint8_t)
}

void KERNEL_NAME(load16)(const struct planche_load_args *args)
{
    EACH_CHANNEL(load_uint16_t)
}

void KERNEL_NAME(store8)(const struct planche_store_args *args)
{
    EACH_CHANNEL(store_uint8_t)
}

void KERNEL_NAME(store16)(const struct planche_store_args *args)
{
    EACH_CHANNEL(store_uint16_t)
}
