/* SPDX-License-Identifier: MIT */
/* Measurement of a page: luminance of its rows, for the blocks. */
#include "choice/measure.h"

/* If one kind of blocks is so many times more than the other, that one is the page, and the other
 * may be a picture on it. */
#define MOST_OF_IT 4

bool planche_measure_start(struct planche_measure *measure, const struct planche_image_info *info,
                           const struct planche_encoding *encoding, struct planche_budget *budget)
{
    *measure = (struct planche_measure){.info = *info, .encoding = *encoding};
    measure->luma = planche_alloc(budget, info->width);
    if (measure->luma && planche_blocks_start(&measure->blocks, info->width, budget))
        return true;
    planche_free(measure->luma);
    return false;
}

void planche_measure_stop(struct planche_measure *measure)
{
    planche_blocks_stop(&measure->blocks);
    planche_free(measure->luma);
    measure->luma = NULL;
}

/* Rec. 601, as JPEG has it, in 16 bits behind the point. */
static uint8_t luma_of(unsigned red, unsigned green, unsigned blue)
{
    return (uint8_t)((red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16);
}

static void take_bytes(uint8_t *luma, const uint8_t *row, uint32_t width, unsigned channels)
{
    for (uint32_t x = 0; x < width; x++, row += channels)
        luma[x] = channels < 3 ? row[0] : luma_of(row[0], row[1], row[2]);
}

static void take_words(uint8_t *luma, const uint16_t *row, uint32_t width, unsigned channels)
{
    for (uint32_t x = 0; x < width; x++, row += channels)
        luma[x] =
            channels < 3 ? (uint8_t)(row[0] >> 8) : luma_of(row[0] >> 8, row[1] >> 8, row[2] >> 8);
}

void planche_measure_add(struct planche_measure *measure, const void *row)
{
    const struct planche_image_info *info = &measure->info;
    if (info->depth == 16)
        take_words(measure->luma, row, info->width, info->channels);
    else
        take_bytes(measure->luma, row, info->width, info->channels);
    planche_blocks_add(&measure->blocks, measure->luma);
}

bool planche_measure_is_enough(const struct planche_measure *measure)
{
    return planche_blocks_are_enough(&measure->blocks);
}

/* By the comb of most blocks, or by any. */
static unsigned past_quality(const struct planche_blocks *blocks)
{
    const struct planche_comb *whole = &blocks->whole, *cut = &blocks->cut;
    unsigned quality = whole->blocks < cut->blocks / MOST_OF_IT ? 0 : planche_comb_quality(whole);
    return quality || cut->blocks < whole->blocks / MOST_OF_IT ? quality
                                                               : planche_comb_quality(cut);
}

struct planche_signs planche_measure_signs(const struct planche_measure *measure, bool grey)
{
    const struct planche_texture *texture = &measure->blocks.texture;
    return (struct planche_signs){
        .width = measure->info.width,
        .height = measure->info.height,
        .format = measure->info.format,
        .measured = true,
        .grey = grey,
        .file_quality = measure->encoding.quality,
        .chroma = measure->encoding.chroma,
        .past_quality = past_quality(&measure->blocks),
        .flat = planche_texture_share(texture, texture->flat),
        .screen = planche_texture_share(texture, texture->screen),
        .soft = planche_texture_share(texture, texture->soft),
    };
}
