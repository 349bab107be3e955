/* SPDX-License-Identifier: MIT */
/* Vectors of 4 floats, which sums across larger vectors end in. */
#ifndef PLANCHE_KERNELS_SIMD_X86_H
#define PLANCHE_KERNELS_SIMD_X86_H

#include "kernels/simd.h"

#include <immintrin.h>

typedef __m128 quad;

/* v + bias, times slope where its sign bit is set. */
static INLINE quad quad_activate(quad v, float bias, float slope)
{
    v = _mm_add_ps(v, _mm_set1_ps(bias));
    return _mm_blendv_ps(v, _mm_mul_ps(v, _mm_set1_ps(slope)), v);
}

static INLINE void quad_store(float *p, quad v)
{
    _mm_storeu_ps(p, v);
}

#endif
