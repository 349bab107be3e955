/* SPDX-License-Identifier: MIT */
/* Winograd convolution over the vectors of simd_<isa>.h, with KERNEL_NAME(op) defined; transformed
 * inputs and weights are units (units.h), all else floats. A run is worked through in sets of some
 * tiles. The tiles' inputs are transformed, but for those that repeat what is there already; then
 * for each group of output blocks the matrix products of the set are made point by point, so that a
 * point's weights are read once for a set; then the products are transformed and finished. Products
 * of a single group take the place of the inputs that were multiplied: stores then hit the cache,
 * and little memory is touched.
 *
 * Lanes that no channel uses cost nothing where a vector has no others: products end with the last
 * input lane in use, and vectors of the output without a lane in use are set to zero. */
#include "kernels/list.h"
#include "kernels/units.h"
#include "kernels/winograd.h"
#include "kernels/winograd_transforms.h"

#include <stdbool.h>
#include <string.h>

#define MAX_INPUT  PLANCHE_WINOGRAD_MAX_INPUT
#define MAX_TILE   PLANCHE_WINOGRAD_TILE_MAX
#define MAX_BLOCKS PLANCHE_WINOGRAD_GROUP
#define MAX_TILES  12
#define PRECISION  (UNIT_LANES == 2 ? PLANCHE_PRECISION_BF16 : PLANCHE_PRECISION_F32)
/* Input units that the products take at least: their loop is unrolled. */
#define UNIT_STEP 4
/* Columns that the input transform reads ahead: rows come from the L3 cache, eight at a time. */
#define AHEAD 16
/* Input blocks from which on outputs are fetched (fetch_outputs). */
#define FETCH_BLOCKS 2
/* Floats of weights that are fetched into the L1 cache ahead of the products, at most. */
#define WEIGHTS_AHEAD 512
/* Where the points of a tile and block begin: so far behind its products that a product never
 * overwrites a point that is still to be multiplied. */
#define FIRST_POINT(tile) (PLANCHE_WINOGRAD_BLOCK(tile) - PLANCHE_WINOGRAD_POINTS(tile) * UNITS)

/* Lanes that two tiles can share a vector with (winograd_pairs.h): none, or half of a block. */
#if defined(HALF_LANES) && UNIT_LANES == 1
#define PAIR_LANES HALF_LANES
#else
#define PAIR_LANES 0
#endif

struct run {
    const struct planche_winograd_args *args;
    size_t tiles;
    size_t distinct; /* tiles that are not like an earlier one */
    uint32_t *like;  /* [tiles]: the distinct tile that each one is like; new ones ascend */
    float *points, *products, *columns; /* of a set; see winograd.h */
    size_t stride;            /* floats from a block's points or products to the next one's */
    unsigned last_units;      /* of the last input block that are in use, in whole steps */
    unsigned last_parts;      /* vectors of the last output block that are in use */
    bool in_pairs, out_pairs; /* tiles share the vectors of the last input or output block */
};

/* Part of a run: distinct tiles [from, to), which are found from tile `first` on and before tile
 * `end`. */
struct set {
    size_t from, to, first, end;
};

/* Vectors of an input block that have a lane in use. */
static INLINE unsigned input_parts(const struct run *run, size_t block)
{
    const bool last = block + 1 == run->args->in_blocks;
    return last ? (run->last_units * UNIT_LANES + VEC_LANES - 1) / VEC_LANES : PARTS;
}

/* Vectors of an output block that have a lane in use. */
static INLINE unsigned output_parts(const struct run *run, size_t block)
{
    return block + 1 == run->args->out_blocks ? run->last_parts : PARTS;
}

static INLINE void transform_input(unsigned tile, const vec *d, vec *o)
{
    if (tile == 4)
        transform_input4(d, o);
    else
        transform_input6(d, o);
}

static INLINE void transform_output(unsigned tile, const vec *m, vec *o)
{
    if (tile == 4)
        transform_output4(m, o);
    else
        transform_output6(m, o);
}

/* Columns of a tile's input after the first pass of the transform, in a ring: neighbouring tiles
 * share two of them. */
