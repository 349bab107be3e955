/* SPDX-License-Identifier: MIT */
/* Winograd convolution where a vector has 16 lanes and the last block 8 channels or fewer: two
 * tiles share its vectors. In such a block the points or products of tiles 2p and 2p + 1 of a set
 * are the low and high halves of the lines of tile 2p. Each lane's operations are what they are in
 * a vector of its own. Part of winograd_body.h. */
#ifndef PLANCHE_KERNELS_WINOGRAD_PAIRS_H
#define PLANCHE_KERNELS_WINOGRAD_PAIRS_H

/* One column of the first pass for a pair: columns x[0] and x[1]. */
static INLINE void transform_column_pair(const struct run *run, unsigned tile, size_t block,
                                         const size_t x[2], float *out)
{
    static const float zeros[HALF_LANES];
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const float *const *rows = run->args->input_rows + block * input;
    const bool low = x[0] < run->args->input_columns, high = x[1] < run->args->input_columns;
    vec d[MAX_INPUT], o[MAX_INPUT];
    UNROLL (i, input)
        d[i] = vec_load_halves(low ? rows[i] + x[0] * LANES : zeros,
                               high ? rows[i] + x[1] * LANES : zeros);
    transform_input(tile, d, o);
    UNROLL (i, input)
        vec_store(out + i * LANES, o[i]);
}

/* The next distinct tile from tile t on. */
static INLINE size_t find_tile(const struct run *run, size_t distinct, size_t t)
{
    while (run->like[t] != distinct)
        t++;
    return t;
}

/* Inputs of the last block of a set, as transform_inputs does it for the others. */
static INLINE void transform_input_pairs(const struct run *run, unsigned tile, struct set *set)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const size_t block = run->args->in_blocks - 1;
    float *points = run->points + block * run->stride + FIRST_POINT(tile);
    size_t t = set->first;
    for (size_t next = set->from; next < set->to; next += 2) {
        const size_t first = find_tile(run, next, t);
        t = next + 1 < set->to ? find_tile(run, next + 1, first) : first;
        for (unsigned j = 0; j < input; j++)
            transform_column_pair(run, tile, block, (size_t[]){first * tile + j, t * tile + j},
                                  column_at(run, tile, first * tile + j));
        transform_rows(run, tile, first, 1, points);
        points += 2 * PLANCHE_WINOGRAD_BLOCK(tile);
        set->end = ++t;
    }
}

/* Products of pairs of tiles with `blocks` blocks, the last of which has a half; an odd last tile
 * is multiplied with one that is not there, for nothing. */
static INLINE void multiply_pairs(const struct product *product, unsigned tile, const float *points,
                                  float *out, unsigned pairs, unsigned blocks)
{
    const float *weights = product->weights;
    const size_t row = product->row, ahead = product->ahead, stride = product->stride;
    const unsigned whole = blocks - 1;
    vec acc[MAX_TILES][MAX_BLOCKS], halves[MAX_TILES / 2];
    UNROLL (p, pairs) {
        halves[p] = vec_set(0.0f);
        UNROLL (b, whole)
            acc[2 * p][b] = acc[2 * p + 1][b] = vec_set(0.0f);
    }
    for (size_t block = 0; block < product->in_blocks; block++) {
        const bool last = block + 1 == product->in_blocks;
        const size_t units = last ? product->last_units : UNITS;
        const size_t second = last && product->in_pairs ? HALF_LANES : PLANCHE_WINOGRAD_BLOCK(tile);
        UNROLL_BY_4_PRAGMA for (size_t k = 0; k < units; k++)
        {
            vec w[MAX_BLOCKS];
            UNROLL (b, whole)
                w[b] = vec_load(weights + b * LANES);
            const vec half = vec_load_twice(weights + whole * LANES);
            UNROLL (b, blocks)
                __builtin_prefetch(weights + ahead + b * LANES, 0);
            UNROLL (p, pairs) {
                const float *from = points + 2 * p * PLANCHE_WINOGRAD_BLOCK(tile) + k;
                const vec x = vec_hold(vec_set(from[0])), y = vec_hold(vec_set(from[second]));
                UNROLL (b, whole) {
                    acc[2 * p][b] = vec_fma(x, w[b], acc[2 * p][b]);
                    acc[2 * p + 1][b] = vec_fma(y, w[b], acc[2 * p + 1][b]);
                }
                halves[p] = vec_fma(vec_halves(x, y), half, halves[p]);
            }
            weights += row;
        }
        points += stride;
    }
    UNROLL (p, pairs) {
        float *to = out + 2 * p * PLANCHE_WINOGRAD_BLOCK(tile);
        UNROLL (b, whole) {
            vec_store(to + b * stride, acc[2 * p][b]);
            vec_store(to + b * stride + PLANCHE_WINOGRAD_BLOCK(tile), acc[2 * p + 1][b]);
        }
        vec_store(to + whole * stride, halves[p]);
    }
}

