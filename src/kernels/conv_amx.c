/* SPDX-License-Identifier: MIT */
/* Convolution in bf16 with the tiles of AMX. A step of the sums is two entries, 32 input lanes: 16
 * pixels of them are one tile, their weights for an output block, packed in pairs of lanes, another
 * one. Inputs are rounded to bf16 first, 64 pixels at a time. Entries that read the same row a few
 * pixels apart, as the taps of a kernel's row do, share what was rounded. */
#include "kernels/simd_avx512bf16.h"

#include "kernels/conv_amx.h"
#include "kernels/conv_ends.h"
#include "kernels/list.h"
#include "kernels/tiles_amx.h"
#include "kernels/units.h"

#include <stdbool.h>
#include <string.h>

#define PIXELS PLANCHE_CONV_AMX_PIXELS
#define AHEAD  PLANCHE_CONV_AMX_AHEAD
/* Floats that a pixel of a step takes, 32 bf16. */
#define STEP_FLOATS LANES
#define TILES       (PIXELS / TILE_ROWS)
#define TILE_FLOATS ((size_t)TILE_ROWS * STEP_FLOATS)

struct run {
    const struct planche_conv_args *args;
    size_t steps, group_count;
    struct planche_conv_amx_group *groups; /* inputs that are rounded */
    const float **units;                   /* [steps]: where each one's rounded inputs begin */
    float *rounded;                        /* [group_count][PIXELS + AHEAD][STEP_FLOATS] */
    /* The weights of the last step, if it has but one entry: zeros for the other. */
    _Alignas(64) float last[TILE_ROWS * MAX_BLOCKS * LANES];
    _Alignas(64) float sums[PIXELS * LANES]; /* of one block */
};

/* Whether entry b reads what a reads, *ahead pixels later. Compared as numbers: the rows may be
 * different objects. */
static bool reads_ahead(const struct planche_conv_args *args, const float *a, const float *b,
                        size_t *ahead)
{
    const uintptr_t pixel = (uintptr_t)args->input_step * sizeof(float);
    const uintptr_t distance = (uintptr_t)b - (uintptr_t)a;
    *ahead = distance / pixel;
    return distance % pixel == 0 && *ahead <= AHEAD;
}

/* The group whose rounded inputs a step can use; group_count: there is none yet. */
static size_t find_group(const struct run *run, const float *first, const float *second,
                         size_t *ahead)
{
    size_t g = 0, other;
    for (; g < run->group_count; g++) {
        const struct planche_conv_amx_group *group = &run->groups[g];
        if (!group->second == !second && reads_ahead(run->args, group->first, first, ahead) &&
            (!second || (reads_ahead(run->args, group->second, second, &other) && other == *ahead)))
            break;
    }
    return g;
}

static void find_groups(struct run *run)
{
    const struct planche_conv_args *args = run->args;
    for (size_t s = 0; s < run->steps; s++) {
        const float *first = args->inputs[2 * s];
        const float *second = 2 * s + 1 < args->entries ? args->inputs[2 * s + 1] : NULL;
        size_t ahead = 0;
        const size_t g = find_group(run, first, second, &ahead);
        struct planche_conv_amx_group *group = &run->groups[g];
        if (g == run->group_count) {
            *group = (struct planche_conv_amx_group){first, second, 0};
            run->group_count++;
            ahead = 0;
        }
        group->ahead = ahead > group->ahead ? ahead : group->ahead;
        run->units[s] = run->rounded + (g * (PIXELS + AHEAD) + ahead) * STEP_FLOATS;
    }
}

/* Rounds a group's inputs of `pixels` pixels and those ahead of them. */
static void round_group(const struct run *run, size_t g, size_t pixel, size_t pixels)
{
    const struct planche_conv_amx_group *group = &run->groups[g];
    const ptrdiff_t step = run->args->input_step;
    const float *first = group->first + (ptrdiff_t)pixel * step;
    const float *second = group->second ? group->second + (ptrdiff_t)pixel * step : NULL;
    float *to = run->rounded + g * (PIXELS + AHEAD) * STEP_FLOATS;
    for (size_t p = 0; p < pixels + group->ahead; p++, first += step, to += STEP_FLOATS) {
        const vec upper = second ? vec_load(second + (ptrdiff_t)p * step) : vec_set(0.0f);
        vec_store(to, (vec)_mm512_cvtne2ps_pbh(upper, vec_load(first)));
    }
}

