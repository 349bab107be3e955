/* SPDX-License-Identifier: MIT */
/* A page on a GPU: its pixels go up in pieces, tiles are made band by band, and finished rows come
 * down in pieces while the next band is being made. */
#include "backend/tiles/split.h"
#include "backend/vulkan/check.h"
#include "backend/vulkan/device_pool.h"
#include "backend/vulkan/record.h"
#include "base/status.h"
#include "os/system.h"

#include <string.h>

/* Bands of the result that are on the device at once: one is made, one is fetched. */
#define BANDS 2

/* Where things lie in a slot's block. */
struct block {
    uint64_t vectors, flags, args, page;
    uint64_t bands[BANDS];
    uint64_t clear_bytes; /* flags, and the sums, which the vectors begin with */
    uint64_t bytes;
};

struct page_run {
    struct planche_gpus *gpus;
    struct planche_gpu_context *unit;
    struct planche_gpu_slot *slot;
    const struct planche_gpu_page_io *io;
    struct planche_budget *budget;
    struct planche_gpu_job job;
    struct planche_gpu_tile tile;
    struct planche_split split;
    struct block block;
    struct planche_gpu_work work;
    struct planche_gpu_memory up, down; /* two pieces down */
    uint64_t result_stride, band_rows;
    uint64_t band_values[BANDS]; /* of the unit's timeline, when a band is made */
    uint32_t tiles;
    double done; /* 0..1 */
    bool bright; /* a pixel of the page is */
};

/* Reports how far the page is, and whether to go on. */
static enum planche_status check_cancelled(const struct page_run *run, struct planche_error *error)
{
    if (run->io->progress)
        run->io->progress(run->io->user, run->done);
    return planche_cancel_fail(run->io->cancel, error);
}

/* Rows of pixels have room for a multiple of four, so that shaders write whole words. */
static uint64_t result_stride(const struct planche_gpu_job *job)
{
    uint64_t width = (uint64_t)job->tiles.result.width;
    if (job->page.floats)
        return width * job->page.colours * sizeof(float);
    return (width + 3) / 4 * 4 * job->channels * (job->page.depth / 8);
}

static void place_block(struct page_run *run)
{
    const struct planche_gpu_program *program = run->unit->program;
    struct block *block = &run->block;
    uint64_t dispatches = 2 * (uint64_t)program->net->step_count + 2;
    bool whole = planche_split_is_whole(&run->split);
    run->result_stride = result_stride(&run->job);
    run->band_rows = (uint64_t)run->split.tile_height * program->net->recipe.scale;
    run->tiles = (uint32_t)(run->split.columns * run->split.rows);
    block->flags = 0;
    block->vectors = planche_gpu_align(sizeof(uint32_t) * (uint64_t)run->tiles);
    block->clear_bytes = block->vectors + program->sum_bytes;
    block->args = block->vectors + planche_gpu_align(program->vector_bytes);
    block->page =
        block->args + planche_gpu_align(dispatches * planche_gpu_args_stride(run->unit->device));
    block->bands[0] = block->page + planche_gpu_align(run->job.page_bytes);
    block->bands[1] = block->bands[0];
    block->bytes = block->bands[0] + planche_gpu_align(run->band_rows * run->result_stride);
    if (!whole) {
        block->bands[1] = block->bytes;
        block->bytes += planche_gpu_align(run->band_rows * run->result_stride);
    }
}

/* A band's tiles and where its rows lie. */
static struct planche_gpu_place place_of(const struct page_run *run, int64_t row, int64_t column)
{
    uint64_t base = run->slot->block.address;
    uint64_t tile = (uint64_t)(row * run->split.columns + column);
    return (struct planche_gpu_place){
        .arena = run->unit->arena.address,
        .page = base + run->block.page,
        .vectors = base + run->block.vectors,
        .flags = base + run->block.flags + tile * sizeof(uint32_t),
        .result = base + run->block.bands[row % BANDS],
        .result_stride = run->result_stride,
    };
}

/* Submits a copy between the slot's block and memory of the host. */
static enum planche_status copy(struct page_run *run, int index, VkBuffer from, VkBuffer to,
                                const VkBufferCopy *region, struct planche_gpu_after after,
                                uint64_t *value, struct planche_error *error)
{
    VkCommandBuffer commands = run->slot->copies[index];
    enum planche_status status =
        planche_gpu_record_copy(run->unit->device, commands, from, to, region, error);
    if (!status)
        status =
            planche_gpu_queue_submit(&run->slot->copy_queue, commands, true, after, value, error);
    return status;
}

