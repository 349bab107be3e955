/* SPDX-License-Identifier: MIT */
/* Vectors of 8 floats in AVX registers, with FMA, for the *_body.h files. */
#ifndef PLANCHE_KERNELS_SIMD_AVX2_H
#define PLANCHE_KERNELS_SIMD_AVX2_H

#include "kernels/simd_x86.h"

typedef __m256 vec;
#define VEC_LANES        8
#define VEC_ACCUMULATORS 12 /* of 16 registers */

static INLINE vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static INLINE void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}

static INLINE vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}

/* v; see simd_avx512.h. Of 16 registers none is left to hold it in. */
static INLINE vec vec_hold(vec v)
{
    return v;
}

static INLINE vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

static INLINE vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

static INLINE vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

/* a * b + c */
static INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* c - a * b */
static INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

/* v where its sign bit is clear, v * slope where it is set. */
static INLINE vec vec_leaky(vec v, vec slope)
{
    return _mm256_blendv_ps(v, _mm256_mul_ps(v, slope), v);
}

/* The sums of the lanes of a, b, c and d. */
static INLINE quad vec_sum4(vec a, vec b, vec c, vec d)
{
    const __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    const __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
    const __m256 v =
        _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));
    return _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
}

#endif
