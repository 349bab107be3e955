/* SPDX-License-Identifier: MIT */
/* A page on a GPU, with double buffering: its pixels are uploaded through a staging buffer, tiles
 * are made band by band, and finished rows are read back while the next band is being made. */
#include "backend/tiles/split.h"
#include "backend/vulkan/check.h"
#include "backend/vulkan/device_pool.h"
#include "backend/vulkan/record.h"
#include "base/status.h"
#include "os/system.h"

#include <string.h>

/* Bands of the result that are on the device at once: one is made, one is fetched. */
#define BANDS 2

/* The page buffer: offsets of the page, its vectors, arguments, flags and bands of the result. */
struct page_layout {
    uint64_t vectors, flags, args, page, kept;
    uint64_t bands[BANDS];
    uint64_t clear_bytes; /* flags, and the sums, which the vectors begin with */
    uint64_t bytes;
};

struct page_run {
    struct planche_gpu_pool *gpus;
    struct planche_gpu_context *context;
    struct planche_gpu_page_slot *slot;
    const struct planche_page_io *io;
    struct planche_budget *budget;
    struct planche_gpu_job job;
    struct planche_gpu_tile tile;
    struct planche_split split;
    struct planche_keeping keeping; /* what the tile's plan keeps */
    bool keeps_nothing;             /* there was no memory for it */
    struct page_layout layout;
    struct planche_gpu_recording recording;
    struct planche_gpu_staging staging; /* back come two chunks, and flags behind them */
    uint64_t down_bytes;                /* of a chunk on its way back */
    uint64_t result_stride, band_rows;
    uint64_t band_values[BANDS]; /* of the context's timeline, when a band is made */
    uint32_t tiles;
    bool streams; /* the page took no turn */
    double done;  /* 0..1 */
    bool bright;  /* a pixel of the page is */
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

static void lay_out_page_buffer(struct page_run *run)
{
    const struct planche_gpu_program *program = run->context->program;
    struct page_layout *layout = &run->layout;
    uint64_t dispatches = 2 * (uint64_t)program->net->step_count + 2;
    bool whole = planche_split_is_whole(&run->split);
    run->result_stride = result_stride(&run->job);
    run->band_rows = (uint64_t)run->split.tile_height * program->net->recipe.scale;
    run->tiles = (uint32_t)(run->split.columns * run->split.rows);
    layout->flags = 0;
    layout->vectors = planche_gpu_align(sizeof(uint32_t) * (uint64_t)run->tiles);
    layout->clear_bytes = layout->vectors + program->sum_bytes;
    layout->args = layout->vectors + planche_gpu_align(program->vector_bytes);
    layout->page = layout->args +
                   planche_gpu_align(dispatches * planche_gpu_args_stride(run->context->device));
    layout->kept = layout->page + planche_gpu_align(run->job.page_bytes);
    layout->bands[0] = layout->kept + planche_gpu_align(run->split.kept);
    layout->bands[1] = layout->bands[0];
    layout->bytes = layout->bands[0] + planche_gpu_align(run->band_rows * run->result_stride);
    if (!whole) {
        layout->bands[1] = layout->bytes;
        layout->bytes += planche_gpu_align(run->band_rows * run->result_stride);
    }
}

/* A band's tiles and where its rows lie. */
static struct planche_gpu_addresses addresses_of(const struct page_run *run, int64_t row,
                                                 int64_t column)
{
    uint64_t base = run->slot->page_buffer.address;
    uint64_t tile = (uint64_t)(row * run->split.columns + column);
    return (struct planche_gpu_addresses){
        .arena = &run->context->arena,
        .page = base + run->layout.page,
        .kept = base + run->layout.kept,
        .vectors = base + run->layout.vectors,
        .flags = base + run->layout.flags + tile * sizeof(uint32_t),
        .result = base + run->layout.bands[row % BANDS],
        .result_stride = run->result_stride,
    };
}

/* A copy between the page buffer and a staging buffer. */
struct transfer {
    int index; /* of the slot's command buffers */
    VkBuffer from, to;
    VkBufferCopy regions[2];
    uint32_t count;
};

static enum planche_status submit(struct page_run *run, const struct transfer *transfer,
                                  struct planche_gpu_after after, uint64_t *value,
                                  struct planche_error *error)
{
    VkCommandBuffer commands = run->slot->copies[transfer->index];
    enum planche_status status =
        planche_gpu_record_copy(run->context->device, commands, transfer->from, transfer->to,
                                transfer->regions, transfer->count, error);
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

/* Bytes of the rows that fit in a chunk: of one at least. */
static uint64_t chunk_bytes(uint64_t stride, uint64_t rows, uint64_t chunk)
{
    uint64_t fit = chunk / stride;
    return stride * (fit < 1 ? 1 : fit < rows ? fit : rows);
}

static uint64_t chunk_of(const struct planche_gpu_page *page)
{
    return page->chunk > PLANCHE_GPU_MIN_CHUNK ? page->chunk : PLANCHE_GPU_MIN_CHUNK;
}

/* The most that a page's staging memory may take, whatever its size: pages of different sizes hand
 * it on. */
static uint64_t staging_limit(const struct planche_gpu_page *page, uint64_t up, uint64_t down)
{
    uint64_t chunk = chunk_of(page) > up ? chunk_of(page) : up;
    return PLANCHE_GPU_CHUNKS * (chunk > down ? chunk : down);
}

uint64_t planche_gpu_pool_chunk(const struct planche_gpu_pool *gpus)
{
    uint64_t most = PLANCHE_GPU_MIN_CHUNK;
    for (unsigned u = 0; u < gpus->count; u++) {
        uint64_t tuned = (uint64_t)gpus->contexts[u]->device->tuning.transfer << 20;
        most = tuned > most ? tuned : most;
    }
    return most;
}

static enum planche_status take_staging(struct page_run *run, struct planche_error *error)
{
    const struct planche_gpu_page *page = &run->job.page;
    uint64_t up = chunk_bytes(run->job.page_stride, page->height, chunk_of(page));
    uint64_t rows = (uint64_t)run->job.tiles.result.height;
    uint64_t flags = planche_gpu_align(sizeof(uint32_t) * (uint64_t)run->tiles);
    run->down_bytes = planche_gpu_align(chunk_bytes(run->result_stride, rows, chunk_of(page)));
    return planche_gpu_staging_take(&run->context->staging, up, 2 * run->down_bytes + flags,
                                    staging_limit(page, run->job.page_stride, run->result_stride) +
                                        flags,
                                    &run->staging, error);
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

/* Rows y .. y + count - 1 in the staging buffer. The host looks for brightness, too, until it finds
 * some: a page that never came to the device is black all over. */
static enum planche_status fetch_rows(struct page_run *run, uint64_t y, uint64_t count,
                                      struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (uint64_t r = 0; r < count && !status; r++) {
        uint8_t *row = run->staging.upload.host + r * run->job.page_stride;
        status = run->io->fetch_row(run->io->user, (int64_t)(y + r), row, error);
        run->bright = run->bright || (!status && is_bright(&run->job.page, row));
    }
    return status ? status : check_cancelled(run, error);
}

/* The page's rows, chunk by chunk; what computes waits for the last. */
static enum planche_status send_page(struct page_run *run, struct planche_error *error)
{
    uint64_t stride = run->job.page_stride, height = run->job.page.height, value = 0;
    uint64_t rows = run->staging.upload.size / stride;
    struct transfer transfer = {
        .from = run->staging.upload.buffer,
        .to = run->slot->page_buffer.buffer,
        .count = 1,
    };
    enum planche_status status = PLANCHE_OK;
    for (uint64_t y = 0; y < height && !status; y += rows) {
        uint64_t count = height - y < rows ? height - y : rows;
        if (value)
            status = wait_for_copy(run, value, error);
        if (!status)
            status = fetch_rows(run, y, count, error);
        transfer.regions[0] = (VkBufferCopy){
            .dstOffset = run->layout.page + y * stride,
            .size = count * stride,
        };
        if (!status)
            status = submit(run, &transfer, (struct planche_gpu_after){0}, &value, error);
        if (!status)
            PLANCHE_TRACE(run->io->trace, PLANCHE_TRACE_GPU, "uploaded rows %llu to %llu",
                          (unsigned long long)y, (unsigned long long)(y + count - 1));
    }
    run->recording.after = (struct planche_gpu_after){run->slot->copy_queue.timeline, value};
    return status;
}

/* Makes sure that the arena has room, and submits one tile. */
static enum planche_status submit_tile(struct page_run *run, enum planche_tile_goal goal, int level,
                                       int64_t row, int64_t column, struct planche_error *error)
{
    struct planche_rect rect = planche_split_rect(&run->split, &run->job.tiles, column, row);
    if (!planche_tile_plan_make(&run->tile.plan, goal, level, rect))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a tile's plan");
    planche_mutex_lock(&run->context->arena_mutex);
    uint64_t bytes =
        run->tile.plan.bytes > run->split.arena ? run->tile.plan.bytes : run->split.arena;
    enum planche_status status =
        planche_gpu_context_ensure_arena(run->context, bytes, run->job.tiles.tensors.block, error);
    if (!status) {
        const struct planche_gpu_addresses addresses = addresses_of(run, row, column);
        planche_gpu_tile_build(&run->tile, goal, level, rect, &addresses);
        PLANCHE_TRACE(run->io->trace, PLANCHE_TRACE_GPU,
                      "tile %lld,%lld of level %d: %d dispatches, %.1f MiB of the arena",
                      (long long)column, (long long)row, level, run->tile.count,
                      (double)run->tile.plan.bytes / 1048576);
        status = planche_gpu_record_tile(&run->recording, &run->tile, error);
    }
    planche_mutex_unlock(&run->context->arena_mutex);
    return status ? status : check_cancelled(run, error);
}

static enum planche_status submit_vectors(struct page_run *run, int level,
                                          struct planche_error *error)
{
    const struct planche_gpu_addresses addresses = addresses_of(run, 0, 0);
    planche_mutex_lock(&run->context->arena_mutex);
    planche_gpu_tile_build_vectors(&run->tile, level, &addresses);
    enum planche_status status = planche_gpu_record_tile(&run->recording, &run->tile, error);
    planche_mutex_unlock(&run->context->arena_mutex);
    return status;
}

/* Averages level by level, each over all tiles. */
static enum planche_status submit_levels(struct page_run *run, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (int level = 1; level <= run->context->program->levels && !status; level++) {
        for (int64_t row = 0; row < run->split.rows && !status; row++)
            for (int64_t column = 0; column < run->split.columns && !status; column++)
                status = submit_tile(run, PLANCHE_TILE_SUMS, level, row, column, error);
        if (!status)
            status = submit_vectors(run, level, error);
        run->done = 0.5 * level / (run->context->program->levels + 1);
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
    run->band_values[row % BANDS] = run->recording.value;
    return status;
}

/* A band's rows on their way to the host: one chunk is copied while the one before is emitted. */
struct readback {
    uint64_t from, rows; /* of the band: offset in the page buffer, rows that are left */
    uint64_t each;       /* rows of a chunk */
    bool last;           /* of the page's bands: flags of all tiles come with its end */
    uint64_t counts[2], values[2];
};

static uint64_t flags_offset(const struct page_run *run)
{
    return 2 * run->down_bytes;
}

static enum planche_status read_chunk(struct page_run *run, struct readback *readback, int side,
                                      struct planche_gpu_after after, struct planche_error *error)
{
    uint64_t count = readback->rows < readback->each ? readback->rows : readback->each;
    const struct transfer transfer = {
        .index = side,
        .from = run->slot->page_buffer.buffer,
        .to = run->staging.readback.buffer,
        .regions = {{.srcOffset = readback->from,
                     .dstOffset = (uint64_t)side * run->down_bytes,
                     .size = count * run->result_stride},
                    {.srcOffset = run->layout.flags,
                     .dstOffset = flags_offset(run),
                     .size = run->tiles * sizeof(uint32_t)}},
        .count = readback->last && count == readback->rows ? 2 : 1,
    };
    readback->counts[side] = count;
    readback->from += count * run->result_stride;
    readback->rows -= count;
    return count ? submit(run, &transfer, after, &readback->values[side], error) : PLANCHE_OK;
}

static enum planche_status emit_rows(struct page_run *run, const uint8_t *rows, uint64_t count,
                                     int64_t y, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (uint64_t r = 0; r < count && !status; r++)
        status =
            run->io->emit_row(run->io->user, y + (int64_t)r, rows + r * run->result_stride, error);
    return status ? status : check_cancelled(run, error);
}

static enum planche_status fetch_band(struct page_run *run, int64_t row,
                                      struct planche_error *error)
{
    int64_t y = row * (int64_t)run->band_rows;
    struct readback readback = {
        .from = run->layout.bands[row % BANDS],
        .rows = (uint64_t)(run->job.tiles.result.height - y),
        .each = run->down_bytes / run->result_stride,
        .last = row + 1 == run->split.rows,
    };
    if (readback.rows > run->band_rows)
        readback.rows = run->band_rows;
    const struct planche_gpu_after made = {run->context->queue.timeline,
                                           run->band_values[row % BANDS]};
    enum planche_status status =
        planche_gpu_record_wait(&run->recording, run->band_values[row % BANDS], error);
    if (!status)
        status = read_chunk(run, &readback, 0, made, error);
    for (int side = 0; !status && readback.counts[side]; side = !side) {
        status = read_chunk(run, &readback, !side, made, error);
        if (!status)
            status = wait_for_copy(run, readback.values[side], error);
        if (!status)
            PLANCHE_TRACE(run->io->trace, PLANCHE_TRACE_GPU, "read back rows %lld to %lld",
                          (long long)y, (long long)(y + (int64_t)readback.counts[side] - 1));
        if (!status)
            status = emit_rows(run, run->staging.readback.host + (uint64_t)side * run->down_bytes,
                               readback.counts[side], y, error);
        y += (int64_t)readback.counts[side];
    }
    run->done = 0.5 + 0.5 * (double)(row + 1) / (double)run->split.rows;
    return status;
}

/* Whether what tiles say of themselves, which came with the last rows, can be true. */
static enum planche_status check_flags(struct page_run *run, struct planche_error *error)
{
    const uint32_t *flags =
        (const uint32_t *)(const void *)(run->staging.readback.host + flags_offset(run));
    const char *name = run->context->device->name;
    uint32_t seen = 0;
    enum planche_status status = PLANCHE_OK;
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

static void keep_nothing(struct page_run *run)
{
    run->keeps_nothing = true;
    run->tile.plan.keeping = NULL;
    planche_keeping_free(&run->keeping);
}

/* Looks for memory for what is to be kept, beside the page buffer that the split takes. Its bands
 * of the result may be larger than the tiles' then. */
static void keep(struct page_run *run, struct planche_split_limits *limits)
{
    uint64_t result = run->result_stride * (uint64_t)run->job.tiles.result.height;
    uint64_t beside = run->layout.page + run->job.page_bytes + 2 * result;
    if (run->keeps_nothing || beside >= run->context->memory)
        return;
    limits->together = run->context->memory - beside;
    planche_split_keep(&run->split, &run->tile.plan, &run->keeping, limits);
    lay_out_page_buffer(run);
}

/* The page buffer and the arena that the split takes. */
static enum planche_status take_memory(struct page_run *run, struct planche_error *error)
{
    struct planche_gpu_context *context = run->context;
    if (run->split.arena > planche_gpu_pool_arena_limit(context, run->layout.bytes))
        return PLANCHE_ERROR_MEMORY;
    enum planche_status status =
        planche_gpu_pool_ensure_size(context, run->slot, run->layout.bytes, run->io->cancel, error);
    if (status)
        return status;
    planche_mutex_lock(&context->arena_mutex);
    status = planche_gpu_context_ensure_arena(context, run->split.arena,
                                              run->job.tiles.tensors.block, error);
    planche_mutex_unlock(&context->arena_mutex);
    return status;
}

/* Whether the arena can be tried again in several blocks: the driver refused one of more bytes than
 * it promises, and blocks were not tried yet. */
static bool try_blocks(const struct page_run *run)
{
    struct planche_gpu_context *context = run->context;
    uint64_t block = context->device->max_allocation / PLANCHE_GPU_ALIGN * PLANCHE_GPU_ALIGN;
    if (run->job.tiles.tensors.block || run->split.arena <= block)
        return false;
    if (!atomic_exchange(&context->arena_block, block))
        planche_log_write(&run->gpus->log, PLANCHE_LOG_INFO,
                          "%s gives no block of %.1f GiB: the arena has several",
                          context->device->name, (double)run->split.arena / (1 << 30));
    return true;
}

/* A page with averages computes again what lies before them for every tile: only who asks for that
 * gets it. */
static unsigned tile_side(const struct page_run *run)
{
    unsigned tuned = run->context->program->levels ? 0 : run->context->device->tuning.tile;
    return run->gpus->tile ? run->gpus->tile : tuned;
}

/* Tiles, page buffer and arena for the page, with ever less memory if there is not as much as was
 * thought. */
static enum planche_status find_memory(struct page_run *run, struct planche_error *error)
{
    struct planche_gpu_context *context = run->context;
    uint64_t limit = planche_gpu_pool_arena_limit(context, 0);
    for (;;) {
        uint64_t block = run->job.tiles.tensors.block = atomic_load(&context->arena_block);
        uint64_t most = block ? block * PLANCHE_GPU_ARENA_BLOCKS : context->device->max_buffer;
        struct planche_split_limits limits = {
            .memory = limit < most ? limit : most,
            .side = tile_side(run),
            .device = context->device->name,
        };
        enum planche_status status =
            planche_split_page(&run->split, &run->tile.plan, &limits, error);
        if (status)
            return status;
        lay_out_page_buffer(run);
        keep(run, &limits);
        status = take_memory(run, error);
        if (status != PLANCHE_ERROR_MEMORY)
            return status;
        bool kept = run->split.kept > 0;
        keep_nothing(run);
        if (kept || try_blocks(run))
            continue;
        run->keeps_nothing = false; /* smaller bands may leave room */
        uint64_t less = run->split.arena < limit ? run->split.arena : limit;
        planche_log_write(
            &run->gpus->log, PLANCHE_LOG_INFO,
            "%s has less memory than a tile of %lld x %lld pixels takes: smaller ones",
            context->device->name, (long long)run->split.tile_width,
            (long long)run->split.tile_height);
        limit = less - less / 4;
    }
}

static void trace_plan(const struct page_run *run)
{
    const struct planche_split *split = &run->split;
    const struct planche_gpu_device *device = run->context->device;
    PLANCHE_TRACE(run->io->trace, PLANCHE_TRACE_PLAN,
                  "GPU %u (%s, %s): %lld x %lld tiles of %lld x %lld pixels, arena %.1f MiB, page "
                  "buffer %.1f MiB",
                  device->index, device->name, planche_vk_path_name(device->path),
                  (long long)split->columns, (long long)split->rows, (long long)split->tile_width,
                  (long long)split->tile_height, (double)split->arena / 1048576,
                  (double)run->layout.bytes / 1048576);
}

/* What tiles cost. */
static void log_tiles(struct page_run *run)
{
    const struct planche_split *split = &run->split;
    if (planche_split_is_whole(split) || !planche_log_wants(&run->gpus->log, PLANCHE_LOG_INFO))
        return; /* nobody reads what it takes many plans to know */
    double work = planche_split_work(split, &run->tile.plan);
    planche_log_write(&run->gpus->log, PLANCHE_LOG_INFO,
                      "%s: the page is %lld x %lld tiles of %lld x %lld pixels, %.0f MiB each, "
                      "which take %.2f times the arithmetic of a page in one; %.0f MiB are kept "
                      "between the averages",
                      run->context->device->name, (long long)split->columns, (long long)split->rows,
                      (long long)split->tile_width, (long long)split->tile_height,
                      (double)split->arena / 1048576, work, (double)split->kept / 1048576);
}

static enum planche_status run_page(struct page_run *run, const struct planche_gpu_page *page,
                                    struct planche_error *error)
{
    enum planche_status status =
        planche_gpu_job_init(&run->job, run->context->program, page, run->budget, error);
    if (!status)
        status = planche_gpu_tile_init(&run->tile, &run->job, run->budget, error);
    if (!status)
        status = find_memory(run, error);
    if (!status) {
        trace_plan(run);
        log_tiles(run);
    }
    if (!status)
        status = take_staging(run, error);
    run->recording = (struct planche_gpu_recording){
        .context = run->context,
        .slot = run->slot,
        .args = run->layout.args,
        .clear_bytes = run->layout.clear_bytes,
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
    struct planche_error ignored;
    if (run->recording.value)
        status = planche_gpu_record_wait(&run->recording, run->recording.value, &ignored);
    if (!status && copies->submitted)
        status = planche_gpu_queue_wait(copies, copies->submitted, &ignored);
    if (status)
        planche_gpu_wait_idle(run->context->device);
    planche_gpu_staging_put(&run->context->staging, &run->staging);
    planche_gpu_tile_free(&run->tile);
    planche_keeping_free(&run->keeping);
    planche_gpu_job_free(&run->job);
    planche_gpu_pool_release(run->gpus, !run->streams, run->context, run->slot);
}

uint64_t planche_gpu_pool_page_memory(const struct planche_gpu_pool *gpus,
                                      const struct planche_gpu_page *page)
{
    const struct planche_net *net = gpus->contexts[0]->program->net;
    struct planche_gpu_job job = {.program = gpus->contexts[0]->program, .page = *page};
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
    return plans + staging_limit(page, up, down);
}

/* All that the page would do but to use it. What goes wrong goes wrong again when it runs. The
 * token has fired: what waits for the memory of other pages gives up, since those may wait for rows
 * of pages that wait for this. */
static void take_first(struct planche_gpu_pool *gpus)
{
    static const struct planche_cancel fired = {.requested = true};
    static const struct planche_cancel_token no_wait = {.handle = &fired};
    static const struct planche_page_io none = {.cancel = &no_wait};
    struct page_run run = {.gpus = gpus, .io = &none, .budget = gpus->budget, .streams = true};
    struct planche_error ignored;
    if (planche_gpu_pool_acquire(gpus, false, NULL, &run.context, &run.slot, &ignored))
        return;
    enum planche_status status = planche_gpu_job_init(&run.job, run.context->program,
                                                      &gpus->warm_page, run.budget, &ignored);
    if (!status)
        status = planche_gpu_tile_init(&run.tile, &run.job, run.budget, &ignored);
    if (!status)
        status = find_memory(&run, &ignored);
    if (!status)
        take_staging(&run, &ignored);
    end(&run);
}

static void warm_up(void *user)
{
    struct planche_gpu_pool *gpus = user;
    take_first(gpus);
    planche_mutex_lock(&gpus->mutex);
    gpus->warming = false;
    planche_cond_broadcast(&gpus->warm_ended);
    planche_mutex_unlock(&gpus->mutex);
}

void planche_gpu_pool_expect(struct planche_gpu_pool *gpus, const struct planche_gpu_page *page)
{
    if (atomic_exchange(&gpus->warmed, true))
        return;
    gpus->warm_page = *page;
    planche_mutex_lock(&gpus->mutex);
    gpus->warm_started = gpus->warming = planche_thread_start(&gpus->warm, warm_up, gpus);
    planche_mutex_unlock(&gpus->mutex);
}

enum planche_status
planche_gpu_pool_run(struct planche_gpu_pool *gpus, const struct planche_gpu_page *page,
                     const struct planche_page_io *io, struct planche_budget *budget,
                     struct planche_gpu_page_result *result, struct planche_error *error)
{
    struct page_run run = {.gpus = gpus, .io = io, .budget = budget, .streams = page->streams};
    planche_gpu_pool_await(gpus, io->cancel);
    enum planche_status status =
        planche_gpu_pool_acquire(gpus, !page->streams, io->cancel, &run.context, &run.slot, error);
    if (status)
        return status;
    status = run_page(&run, page, error);
    *result = (struct planche_gpu_page_result){
        .device = run.context->device->index,
        .name = run.context->device->name,
        .tiles = run.tiles,
        .another = status == PLANCHE_ERROR_DEVICE && atomic_load(&run.context->device->lost) &&
                   planche_gpu_pool_alive(gpus),
    };
    end(&run);
    result->ms = run.recording.ms;
    return status;
}
