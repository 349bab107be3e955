/* SPDX-License-Identifier: MIT */
/* Products of pairs of bf16 with AVX512-BF16; all else is AVX-512. */
#ifndef PLANCHE_KERNELS_SIMD_AVX512BF16_H
#define PLANCHE_KERNELS_SIMD_AVX512BF16_H

#include "kernels/simd_avx512.h"

#define UNIT_LANES 2

static INLINE void vec_store_units(float *p, vec v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, (__m256i)_mm512_cvtneps_pbh(v));
}

/* c, plus the products of the pairs' first, plus those of their second lanes. */
static INLINE vec vec_dot(vec a, vec b, vec c)
{
    return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b);
}

#endif
