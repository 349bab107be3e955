/* SPDX-License-Identifier: MIT */
/* Attention within a window. Included once per ISA with KERNEL_NAME(op) defined, over the vectors
 * of simd_<isa>.h if there are any. What is read of the window is put side by side first, so that
 * both products are those of two small matrices in the L1 cache. */
#include "kernels/exponential.h"
#include "kernels/list.h"

#ifndef LANES
#define LANES PLANCHE_LANES
#endif

/* to[r][0 .. 16 * blocks - 1] = begin[r][..] + sum over k < depth of a[r][k] * b[k][..]; steps are
 * floats from one row to the next, of a also from one k to the next. */
struct product {
    const float *a, *b, *begin; /* begin NULL: zeros */
    float *to;
    size_t a_row, a_step, b_step, begin_step, to_step;
    size_t rows, depth, blocks;
};

#ifdef VEC_LANES
#define PRODUCT_ROWS (PARTS == 1 ? 12 : 6)

/* `rows` is a constant where this is inlined. */
static INLINE void multiply_rows(const struct product *product, size_t row, unsigned rows,
                                 size_t lane)
{
    const float *a = product->a + row * product->a_row, *b = product->b + lane;
    float *to = product->to + row * product->to_step + lane;
    vec acc[12][PARTS];
    UNROLL (r, rows)
        UNROLL (v, PARTS)
            acc[r][v] = product->begin ? vec_load(product->begin + (row + r) * product->begin_step +
                                                  lane + v * VEC_LANES)
                                       : vec_set(0.0f);
    for (size_t k = 0; k < product->depth; k++) {
        vec with[PARTS];
        UNROLL (v, PARTS)
            with[v] = vec_load(b + k * product->b_step + v * VEC_LANES);
        UNROLL (r, rows) {
            const vec factor = vec_set(a[r * product->a_row + k * product->a_step]);
            UNROLL (v, PARTS)
                acc[r][v] = vec_fma(factor, with[v], acc[r][v]);
        }
    }
    UNROLL (r, rows)
        UNROLL (v, PARTS)
            vec_store(to + r * product->to_step + v * VEC_LANES, acc[r][v]);
}

static INLINE void multiply_block(const struct product *product, size_t lane)
{
    size_t row = 0;
    for (; product->rows - row >= PRODUCT_ROWS; row += PRODUCT_ROWS)
        multiply_rows(product, row, PRODUCT_ROWS, lane);
    for (; product->rows - row >= 3; row += 3)
        multiply_rows(product, row, 3, lane);
    for (; row < product->rows; row++)
        multiply_rows(product, row, 1, lane);
}
#undef PRODUCT_ROWS
#else
static inline void multiply_block(const struct product *product, size_t lane)
{
    for (size_t row = 0; row < product->rows; row++) {
        float acc[LANES] = {0};
        for (size_t i = 0; product->begin && i < LANES; i++)
            acc[i] = product->begin[row * product->begin_step + lane + i];
        for (size_t k = 0; k < product->depth; k++) {
            const float factor = product->a[row * product->a_row + k * product->a_step];
            for (size_t i = 0; i < LANES; i++)
                acc[i] += factor * product->b[k * product->b_step + lane + i];
        }
        memcpy(product->to + row * product->to_step + lane, acc, sizeof acc);
    }
}
#endif

static void multiply(const struct product *product)
{
    for (size_t block = 0; block < product->blocks; block++)
        multiply_block(product, block * LANES);
}

/* Each column to the power of e, less its greatest, and one divided by its sum, in parts[length];
 * most[length] is room. Loops of no constant length: those of 16 are taken apart, and no comparison
 * is then made of 16 lanes at once. */
