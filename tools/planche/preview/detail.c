/* SPDX-License-Identifier: MIT */
/* The part of a page that shows most: where there is most detail. */
#include "preview/detail.h"

#include <stdlib.h>

/* Steps between neighbours in the green channel, every second row: detail, not exactness. */
static uint64_t measure(const struct planche_cli_picture *page, const struct planche_cli_crop *crop)
{
    uint64_t sum = 0;
    for (uint32_t y = crop->y; y < crop->y + crop->height; y += 2) {
        const uint8_t *row =
            page->rgb + ((size_t)y * page->width + crop->x) * PLANCHE_CLI_PICTURE_CHANNELS + 1;
        for (uint32_t x = 1; x < crop->width; x++)
            sum += (unsigned)abs(row[(size_t)x * PLANCHE_CLI_PICTURE_CHANNELS] -
                                 row[(size_t)(x - 1) * PLANCHE_CLI_PICTURE_CHANNELS]);
    }
    return sum;
}

void planche_cli_detail_find(const struct planche_cli_picture *page, struct planche_cli_crop *crop)
{
    uint32_t step_x = crop->width / 4 ? crop->width / 4 : 1;
    uint32_t step_y = crop->height / 4 ? crop->height / 4 : 1;
    struct planche_cli_crop best = *crop;
    uint64_t most = 0;
    best.x = best.y = 0;
    for (crop->y = 0; crop->y + crop->height <= page->height; crop->y += step_y) {
        for (crop->x = 0; crop->x + crop->width <= page->width; crop->x += step_x) {
            uint64_t detail = measure(page, crop);
            if (detail <= most)
                continue;
            most = detail;
            best = *crop;
        }
    }
    *crop = best;
}
