/* SPDX-License-Identifier: MIT */
/* The Winograd transforms of one row or column of a tile, factored so that the sums and differences
 * which points p and -p need are made once. The matrices stand plainly in winograd_portable.c.
 * Included after simd_<isa>.h. */
#ifndef PLANCHE_KERNELS_WINOGRAD_TRANSFORMS_H
#define PLANCHE_KERNELS_WINOGRAD_TRANSFORMS_H

/* o = B^T d for 4 x 4 tiles: a = 5/8, b = 3/2. */
static INLINE void transform_input4(const vec d[6], vec o[6])
{
    const vec a = vec_set(0.625f), b = vec_set(1.5f), a2 = vec_set(0.390625f), b2 = vec_set(2.25f);
    const vec a2b2 = vec_set(0.87890625f), sum = vec_set(2.640625f); /* a2 + b2 */
    const vec even = vec_fnma(b2, d[2], d[4]), odd = vec_fnma(b2, d[1], d[3]);
    const vec even2 = vec_fnma(a2, d[2], d[4]), odd2 = vec_fnma(a2, d[1], d[3]);
    o[0] = vec_fma(a2b2, d[0], vec_fnma(sum, d[2], d[4]));
    o[1] = vec_fma(a, odd, even);
    o[2] = vec_fnma(a, odd, even);
    o[3] = vec_fma(b, odd2, even2);
    o[4] = vec_fnma(b, odd2, even2);
    o[5] = vec_fma(a2b2, d[1], vec_fnma(sum, d[3], d[5]));
}

/* o = A^T m for 4 x 4 tiles. */
static INLINE void transform_output4(const vec m[6], vec o[4])
{
    const vec sum = vec_add(m[1], m[2]), difference = vec_sub(m[1], m[2]);
    const vec sum2 = vec_add(m[3], m[4]), difference2 = vec_sub(m[3], m[4]);
    o[0] = vec_add(vec_add(m[0], sum), sum2);
    o[1] = vec_fma(vec_set(1.5f), difference2, vec_mul(vec_set(0.625f), difference));
    o[2] = vec_fma(vec_set(2.25f), sum2, vec_mul(vec_set(0.390625f), sum));
    o[3] = vec_fma(vec_set(3.375f), difference2, vec_fma(vec_set(0.244140625f), difference, m[5]));
}

/* o = B^T d for 6 x 6 tiles. */
static INLINE void transform_input6(const vec d[8], vec o[8])
{
    const vec c = vec_set(2.25f), c5 = vec_set(5.25f), quarter = vec_set(0.25f);
    const vec four = vec_set(4.0f), two = vec_set(2.0f), half = vec_set(0.5f);
    const vec p = vec_sub(d[6], d[4]), q = vec_sub(d[2], d[4]);
    const vec r = vec_sub(d[5], d[3]), s = vec_sub(d[1], d[3]);
    const vec even1 = vec_fnma(c, d[4], vec_add(p, q)), odd1 = vec_fnma(c, d[3], vec_add(r, s));
    const vec even2 = vec_fma(quarter, q, p), odd2 = vec_fma(quarter, s, r); /* halved */
    const vec even3 = vec_fma(four, q, p), odd3 = vec_fma(four, s, r);       /* doubled */
    o[0] = vec_fnma(c5, q, vec_sub(d[0], d[6]));
    o[1] = vec_add(even1, odd1);
    o[2] = vec_sub(even1, odd1);
    o[3] = vec_fma(two, odd2, even2);
    o[4] = vec_fnma(two, odd2, even2);
    o[5] = vec_fma(half, odd3, even3);
    o[6] = vec_fnma(half, odd3, even3);
    o[7] = vec_fnma(c5, r, vec_sub(d[7], d[1]));
}

/* o = A^T m for 6 x 6 tiles. */
static INLINE void transform_output6(const vec m[8], vec o[6])
{
    const vec sum1 = vec_add(m[1], m[2]), difference1 = vec_sub(m[1], m[2]);
    const vec sum2 = vec_add(m[3], m[4]), difference2 = vec_sub(m[3], m[4]);
    const vec sum3 = vec_add(m[5], m[6]), difference3 = vec_sub(m[5], m[6]);
    o[0] = vec_add(vec_add(m[0], sum1), vec_add(sum2, sum3));
    o[1] = vec_fma(vec_set(2.0f), difference2, vec_fma(vec_set(0.5f), difference3, difference1));
    o[2] = vec_fma(vec_set(4.0f), sum2, vec_fma(vec_set(0.25f), sum3, sum1));
    o[3] = vec_fma(vec_set(8.0f), difference2, vec_fma(vec_set(0.125f), difference3, difference1));
    o[4] = vec_fma(vec_set(16.0f), sum2, vec_fma(vec_set(0.0625f), sum3, sum1));
    o[5] = vec_fma(vec_set(32.0f), difference2,
                   vec_fma(vec_set(0.03125f), difference3, vec_add(difference1, m[7])));
}

#endif
