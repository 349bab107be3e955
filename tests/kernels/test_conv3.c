/* SPDX-License-Identifier: MIT */
/* conv3: quantised 3x3 convolution. Every version must give exactly what its definition gives. */
#include "kernel_test.h"

#include <math.h>
#include <string.h>

#define MAX_QUADS 20

struct run {
    unsigned in_channels, out_channels, in_quads, out_quads;
    size_t count;
    bool planar;
    int8_t weights[MAX_QUADS * MAX_QUADS * PLANCHE_QUAD_WEIGHTS]; /* [out][in][3][3] */
    struct buffer packed, bias, scale, below, zero;
    struct buffer inputs[3 * MAX_QUADS];
    struct buffer outputs[MAX_QUADS * PLANCHE_QUAD]; /* quads of bytes, or planes */
};

static unsigned quads(unsigned channels)
{
    return (channels + PLANCHE_QUAD - 1) / PLANCHE_QUAD;
}

static struct buffer create_bytes(size_t bytes, struct random *random)
{
    struct buffer buffer = buffer_create_bytes(bytes);
    const unsigned kind = random_next(random) % 4; /* one in four: extreme values, which add up */
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)buffer.data)[i] =
            (uint8_t)(kind == 0 ? (random_once(random, 8) ? 0 : 255) : random_next(random));
    return buffer;
}

static void create_weights(struct run *run, struct random *random)
{
    const bool extreme = random_once(random, 4);
    for (size_t i = 0; i < (size_t)run->out_channels * run->in_channels * 9; i++)
        run->weights[i] = (int8_t)(extreme ? (random_once(random, 2) ? -128 : 127)
                                           : (int)(random_next(random) % 256) - 128);
    run->packed = buffer_create_bytes(run->in_quads * run->out_quads * PLANCHE_QUAD_WEIGHTS);
    planche_conv3_int8_pack(run->weights, run->out_channels, run->in_channels,
                            (int8_t *)(void *)run->packed.data);
}

/* Scales that spread the sums over the bytes and some way beyond. */
static void create_ends(struct run *run, struct random *random)
{
    const size_t lanes = (size_t)run->out_quads * PLANCHE_QUAD;
    run->bias = buffer_create(lanes, false);
    run->scale = buffer_create_random(lanes, false, random);
    run->below = buffer_create_random(lanes, false, random);
    run->zero = buffer_create(lanes, false);
    const float spread = 1e-2f / sqrtf((float)run->in_channels);
    for (size_t i = 0; i < lanes; i++) {
        const int32_t bias = (int32_t)random_next(random) >> random_size(random, 8, 20);
        memcpy(run->bias.data + i, &bias, sizeof bias);
        run->scale.data[i] = fabsf(run->scale.data[i]) * spread;
        run->below.data[i] *= spread;
        run->zero.data[i] = (float)(random_next(random) % 256);
    }
}

static size_t output_bytes(const struct run *run)
{
    return run->count * PLANCHE_QUAD; /* a quad's bytes of a pixel, or a float */
}

static unsigned output_count(const struct run *run)
{
    return run->planar ? run->out_channels : run->out_quads;
}

static void create_run(struct run *run, struct random *random)
{
    memset(run, 0, sizeof *run);
    const unsigned max = random_once(random, 8) ? MAX_QUADS * PLANCHE_QUAD : 24;
    run->in_channels = (unsigned)random_size(random, 1, max);
    run->out_channels = (unsigned)random_size(random, 1, max);
    run->in_quads = quads(run->in_channels);
    run->out_quads = quads(run->out_channels);
    run->count = random_size(random, 1, random_once(random, 4) ? 120 : 30);
    run->planar = random_once(random, 3);
    create_weights(run, random);
    create_ends(run, random);
    for (unsigned i = 0; i < 3 * run->in_quads; i++)
        run->inputs[i] = create_bytes((run->count + 2) * PLANCHE_QUAD, random);
    for (unsigned i = 0; i < output_count(run); i++)
        run->outputs[i] = buffer_create_bytes(output_bytes(run));
}

static void destroy_run(struct run *run)
{
    buffer_destroy(&run->packed);
    buffer_destroy(&run->bias);
    buffer_destroy(&run->scale);
    buffer_destroy(&run->below);
    buffer_destroy(&run->zero);
    for (unsigned i = 0; i < 3 * run->in_quads; i++)
        buffer_destroy(&run->inputs[i]);
    for (unsigned i = 0; i < output_count(run); i++)
        buffer_destroy(&run->outputs[i]);
}