static INLINE float *column_at(const struct run *run, unsigned tile, size_t x)
{
    return run->columns + (x & (MAX_INPUT - 1)) * PLANCHE_WINOGRAD_INPUT(tile) * LANES;
}

/* First pass of the input transform: columns [x, end), as far as they exist; others are zero. */
static INLINE void transform_columns(const struct run *run, unsigned tile, size_t block, size_t x,
                                     size_t end)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile), parts = input_parts(run, block);
    const size_t present = run->args->input_columns < end ? run->args->input_columns : end;
    const float *rows[MAX_INPUT];
    UNROLL (i, input)
        rows[i] = run->args->input_rows[block * input + i];
    for (; x < present; x++) {
        float *out = column_at(run, tile, x);
        for (unsigned part = 0; part < parts; part++) {
            vec d[MAX_INPUT], o[MAX_INPUT];
            UNROLL (i, input)
                __builtin_prefetch(rows[i] + (x + AHEAD) * LANES + part * VEC_LANES, 0);
            UNROLL (i, input)
                d[i] = vec_hold(vec_load(rows[i] + x * LANES + part * VEC_LANES));
            transform_input(tile, d, o);
            UNROLL (i, input)
                vec_store(out + i * LANES + part * VEC_LANES, o[i]);
        }
    }
    for (; x < end; x++)
        memset(column_at(run, tile, x), 0, input * LANES * sizeof(float));
}

/* Second pass, for tile t. */
static INLINE void transform_rows(const struct run *run, unsigned tile, size_t t, unsigned parts,
                                  float *points)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const float *columns[MAX_INPUT];
    UNROLL (j, input)
        columns[j] = column_at(run, tile, t * tile + j);
    NO_UNROLL
    for (unsigned i = 0; i < input; i++)
        for (unsigned part = 0; part < parts; part++) {
            vec d[MAX_INPUT], o[MAX_INPUT];
            UNROLL (j, input)
                d[j] = vec_hold(vec_load(columns[j] + i * LANES + part * VEC_LANES));
            transform_input(tile, d, o);
            UNROLL (j, input)
                vec_store_units(points + (i * input + j) * UNITS + part * VEC_UNITS, o[j]);
        }
}

/* Whether the inputs of two tiles are the same to the bit. */
static bool tiles_equal(const struct run *run, unsigned tile, size_t a, size_t b)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const float *const *rows = run->args->input_rows;
    for (size_t i = 0; i < (size_t)run->args->in_blocks * input; i++)
        if (memcmp(rows[i] + a * tile * LANES, rows[i] + b * tile * LANES,
                   input * LANES * sizeof(float)) != 0)
            return false;
    return true;
}

/* Finds the tiles whose products are known already. Where a page is blank, values repeat: at the
 * distance of a tile, or of two or four when layers before had larger pixels, since a tile's pixels
 * differ in their rounding. Elsewhere the first bytes differ. */
static void find_distinct(struct run *run, unsigned tile)
{
    for (size_t t = 0; t < run->tiles; t++) {
        bool whole = (t + 1) * tile + 2 <= run->args->input_columns;
        size_t back = 1;
        while (whole && back <= 4 && (back > t || !tiles_equal(run, tile, t, t - back)))
            back *= 2;
        run->like[t] = whole && back <= 4 ? run->like[t - back] : (uint32_t)run->distinct++;
    }
}

#if PAIR_LANES
static INLINE void transform_input_pairs(const struct run *run, unsigned tile, struct set *set);
#endif

/* Transforms the inputs of a set, and finds its end. */
static INLINE void transform_inputs(const struct run *run, unsigned tile, struct set *set)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const size_t blocks = run->args->in_blocks - (run->in_pairs ? 1 : 0);
    for (size_t block = 0; block < blocks; block++) {
        float *points = run->points + block * run->stride + FIRST_POINT(tile);
        size_t t = set->first, done = 0, next = set->from;
        for (; next < set->to; t++) {
            const size_t x = t * tile;
            if (run->like[t] != next)
                continue;
            transform_columns(run, tile, block, done > x ? done : x, x + input);
            transform_rows(run, tile, t, input_parts(run, block), points);
            done = x + input;
            points += PLANCHE_WINOGRAD_BLOCK(tile);
            next++;
        }
        set->end = t;
    }
