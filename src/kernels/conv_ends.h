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

static INLINE void store_block(const struct part *part, unsigned block, size_t pixel, vec *v)
{
    const struct planche_conv_args *args = part->args;
    const struct planche_epilogue *epilogue = &args->epilogue;
    float *out = args->outputs[block] + (ptrdiff_t)pixel * args->output_step;
    UNROLL (i, PARTS) {
        const size_t lane = block * LANES + i * VEC_LANES;
        v[i] = vec_leaky(v[i], vec_load(epilogue->slope + lane));
    }
    for (unsigned r = 0; r < epilogue->residuals; r++) {
        const float *residual =
            args->residual[r][block] + (ptrdiff_t)pixel * args->residual_step[r];
        UNROLL (i, PARTS)
            v[i] = vec_fma(vec_set(epilogue->other[r]), vec_load(residual + i * VEC_LANES),
                           vec_mul(vec_set(epilogue->self[r]), v[i]));
    }
    for (unsigned i = 0; epilogue->scale && i < PARTS; i++)
        v[i] = vec_mul(v[i], vec_load(epilogue->scale + block * LANES + i * VEC_LANES));
    UNROLL (i, PARTS)
        vec_store(out + i * VEC_LANES, v[i]);
}

/* If nothing follows the activation, slopes stay in registers: the sums of few products would wait
 * for the questions that store_block() asks each time. */
static INLINE void store_pixels(const struct part *part, unsigned pixels, unsigned blocks,
                                vec acc[][MAX_BLOCKS * PARTS])
{
    const struct planche_conv_args *args = part->args;
    const ptrdiff_t step = args->output_step;
    const float *slopes = args->epilogue.slope + (size_t)part->first * LANES;
    float *out[MAX_BLOCKS];
    vec slope[MAX_BLOCKS * PARTS];
    if (args->epilogue.residuals || args->epilogue.scale) {
        UNROLL (p, pixels)
            UNROLL (b, blocks)
                store_block(part, part->first + b, part->pixel + p, &acc[p][b * PARTS]);
        return;
    }
    UNROLL (b, blocks)
        out[b] = args->outputs[part->first + b] + (ptrdiff_t)part->pixel * step;
    UNROLL (v, blocks * PARTS)
        slope[v] = vec_load(slopes + v * VEC_LANES);
    UNROLL (p, pixels)
        UNROLL (v, blocks * PARTS)
            vec_store(out[v / PARTS] + (ptrdiff_t)p * step + v % PARTS * VEC_LANES,
                      vec_leaky(acc[p][v], slope[v]));
}

/* Fetches what later pixels will be written over and what will be added to them. */
static INLINE void fetch_outputs(const struct part *part, unsigned block, size_t pixel,
                                 unsigned pixels)
{
    const struct planche_conv_args *args = part->args;
    const float *out = args->outputs[block] + (ptrdiff_t)pixel * args->output_step;
    UNROLL (p, pixels)
        __builtin_prefetch(out + (ptrdiff_t)p * args->output_step, 1);
    for (unsigned r = 0; r < args->epilogue.residuals; r++) {
        const float *residual =
            args->residual[r][block] + (ptrdiff_t)pixel * args->residual_step[r];
        UNROLL (p, pixels)
            __builtin_prefetch(residual + (ptrdiff_t)p * args->residual_step[r], 0);
    }
}

#endif
