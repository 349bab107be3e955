/* SPDX-License-Identifier: MIT */
/* Fragment layout is implementation-defined, so a shader of the device packs the weights. */
#include "backend/vulkan/prepare_weights.h"

#include "backend/vulkan/record.h"

enum planche_status planche_gpu_prepare_weights(struct planche_gpu_context *unit,
                                                struct planche_error *error)
{
    struct planche_gpu_job job = {.program = unit->program, .tiles.net = unit->program->net};
    struct planche_gpu_tile tile;
    struct planche_gpu_work work = {.unit = unit};
    enum planche_status status = planche_gpu_tile_init(&tile, &job, unit->budget, error);
    if (!status && planche_gpu_tile_build_weights(&tile)) {
        uint64_t bytes = (uint64_t)tile.count * planche_gpu_args_stride(unit->device);
        status = planche_gpu_slot_create(&work.slot, unit, error);
        if (!status)
            status = planche_gpu_slot_fit(unit, work.slot, bytes, error);
        if (!status)
            status = planche_gpu_work_submit(&work, &tile, error);
        if (!status)
            status = planche_gpu_work_wait(&work, work.value, error);
        planche_gpu_slot_destroy(unit, &work.slot);
    }
    planche_gpu_tile_free(&tile);
    planche_gpu_memory_destroy(&unit->program->staging);
    return status;
}
