/* SPDX-License-Identifier: MIT */
/* The epilogue on one value, for portable kernels. */
#ifndef PLANCHE_KERNELS_EPILOGUE_PORTABLE_H
#define PLANCHE_KERNELS_EPILOGUE_PORTABLE_H

#include "kernels/kernels.h"

/* Bias and activation of output lane `lane`. */
static inline float activate(const struct planche_epilogue *epilogue, size_t lane, float v)
{
    v += epilogue->bias[lane];
    return v < 0.0f ? v * epilogue->slope[lane] : v;
}

static inline float add_residual(const struct planche_epilogue *epilogue, unsigned r, float v,
                                 float other)
{
    return epilogue->self[r] * v + epilogue->other[r] * other;
}

static inline float apply_scale(const struct planche_epilogue *epilogue, size_t lane, float v)
{
    return epilogue->scale ? v * epilogue->scale[lane] : v;
}

#endif
