/* SPDX-License-Identifier: MIT */
/* Texture: blocks are told apart by their range, and by how often they turn from light to dark. */
#include "choice/texture.h"

/* Ranges of flat and of soft blocks at most, and of a screen's dots at least. */
#define FLAT   8
#define SOFT   96
#define SCREEN 48
/* A turn goes at least so far back. */
#define TURN 24
/* Turns in a block's rows, and in its columns, that only screens have: more than one each. */
#define TURNS 12

/* Turns along a line of a block, `step` bytes apart. */
static unsigned turns_of(const uint8_t *const pixels[PLANCHE_BLOCK])
{
    int from = *pixels[0], direction = 0;
    unsigned turns = 0;
    for (int i = 1; i < PLANCHE_BLOCK; i++) {
        int value = *pixels[i], ahead = value > from ? 1 : -1;
        int far = ahead * (value - from);
        if (direction == ahead || far >= TURN) {
            turns += direction == -ahead;
            direction = far >= TURN ? ahead : direction;
            from = value;
        }
    }
    return turns;
}

static unsigned turns_in(const struct planche_block *block, bool columns)
{
    unsigned turns = 0;
    for (int line = 0; line < PLANCHE_BLOCK; line++) {
        const uint8_t *pixels[PLANCHE_BLOCK];
        for (int i = 0; i < PLANCHE_BLOCK; i++)
            pixels[i] = columns ? block->rows[i] + line : block->rows[line] + i;
        turns += turns_of(pixels);
    }
    return turns;
}

void planche_texture_add(struct planche_texture *texture, const struct planche_block *block)
{
    texture->blocks++;
    if (block->range <= FLAT)
        texture->flat++;
    else if (block->range >= SCREEN && turns_in(block, false) >= TURNS &&
             turns_in(block, true) >= TURNS)
        texture->screen++;
    else if (block->range <= SOFT)
        texture->soft++;
}

unsigned planche_texture_share(const struct planche_texture *texture, uint32_t part)
{
    return texture->blocks ? (unsigned)((uint64_t)part * 100 / texture->blocks) : 0;
}
