/* SPDX-License-Identifier: MIT */
/* What a dispatch works on, in a uniform block: read by C and by GLSL (std140) alike, so every
 * struct is a multiple of 16 bytes and has no arrays of scalars.
 *
 * Tensors are regions of the network's tensors, as much as a tile needs of them, channels last:
 * [y][x][pitch]. A read outside a region that a convolution makes yields zero: the region is what
 * is needed of the tensor, cut off at the tensor's edges, so what is missing is padding. */
#ifndef PLANCHE_BACKEND_VULKAN_SHADERS_ARGS_H
#define PLANCHE_BACKEND_VULKAN_SHADERS_ARGS_H

#ifdef GL_core_profile
#define PLANCHE_INT      int
#define PLANCHE_FLOAT    float
#define PLANCHE_ADDRESS  uvec2
#define PLANCHE_VIEW     planche_gpu_view
#define PLANCHE_RESIDUAL planche_gpu_residual
/* These are words of the language there. */
#define in  sources
#define out result
#else
#include <stdint.h>
#define PLANCHE_INT      int32_t
#define PLANCHE_FLOAT    float
#define PLANCHE_ADDRESS  uint64_t
#define PLANCHE_VIEW     struct planche_gpu_view
#define PLANCHE_RESIDUAL struct planche_gpu_residual
#endif

#define PLANCHE_GPU_INPUTS    8
#define PLANCHE_GPU_RESIDUALS 2

/* Sums that an average is made of are kept this many times, one behind the other, and added up in
 * the end: workgroups that add to the same few words at the same time wait for each other. */
#define PLANCHE_GPU_SUM_COPIES 16

/* How a consumer sees a stored region. */
struct planche_gpu_view {
    PLANCHE_ADDRESS address;   /* of the region's first value; aligned to 256 bytes */
    PLANCHE_INT width, height; /* of the stored region, pixels */
    PLANCHE_INT pitch;         /* values from one pixel to the next */
    PLANCHE_INT channels;
    PLANCHE_INT x, y;      /* added to the consumer's coordinates (each operation says which) */
    PLANCHE_ADDRESS scale; /* floats that channels are multiplied with as they are read, by products
                              on matrix units that know of it; 0: none */
    PLANCHE_INT unused0, unused1;
};

/* value = self * value + other * view, after the activation */
struct planche_gpu_residual {
    PLANCHE_VIEW view; /* x, y: added to the output's local coordinates */
    PLANCHE_FLOAT self, other;
    PLANCHE_INT unused0, unused1;
};

struct planche_gpu_args {
    PLANCHE_VIEW in[PLANCHE_GPU_INPUTS];
    PLANCHE_RESIDUAL residual[PLANCHE_GPU_RESIDUALS];
    PLANCHE_VIEW out; /* x, y: its first pixel in the whole tensor */
    PLANCHE_ADDRESS weights;
    PLANCHE_ADDRESS constants; /* float: bias[n], then slopes[n] where they are used, zeros behind
                                  the channels; n: out.pitch, or the outputs of a product on matrix
                                  units; 0: no bias */
    PLANCHE_INT in_count, residual_count;
    PLANCHE_INT activation; /* enum planche_activation */
    PLANCHE_INT operation;  /* enum planche_binary_op, enum planche_interp_mode, ... */
    PLANCHE_FLOAT act0, act1;
    PLANCHE_FLOAT self, other; /* BINARY's coefficients; BINARY_SCALAR: other; LOAD, STORE: scale,
                                  bias */
    PLANCHE_INT kernel_w, kernel_h, stride_w, stride_h;
    PLANCHE_INT dilation_w, dilation_h, pad_left, pad_top;
    PLANCHE_INT in_width, in_height;   /* of the whole view of in[0] (not of the region) */
    PLANCHE_INT out_width, out_height; /* of the whole output tensor */
    PLANCHE_INT count_lo, count_hi;    /* AVERAGE: pixels of the whole view */
    PLANCHE_INT page_width, page_height;
    PLANCHE_ADDRESS page;     /* LOAD: the page's pixels; STORE: where the result's pixels go */
    PLANCHE_ADDRESS alpha;    /* STORE: the page's pixels, whose alpha is to be enlarged; 0: none */
    PLANCHE_ADDRESS vector;   /* BINARY_VECTOR reads, AVERAGE and INNER write floats */
    PLANCHE_ADDRESS flags;    /* LOAD, STORE: what was seen, PLANCHE_GPU_SAW_* */
    PLANCHE_INT page_stride;  /* bytes from one row of page to the next, a multiple of 4 */
    PLANCHE_INT colours;      /* 1 or 3 */
    PLANCHE_INT depth;        /* 8 or 16; 32: STORE gives floats, a plane per colour */
    PLANCHE_INT scale;        /* SHUFFLE's r, STORE's enlargement of alpha */
    PLANCHE_INT channels;     /* samples of a pixel: colours and alpha */
    PLANCHE_INT alpha_stride; /* bytes from one row of alpha to the next */
    PLANCHE_INT shuffle;      /* STORE: r, if in[0] is still to be shuffled; 0: it is not */
    PLANCHE_INT enlargement;  /* STORE: times that in[1] is to be enlarged and added; 0: none */
    PLANCHE_INT shuffle_x, shuffle_y; /* STORE: added to the output's coordinates before... */
    PLANCHE_INT enlarge_x, enlarge_y; /* ...these are divided */
    PLANCHE_ADDRESS sums; /* products that add up their output: as POOL has it; 0: not in
                             this run */
    PLANCHE_INT unused0, unused1;
    PLANCHE_INT sums_x0, sums_x1, sums_y0, sums_y1; /* local pixels that are added */
};

#ifdef GL_core_profile
#undef in
#undef out
#endif

/* Flags that LOAD and STORE set. */
#define PLANCHE_GPU_SAW_INPUT  1 /* a bright pixel of the page in the tile's own part */
#define PLANCHE_GPU_SAW_OUTPUT 2 /* a pixel of the result that is not black */
#define PLANCHE_GPU_SAW_NAN    4 /* a value that is no number, or infinite */

#endif