static enum planche_status wait_for_copy(struct page_run *run, uint64_t value,
                                         struct planche_error *error)
{
    return planche_gpu_queue_wait(&run->slot->copy_queue, value, error);
}

/* Rows that fit in a piece. */
static uint64_t rows_of_piece(uint64_t stride, uint64_t rows)
{
    uint64_t fit = PLANCHE_GPU_PIECE / stride;
    return fit < 1 ? 1 : fit < rows ? fit : rows;
}

static enum planche_status make_pieces(struct page_run *run, struct planche_error *error)
{
    struct planche_gpu_device *device = run->unit->device;
    uint64_t up = run->job.page_stride, down = run->result_stride;
    up *= rows_of_piece(up, run->job.page.height);
    down *= rows_of_piece(down, (uint64_t)run->job.tiles.result.height);
    uint64_t flags = sizeof(uint32_t) * (uint64_t)run->tiles;
    if (2 * down < flags)
        down = flags;
    enum planche_status status =
        planche_gpu_memory_create(&run->up, device, up, PLANCHE_GPU_MEMORY_UPLOAD, error);
    if (!status)
        status = planche_gpu_memory_create(&run->down, device, 2 * down,
                                           PLANCHE_GPU_MEMORY_DOWNLOAD, error);
    return status;
}

/* Whether a row has a pixel that LOAD calls bright. */
static bool is_bright(const struct planche_gpu_page *page, const void *row)
{
    unsigned channels = page->colours + page->alpha, least = 1u << (page->depth - 2);
    const uint8_t *bytes = row;
    const uint16_t *words = row;
    for (size_t x = 0; x < page->width; x++)
        for (size_t c = x * channels; c < x * channels + page->colours; c++)
            if ((page->depth == 16 ? words[c] : bytes[c]) >= least)
                return true;
    return false;
}

/* The page's rows, piece by piece. The host looks for brightness, too, until it finds some: a page
 * that never came to the device is black all over. */
static enum planche_status send_page(struct page_run *run, struct planche_error *error)
{
    uint64_t stride = run->job.page_stride, height = run->job.page.height;
    uint64_t rows = run->up.size / stride, value;
    enum planche_status status = PLANCHE_OK;
    for (uint64_t y = 0; y < height && !status; y += rows) {
        uint64_t count = height - y < rows ? height - y : rows;
        for (uint64_t r = 0; r < count && !status; r++) {
            uint8_t *row = run->up.host + r * stride;
            status = run->io->fetch(run->io->user, (int64_t)(y + r), row, error);
            run->bright = run->bright || (!status && is_bright(&run->job.page, row));
        }
        const VkBufferCopy region = {
            .dstOffset = run->block.page + y * stride,
            .size = count * stride,
        };
        if (!status)
            status = copy(run, 0, run->up.buffer, run->slot->block.buffer, &region,
                          (struct planche_gpu_after){0}, &value, error);
        if (!status)
            status = wait_for_copy(run, value, error);
        if (!status)
            status = check_cancelled(run, error);
        run->work.after = (struct planche_gpu_after){run->slot->copy_queue.timeline, value};
        if (!status)
            PLANCHE_TRACE(run->io->trace, PLANCHE_TRACE_GPU, "uploaded rows %llu to %llu",
                          (unsigned long long)y, (unsigned long long)(y + count - 1));
    }
    return status;
}

