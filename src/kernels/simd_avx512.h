/* SPDX-License-Identifier: MIT */
/* Vectors of 16 floats in AVX-512 registers, for the *_body.h files. */
#ifndef PLANCHE_KERNELS_SIMD_AVX512_H
#define PLANCHE_KERNELS_SIMD_AVX512_H

#include "kernels/simd_x86.h"

typedef __m512 vec;
#define VEC_LANES        16
#define VEC_ACCUMULATORS 24 /* of 32 registers */

static INLINE vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static INLINE void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

static INLINE vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}

/* Lanes of half a vector, which two tiles may share (winograd_pairs.h). */
#define HALF_LANES 8

/* The same 8 floats in both halves. */
static INLINE vec vec_load_twice(const float *p)
{
    return _mm512_broadcast_f32x8(_mm256_loadu_ps(p));
}

static INLINE vec vec_load_halves(const float *low, const float *high)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(low)), _mm256_loadu_ps(high),
                              1);
}

/* The low half of a, the high half of b. */
static INLINE vec vec_halves(vec a, vec b)
{
    return _mm512_mask_blend_ps(0xff00, a, b);
}

/* A half in the low lanes, zeros above. */
static INLINE vec vec_low(vec v)
{
    return _mm512_maskz_mov_ps(0x00ff, v);
}

static INLINE vec vec_high(vec v)
{
    return _mm512_zextps256_ps512(_mm512_extractf32x8_ps(v, 1));
}

/* v, once loaded into a register: compilers like to read it again for every use, and the load ports
 * are busy. */
static INLINE vec vec_hold(vec v)
{
    __asm__("" : "+v"(v));
    return v;
}

static INLINE vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

static INLINE vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

static INLINE vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

/* a * b + c */
static INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* c - a * b */
static INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

/* v where its sign bit is clear, v * slope where it is set. */
static INLINE vec vec_leaky(vec v, vec slope)
{
    return _mm512_mask_mul_ps(v, _mm512_movepi32_mask(_mm512_castps_si512(v)), v, slope);
}

/* The sums of the lanes of a, b, c and d. */
static INLINE quad vec_sum4(vec a, vec b, vec c, vec d)
{
    const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    const __m512 v =
        _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

#endif
