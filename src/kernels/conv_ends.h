/* SPDX-License-Identifier: MIT */
/* Epilogue of convolutions: what becomes of their sums, over the vectors of simd_<isa>.h:
 * activation, residuals, scale, and the way to memory. The bias is in the sums already. */
#ifndef PLANCHE_KERNELS_CONV_ENDS_H
#define PLANCHE_KERNELS_CONV_ENDS_H

#define MAX_BLOCKS 4

/* A part of a run: the blocks that are worked on, and the pixels from `pixel` on. */
struct part {
    const struct planche_conv_args *args;
    unsigned first; /* output block */
    size_t pixel;
};

/* Where the blocks of a tensor have pixel `pixel` of the run. */
static INLINE void point_blocks(const struct part *part, const float *const *rows, ptrdiff_t step,
                                unsigned blocks, const float **to)
{
    UNROLL (b, blocks)
        to[b] = rows[part->first + b] + (ptrdiff_t)part->pixel * step;
}

/* What is the same for all pixels stays in registers, next to the sums: those of few products would
 * wait for questions that are asked for each of them. */
static INLINE void store_pixels(const struct part *part, unsigned pixels, unsigned blocks,
                                vec acc[][MAX_BLOCKS * PARTS])
{
    const struct planche_conv_args *args = part->args;
    const struct planche_epilogue *epilogue = &args->epilogue;
    const size_t lane = (size_t)part->first * LANES;
    const ptrdiff_t step = args->output_step;
    float *out[MAX_BLOCKS];
    UNROLL (v, blocks * PARTS) {
        const vec slope = vec_load(epilogue->slope + lane + v * VEC_LANES);
        UNROLL (p, pixels)
            acc[p][v] = vec_leaky(acc[p][v], slope);
    }
    for (unsigned r = 0; r < epilogue->residuals; r++) {
        const vec self = vec_set(epilogue->self[r]), other = vec_set(epilogue->other[r]);
        const ptrdiff_t residual_step = args->residual_step[r];
        const float *residual[MAX_BLOCKS];
        point_blocks(part, args->residual[r], residual_step, blocks, residual);
        UNROLL (p, pixels)
            UNROLL (v, blocks * PARTS)
                acc[p][v] = vec_fma(other,
                                    vec_load(residual[v / PARTS] + (ptrdiff_t)p * residual_step +
                                             v % PARTS * VEC_LANES),
                                    vec_mul(self, acc[p][v]));
    }
    if (epilogue->scale)
        UNROLL (v, blocks * PARTS) {
            const vec scale = vec_load(epilogue->scale + lane + v * VEC_LANES);
            UNROLL (p, pixels)
                acc[p][v] = vec_mul(acc[p][v], scale);
        }
    UNROLL (b, blocks)
        out[b] = args->outputs[part->first + b] + (ptrdiff_t)part->pixel * step;
    UNROLL (p, pixels)
        UNROLL (v, blocks * PARTS)
            vec_store(out[v / PARTS] + (ptrdiff_t)p * step + v % PARTS * VEC_LANES, acc[p][v]);
}

/* Fetches what `pixels` pixels, the first of them `ahead` pixels further on, will be written over
 * and what will be added to them. */
static INLINE void fetch_outputs(const struct part *part, unsigned blocks, size_t ahead,
                                 size_t pixels)
{
    const struct planche_conv_args *args = part->args;
    const ptrdiff_t first = (ptrdiff_t)(part->pixel + ahead);
    for (ptrdiff_t p = first; p < first + (ptrdiff_t)pixels; p++)
        UNROLL (b, blocks)
            __builtin_prefetch(args->outputs[part->first + b] + p * args->output_step, 1);
    for (unsigned r = 0; r < args->epilogue.residuals; r++)
        for (ptrdiff_t p = first; p < first + (ptrdiff_t)pixels; p++)
            UNROLL (b, blocks)
                __builtin_prefetch(args->residual[r][part->first + b] + p * args->residual_step[r],
                                   0);
}

#endif
