/* SPDX-License-Identifier: MIT */
/* Activation checkpointing (rematerialisation): which tensors a pass retains for later passes, so
 * that these need not compute them again. */
#ifndef PLANCHE_BACKEND_CPU_CHECKPOINTS_H
#define PLANCHE_BACKEND_CPU_CHECKPOINTS_H

#include "backend/cpu/geometry.h"

/* Chooses plan->checkpoints for whole-page passes so that they take as little time as possible
 * within `memory` bytes for retained tensors, beside `base` bytes for everything else; costs as in
 * cost.h, with the price of memory that is new to the process. Errors: MEMORY. */
enum planche_status planche_checkpoints_choose(struct planche_plan *plan, uint64_t base,
                                               uint64_t memory, struct planche_error *error);
/* Bytes retained while a pass runs: what it starts from and what it retains. */
uint64_t planche_checkpoints_bytes(const struct planche_plan *plan, int level);

#endif
