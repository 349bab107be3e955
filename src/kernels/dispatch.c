/* SPDX-License-Identifier: MIT */
/* CPU dispatch: fills the table from the list of kernels. */
#include "kernels/kernels.h"

#include "kernels/list.h"

void planche_kernels_init(struct planche_kernels *kernels, uint32_t features)
{
    features |= PLANCHE_CPU_PORTABLE;
#define KERNEL(op, type, isa)                                                                      \
    if (features & PLANCHE_ISA_##isa)                                                              \
        kernels->PLANCHE_KERNEL_MEMBER(op, type) = planche_##op##_##type##_##isa;
#include "kernels/kernels.def"
#undef KERNEL
}