/* The sums of `tiles` tiles of pixels for one block, in the order of the steps. */
static INLINE void multiply(struct run *run, unsigned block, unsigned tiles)
{
    const struct planche_conv_args *args = run->args;
    const size_t row = args->out_blocks * LANES * sizeof(float);
    const float *weights = (const float *)args->weights + (size_t)block * LANES;
    const float *bias = args->epilogue.bias + (size_t)block * LANES;
    const size_t whole = args->entries / 2;
    float *sums = run->sums;
#define EACH_TILE(OPERATION)                                                                       \
    OPERATION(0, 4)                                                                                \
    OPERATION(1, 5)                                                                                \
    OPERATION(2, 4)                                                                                \
    OPERATION(3, 5)
#define BEGIN(tile, room)                                                                          \
    if ((tile) < tiles)                                                                            \
        TILE_LOAD(tile, bias, 0);
#define ADD(tile, room)                                                                            \
    if ((tile) < tiles) {                                                                          \
        TILE_LOAD(room, units + (tile)*TILE_FLOATS, STEP_FLOATS * sizeof(float));                  \
        TILE_DOT(tile, room, 6);                                                                   \
    }
#define END(tile, room)                                                                            \
    if ((tile) < tiles)                                                                            \
        TILE_STORE(tile, sums + (tile)*TILE_FLOATS, LANES * sizeof(float));
    EACH_TILE(BEGIN)
    for (size_t s = 0; s < run->steps; s++) {
        const float *units = run->units[s];
        if (s == whole)
            weights = run->last + (size_t)block * LANES;
        TILE_LOAD(6, weights, row);
        EACH_TILE(ADD)
        weights += TILE_ROWS * row / sizeof(float);
    }
    EACH_TILE(END)
#undef EACH_TILE
#undef BEGIN
#undef ADD
#undef END
}

static void multiply_tiles(struct run *run, unsigned block, size_t pixels)
{
    tiles_meet_memory();
    switch ((pixels + TILE_ROWS - 1) / TILE_ROWS) {
    case 1:
        multiply(run, block, 1);
        break;
    case 2:
        multiply(run, block, 2);
        break;
    case 3:
        multiply(run, block, 3);
        break;
    default:
        multiply(run, block, TILES);
        break;
    }
    tiles_meet_memory();
}

#define AT_ONCE 4

static INLINE void finish_pixels(const struct run *run, struct part part, size_t pixel,
                                 unsigned pixels)
{
    vec sums[AT_ONCE][MAX_BLOCKS * PARTS];
    part.pixel += pixel;
    UNROLL (p, pixels)
        sums[p][0] = vec_load(run->sums + (pixel + p) * LANES);
    store_pixels(&part, pixels, 1, sums);
}

static void finish(const struct run *run, struct part part, size_t pixels)
{
    size_t p = 0;
    for (; p + AT_ONCE <= pixels; p += AT_ONCE)
        finish_pixels(run, part, p, AT_ONCE);
    for (; p < pixels; p++)
        finish_pixels(run, part, p, 1);
}

void planche_conv_bf16_amx(const struct planche_conv_args *args)
{
    struct run run = {.args = args, .steps = (args->entries + 1) / 2};
    char *scratch = args->scratch;
    run.groups = (struct planche_conv_amx_group *)(void *)scratch;
    run.units = (const float **)(void *)(run.groups + run.steps);
    run.rounded = (float *)(void *)(scratch + planche_conv_amx_tables(run.steps));
    find_groups(&run);
    if (args->entries % 2) {
        const size_t half = (size_t)UNITS * args->out_blocks * LANES;
        memcpy(run.last, (const float *)args->weights + (run.steps - 1) * 2 * half,
               half * sizeof(float));
    }
    tiles_begin();
    for (size_t pixel = 0; pixel < args->count; pixel += PIXELS) {
        const size_t pixels = args->count - pixel < PIXELS ? args->count - pixel : PIXELS;
        for (size_t g = 0; g < run.group_count; g++)
            round_group(&run, g, pixel, pixels);
        for (unsigned block = 0; block < args->out_blocks; block++) {
            multiply_tiles(&run, block, pixels);
            finish(&run, (struct part){args, block, pixel}, pixels);
        }
    }
    tiles_end();
}
