/* SPDX-License-Identifier: MIT */
/* Test page of planche bench. Integer arithmetic only, so that it is the same on every machine.
 * Dots and lines have fixed sizes in pixels, as in a scan, whatever the size of the page. */
#include "bench/testpage.h"

#include <stdbool.h>

#define COLUMNS 2
#define ROWS    3
#define INK     0x181418u
#define PAPER   0xffffffu
#define BORDER  4

/* A pixel of a panel: its place in the panel and the panel's size. */
struct spot {
    int64_t x, y, width, height;
};

static uint32_t grey(int64_t level)
{
    return (uint32_t)level * 0x10101u;
}

/* A figure with a thick outline before a flat background. */
static uint32_t draw_flat(struct spot s)
{
    int64_t x = s.x - s.width / 2, y = s.y - s.height / 2, radius = s.width / 3;
    int64_t distance = x * x + y * y, outline = radius - 5;
    if (distance > radius * radius)
        return 0x8ec6e8u;
    return distance > outline * outline ? INK : 0xf2c094u;
}

/* Dots on a diagonal grid that grow from top to bottom. */
static uint32_t draw_screentone(struct spot s)
{
    int64_t x = (s.x + s.y) % 8 - 4, y = (s.x - s.y + 8 * s.height) % 8 - 4;
    return x * x + y * y <= 1 + 20 * s.y / s.height ? INK : PAPER;
}

/* A soft gradient with speed lines. */
static uint32_t draw_gradient(struct spot s)
{
    int64_t slope = (s.y * 64 + s.x * 5) % 640;
    if (slope < 40)
        return INK;
    uint32_t red = (uint32_t)(120 + 120 * s.x / s.width),
             blue = (uint32_t)(200 - 100 * s.y / s.height);
    return red << 16 | 0x9000u | blue;
}

/* A balloon with lines of strokes of the size of letters. */
static uint32_t draw_lettering(struct spot s)
{
    int64_t x = s.x * 200 / s.width - 100, y = s.y * 200 / s.height - 100;
    int64_t distance = x * x + y * y;
    if (distance > 8100)
        return 0xd8d0e4u;
    if (distance > 7700)
        return INK;
    bool line = s.y % 18 < 11, word = s.x % 70 < 58, inside = distance < 5200;
    int64_t letter = s.x % 9, shape = (s.x / 9 * 7 + s.y / 18 * 5) % 4;
    bool stroke = letter < 2 || (letter < 7 && (s.y % 18) / 2 == shape);
    return inside && line && word && stroke ? INK : PAPER;
}

static uint32_t hash(int64_t x, int64_t y)
{
    uint32_t mixed = (uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca77u;
    return (mixed ^ mixed >> 15) * 0x2c1b3c6du;
}

/* Coarse paper over greys. */
static uint32_t draw_grain(struct spot s)
{
    return grey(90 + 130 * s.y / s.height + (int64_t)(hash(s.x, s.y) >> 28));
}

/* Crossing lines of different thickness. */
static uint32_t draw_hatching(struct spot s)
{
    bool first = (s.x + s.y * 2) % 11 < 2, second = (s.x * 3 + 11 * s.height - s.y) % 29 < 4;
    return first || (second && s.x > s.width / 2) ? INK : PAPER;
}

static uint32_t (*const panels[ROWS * COLUMNS])(struct spot) = {
    draw_flat, draw_screentone, draw_gradient, draw_lettering, draw_grain, draw_hatching,
};

/* Index of the panel that a coordinate lies in, or -1 between panels and on the margin. */
static int64_t locate(int64_t at, int64_t extent, int64_t count, int64_t *inside, int64_t *size)
{
    int64_t margin = extent / 20, gutter = extent / 60;
    *size = (extent - 2 * margin + gutter) / count - gutter;
    if (at < margin || *size <= 0)
        return -1;
    int64_t index = (at - margin) / (*size + gutter);
    *inside = (at - margin) % (*size + gutter);
    return index < count && *inside < *size ? index : -1;
}

static uint32_t colour(int64_t x, int64_t y, int64_t width, int64_t height)
{
    struct spot spot;
    int64_t column = locate(x, width, COLUMNS, &spot.x, &spot.width);
    int64_t row = locate(y, height, ROWS, &spot.y, &spot.height);
    if (column < 0 || row < 0)
        return PAPER;
    if (spot.x < BORDER || spot.x >= spot.width - BORDER || spot.y < BORDER ||
        spot.y >= spot.height - BORDER)
        return INK;
    return panels[row * COLUMNS + column](spot);
}

/* Scanner noise, up to 3 levels of 255: the engine computes identical blank areas only once, which
 * would falsify the measurement. */
static uint32_t add_noise(uint32_t pixel, uint32_t noise)
{
    uint32_t all = noise * 0x10101u;
    return (pixel >> 16) > 128 ? pixel - all : pixel + all;
}

void planche_cli_testpage_draw(uint8_t *rgb, uint32_t width, uint32_t height)
{
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint32_t pixel = add_noise(colour(x, y, width, height), hash(x, y) >> 30);
            *rgb++ = (uint8_t)(pixel >> 16);
            *rgb++ = (uint8_t)(pixel >> 8);
            *rgb++ = (uint8_t)pixel;
        }
    }
}
