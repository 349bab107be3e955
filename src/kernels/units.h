/* SPDX-License-Identifier: MIT */
/* Element of a product's operands: a unit of 4 bytes, which is a float or, where
 * simd_<isa>.h says so, a pair of bf16 that belong to neighbouring input lanes. Units lie in arrays
 * of floats. */
#ifndef PLANCHE_KERNELS_UNITS_H
#define PLANCHE_KERNELS_UNITS_H

#ifndef UNIT_LANES
#define UNIT_LANES 1

static INLINE void vec_store_units(float *p, vec v)
{
    vec_store(p, v);
}

/* The product of two vectors of units, plus c. */
static INLINE vec vec_dot(vec a, vec b, vec c)
{
    return vec_fma(a, b, c);
}
#endif

#define UNITS     (LANES / UNIT_LANES)     /* of a block of lanes */
#define VEC_UNITS (VEC_LANES / UNIT_LANES) /* of a vector of lanes */

#endif
