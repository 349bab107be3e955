/* SPDX-License-Identifier: MIT */
/* What a launch of conv_wgmma.cu works on: read by C and by CUDA alike, so all members have fixed
 * sizes. It is the kernels' only parameter, passed by value. */
#ifndef PLANCHE_BACKEND_VULKAN_WGMMA_ARGS_H
#define PLANCHE_BACKEND_VULKAN_WGMMA_ARGS_H

#include <stdint.h>

#ifdef __CUDACC__
#define PLANCHE_WGMMA_ALIGNED __align__(64)
#else
#define PLANCHE_WGMMA_ALIGNED __attribute__((aligned(64)))
#endif

#define PLANCHE_WGMMA_INPUTS    8
#define PLANCHE_WGMMA_RESIDUALS 2

/* Threads of a block: two warpgroups that multiply in turn, and a warp that loads pixels. */
#define PLANCHE_WGMMA_THREADS 384
/* Pixels are the 256 columns of a product, 8 rows of 32; a convolution throws away those whose taps
 * wrap around at the end of a row. */
#define PLANCHE_WGMMA_BOX_X 32
#define PLANCHE_WGMMA_ROWS  8
/* Outputs of a block: the rows of a product. Those of PAIRED are 32, of two rows of pixels each. */
#define PLANCHE_WGMMA_OUTPUTS 64
#define PLANCHE_WGMMA_PAIRED  32
/* Channels of a chunk of the input; of PAIRED it is half of that. */
#define PLANCHE_WGMMA_CHUNK 32
/* Dynamic shared memory: two stages of 10 rows, what a tap reads behind the second, rows of outputs
 * of each warp, barriers, and what it takes to begin at a multiple of 1024. Under
 * VK_NVX_binary_import a multiprocessor has 48 KiB in all, of which the driver takes one. */
#define PLANCHE_WGMMA_STAGE  (PLANCHE_WGMMA_BOX_X * 10 * PLANCHE_WGMMA_CHUNK * 2)
#define PLANCHE_WGMMA_SHARED (2 * PLANCHE_WGMMA_STAGE + 512 + 8 * 512 + 64 + 1024)

/* A tensor map: how TMA reads boxes of a tensor (launch.c). */
struct PLANCHE_WGMMA_ALIGNED planche_wgmma_map {
    uint32_t words[32];
};

struct planche_wgmma_residual {
    uint64_t address;
    int32_t width, height, pitch;
    int32_t x, y; /* added to the output's coordinates */
    float self, other;
    int32_t unused;
};

struct planche_wgmma_args {
    struct planche_wgmma_map
        maps[2 * PLANCHE_WGMMA_INPUTS]; /* PAIRED: of even rows, then of odd ones */
    int32_t in_x[PLANCHE_WGMMA_INPUTS], in_y[PLANCHE_WGMMA_INPUTS]; /* added to coordinates */
    int32_t in_chunks[PLANCHE_WGMMA_INPUTS];
    int32_t in_odd_rows[PLANCHE_WGMMA_INPUTS]; /* PAIRED: how many */
    struct planche_wgmma_residual residual[PLANCHE_WGMMA_RESIDUALS];
    uint64_t weights;         /* [block][chunk][tap][16 inputs][thread of a warpgroup] 16 bytes */
    uint64_t constants;       /* float: bias[outputs], then slopes[outputs] if they are used */
    uint64_t out;             /* halves [height][width][pitch] */
    uint64_t sums;            /* [pitch] of int64, in units of 2^-16; 0: not in this run */
    int32_t in_count, chunks; /* of all inputs */
    int32_t width, height, pitch;
    int32_t blocks;                             /* of outputs */
    int32_t outputs;                            /* of all of them, as the constants count them */
    int32_t tiles_x;                            /* tiles side by side */
    int32_t first_tile, tiles;                  /* of this launch, row after row; the end of them */
    int32_t slopes;                             /* 1: of each channel; 0: `slope` */
    float slope;                                /* what negative values are multiplied with */
    int32_t step_blocks;                        /* blocks of a phase, if outputs are 2 x 2 phases */
    int32_t pad_left, pad_top;                  /* likewise: added to where their pixels go */
    int32_t sums_x0, sums_x1, sums_y0, sums_y1; /* pixels that are added up */
};

#endif
