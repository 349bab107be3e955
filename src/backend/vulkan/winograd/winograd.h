/* SPDX-License-Identifier: MIT */
/* Convolutions of 3 x 3 taps by Winograd's F(4x4, 3x3), for devices without matrix units: a quarter
 * of the products, in one dispatch (shaders/winograd.comp). Sums, transformed pixels and
 * transformed weights are floats. */
#ifndef PLANCHE_BACKEND_VULKAN_WINOGRAD_WINOGRAD_H
#define PLANCHE_BACKEND_VULKAN_WINOGRAD_WINOGRAD_H

#include "backend/vulkan/program.h"

/* Of the squares of pixels that are made together. */
#define PLANCHE_GPU_WINOGRAD_SIDE 4

/* Fills the step's shape, its constants and its pipeline if it is such a convolution. False:
 * *status is OK and other shaders must make it, or it is what went wrong. */
bool planche_gpu_winograd_choose(const struct planche_gpu_program *program, int step,
                                 enum planche_status *status, struct planche_error *error);
/* Values of its weights. False: too many. */
bool planche_gpu_winograd_count(const struct planche_gpu_program *program, int step, size_t *count);
/* Writes them in the shader's order. */
void planche_gpu_winograd_pack(const struct planche_gpu_program *program, int step, float *to);

#endif