static void run_pixels(const struct run *run, planche_conv3_int8_fn fn, size_t first, size_t count)
{
    const uint8_t *inputs[3 * MAX_QUADS];
    uint8_t *outputs[MAX_QUADS];
    float *planes[MAX_QUADS * PLANCHE_QUAD] = {0};
    for (unsigned i = 0; i < 3 * run->in_quads; i++)
        inputs[i] = (const uint8_t *)run->inputs[i].data + first * PLANCHE_QUAD;
    for (unsigned i = 0; i < output_count(run); i++)
        if (run->planar)
            planes[i] = run->outputs[i].data + first;
        else
            outputs[i] = (uint8_t *)run->outputs[i].data + first * PLANCHE_QUAD;
    fn(&(struct planche_conv3_int8_args){
        .in_quads = run->in_quads,
        .out_quads = run->out_quads,
        .inputs = inputs,
        .weights = (const int8_t *)(const void *)run->packed.data,
        .bias = (const int32_t *)(const void *)run->bias.data,
        .scale = run->scale.data,
        .below = run->below.data,
        .zero = run->zero.data,
        .outputs = outputs,
        .planes = run->planar ? planes : NULL,
        .count = count,
    });
}

/* Of a buffer that create_run made. */
static const void *data_of(const struct buffer *buffer)
{
    if (!buffer->data)
        fail_msg("no such buffer");
    return buffer->data;
}

static int32_t expected_sum(const struct run *run, unsigned c, size_t x)
{
    int64_t sum = ((const int32_t *)(const void *)run->bias.data)[c];
    for (unsigned i = 0; i < run->in_channels; i++)
        for (unsigned tap = 0; tap < 9; tap++) {
            const uint8_t *row = data_of(&run->inputs[tap / 3 * run->in_quads + i / PLANCHE_QUAD]);
            sum += (int64_t)row[(x + tap % 3) * PLANCHE_QUAD + i % PLANCHE_QUAD] *
                   run->weights[((size_t)c * run->in_channels + i) * 9 + tap];
        }
    assert_in_range(sum + INT32_MAX, 0, UINT32_MAX - 1);
    return (int32_t)sum;
}

static void compare_pixel(const struct run *run, unsigned c, size_t x)
{
    const int32_t sum = expected_sum(run, c, x);
    const float scale = (sum < 0 ? run->below : run->scale).data[c];
    if (run->planar) {
        const float actual = ((const float *)data_of(&run->outputs[c]))[x];
        if (actual != (float)sum * scale)
            fail_msg("channel %u, pixel %zu: %.9g, not %.9g", c, x, (double)actual,
                     (double)((float)sum * scale));
        return;
    }
    const float value =
        fminf(fmaxf(rintf(fmaf((float)sum, scale, run->zero.data[c])), 0.0f), 255.0f);
    const uint8_t *bytes = data_of(&run->outputs[c / PLANCHE_QUAD]);
    const uint8_t actual = bytes[x * PLANCHE_QUAD + c % PLANCHE_QUAD];
    if (actual != (uint8_t)value)
        fail_msg("channel %u, pixel %zu: %u, not %g", c, x, actual, (double)value);
}

static void compare_run(const struct run *run)
{
    for (unsigned c = 0; c < run->out_channels; c++)
        for (size_t x = 0; x < run->count; x++)
            compare_pixel(run, c, x);
    for (unsigned i = 0; i < output_count(run); i++)
        buffer_check(&run->outputs[i]);
}

/* The lanes that an incomplete quad of bytes leaves over are what bias and scale make of nothing:
 * defined, too, so cutting a run changes no byte at all. */
void check_conv3_int8(const struct planche_kernels *kernels, struct random *random)
{
    for (unsigned i = 0; i < 80; i++) {
        static struct run run;
        static unsigned char whole[MAX_QUADS * PLANCHE_QUAD][(120 + 2) * PLANCHE_QUAD];
        create_run(&run, random);
        run_pixels(&run, kernels->conv3_int8, 0, run.count);
        compare_run(&run);
        for (unsigned o = 0; o < output_count(&run); o++) {
            memcpy(whole[o], run.outputs[o].data, output_bytes(&run));
            memset(run.outputs[o].data, 0xff, output_bytes(&run));
        }
        const size_t cut = random_size(random, 0, run.count);
        run_pixels(&run, kernels->conv3_int8, 0, cut);
        run_pixels(&run, kernels->conv3_int8, cut, run.count - cut);
        for (unsigned o = 0; o < output_count(&run); o++)
            assert_memory_equal(whole[o], run.outputs[o].data, output_bytes(&run));
        destroy_run(&run);
    }
}
