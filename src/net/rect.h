/* SPDX-License-Identifier: MIT */
/* Rectangle: columns [x0, x1) and rows [y0, y1) of a page, a tensor or a view. */
#ifndef PLANCHE_NET_RECT_H
#define PLANCHE_NET_RECT_H

#include <stdbool.h>
#include <stdint.h>

struct planche_rect {
    int64_t x0, x1, y0, y1;
};

static inline bool planche_rect_is_empty(struct planche_rect rect)
{
    return rect.x0 >= rect.x1 || rect.y0 >= rect.y1;
}

/* The bounding box of both; an empty one adds nothing. */
static inline void planche_rect_widen(struct planche_rect *rect, struct planche_rect by)
{
    if (planche_rect_is_empty(by))
        return;
    if (planche_rect_is_empty(*rect)) {
        *rect = by;
        return;
    }
    rect->x0 = by.x0 < rect->x0 ? by.x0 : rect->x0;
    rect->x1 = by.x1 > rect->x1 ? by.x1 : rect->x1;
    rect->y0 = by.y0 < rect->y0 ? by.y0 : rect->y0;
    rect->y1 = by.y1 > rect->y1 ? by.y1 : rect->y1;
}

#endif
