/* SPDX-License-Identifier: MIT */
/* Questions to the names and shapes of a state dict. */
#ifndef PLANCHE_MODEL_ARCH_KEYS_H
#define PLANCHE_MODEL_ARCH_KEYS_H

#include "model/arch/arch.h"

/* Tensors by names made as by printf. */
__attribute__((format(printf, 2, 3))) const struct planche_state_tensor *
planche_arch_tensor(const struct planche_state *state, const char *format, ...);
/* Size of an axis of a tensor; 0: there is no such tensor, or axis. */
__attribute__((format(printf, 3, 4))) int planche_arch_size(const struct planche_state *state,
                                                            int axis, const char *format, ...);
/* How many names there are of "PREFIX0SUFFIX", "PREFIX1SUFFIX", ... in a row. */
int planche_arch_run(const struct planche_state *state, const char *prefix, const char *suffix);
/* Scale and channels of a result of `all` channels that a shuffle enlarges; false: none fit. */
bool planche_arch_shuffled(int all, int in, int *scale, int *out);

/* For one whose scale its tensors do not tell: whether the file's name says it, as "3x" or "x3". */
bool planche_arch_named_scale(const struct planche_arch_builder *builder, int scale);

#endif
