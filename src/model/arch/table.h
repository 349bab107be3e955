/* SPDX-License-Identifier: MIT */
/* Table of architectures. */
#ifndef PLANCHE_MODEL_ARCH_TABLE_H
#define PLANCHE_MODEL_ARCH_TABLE_H

#include "model/arch/arch.h"

/* The one that a state dict is of; NULL: none is known. */
const struct planche_arch *planche_arch_find(const struct planche_state *state);

#endif
