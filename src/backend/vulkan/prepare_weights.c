/* SPDX-License-Identifier: MIT */
/* Fragment layout is implementation-defined, so a shader of the device packs the weights. */
#include "backend/vulkan/prepare_weights.h"

#include "backend/vulkan/record.h"

enum planche_status planche_gpu_prepare_weights(struct planche_gpu_context *context,
                                                struct planche_error *error)
{
    struct planche_gpu_job job = {.program = context->program, .tiles.net = context->program->net};
    struct planche_gpu_tile tile;
    struct planche_gpu_recording recording = {.context = context};
    enum planche_status status = planche_gpu_tile_init(&tile, &job, context->budget, error);
    if (!status && planche_gpu_tile_build_weights(&tile)) {
        uint64_t bytes = (uint64_t)tile.count * planche_gpu_args_stride(context->device);
        status = planche_gpu_page_slot_create(&recording.slot, context->device,
                                              planche_gpu_context_timestamps(context),
                                              context->budget, error);
        if (!status)
            status = planche_gpu_page_slot_ensure_size(recording.slot, bytes, error);
        if (!status)
            status = planche_gpu_record_tile(&recording, &tile, error);
        if (!status)
            status = planche_gpu_record_wait(&recording, recording.value, error);
        planche_gpu_page_slot_destroy(&recording.slot);
    }
    planche_gpu_tile_free(&tile);
    planche_gpu_memory_destroy(&context->program->staging);
    return status;
}
