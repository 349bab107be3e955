/* SPDX-License-Identifier: MIT */
/* Putting a network on a GPU: shaders chosen, pipelines compiled, weights packed and uploaded. */
#ifndef PLANCHE_BACKEND_VULKAN_CREATE_PROGRAM_H
#define PLANCHE_BACKEND_VULKAN_CREATE_PROGRAM_H

#include "backend/vulkan/program.h"
#include "base/pool.h"

/* net and device must outlive the program; the kernels of net are not needed afterwards. pool
 * compiles the shaders. Errors:
 * UNSUPPORTED (names the layer), MEMORY, BUDGET, DEVICE. */
enum planche_status
planche_gpu_program_create(struct planche_gpu_program **out, struct planche_gpu_device *device,
                           const struct planche_net *net, struct planche_pool *pool,
                           struct planche_budget *budget, struct planche_error *error);
void planche_gpu_program_destroy(struct planche_gpu_program **program);

/* Values from one pixel of a tensor to the next. */
int planche_gpu_pitch(int channels);
/* "conv", "deconv", "pool", ...: of a step, for profiles. */
const char *planche_gpu_step_kind(const struct planche_gpu_program *program, int step);

#endif