static void make_shares(float *restrict rows, size_t count, size_t length, float *restrict parts,
                        float *restrict most)
{
    struct exp_limits limits = EXP_LIMITS;
    __asm__("" : "+m"(limits));
    memcpy(most, rows, length * sizeof *most);
    memset(parts, 0, length * sizeof *parts);
    for (size_t r = 1; r < count; r++)
        for (size_t i = 0; i < length; i++)
            most[i] = most[i] > rows[r * length + i] ? most[i] : rows[r * length + i];
    for (size_t r = 0; r < count; r++) {
        float *restrict row = rows + r * length;
        for (size_t i = 0; i < length; i++) {
            const float v = exponential(row[i] - most[i], &limits);
            row[i] = v;
            parts[i] += v;
        }
    }
    for (size_t i = 0; i < length; i++)
        parts[i] = 1.0f / parts[i];
}

/* Pixel by pixel [pixels][blocks * 16]. */
static void gather(const struct planche_attention_args *args, const float *const *rows, float *to)
{
    const size_t step = (size_t)args->blocks * LANES;
    for (unsigned b = 0; b < args->blocks; b++)
        for (unsigned y = 0; y < args->rows; y++) {
            const float *from = rows[b * args->rows + y];
            float *at = to + (size_t)y * args->columns * step + (size_t)b * LANES;
            for (unsigned x = 0; x < args->columns; x++, from += LANES, at += step)
                memcpy(at, from, LANES * sizeof *at);
        }
}

/* The other way round, times a factor: [blocks * 16][length], with zeros behind the last pixel. */
static void gather_turned(const struct planche_attention_args *args, const float *const *rows,
                          float factor, size_t length, float *to)
{
    const size_t pixels = (size_t)args->rows * args->columns;
    for (unsigned b = 0; b < args->blocks; b++) {
        float *block = to + (size_t)b * LANES * length;
        for (unsigned y = 0; y < args->rows; y++) {
            const float *from = rows[b * args->rows + y];
            for (unsigned x = 0; x < args->columns; x++)
                for (size_t i = 0; i < LANES; i++)
                    block[i * length + (size_t)y * args->columns + x] =
                        from[x * LANES + i] * factor;
        }
        for (size_t i = 0; i < LANES; i++)
            memset(block + i * length + pixels, 0, (length - pixels) * sizeof *block);
    }
}

/* Sums times what their pixels' parts are. */
static void scatter(const struct planche_attention_args *args, const float *from,
                    const float *parts)
{
    const size_t step = (size_t)args->blocks * LANES;
    for (unsigned b = 0; b < args->blocks; b++)
        for (unsigned y = 0; y < args->rows; y++) {
            const float *at = from + (size_t)y * args->columns * step + (size_t)b * LANES;
            float *out = args->out[b * args->rows + y];
            for (unsigned x = 0; x < args->columns; x++, at += step, out += LANES)
                for (size_t i = 0; i < LANES; i++)
                    out[i] = at[i] * parts[(size_t)y * args->columns + x];
        }
}

void KERNEL_NAME(attention)(const struct planche_attention_args *args)
{
    const size_t depth = (size_t)args->blocks * LANES, pixels = (size_t)args->rows * args->columns;
    const size_t length = PLANCHE_ATTENTION_LENGTH(pixels);
    float *query = args->scratch, *key = query + depth * length, *value = key + pixels * depth;
    float *shares = value + pixels * depth, *parts = shares + pixels * length;
    gather_turned(args, args->query, args->factor, length, query);
    gather(args, args->key, key);
    gather(args, args->value, value);
    multiply(&(struct product){
        .a = key,
        .b = query,
        .begin = args->bias,
        .to = shares,
        .a_row = depth,
        .a_step = 1,
        .b_step = length,
        .begin_step = length,
        .to_step = length,
        .rows = pixels,
        .depth = depth,
        .blocks = length / LANES,
    });
    make_shares(shares, pixels, length, parts, parts + length);
    multiply(&(struct product){
        .a = shares,
        .b = value,
        .to = key,
        .a_row = 1,
        .a_step = length,
        .b_step = depth,
        .to_step = depth,
        .rows = pixels,
        .depth = pixels,
        .blocks = args->blocks,
    });
    scatter(args, key, parts);
}
