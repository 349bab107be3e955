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
#define SAMPLE(sample, max)                                                                        \
    static inline __attribute__((always_inline))                                                   \
    sample to_##sample(float v, float scale, float bias)                                           \
    {                                                                                              \
        v = v * scale + bias + 0.5f;                                                               \
        v = v > 0.0f ? v : 0.0f;                                                                   \
        v = v < (max) ? v : (max);                                                                 \
        return (sample)(int32_t)v;                                                                 \
    }

/* One channel; or whole pixels of three, which leaves no gaps, so that the loop ends in stores of
 * whole vectors. */
#define STORE(sample)                                                                              \
    static inline __attribute__((always_inline)) void store_##sample(                              \
        const struct planche_store_args *args, size_t c, size_t step)                              \
    {                                                                                              \
        const float *restrict in = args->in[c];                                                    \
        const float scale = args->scale, bias = args->bias;                                        \
        sample *restrict out = (sample *)args->out + c;                                            \
        for (size_t p = 0; p < args->pixels; p++)                                                  \
            out[p * step] = to_##sample(in[p], scale, bias);                                       \
    }                                                                                              \
    static void store_pixels_##sample(const struct planche_store_args *args)                       \
    {                                                                                              \
        const float *restrict in0 = args->in[0], *restrict in1 = args->in[1];                      \
        const float *restrict in2 = args->in[2];                                                   \
        const float scale = args->scale, bias = args->bias;                                        \
        sample *restrict out = args->out;                                                          \
        const size_t pixels = args->pixels;                                                        \
        for (size_t p = 0; p < pixels; p++) {                                                      \
            out[p * 3] = to_##sample(in0[p], scale, bias);                                         \
            out[p * 3 + 1] = to_##sample(in1[p], scale, bias);                                     \
            out[p * 3 + 2] = to_##sample(in2[p], scale, bias);                                     \
        }                                                                                          \
    }

LOAD(uint8_t)
LOAD(uint16_t)
SAMPLE(uint8_t, 255.0f)
SAMPLE(uint16_t, 65535.0f)
STORE(uint8_t)
STORE(uint16_t)

#define LOAD_CHANNELS(sample)                                                                      \
    for (size_t c = 0; c < args->channels; c++)                                                    \
        switch (args->step) {                                                                      \
        case 1:                                                                                    \
            load_##sample(args, c, 1);                                                             \
            break;                                                                                 \
        case 3:                                                                                    \
            load_##sample(args, c, 3);                                                             \
            break;                                                                                 \
        default:                                                                                   \
            load_##sample(args, c, args->step);                                                    \
        }

#define STORE_CHANNELS(sample)                                                                     \
    if (args->step == 3 && args->channels == 3)                                                    \
        store_pixels_##sample(args);                                                               \
    else if (args->step == 1)                                                                      \
        store_##sample(args, 0, 1);                                                                \
    else                                                                                           \
        for (size_t c = 0; c < args->channels; c++)                                                \
            store_##sample(args, c, args->step);

void KERNEL_NAME(load8)(const struct planche_load_args *args)
{
    LOAD_CHANNELS(uint8_t)
}

void KERNEL_NAME(load16)(const struct planche_load_args *args)
{
    LOAD_CHANNELS(uint16_t)
}

void KERNEL_NAME(store8)(const struct planche_store_args *args)
{
    STORE_CHANNELS(uint8_t)
}

void KERNEL_NAME(store16)(const struct planche_store_args *args)
{
    STORE_CHANNELS(uint16_t)
}
