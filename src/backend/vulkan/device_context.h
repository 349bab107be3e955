/* SPDX-License-Identifier: MIT */
/* Device context: a device with a network on it, the arena that tiles are made in, and page slots.
 */
#ifndef PLANCHE_BACKEND_VULKAN_DEVICE_CONTEXT_H
#define PLANCHE_BACKEND_VULKAN_DEVICE_CONTEXT_H

#include "backend/vulkan/page/page_slot.h"
#include "backend/vulkan/page/staging.h"
#include "backend/vulkan/queue.h"
#include "backend/vulkan/tile_commands.h"

/* Owns all that it points to but the budget. Threads share it: what no mutex guards is atomic, or
 * immutable once it is made. */
struct planche_gpu_context {
    struct planche_gpu_device *device;
    struct planche_gpu_program *program;
    struct planche_budget *budget;
    bool profile;
    uint64_t memory; /* most bytes of the device for arena and page buffers together */
    struct planche_gpu_queue queue;
    struct planche_mutex arena_mutex; /* held while a tile's commands are recorded and submitted */
    struct planche_gpu_arena arena;
    uint64_t last_value; /* of the last batch that uses the arena; under arena_mutex */
    /* under the pool's mutex */
    unsigned active;                /* pages that it has or is going to have */
    unsigned running;               /* of these, such as have a turn */
    struct planche_gpu_turn *turns; /* pages that wait for theirs, as they came */
    unsigned turn_limit;            /* pages that run at once */
    struct planche_gpu_staging_pool staging;
    struct planche_mutex slot_mutex;  /* may be held while the device allocates and frees; taken
                                         before  arena_mutex */
    struct planche_cond slot_changed; /* a page has given back what it had */
    /* under slot_mutex */
    struct planche_gpu_page_slot *slots; /* idle ones */
    unsigned holders;                    /* pages that have a page buffer */
    uint64_t page_buffer_bytes;          /* of all slots */
    _Atomic double macs_per_ms;          /* how fast it has been lately */
    atomic_bool timed;                   /* that is known, not guessed */
    _Atomic uint64_t arena_block; /* bytes of the arena's blocks, since the driver gave no larger
                                     ones; 0: it has not refused one yet */
    _Atomic uint64_t *step_ns;    /* [step_count + 2], if profile */
    _Atomic uint64_t *step_macs;
    _Atomic uint64_t *step_longest_ns; /* of one dispatch */
};

/* Errors: as planche_gpu_pool_create. */
enum planche_status planche_gpu_context_create(struct planche_gpu_context **out,
                                               struct planche_gpu_device *device,
                                               const struct planche_net *net, uint64_t memory,
                                               const struct planche_gpu_pool_options *options,
                                               struct planche_budget *budget,
                                               struct planche_error *error);
/* Times every dispatch of a tile from now on, if the device has timestamps. Before the first page.
 * Errors: MEMORY. */
enum planche_status planche_gpu_context_start_profile(struct planche_gpu_context *context,
                                                      struct planche_error *error);
/* Also closes the device. */
void planche_gpu_context_destroy(struct planche_gpu_context **context);
/* Most timestamps of a batch: in a profile every dispatch of a tile is timed, else the whole batch.
 */
uint32_t planche_gpu_context_timestamps(const struct planche_gpu_context *context);

/* Makes the arena at least so large, in blocks of `block` bytes if that is not 0, once nothing runs
 * in it. arena_mutex is held. */
enum planche_status planche_gpu_context_ensure_arena(struct planche_gpu_context *context,
                                                     uint64_t bytes, uint64_t block,
                                                     struct planche_error *error);

#endif
