/* SPDX-License-Identifier: MIT */
/* Winograd convolution over the vectors of simd_<isa>.h, with KERNEL_NAME(op) defined; transformed
 * inputs and weights are units (units.h), all else floats.
 *
 * The columns of all tiles of a run are transformed first. Then the run is worked through by the
 * rows of points of the transformed tiles: the points of a row are made for all tiles, multiplied
 * by their weights, and their products transformed to the row's part of the output transform at
 * once. So points and products are those of one row and stay in the L1 cache, and every point's
 * weights are read once in a run. At last the columns of that part are transformed and finished.
 * Only the columns of input and output are kept for the whole run: they share the L2 cache with the
 * weights.
 *
 * Lanes that no channel uses cost nothing where a vector has no others: products end with the last
 * input lane in use, and vectors of the output without a lane in use are set to zero. */
#include "kernels/list.h"
#include "kernels/units.h"
#include "kernels/winograd.h"
#include "kernels/winograd_transforms.h"

#include <stdbool.h>
#include <string.h>

#define MAX_INPUT PLANCHE_WINOGRAD_MAX_INPUT
#define MAX_TILE  PLANCHE_WINOGRAD_TILE_MAX
#define PRECISION (UNIT_LANES == 2 ? PLANCHE_PRECISION_BF16 : PLANCHE_PRECISION_F32)
/* Columns that the input transform reads ahead: rows come from the L3 cache, eight at a time. */
#define AHEAD 16
/* Vectors of products that are made at once. */
#define MAX_VECTORS VEC_AT_ONCE
/* Input units of a step of the products. */
#define UNIT_STEP 4

struct run {
    const struct planche_winograd_args *args;
    size_t tiles;
    size_t set;      /* tiles of a set */
    size_t distinct; /* tiles that are not like an earlier one */
    uint32_t *like;  /* [tiles]: the distinct tile that each one is like; new ones ascend */
    float *columns, *points, *products, *rows;
    size_t column_line;  /* floats of a row of a block in columns */
    unsigned last_units; /* of the last input block that are in use, in whole steps */
};

/* Output blocks whose weights lie together, and what is in use of them. */
struct group {
    unsigned first, blocks;
    unsigned vectors; /* with a lane in use */
};

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

/* Vectors of an input block that have a lane in use. */
static INLINE unsigned input_parts(const struct run *run, size_t block)
{
    const bool last = block + 1 == run->args->in_blocks;
    return last ? (run->last_units * UNIT_LANES + VEC_LANES - 1) / VEC_LANES : PARTS;
}

/* First pass of the input transform: columns of a block, each transformed once though two tiles
 * share it. Columns that do not exist are zero. */
static INLINE void transform_columns(const struct run *run, unsigned tile, size_t block,
                                     size_t first, size_t end)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile), parts = input_parts(run, block);
    const float *const *rows = run->args->input_rows + block * input;
    const size_t readable = run->args->input_columns, line = run->column_line;
    const size_t row_floats = run->args->in_blocks * line;
    const size_t present = readable > end ? end : readable > first ? readable : first;
    float *out = run->columns + block * line;
    for (size_t x = first; x < present; x++)
        for (unsigned part = 0; part < parts; part++) {
            vec d[MAX_INPUT], o[MAX_INPUT];
            UNROLL (i, input)
                __builtin_prefetch(rows[i] + (x + AHEAD) * LANES + part * VEC_LANES, 0);
            UNROLL (i, input)
                d[i] = vec_load(rows[i] + x * LANES + part * VEC_LANES);
            transform_input(tile, d, o);
            UNROLL (i, input)
                vec_store(out + i * row_floats + x * LANES + part * VEC_LANES, o[i]);
        }
    for (unsigned i = 0; i < input; i++)
        memset(out + i * row_floats + present * LANES, 0, (end - present) * LANES * sizeof *out);
}

