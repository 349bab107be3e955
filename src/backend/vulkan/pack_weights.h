/* SPDX-License-Identifier: MIT */
/* Weights in the order in which shaders read them. */
#ifndef PLANCHE_BACKEND_VULKAN_PACK_WEIGHTS_H
#define PLANCHE_BACKEND_VULKAN_PACK_WEIGHTS_H

#include "backend/vulkan/program.h"

/* Values (not bytes) that a step's weights take. */
bool planche_gpu_pack_count(const struct planche_gpu_program *program,
                            const struct planche_step *step, size_t *count);
/* Writes them; half: as IEEE half precision, rounded to nearest. */
void planche_gpu_pack(const struct planche_gpu_program *program, const struct planche_step *step,
                      bool half, void *to);
/* Input channels of a convolution with every input padded to its pitch. */
int planche_gpu_padded_inputs(const struct planche_gpu_program *program,
                              const struct planche_step *step);

#endif