#if PAIR_LANES
    if (run->in_pairs)
        transform_input_pairs(run, tile, set);
#endif
}

/* The matrix products of one point: tiles x output vectors over all input lanes. */
struct product {
    unsigned last_units;
    size_t in_blocks;
    size_t stride; /* floats from a block's points or products to the next one's */
    size_t row;    /* floats from one unit's weights to the next one's */
    size_t ahead;  /* floats from a unit's weights to those that are fetched meanwhile */
    bool in_pairs;
    const float *weights;
    const float *next; /* weights of the point that follows, to be fetched into the L2 cache */
};

/* Every product is summed in the order of the input lanes, however many tiles are worked on. `next`
 * and the floats from a unit to the next one: a share of what follows, since a point's weights come
 * from the L3 cache and memory while the first tiles are multiplied, at more bytes a cycle than a
 * core gets. */
static INLINE void multiply_tiles(const struct product *product, unsigned tile, const float *points,
                                  float *out, unsigned tiles, unsigned vectors, const float *next,
                                  size_t next_step)
{
    const float *weights = product->weights;
    const size_t row = product->row, ahead = product->ahead, stride = product->stride;
    vec acc[MAX_TILES][MAX_BLOCKS * PARTS];
    UNROLL (t, tiles)
        UNROLL (v, vectors)
            acc[t][v] = vec_set(0.0f);
    for (size_t block = 0; block < product->in_blocks; block++) {
        const size_t units = block + 1 < product->in_blocks ? UNITS : product->last_units;
        UNROLL_BY_4_PRAGMA for (size_t k = 0; k < units; k++)
        {
            vec w[MAX_BLOCKS * PARTS];
            UNROLL (v, vectors)
                w[v] = vec_load(weights + v * VEC_LANES);
            UNROLL (v, (vectors + PARTS - 1) / PARTS)
                __builtin_prefetch(weights + ahead + v * LANES, 0);
            __builtin_prefetch(next, 0, 2);
            if (vectors > 2 * PARTS)
                __builtin_prefetch(next + LANES, 0, 2);
            next += next_step;
            UNROLL (t, tiles) {
                const vec x = vec_set(points[t * PLANCHE_WINOGRAD_BLOCK(tile) + k]);
                UNROLL (v, vectors)
                    acc[t][v] = vec_dot(x, w[v], acc[t][v]);
            }
            weights += row;
        }
        points += stride;
    }
    UNROLL (t, tiles)
        UNROLL (v, vectors)
            vec_store(out + t * PLANCHE_WINOGRAD_BLOCK(tile) + v / PARTS * stride +
                          v % PARTS * VEC_LANES,
                      acc[t][v]);
}

/* A switch's cases for counts that are to be constants where functions are inlined. */
#define CASES_TO_4(CASE) CASE(1) CASE(2) CASE(3) CASE(4)
#define CASES_TO_12(CASE)                                                                          \
    CASES_TO_4(CASE) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)

/* As many tiles at once as the registers hold, in about equal shares. */
static INLINE void multiply_set(const struct product *product, unsigned tile, const float *points,
                                float *out, size_t tiles, unsigned vectors)
{
    const unsigned fit = VEC_ACCUMULATORS / vectors;
    const unsigned max = fit < MAX_TILES ? fit : MAX_TILES;
    size_t calls = (tiles + max - 1) / max;
    const size_t next_step = product->row / calls;
    const float *next = product->next;
    for (; calls > 0; calls--) {
        const size_t count = (tiles + calls - 1) / calls;
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n <= max)                                                                              \
            multiply_tiles(product, tile, points, out, n, vectors, next, next_step);               \
        break;
        switch (count) {
            CASES_TO_12(CASE)
        }
#undef CASE
        points += count * PLANCHE_WINOGRAD_BLOCK(tile);
        out += count * PLANCHE_WINOGRAD_BLOCK(tile);
        tiles -= count;
        next += next_step * product->in_blocks * UNITS;
    }
}

