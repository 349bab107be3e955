/* SPDX-License-Identifier: MIT */
/* The matrices of weights of conv_nv2.comp, 16 inputs x BLOCK outputs, as its threads hold them: a
 * thread has matrix.length() values, in pieces of 8 halves. */
#ifndef PLANCHE_MATRIX_NV2_GLSL
#define PLANCHE_MATRIX_NV2_GLSL

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64;
layout(constant_id = 1) const uint BLOCK = 64; // a multiple of 16

const uint CHANNELS = 16;
/* Pieces from one matrix to the next: enough for each subgroup to hold all of it. */
const uint SLOT = CHANNELS * BLOCK / 8 * (THREADS / 32);

#define WEIGHTS coopmat<float16_t, gl_ScopeWorkgroup, CHANNELS, BLOCK, gl_MatrixUseB>

#endif
