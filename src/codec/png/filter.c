/* SPDX-License-Identifier: MIT */
/* Filters of PNG's rows, written so that compilers make vectors of them: libpng's own Paeth takes a
 * quarter of the time of an encoder at level 4. */
#include "codec/png/filter.h"

#define UP    2
#define PAETH 4

void planche_png_filter_up(uint8_t *restrict out, const uint8_t *restrict row,
                           const uint8_t *restrict above, size_t size)
{
    *out++ = UP;
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(row[i] - above[i]);
}

static inline int16_t distance(int16_t a)
{
    return (int16_t)(a < 0 ? -a : a);
}

void planche_png_filter_paeth(uint8_t *restrict out, const uint8_t *restrict row,
                              const uint8_t *restrict above, size_t size, size_t pixel)
{
    const uint8_t *left = row - pixel, *corner = above - pixel;
    *out++ = PAETH;
    for (size_t i = 0; i < size; i++) {
        int16_t a = left[i], b = above[i], c = corner[i];
        int16_t to_b = (int16_t)(a - c), to_a = (int16_t)(b - c);
        int16_t to_c = distance((int16_t)(to_a + to_b));
        to_a = distance(to_a);
        to_b = distance(to_b);
        int16_t other = to_b <= to_c ? b : c;
        int16_t predicted = to_a <= to_b && to_a <= to_c ? a : other;
        out[i] = (uint8_t)(row[i] - predicted);
    }
}
