/* SPDX-License-Identifier: MIT */
/* Command recording: a tile's dispatches in command buffers, in batches and slices that never keep
 * the device busy for long. */
#include "backend/vulkan/record.h"

#include "backend/vulkan/check.h"
#include "backend/vulkan/debug_labels.h"
#include "backend/vulkan/wgmma/launch.h"
#include "base/status.h"
#include "os/clock.h"

#include <string.h>

/* A desktop's watchdog allows seconds, but the desktop wants to draw in between: milliseconds that
 * a dispatch and a batch may take, by what the device did lately. */
#define DISPATCH_MS 30.0
#define BATCH_MS    60.0

uint64_t planche_gpu_args_stride(const struct planche_gpu_device *device)
{
    const VkPhysicalDeviceLimits *limits = &device->properties.limits;
    uint64_t step = device->arguments == VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC
                        ? limits->minStorageBufferOffsetAlignment
                        : limits->minUniformBufferOffsetAlignment;
    uint64_t bytes = sizeof(struct planche_gpu_args);
    return step ? (bytes + step - 1) / step * step : bytes;
}

static void barrier(const struct planche_gpu_device *device, VkCommandBuffer commands,
                    VkPipelineStageFlags from, VkPipelineStageFlags to)
{
    const VkMemoryBarrier memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
    };
    device->fn.CmdPipelineBarrier(commands, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

static void write_timestamp(const struct planche_gpu_context *context,
                            struct planche_gpu_batch *batch, int profile)
{
    if (!batch->queries)
        return;
    batch->profiles[batch->timestamp_count] = profile;
    context->device->fn.CmdWriteTimestamp(batch->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
                                          batch->queries, batch->timestamp_count++);
}

/* Timestamps begin anew when their bits are full. */
static double ms_between(const struct planche_gpu_device *device, uint64_t begin, uint64_t end)
{
    return (double)((end - begin) & device->timestamp_mask) * device->timestamp_ms;
}

static void raise_to(_Atomic uint64_t *most, uint64_t value)
{
    uint64_t known = atomic_load(most);
    while (value > known && !atomic_compare_exchange_weak(most, &known, value)) {
    }
}

static void add_times(struct planche_gpu_context *context, const struct planche_gpu_batch *batch,
                      const uint64_t *ticks)
{
    for (uint32_t m = 0; context->profile && m < batch->timestamp_count; m++) {
        uint64_t ns = (uint64_t)(ms_between(context->device, ticks[m], ticks[m + 1]) * 1e6);
        atomic_fetch_add(&context->step_ns[batch->profiles[m]], ns);
        raise_to(&context->step_longest_ns[batch->profiles[m]], ns);
    }
}

/* A batch that was soon done says little of how fast the device is: most of it was waiting. */
static void learn_speed(struct planche_gpu_context *context, double macs, double ms)
{
    double speed = atomic_load(&context->macs_per_ms);
    if (ms <= 0)
        return;
    atomic_store(&context->macs_per_ms, speed + (macs / ms - speed) / 2 * (ms / (ms + 1)));
    atomic_store(&context->timed, true);
}

/* Takes the times of a batch that is done. */
static void finish(struct planche_gpu_recording *recording, struct planche_gpu_batch *batch)
{
    struct planche_gpu_context *context = recording->context;
    struct planche_gpu_device *device = context->device;
    uint32_t count = batch->timestamp_count + 1;
    uint64_t *ticks = batch->ticks, value = batch->value;
    batch->value = 0;
    if (!batch->queries)
        return;
    if (device->fn.GetQueryPoolResults(device->device, batch->queries, 0, count,
                                       count * sizeof(*ticks), ticks, sizeof(*ticks),
                                       VK_QUERY_RESULT_64_BIT) == VK_SUCCESS) {
        double ms = ms_between(device, ticks[0], ticks[count - 1]);
        PLANCHE_TRACE(recording->trace, PLANCHE_TRACE_GPU,
                      "batch %llu took %.3f ms by its timestamps", (unsigned long long)value, ms);
        recording->ms += ms;
        add_times(context, batch, ticks);
        learn_speed(context, batch->macs, ms);
    }
}

enum planche_status planche_gpu_record_wait(struct planche_gpu_recording *recording, uint64_t value,
                                            struct planche_error *error)
{
    bool traced = planche_trace_is_on(recording->trace, PLANCHE_TRACE_GPU);
    double start = traced ? planche_clock_ms() : 0;
    enum planche_status status = planche_gpu_queue_wait(&recording->context->queue, value, error);
    PLANCHE_TRACE(recording->trace, PLANCHE_TRACE_GPU, "waited %.3f ms for batch %llu",
                  planche_clock_ms() - start, (unsigned long long)value);
    for (int b = 0; b < PLANCHE_GPU_BATCHES && !status; b++) {
        struct planche_gpu_batch *batch = &recording->slot->batches[b];
        if (batch->value && batch->value <= value)
            finish(recording, batch);
    }
    return status;
}

/* "load", the name of a step, or "store". */
static const char *name_of(const struct planche_gpu_context *context,
                           const struct planche_gpu_dispatch *dispatch)
{
    const struct planche_net *net = context->program->net;
    return dispatch->profile == 0                ? "load"
           : dispatch->profile > net->step_count ? "store"
                                                 : net->steps[dispatch->profile - 1].name;
}

static enum planche_status begin_batch(struct planche_gpu_recording *recording,
                                       struct planche_gpu_batch **out, struct planche_error *error)
{
    struct planche_gpu_page_slot *slot = recording->slot;
    struct planche_gpu_device *device = recording->context->device;
    struct planche_gpu_batch *batch = *out = &slot->batches[slot->next_batch];
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    enum planche_status status = PLANCHE_OK;
    if (batch->value)
        status = planche_gpu_record_wait(recording, batch->value, error);
    if (!status)
        status = planche_gpu_check(device, device->fn.BeginCommandBuffer(batch->commands, &begin),
                                   "recording commands", error);
    if (status)
        return status;
    slot->next_batch = (slot->next_batch + 1) % PLANCHE_GPU_BATCHES;
    batch->timestamp_count = 0;
    batch->macs = 0;
    if (batch->queries)
        device->fn.CmdResetQueryPool(batch->commands, batch->queries, 0,
                                     planche_gpu_context_timestamps(recording->context) + 1);
    barrier(device, batch->commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
            VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
    return PLANCHE_OK;
}

static enum planche_status submit_batch(struct planche_gpu_recording *recording,
                                        struct planche_gpu_batch *batch,
                                        struct planche_error *error)
{
    struct planche_gpu_device *device = recording->context->device;
    if (batch->queries)
        device->fn.CmdWriteTimestamp(batch->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
                                     batch->queries, batch->timestamp_count);
    enum planche_status status = planche_gpu_check(
        device, device->fn.EndCommandBuffer(batch->commands), "recording commands", error);
    if (!status)
        status = planche_gpu_queue_submit(&recording->context->queue, batch->commands, false,
                                          recording->after, &batch->value, error);
    recording->after = (struct planche_gpu_after){0};
    if (status)
        return status;
    recording->context->last_value = recording->value = batch->value;
    PLANCHE_TRACE(recording->trace, PLANCHE_TRACE_GPU,
                  "submitted batch %llu: %.1f million multiply-adds",
                  (unsigned long long)batch->value, batch->macs / 1e6);
    return PLANCHE_OK;
}

/* What begins as zeros, and the arguments of all dispatches, which are in the commands themselves.
 */
static void send_args(struct planche_gpu_recording *recording, const struct planche_gpu_tile *tile,
                      VkCommandBuffer commands)
{
    struct planche_gpu_device *device = recording->context->device;
    uint64_t stride = planche_gpu_args_stride(device);
    if (recording->clear_bytes)
        device->fn.CmdFillBuffer(commands, recording->slot->page_buffer.buffer, recording->clear,
                                 recording->clear_bytes, 0);
    recording->clear_bytes = 0;
    for (int d = 0; d < tile->count; d++)
        device->fn.CmdUpdateBuffer(commands, recording->slot->page_buffer.buffer,
                                   recording->args + (uint64_t)d * stride, sizeof(tile->args[d]),
                                   &tile->args[d]);
    barrier(device, commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
}

/* A dispatch in as many slices as it takes: rows of workgroups of one z after the other. */
struct dispatch_slices {
    const struct planche_gpu_dispatch *dispatch;
    const struct planche_gpu_args *args;
    bool whole;
    uint32_t rows; /* of a slice */
    uint32_t y, z; /* of the next */
};

static struct dispatch_slices slice_dispatch(const struct planche_gpu_context *context,
                                             const struct planche_gpu_tile *tile, int index)
{
    const struct planche_gpu_dispatch *dispatch = &tile->dispatches[index];
    double all = (double)dispatch->groups[1] * dispatch->groups[2];
    double most = atomic_load(&context->macs_per_ms) * DISPATCH_MS;
    double rows = dispatch->macs > 0 ? all * most / dispatch->macs : all;
    struct dispatch_slices slices = {
        .dispatch = dispatch, .args = &tile->args[index], .whole = rows >= all};
    slices.rows = rows < 1 ? 1 : rows < dispatch->groups[1] ? (uint32_t)rows : dispatch->groups[1];
    return slices;
}

/* Records the next slice and returns its multiply-adds; *last: there are no more. */
static double record_slice(const struct planche_gpu_device *device, VkCommandBuffer commands,
                           struct dispatch_slices *slices, bool *last)
{
    const struct planche_gpu_dispatch *dispatch = slices->dispatch;
    const uint32_t *groups = dispatch->groups;
    double all = (double)groups[1] * groups[2], macs = dispatch->macs;
    if (slices->whole && !dispatch->kernel) {
        device->fn.CmdDispatch(commands, groups[0], groups[1], groups[2]);
        *last = true;
        return macs;
    }
    uint32_t rows = groups[1] - slices->y < slices->rows ? groups[1] - slices->y : slices->rows;
    if (dispatch->kernel) {
        const struct planche_gpu_launch launch = {
            .columns = groups[0],
            .first_row = slices->y,
            .rows = rows,
            .processors = dispatch->processors,
        };
        planche_gpu_kernel_launch(device, commands, dispatch->kernel, slices->args, &launch);
    } else {
        device->fn.CmdDispatchBase(commands, 0, slices->y, slices->z, groups[0], rows, 1);
    }
    slices->y += rows;
    if (slices->y == groups[1]) {
        slices->y = 0;
        slices->z++;
    }
    *last = slices->z == groups[2];
    return macs * rows / all;
}

/* Begins the dispatch's label, too. */
static void bind(const struct planche_gpu_recording *recording, VkCommandBuffer commands,
                 const struct planche_gpu_dispatch *dispatch, int index)
{
    struct planche_gpu_device *device = recording->context->device;
    uint32_t offset =
        (uint32_t)(recording->args + (uint64_t)index * planche_gpu_args_stride(device));
    planche_gpu_label_begin(device, commands, name_of(recording->context, dispatch));
    if (dispatch->kernel)
        return;
    device->fn.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, dispatch->pipeline);
    device->fn.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                                     device->pipeline_layout, 0, 1, &recording->slot->set, 1,
                                     &offset);
}

/* One dispatch; *batch is submitted and another begun whenever it has become long. A tile can take
 * a slow device seconds: whoever cancels waits for the batches that it has, not for the tile. */
static enum planche_status record(struct planche_gpu_recording *recording,
                                  struct planche_gpu_batch **batch,
                                  const struct planche_gpu_tile *tile, int index,
                                  struct planche_error *error)
{
    struct planche_gpu_context *context = recording->context;
    const struct planche_gpu_dispatch *dispatch = &tile->dispatches[index];
    struct dispatch_slices slices = slice_dispatch(context, tile, index);
    double most = atomic_load(&context->macs_per_ms) * BATCH_MS;
    enum planche_status status = PLANCHE_OK;
    bool last = false, ended = false; /* the dispatch; its label */
    if (context->profile || (*batch)->timestamp_count == 0)
        write_timestamp(context, *batch, dispatch->profile);
    bind(recording, (*batch)->commands, dispatch, index);
    while (!status && !last) {
        (*batch)->macs += record_slice(context->device, (*batch)->commands, &slices, &last);
        if ((*batch)->macs < most || (last && index + 1 == tile->count))
            continue;
        planche_gpu_label_end(context->device, (*batch)->commands);
        ended = last;
        status = submit_batch(recording, *batch, error);
        if (!status)
            status = planche_cancel_fail(recording->cancel, error);
        if (!status)
            status = begin_batch(recording, batch, error);
        if (status)
            return status;
        if (last)
            break;
        bind(recording, (*batch)->commands, dispatch, index);
        write_timestamp(context, *batch, dispatch->profile);
    }
    if (!ended)
        planche_gpu_label_end(context->device, (*batch)->commands);
    /* Which stage a kernel belongs to is not written down. */
    VkPipelineStageFlags stage = context->device->path == PLANCHE_GPU_PATH_WGMMA
                                     ? VK_PIPELINE_STAGE_ALL_COMMANDS_BIT
                                     : VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    barrier(context->device, (*batch)->commands, stage, stage);
    return status;
}

enum planche_status planche_gpu_record_tile(struct planche_gpu_recording *recording,
                                            const struct planche_gpu_tile *tile,
                                            struct planche_error *error)
{
    struct planche_gpu_batch *batch;
    enum planche_status status = begin_batch(recording, &batch, error);
    if (status)
        return status;
    send_args(recording, tile, batch->commands);
    for (int d = 0; d < tile->count && !status; d++) {
        status = record(recording, &batch, tile, d, error);
        if (!status && recording->context->profile)
            atomic_fetch_add(&recording->context->step_macs[tile->dispatches[d].profile],
                             (uint64_t)tile->dispatches[d].macs);
    }
    return status ? status : submit_batch(recording, batch, error);
}
