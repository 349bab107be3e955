/* SPDX-License-Identifier: MIT */
/* Program: a network compiled for one GPU. Which pipeline makes each step, with which weights. */
#ifndef PLANCHE_BACKEND_VULKAN_PROGRAM_H
#define PLANCHE_BACKEND_VULKAN_PROGRAM_H

#include "backend/tiles/folding.h"
#include "backend/vulkan/memory.h"
#include "net/net.h"

/* What a workgroup of a shader makes. */
struct planche_gpu_shape {
    int32_t pixels_x, pixels_y; /* of the output */
    int32_t channels;           /* 0: all of them */
};

/* A convolution as a matrix product, see conv_matmul.h. */
struct planche_gpu_product {
    int32_t taps_x, taps_y; /* taps_x of 0: it is none */
    int32_t stride;
    int32_t phases;  /* 1, or n: every pixel of the product gives n x n */
    bool enlarges;   /* each phase has its own taps: a convolution of a nearest enlargement */
    int32_t step;    /* outputs of a phase */
    int32_t outputs; /* of all of them, a multiple of 16 */
    int32_t inputs;  /* a multiple of 16 */
    bool paired;     /* a kernel makes two rows of pixels of 32 outputs at a time */
    bool gathers;    /* horizontal taps are inputs */
    bool folds;      /* horizontal taps are outputs */
    int32_t blocks;  /* workgroups side by side that share the outputs among them */
    int32_t columns; /* outputs of a fragment of weights; it has 16 inputs */
    int32_t copies;  /* room for each fragment, in fragments */
};

/* How shaders/winograd.comp makes a step: its constants, see winograd.h. */
struct planche_gpu_winograd {
    int32_t tile_parts, out_parts; /* out_parts of 0: it does not */
    int32_t staged, columns, passed, slots;
};

/* A step on the device. */
struct planche_gpu_step {
    VkPipeline pipeline; /* NULL: nothing to do on its own, or a kernel does it */
    enum planche_gpu_kernel kernel;
    VkPipeline prepare; /* of a product's weights, see planche_gpu_tile_build_weights; NULL: none */
    struct planche_gpu_shape shape;
    struct planche_gpu_product product;
    struct planche_gpu_winograd winograd;
    uint64_t weights, constants; /* addresses; 0: none */
};

/* The network's last three steps, if STORE makes them: SHUFFLE, INTERP and their sum. */
struct planche_gpu_tail {
    int first; /* of the steps; step_count: there is no such end */
    const struct planche_step *shuffle, *interp;
    const struct planche_view *shuffled, *enlarged; /* what is added */
    int32_t enlargement;
};

/* Immutable once it is made, so that threads share it. Owns its arrays, weights and staging buffer;
 * not the device, the network and the pipelines. */
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
    int *squares;                   /* [step_count], see halo.h */
    struct planche_gpu_tail tail;
    struct planche_folding folding;
    struct planche_gpu_step load, store, average;
    struct planche_gpu_memory weights; /* all of them */
    struct planche_gpu_memory staging; /* the same on the host, until they are prepared */
};

#endif
