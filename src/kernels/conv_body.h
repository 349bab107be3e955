/* SPDX-License-Identifier: MIT */
/* Convolution of a run of pixels over the vectors of simd_<isa>.h, with KERNEL_NAME(op) defined;
 * products take units (units.h). As many pixels x output vectors as the registers hold are summed
 * at once; each sum goes over entries and input lanes in order. */
#include "kernels/conv_ends.h"
#include "kernels/list.h"
#include "kernels/units.h"

#define MAX_PIXELS 12

/* The units of one entry's inputs. */
struct units {
    const float *first;
    ptrdiff_t step; /* from one pixel to the next */
};

/* Where they lie already, or in `room` once they are rounded. */
static INLINE struct units take_units(const float *input, ptrdiff_t step, unsigned pixels,
                                      float (*room)[UNITS])
{
    if (UNIT_LANES == 1)
        return (struct units){input, step};
    UNROLL (p, pixels)
        UNROLL (i, PARTS)
            vec_store_units(room[p] + i * VEC_UNITS,
                            vec_load(input + (ptrdiff_t)p * step + i * VEC_LANES));
    return (struct units){room[0], UNITS};
}

/* `pixels`, `blocks` and `depth` are constants where this is inlined; step is args->input_step, a
 * constant where that pays. The sums begin with the bias. */
static INLINE void convolve_pixels(const struct part *part, unsigned pixels, unsigned blocks,
                                   unsigned depth, ptrdiff_t step)
{
    const struct planche_conv_args *args = part->args;
    const unsigned vectors = blocks * PARTS;
    const size_t row = (size_t)args->out_blocks * LANES;
    const float *weights = (const float *)args->weights + (size_t)part->first * LANES;
    const float *bias = args->epilogue.bias + (size_t)part->first * LANES;
    float room[MAX_PIXELS][UNITS];
    vec acc[MAX_PIXELS][MAX_BLOCKS * PARTS];
    UNROLL (p, pixels)
        UNROLL (v, vectors)
            acc[p][v] = vec_load(bias + v * VEC_LANES);
    /* The phase of a deconvolution may have no entry at all. */
    const size_t each = args->entries ? (pixels + args->entries - 1) / args->entries : 0;
    size_t fetched = 0;
    if (depth != LANES)
        fetch_outputs(part, blocks, pixels, pixels);
    for (size_t e = 0; e < args->entries; e++) {
        const float *input = args->inputs[e] + (ptrdiff_t)part->pixel * step;
        if (depth == LANES) {
            UNROLL (p, pixels)
                __builtin_prefetch(input + (ptrdiff_t)(pixels + p) * step, 0);
            if (fetched < pixels) {
                fetch_outputs(part, blocks, pixels + fetched, each);
                fetched += each;
            }
        }
        const struct units units = take_units(input, step, pixels, room);
        UNROLL_BY_4 (k, depth / UNIT_LANES) {
            vec w[MAX_BLOCKS * PARTS];
            UNROLL (v, vectors)
                w[v] = vec_load(weights + v * VEC_LANES);
            UNROLL (p, pixels) {
                const vec x = vec_set(units.first[(ptrdiff_t)p * units.step + k]);
                UNROLL (v, vectors)
                    acc[p][v] = vec_dot(x, w[v], acc[p][v]);
            }
            weights += row;
        }
    }
    store_pixels(part, pixels, blocks, acc);
}

/* As many pixels at once as the registers hold, then the rest in a few steps. */
static INLINE void convolve_run(struct part part, unsigned blocks, unsigned depth, ptrdiff_t step)
{
    const unsigned fit = VEC_ACCUMULATORS / (blocks * PARTS);
    const unsigned max = fit < MAX_PIXELS ? fit : MAX_PIXELS;
    const size_t count = part.args->count;
#define STEP(pixels)                                                                               \
    for (; pixels <= max && count - part.pixel >= pixels; part.pixel += pixels)                    \
        convolve_pixels(&part, pixels, blocks, depth, step);
    STEP(max)
    STEP(8)
    STEP(6)
    STEP(4)
    STEP(2)
    STEP(1)
#undef STEP
}

/* Few products per pixel leave no time to work out addresses. */
static INLINE void convolve_blocks(struct part part, unsigned blocks)
{
    const ptrdiff_t step = part.args->input_step;
    if (UNIT_LANES == 1 && part.args->depth == 1 && step == 1)
        convolve_run(part, blocks, 1, 1);
    else if (UNIT_LANES == 1 && part.args->depth == 1)
        convolve_run(part, blocks, 1, step);
    else
        convolve_run(part, blocks, LANES, step);
}

/* All blocks at once if one register holds a block, else one after another. */
void KERNEL_NAME(conv)(const struct planche_conv_args *args)
{
    struct part part = {.args = args};
#if PARTS == 1
    switch (args->out_blocks) {
    case 1:
        convolve_blocks(part, 1);
        break;
    case 2:
        convolve_blocks(part, 2);
        break;
    case 3:
        convolve_blocks(part, 3);
        break;
    case 4:
        convolve_blocks(part, 4);
        break;
    }
#else
    for (; part.first < args->out_blocks; part.first++)
        convolve_blocks(part, 1);
#endif
}