#if PARTS == 1
/* The blocks of a group at once, since one register holds a block. */
static INLINE void multiply_blocks(struct product *product, unsigned tile, const float *points,
                                   float *out, size_t tiles, unsigned blocks, unsigned last_parts)
{
    (void)last_parts;
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        multiply_set(product, tile, points, out, tiles, n);                                        \
        break;
    switch (blocks) {
        CASES_TO_4(CASE)
    }
#undef CASE
}
#else
/* One block after another, the last one as far as its vectors are in use. */
static INLINE void multiply_blocks(struct product *product, unsigned tile, const float *points,
                                   float *out, size_t tiles, unsigned blocks, unsigned last_parts)
{
    const float *weights = product->weights;
    for (unsigned b = 0; b < blocks; b++, product->weights += LANES, out += product->stride) {
        const unsigned parts = b + 1 < blocks ? PARTS : last_parts;
        if (parts > PARTS / 2)
            multiply_set(product, tile, points, out, tiles, PARTS);
        else
            multiply_set(product, tile, points, out, tiles, PARTS / 2);
    }
    product->weights = weights;
}
#endif

/* Activation, residuals and scale of part of an output vector (the bias is in v already), and its
 * way to memory. */
static INLINE void store_vector(const struct planche_winograd_args *args, size_t row, size_t offset,
                                vec slope, const float *scale, vec v)
{
    const struct planche_epilogue *epilogue = &args->epilogue;
    v = vec_leaky(v, slope);
    for (unsigned r = 0; r < epilogue->residuals; r++)
        v = vec_fma(vec_set(epilogue->other[r]), vec_load(args->residual_rows[r][row] + offset),
                    vec_mul(vec_set(epilogue->self[r]), v));
    if (scale)
        v = vec_mul(v, vec_load(scale));
    vec_store(args->output_rows[row] + offset, v);
}

/* First pass of the output transform, for part of one tile of one block: its columns. A loop over a
 * buffer in the L1 cache, since more vectors than registers lie between the passes. */
static INLINE void transform_product_columns(unsigned tile, const float *products, float *rows)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    NO_UNROLL
    for (unsigned j = 0; j < input; j++) {
        vec m[MAX_INPUT], o[MAX_TILE];
        UNROLL (i, input)
            m[i] = vec_hold(vec_load(products + (i * input + j) * LANES));
        transform_output(tile, m, o);
        UNROLL (i, tile)
            vec_store(rows + (i * input + j) * VEC_LANES, o[i]);
    }
}

#if PAIR_LANES
#include "kernels/winograd_pairs.h"
#endif

/* Fetches a part, `point` of all points, of what the transform of the group's products will write
 * and add: rows may have left the cache since, and stores that miss are slow to wait for each
 * other. Layers of fewer blocks have too few products to hide it behind: 16 to 48 channels are 4 to
 * 12 % faster without, and so is 32 -> 64 as long as its rows are in the cache; but networks have
 * that layer where a skip connection begins, whose rows never are. */
static INLINE void fetch_outputs(const struct planche_winograd_args *args, unsigned tile,
                                 const struct set *set, unsigned first, unsigned blocks,
                                 unsigned point)
{
    const size_t left = set->first * tile;
    const size_t right = set->end * tile < args->columns ? set->end * tile : args->columns;
    const size_t columns = right - left, pixels = blocks * tile * columns;
    const size_t end = pixels * (point + 1) / PLANCHE_WINOGRAD_POINTS(tile);
    size_t pixel = pixels * point / PLANCHE_WINOGRAD_POINTS(tile);
    while (pixel < end) {
        const size_t row = first * tile + pixel / columns, x = pixel % columns;
        const size_t count = columns - x < end - pixel ? columns - x : end - pixel;
        const float *out = args->output_rows[row];
        for (size_t i = left + x; out && i < left + x + count; i++)
            __builtin_prefetch(out + i * LANES, 1);
        for (unsigned r = 0; out && r < args->epilogue.residuals; r++)
            for (size_t i = left + x; i < left + x + count; i++)
                __builtin_prefetch(args->residual_rows[r][row] + i * LANES, 0, 2);
        pixel += count;
    }
}

