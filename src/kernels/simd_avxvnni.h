/* SPDX-License-Identifier: MIT */
/* Vectors of 8 words of 4 bytes with AVX-VNNI, for conv3_body.h. */
#ifndef PLANCHE_KERNELS_SIMD_AVXVNNI_H
#define PLANCHE_KERNELS_SIMD_AVXVNNI_H

#include "kernels/simd.h"

#include <immintrin.h>
#include <string.h>

typedef __m256i words;
typedef __m256i words_mask;
#define WORDS_LANES 8
#define WORDS_QUADS 1 /* of outputs that are summed at once: 12 of 16 registers are sums */

static INLINE words words_load(const void *p)
{
    return _mm256_loadu_si256(p);
}

static INLINE void words_store(void *p, words v)
{
    _mm256_storeu_si256(p, v);
}

static INLINE words_mask words_mask_first(unsigned count)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static INLINE words words_load_masked(const void *p, words_mask mask)
{
    return _mm256_maskload_epi32(p, mask);
}

static INLINE void words_store_masked(void *p, words_mask mask, words v)
{
    _mm256_maskstore_epi32(p, mask, v);
}

/* The word at p in all lanes, kept in a register (vec_hold). */
static INLINE words words_set(const void *p)
{
    int word;
    memcpy(&word, p, sizeof word);
    words v = _mm256_set1_epi32(word);
    __asm__("" : "+x"(v));
    return v;
}

/* sum, plus the four products of unsigned bytes x and signed bytes w. */
static INLINE words words_dot(words sum, words x, words w)
{
    return _mm256_dpbusd_avx_epi32(sum, x, w);
}

static INLINE __m256 words_choose(words sum, float scale, float below)
{
    return _mm256_blendv_ps(_mm256_set1_ps(scale), _mm256_set1_ps(below), _mm256_castsi256_ps(sum));
}

/* Floats. */
static INLINE words words_scale(words sum, float scale, float below)
{
    return _mm256_castps_si256(
        _mm256_mul_ps(_mm256_cvtepi32_ps(sum), words_choose(sum, scale, below)));
}

/* Whole numbers. */
static INLINE words words_quantise(words sum, float scale, float below, float zero)
{
    return _mm256_cvtps_epi32(_mm256_fmadd_ps(
        _mm256_cvtepi32_ps(sum), words_choose(sum, scale, below), _mm256_set1_ps(zero)));
}

/* a, b, c and d, limited to 0..255, as the bytes of words. */
static INLINE words words_pack(words a, words b, words c, words d)
{
    const words order = _mm256_setr_epi32(0x0c080400, 0x0d090501, 0x0e0a0602, 0x0f0b0703,
                                          0x0c080400, 0x0d090501, 0x0e0a0602, 0x0f0b0703);
    return _mm256_shuffle_epi8(
        _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d)), order);
}

#endif
