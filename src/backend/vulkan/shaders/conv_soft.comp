/* SPDX-License-Identifier: MIT */
/* conv_khr.comp for devices without matrix units, for tests: the same code with matrices that are
 * made of floats. */
// variants: f16
#version 460
#extension GL_GOOGLE_include_directive : require
#define SOFT 1
#include "conv_matrix.glsl"
