/* SPDX-License-Identifier: MIT */
/* Looking for the largest tiles that fit. */
#include "backend/vulkan/split.h"

#include "base/status.h"

/* Sides that are tried: ever smaller by a quarter, down to this. */
#define MIN_SIDE 16
/* The longest side: devices need not take more than 65535 workgroups side by side, and those of
 * some shaders make 4 rows. */
#define MAX_SIDE 16384

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool planche_gpu_split_is_whole(const struct planche_gpu_split *split)
{
    return split->columns == 1 && split->rows == 1;
}

struct planche_rect planche_gpu_split_rect(const struct planche_gpu_split *split,
                                           const struct planche_gpu_job *job, int64_t column,
                                           int64_t row)
{
    int64_t scale = job->program->net->recipe.scale;
    int64_t x = column * split->tile_width, y = row * split->tile_height;
    return (struct planche_rect){
        .x0 = x * scale,
        .x1 = least(x + split->tile_width, job->page.width) * scale,
        .y0 = y * scale,
        .y1 = least(y + split->tile_height, job->page.height) * scale,
    };
}

static void set_sides(struct planche_gpu_split *split, const struct planche_gpu_job *job,
                      int64_t side)
{
    int64_t width = job->page.width, height = job->page.height;
    split->tile_width = least(side, width);
    split->tile_height = least(side, height);
    split->columns = (width + split->tile_width - 1) / split->tile_width;
    split->rows = (height + split->tile_height - 1) / split->tile_height;
}

/* Bytes of the arena that one tile takes at most, in any run of the network over it. */
static bool measure_tile(const struct planche_gpu_split *split, struct planche_gpu_tile *tile,
                         int64_t column, int64_t row, uint64_t *bytes)
{
    struct planche_rect rect = planche_gpu_split_rect(split, tile->job, column, row);
    if (planche_gpu_split_is_whole(split)) {
        bool fits = planche_gpu_tile_measure(tile, PLANCHE_GPU_AIM_WHOLE, 0, rect);
        *bytes = tile->bytes;
        return fits;
    }
    for (int level = 0; level <= tile->job->program->levels; level++) {
        enum planche_gpu_aim aim = level ? PLANCHE_GPU_AIM_SUMS : PLANCHE_GPU_AIM_RESULT;
        if (!planche_gpu_tile_measure(tile, aim, level, rect))
            return false;
        if (tile->bytes > *bytes)
            *bytes = tile->bytes;
    }
    return true;
}

/* Tiles at edges need less of their surroundings and may begin elsewhere: of each axis the first,
 * one in the middle and the last are looked at. */
static bool measure(struct planche_gpu_split *split, struct planche_gpu_tile *tile)
{
    int64_t columns[3] = {split->columns / 2, 0, split->columns - 1};
    int64_t rows[3] = {split->rows / 2, 0, split->rows - 1};
    split->arena = 0;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) {
            bool seen = (c > 0 && columns[c] == columns[0]) || (r > 0 && rows[r] == rows[0]);
            if (!seen && !measure_tile(split, tile, columns[c], rows[r], &split->arena))
                return false;
        }
    return true;
}

enum planche_status planche_gpu_split_page(struct planche_gpu_split *split,
                                           struct planche_gpu_tile *tile, uint64_t memory,
                                           unsigned side, struct planche_error *error)
{
    const struct planche_gpu_job *job = tile->job;
    int64_t longer = job->page.width > job->page.height ? job->page.width : job->page.height;
    int64_t now = least(side ? side : longer, MAX_SIDE);
    if (memory > job->program->device->max_allocation)
        memory = job->program->device->max_allocation;
    for (;;) {
        set_sides(split, job, now);
        bool fits = measure(split, tile);
        if (fits && split->arena <= memory)
            return PLANCHE_OK;
        if (side || now <= MIN_SIDE)
            return planche_fail(
                error, PLANCHE_ERROR_MEMORY,
                "%s: tiles of %lld x %lld pixels take %llu KiB of GPU memory, and there are %llu; "
                "allow more (--gpu-memory) or smaller ones (--tile)",
                job->program->device->name, (long long)split->tile_width,
                (long long)split->tile_height, (unsigned long long)((split->arena >> 10) + 1),
                (unsigned long long)(memory >> 10));
        now = now * 3 / 4 / PLANCHE_GPU_TILE_STEP * PLANCHE_GPU_TILE_STEP;
        if (now < MIN_SIDE)
            now = MIN_SIDE;
    }
}
