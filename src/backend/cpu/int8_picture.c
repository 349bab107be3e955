/* SPDX-License-Identifier: MIT */
/* The picture that quantised networks are calibrated on: what pages have, in small. Whole numbers
 * only, so that it is the same everywhere. */
#include "backend/cpu/int8_picture.h"

#define WIDTH  PLANCHE_INT8_PICTURE_WIDTH
#define HEIGHT PLANCHE_INT8_PICTURE_HEIGHT
#define CELL   32

struct colour {
    int r, g, b;
};

static struct colour grey(int v)
{
    return (struct colour){v, v, v};
}

static int limit(int v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* Noise of -range .. range: of a scanner, of JPEG. */
static int noise(unsigned x, unsigned y, unsigned range)
{
    unsigned h = x * 0x9e3779b1u ^ y * 0x85ebca77u;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h ^= h >> 12;
    return (int)(h % (2 * range + 1)) - (int)range;
}

/* 0 inside of a circle, 255 outside, shades in a ring of `soft` around squares of distances. */
static int disc(int x, int y, int square, int soft)
{
    return limit((x * x + y * y - square) * 255 / soft);
}

/* Lines of several directions and widths on white, with soft edges. */
static struct colour ink(int x, int y)
{
    const int slanted = (3 * x + 2 * y) % 40, upright = x % 16, level = y % 11;
    int v = limit((slanted > 20 ? 40 - slanted : slanted) * 40 - 60);
    v = upright < 2 ? v * upright / 4 : v;
    return grey(level == 0 && x > CELL / 2 ? v / 3 : v);
}

/* Screen tone: dots whose size grows with y. */
static struct colour tone(int x, int y)
{
    const int dx = (x + y) % 6 - 3, dy = (x - y + 6 * CELL) % 6 - 3;
    return grey(disc(dx, dy, y / 4, 4));
}

static struct colour fades(int x, int y)
{
    return (struct colour){x * 8, y * 8, 255 - (x + y) * 4};
}

static struct colour shapes(int x, int y)
{
    const int v = disc(x - 16, y - 16, 120, 40);
    const struct colour inside = {230, 60, 40};
    return (struct colour){(inside.r * (255 - v) + 40 * v) / 255,
                           (inside.g * (255 - v) + 150 * v) / 255,
                           (inside.b * (255 - v) + 220 * v) / 255};
}

/* Small strokes such as those of lettering. */
static struct colour letters(int x, int y)
{
    const unsigned bits = (unsigned)(x / 5 * 7 + y / 7 * 13);
    const int stroke = x % 5 == (int)(bits % 4) || y % 7 == (int)(bits % 5) + 1;
    return grey(x % 5 == 4 || y % 7 == 6 ? 255 : stroke ? 16 : 240);
}

static struct colour rough(int x, int y)
{
    const int v = 128 + noise((unsigned)x / 2, (unsigned)y / 2, 100);
    return (struct colour){limit(v + 20), v, limit(v - 30)};
}

static struct colour checks(int x, int y)
{
    return (x / 4 + y / 4) % 2 ? (struct colour){255, 230, 0} : (struct colour){0, 20, 90};
}

/* Fine dots, as those of screen tones that are as fine as pixels allow. */
static struct colour fine(int x, int y)
{
    const int dx = (x + y) % 4 - 2, dy = (x - y + 4 * CELL) % 4 - 2;
    return grey(y < CELL / 2 ? disc(dx, dy, 1 + x / 12, 3) : (x + y) % 2 * 255);
}

/* Lines of one and two pixels. */
static struct colour hatching(int x, int y)
{
    const int along = y < CELL / 2 ? y : x + y / 3;
    return grey(x < CELL / 2 ? along % 2 * 255 : along % 4 < 2 ? 0 : 255);
}

/* Black and white at random, in squares of one or two pixels. */
static struct colour grain(int x, int y)
{
    const unsigned side = y < CELL / 2 ? 1 : 2;
    return grey(noise((unsigned)x / side, (unsigned)y / side + 77, 8) < 0 ? 0 : 255);
}

/* Squares of the pure colours. */
static struct colour corners(int x, int y)
{
    const int bits = noise((unsigned)x / 4, (unsigned)y / 4 + 5, 50) + 50;
    return (struct colour){bits % 2 * 255, bits / 2 % 2 * 255, bits / 4 % 2 * 255};
}

static struct colour pixel(int x, int y)
{
    static struct colour (*const cells[])(int x, int y) = {
        ink, tone, fades, shapes, letters, rough, checks, ink, fine, hatching, grain, corners};
    return cells[y / CELL * (WIDTH / CELL) + x / CELL](x % CELL, y % CELL);
}

void planche_int8_draw(const struct planche_int8_rows *rows)
{
    for (int y = 0; y < HEIGHT; y++) {
        uint8_t *row = planche_int8_row(rows, y, 0);
        for (int x = 0; x < WIDTH; x++) {
            const struct colour c = pixel(x, y);
            const int n = noise((unsigned)x, (unsigned)y, 3);
            row[x * PLANCHE_QUAD] = (uint8_t)limit(c.r + n);
            row[x * PLANCHE_QUAD + 1] = (uint8_t)limit(c.g + n);
            row[x * PLANCHE_QUAD + 2] = (uint8_t)limit(c.b + n);
            row[x * PLANCHE_QUAD + 3] = 0;
        }
    }
}
