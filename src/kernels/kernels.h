/* SPDX-License-Identifier: MIT */
/* Kernel table: the arithmetic as one table of functions, filled with the best versions that the
 * CPU has.
 *
 * A row of a tensor is stored in blocks of channels: [block][x][lane]. Tensors of up to
 * PLANCHE_PLANAR_CHANNELS channels are planar (1 lane: a block is one channel), others have blocks
 * of 16 lanes; the last block's unused lanes are zero. Kernels see rows through pointers to (block,
 * x), so blocks may lie anywhere. Pointers to 16-lane data are aligned to 64 bytes. Kernels touch
 * only what their comments say: no padding is required of callers beyond that.
 *
 * Every result element is computed by the same sequence of operations wherever it lies in a run, so
 * that cutting a row into runs does not change a bit. */
#ifndef PLANCHE_KERNELS_KERNELS_H
#define PLANCHE_KERNELS_KERNELS_H

#include "kernels/conv3_int8.h"
#include "net/layout.h"
#include "net/ops.h"

#include <planche/types.h>
#include <stddef.h>
#include <stdint.h>

/* After the sum: v += bias; v = max(v, 0) + slope * min(v, 0); then for each residual r: v = self *
 * v + other * r; at last v *= scale. bias and slope have one value per output lane of the group,
 * never NULL (slope 1: no activation). */
struct planche_epilogue {
    const float *bias, *slope;
    unsigned residuals; /* <= PLANCHE_RESIDUALS */
    float self[PLANCHE_RESIDUALS], other[PLANCHE_RESIDUALS];
    const float *scale; /* like bias; NULL: none, always so for conv_narrow */
};

/* Indirect GEMM: convolution of a run of output pixels as a sum over the entries of an indirection
 * buffer (Dukhan, 2019, arXiv:1907.02129). An entry is a (kernel tap, input
 * block) pair. Serves every kernel size, stride and dilation, 1x1 and the phases of deconvolutions.
 *   out[b][p][lane] = epilogue(sum over e, k of inputs[e][p * input_step + k] *
 * weights[e][k][b][lane]) */
struct planche_conv_args {
    size_t entries;
    const float *const *inputs; /* [entries], at the run's first pixel */
    unsigned depth;             /* input lanes used by every entry: 1 (planar) or 16 */
    ptrdiff_t input_step;       /* floats from one output pixel's input to the next one's */
    const void *weights;        /* conv: floats [entries][depth][out_blocks][16]; conv_bf16:
                                   bf16 [entries][depth / 2][out_blocks][16][2]; conv_narrow:
                                   floats [out_blocks][entries][16]; depthwise: floats
                                   [entries][16] */
    unsigned out_blocks;   /* conv: 1..4 blocks of 16 lanes; conv_narrow: 1..4 planar channels */
    float *const *outputs; /* [out_blocks], at the run's first pixel */
    ptrdiff_t output_step; /* floats from one output pixel to the next: >= 16 (conv), >= 1
                              (conv_narrow) */
    size_t count;          /* output pixels */
    struct planche_epilogue epilogue; /* conv: 16 lanes per block; conv_narrow: 1 per channel */
    const float *const
        *residual[PLANCHE_RESIDUALS]; /* [out_blocks] each, at the run's first pixel */
    ptrdiff_t residual_step[PLANCHE_RESIDUALS];
    void
        *scratch; /* conv_bf16: planche_conv_scratch() bytes, 64-byte aligned, content irrelevant */
};
/* conv: output lanes are channels. conv_bf16: inputs, of depth 16, are rounded to bf16, sums are
 * floats. conv_narrow: few planar outputs from 16-lane inputs (depth 16), vectors along the input
 * lanes. depthwise: one block, depth 16, and every lane by itself:
 *   out[0][p][lane] = epilogue(sum over e of inputs[e][p * input_step + lane] * weights[e][lane])
 */
typedef void (*planche_conv_fn)(const struct planche_conv_args *args);
/* False on overflow. */
int planche_conv_scratch(enum planche_precision precision, size_t entries, size_t *bytes);

/* Winograd F(m x m, 3x3), stride 1 (Lavin and Gray, 2015, arXiv:1509.09308), for tiles of m = 4 or
 * 6: one row of tiles, m output rows high. Tile t covers output columns m*t .. m*t + m - 1 and
 * reads input columns m*t .. m*t + m + 1 of rows 0 .. m + 1, all relative to the pointers. Below,
 * `tile` is m. In bf16 the transformed inputs and weights are rounded, transforms and sums are
 * float. */
