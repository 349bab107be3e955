/* SPDX-License-Identifier: MIT */
/* Vectors of 16 words of 4 bytes with AVX512-VNNI, for conv3_body.h. */
#ifndef PLANCHE_KERNELS_SIMD_AVX512VNNI_H
#define PLANCHE_KERNELS_SIMD_AVX512VNNI_H

#include "kernels/simd.h"

#include <immintrin.h>
#include <string.h>

typedef __m512i words;
typedef __mmask16 words_mask;
#define WORDS_LANES 16
#define WORDS_QUADS 2 /* of outputs that are summed at once: 24 of 32 registers are sums */

static INLINE words words_load(const void *p)
{
    return _mm512_loadu_si512(p);
}

static INLINE void words_store(void *p, words v)
{
    _mm512_storeu_si512(p, v);
}

static INLINE words_mask words_mask_first(unsigned count)
{
    return (words_mask)((1u << count) - 1);
}

static INLINE words words_load_masked(const void *p, words_mask mask)
{
    return _mm512_maskz_loadu_epi32(mask, p);
}

static INLINE void words_store_masked(void *p, words_mask mask, words v)
{
    _mm512_mask_storeu_epi32(p, mask, v);
}

/* The word at p in all lanes, kept in a register (vec_hold). */
static INLINE words words_set(const void *p)
{
    int word;
    memcpy(&word, p, sizeof word);
    words v = _mm512_set1_epi32(word);
    __asm__("" : "+v"(v));
    return v;
}

/* sum, plus the four products of unsigned bytes x and signed bytes w. */
static INLINE words words_dot(words sum, words x, words w)
{
    return _mm512_dpbusd_epi32(sum, x, w);
}

static INLINE __m512 words_choose(words sum, float scale, float below)
{
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(sum), _mm512_set1_ps(scale),
                                _mm512_set1_ps(below));
}

/* Floats. */
static INLINE words words_scale(words sum, float scale, float below)
{
    return _mm512_castps_si512(
        _mm512_mul_ps(_mm512_cvtepi32_ps(sum), words_choose(sum, scale, below)));
}

/* Whole numbers. */
static INLINE words words_quantise(words sum, float scale, float below, float zero)
{
    return _mm512_cvtps_epi32(_mm512_fmadd_ps(
        _mm512_cvtepi32_ps(sum), words_choose(sum, scale, below), _mm512_set1_ps(zero)));
}

/* a, b, c and d, limited to 0..255, as the bytes of words. */
static INLINE words words_pack(words a, words b, words c, words d)
{
    const words order = _mm512_set4_epi32(0x0f0b0703, 0x0e0a0602, 0x0d090501, 0x0c080400);
    return _mm512_shuffle_epi8(
        _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d)), order);
}

#endif