/* Second pass of the input transform: row i of the points of one tile of one block. */
static INLINE void transform_row(const struct run *run, unsigned tile, const float *columns,
                                 unsigned parts, float *points)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const size_t step = run->set * UNITS;
    for (unsigned part = 0; part < parts; part++) {
        vec d[MAX_INPUT], o[MAX_INPUT];
        UNROLL (j, input)
            d[j] = vec_load(columns + j * LANES + part * VEC_LANES);
        transform_input(tile, d, o);
        UNROLL (j, input)
            vec_store_units(points + j * step + part * VEC_UNITS, o[j]);
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

/* The first pass for all distinct tiles. */
static INLINE void transform_inputs(const struct run *run, unsigned tile)
{
    size_t next = 0, end = 0; /* columns before end are there */
    for (size_t t = 0; t < run->tiles; t++)
        if (run->like[t] == next) {
            const size_t first = t * tile > end ? t * tile : end;
            end = (t + 1) * tile + 2;
            next++;
            for (size_t block = 0; block < run->args->in_blocks; block++)
                transform_columns(run, tile, block, first, end);
        }
}

/* Points of one row, [set][block][point][tile of the set]. */
static INLINE float *points_at(const struct run *run, unsigned tile, size_t t, size_t block)
{
    const size_t set = run->set, in_blocks = run->args->in_blocks;
    return run->points +
           ((t / set * in_blocks + block) * set * PLANCHE_WINOGRAD_INPUT(tile) + t % set) * UNITS;
}

static INLINE void transform_points(const struct run *run, unsigned tile, unsigned i)
{
    const size_t in_blocks = run->args->in_blocks;
    size_t next = 0;
    for (size_t t = 0; t < run->tiles; t++)
        if (run->like[t] == next) {
            const float *columns =
                run->columns + i * in_blocks * run->column_line + t * tile * LANES;
            for (size_t block = 0; block < in_blocks; block++)
                transform_row(run, tile, columns + block * run->column_line,
                              input_parts(run, block), points_at(run, tile, next, block));
            next++;
        }
}

/* The matrix products of one point: tiles x output vectors over all input lanes in use. */
struct product {
    const float *weights;
    size_t in_blocks, point_stride; /* floats from one input block's points to the next one's */
    unsigned last_units;
    size_t row;              /* floats from one unit's weights to the next one's */
    size_t out_tile;         /* floats from one tile's products to the next one's */
    const float *next, *end; /* what is left to prefetch of the next point's weights: they come
                                from the L2 or L3 cache, and the prefetchers of the CPU see too
                                late */
};

/* Every product is summed in the order of the input lanes, however many tiles are worked on. */
static INLINE void multiply_tiles(struct product *product, const float *points, float *out,
                                  unsigned tile, unsigned tiles, unsigned vectors)
{
    const size_t out_vector = PLANCHE_WINOGRAD_INPUT(tile) * VEC_LANES, row = product->row;
    const float *weights = product->weights, *next = product->next;
    const size_t next_step = next < product->end ? LANES : 0;
    vec acc[PLANCHE_WINOGRAD_SET][MAX_VECTORS];
    UNROLL (t, tiles)
        UNROLL (v, vectors)
            acc[t][v] = vec_set(0.0f);
    for (size_t block = 0; block < product->in_blocks; block++) {
        const float *x = points;
        const float *end = x + (block + 1 < product->in_blocks ? UNITS : product->last_units);
        do {
            UNROLL (u, UNIT_STEP) {
                vec w[MAX_VECTORS];
                UNROLL (v, vectors)
                    w[v] = vec_load(weights + v * VEC_LANES);
                UNROLL (t, tiles) {
                    const vec factor = vec_set(x[(size_t)t * UNITS + u]);
                    UNROLL (v, vectors)
                        acc[t][v] = vec_dot(factor, w[v], acc[t][v]);
                }
                __builtin_prefetch(next, 0, 2);
                next += next_step;
                weights += row;
            }
            x += UNIT_STEP;
        } while (x < end);
        points += product->point_stride;
    }
    product->next = next;
    UNROLL (t, tiles)
        UNROLL (v, vectors)
            vec_store(out + t * product->out_tile + v * out_vector, acc[t][v]);
}

/* As many tiles at once as the registers hold, then the rest in a few steps. */
static INLINE void multiply_set(struct product *product, const float *points, float *out,
                                unsigned tile, size_t tiles, unsigned vectors)
{
    const unsigned max = VEC_ACCUMULATORS / vectors;
#define STEP(count)                                                                                \
    for (; count <= max && tiles >= count; tiles -= count) {                                       \
        multiply_tiles(product, points, out, tile, count, vectors);                                \
        points += count * UNITS;                                                                   \
        out += count * product->out_tile;                                                          \
    }
    STEP(max)
    STEP(16)
    STEP(12)
    STEP(8)
    STEP(6)
    STEP(4)
    STEP(2)
    STEP(1)
#undef STEP
}

static INLINE void multiply_vectors(struct product *product, const float *points, float *out,
                                    unsigned tile, size_t tiles, unsigned vectors)
{
    switch (vectors) {
    case 1:
        multiply_set(product, points, out, tile, tiles, 1);
        break;
    case 2:
        multiply_set(product, points, out, tile, tiles, 2);
        break;
    case 3:
        multiply_set(product, points, out, tile, tiles, 3);
        break;
#if VEC_AT_ONCE > 3
    case 4:
        multiply_set(product, points, out, tile, tiles, 4);
        break;
#endif
    }
}

/* Vectors of a group that are multiplied at once: all if the registers hold them, else a number
 * that leaves no rest, if there is one. */
static INLINE unsigned vectors_at_once(unsigned vectors)
{
    if (vectors <= VEC_AT_ONCE)
        return vectors;
    return vectors % VEC_AT_ONCE != 0 && vectors % (VEC_AT_ONCE - 1) == 0 ? VEC_AT_ONCE - 1
                                                                          : VEC_AT_ONCE;
}

static INLINE void multiply_group(struct product *product, const struct group *group,
                                  const float *points, float *out, unsigned tile, size_t tiles)
{
    const unsigned max = vectors_at_once(group->vectors);
    const float *weights = product->weights;
    for (unsigned v = 0; v < group->vectors; v += max) {
        const unsigned left = group->vectors - v;
        product->weights = weights + v * VEC_LANES;
        multiply_vectors(product, points, out + v * PLANCHE_WINOGRAD_INPUT(tile) * VEC_LANES, tile,
                         tiles, left < max ? left : max);
    }
    product->weights = weights;
}

/* Fetches a part, `point` of all points, of what the transform of the group's products will write
 * and add: rows may have left the cache since, and stores that miss are slow to wait for each
 * other.
 */
static INLINE void fetch_outputs(const struct planche_winograd_args *args, unsigned tile,
                                 const struct group *group, unsigned point)
{
    const size_t columns = args->columns, pixels = group->blocks * tile * columns;
    const size_t end = pixels * (point + 1) / PLANCHE_WINOGRAD_POINTS(tile);
    size_t pixel = pixels * point / PLANCHE_WINOGRAD_POINTS(tile);
    while (pixel < end) {
        const size_t row = group->first * tile + pixel / columns, x = pixel % columns;
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

/* The products of row i of points. */
static INLINE void multiply_row(const struct run *run, unsigned tile, const struct group *group,
                                unsigned i)
{
    const struct planche_winograd_args *args = run->args;
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile), in_blocks = args->in_blocks;
    const size_t line = run->set * UNITS, row = (size_t)group->blocks * LANES;
    const size_t point_weights = in_blocks * UNITS * row;
    struct product product = {
        .weights = (const float *)args->weights +
                   planche_winograd_group_floats(tile, PRECISION, in_blocks, group->first) +
                   i * input * point_weights,
        .in_blocks = in_blocks,
        .point_stride = input * line,
        .last_units = run->last_units,
        .row = row,
        .out_tile = (size_t)group->vectors * input * VEC_LANES,
    };
    for (unsigned j = 0; j < input; j++) {
        fetch_outputs(args, tile, group, i * input + j);
        product.next = product.weights + point_weights;
        product.end = product.next + (i + 1 < input || j + 1 < input ? point_weights : 0);
        for (size_t t = 0; t < run->distinct; t += run->set) {
            const size_t left = run->distinct - t;
            multiply_group(&product, group, points_at(run, tile, t, 0) + j * line,
                           run->products + t * product.out_tile + (size_t)j * VEC_LANES, tile,
                           left < run->set ? left : run->set);
        }
        product.weights += point_weights;
    }
}

/* First pass of the output transform: one vector of a row of products. */
static INLINE void transform_vector(unsigned tile, const float *products, const vec *bias,
                                    float *rows)
{
    vec m[MAX_INPUT], o[MAX_TILE];
    UNROLL (j, PLANCHE_WINOGRAD_INPUT(tile))
        m[j] = vec_load(products + j * VEC_LANES);
    if (bias)
        m[1] = vec_add(m[1], *bias);
    transform_output(tile, m, o);
    UNROLL (j, tile)
        vec_store(rows + j * VEC_LANES, o[j]);
}

/* Row i of the products of all tiles. With 6 x 6 tiles the bias goes into point (1, 1), which is
 * added to every pixel; 4 x 4 tiles have no point 1. */
static INLINE void transform_products(const struct run *run, unsigned tile,
                                      const struct group *group, unsigned i)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    const float *bias = run->args->epilogue.bias + (size_t)group->first * LANES;
    const float *products = run->products;
    const size_t count = run->distinct * group->vectors;
    float *rows = run->rows + (size_t)i * tile * VEC_LANES;
    for (size_t k = 0; k < count;
         k++, products += input * VEC_LANES, rows += input * tile * VEC_LANES)
        if (tile == 6 && i == 1) {
            const vec b = vec_load(bias + k % group->vectors * VEC_LANES);
            transform_vector(tile, products, &b, rows);
        } else
            transform_vector(tile, products, NULL, rows);
}

/* What finishes the pixels of an output vector. */
struct finish {
    const struct planche_epilogue *epilogue;
    vec slope, bias;
    const float *scale;                               /* NULL: none */
    float *const *outputs;                            /* [tile] */
    const float *const *residuals[PLANCHE_RESIDUALS]; /* [tile] */
};

/* Activation, residuals and scale of an output vector (the bias is in v already), and its way to
 * memory. */
static INLINE void store_vector(const struct finish *finish, bool plain, size_t row, size_t offset,
                                vec v)
{
    const struct planche_epilogue *epilogue = finish->epilogue;
    v = vec_leaky(v, finish->slope);
    if (!plain) {
        for (unsigned r = 0; r < epilogue->residuals; r++)
            v = vec_fma(vec_set(epilogue->other[r]), vec_load(finish->residuals[r][row] + offset),
                        vec_mul(vec_set(epilogue->self[r]), v));
        if (finish->scale)
            v = vec_mul(v, vec_load(finish->scale));
    }
    vec_store(finish->outputs[row] + offset, v);
}

/* Second pass of the output transform: the columns of one vector of one tile. plain: all its rows
 * are wanted, without residuals and scale. */
static INLINE void transform_tile(const struct finish *finish, unsigned tile, bool plain,
                                  const float *rows, size_t offset, size_t columns)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile);
    for (size_t j = 0; j < columns; j++) {
        vec m[MAX_INPUT], o[MAX_TILE];
        UNROLL (i, input)
            m[i] = vec_load(rows + (i * tile + j) * VEC_LANES);
        transform_output(tile, m, o);
        UNROLL (i, tile)
            if (plain || finish->outputs[i])
                store_vector(finish, plain, i, offset + j * LANES,
                             tile == 6 ? o[i] : vec_add(o[i], finish->bias));
    }
}

