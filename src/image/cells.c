/* SPDX-License-Identifier: MIT */
/* Mean colours of a picture in the cells of a grid. */
#include "image/cells.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Of one row of pixels, before it is known how much of which rows of cells it covers. */
struct line {
    double colours[PLANCHE_CELLS][3];
    double length[PLANCHE_CELLS];
};

static double within_grid(double value)
{
    return fmin(fmax(value, 0), PLANCHE_CELLS);
}

static void add_pixel(struct line *line, const double colour[3], double begin, double end)
{
    while (begin < end) {
        int cell = (int)begin;
        double length = fmin(end, cell + 1) - begin;
        for (int i = 0; i < 3; i++)
            line->colours[cell][i] += length * colour[i];
        line->length[cell] += length;
        begin = cell + 1;
    }
}

static void add_line(struct planche_cells *cells, const struct line *line, int row, double height)
{
    for (int x = 0; x < PLANCHE_CELLS; x++) {
        for (int i = 0; i < 3; i++)
            cells->colours[row][x][i] += height * line->colours[x][i];
        cells->area[row][x] += height * line->length[x];
    }
}

void planche_cells_add(struct planche_cells *cells, const struct planche_cells_place *place,
                       const uint8_t *row, unsigned channels, uint32_t y, uint32_t width,
                       uint32_t height)
{
    struct line line;
    const double step = place->width * PLANCHE_CELLS / width;
    const double tall = place->height * PLANCHE_CELLS / height;
    const unsigned green = channels / 2; /* 0 of 1, 1 of 3 */
    double left = place->left * PLANCHE_CELLS, top = place->top * PLANCHE_CELLS + y * tall;
    assert(channels == 1 || channels == 3);
    memset(&line, 0, sizeof line);
    for (uint32_t x = 0; x < width; x++) {
        const uint8_t *pixel = row + (size_t)x * channels;
        const double colour[3] = {pixel[0], pixel[green], pixel[channels - 1]};
        add_pixel(&line, colour, within_grid(left + x * step), within_grid(left + (x + 1) * step));
    }
    double begin = within_grid(top), end = within_grid(top + tall);
    while (begin < end) {
        int cell = (int)begin;
        add_line(cells, &line, cell, fmin(end, cell + 1) - begin);
        begin = cell + 1;
    }
}

static double colour_of(const struct planche_cells *cells, int y, int x, int i)
{
    return cells->colours[y][x][i] + 255 * fmax(1 - cells->area[y][x], 0);
}

struct planche_cells_difference planche_cells_compare(const struct planche_cells *one,
                                                      const struct planche_cells *other)
{
    struct planche_cells_difference difference = {0};
    for (int y = 0; y < PLANCHE_CELLS; y++)
        for (int x = 0; x < PLANCHE_CELLS; x++)
            for (int i = 0; i < 3; i++) {
                double apart = fabs(colour_of(one, y, x, i) - colour_of(other, y, x, i));
                difference.mean += apart / (3.0 * PLANCHE_CELLS * PLANCHE_CELLS);
                difference.most = fmax(difference.most, apart);
            }
    return difference;
}
