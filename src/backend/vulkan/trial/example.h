/* SPDX-License-Identifier: MIT */
/* Trial example: what a step's product is tried with, and what must come of it. All values are
 * whole numbers so small that half precision holds them, and the order of sums does not matter;
 * Winograd, whose factors are none, may be off by little. */
#ifndef PLANCHE_BACKEND_VULKAN_TRIAL_EXAMPLE_H
#define PLANCHE_BACKEND_VULKAN_TRIAL_EXAMPLE_H

#include "backend/vulkan/program.h"
#include "backend/vulkan/shaders/args.h"

/* Where things lie is counted from the beginning of a block that all examples share. */
struct planche_gpu_example {
    const struct planche_gpu_program *program;
    int step;
    int width, height;         /* of every input */
    int out_width, out_height; /* of the region of the output that is made */
    int x, y;                  /* where it begins */
    uint64_t rows;             /* weights row by row */
    uint64_t weights;          /* as lanes hold them; the same place if nothing is to be prepared */
    uint64_t constants, out, sums;
    uint64_t inputs[PLANCHE_GPU_INPUTS], scales[PLANCHE_GPU_INPUTS];
    uint64_t residuals[PLANCHE_GPU_RESIDUALS], residual_scales[PLANCHE_GPU_RESIDUALS];
    bool holds; /* what the device wrote is right: set by the trial */
};

/* Places the example of a step that is a product at *at, which is moved behind it. */
void planche_gpu_example_init(struct planche_gpu_example *example,
                              const struct planche_gpu_program *program, int step, uint64_t *at);
/* Writes what the device reads, and zeros where it adds up. Errors: MEMORY, BUDGET. */
enum planche_status planche_gpu_example_fill(const struct planche_gpu_example *example,
                                             uint8_t *block, struct planche_error *error);
/* Arguments of the dispatch, for a block at an address. */
void planche_gpu_example_args(const struct planche_gpu_example *example, uint64_t block,
                              struct planche_gpu_args *args);
/* Whether what the device wrote is right. */
bool planche_gpu_example_holds(const struct planche_gpu_example *example, const uint8_t *block);

#endif