/* Makes sure that the arena has room, and submits one tile. */
static enum planche_status submit_tile(struct page_run *run, enum planche_tile_goal goal, int level,
                                       int64_t row, int64_t column, struct planche_error *error)
{
    struct planche_rect rect = planche_split_rect(&run->split, &run->job.tiles, column, row);
    if (!planche_tile_plan_make(&run->tile.plan, goal, level, rect))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a tile's plan");
    planche_mutex_lock(&run->unit->arena_mutex);
    uint64_t bytes =
        run->tile.plan.bytes > run->split.arena ? run->tile.plan.bytes : run->split.arena;
    enum planche_status status = planche_gpu_context_fit(run->unit, bytes, error);
    if (!status) {
        const struct planche_gpu_place place = place_of(run, row, column);
        planche_gpu_tile_build(&run->tile, goal, level, rect, &place);
        PLANCHE_TRACE(run->io->trace, PLANCHE_TRACE_GPU,
                      "tile %lld,%lld of level %d: %d dispatches, %.1f MiB of the arena",
                      (long long)column, (long long)row, level, run->tile.count,
                      (double)run->tile.plan.bytes / 1048576);
        status = planche_gpu_work_submit(&run->work, &run->tile, error);
    }
    planche_mutex_unlock(&run->unit->arena_mutex);
    return status ? status : check_cancelled(run, error);
}

static enum planche_status submit_vectors(struct page_run *run, int level,
                                          struct planche_error *error)
{
    const struct planche_gpu_place place = place_of(run, 0, 0);
    planche_mutex_lock(&run->unit->arena_mutex);
    planche_gpu_tile_build_vectors(&run->tile, level, &place);
    enum planche_status status = planche_gpu_work_submit(&run->work, &run->tile, error);
    planche_mutex_unlock(&run->unit->arena_mutex);
    return status;
}

/* Averages level by level, each over all tiles. */
static enum planche_status submit_levels(struct page_run *run, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (int level = 1; level <= run->unit->program->levels && !status; level++) {
        for (int64_t row = 0; row < run->split.rows && !status; row++)
            for (int64_t column = 0; column < run->split.columns && !status; column++)
                status = submit_tile(run, PLANCHE_TILE_SUMS, level, row, column, error);
        if (!status)
            status = submit_vectors(run, level, error);
        run->done = 0.5 * level / (run->unit->program->levels + 1);
    }
    return status;
}

static enum planche_status submit_band(struct page_run *run, int64_t row,
                                       struct planche_error *error)
{
    enum planche_tile_goal goal =
        planche_split_is_whole(&run->split) ? PLANCHE_TILE_WHOLE : PLANCHE_TILE_RESULT;
    enum planche_status status = PLANCHE_OK;
    for (int64_t column = 0; column < run->split.columns && !status; column++)
        status = submit_tile(run, goal, 0, row, column, error);
    run->band_values[row % BANDS] = run->work.value;
    return status;
}

/* A band's rows on their way to the host: one piece is copied while the one before is emitted. */
struct fetching {
    uint64_t from, rows; /* of the band: offset in the block, rows that are left */
    uint64_t each;       /* rows of a piece */
    uint64_t counts[2], values[2];
};

static enum planche_status fetch_piece(struct page_run *run, struct fetching *fetching, int side,
                                       struct planche_gpu_after after, struct planche_error *error)
{
    uint64_t count = fetching->rows < fetching->each ? fetching->rows : fetching->each;
    const VkBufferCopy region = {
        .srcOffset = fetching->from,
        .dstOffset = (uint64_t)side * (run->down.size / 2),
        .size = count * run->result_stride,
    };
    fetching->counts[side] = count;
    fetching->from += region.size;
    fetching->rows -= count;
    if (!count)
        return PLANCHE_OK;
    return copy(run, side, run->slot->block.buffer, run->down.buffer, &region, after,
                &fetching->values[side], error);
}

static enum planche_status emit_rows(struct page_run *run, const uint8_t *rows, uint64_t count,
                                     int64_t y, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (uint64_t r = 0; r < count && !status; r++)
        status = run->io->emit(run->io->user, y + (int64_t)r, rows + r * run->result_stride, error);
    return status ? status : check_cancelled(run, error);
}

