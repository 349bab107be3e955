/* SPDX-License-Identifier: MIT */
/* Colours for what is transparent. Rows wait in a ring; each column keeps the sums of its part of
 * the window, which move down row by row, and a row's window sums move along the columns. */
#include "image/bleed.h"

#include "base/checked.h"
#include "base/status.h"
#include "image/pixels.h"

#include <inttypes.h>
#include <string.h>

#define RADIUS   PLANCHE_BLEED_RADIUS
#define CHANNELS 4 /* at most */

struct planche_bleed {
    uint32_t width, height, ring_rows;
    unsigned channels;
    bool wide;
    size_t row_bytes;
    uint32_t pushed, pulled;
    uint32_t added; /* rows that have entered the column sums */
    uint8_t *ring;
    uint64_t *columns; /* per column: alpha-weighted sum of each colour, then sum of alpha */
};

static bool sizes(const struct planche_bleed_options *options, size_t *ring, size_t *columns)
{
    /* The window, and the row above it that is still to be subtracted. */
    size_t rows = (size_t)options->ahead + 2 * RADIUS + 2;
    unsigned channels = planche_pixel_channels(options->format);
    if (rows > options->height)
        rows = options->height;
    return planche_mul_size(options->width, planche_pixel_size(options->format), ring) &&
           planche_mul_size(*ring, rows, ring) &&
           planche_mul_size(options->width, channels * sizeof(uint64_t), columns);
}

uint64_t planche_bleed_memory(const struct planche_bleed_options *options)
{
    size_t ring, columns, total;
    if (!sizes(options, &ring, &columns) || !planche_add_size(ring, columns, &total) ||
        !planche_add_size(total, sizeof(struct planche_bleed), &total))
        return UINT64_MAX;
    return total;
}

static bool options_valid(const struct planche_bleed_options *options)
{
    return options->width && options->height && planche_pixel_format_valid(options->format) &&
           planche_pixel_has_alpha(options->format);
}

enum planche_status planche_bleed_create(struct planche_bleed **out,
                                         const struct planche_bleed_options *options,
                                         struct planche_budget *budget, struct planche_error *error)
{
    size_t ring, columns;
    *out = NULL;
    if (!options_valid(options) || !sizes(options, &ring, &columns))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "transparency: no such page: %" PRIu32 " x %" PRIu32 ", format %d",
                            options->width, options->height, (int)options->format);
    struct planche_bleed *bleed = planche_calloc(budget, 1, sizeof *bleed);
    if (!bleed)
        goto fail;
    bleed->width = options->width;
    bleed->height = options->height;
    bleed->channels = planche_pixel_channels(options->format);
    bleed->wide = planche_pixel_depth(options->format) == 16;
    bleed->row_bytes = options->width * planche_pixel_size(options->format);
    bleed->ring_rows = (uint32_t)(ring / bleed->row_bytes);
    bleed->ring = planche_alloc(budget, ring);
    bleed->columns = planche_calloc(budget, 1, columns);
    if (!bleed->ring || !bleed->columns)
        goto fail;
    *out = bleed;
    return PLANCHE_OK;
fail:
    planche_bleed_destroy(&bleed);
    return planche_fail_memory(error, budget, planche_bleed_memory(options),
                               "the rows around transparent pixels");
}

void planche_bleed_destroy(struct planche_bleed **bleed)
{
    if (!*bleed)
        return;
    planche_free((*bleed)->ring);
    planche_free((*bleed)->columns);
    planche_free(*bleed);
    *bleed = NULL;
}

void planche_bleed_rewind(struct planche_bleed *bleed)
{
    bleed->pushed = 0;
    bleed->pulled = 0;
    bleed->added = 0;
    memset(bleed->columns, 0, (size_t)bleed->width * bleed->channels * sizeof(uint64_t));
}

static uint8_t *ring_row(const struct planche_bleed *bleed, uint32_t row)
{
    return bleed->ring + (row % bleed->ring_rows) * bleed->row_bytes;
}

