/* SPDX-License-Identifier: MIT */
/* Comb: histograms of a few low frequencies, and the distance of their teeth. All in integers, so
 * that every machine finds the same. */
#include "choice/comb.h"

#include <stdlib.h>

/* Bins are quarters of what JPEG rounds. */
#define PARTS 4
#define MOST  64 /* largest step that is looked for */
#define LEAST 3  /* smaller ones drown in the rounding of pixels */
/* Blocks with something in them that are enough. */
#define ENOUGH 3000
/* Values that a frequency must have for a step, and frequencies that must agree. */
#define FEW   40
#define AGREE 4
/* Of 1000: how well values must lie on multiples of a step. */
#define FITS 450

/* Waves down and across a block, and JPEG's step for them at quality 50 (ITU-T T.81, K.1). */
static const struct frequency {
    uint8_t down, across, step;
} frequencies[PLANCHE_COMB_FREQUENCIES] = {{0, 1, 11}, {1, 0, 12}, {1, 1, 12},
                                           {0, 2, 10}, {2, 0, 14}, {1, 2, 14},
                                           {2, 1, 13}, {0, 3, 16}, {3, 0, 14}};

/* cos((2 x + 1) u pi / 16) / 2, for u = 0 1 / sqrt(8); times 4096. */
static const int16_t waves[4][PLANCHE_BLOCK] = {{1448, 1448, 1448, 1448, 1448, 1448, 1448, 1448},
                                                {2009, 1703, 1138, 400, -400, -1138, -1703, -2009},
                                                {1892, 784, -784, -1892, -1892, -784, 784, 1892},
                                                {1703, -400, -2009, -1138, 1138, 2009, 400, -1703}};

static int product(const int values[PLANCHE_BLOCK], const int16_t wave[PLANCHE_BLOCK])
{
    int sum = 0;
    for (int i = 0; i < PLANCHE_BLOCK; i++)
        sum += values[i] * wave[i];
    return sum;
}

/* Each row's share of the waves across, times 64. */
static void transform_rows(int across[4][PLANCHE_BLOCK], const struct planche_block *block)
{
    for (int y = 0; y < PLANCHE_BLOCK; y++) {
        int values[PLANCHE_BLOCK];
        for (int i = 0; i < PLANCHE_BLOCK; i++)
            values[i] = block->rows[y][i] - 128;
        for (int u = 0; u < 4; u++)
            across[u][y] = product(values, waves[u]) / 64;
    }
}

void planche_comb_add(struct planche_comb *comb, const struct planche_block *block)
{
    int across[4][PLANCHE_BLOCK];
    bool any = false;
    transform_rows(across, block);
    for (int k = 0; k < PLANCHE_COMB_FREQUENCIES; k++) {
        const struct frequency *f = &frequencies[k];
        int value = product(across[f->across], waves[f->down]);
        unsigned bin = ((unsigned)abs(value) + (1u << 15)) >> 16; /* 64 * 4096 / PARTS */
        any = any || bin >= LEAST * PARTS;
        if (bin < PLANCHE_COMB_BINS)
            comb->bins[k][bin]++;
    }
    comb->blocks += any;
}

bool planche_comb_is_enough(const struct planche_comb *comb)
{
    return comb->blocks >= ENOUGH;
}

/* How well values lie on multiples of a step: 1000 if all do, 0 if they do not care. Also 0 where
 * too few tell, all are the same, or nearly none is more than one step. */
static int fit_of(const uint32_t bins[PLANCHE_COMB_BINS], int step)
{
    uint64_t count = 0, off = 0, most = 0, higher = 0;
    int period = step * PARTS;
    for (int bin = period * 5 / 8; bin < PLANCHE_COMB_BINS; bin++) {
        int beyond = bin % period, distance = beyond < period - beyond ? beyond : period - beyond;
        count += bins[bin];
        off += (uint64_t)bins[bin] * (unsigned)distance;
        most = bins[bin] > most ? bins[bin] : most;
        higher += 2 * bin > 3 * period ? bins[bin] : 0;
    }
    if (count < FEW || most * 10 > count * 7 || higher * 20 < count)
        return 0;
    return 1000 - (int)(4000 * off / (count * (unsigned)period));
}

/* The largest step that a frequency's values are multiples of; 0: there is none. */
static int step_of(const uint32_t bins[PLANCHE_COMB_BINS])
{
    for (int step = MOST; step >= LEAST; step--)
        if (fit_of(bins, step) >= FITS)
            return step;
    return 0;
}

/* The quality of a step, by that at quality 50. */
static int quality_of(int step, int step_of_50)
{
    int percent = (step * 100 + step_of_50 / 2) / step_of_50;
    int quality = percent <= 100 ? (200 - percent) / 2 : 5000 / percent;
    return quality < 1 ? 1 : quality;
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

unsigned planche_comb_quality(const struct planche_comb *comb)
{
    int qualities[PLANCHE_COMB_FREQUENCIES], count = 0;
    for (int k = 0; k < PLANCHE_COMB_FREQUENCIES; k++) {
        int step = step_of(comb->bins[k]);
        if (step)
            qualities[count++] = quality_of(step, frequencies[k].step);
    }
    if (count < AGREE)
        return 0;
    qsort(qualities, (size_t)count, sizeof *qualities, compare);
    return (unsigned)qualities[count / 2];
}
