/* SPDX-License-Identifier: MIT */
/* Winograd convolution over the vectors of simd_<isa>.h, with KERNEL_NAME(op) defined; transformed
 * inputs and weights are units (units.h), all else floats. A run is worked through in three passes:
 * all tiles' inputs are transformed, but for those that repeat what is there already; then for each
 * group of output blocks the matrix products of all tiles are made point by point, so that a
 * point's weights are read once per run and stay in the L1 cache meanwhile; then the products are
 * transformed and finished.
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
#define PRECISION  (UNIT_LANES == 2 ? PLANCHE_PRECISION_BF16 : PLANCHE_PRECISION_F32)
/* Input units that the products take at least: their loop is unrolled. */
#define UNIT_STEP 4
/* Columns that the input transform reads ahead: rows come from the L3 cache, eight at a time. */
#define AHEAD 16

struct run {
    const struct planche_winograd_args *args;
    size_t tiles;
    size_t set;      /* tiles of a set */
    size_t distinct; /* tiles that are not like an earlier one */
    uint32_t *like;  /* [tiles]: the distinct tile that each one is like; new ones ascend */
    float *points, *products, *columns;
    unsigned last_units; /* of the last input block that are in use, in whole steps */
    unsigned last_parts; /* vectors of the last output block that are in use */
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

/* First pass of the input transform: the columns of a strip, each transformed once though two tiles
 * share it. Columns that do not exist are zero. */
static INLINE void transform_columns(const struct run *run, unsigned tile, size_t block,
                                     size_t first, size_t count)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile), parts = input_parts(run, block);
    const float *const *rows = run->args->input_rows + block * input;
    const size_t left = run->args->input_columns > first ? run->args->input_columns - first : 0;
    const size_t present = left < count ? left : count;
    float *out = run->columns;
    for (size_t x = first; x < first + present; x++)
        for (unsigned part = 0; part < parts; part++) {
            vec d[MAX_INPUT], o[MAX_INPUT];
            UNROLL (i, input)
                __builtin_prefetch(rows[i] + (x + AHEAD) * LANES + part * VEC_LANES, 0);
            UNROLL (i, input)
                d[i] = vec_load(rows[i] + x * LANES + part * VEC_LANES);
            transform_input(tile, d, o);
            UNROLL (i, input)
                vec_store(out + ((x - first) * input + i) * LANES + part * VEC_LANES, o[i]);
        }
    memset(out + present * input * LANES, 0, (count - present) * input * LANES * sizeof *out);
}

/* Second pass of the input transform, for one tile; columns is its part of the strip. */
static INLINE void transform_rows(const struct run *run, unsigned tile, const float *columns,
                                  unsigned parts, float *points)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const size_t line = run->set * UNITS;
    for (unsigned i = 0; i < input; i++)
        for (unsigned part = 0; part < parts; part++) {
            vec d[MAX_INPUT], o[MAX_INPUT];
            UNROLL (j, input)
                d[j] = vec_load(columns + (j * input + i) * LANES + part * VEC_LANES);
            transform_input(tile, d, o);
            UNROLL (j, input)
                vec_store_units(points + (i * input + j) * line + part * VEC_UNITS, o[j]);
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

static INLINE float *points_at(const struct run *run, unsigned tile, size_t t, size_t block)
{
    const size_t set = run->set, in_blocks = run->args->in_blocks;
    return run->points +
           ((t / set * in_blocks + block) * set * PLANCHE_WINOGRAD_LINES(tile) + t % set) * UNITS;
}

/* Transforms the distinct ones of a strip's tiles, of which `next` is the first; returns the one
 * after them. */
static INLINE size_t transform_strip(const struct run *run, unsigned tile, size_t block, size_t t,
                                     size_t count, size_t next)
{
    bool known = true;
    for (size_t i = t; i < t + count; i++)
        known = known && run->like[i] < next;
    if (known)
        return next;
    transform_columns(run, tile, block, t * tile, count * tile + 2);
    for (size_t i = 0; i < count; i++)
        if (run->like[t + i] == next)
            transform_rows(run, tile,
                           run->columns + i * tile * PLANCHE_WINOGRAD_INPUT(tile) * LANES,
                           input_parts(run, block), points_at(run, tile, next++, block));
    return next;
}

static INLINE void transform_inputs(const struct run *run, unsigned tile)
{
    for (size_t block = 0; block < run->args->in_blocks; block++) {
        size_t next = 0;
        for (size_t t = 0; t < run->tiles; t += PLANCHE_WINOGRAD_STRIP) {
            const size_t left = run->tiles - t;
            const size_t count = left < PLANCHE_WINOGRAD_STRIP ? left : PLANCHE_WINOGRAD_STRIP;
            next = transform_strip(run, tile, block, t, count, next);
        }
    }
}

/* The matrix products of one point: tiles x output vectors over all input lanes. */
struct product {
    const float *weights;
    size_t in_blocks, point_stride; /* floats from one input block's points to the next one's */
    unsigned last_units;
    size_t row;                 /* floats from one unit's weights to the next one's */
    size_t out_tile, out_block; /* floats from one tile's or block's products to the next's */
    const float *next, *end;    /* what is left to prefetch of the next point's weights: they come
                                   from the L3 cache, and the prefetchers of the CPU see too late */
};

/* Every product is summed in the order of the input lanes, however many tiles are worked on. */
static INLINE void multiply_tiles(struct product *product, const float *points, float *out,
                                  unsigned tiles, unsigned vectors)
{
    const float *weights = product->weights, *next = product->next;
    const size_t next_step = next < product->end ? LANES : 0, row = product->row;
    vec acc[PLANCHE_WINOGRAD_SET][MAX_BLOCKS * PARTS];
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
            UNROLL (t, tiles) {
                const vec x = vec_set(points[t * UNITS + k]);
                UNROLL (v, vectors)
                    acc[t][v] = vec_dot(x, w[v], acc[t][v]);
            }
            __builtin_prefetch(next, 0, 2);
            next += next_step;
            weights += row;
        }
        points += product->point_stride;
    }
    product->next = next;
    UNROLL (t, tiles)
        UNROLL (v, vectors)
            vec_store(out + t * product->out_tile + v / PARTS * product->out_block +
                          v % PARTS * VEC_LANES,
                      acc[t][v]);
}