/* All products of a set with the group that begins with block `first`. */
static INLINE void multiply_group(const struct run *run, unsigned tile, const struct set *set,
                                  unsigned first, unsigned blocks)
{
    const struct planche_winograd_args *args = run->args;
    const unsigned count = PLANCHE_WINOGRAD_POINTS(tile);
    const size_t row = (size_t)blocks * LANES, point_weights = args->in_blocks * UNITS * row;
    const size_t ahead = point_weights < WEIGHTS_AHEAD ? point_weights : WEIGHTS_AHEAD;
    const unsigned parts = output_parts(run, first + blocks - 1);
    struct product product = {
        .in_blocks = args->in_blocks,
        .stride = run->stride,
        .last_units = run->last_units,
        .row = row,
        .in_pairs = run->in_pairs,
        .weights = (const float *)args->weights +
                   planche_winograd_group_floats(tile, PRECISION, args->in_blocks, first),
    };
    for (unsigned point = 0; point < count; point++) {
        if (blocks == MAX_BLOCKS && args->in_blocks >= FETCH_BLOCKS)
            fetch_outputs(args, tile, set, first, blocks, point);
        product.ahead = point + 1 < count ? ahead : 0;
        product.next = point + 1 < count || first + blocks < args->out_blocks
                           ? product.weights + point_weights
                           : args->weights;
        const float *points = run->points + FIRST_POINT(tile) + point * UNITS;
        float *products = run->products + point * LANES;
#if PAIR_LANES
        if (run->out_pairs && first + blocks == args->out_blocks) {
            multiply_block_pairs(&product, tile, points, products, set->to - set->from, blocks);
            product.weights += point_weights;
            continue;
        }
#endif
        multiply_blocks(&product, tile, points, products, set->to - set->from, blocks, parts);
        product.weights += point_weights;
    }
}

/* The output transform of part of one tile of output block `block`. With 6 x 6 tiles the bias goes
 * into point 1 of each row, which is added to every pixel; 4 x 4 tiles have no point 1. plain: all
 * columns, nothing to add or multiply by. */
static INLINE void transform_part(const struct run *run, unsigned tile, const float *products,
                                  size_t block, size_t column, size_t columns, unsigned part,
                                  bool plain)
{
    const struct planche_winograd_args *args = run->args;
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const size_t lane = part * VEC_LANES;
    const vec slope = vec_load(args->epilogue.slope + block * LANES + lane);
    const vec bias = vec_load(args->epilogue.bias + block * LANES + lane);
    const float *scale = args->epilogue.scale ? args->epilogue.scale + block * LANES + lane : NULL;
    _Alignas(64) float rows[MAX_TILE * MAX_INPUT * VEC_LANES];
    transform_product_columns(tile, products + lane, rows);
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
        out += column * LANES + lane;
        UNROLL (j, tile) {
            const vec v = tile == 6 ? o[j] : vec_add(o[j], bias);
            if (plain)
                vec_store(out + j * LANES, vec_leaky(v, slope));
            else if (j < columns)
                store_vector(args, block * tile + i, (column + j) * LANES + lane, slope, scale, v);
        }
    }
}

/* Part of one tile that has no lane in use. */
static INLINE void clear_part(const struct planche_winograd_args *args, unsigned tile, size_t block,
                              size_t column, size_t columns, unsigned part)
{
    for (unsigned i = 0; i < tile; i++) {
        float *out = args->output_rows[block * tile + i];
        for (size_t j = 0; out && j < columns; j++)
            vec_store(out + (column + j) * LANES + part * VEC_LANES, vec_set(0.0f));
    }
}

