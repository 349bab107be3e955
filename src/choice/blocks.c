/* SPDX-License-Identifier: MIT */
/* Blocks: the last eight rows, and where blocks begin. */
#include "choice/blocks.h"

#include <string.h>

/* Steps that blocks leave in flat places. */
#define LOW_STEP  2
#define HIGH_STEP 24
/* Every so many rows and columns are looked at: enough, and no multiple of a block's side. */
#define ROW_STRIDE    3
#define COLUMN_STRIDE 5
/* Cut blocks with an edge are those that tell. */
#define EDGED 96
/* Steps at one place that are no chance. */
#define FEW_STEPS 32

bool planche_blocks_start(struct planche_blocks *blocks, uint32_t width,
                          struct planche_budget *budget)
{
    *blocks = (struct planche_blocks){.width = width, .cut.kind = PLANCHE_COMB_CUT};
    blocks->window = planche_calloc(budget, PLANCHE_BLOCK, width);
    return blocks->window != NULL;
}

void planche_blocks_stop(struct planche_blocks *blocks)
{
    planche_free(blocks->window);
    blocks->window = NULL;
}

static uint8_t *row_of(const struct planche_blocks *blocks, uint32_t y)
{
    return blocks->window + (size_t)(y % PLANCHE_BLOCK) * blocks->width;
}

static unsigned apart(uint8_t a, uint8_t b)
{
    return a > b ? (unsigned)(a - b) : (unsigned)(b - a);
}

/* A small step between b and c with nothing going on beside it. */
static bool is_lone_step(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    unsigned step = apart(b, c);
    return step >= LOW_STEP && step <= HIGH_STEP && apart(a, b) <= 1 && apart(c, d) <= 1;
}

/* Steps within the row that has just come, and between the two before it. */
static void count_steps(struct planche_blocks *blocks, const uint8_t *row)
{
    uint32_t y = blocks->rows;
    for (uint32_t x = 2; y % ROW_STRIDE == 0 && x + 1 < blocks->width; x++)
        blocks->steps_x[x % PLANCHE_BLOCK] +=
            is_lone_step(row[x - 2], row[x - 1], row[x], row[x + 1]);
    if (y < 3)
        return;
    const uint8_t *a = row_of(blocks, y - 3), *b = row_of(blocks, y - 2);
    const uint8_t *c = row_of(blocks, y - 1);
    for (uint32_t x = 0; x < blocks->width; x += COLUMN_STRIDE)
        blocks->steps_y[(y - 1) % PLANCHE_BLOCK] += is_lone_step(a[x], b[x], c[x], row[x]);
}

/* The place that has clearly more steps than all others; else 0, where a whole file's blocks begin.
 */
static unsigned begin_of(const unsigned steps[PLANCHE_BLOCK])
{
    unsigned first = 0, second = 0;
    for (unsigned i = 1; i < PLANCHE_BLOCK; i++)
        if (steps[i] > steps[first])
            first = i;
    for (unsigned i = 0; i < PLANCHE_BLOCK; i++)
        if (i != first && steps[i] > second)
            second = steps[i];
    return 2 * steps[first] > 3 * second + FEW_STEPS ? first : 0;
}

/* What was seen in blocks that were none is forgotten. */
static void find_begin(struct planche_blocks *blocks)
{
    unsigned left = begin_of(blocks->steps_x), top = begin_of(blocks->steps_y);
    if (left == blocks->left && top == blocks->top)
        return;
    blocks->left = left;
    blocks->top = top;
    blocks->whole = (struct planche_comb){.kind = PLANCHE_COMB_WHOLE};
    blocks->cut = (struct planche_comb){.kind = PLANCHE_COMB_CUT};
}

static void add_blocks(struct planche_blocks *blocks)
{
    const uint8_t *rows[PLANCHE_BLOCK];
    uint32_t band = blocks->rows / PLANCHE_BLOCK;
    for (uint32_t i = 0; i < PLANCHE_BLOCK; i++)
        rows[i] = row_of(blocks, blocks->rows - PLANCHE_BLOCK + i);
    for (uint32_t x = blocks->left; x + PLANCHE_BLOCK <= blocks->width; x += PLANCHE_BLOCK) {
        struct planche_block block = planche_block_look(rows, x);
        if ((x / PLANCHE_BLOCK + band) % PLANCHE_TEXTURE_STRIDE == 0)
            planche_texture_add(&blocks->texture, &block);
        struct planche_comb *comb = block.cut ? &blocks->cut : &blocks->whole;
        if (block.range > (block.cut ? EDGED : 0) && !planche_comb_is_enough(comb))
            planche_comb_add(comb, &block);
    }
}

void planche_blocks_add(struct planche_blocks *blocks, const uint8_t *luma)
{
    memcpy(row_of(blocks, blocks->rows), luma, blocks->width);
    count_steps(blocks, luma);
    blocks->rows++;
    if (blocks->rows < PLANCHE_BLOCK || blocks->rows % PLANCHE_BLOCK != blocks->top)
        return;
    add_blocks(blocks);
    find_begin(blocks);
}

bool planche_blocks_are_enough(const struct planche_blocks *blocks)
{
    return planche_comb_is_enough(&blocks->whole) || planche_comb_is_enough(&blocks->cut);
}