/* As many tiles at once as the registers hold, then the rest in a few steps. */
static INLINE void multiply_set(struct product *product, const float *points, float *out,
                                size_t tiles, unsigned vectors)
{
    const unsigned fit = VEC_ACCUMULATORS / vectors;
    const unsigned max = fit < PLANCHE_WINOGRAD_SET ? fit : PLANCHE_WINOGRAD_SET;
#define STEP(count)                                                                                \
    for (; count <= max && tiles >= count; tiles -= count) {                                       \
        multiply_tiles(product, points, out, count, vectors);                                      \
        points += count * UNITS;                                                                   \
        out += count * product->out_tile;                                                          \
    }
    STEP(max)
    STEP(8)
    STEP(6)
    STEP(4)
    STEP(2)
    STEP(1)
#undef STEP
}

#if PARTS == 1
/* The blocks of a group at once, since one register holds a block. */
static void multiply_blocks(struct product *product, const float *points, float *out, size_t tiles,
                            unsigned blocks, unsigned last_parts)
{
    (void)last_parts;
    switch (blocks) {
    case 1:
        multiply_set(product, points, out, tiles, 1);
        break;
    case 2:
        multiply_set(product, points, out, tiles, 2);
        break;
    case 3:
        multiply_set(product, points, out, tiles, 3);
        break;
    case 4:
        multiply_set(product, points, out, tiles, 4);
        break;
    }
}
#else
/* One block after another, the last one as far as its vectors are in use. */
static void multiply_blocks(struct product *product, const float *points, float *out, size_t tiles,
                            unsigned blocks, unsigned last_parts)
{
    const float *weights = product->weights;
    for (unsigned b = 0; b < blocks; b++, product->weights += LANES, out += product->out_block) {
        const unsigned parts = b + 1 < blocks ? PARTS : last_parts;
        if (parts > PARTS / 2)
            multiply_set(product, points, out, tiles, PARTS);
        else
            multiply_set(product, points, out, tiles, PARTS / 2);
    }
    product->weights = weights;
}
#endif

/* Fetches a part, `point` of all points, of what the transform of the group's products will write
 * and add: rows may have left the cache since, and stores that miss are slow to wait for each
 * other. Groups of fewer blocks have too few products to hide it behind: 16 to 48 channels are 4 to
 * 8 % faster without. */
static INLINE void fetch_outputs(const struct planche_winograd_args *args, unsigned tile,
                                 unsigned first, unsigned blocks, unsigned point)
{
    const size_t columns = args->columns, pixels = blocks * tile * columns;
    const size_t end = pixels * (point + 1) / PLANCHE_WINOGRAD_POINTS(tile);
    size_t pixel = pixels * point / PLANCHE_WINOGRAD_POINTS(tile);
    while (pixel < end) {
        const size_t row = first * tile + pixel / columns, x = pixel % columns;
        const size_t count = columns - x < end - pixel ? columns - x : end - pixel;
        const float *out = args->output_rows[row];
        for (size_t i = x; out && i < x + count; i++)
            __builtin_prefetch(out + i * LANES, 1);
        for (unsigned r = 0; out && r < args->epilogue.residuals; r++)
            for (size_t i = x; i < x + count; i++)
                __builtin_prefetch(args->residual_rows[r][row] + i * LANES, 0, 2);
        pixel += count;
    }
}

