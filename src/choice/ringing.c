/* SPDX-License-Identifier: MIT */
/* Ringing: pixels that should be pure, and are not. */
#include "choice/ringing.h"

/* Difference that makes an edge, and that is none yet. */
#define EDGE 128
#define SOFT 32
/* What is that near to black or white was meant to be it. */
#define NEAR 31
/* Blocks with edges that are enough. */
#define ENOUGH 3000

static unsigned range_around(const struct planche_block *block, int x, int y)
{
    uint8_t low = 255, high = 0;
    for (int j = y - 1; j <= y + 1; j++)
        for (int i = x - 1; i <= x + 1; i++) {
            uint8_t value = block->rows[j][i];
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
    return (unsigned)(high - low);
}

static void add_edged(struct planche_ringing *ringing, const struct planche_block *block)
{
    ringing->edged++;
    for (int y = 1; y < PLANCHE_BLOCK - 1; y++)
        for (int x = 1; x < PLANCHE_BLOCK - 1; x++) {
            uint8_t value = block->rows[y][x];
            unsigned off = value < 128 ? value : 255u - value;
            unsigned range = range_around(block, x, y);
            if (off > NEAR || range > SOFT)
                continue;
            ringing->far++;
            ringing->ripple += off < range ? off : range;
        }
}

void planche_ringing_add(struct planche_ringing *ringing, const struct planche_block *block)
{
    if (block->range >= EDGE && ringing->edged < ENOUGH)
        add_edged(ringing, block);
    bool plain = block->low >= 255 - NEAR || block->high <= NEAR;
    ringing->plain += plain;
    ringing->pure += plain && block->range == 0;
}

/* Ripple in the mean, in hundredths of a level, and the quality that makes it: measured on
 * lettering and line art (docs/auto.md). */
static const struct {
    unsigned ripple, quality;
} table[] = {{90, 95},  {125, 93}, {170, 90}, {235, 85}, {295, 80},
             {335, 75}, {375, 70}, {420, 60}, {460, 50}, {500, 40}};

bool planche_ringing_tells(const struct planche_ringing *ringing)
{
    /* Few pixels for the edges there are: the page is no drawing of lines. */
    bool lines = ringing->far >= 500 && ringing->far >= 6 * ringing->edged;
    return lines && ringing->plain >= 20 && ringing->pure * 10 >= ringing->plain * 6;
}

unsigned planche_ringing_quality(const struct planche_ringing *ringing)
{
    const unsigned count = sizeof table / sizeof *table;
    unsigned ripple = (unsigned)(100 * ringing->ripple / ringing->far), i = 0;
    if (ripple < table[0].ripple)
        return 0;
    while (i + 1 < count && table[i + 1].ripple <= ripple)
        i++;
    if (i + 1 == count)
        return table[i].quality;
    unsigned step = table[i].quality - table[i + 1].quality;
    return table[i].quality -
           step * (ripple - table[i].ripple) / (table[i + 1].ripple - table[i].ripple);
}
