/* SPDX-License-Identifier: MIT */
/* Dispatches of a tile: pipelines, sizes and arguments, ready to be recorded in a command buffer.
 */
#ifndef PLANCHE_BACKEND_VULKAN_TILE_COMMANDS_H
#define PLANCHE_BACKEND_VULKAN_TILE_COMMANDS_H

#include "backend/tiles/tile_plan.h"
#include "backend/vulkan/program.h"
#include "backend/vulkan/shaders/args.h"
#include "backend/vulkan/vulkan.h"

/* A page on a device. Immutable once it is made; owns its tiles' shapes. */
struct planche_gpu_job {
    const struct planche_gpu_program *program;
    struct planche_gpu_page page;
    struct planche_tile_page tiles;
    uint32_t channels;                /* samples of a pixel */
    uint64_t page_stride, page_bytes; /* of the page's pixels on the device */
};

/* Device addresses of what a tile reads and writes. */
struct planche_gpu_addresses {
    const struct planche_gpu_arena *arena;
    uint64_t page, vectors, flags;
    uint64_t kept;   /* what runs over bands keep */
    uint64_t result; /* of the first row of the tile's band, at the page's left edge */
    uint64_t result_stride;
};

/* One dispatch. */
struct planche_gpu_dispatch {
    VkPipeline pipeline;
    const struct planche_gpu_step *kernel; /* the step whose kernel makes it; NULL: the pipeline */
    uint32_t processors;                   /* that a kernel may use; 0: all */
    uint32_t groups[3];
    int profile; /* 0: load; s + 1: step s; step_count + 1: store */
    double macs; /* for how long it takes: small steps count a little, too */
};

/* Memory for the plan and the dispatches of one tile, used for one after the other. Owned by the
 * thread that runs the page. */
struct planche_gpu_tile {
    const struct planche_gpu_job *job;
    struct planche_tile_plan plan;
    int count; /* dispatches, each with its arguments */
    struct planche_gpu_dispatch *dispatches;
    struct planche_gpu_args *args;
};

/* Workgroups of a product side by side, and below each other: its pixels are the output's, or
 * squares of these that begin at multiples of their side. */
void planche_gpu_product_groups(const struct planche_gpu_step *step,
                                const struct planche_gpu_view *out, uint32_t count[2]);

/* Errors: MEMORY, LIMIT (the page's tensors cannot be counted). */
enum planche_status planche_gpu_job_init(struct planche_gpu_job *job,
                                         const struct planche_gpu_program *program,
                                         const struct planche_gpu_page *page,
                                         struct planche_budget *budget,
                                         struct planche_error *error);
void planche_gpu_job_free(struct planche_gpu_job *job);

enum planche_status planche_gpu_tile_init(struct planche_gpu_tile *tile,
                                          const struct planche_gpu_job *job,
                                          struct planche_budget *budget,
                                          struct planche_error *error);
void planche_gpu_tile_free(struct planche_gpu_tile *tile);

/* After planche_tile_plan_make, with the same tile: fills dispatches. rect.x0 times the size of a
 * pixel is a multiple of 4 bytes. */
void planche_gpu_tile_build(struct planche_gpu_tile *tile, enum planche_tile_goal goal, int level,
                            struct planche_rect rect,
                            const struct planche_gpu_addresses *addresses);
/* The dispatches that make a level's averages of their sums, and what dense layers make of them. */
void planche_gpu_tile_build_vectors(struct planche_gpu_tile *tile, int level,
                                    const struct planche_gpu_addresses *addresses);
/* The dispatches that lay out the weights of products as lanes hold them; false: there are none. */
bool planche_gpu_tile_build_weights(struct planche_gpu_tile *tile);

#endif
