/* SPDX-License-Identifier: MIT */
/* Sizes of convolutions' scratch. */
#include "kernels/conv_amx.h"

#include "base/checked.h"

int planche_conv_scratch(enum planche_precision precision, size_t entries, size_t *bytes)
{
    const size_t steps = entries / 2 + entries % 2;
    const size_t step =
        (PLANCHE_CONV_AMX_PIXELS + PLANCHE_CONV_AMX_AHEAD) * PLANCHE_LANES * sizeof(float);
    *bytes = 0;
    return precision != PLANCHE_PRECISION_BF16 ||
           (planche_mul_size(steps, step, bytes) &&
            planche_add_size(*bytes, planche_conv_amx_tables(steps), bytes));
}