/* All products of the group that begins with block `first`. */
static INLINE void multiply_group(const struct run *run, unsigned tile, unsigned first,
                                  unsigned blocks)
{
    const struct planche_winograd_args *args = run->args;
    const unsigned count = PLANCHE_WINOGRAD_POINTS(tile), in_blocks = args->in_blocks;
    const size_t line = run->set * UNITS, row = (size_t)blocks * LANES;
    const size_t point_weights = in_blocks * UNITS * row;
    struct product product = {
        .weights = (const float *)args->weights +
                   planche_winograd_group_floats(tile, PRECISION, in_blocks, first),
        .in_blocks = in_blocks,
        .point_stride = PLANCHE_WINOGRAD_LINES(tile) * line,
        .last_units = run->last_units,
        .row = row,
        .out_tile = blocks * PLANCHE_WINOGRAD_BLOCK(tile),
        .out_block = PLANCHE_WINOGRAD_BLOCK(tile),
    };
    for (unsigned point = 0; point < count; point++) {
        if (blocks == MAX_BLOCKS)
            fetch_outputs(args, tile, first, blocks, point);
        product.next = product.weights + point_weights;
        product.end = product.next + (point + 1 < count ? point_weights : 0);
        for (size_t t = 0; t < run->distinct; t += run->set) {
            const size_t left = run->distinct - t;
            multiply_blocks(&product, points_at(run, tile, t, 0) + point * line,
                            run->products + t * product.out_tile + (size_t)point * LANES,
                            left < run->set ? left : run->set, blocks,
                            output_parts(run, first + blocks - 1));
        }
        product.weights += point_weights;
    }
}

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
            m[i] = vec_load(products + (i * input + j) * LANES);
        transform_output(tile, m, o);
        UNROLL (i, tile)
            vec_store(rows + (i * input + j) * VEC_LANES, o[i]);
    }
}

/* The output transform of part of one tile of output block `block`. With 6 x 6 tiles the bias goes
 * into point 1 of each row, which is added to every pixel; 4 x 4 tiles have no point 1. */
static INLINE void transform_part(const struct run *run, unsigned tile, const float *products,
                                  size_t block, size_t column, size_t columns, unsigned part)
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
        if (!args->output_rows[block * tile + i])
            continue;
        UNROLL (j, input)
            m[j] = vec_load(rows + (i * input + j) * VEC_LANES);
        if (tile == 6)
            m[1] = vec_add(m[1], bias);
        transform_output(tile, m, o);
        UNROLL (j, tile)
            if (j < columns)
                store_vector(args, block * tile + i, (column + j) * LANES + lane, slope, scale,
                             tile == 6 ? o[j] : vec_add(o[j], bias));
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

static INLINE void transform_outputs(const struct run *run, unsigned tile, unsigned first,
                                     unsigned blocks)
{
    const struct planche_winograd_args *args = run->args;
    for (size_t t = 0; t < run->tiles; t++)
        for (unsigned b = 0; b < blocks; b++) {
            const size_t column = t * tile, left = args->columns - column;
            const float *products =
                run->products + (run->like[t] * blocks + b) * PLANCHE_WINOGRAD_BLOCK(tile);
            const unsigned parts = output_parts(run, first + b);
            for (unsigned part = 0; part < PARTS; part++)
                if (part >= parts)
                    clear_part(args, tile, first + b, column, left < tile ? left : tile, part);
                else if (left >= tile)
                    transform_part(run, tile, products, first + b, column, tile, part);
                else
                    transform_part(run, tile, products, first + b, column, left, part);
        }
}

static INLINE void convolve(const struct planche_winograd_args *args, unsigned tile)
{
    const unsigned group =
        args->out_blocks < PLANCHE_WINOGRAD_GROUP ? args->out_blocks : PLANCHE_WINOGRAD_GROUP;
    const unsigned max = VEC_ACCUMULATORS / (PARTS == 1 ? group : PARTS);
    const unsigned step = UNIT_STEP * UNIT_LANES;
    const unsigned last_in = args->in_lanes ? (args->in_lanes - 1) % LANES + 1 : LANES;
    const unsigned last_out = args->out_lanes ? (args->out_lanes - 1) % LANES + 1 : LANES;
    struct run run = {
        .args = args,
        .tiles = (args->columns + tile - 1) / tile,
        .set = max < PLANCHE_WINOGRAD_SET ? max : PLANCHE_WINOGRAD_SET,
        .last_units = (last_in + step - 1) / step * UNIT_STEP,
        .last_parts = (last_out + VEC_LANES - 1) / VEC_LANES,
    };
    const size_t sets = (run.tiles + run.set - 1) / run.set;
    run.points = args->scratch;
    run.products =
        run.points + sets * run.set * args->in_blocks * PLANCHE_WINOGRAD_BLOCK(tile) / UNIT_LANES;
    run.columns = run.products + run.tiles * group * PLANCHE_WINOGRAD_BLOCK(tile);
    run.like = (uint32_t *)(run.columns + PLANCHE_WINOGRAD_COLUMNS(tile));
    find_distinct(&run, tile);
    transform_inputs(&run, tile);
    for (unsigned first = 0; first < args->out_blocks; first += PLANCHE_WINOGRAD_GROUP) {
        const unsigned left = args->out_blocks - first;
        const unsigned blocks = left < PLANCHE_WINOGRAD_GROUP ? left : PLANCHE_WINOGRAD_GROUP;
        multiply_group(&run, tile, first, blocks);
        transform_outputs(&run, tile, first, blocks);
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