#define PLANCHE_WINOGRAD_TILE_MAX     6
#define PLANCHE_WINOGRAD_INPUT(tile)  ((tile) + 2)
#define PLANCHE_WINOGRAD_POINTS(tile) (((tile) + 2) * ((tile) + 2))
struct planche_winograd_args {
    unsigned in_blocks;             /* 16-lane input blocks */
    unsigned in_lanes;              /* lanes up to the last one in use, which is in the last block;
                                       0: all */
    const float *const *input_rows; /* [in_blocks][tile + 2], at the run's first input column */
    size_t input_columns; /* columns readable from there; what a tile would read beyond them counts
                             as zero */
    const void *weights;  /* from planche_winograd_pack, all output groups; 64-byte aligned */
    unsigned out_blocks;  /* any number; worked through in groups of up to 4 */
    unsigned out_lanes;   /* like in_lanes; the last block's others are set to zero: their bias and
                             residuals are zero */
    float *const *output_rows; /* [out_blocks][tile]; NULL: that row is not wanted */
    size_t columns;            /* output columns to write: the run has ceil(columns / m) tiles */
    struct planche_epilogue epilogue; /* 16 lanes per out block */
    const float *const *
        residual_rows[PLANCHE_RESIDUALS]; /* [out_blocks][tile], at the run's first output column */
    float *scratch; /* planche_winograd_scratch() floats, 64-byte aligned, content irrelevant */
};
typedef void (*planche_winograd_fn)(const struct planche_winograd_args *args);

/* Tiles of the register blocks of this CPU family: what runs should be a multiple of. */
#if defined(__aarch64__)
#define PLANCHE_WINOGRAD_STEP 5
#else
#define PLANCHE_WINOGRAD_STEP 6
#endif
/* Tiles that one call should get so that its scratch and the weights share the L2 cache; a hint for
 * callers. */
size_t planche_winograd_tiles(unsigned tile, enum planche_precision precision, unsigned in_blocks,
                              unsigned out_blocks, uint64_t l2_bytes);
/* Floats of scratch for a run of up to `tiles` tiles, and of packed weights, two bf16 counting for
 * one. False on overflow. */
int planche_winograd_scratch(unsigned tile, unsigned in_blocks, unsigned out_blocks, size_t tiles,
                             size_t *floats);
int planche_winograd_weights(unsigned tile, enum planche_precision precision, unsigned in_blocks,
                             unsigned out_blocks, size_t *floats);
/* Packing of weights: their transformation, in double precision. */
struct planche_winograd_pack_args {
    unsigned tile;
    enum planche_precision precision;
    const float *weights; /* [out_channels][in_channels][3][3] */
    unsigned out_channels, in_channels;
    const unsigned *in_lane; /* [in_channels]: the place among in_blocks * 16 lanes */
    unsigned in_blocks, out_blocks;
    void *packed; /* planche_winograd_weights() floats */
};
/* The work comes in parts, 0 .. parts - 1, which write different places: in any order, on any
 * threads. Lanes without a channel are zero. */
size_t planche_winograd_pack_parts(const struct planche_winograd_pack_args *args);
void planche_winograd_pack(const struct planche_winograd_pack_args *args, size_t part);
/* The 3x3 kernels of PLANCHE_LANES outputs, 9 floats each (NULL: zeros), as the 36 points of 4 x 4
 * tiles: points[point * PLANCHE_LANES + lane]. For GPUs. */
void planche_winograd_kernels(const float *const kernels[PLANCHE_LANES], float *points);

/* out[i] = self * a[i] (op) other * b[i]; op as in enum planche_binary_op (net/ops.h). out may be a
 * or b. */
struct planche_binary_args {
    int op;
    float self, other;
    const float *a, *b;
    float *out;
    size_t count;
};
/* out[p][lane] = a[p][lane] (op) vector[lane]; lanes is 1 or 16. out may be a. */
struct planche_binary_vector_args {
    int op;
    unsigned lanes;
    const float *a, *vector;
    float *out;
    size_t pixels;
};
/* out[p][lane] = max(v, 0) + slope[lane] * min(v, 0) with v = in * scale[lane] + bias[lane]. out
 * may be in. */
struct planche_channel_args {
    unsigned lanes;
    const float *in, *scale, *bias, *slope;
    float *out;
    size_t pixels;
};
/* values[i] = activation(values[i]); not SLOPES. */
struct planche_activate_args {
    int activation; /* enum planche_activation */
    float act[2];
    float *values;
    size_t count;
};
/* Every pixel over its channels, less their mean (PLANCHE_NORM_LAYER) and divided by the root of
 * the mean of the squares and eps; then times scale, plus bias, which are zero in lanes without a
 * channel. out may be in. */
struct planche_norm_args {
    int norm; /* enum planche_norm */
    unsigned lanes, blocks, channels;
    const float *const *in; /* [blocks] */
    const float *scale, *bias;
    float eps;
    float *const *out; /* [blocks] */
    size_t pixels;
};
/* Attention of the pixels of a window to each other, for one head, whose channels fill `blocks`
 * whole blocks: out[i] = sum over j of share[i][j] * value[j], where the shares of a pixel i are
 * the softmax over j of factor * (query[i] . key[j]) + bias[j][i]. Pixels are counted row by row.
 */
