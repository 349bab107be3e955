/* SPDX-License-Identifier: MIT */
/* Black and white point: the rule, and moving samples by it. Integers throughout. */
#include "choice/points.h"

/* One in so many samples is dust. */
#define DUST 500
/* Values behind the dust among which the most frequent one is the point. */
#define REACH 24
/* A page's black is no lighter, and its white no darker by as much. */
#define FARTHEST 64
/* What is so near to black or white is it. */
#define NEAR 8
/* A peak is so many values on each side of its top, and so many times above the average. */
#define SIDE  4
#define ABOVE 3

void planche_greys_add(struct planche_greys *greys, const void *row, size_t width,
                       unsigned channels, unsigned depth)
{
    const uint8_t *bytes = row;
    const uint16_t *words = row;
    for (size_t x = 0; x < width; x++)
        greys->count[depth == 16 ? words[x * channels] >> 8 : bytes[x * channels]]++;
}

/* Whether the values about one (which is SIDE or more) have more samples than others of its half.
 * flip: counts from the white end. */
static bool stands_out(const struct planche_greys *greys, unsigned value, unsigned flip)
{
    uint64_t here = 0, half = 0;
    for (unsigned i = value - SIDE; i <= value + SIDE; i++)
        here += greys->count[i ^ flip];
    for (unsigned i = 0; i < PLANCHE_GREYS / 2; i++)
        half += greys->count[i ^ flip];
    return here * (PLANCHE_GREYS / 2) >= half * (2 * SIDE + 1) * ABOVE;
}

/* How far the point is from the end; 0: it stays. */
static unsigned find(const struct planche_greys *greys, bool white, uint64_t samples)
{
    uint64_t passed = 0;
    unsigned first = 0, best;
    unsigned flip = white ? PLANCHE_GREYS - 1 : 0;
    while (first < PLANCHE_GREYS - 1 && passed + greys->count[first ^ flip] <= samples / DUST)
        passed += greys->count[first++ ^ flip];
    best = first;
    for (unsigned i = first; i <= first + REACH && i < PLANCHE_GREYS; i++)
        if (greys->count[i ^ flip] > greys->count[best ^ flip])
            best = i;
    bool moves = first > NEAR && best <= FARTHEST && stands_out(greys, best, flip);
    return moves ? best : 0;
}

struct planche_points planche_points_find(const struct planche_greys *greys)
{
    uint64_t samples = 0;
    for (unsigned i = 0; i < PLANCHE_GREYS; i++)
        samples += greys->count[i];
    if (samples == 0)
        return (struct planche_points){0, PLANCHE_GREYS - 1};
    return (struct planche_points){
        .black = (uint8_t)find(greys, false, samples),
        .white = (uint8_t)(PLANCHE_GREYS - 1 - find(greys, true, samples)),
    };
}

/* (value - black) of range, in units of most; rounded, cut off at both ends. */
static uint32_t move(uint32_t value, uint32_t black, uint32_t range, uint32_t most)
{
    if (value <= black)
        return 0;
    if (value - black >= range)
        return most;
    return (uint32_t)(((uint64_t)(value - black) * most * 2 + range) / (2 * (uint64_t)range));
}

void planche_stretch_make(struct planche_stretch *stretch, const struct planche_points *points)
{
    uint32_t range = (uint32_t)points->white - points->black;
    stretch->black = points->black * 257u;
    stretch->range = range * 257;
    for (unsigned i = 0; i < PLANCHE_GREYS; i++)
        stretch->bytes[i] = (uint8_t)move(i, points->black, range, PLANCHE_GREYS - 1);
}

void planche_stretch_row(const struct planche_stretch *stretch, void *row, size_t width,
                         unsigned channels, unsigned depth)
{
    uint8_t *bytes = row;
    uint16_t *words = row;
    for (size_t x = 0; x < width; x++) {
        if (depth == 16)
            words[x * channels] =
                (uint16_t)move(words[x * channels], stretch->black, stretch->range, 65535);
        else
            bytes[x * channels] = stretch->bytes[bytes[x * channels]];
    }
}