static INLINE void transform_block(const struct run *run, unsigned tile, const float *products,
                                   size_t block, size_t t)
{
    const struct planche_winograd_args *args = run->args;
    const size_t column = t * tile, left = args->columns - column;
    const size_t columns = left < tile ? left : tile;
    const unsigned parts = output_parts(run, block);
    const bool plain = columns == tile && !args->epilogue.residuals && !args->epilogue.scale;
    for (unsigned part = 0; part < PARTS; part++)
        if (part >= parts)
            clear_part(args, tile, block, column, columns, part);
        else if (plain)
            transform_part(run, tile, products, block, column, tile, part, true);
        else
            transform_part(run, tile, products, block, column, columns, part, false);
}

/* A group's output blocks of all tiles that are like a tile of the set. */
static INLINE void transform_outputs(const struct run *run, unsigned tile, const struct set *set,
                                     unsigned first, unsigned blocks)
{
#if PAIR_LANES
    if (run->out_pairs && first + blocks == run->args->out_blocks)
        transform_half_blocks(run, tile, set, --blocks);
#endif
    for (size_t t = set->first; t < run->tiles; t++) {
        const size_t like = run->like[t];
        if (like < set->from || like >= set->to)
            continue;
        const float *products = run->products + (like - set->from) * PLANCHE_WINOGRAD_BLOCK(tile);
        for (unsigned b = 0; b < blocks; b++)
            transform_block(run, tile, products + b * run->stride, first + b, t);
    }
}

static INLINE void convolve_set(const struct run *run, unsigned tile, struct set *set)
{
    const unsigned out_blocks = run->args->out_blocks;
    transform_inputs(run, tile, set);
    for (unsigned first = 0; first < out_blocks; first += PLANCHE_WINOGRAD_GROUP) {
        const unsigned left = out_blocks - first;
        const unsigned blocks = left < PLANCHE_WINOGRAD_GROUP ? left : PLANCHE_WINOGRAD_GROUP;
        multiply_group(run, tile, set, first, blocks);
        transform_outputs(run, tile, set, first, blocks);
    }
}

/* Tiles of the next set: about an even share of what is left, in whole register blocks. */
static INLINE size_t set_tiles(size_t left, size_t max)
{
    const size_t sets = (left + max - 1) / max, step = PLANCHE_WINOGRAD_STEP;
    const size_t tiles = ((left + sets - 1) / sets + step - 1) / step * step;
    return tiles < left ? tiles : left;
}

static INLINE void convolve(const struct planche_winograd_args *args, unsigned tile)
{
    const unsigned step = UNIT_STEP * UNIT_LANES;
    const unsigned last_in = args->in_lanes ? (args->in_lanes - 1) % LANES + 1 : LANES;
    const unsigned last_out = args->out_lanes ? (args->out_lanes - 1) % LANES + 1 : LANES;
    struct run run = {
        .args = args,
        .tiles = (args->columns + tile - 1) / tile,
        .points = args->scratch,
        .last_units = (last_in + step - 1) / step * UNIT_STEP,
        .last_parts = (last_out + VEC_LANES - 1) / VEC_LANES,
    };
    run.out_pairs = last_out <= PAIR_LANES;
    run.in_pairs =
        run.out_pairs && last_in <= PAIR_LANES && args->out_blocks <= PLANCHE_WINOGRAD_GROUP;
    const size_t max = planche_winograd_set(args->out_blocks, run.tiles);
    run.stride = max * PLANCHE_WINOGRAD_BLOCK(tile);
    run.products =
        run.points + planche_winograd_apart(args->in_blocks, args->out_blocks) * run.stride;
    run.columns =
        run.points + planche_winograd_held(args->in_blocks, args->out_blocks) * run.stride;
    run.like = (uint32_t *)(run.columns + PLANCHE_WINOGRAD_COLUMNS(tile));
    find_distinct(&run, tile);
    for (struct set set = {0}; set.to < run.distinct;) {
        const size_t left = run.distinct - set.to;
        set.from = set.to;
        set.first = set.end;
        set.to += set_tiles(left, max);
        convolve_set(&run, tile, &set);
    }
}

void KERNEL_NAME(winograd4)(const struct planche_winograd_args *args)
{
    convolve(args, 4);
}

void KERNEL_NAME(winograd6)(const struct planche_winograd_args *args)
{
    convolve(args, 6);
}
