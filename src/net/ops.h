/* SPDX-License-Identifier: MIT */
/* Operators of the intermediate representation that kernels and shaders compute.
 *
 * The numbers are part of the interface of the compiled shaders (src/backend/vulkan/shaders) and
 * stay as they are. Loaders map the numbers of their formats to these names. */
#ifndef PLANCHE_NET_OPS_H
#define PLANCHE_NET_OPS_H

enum planche_binary_op {
    PLANCHE_BINARY_ADD = 0,
    PLANCHE_BINARY_SUB = 1,
    PLANCHE_BINARY_MUL = 2,
    PLANCHE_BINARY_DIV = 3,
    PLANCHE_BINARY_MAX = 4,
    PLANCHE_BINARY_MIN = 5,
    PLANCHE_BINARY_RSUB = 7, /* in1 - in0 */
    PLANCHE_BINARY_RDIV = 8
};

enum planche_activation {
    PLANCHE_ACT_NONE = 0,
    PLANCHE_ACT_RELU = 1,
    PLANCHE_ACT_LEAKY = 2, /* act[0]: slope */
    PLANCHE_ACT_CLIP = 3,  /* act[0], act[1]: minimum, maximum */
    PLANCHE_ACT_SIGMOID = 4,
    PLANCHE_ACT_MISH = 5,
    PLANCHE_ACT_HARDSWISH = 6, /* v * clamp(act[0] * v + act[1], 0, 1) */
    PLANCHE_ACT_SILU = 7,      /* v * sigmoid(v), which is also called Swish */
    PLANCHE_ACT_GELU = 8,      /* v * (1 + erf(v / sqrt(2))) / 2 */
    PLANCHE_ACT_GELU_TANH = 9, /* v * (1 + tanh(sqrt(2 / pi) * (v + 0.044715 * v^3))) / 2 */
    PLANCHE_ACT_TANH = 10,
    PLANCHE_ACT_HARDSIGMOID = 11, /* clamp(act[0] * v + act[1], 0, 1) */
    PLANCHE_ACT_ELU = 12,         /* v, or act[0] * (exp(v) - 1) below zero */
    PLANCHE_ACT_SLOPES = 100      /* PReLU: a slope per channel */
};

/* What a convolution's epilogue can do: v, or v times a slope where it is negative. */
static inline int planche_activation_is_slope(enum planche_activation activation)
{
    return activation <= PLANCHE_ACT_LEAKY || activation == PLANCHE_ACT_SLOPES;
}

enum planche_interp_mode {
    PLANCHE_INTERP_NEAREST = 1,
    PLANCHE_INTERP_BILINEAR = 2,
    PLANCHE_INTERP_BICUBIC = 3
};

/* Where the output's pixel i lies in the input, for `in` pixels made `out`. */
enum planche_interp_place {
    PLANCHE_INTERP_HALF_PIXEL = 0,    /* (i + 0.5) * in / out - 0.5; NEAREST: floor(i * in / out) */
    PLANCHE_INTERP_ALIGN_CORNERS = 1, /* i * (in - 1) / (out - 1); NEAREST: the nearest one */
    PLANCHE_INTERP_ASYMMETRIC = 2     /* i * in / out; NEAREST: floor of it */
};

enum planche_norm {
    PLANCHE_NORM_LAYER = 0, /* (v - mean) / sqrt(variance + eps) */
    PLANCHE_NORM_RMS = 1    /* v / sqrt(mean of the squares + eps) */
};

enum planche_pad_mode {
    PLANCHE_PAD_ZERO = 0,
    PLANCHE_PAD_REFLECT = 1, /* the edge is not repeated */
    PLANCHE_PAD_EDGE = 2     /* the edge is repeated */
};

/* Residual additions that a convolution's epilogue can take: out = self * out + other * residual.
 */
#define PLANCHE_RESIDUALS 2

#endif