static INLINE void transform_outputs(const struct run *run, unsigned tile,
                                     const struct group *group, unsigned v, bool plain)
{
    const struct planche_winograd_args *args = run->args;
    const size_t block = group->first + v / PARTS, lane = v % PARTS * VEC_LANES;
    const size_t vector = (size_t)PLANCHE_WINOGRAD_INPUT(tile) * tile * VEC_LANES;
    struct finish finish = {
        .epilogue = &args->epilogue,
        .slope = vec_load(args->epilogue.slope + block * LANES + lane),
        .bias = vec_load(args->epilogue.bias + block * LANES + lane),
        .scale = args->epilogue.scale ? args->epilogue.scale + block * LANES + lane : NULL,
        .outputs = args->output_rows + block * tile,
    };
    for (unsigned r = 0; r < args->epilogue.residuals; r++)
        finish.residuals[r] = args->residual_rows[r] + block * tile;
    for (size_t t = 0; t < run->tiles; t++) {
        const float *rows = run->rows + (run->like[t] * group->vectors + v) * vector;
        const size_t offset = t * tile * LANES + lane, left = args->columns - t * tile;
        if (left >= tile)
            transform_tile(&finish, tile, plain, rows, offset, tile);
        else
            transform_tile(&finish, tile, plain, rows, offset, left);
    }
}