static inline uint64_t sample(const struct planche_bleed *bleed, const uint8_t *row, size_t index)
{
    return bleed->wide ? ((const uint16_t *)(const void *)row)[index] : row[index];
}

bool planche_bleed_push(struct planche_bleed *bleed, const void *row)
{
    /* The row above the window of the next pull is the oldest that is still looked at. */
    uint32_t oldest = bleed->pulled > RADIUS ? bleed->pulled - RADIUS - 1 : 0;
    if (bleed->pushed == bleed->height || bleed->pushed - oldest >= bleed->ring_rows)
        return false;
    memcpy(ring_row(bleed, bleed->pushed++), row, bleed->row_bytes);
    return true;
}

uint32_t planche_bleed_ready(const struct planche_bleed *bleed)
{
    uint32_t done = bleed->pushed == bleed->height ? bleed->height
                    : bleed->pushed > RADIUS       ? bleed->pushed - RADIUS
                                                   : 0;
    return done - bleed->pulled;
}

/* Lets a row into the column sums, or out of them: unsigned sums wrap back exactly. */
static void move_row(struct planche_bleed *bleed, uint32_t y, bool in)
{
    const uint8_t *row = ring_row(bleed, y);
    unsigned channels = bleed->channels, last = channels - 1;
    for (size_t x = 0; x < bleed->width; x++) {
        uint64_t *column = bleed->columns + x * channels;
        uint64_t alpha = sample(bleed, row, x * channels + last);
        uint64_t weight = in ? alpha : -alpha;
        for (unsigned i = 0; i < last; i++)
            column[i] += weight * sample(bleed, row, x * channels + i);
        column[last] += weight;
    }
}

static void move_column(const struct planche_bleed *bleed, uint64_t sums[CHANNELS], size_t x,
                        bool in)
{
    const uint64_t *column = bleed->columns + x * bleed->channels;
    for (unsigned i = 0; i < bleed->channels; i++)
        sums[i] += in ? column[i] : -column[i];
}

static uint64_t blend(uint64_t own, uint64_t alpha, uint64_t sum, uint64_t weight, uint64_t max)
{
    uint64_t mean = weight ? (sum + weight / 2) / weight : max;
    return (own * alpha + mean * (max - alpha) + max / 2) / max;
}

static void fill_row(const struct planche_bleed *bleed, const uint8_t *row, void *out)
{
    uint64_t sums[CHANNELS] = {0}, max = bleed->wide ? 65535 : 255;
    unsigned channels = bleed->channels, last = channels - 1;
    for (size_t x = 0; x < RADIUS && x < bleed->width; x++)
        move_column(bleed, sums, x, true);
    for (size_t x = 0; x < bleed->width; x++) {
        if (x + RADIUS < bleed->width)
            move_column(bleed, sums, x + RADIUS, true);
        if (x > RADIUS)
            move_column(bleed, sums, x - RADIUS - 1, false);
        uint64_t alpha = sample(bleed, row, x * channels + last);
        for (unsigned i = 0; i < last; i++) {
            uint64_t own = sample(bleed, row, x * channels + i);
            uint64_t value = alpha == max ? own : blend(own, alpha, sums[i], sums[last], max);
            if (bleed->wide)
                ((uint16_t *)out)[x * last + i] = (uint16_t)value;
            else
                ((uint8_t *)out)[x * last + i] = (uint8_t)value;
        }
    }
}

bool planche_bleed_pull(struct planche_bleed *bleed, void *row)
{
    if (planche_bleed_ready(bleed) == 0)
        return false;
    uint32_t y = bleed->pulled++;
    while (bleed->added < bleed->height && bleed->added <= (uint64_t)y + RADIUS)
        move_row(bleed, bleed->added++, true);
    if (y > RADIUS)
        move_row(bleed, y - RADIUS - 1, false);
    fill_row(bleed, ring_row(bleed, y), row);
    return true;
}
