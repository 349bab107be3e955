/* SPDX-License-Identifier: MIT */
/* Comb: histograms of a few low frequencies, and the distance of their teeth. All in integers, so
 * that every machine finds the same. */
#include "choice/comb.h"

#include <stdlib.h>

/* Bins of whole blocks are quarters of what JPEG rounds; those of cut ones, with larger steps,
 * ones.
 */
#define BINS_OF_WHOLE 4
#define BINS_OF_CUT   1
#define LEAST         3 /* smaller ones drown in the rounding of pixels */
#define LEAST_OF_CUT  8 /* and in what was cut off */
/* Blocks with something in them that are enough. */
#define ENOUGH 3000
/* Values that a frequency must have for a step, and frequencies that must have one: chance finds
 * steps now and then. */
#define FEW   24
#define AGREE 4
/* A picture of fewer blocks has fewer chances: there these are enough, if their qualities differ by
 * no more. Encoders other than libjpeg's have other proportions. */
#define SMALL       800
#define SMALL_AGREE 3
#define SMALL_APART 6
/* Largest step that is looked for, in steps of quality 50: 2 is quality 25, and no page is worse.
 */
#define MOST 2
/* Of so many values one must be more than one step. */
#define HIGHER 100
/* Of 1000: how well values must lie on multiples of a step. */
#define FITS 450

/* Waves down and across a block, and JPEG's step for them at quality 50 (ITU-T T.81, K.1). */
struct frequency {
    uint8_t down, across, step;
};
static const struct frequency low[PLANCHE_COMB_FREQUENCIES] = {{0, 1, 11}, {1, 0, 12}, {1, 1, 12},
                                                               {0, 2, 10}, {2, 0, 14}, {1, 2, 14},
                                                               {2, 1, 13}, {0, 3, 16}, {3, 0, 14}};
static const struct frequency high[PLANCHE_COMB_FREQUENCIES] = {{3, 3, 29}, {5, 1, 35}, {4, 2, 37},
                                                                {2, 4, 40}, {0, 5, 40}, {6, 0, 49},
                                                                {0, 6, 51}, {3, 4, 51}, {4, 3, 56}};

static const struct frequency *frequencies_of(const struct planche_comb *comb)
{
    return comb->kind == PLANCHE_COMB_CUT ? high : low;
}

static int bins_of(const struct planche_comb *comb)
{
    return comb->kind == PLANCHE_COMB_CUT ? BINS_OF_CUT : BINS_OF_WHOLE;
}

/* cos((2 x + 1) u pi / 16) / 2, for u = 0 1 / sqrt(8); times 4096. */
#define WAVES 7
static const int16_t waves[WAVES][PLANCHE_BLOCK] = {
    {1448, 1448, 1448, 1448, 1448, 1448, 1448, 1448},
    {2009, 1703, 1138, 400, -400, -1138, -1703, -2009},
    {1892, 784, -784, -1892, -1892, -784, 784, 1892},
    {1703, -400, -2009, -1138, 1138, 2009, 400, -1703},
    {1448, -1448, -1448, 1448, 1448, -1448, -1448, 1448},
    {1138, -2009, 400, 1703, -1703, -400, 2009, -1138},
    {784, -1892, 1892, -784, -784, 1892, -1892, 784}};

static int product(const int values[PLANCHE_BLOCK], const int16_t wave[PLANCHE_BLOCK])
{
    int sum = 0;
    for (int i = 0; i < PLANCHE_BLOCK; i++)
        sum += values[i] * wave[i];
    return sum;
}

/* Each row's share of the first so many waves across, times 64. */
static void transform_rows(int across[WAVES][PLANCHE_BLOCK], int count,
                           const struct planche_block *block)
{
    for (int y = 0; y < PLANCHE_BLOCK; y++) {
        int values[PLANCHE_BLOCK];
        for (int i = 0; i < PLANCHE_BLOCK; i++)
            values[i] = block->rows[y][i] - 128;
        for (int u = 0; u < count; u++)
            across[u][y] = product(values, waves[u]) / 64;
    }
}

void planche_comb_add(struct planche_comb *comb, const struct planche_block *block)
{
    int across[WAVES][PLANCHE_BLOCK];
    /* A product is 64 * 4096 times what JPEG rounds. */
    unsigned bin_size = (1u << 18) / (unsigned)bins_of(comb),
             least = LEAST * (unsigned)bins_of(comb);
    bool any = false;
    transform_rows(across, comb->kind == PLANCHE_COMB_CUT ? WAVES : 4, block);
    for (int k = 0; k < PLANCHE_COMB_FREQUENCIES; k++) {
        const struct frequency *f = &frequencies_of(comb)[k];
        int value = product(across[f->across], waves[f->down]);
        unsigned bin = ((unsigned)abs(value) + bin_size / 2) / bin_size;
        any = any || bin >= least;
        if (bin < PLANCHE_COMB_BINS)
            comb->bins[k][bin]++;
    }
    comb->blocks += any;
}

bool planche_comb_is_enough(const struct planche_comb *comb)
{
    return comb->blocks >= ENOUGH;
}

/* How well values lie on multiples of a step of so many bins: 1000 if all do, 0 if they do not
 * care. Also 0 where too few tell, all are the same, or nearly none is more than one step. */
static int fit_of(const uint32_t bins[PLANCHE_COMB_BINS], int period)
{
    uint64_t count = 0, off = 0, most = 0, higher = 0;
    for (int bin = period * 5 / 8; bin < PLANCHE_COMB_BINS; bin++) {
        int beyond = bin % period, distance = beyond < period - beyond ? beyond : period - beyond;
        count += bins[bin];
        off += (uint64_t)bins[bin] * (unsigned)distance;
        most = bins[bin] > most ? bins[bin] : most;
        higher += 2 * bin > 3 * period ? bins[bin] : 0;
    }
    if (count < FEW || most * 10 > count * 7 || higher * HIGHER < count)
        return 0;
    return 1000 - (int)(4000 * off / (count * (unsigned)period));
}

/* The largest step that a frequency's values are multiples of, and of those near it the one that
 * fits best; 0: there is none. */
static int step_of(const struct planche_comb *comb, int frequency)
{
    const uint32_t *bins = comb->bins[frequency];
    int least = comb->kind == PLANCHE_COMB_CUT ? LEAST_OF_CUT : LEAST, size = bins_of(comb);
    int step = MOST * frequencies_of(comb)[frequency].step, fit;
    while (step >= least && (fit = fit_of(bins, step * size)) < FITS)
        step--;
    if (step < least)
        return 0;
    for (int next; step > least && (next = fit_of(bins, (step - 1) * size)) > fit; fit = next)
        step--;
    return step;
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

/* Whether chance would hardly find as many; qualities are sorted. */
static bool is_enough(const struct planche_comb *comb, const int *qualities, int count)
{
    if (count >= AGREE)
        return true;
    return count >= SMALL_AGREE && comb->blocks < SMALL &&
           qualities[count - 1] - qualities[0] <= SMALL_APART;
}

unsigned planche_comb_quality(const struct planche_comb *comb)
{
    int qualities[PLANCHE_COMB_FREQUENCIES] = {0}, count = 0;
    for (int k = 0; k < PLANCHE_COMB_FREQUENCIES; k++) {
        int step = step_of(comb, k);
        if (step)
            qualities[count++] = quality_of(step, frequencies_of(comb)[k].step);
    }
    qsort(qualities, (size_t)count, sizeof *qualities, compare);
    return is_enough(comb, qualities, count) ? (unsigned)qualities[count / 2] : 0;
}