/* Whether all of a block's rows are wanted, without residuals and scale. */
static bool is_plain(const struct planche_winograd_args *args, unsigned tile, size_t block)
{
    bool plain = !args->epilogue.residuals && !args->epilogue.scale;
    for (unsigned i = 0; i < tile; i++)
        plain = plain && args->output_rows[block * tile + i];
    return plain;
}

/* Vectors without a lane in use. */
static INLINE void clear_vector(const struct planche_winograd_args *args, unsigned tile,
                                size_t block, size_t lane)
{
    for (unsigned i = 0; i < tile; i++) {
        float *out = args->output_rows[block * tile + i];
        for (size_t x = 0; out && x < args->columns; x++)
            vec_store(out + x * LANES + lane, vec_set(0.0f));
    }
}

static INLINE void finish_group(const struct run *run, unsigned tile, const struct group *group)
{
    for (unsigned v = 0; v < group->blocks * PARTS; v++)
        if (v >= group->vectors)
            clear_vector(run->args, tile, group->first + v / PARTS, v % PARTS * VEC_LANES);
        else if (is_plain(run->args, tile, group->first + v / PARTS))
            transform_outputs(run, tile, group, v, true);
        else
            transform_outputs(run, tile, group, v, false);
}

static struct group group_at(const struct planche_winograd_args *args, unsigned first)
{
    const unsigned left = args->out_blocks - first;
    const unsigned blocks = left < PLANCHE_WINOGRAD_GROUP ? left : PLANCHE_WINOGRAD_GROUP;
    const unsigned all = args->out_lanes ? args->out_lanes : args->out_blocks * LANES;
    const unsigned lanes = all - first * LANES;
    const unsigned vectors = (lanes + VEC_LANES - 1) / VEC_LANES;
    return (struct group){
        .first = first,
        .blocks = blocks,
        .vectors = vectors < blocks * PARTS ? vectors : blocks * PARTS,
    };
}

