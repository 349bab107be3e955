/* SPDX-License-Identifier: MIT */
/* Quantised 3x3 convolution over words of 4 bytes, with KERNEL_NAME(op) and the operations of
 * simd_<isa>.h defined. The lanes of a vector are pixels: an input vector serves all output
 * channels, a weight, broadcast, all vectors of pixels; no lane is idle whatever the number of
 * channels, and the bytes of a quad come out side by side. */
#include "kernels/list.h"
#include "kernels/simd.h"

#define MAX_VECTORS                                                                                \
    3 /* of pixels: with WORDS_QUADS quads of outputs the sums fill the registers                  \
       */

/* Sums of a few vectors of pixels. */
struct sums {
    words of[WORDS_QUADS * PLANCHE_QUAD][MAX_VECTORS];
};

/* Where a step works: `vectors` vectors of pixels from x on, the last one of `last` pixels; output
 * quads from `quad` on. */
struct step {
    const struct planche_conv3_int8_args *args;
    size_t quad, x;
    words_mask last;
};

static INLINE words load_part(const struct step *step, const uint8_t *p, bool whole)
{
    return whole ? words_load(p) : words_load_masked(p, step->last);
}

static INLINE void sum_products(const struct step *step, unsigned quads, unsigned vectors,
                                bool whole, struct sums *sums)
{
    const struct planche_conv3_int8_args *args = step->args;
    const size_t next_quad = args->in_quads * PLANCHE_QUAD_WEIGHTS;
    const int8_t *weights = args->weights + step->quad * next_quad;
    UNROLL (c, quads * PLANCHE_QUAD) {
        const words bias = words_set(args->bias + step->quad * PLANCHE_QUAD + c);
        UNROLL (v, vectors)
            sums->of[c][v] = bias;
    }
    for (size_t row = 0; row < (size_t)3 * args->in_quads; row++) {
        const uint8_t *input = args->inputs[row] + step->x * PLANCHE_QUAD;
        UNROLL (k, 3) {
            words x[MAX_VECTORS];
            UNROLL (v, vectors)
                x[v] = load_part(step, input + (v * WORDS_LANES + k) * PLANCHE_QUAD,
                                 whole || v + 1 < vectors);
            UNROLL (c, quads * PLANCHE_QUAD) {
                const words w = words_set(weights + c / PLANCHE_QUAD * next_quad +
                                          c % PLANCHE_QUAD * PLANCHE_QUAD);
                UNROLL (v, vectors)
                    sums->of[c][v] = words_dot(sums->of[c][v], x[v], w);
            }
            weights += PLANCHE_QUAD * PLANCHE_QUAD;
        }
    }
}

static INLINE void store_planes(const struct step *step, unsigned quads, unsigned vectors,
                                bool whole, const struct sums *sums)
{
    const struct planche_conv3_int8_args *args = step->args;
    UNROLL (c, quads * PLANCHE_QUAD) {
        const size_t channel = step->quad * PLANCHE_QUAD + c;
        float *plane = args->planes[channel];
        if (plane)
            UNROLL (v, vectors) {
                const words scaled =
                    words_scale(sums->of[c][v], args->scale[channel], args->below[channel]);
                if (whole || v + 1 < vectors)
                    words_store(plane + step->x + v * WORDS_LANES, scaled);
                else
                    words_store_masked(plane + step->x + v * WORDS_LANES, step->last, scaled);
            }
    }
}

static INLINE void store_bytes(const struct step *step, unsigned quads, unsigned vectors,
                               bool whole, const struct sums *sums)
{
    const struct planche_conv3_int8_args *args = step->args;
    UNROLL (q, quads) {
        uint8_t *output = args->outputs[step->quad + q] + step->x * PLANCHE_QUAD;
        const float *scale = args->scale + (step->quad + q) * PLANCHE_QUAD;
        const float *below = args->below + (step->quad + q) * PLANCHE_QUAD;
        const float *zero = args->zero + (step->quad + q) * PLANCHE_QUAD;
        UNROLL (v, vectors) {
            words parts[PLANCHE_QUAD];
            UNROLL (c, PLANCHE_QUAD)
                parts[c] =
                    words_quantise(sums->of[q * PLANCHE_QUAD + c][v], scale[c], below[c], zero[c]);
            const words bytes = words_pack(parts[0], parts[1], parts[2], parts[3]);
            if (whole || v + 1 < vectors)
                words_store(output + v * WORDS_LANES * PLANCHE_QUAD, bytes);
            else
                words_store_masked(output + v * WORDS_LANES * PLANCHE_QUAD, step->last, bytes);
        }
    }
}

/* All but the step and its addresses are constants where this is inlined. */
static INLINE void convolve(const struct step *step, unsigned quads, unsigned vectors, bool whole)
{
    struct sums sums;
    sum_products(step, quads, vectors, whole, &sums);
    if (step->args->planes)
        store_planes(step, quads, vectors, whole, &sums);
    else
        store_bytes(step, quads, vectors, whole, &sums);
}

/* All output quads, for pixels whose inputs stay in the first-level cache. */
static INLINE void convolve_quads(struct step *step, unsigned vectors, bool whole)
{
    step->quad = 0;
    for (; step->quad + WORDS_QUADS <= step->args->out_quads; step->quad += WORDS_QUADS)
        convolve(step, WORDS_QUADS, vectors, whole);
#if WORDS_QUADS > 1
    for (; step->quad < step->args->out_quads; step->quad++)
        convolve(step, 1, vectors, whole);
#endif
}

void KERNEL_NAME(conv3)(const struct planche_conv3_int8_args *args)
{
    struct step step = {.args = args};
    for (; args->count - step.x >= (size_t)3 * WORDS_LANES; step.x += (size_t)3 * WORDS_LANES)
        convolve_quads(&step, 3, true);
    const size_t left = args->count - step.x;
    if (left == 0)
        return;
    step.last = words_mask_first((unsigned)((left - 1) % WORDS_LANES + 1));
    if (left > (size_t)2 * WORDS_LANES)
        convolve_quads(&step, 3, false);
    else if (left > WORDS_LANES)
        convolve_quads(&step, 2, false);
    else
        convolve_quads(&step, 1, false);
}
