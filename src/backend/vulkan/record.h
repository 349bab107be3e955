/* SPDX-License-Identifier: MIT */
/* Command recording: the dispatches of a tile in command buffers, submitted in batches. */
#ifndef PLANCHE_BACKEND_VULKAN_RECORD_H
#define PLANCHE_BACKEND_VULKAN_RECORD_H

#include "backend/vulkan/device_context.h"
#include "base/trace.h"

/* Submits a tile's dispatches, in several batches if they take long; arena_mutex is held. args: the
 * address in the page buffer that the arguments go to, as an offset. after: what the first batch
 * waits for. */
struct planche_gpu_recording {
    struct planche_gpu_context *context;
    struct planche_gpu_page_slot *slot;
    uint64_t args;
    uint64_t clear,
        clear_bytes; /* part of the page buffer that the next tile begins with as zeros */
    struct planche_gpu_after after;
    const struct planche_trace *trace;         /* may be NULL */
    double ms;                                 /* GPU time of the batches that are done */
    uint64_t value;                            /* of the last batch */
    const struct planche_cancel_token *cancel; /* checked between batches; may be NULL */
};
enum planche_status planche_gpu_record_tile(struct planche_gpu_recording *recording,
                                            const struct planche_gpu_tile *tile,
                                            struct planche_error *error);
/* Waits for a value of the context's timeline, and takes the times of the slot's batches that are
 * done. */
enum planche_status planche_gpu_record_wait(struct planche_gpu_recording *recording, uint64_t value,
                                            struct planche_error *error);

/* Bytes from one dispatch's arguments to the next. */
uint64_t planche_gpu_args_stride(const struct planche_gpu_device *device);

#endif
