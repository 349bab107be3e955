/* SPDX-License-Identifier: MIT */
/* The tiles of AMX: eight of 16 rows of 64 bytes. Numbers of tiles are constants. */
#ifndef PLANCHE_KERNELS_TILES_AMX_H
#define PLANCHE_KERNELS_TILES_AMX_H

#include "kernels/simd.h"

#include <immintrin.h>

#define TILE_ROWS 16

/* What LDTILECFG reads. */
struct tile_shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};
_Static_assert(sizeof(struct tile_shapes) == 64, "as the instruction has it");

/* Every tile whole. Constant, so that no store of it can be late: compilers do not know what the
 * instruction reads. */
static const struct tile_shapes tile_shapes = {
    .palette = 1,
    .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
    .rows = {TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS, TILE_ROWS,
             TILE_ROWS},
};

/* Nor do they know what tiles read of memory and write to it. */
static INLINE void tiles_meet_memory(void)
{
    __asm__ volatile("" : : : "memory");
}

/* Between these two calls a thread has tiles. Without them the system has less to save when it
 * turns to another thread. */
static INLINE void tiles_begin(void)
{
    _tile_loadconfig(&tile_shapes);
}

static INLINE void tiles_end(void)
{
    _tile_release();
}

/* Rows that are `stride` bytes apart. */
#define TILE_LOAD(tile, from, stride) _tile_loadd(tile, from, stride)
#define TILE_STORE(tile, to, stride)  _tile_stored(tile, to, stride)
/* sums[m][n] += the sum over k of a[m][k] * b[k / 2][n][k % 2], with a and b in bf16. */
#define TILE_DOT(sums, a, b) _tile_dpbf16ps(sums, a, b)

#endif
