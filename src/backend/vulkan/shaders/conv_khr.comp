/* SPDX-License-Identifier: MIT */
/* CONV and DECONV on cooperative matrices of a subgroup: conv_matrix.glsl. */
// variants: f16
#version 460
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_GOOGLE_include_directive : require
#define SOFT 0
#include "conv_matrix.glsl"
