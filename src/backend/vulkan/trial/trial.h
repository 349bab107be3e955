/* SPDX-License-Identifier: MIT */
/* Trial: every product of a network by matrices or Winograd on a small example, before pages rely
 * on it. */
#ifndef PLANCHE_BACKEND_VULKAN_TRIAL_TRIAL_H
#define PLANCHE_BACKEND_VULKAN_TRIAL_TRIAL_H

#include "backend/vulkan/device_context.h"

/* Runs each pipeline of shaders/conv_khr.comp and winograd.comp and each kernel that the context's
 * program has once, and compares with values that are computed on the host: whole numbers, which
 * are exact. Variants that disagree are refused (planche_gpu_matrix_refuse), and the program is
 * made again without them and what the driver has refused; a device that makes no product right
 * takes the path F16. After planche_gpu_context_create, before anything else. pool compiles the
 * shaders. Errors: as planche_gpu_context_create. */
enum planche_status planche_gpu_trial(struct planche_gpu_context *context,
                                      struct planche_pool *pool, struct planche_error *error);

#endif
