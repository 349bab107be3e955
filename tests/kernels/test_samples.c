/* SPDX-License-Identifier: MIT */
/* Loading and storing of integer samples. */
#include "kernel_test.h"

#include <math.h>
#include <string.h>

#define MAX_CHANNELS 3

struct layout {
    unsigned step, channels;
};
static const struct layout layouts[] = {{1, 1}, {2, 1}, {3, 3}, {4, 3}, {4, 1}};
#define LAYOUT_COUNT (sizeof layouts / sizeof *layouts)

static unsigned sample_get(const struct buffer *samples, size_t bytes, size_t i)
{
    const unsigned char *data = (const unsigned char *)samples->data + i * bytes;
    return bytes == 1 ? data[0] : (unsigned)(((uint16_t)data[1] << 8) | data[0]);
}

static void check_load(void (*load)(const struct planche_load_args *args), size_t bytes,
                       struct random *random)
{
    for (unsigned i = 0; i < 20 * LAYOUT_COUNT; i++) {
        const struct layout *layout = &layouts[i % LAYOUT_COUNT];
        const size_t pixels = random_size(random, 1, 100);
        const float scale = random_float(random), bias = random_float(random);
        struct buffer in =
            buffer_create_bytes(((pixels - 1) * layout->step + layout->channels) * bytes);
        struct buffer out[MAX_CHANNELS];
        float *rows[MAX_CHANNELS];
        for (size_t j = 0; j < in.count; j++)
            ((unsigned char *)in.data)[j] = (unsigned char)random_next(random);
        for (unsigned c = 0; c < layout->channels; c++) {
            out[c] = buffer_create(pixels, false);
            rows[c] = out[c].data;
        }
        load(&(struct planche_load_args){in.data, layout->step, layout->channels, scale, bias, rows,
                                         pixels});
        for (unsigned c = 0; c < layout->channels; c++) {
            for (size_t p = 0; p < pixels; p++) {
                struct expected expected = {0};
                expected_add(&expected, sample_get(&in, bytes, p * layout->step + c), scale);
                expected_add(&expected, bias, 1.0);
                expected_compare(&expected, rows[c][p], 2e-7, "load", p);
            }
            buffer_destroy(&out[c]);
        }
        buffer_destroy(&in);
    }
}

void check_load8_f32(const struct planche_kernels *kernels, struct random *random)
{
    check_load(kernels->load8, 1, random);
}

void check_load16_f32(const struct planche_kernels *kernels, struct random *random)
{
    check_load(kernels->load16, 2, random);
}

/* Ordinary values, halves, the limits and what lies beyond them, infinities and NaN. */
static float store_value(struct random *random, float max)
{
    const float special[] = {0.0f,       -0.0f, -0.5f,  -0.25f,   max,       max + 0.25f,
                             max + 1.0f, 1e30f, -1e30f, INFINITY, -INFINITY, NAN};
    const size_t count = sizeof special / sizeof *special;
    if (random_once(random, 4))
        return special[random_size(random, 0, count - 1)];
    const float v = (0.5f + 0.5f * random_float(random)) * max;
    return random_once(random, 4) ? floorf(v) + 0.5f : v;
}

/* The sums are made in floats as in the contract: an exact half must not fall the wrong way. */
static unsigned expect_store(float value, float scale, float bias, float max)
{
    const float product = value * scale, sum = product + bias, rounded = floorf(sum + 0.5f);
    return !(rounded > 0.0f) ? 0 : rounded > max ? (unsigned)max : (unsigned)rounded;
}

static void compare_store(const struct buffer *out, size_t bytes, const struct layout *layout,
                          size_t pixels, const struct planche_store_args *args)
{
    for (size_t i = 0; i < (pixels - 1) * layout->step + layout->channels; i++) {
        const size_t c = i % layout->step, p = i / layout->step;
        const float max = bytes == 1 ? 255.0f : 65535.0f;
        const unsigned expected = c < layout->channels
                                      ? expect_store(args->in[c][p], args->scale, args->bias, max)
                                      : (unsigned)max; /* the canary */
        assert_int_equal(sample_get(out, bytes, i), expected);
    }
}

static void check_store(void (*store)(const struct planche_store_args *args), size_t bytes,
                        struct random *random)
{
    for (unsigned i = 0; i < 20 * LAYOUT_COUNT; i++) {
        const struct layout *layout = &layouts[i % LAYOUT_COUNT];
        const size_t pixels = random_size(random, 1, 100);
        const float max = bytes == 1 ? 255.0f : 65535.0f;
        struct buffer out =
            buffer_create_bytes(((pixels - 1) * layout->step + layout->channels) * bytes);
        struct buffer in[MAX_CHANNELS];
        const float *rows[MAX_CHANNELS];
        for (unsigned c = 0; c < layout->channels; c++) {
            in[c] = buffer_create(pixels, false);
            rows[c] = in[c].data;
            for (size_t p = 0; p < pixels; p++)
                in[c].data[p] = store_value(random, i % 2 ? max : 1.0f);
        }
        const struct planche_store_args args = {
            rows,     layout->step, layout->channels, i % 2 ? 1.0f : max, i % 4 < 2 ? 0.0f : -0.75f,
            out.data, pixels};
        store(&args);
        compare_store(&out, bytes, layout, pixels, &args);
        for (unsigned c = 0; c < layout->channels; c++)
            buffer_destroy(&in[c]);
        buffer_destroy(&out);
    }
}

void check_store8_f32(const struct planche_kernels *kernels, struct random *random)
{
    check_store(kernels->store8, 1, random);
}

void check_store16_f32(const struct planche_kernels *kernels, struct random *random)
{
    check_store(kernels->store16, 2, random);
}
