/* SPDX-License-Identifier: MIT */
/* Block of 8 x 8 pixels of luminance. */
#ifndef PLANCHE_CHOICE_BLOCK_H
#define PLANCHE_CHOICE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define PLANCHE_BLOCK 8

struct planche_block {
    const uint8_t *rows[PLANCHE_BLOCK];
    uint8_t low, high;
    unsigned range; /* high - low */
    bool cut;       /* black or white are in it: what went beyond them was cut off */
};

/* The block whose rows begin at x of these. */
static inline struct planche_block planche_block_look(const uint8_t *const rows[PLANCHE_BLOCK],
                                                      uint32_t x)
{
    struct planche_block block = {.low = 255};
    for (int y = 0; y < PLANCHE_BLOCK; y++) {
        const uint8_t *row = block.rows[y] = rows[y] + x;
        for (int i = 0; i < PLANCHE_BLOCK; i++) {
            block.low = row[i] < block.low ? row[i] : block.low;
            block.high = row[i] > block.high ? row[i] : block.high;
        }
    }
    block.range = (unsigned)(block.high - block.low);
    block.cut = block.low == 0 || block.high == 255;
    return block;
}

#endif