static enum planche_status fetch_band(struct page_run *run, int64_t row,
                                      struct planche_error *error)
{
    int64_t y = row * (int64_t)run->band_rows;
    struct fetching fetching = {
        .from = run->block.bands[row % BANDS],
        .rows = (uint64_t)(run->job.tiles.result.height - y),
        .each = run->down.size / 2 / run->result_stride,
    };
    if (fetching.rows > run->band_rows)
        fetching.rows = run->band_rows;
    const struct planche_gpu_after made = {run->unit->queue.timeline,
                                           run->band_values[row % BANDS]};
    enum planche_status status =
        planche_gpu_work_wait(&run->work, run->band_values[row % BANDS], error);
    if (!status)
        status = fetch_piece(run, &fetching, 0, made, error);
    for (int side = 0; !status && fetching.counts[side]; side = !side) {
        status = fetch_piece(run, &fetching, !side, made, error);
        if (!status)
            status = wait_for_copy(run, fetching.values[side], error);
        if (!status)
            PLANCHE_TRACE(run->io->trace, PLANCHE_TRACE_GPU, "read back rows %lld to %lld",
                          (long long)y, (long long)(y + (int64_t)fetching.counts[side] - 1));
        if (!status)
            status = emit_rows(run, run->down.host + (uint64_t)side * (run->down.size / 2),
                               fetching.counts[side], y, error);
        y += (int64_t)fetching.counts[side];
    }
    run->done = 0.5 + 0.5 * (double)(row + 1) / (double)run->split.rows;
    return status;
}

/* Whether what tiles say of themselves can be true. */
static enum planche_status check_flags(struct page_run *run, struct planche_error *error)
{
    const VkBufferCopy region = {.srcOffset = run->block.flags,
                                 .size = run->tiles * sizeof(uint32_t)};
    const uint32_t *flags = (const uint32_t *)(const void *)run->down.host;
    const char *name = run->unit->device->name;
    uint64_t value;
    uint32_t seen = 0;
    enum planche_status status =
        copy(run, 0, run->slot->block.buffer, run->down.buffer, &region,
             (struct planche_gpu_after){run->unit->queue.timeline, run->work.value}, &value, error);
    if (!status)
        status = wait_for_copy(run, value, error);
    for (uint32_t t = 0; t < run->tiles && !status; t++) {
        seen |= flags[t];
        if (flags[t] & PLANCHE_GPU_SAW_NAN)
            status = planche_fail(error, PLANCHE_ERROR_DEVICE, "%s made values that are no numbers",
                                  name);
        else if (flags[t] & PLANCHE_GPU_SAW_INPUT && !(flags[t] & PLANCHE_GPU_SAW_OUTPUT))
            status = planche_fail(error, PLANCHE_ERROR_DEVICE,
                                  "%s made a black tile of a page that is not black there", name);
    }
    if (!status && run->bright && !(seen & PLANCHE_GPU_SAW_INPUT))
        status =
            planche_fail(error, PLANCHE_ERROR_DEVICE, "%s did not get the page's pixels", name);
    return status;
}

static enum planche_status run_bands(struct page_run *run, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (!planche_split_is_whole(&run->split))
        status = submit_levels(run, error);
    if (!status)
        status = submit_band(run, 0, error);
    for (int64_t row = 0; row < run->split.rows && !status; row++) {
        if (row + 1 < run->split.rows)
            status = submit_band(run, row + 1, error);
        if (!status)
            status = fetch_band(run, row, error);
    }
    return status ? status : check_flags(run, error);
}

/* Tiles, block and arena for the page, with ever less memory if there is not as much as was
 * thought. */
static enum planche_status find_room(struct page_run *run, struct planche_error *error)
{
    struct planche_gpu_context *unit = run->unit;
    uint64_t limit = planche_gpus_arena_limit(unit, 0);
    uint64_t max_allocation = unit->device->max_allocation;
    for (;;) {
        const struct planche_split_limits limits = {
            .memory = limit < max_allocation ? limit : max_allocation,
            .side = run->gpus->tile,
            .device = unit->device->name,
        };
        enum planche_status status =
            planche_split_page(&run->split, &run->tile.plan, &limits, error);
        if (status)
            return status;
        place_block(run);
        uint64_t beside = planche_gpus_arena_limit(unit, run->block.bytes);
        if (run->split.arena > beside) {
            status = PLANCHE_ERROR_MEMORY;
        } else {
            status = planche_gpus_fit(unit, run->slot, run->block.bytes, run->io->cancel, error);
        }
        if (!status) {
            planche_mutex_lock(&unit->arena_mutex);
            status = planche_gpu_context_fit(unit, run->split.arena, error);
            planche_mutex_unlock(&unit->arena_mutex);
        }
        if (status != PLANCHE_ERROR_MEMORY)
            return status;
        uint64_t less = run->split.arena < limit ? run->split.arena : limit;
        planche_log_write(
            &run->gpus->log, PLANCHE_LOG_INFO,
            "%s has less memory than a tile of %lld x %lld pixels takes: smaller ones",
            unit->device->name, (long long)run->split.tile_width,
            (long long)run->split.tile_height);
        limit = less - less / 4;
    }
}

