/* SPDX-License-Identifier: MIT */
/* From a dispatch's arguments to those of a kernel. */
#include "backend/vulkan/wgmma/launch.h"

#include "backend/vulkan/wgmma/args.h"
#include "net/ops.h"

#include <assert.h>

/* Of word 2 of a tensor map: halves, tiles, zeros outside, a swizzle of 64 bytes, 3 dimensions. */
#define HALVES_IN_3_DIMENSIONS 0x00064320u
/* Of word 18, in every map. */
#define MAP_END 0x400u

/* A map of a region, channels first, whose boxes are 32 pixels wide. Its layout is that of
 * cuTensorMapEncodeTiled, which is a function of CUDA's library: strides in units of 16 bytes, and
 * one less than each size. */
static void map_region(struct planche_wgmma_map *map, const struct planche_gpu_view *view,
                       uint32_t rows)
{
    uint64_t pixel = (uint64_t)view->pitch * 2, row = pixel * (uint64_t)view->width;
    uint32_t *words = map->words;
    *map = (struct planche_wgmma_map){0};
    words[0] = (uint32_t)view->address;
    words[1] = (uint32_t)(view->address >> 32);
    words[2] = HALVES_IN_3_DIMENSIONS;
    words[3] = (uint32_t)(pixel >> 4);
    words[4] = (uint32_t)(row >> 4);
    words[8] = (uint32_t)view->channels - 1;
    words[9] = (uint32_t)view->width - 1;
    words[10] = (uint32_t)view->height - 1;
    words[13] = (uint32_t)(PLANCHE_WGMMA_CHUNK - 1) << 24;
    words[14] = (uint32_t)(PLANCHE_WGMMA_BOX_X - 1) | (rows - 1) << 8;
    words[16] = (uint32_t)(2 * PLANCHE_WGMMA_CHUNK * PLANCHE_WGMMA_BOX_X) * rows;
    words[18] = MAP_END;
}

static void set_inputs(struct planche_wgmma_args *to, const struct planche_gpu_args *args, int taps)
{
    assert(args->in_count <= PLANCHE_WGMMA_INPUTS);
    to->in_count = args->in_count;
    for (int i = 0; i < args->in_count; i++) {
        map_region(&to->maps[i], &args->in[i], (uint32_t)PLANCHE_WGMMA_BOX_Y(taps));
        to->in_x[i] = args->in[i].x;
        to->in_y[i] = args->in[i].y;
        to->in_chunks[i] = args->in[i].channels / PLANCHE_WGMMA_CHUNK;
        to->chunks += to->in_chunks[i];
    }
}

static void set_residuals(struct planche_wgmma_args *to, const struct planche_gpu_args *args)
{
    for (int r = 0; r < args->residual_count; r++) {
        const struct planche_gpu_view *view = &args->residual[r].view;
        to->residual[r] = (struct planche_wgmma_residual){
            .address = view->address,
            .width = view->width,
            .height = view->height,
            .pitch = view->pitch,
            .x = view->x,
            .y = view->y,
            .self = args->residual[r].self,
            .other = args->residual[r].other,
        };
    }
}

static float slope_of(const struct planche_gpu_args *args)
{
    return args->activation == PLANCHE_ACT_RELU    ? 0
           : args->activation == PLANCHE_ACT_LEAKY ? args->act0
                                                   : 1;
}

static void set_args(struct planche_wgmma_args *to, const struct planche_gpu_step *step,
                     const struct planche_gpu_args *args, const struct planche_gpu_launch *launch)
{
    const struct planche_gpu_product *product = &step->product;
    *to = (struct planche_wgmma_args){
        .weights = args->weights,
        .constants = args->constants,
        .out = args->out.address,
        .sums = args->sums,
        .width = args->out.width,
        .height = args->out.height,
        .pitch = args->out.pitch,
        .blocks = product->blocks,
        .tiles_x = (int32_t)launch->columns / product->blocks,
        .slopes = args->activation == PLANCHE_ACT_SLOPES,
        .slope = slope_of(args),
        .step_blocks = product->step / PLANCHE_WGMMA_OUTPUTS,
        .pad_left = args->pad_left,
        .pad_top = args->pad_top,
        .sums_x0 = args->sums_x0,
        .sums_x1 = args->sums_x1,
        .sums_y0 = args->sums_y0,
        .sums_y1 = args->sums_y1,
    };
    to->first_tile = (int32_t)launch->first_row * to->tiles_x;
    to->tiles = (int32_t)(launch->first_row + launch->rows) * to->tiles_x;
    set_inputs(to, args, product->taps_x);
    set_residuals(to, args);
}

/* Blocks of threads stay on their multiprocessors until all tiles are made; those of one block of
 * outputs share the tiles. */
static uint32_t count_blocks(const struct planche_gpu_device *device,
                             const struct planche_wgmma_args *args,
                             const struct planche_gpu_launch *launch)
{
    uint32_t processors = launch->processors ? launch->processors : device->processors;
    uint32_t blocks = (uint32_t)args->blocks, tiles = (uint32_t)(args->tiles - args->first_tile);
    uint32_t each = processors / blocks;
    return blocks * (each < 1 ? 1 : each < tiles ? each : tiles);
}

void planche_gpu_kernel_launch(const struct planche_gpu_device *device, VkCommandBuffer commands,
                               const struct planche_gpu_step *step,
                               const struct planche_gpu_args *args,
                               const struct planche_gpu_launch *launch)
{
    struct planche_wgmma_args own;
    const void *parameters[] = {&own};
    set_args(&own, step, args, launch);
    const VkCuLaunchInfoNVX info = {
        .sType = VK_STRUCTURE_TYPE_CU_LAUNCH_INFO_NVX,
        .function = device->kernels[step->kernel],
        .gridDimX = count_blocks(device, &own, launch),
        .gridDimY = 1,
        .gridDimZ = 1,
        .blockDimX = PLANCHE_WGMMA_THREADS,
        .blockDimY = 1,
        .blockDimZ = 1,
        .sharedMemBytes = PLANCHE_WGMMA_SHARED,
        .paramCount = 1,
        .pParams = parameters,
    };
    device->fn.CmdCuLaunchKernelNVX(commands, &info);
}