static INLINE void convolve(const struct planche_winograd_args *args, unsigned tile)
{
    const unsigned input = PLANCHE_WINOGRAD_INPUT(tile), in_blocks = args->in_blocks;
    const unsigned in_lanes = args->in_lanes ? args->in_lanes : in_blocks * LANES;
    const unsigned last_lanes = in_lanes - (in_blocks - 1) * LANES;
    const size_t step_lanes = UNIT_STEP * UNIT_LANES;
    struct run run = {
        .args = args,
        .tiles = (args->columns + tile - 1) / tile,
        .last_units = (unsigned)((last_lanes + step_lanes - 1) / step_lanes * UNIT_STEP),
    };
    run.column_line = PLANCHE_WINOGRAD_COLUMNS(tile, run.tiles) * LANES;
    run.columns = args->scratch;
    run.points = run.columns + input * in_blocks * run.column_line;
    run.products = run.points + (run.tiles + PLANCHE_WINOGRAD_SET - 1) * in_blocks * input * UNITS;
    run.rows = run.products +
               run.tiles * planche_winograd_group_blocks(args->out_blocks) * input * (size_t)LANES;
    run.like = (uint32_t *)(run.rows + run.tiles * planche_winograd_group_blocks(args->out_blocks) *
                                           input * tile * (size_t)LANES);
    find_distinct(&run, tile);
    transform_inputs(&run, tile);
    for (unsigned first = 0; first < args->out_blocks; first += PLANCHE_WINOGRAD_GROUP) {
        const struct group group = group_at(args, first);
        run.set = VEC_ACCUMULATORS / vectors_at_once(group.vectors);
        for (unsigned i = 0; i < input; i++) {
            transform_points(&run, tile, i);
            multiply_row(&run, tile, &group, i);
            transform_products(&run, tile, &group, i);
        }
        finish_group(&run, tile, &group);
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
