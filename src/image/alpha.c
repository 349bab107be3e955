/* SPDX-License-Identifier: MIT */
/* Enlarging a plane of alpha. Input rows wait in a ring; pulling an output row combines four of
 * them with whole-number weights into sums, then four sums into each sample. */
#include "image/alpha.h"

#include "base/checked.h"
#include "base/status.h"

#include <inttypes.h>
#include <string.h>

#define TAPS 4

struct phase {
    int64_t weight[TAPS]; /* add up to the resizer's unit */
};

struct planche_alpha {
    uint32_t width, height, ring_rows;
    unsigned scale, depth;
    uint32_t pushed; /* input rows */
    uint64_t pulled; /* output rows */
    int64_t unit;
    struct phase phases[PLANCHE_ALPHA_MAX_SCALE];
    uint8_t *ring;
    int64_t *sums; /* one per input column */
};

static bool sizes(const struct planche_alpha_options *options, size_t *ring, size_t *sums)
{
    size_t rows = (size_t)options->ahead + TAPS;
    if (rows > options->height)
        rows = options->height;
    return planche_mul_size(options->width, options->depth / 8, ring) &&
           planche_mul_size(*ring, rows, ring) &&
           planche_mul_size(options->width, sizeof(int64_t), sums);
}

uint64_t planche_alpha_memory(const struct planche_alpha_options *options)
{
    size_t ring, sums, total;
    if (!sizes(options, &ring, &sums) || !planche_add_size(ring, sums, &total) ||
        !planche_add_size(total, sizeof(struct planche_alpha), &total))
        return UINT64_MAX;
    return total;
}

/* Output position p of a phase lies n / d behind the input sample at floor((2p + 1 - s) / 2s), with
 * d = 2s. Keys' polynomials times 2d^3 are whole numbers. */
static void set_phases(struct planche_alpha *alpha)
{
    int64_t s = alpha->scale, d = 2 * s;
    alpha->unit = 2 * d * d * d;
    for (int64_t p = 0; p < s; p++) {
        int64_t n = (2 * p + 1 - s + d) % d;
        int64_t *w = alpha->phases[p].weight;
        w[0] = -n * n * n + 2 * n * n * d - n * d * d;
        w[1] = 3 * n * n * n - 5 * n * n * d + 2 * d * d * d;
        w[2] = -3 * n * n * n + 4 * n * n * d + n * d * d;
        w[3] = n * n * n - n * n * d;
    }
}

static bool options_valid(const struct planche_alpha_options *options)
{
    return options->width && options->height && options->scale >= 1 &&
           options->scale <= PLANCHE_ALPHA_MAX_SCALE &&
           (options->depth == 8 || options->depth == 16);
}

enum planche_status planche_alpha_create(struct planche_alpha **out,
                                         const struct planche_alpha_options *options,
                                         struct planche_budget *budget, struct planche_error *error)
{
    size_t ring, sums;
    *out = NULL;
    if (!options_valid(options) || !sizes(options, &ring, &sums))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "alpha: a plane of %" PRIu32 " x %" PRIu32 " cannot be enlarged %u x",
                            options->width, options->height, options->scale);
    struct planche_alpha *alpha = planche_calloc(budget, 1, sizeof *alpha);
    if (!alpha)
        goto fail;
    alpha->width = options->width;
    alpha->height = options->height;
    alpha->scale = options->scale;
    alpha->depth = options->depth;
    alpha->ring_rows = (uint32_t)(ring / ((size_t)options->width * (options->depth / 8)));
    set_phases(alpha);
    alpha->ring = planche_alloc(budget, ring);
    alpha->sums = planche_alloc(budget, sums);
    if (!alpha->ring || !alpha->sums)
        goto fail;
    *out = alpha;
    return PLANCHE_OK;
fail:
    planche_alpha_destroy(&alpha);
    return planche_fail_memory(error, budget, planche_alpha_memory(options),
                               "the rows of the transparency");
}

void planche_alpha_destroy(struct planche_alpha **alpha)
{
    if (!*alpha)
        return;
    planche_free((*alpha)->ring);
    planche_free((*alpha)->sums);
    planche_free(*alpha);
    *alpha = NULL;
}

