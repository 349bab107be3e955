/* SPDX-License-Identifier: MIT */
/* A device at work: its network, the memory that tiles are made in, and what pages in flight have
 * of it. */
#ifndef PLANCHE_BACKEND_VULKAN_DEVICE_CONTEXT_H
#define PLANCHE_BACKEND_VULKAN_DEVICE_CONTEXT_H

#include "backend/vulkan/queue.h"
#include "backend/vulkan/tile_commands.h"

/* Submissions of a page that are in flight at once. */
#define PLANCHE_GPU_BATCHES 4
/* Bytes of a piece of the page on its way to the device, and of one of two on its way back. */
#define PLANCHE_GPU_PIECE ((uint64_t)2 << 20)

/* Commands that were submitted together. */
struct planche_gpu_batch {
    VkCommandBuffer commands;
    VkQueryPool queries; /* marks[i] began at query i; the last query is the end */
    uint32_t mark_count;
    int *profiles;  /* of the marks */
    uint64_t value; /* of the unit's timeline; 0: not in flight */
    double macs;
};

/* What a page has of a device while it runs. Kept for the next one. */
struct planche_gpu_slot {
    struct planche_gpu_slot *next;
    VkCommandPool pool, copy_pool;
    VkCommandBuffer copies[2];
    struct planche_gpu_queue copy_queue;
    VkDescriptorPool descriptor_pool;
    VkDescriptorSet set;
    struct planche_gpu_batch batches[PLANCHE_GPU_BATCHES];
    unsigned next_batch;
    struct planche_gpu_memory block; /* the page, its vectors, arguments, flags, and result */
    bool holds;                      /* a page has the block; under slot_mutex */
};

struct planche_gpu_context {
    struct planche_gpu_device *device;
    struct planche_gpu_program *program;
    struct planche_budget *budget;
    bool profile;
    uint64_t memory; /* most bytes of the device for arena and blocks together */
    struct planche_gpu_queue queue;
    struct planche_mutex arena_mutex; /* held while a tile's commands are recorded and submitted */
    struct planche_gpu_memory arena;
    uint64_t last_value;              /* of the last batch that uses the arena; under arena_mutex */
    unsigned active;                  /* pages; under the pool's mutex */
    struct planche_mutex slot_mutex;  /* may be held while the device allocates and frees; taken
                                         before  arena_mutex */
    struct planche_cond slot_changed; /* a page has given back what it had */
    /* under slot_mutex */
    struct planche_gpu_slot *slots; /* idle ones */
    unsigned holders;               /* pages that have a block */
    uint64_t blocks;                /* bytes of all slots' blocks */
    _Atomic double macs_per_ms;     /* how fast it has been lately */
    atomic_bool timed;              /* that is known, not guessed */
    _Atomic uint64_t *step_ns;      /* [step_count + 2], if profile */
    _Atomic uint64_t *step_macs;
};

/* Errors: as planche_gpus_create. */
enum planche_status planche_gpu_context_create(struct planche_gpu_context **out,
                                               struct planche_gpu_device *device,
                                               const struct planche_net *net, uint64_t memory,
                                               const struct planche_gpus_options *options,
                                               struct planche_budget *budget,
                                               struct planche_error *error);
/* Times every dispatch of a tile from now on, if the device has timestamps. Before the first page.
 * Errors: MEMORY. */
enum planche_status planche_gpu_context_start_profile(struct planche_gpu_context *unit,
                                                      struct planche_error *error);
/* Also closes the device. */
void planche_gpu_context_destroy(struct planche_gpu_context **unit);
/* Most marks of a batch: in a profile every dispatch of a tile is timed, else the whole batch. */
uint32_t planche_gpu_context_marks(const struct planche_gpu_context *unit);

enum planche_status planche_gpu_slot_create(struct planche_gpu_slot **out,
                                            struct planche_gpu_context *unit,
                                            struct planche_error *error);
void planche_gpu_slot_destroy(struct planche_gpu_context *unit, struct planche_gpu_slot **slot);
/* Makes the slot's block at least so large; what was in it is gone. Errors: MEMORY, DEVICE. */
enum planche_status planche_gpu_slot_fit(struct planche_gpu_context *unit,
                                         struct planche_gpu_slot *slot, uint64_t bytes,
                                         struct planche_error *error);

/* Makes the arena at least so large, once nothing runs in it. arena_mutex is held. */
enum planche_status planche_gpu_context_fit(struct planche_gpu_context *unit, uint64_t bytes,
                                            struct planche_error *error);

#endif