/* Floats of a row of the bias; those behind the last pixel are zeros. */
#define PLANCHE_ATTENTION_LENGTH(pixels)                                                           \
    (((pixels) + PLANCHE_LANES - 1) / PLANCHE_LANES * PLANCHE_LANES)
/* Floats of scratch. */
#define PLANCHE_ATTENTION_SCRATCH(blocks, pixels)                                                  \
    ((size_t)(blocks)*PLANCHE_LANES * ((pixels)*2 + PLANCHE_ATTENTION_LENGTH(pixels)) +            \
     PLANCHE_ATTENTION_LENGTH(pixels) * ((pixels) + 2))
struct planche_attention_args {
    unsigned blocks, rows, columns;                        /* rows, columns: of the window */
    const float *const *query, *const *key, *const *value; /* [blocks][rows], at the first column */
    float factor;
    const float *bias; /* [pixels][PLANCHE_ATTENTION_LENGTH(pixels)] */
    float *const *out; /* like query */
    float *scratch;    /* 64-byte aligned, content irrelevant */
};
/* sums[lane] += in[p][lane], p in order. */
struct planche_sum_args {
    unsigned lanes;
    const float *in;
    size_t pixels;
    float *sums;
};
/* One output row block of an interpolation. Nearest (taps 1): out[p][lane] =
 * rows[0][columns[p] * lanes + lane]. Else, with columns < min counting as min and those > max
 * as max: out[p][lane] = sum over j < taps of column_weights[p * taps + j] * (sum over i < taps of
 * row_weights[i] * rows[i][(columns[p] + j) * lanes + lane]). */
struct planche_interp_args {
    unsigned lanes, taps;        /* taps: 1 (nearest), 2 or 4 */
    const float *const *rows;    /* [taps] */
    const float *row_weights;    /* [taps]; not read for nearest */
    const int32_t *columns;      /* [pixels]: of the first tap; they never decrease, and one of a
                                    pixel's taps lies in min..max */
    int32_t min, max;            /* columns that exist; not read for nearest */
    const float *column_weights; /* [pixels][taps]; not read for nearest */
    float *out;
    size_t pixels;
};
/* One output row (number `row` of the factor rows that an input row makes) of a pixel shuffle,
 * `pixels` input pixels: out[c] holds pixels * factor pixels of output channel c. Outputs planar
 * (lanes 1) or 16-lane blocks. */
struct planche_shuffle_args {
    const float *const *inputs; /* input blocks of in_lanes lanes */
    unsigned in_lanes;
    const float *const *addends; /* or NULL; blocks of out_lanes lanes, `pixels` pixels: out[c] +=
                                    addends[c][p] for the factor pixels made from pixel p */
    float *const *outputs;       /* output blocks of out_lanes lanes */
    unsigned out_lanes;
    unsigned out_channels, factor, row;
    size_t pixels;
};
/* Interleaved pixels of 8 or 16 bits (samples of `step` samples each) to planar floats: out[c][p] =
 * in[p * step + c] * scale + bias, for `channels` channels (1 or 3 used); scale includes 1/255 or
 * 1/65535. */
struct planche_load_args {
    const void *in;
    unsigned step, channels;
    float scale, bias;
    float *const *out;
    size_t pixels;
};
/* out[p * step + c] = clamp(floor(in[c][p] * scale + bias + 0.5), 0, 255 or 65535); NaN becomes 0.
 */
struct planche_store_args {
    const float *const *in;
    unsigned step, channels;
    float scale, bias;
    void *out;
    size_t pixels;
};

struct planche_kernels {
    planche_conv_fn conv;
    planche_conv_fn conv_narrow;
    planche_conv_fn depthwise;
    planche_winograd_fn winograd4, winograd6; /* tiles of 4 x 4 and 6 x 6 */
    planche_conv_fn conv_bf16;
    planche_winograd_fn winograd4_bf16, winograd6_bf16;
    planche_conv3_int8_fn conv3_int8;
    void (*binary)(const struct planche_binary_args *args);
    void (*binary_vector)(const struct planche_binary_vector_args *args);
    void (*channel)(const struct planche_channel_args *args);
    void (*activate)(const struct planche_activate_args *args);
    void (*norm)(const struct planche_norm_args *args);
    void (*attention)(const struct planche_attention_args *args);
    void (*sum)(const struct planche_sum_args *args);
    void (*interp)(const struct planche_interp_args *args);
    void (*shuffle)(const struct planche_shuffle_args *args);
    void (*load8)(const struct planche_load_args *args);
    void (*load16)(const struct planche_load_args *args);
    void (*store8)(const struct planche_store_args *args);
    void (*store16)(const struct planche_store_args *args);
};

/* Portable C first, then what features (planche_cpu_select) allow, in ascending order. */
void planche_kernels_init(struct planche_kernels *kernels, uint32_t features);

#endif
