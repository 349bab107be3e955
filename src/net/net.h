/* SPDX-License-Identifier: MIT */
/* Intermediate representation (IR) of a network: what backends run. Immutable; the lowering of a
 * model's graph makes it (src/model/lower).
 *
 * Tensors are spatial (channels x height x width, height and width follow from the page) or vectors
 * (channels only: pooled averages and what dense layers make of them). Steps stand in an order in
 * which every tensor is produced before it is used, and every tensor is produced by exactly one
 * step, but for tensor 0, the network's input. Splits are gone (several steps read one tensor),
 * concatenations are lists of inputs where that is free, crops are views, and bias, activation and
 * residual additions are part of the convolution that they follow. */
#ifndef PLANCHE_NET_NET_H
#define PLANCHE_NET_NET_H

#include "base/alloc.h"
#include "base/log.h"
#include "net/ops.h"

#include <stdbool.h>
#include <stdint.h>

/* No tensor has more channels. */
#define PLANCHE_NET_CHANNELS 4096

/* A tensor less some rows and columns at its edges. */
struct planche_view {
    int tensor;
    int top, left, bottom, right; /* cut away, >= 0 */
};

struct planche_tensor {
    char name[64]; /* for messages and profiles */
    int channels;
    bool vector;
};

enum planche_step_op {
    PLANCHE_STEP_CONV,          /* inputs: channel-concatenated views; if there are several, each is
                                   joinable (net/layout.h) */
    PLANCHE_STEP_DECONV,        /* likewise */
    PLANCHE_STEP_BINARY,        /* out = self * in0 (op) other * in1, same shape */
    PLANCHE_STEP_BINARY_SCALAR, /* out = in0 (op) scalar */
    PLANCHE_STEP_BINARY_VECTOR, /* out[c] = in0[c] (op) vector[c] */
    PLANCHE_STEP_CHANNEL,       /* out[c] = act(in0[c] * scale[c] + bias[c]) */
    PLANCHE_STEP_CONCAT, /* copies the inputs one after another; one input: a materialised crop */
    PLANCHE_STEP_INTERP,
    PLANCHE_STEP_SHUFFLE, /* pixel shuffle, channel-major: out (c, y*r+i, x*r+j) is in channel c*r*r
                             + i*r + j */
    PLANCHE_STEP_POOL,    /* spatial in0 -> vector: averages over the whole view */
    PLANCHE_STEP_INNER,   /* vector -> vector: dense layer */
    PLANCHE_STEP_DEPTHWISE, /* a convolution of every channel by itself, of more than
                               PLANCHE_PLANAR_CHANNELS; one input */
    PLANCHE_STEP_NORM, /* out[c] = norm(in0)[c] * scale[c] + bias[c], over the channels of a pixel
                        */
    PLANCHE_STEP_PAD,  /* in0 with more rows and columns round it */
    PLANCHE_STEP_ATTENTION /* in0: queries, keys and values, as many channels of each as the output
                              has: attention within windows, see kernels/kernels.h */
};

/* value = self * value + other * view; same shape as the step's output. */
struct planche_residual {
    struct planche_view view;
    float self, other;
};

struct planche_step {
    enum planche_step_op op;
    char name[64]; /* of the model's layer, for messages and profiles */
    int input_count;
    struct planche_view *inputs;
    int output; /* tensor */

    /* CONV, DECONV, DEPTHWISE: explicit zero padding; DECONV's padding is cut away from its result.
     * Weights are [out channel][in channel][kernel row][kernel column], also for DECONV and INNER
     * (1x1); DEPTHWISE: [channel][kernel row][kernel column]. PAD: rows and columns to be added. */
    int kernel_w, kernel_h, stride_w, stride_h, dilation_w, dilation_h;
    int pad_top, pad_left, pad_bottom, pad_right;
    float *weights; /* CONV, DECONV, DEPTHWISE: in net->kernels, or its own; INNER */
    bool owns_weights;
    bool copies;  /* CONV: its weights are 0 and 1, one or none of a kind, so that its values are
                     those of its inputs, in full precision */
    float *bias;  /* CONV, DECONV, DEPTHWISE, INNER, CHANNEL, NORM: per output channel, or NULL */
    float *scale; /* CHANNEL, NORM: per channel, or NULL */
    float *slope; /* PLANCHE_ACT_SLOPES: per output channel */