static void trace_plan(const struct page_run *run)
{
    const struct planche_split *split = &run->split;
    const struct planche_gpu_device *device = run->unit->device;
    PLANCHE_TRACE(run->io->trace, PLANCHE_TRACE_PLAN,
                  "GPU %u (%s, %s): %lld x %lld tiles of %lld x %lld pixels, arena %.1f MiB, page "
                  "buffer %.1f MiB",
                  device->index, device->name, planche_gpu_path_name(device->path),
                  (long long)split->columns, (long long)split->rows, (long long)split->tile_width,
                  (long long)split->tile_height, (double)split->arena / 1048576,
                  (double)run->block.bytes / 1048576);
}

static enum planche_status run_page(struct page_run *run, const struct planche_gpu_page *page,
                                    struct planche_error *error)
{
    enum planche_status status =
        planche_gpu_job_init(&run->job, run->unit->program, page, run->budget, error);
    if (!status)
        status = planche_gpu_tile_init(&run->tile, &run->job, run->budget, error);
    if (!status)
        status = find_room(run, error);
    if (!status)
        trace_plan(run);
    if (!status)
        status = make_pieces(run, error);
    run->work = (struct planche_gpu_work){
        .unit = run->unit,
        .slot = run->slot,
        .args = run->block.args,
        .clear_bytes = run->block.clear_bytes,
        .trace = run->io->trace,
        .cancel = run->io->cancel,
    };
    if (!status)
        status = send_page(run, error);
    if (!status)
        status = run_bands(run, error);
    return status;
}

/* Whatever happened, nothing of the page may be in flight when its memory goes. */
static void end(struct page_run *run)
{
    struct planche_gpu_queue *copies = &run->slot->copy_queue;
    enum planche_status status = PLANCHE_OK;
    if (run->work.value)
        status = planche_gpu_work_wait(&run->work, run->work.value, NULL);
    if (!status && copies->submitted)
        status = planche_gpu_queue_wait(copies, copies->submitted, NULL);
    if (status)
        planche_gpu_rest(run->unit->device);
    planche_gpu_memory_destroy(&run->up);
    planche_gpu_memory_destroy(&run->down);
    planche_gpu_tile_free(&run->tile);
    planche_gpu_job_free(&run->job);
    planche_gpus_leave(run->gpus, run->unit, run->slot);
}

uint64_t planche_gpus_page_memory(const struct planche_gpus *gpus,
                                  const struct planche_gpu_page *page)
{
    const struct planche_net *net = gpus->units[0]->program->net;
    struct planche_gpu_job job = {.program = gpus->units[0]->program, .page = *page};
    uint64_t scale = net->recipe.scale, steps = (uint64_t)net->step_count;
    job.channels = page->colours + page->alpha;
    job.tiles.result =
        (struct planche_shape){(int64_t)(page->height * scale), (int64_t)(page->width * scale)};
    uint64_t up = (uint64_t)page->width * job.channels * (page->depth / 8) + 3;
    uint64_t down = result_stride(&job);
    /* What plans and the driver's bookkeeping take, generously. */
    uint64_t plans = ((uint64_t)1 << 20) +
                     (2 * steps + 2) * (sizeof(struct planche_gpu_args) + 256) +
                     (uint64_t)net->tensor_count * 128;
    return plans + up * rows_of_piece(up, page->height) +
           2 * down * rows_of_piece(down, page->height * scale);
}

enum planche_status planche_gpus_run(struct planche_gpus *gpus, const struct planche_gpu_page *page,
                                     const struct planche_gpu_page_io *io,
                                     struct planche_budget *budget,
                                     struct planche_gpu_page_result *result,
                                     struct planche_error *error)
{
    struct page_run run = {.gpus = gpus, .io = io, .budget = budget};
    enum planche_status status = planche_gpus_enter(gpus, &run.unit, &run.slot, error);
    if (status)
        return status;
    status = run_page(&run, page, error);
    *result = (struct planche_gpu_page_result){
        .device = run.unit->device->index,
        .tiles = run.tiles,
    };
    end(&run);
    result->ms = run.work.ms;
    return status;
}
