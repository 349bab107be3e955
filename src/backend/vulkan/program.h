/* SPDX-License-Identifier: MIT */
/* A network on one GPU: which shader makes each step, with which weights. */
#ifndef PLANCHE_BACKEND_VULKAN_PROGRAM_H
#define PLANCHE_BACKEND_VULKAN_PROGRAM_H

#include "backend/vulkan/device.h"
#include "model/net.h"

/* What a workgroup of a shader makes. */
struct planche_gpu_shape {
    int32_t pixels_x, pixels_y; /* of the output */
    int32_t channels;           /* 0: all of them */
};

struct planche_gpu_step {
    VkPipeline pipeline; /* NULL: nothing to do on its own */
    struct planche_gpu_shape shape;
    uint64_t weights, constants; /* addresses; 0: none */
};

struct planche_gpu_program {
    struct planche_gpu_device *device;
    struct planche_budget *budget;
    const struct planche_net *net;
    int levels;                     /* of page-wide averages */
    int *tensor_levels, *pitches;   /* [tensor_count] */
    uint64_t *vectors;              /* [tensor_count]: where its floats lie in a page's vectors */
    uint64_t *sums;                 /* [tensor_count]: likewise its sums, if a POOL makes it */
    uint64_t vector_bytes;          /* of a page's vectors and sums */
    uint64_t sum_begin, sum_bytes;  /* the part of it that begins as zeros */
    struct planche_gpu_step *steps; /* [step_count] */
    struct planche_gpu_step load, store, average;
    struct planche_gpu_memory weights; /* all of them */
};

/* net and device must outlive the program; the kernels of net are not needed afterwards. Errors:
 * UNSUPPORTED (names the layer), MEMORY, BUDGET, DEVICE. */
enum planche_status planche_gpu_program_create(struct planche_gpu_program **out,
                                               struct planche_gpu_device *device,
                                               const struct planche_net *net,
                                               struct planche_budget *budget,
                                               struct planche_error *error);
void planche_gpu_program_destroy(struct planche_gpu_program **program);

/* Values from one pixel of a tensor to the next. */
int planche_gpu_pitch(int channels);
/* "conv", "deconv", "pool", ...: of a step, for profiles. */
const char *planche_gpu_step_kind(const struct planche_gpu_program *program, int step);

#endif