/* The input row or column before output position p (may be -1). */
static int64_t base_of(uint64_t p, unsigned scale)
{
    return (int64_t)((2 * p + 1 + scale) / (2 * (uint64_t)scale)) - 1;
}

static uint32_t clamp_index(int64_t index, uint32_t count)
{
    return index < 0 ? 0 : index >= count ? count - 1 : (uint32_t)index;
}

static uint8_t *ring_row(const struct planche_alpha *alpha, uint32_t row)
{
    return alpha->ring + (size_t)(row % alpha->ring_rows) * alpha->width * (alpha->depth / 8);
}

/* The oldest input row that output rows not yet pulled look at. */
static uint32_t oldest_needed(const struct planche_alpha *alpha)
{
    if (alpha->pulled == (uint64_t)alpha->height * alpha->scale)
        return alpha->height;
    return clamp_index(base_of(alpha->pulled, alpha->scale) - 1, alpha->height);
}

bool planche_alpha_push(struct planche_alpha *alpha, const void *row, size_t step)
{
    if (alpha->pushed == alpha->height)
        return false;
    if (alpha->pushed >= oldest_needed(alpha) + (uint64_t)alpha->ring_rows)
        return false;
    uint8_t *to = ring_row(alpha, alpha->pushed++);
    size_t size = alpha->depth / 8;
    for (uint32_t x = 0; x < alpha->width; x++)
        memcpy(to + x * size, (const uint8_t *)row + x * step * size, size);
    return true;
}

uint32_t planche_alpha_ready(const struct planche_alpha *alpha)
{
    /* Output row p looks at input rows up to base_of(p) + 2; solved for p, that makes: */
    uint64_t done = 0;
    if (alpha->pushed == alpha->height)
        done = (uint64_t)alpha->height * alpha->scale;
    else if (alpha->pushed >= 2)
        done = (uint64_t)(alpha->pushed - 2) * alpha->scale + alpha->scale / 2;
    return done > alpha->pulled ? (uint32_t)(done - alpha->pulled) : 0;
}

static void combine_rows(struct planche_alpha *alpha, const int64_t weight[TAPS], int64_t base)
{
    const uint8_t *rows[TAPS];
    for (int i = 0; i < TAPS; i++)
        rows[i] = ring_row(alpha, clamp_index(base - 1 + i, alpha->height));
    for (uint32_t x = 0; x < alpha->width; x++) {
        int64_t sum = 0;
        for (int i = 0; i < TAPS; i++)
            sum += weight[i] * (alpha->depth == 16 ? ((const uint16_t *)rows[i])[x] : rows[i][x]);
        alpha->sums[x] = sum;
    }
}

static uint32_t sample_at(const struct planche_alpha *alpha, uint64_t p)
{
    const int64_t *weight = alpha->phases[p % alpha->scale].weight;
    int64_t base = base_of(p, alpha->scale), sum = 0;
    for (int i = 0; i < TAPS; i++)
        sum += weight[i] * alpha->sums[clamp_index(base - 1 + i, alpha->width)];
    int64_t unit = alpha->unit * alpha->unit, max = alpha->depth == 16 ? 65535 : 255;
    int64_t value = sum <= 0 ? 0 : (sum + unit / 2) / unit;
    return (uint32_t)(value > max ? max : value);
}

bool planche_alpha_pull(struct planche_alpha *alpha, void *row, size_t step)
{
    if (planche_alpha_ready(alpha) == 0)
        return false;
    uint64_t y = alpha->pulled++, width = (uint64_t)alpha->width * alpha->scale;
    combine_rows(alpha, alpha->phases[y % alpha->scale].weight, base_of(y, alpha->scale));
    for (uint64_t x = 0; x < width; x++) {
        if (alpha->depth == 16)
            ((uint16_t *)row)[x * step] = (uint16_t)sample_at(alpha, x);
        else
            ((uint8_t *)row)[x * step] = (uint8_t)sample_at(alpha, x);
    }
    return true;
}