/* As multiply_set. */
static INLINE void multiply_set_pairs(const struct product *product, unsigned tile,
                                      const float *points, float *out, size_t tiles,
                                      unsigned blocks)
{
    const unsigned fit = VEC_ACCUMULATORS / (2 * blocks - 1);
    const unsigned max = fit < MAX_TILES / 2 ? fit : MAX_TILES / 2;
    size_t pairs = (tiles + 1) / 2;
    for (size_t calls = (pairs + max - 1) / max; calls > 0; calls--) {
        const size_t count = (pairs + calls - 1) / calls;
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n <= max)                                                                              \
            multiply_pairs(product, tile, points, out, n, blocks);                                 \
        break;
        switch (count) {
            CASES_TO_12(CASE)
        }
#undef CASE
        points += 2 * count * PLANCHE_WINOGRAD_BLOCK(tile);
        out += 2 * count * PLANCHE_WINOGRAD_BLOCK(tile);
        pairs -= count;
    }
}

static INLINE void multiply_block_pairs(const struct product *product, unsigned tile,
                                        const float *points, float *out, size_t tiles,
                                        unsigned blocks)
{
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        multiply_set_pairs(product, tile, points, out, tiles, n);                                  \
        break;
    switch (blocks) {
        CASES_TO_4(CASE)
    }
#undef CASE
}

/* Pixels of one tile in a row of the last block, from the low or high halves. */
static INLINE void store_halves(const struct planche_winograd_args *args, unsigned tile, size_t row,
                                size_t t, const vec *o, bool high)
{
    const size_t lane = (args->out_blocks - 1) * (size_t)LANES, left = args->columns - t * tile;
    const vec slope = vec_load(args->epilogue.slope + lane);
    const float *scale = args->epilogue.scale ? args->epilogue.scale + lane : NULL;
    UNROLL (j, tile)
        if (j < left)
            store_vector(args, row, (t * tile + j) * LANES, slope, scale,
                         high ? vec_high(o[j]) : vec_low(o[j]));
}

/* The output transform of a pair's half block: of tile t and the one after it if both, else of tile
 * t alone, whose products are the high halves or the low ones. plain as in transform_part. */
static INLINE void transform_output_pair(const struct run *run, unsigned tile,
                                         const float *products, size_t t, bool both, bool high)
{
    const struct planche_winograd_args *args = run->args;
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const size_t block = args->out_blocks - 1;
    const vec bias = vec_load_twice(args->epilogue.bias + block * LANES);
    const vec slope = vec_load_twice(args->epilogue.slope + block * LANES);
    _Alignas(64) float rows[MAX_TILE * MAX_INPUT * VEC_LANES];
    transform_product_columns(tile, products, rows);
    NO_UNROLL
    for (unsigned i = 0; i < tile; i++) {
        vec m[MAX_INPUT], o[MAX_TILE];
        float *out = args->output_rows[block * tile + i];
        if (!out)
            continue;
        UNROLL (j, input)
            m[j] = vec_hold(vec_load(rows + (i * input + j) * VEC_LANES));
        if (tile == 6)
            m[1] = vec_add(m[1], bias);
        transform_output(tile, m, o);
        if (tile == 4)
            UNROLL (j, tile)
                o[j] = vec_add(o[j], bias);
        if (!both) {
            store_halves(args, tile, block * tile + i, t, o, high);
            continue;
        }
        out += t * tile * LANES;
        UNROLL (j, tile) {
            const vec v = vec_leaky(o[j], slope);
            vec_store(out + j * LANES, vec_low(v));
            vec_store(out + (tile + j) * LANES, vec_high(v));
        }
    }
}

/* The last block's outputs of tile t, and perhaps of the next one; returns how many. */
static INLINE size_t transform_half_block(const struct run *run, unsigned tile,
                                          const struct set *set, unsigned block, size_t t)
{
    const struct planche_winograd_args *args = run->args;
    const size_t place = run->like[t] - set->from;
    const float *products =
        run->products + block * run->stride + place / 2 * 2 * PLANCHE_WINOGRAD_BLOCK(tile);
    const bool plain = !args->epilogue.residuals && !args->epilogue.scale;
    const bool next = t + 1 < run->tiles && (t + 2) * tile <= args->columns && place % 2 == 0 &&
                      run->like[t + 1] == run->like[t] + 1 && run->like[t + 1] < set->to;
    const bool both = plain && next;
    transform_output_pair(run, tile, products, t, both, place % 2 != 0);
    return both ? 2 : 1;
}

/* The last block of a group of a set; `block` within the group. */
static INLINE void transform_half_blocks(const struct run *run, unsigned tile,
                                         const struct set *set, unsigned block)
{
    for (size_t t = set->first; t < run->tiles;)
        if (run->like[t] >= set->from && run->like[t] < set->to)
            t += transform_half_block(run, tile, set, block, t);
        else
            t++;
}

#endif
