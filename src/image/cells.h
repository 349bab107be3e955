/* SPDX-License-Identifier: MIT */
/* Mean colours of a picture in the cells of a grid: what it looks like from afar, whatever its size
 * in pixels. Two pictures are compared by them. */
#ifndef PLANCHE_IMAGE_CELLS_H
#define PLANCHE_IMAGE_CELLS_H

#include <stdbool.h>
#include <stdint.h>

/* Cells a side. */
#define PLANCHE_CELLS 48

/* Where on the grid a picture lies, in parts of the grid: 0, 0, 1, 1 is all of it. */
struct planche_cells_place {
    double left, top, width, height;
};

/* A grid: sums of what covers a cell, weighted by area; a cell has the area 1. Zeroed, nothing
 * does. */
struct planche_cells {
    double colours[PLANCHE_CELLS][PLANCHE_CELLS][3];
    double area[PLANCHE_CELLS][PLANCHE_CELLS];
};

/* Adds one row of a picture of width x height pixels, 8 bits each, of 1 or 3 channels. */
void planche_cells_add(struct planche_cells *cells, const struct planche_cells_place *place,
                       const uint8_t *row, unsigned channels, uint32_t y, uint32_t width,
                       uint32_t height);

/* Differences of two grids in levels (0..255); what nothing covers is white. */
struct planche_cells_difference {
    double mean, most; /* of all cells and colours, of one cell */
};
struct planche_cells_difference planche_cells_compare(const struct planche_cells *one,
                                                      const struct planche_cells *other);

#endif
