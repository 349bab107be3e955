/* SPDX-License-Identifier: MIT */
/* Texture of a page: how much of it is flat, screentone, or soft as in paintings. */
#ifndef PLANCHE_CHOICE_TEXTURE_H
#define PLANCHE_CHOICE_TEXTURE_H

#include "choice/block.h"

/* Of so many blocks one is looked at. */
#define PLANCHE_TEXTURE_STRIDE 4

/* Blocks by what is in them. Zeroes at first. */
struct planche_texture {
    uint32_t blocks, flat, screen, soft; /* the rest are lines and edges */
};

void planche_texture_add(struct planche_texture *texture, const struct planche_block *block);
/* In percent of the blocks. */
unsigned planche_texture_share(const struct planche_texture *texture, uint32_t part);

#endif