    /* CONV, DECONV and DEPTHWISE have NONE, RELU, LEAKY or SLOPES only (others follow as a CHANNEL
     * step). Order: bias, activation, then the residuals. */
    enum planche_activation activation;
    float act[2];
    int residual_count; /* CONV, DECONV, DEPTHWISE */
    struct planche_residual residuals[PLANCHE_RESIDUALS];

    enum planche_binary_op binary; /* BINARY* */
    float self, other;             /* BINARY: coefficients, 1 unless an Eltwise sum gives them */
    float scalar;                  /* BINARY_SCALAR */
    int vector;                    /* BINARY_VECTOR: the vector tensor */

    enum planche_interp_mode interp; /* INTERP: output size = floor(input size * factor) */
    enum planche_interp_place place;
    float cubic; /* INTERP, BICUBIC: Keys' a */
    float factor_w, factor_h;
    int shuffle;            /* SHUFFLE: r */
    enum planche_norm norm; /* NORM */
    float eps;
    enum planche_pad_mode pad_mode; /* PAD */
    /* ATTENTION: the channels lie head by head, of which each fills whole blocks. Windows of
     * `window` rows and columns begin at `shift` and end at the edges of the picture, of which no
     * side is less than two windows, and each is whole ones. */
    int heads, window, shift;
    float *offsets; /* ATTENTION: what pixels add by how they lie to each other, [rows from the
                       other + window - 1][columns likewise][head] */
};

/* How a page becomes the network's input and its output the enlarged page. */
struct planche_recipe {
    unsigned scale;
    unsigned multiple; /* the page is extended right and bottom to a multiple of this many pixels */
    unsigned pad;  /* then padded on all sides; extension and padding are one reflection (edge not
                      repeated) */
    unsigned crop; /* the result begins at this row and column of the network's output */
    float in_scale, in_bias;   /* network input = in_scale * (pixel in 0..1) + in_bias */
    float out_scale, out_bias; /* pixel = out_scale * (network output) + out_bias */
};

struct planche_net {
    struct planche_budget *budget;
    int tensor_count, step_count;
    struct planche_tensor *tensors;
    struct planche_step *steps;
    float *kernels; /* the weights of CONV, DECONV and DEPTHWISE steps that own none */
    struct planche_view output;
    struct planche_recipe recipe;
};

/* Frees the weights of CONV, DECONV and DEPTHWISE steps, which are needed no more once they are
 * packed. */
void planche_net_drop_kernels(struct planche_net *net);
void planche_net_destroy(struct planche_net **net);

/* Heights and widths. */
struct planche_shape {
    int64_t height, width;
};

/* The size of the network's input for a page: extended, and padded on all sides. */
struct planche_shape planche_padded_shape(const struct planche_recipe *recipe, int64_t width,
                                          int64_t height);
/* Fills shapes[tensor_count] for an input of the given size (vectors: 1x1). False: some tensor
 * would be empty or a size would exceed 2^31, or views that must agree do not. */
bool planche_net_shapes(const struct planche_net *net, int64_t height, int64_t width,
                        struct planche_shape *shapes);
struct planche_shape planche_view_shape(const struct planche_view *view,
                                        const struct planche_shape *shapes);
/* A step that has kernels and an epilogue: CONV, DECONV, DEPTHWISE. */
static inline bool planche_step_has_kernel(const struct planche_step *step)
{
    return step->op == PLANCHE_STEP_CONV || step->op == PLANCHE_STEP_DECONV ||
           step->op == PLANCHE_STEP_DEPTHWISE;
}

/* Channels of all inputs of a step together. */
int planche_step_in_channels(const struct planche_net *net, const struct planche_step *step);

/* Sizes along one axis. Convolution: window over size + padding. Deconvolution: the full result
 * less the padding. Interpolation: false unless size * factor is whole. */
int64_t planche_conv_size(int64_t size, int kernel, int stride, int dilation, int padding);
int64_t planche_deconv_size(int64_t size, int kernel, int stride, int dilation, int padding);
bool planche_interp_size(int64_t size, float factor, int64_t *out);
/* Whether windows suit a picture: it has two in each direction, and whole ones. */
bool planche_windows_fit(struct planche_shape shape, int window);

/* Multiply-adds of a step's plain convolution for the given shapes. */
double planche_step_macs(const struct planche_net *net, const struct planche_step *step,
                         const struct planche_shape *shapes);

#endif
