/* SPDX-License-Identifier: MIT */
/* Drawn pages. */
#include "choice/drawn.h"

#include <math.h>
#include <string.h>

static double within(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* A shade of 0..1 that is soft, with brush strokes: without a period. */
static double paint(double x, double y, double shift)
{
    double wave = sin(x / 37 + shift) + sin(y / 29 + 2 * shift) + sin((x + 2 * y) / 61);
    double stroke = sin(x / 5.3 + sin(y / 11) * 2) * sin(y / 7.9 + shift);
    return within(0.5 + 0.08 * wave + 0.16 * stroke, 0.1, 0.9);
}

/* Coverage of a round dot of a screen: u and v in periods. */
static double dot(double u, double v, double period, double shade)
{
    double du = u - floor(u) - 0.5, dv = v - floor(v) - 0.5;
    return within((sqrt(shade / 3.1416) - sqrt(du * du + dv * dv)) * period + 0.5, 0, 1);
}

static double screen(double x, double y, double period, double angle, double shade)
{
    double c = cos(angle), s = sin(angle);
    return 1 - dot((x * c + y * s) / period, (y * c - x * s) / period, period, shade);
}

/* Coverage by lines as wide as they are said to be, so far apart. */
static double stripes(double at, double apart, double wide)
{
    double from = fabs(at - apart * floor(at / apart) - apart / 2);
    return within(wide / 2 - from + 0.5, 0, 1);
}

static double lines(double x, double y)
{
    double ring = stripes(hypot(x - 90, y - 140), 47, 3);
    double slant = stripes(x * 0.8 + y * 0.6, 83, 2);
    return 1 - (ring > slant ? ring : slant);
}

static double shade_of(enum drawn_kind kind, double x, double y)
{
    switch (kind) {
    case DRAWN_LINES:
    case DRAWN_FLAT:
        return lines(x, y);
    case DRAWN_DOTS:
        return screen(x, y, 5.3, 0.7854, 0.1 + 0.5 * fabs(sin(x / 90 + y / 130)));
    case DRAWN_GRID:
        return screen(x, y, 8, 0, 0.3);
    case DRAWN_FINE:
        return 0.35 + 0.3 * screen(x, y, 4, 0, 0.4);
    case DRAWN_HATCHING:
        return 1 - stripes(x * 0.7 + y * 0.72 + 3 * sin(y / 40), 6.7, 2.2);
    default:
        return paint(x, y, 1);
    }
}

static void draw_pixel(enum drawn_kind kind, uint8_t *pixel, uint32_t x, uint32_t y)
{
    static const uint8_t colours[4][3] = {
        {230, 80, 60}, {70, 120, 200}, {245, 210, 90}, {120, 190, 130}};
    const double shade = kind == DRAWN_PAINTING ? 0 : shade_of(kind, x, y);
    for (unsigned c = 0; c < 3; c++) {
        if (kind == DRAWN_FLAT)
            pixel[c] = (uint8_t)lround(shade * colours[(x / 61 + y / 73) % 4][c] * 0.95 + 10);
        else
            pixel[c] = (uint8_t)lround(255 * (kind == DRAWN_PAINTING ? paint(x, y, 1 + c) : shade));
    }
}

struct picture draw_page(enum drawn_kind kind, uint32_t width, uint32_t height)
{
    struct picture page = {width, height, 3, 8, malloc((size_t)width * height * 3)};
    assert_non_null(page.data);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            draw_pixel(kind, page.data + ((size_t)y * width + x) * 3, x, y);
    return page;
}

struct picture cut_page(struct picture *page, uint32_t left, uint32_t top)
{
    struct picture cut = *page;
    size_t pixel = page->channels * (page->depth / 8);
    cut.width -= left;
    cut.height -= top;
    cut.data = malloc(picture_row_bytes(&cut) * cut.height);
    assert_non_null(cut.data);
    for (uint32_t y = 0; y < cut.height; y++)
        memcpy(cut.data + y * picture_row_bytes(&cut),
               page->data + (y + top) * picture_row_bytes(page) + left * pixel,
               picture_row_bytes(&cut));
    picture_free(page);
    return cut;
}
