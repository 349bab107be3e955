/* SPDX-License-Identifier: MIT */
/* From a dispatch's arguments to those of a kernel. */
#include "backend/vulkan/wgmma/launch.h"

#include "backend/vulkan/wgmma/args.h"
#include "net/ops.h"

#include <assert.h>

/* A box of pixels that TMA loads at a time. */
struct box {
    uint32_t channels, rows, step; /* step: to the next row */
};

/* The rows of a kernel's box, and how far apart they are. */
static struct box box_of(enum planche_gpu_kernel kernel)
{
    switch (kernel) {
    case PLANCHE_GPU_KERNEL_ENLARGED:
        return (struct box){PLANCHE_WGMMA_CHUNK, PLANCHE_WGMMA_ROWS + 1, 1};
    case PLANCHE_GPU_KERNEL_PAIRED: /* even or odd rows */
        return (struct box){PLANCHE_WGMMA_CHUNK / 2, PLANCHE_WGMMA_ROWS + 1, 2};
    default:
        return (struct box){PLANCHE_WGMMA_CHUNK, PLANCHE_WGMMA_ROWS + 2, 1};
    }
}

/* A region is [y][x][channel], of which a map has each row from `first` on, or each second one: at
 * least one, since there are no maps without. The map's layout is that of cuTensorMapEncodeTiled,
 * which is a function of CUDA's library: one less than each size, strides in units of 16 bytes.
 * Words 2 and 18 are those of halves, three dimensions, zeros outside, 256 bytes at a time into the
 * L2 cache, and a swizzle as wide as a pixel of the box. */
static void map_region(struct planche_wgmma_map *map, const struct planche_gpu_view *view,
                       struct box box, uint32_t first)
{
    uint64_t pixel = (uint64_t)view->pitch * 2, row = pixel * (uint64_t)view->width;
    uint32_t rows = ((uint32_t)view->height - first + box.step - 1) / box.step;
    uint64_t address = view->address + (rows > 0 ? first * row : 0);
    uint32_t *words = map->words;
    *map = (struct planche_wgmma_map){0};
    words[0] = (uint32_t)address;
    words[1] = (uint32_t)(address >> 32);
    words[2] = 0x60320u | (box.channels == PLANCHE_WGMMA_CHUNK ? 0x4000u : 0x2000u);
    words[3] = (uint32_t)(pixel >> 4);
    words[4] = (uint32_t)(row * box.step >> 4);
    words[8] = (uint32_t)view->channels - 1;
    words[9] = (uint32_t)view->width - 1;
    words[10] = (rows > 0 ? rows : 1) - 1;
    words[13] = (box.channels - 1) << 24;
    words[14] = (PLANCHE_WGMMA_BOX_X - 1) | (box.rows - 1) << 8;
    words[16] = 2 * box.channels * PLANCHE_WGMMA_BOX_X * box.rows;
    words[18] = box.channels * 16;
}

static void set_inputs(struct planche_wgmma_args *to, const struct planche_gpu_args *args,
                       enum planche_gpu_kernel kernel)
{
    struct box box = box_of(kernel);
    assert(args->in_count <= PLANCHE_WGMMA_INPUTS);
    to->in_count = args->in_count;
    for (int i = 0; i < args->in_count; i++) {
        for (uint32_t first = 0; first < box.step; first++)
            map_region(&to->maps[first * PLANCHE_WGMMA_INPUTS + (uint32_t)i], &args->in[i], box,
                       first);
        to->in_odd_rows[i] = args->in[i].height / 2;
        to->in_x[i] = args->in[i].x;
        to->in_y[i] = args->in[i].y;
        to->in_chunks[i] = args->in[i].channels / (int32_t)box.channels;
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
        .outputs = product->outputs,
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
    set_inputs(to, args, step->kernel);
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
