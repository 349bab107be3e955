/* SPDX-License-Identifier: MIT */
/* Vectors of 4 floats in NEON registers, part of every AArch64 CPU, for the *_body.h files. */
#ifndef PLANCHE_KERNELS_SIMD_NEON_H
#define PLANCHE_KERNELS_SIMD_NEON_H

#include "kernels/simd.h"

#include <arm_neon.h>

typedef float32x4_t vec;
#define VEC_LANES 4
/* 5 pixels of a block: with 6 the compilers, which load a step's operands early, keep some of the
 * sums in memory. */
#define VEC_ACCUMULATORS 20

static INLINE vec vec_load(const float *p)
{
    return vld1q_f32(p);
}

static INLINE void vec_store(float *p, vec v)
{
    vst1q_f32(p, v);
}

/* Compilers do not spread a loaded x over a vector: vec_fma multiplies by a lane. */
static INLINE vec vec_set(float x)
{
    return vdupq_n_f32(x);
}

/* v; see simd_avx512.h. No operand of an instruction is in memory here. */
static INLINE vec vec_hold(vec v)
{
    return v;
}

static INLINE vec vec_add(vec a, vec b)
{
    return vaddq_f32(a, b);
}

static INLINE vec vec_sub(vec a, vec b)
{
    return vsubq_f32(a, b);
}

static INLINE vec vec_mul(vec a, vec b)
{
    return vmulq_f32(a, b);
}

/* a * b + c */
static INLINE vec vec_fma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

/* c - a * b */
static INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return vfmsq_f32(c, a, b);
}

/* v where its sign bit is clear, v * slope where it is set. */
static INLINE vec vec_leaky(vec v, vec slope)
{
    return vbslq_f32(vcltzq_s32(vreinterpretq_s32_f32(v)), vmulq_f32(v, slope), v);
}

/* A vector is a quad already. */
typedef vec quad;

/* The sums of the lanes of a, b, c and d. */
static INLINE quad vec_sum4(vec a, vec b, vec c, vec d)
{
    return vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d));
}

/* v + bias, times slope where its sign bit is set. */
static INLINE quad quad_activate(quad v, float bias, float slope)
{
    return vec_leaky(vec_add(v, vec_set(bias)), vec_set(slope));
}

static INLINE void quad_store(float *p, quad v)
{
    vec_store(p, v);
}

#endif
