/* SPDX-License-Identifier: MIT */
/* Which input rows and columns an output row or column needs. */
#include "backend/cpu/program.h"

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return -floor_div(-a, b);
}

int64_t planche_reflect(int64_t i, int64_t size)
{
    if (size == 1)
        return 0;
    int64_t period = 2 * (size - 1);
    int64_t r = i % period;
    if (r < 0)
        r += period;
    return r < size ? r : period - r;
}

/* Whether [a, b) holds a number that is `rest` modulo period. */
static bool holds(int64_t a, int64_t b, int64_t rest, int64_t period)
{
    return a + ((rest - a) % period + period) % period < b;
}

/* Between its turning points the reflection is monotone, so the extremes are at the ends or at a
 * turning point. */
static void need_reflect(int64_t a, int64_t b, int64_t size, int64_t *lo, int64_t *hi)
{
    *lo = 0;
    *hi = 1;
    if (size == 1)
        return;
    int64_t first = planche_reflect(a, size), last = planche_reflect(b - 1, size);
    int64_t period = 2 * (size - 1);
    *lo = holds(a, b, 0, period) ? 0 : first < last ? first : last;
    *hi = (holds(a, b, size - 1, period) ? size - 1 : first > last ? first : last) + 1;
}

/* extent holds the taps: 1 (nearest), 2 (bilinear) or 4 (bicubic). In whole numbers, so that where
 * a row lies among its taps repeats exactly. */
int64_t planche_interp_first(const struct planche_map *map, int64_t i, int64_t in, int64_t out,
                             int64_t *rest)
{
    int64_t at = map->extent == 1 ? 2 * i * in : (2 * i + 1) * in - out;
    int64_t base = floor_div(at, 2 * out);
    *rest = at - base * 2 * out;
    return map->extent == 1 ? base : base - (map->extent / 2 - 1);
}

void planche_map_need(const struct planche_map *map, int64_t y0, int64_t y1, int64_t in,
                      int64_t out, int64_t *lo, int64_t *hi)
{
    int64_t rest;
    switch (map->kind) {
    case PLANCHE_MAP_CONV:
        *lo = y0 * map->stride + map->offset;
        *hi = (y1 - 1) * map->stride + map->offset + map->extent + 1;
        break;
    case PLANCHE_MAP_DECONV:
        *lo = ceil_div(y0 + map->offset - map->extent, map->stride);
        *hi = floor_div(y1 - 1 + map->offset, map->stride) + 1;
        break;
    case PLANCHE_MAP_INTERP:
        *lo = planche_interp_first(map, y0, in, out, &rest);
        *hi = planche_interp_first(map, y1 - 1, in, out, &rest) + map->extent;
        break;
    case PLANCHE_MAP_REFLECT:
        need_reflect(y0 - map->offset, y1 - map->offset, in, lo, hi);
        break;
    }
}

int64_t planche_node_group_floor(const struct planche_node *node, int64_t y)
{
    return floor_div(y - node->anchor, node->tile) * node->tile + node->anchor;
}

int64_t planche_node_group_ceil(const struct planche_node *node, int64_t y)
{
    return ceil_div(y - node->anchor, node->tile) * node->tile + node->anchor;
}
