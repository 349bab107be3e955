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
    PLANCHE_ACT_HARDSWISH = 6, /* act[0], act[1]: alpha, beta */
    PLANCHE_ACT_SLOPES = 100   /* PReLU: a slope per channel */
};

enum planche_interp_mode {
    PLANCHE_INTERP_NEAREST = 1,
    PLANCHE_INTERP_BILINEAR = 2,
    PLANCHE_INTERP_BICUBIC = 3
};

/* Residual additions that a convolution's epilogue can take: out = self * out + other * residual.
 */
#define PLANCHE_RESIDUALS 2

#endif
