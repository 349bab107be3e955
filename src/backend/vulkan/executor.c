/* SPDX-License-Identifier: MIT */
/* GPUs with Vulkan as an executor. There is little to plan: tiles follow from the device's memory,
 * and what the host needs is rows on their way. */
#include "backend/vulkan/vulkan.h"
#include "base/status.h"

#include <string.h>

/* Bytes of a plan's bookkeeping. */
#define PLAN_BYTES ((uint64_t)256 << 10)

struct vulkan_plan {
    struct planche_executor_plan shared; /* the first, so that it stands for all of it */
    struct planche_gpu_page page;
};

static void destroy(void *state)
{
    struct planche_gpu_pool *gpus = state;
    planche_gpu_pool_destroy(&gpus);
}

static bool is_f32(const struct planche_gpu_pool *gpus)
{
    return strcmp(planche_gpu_pool_path_name(gpus), "f32") == 0;
}

static enum planche_status create(void **state, const struct planche_executor_setup *setup,
                                  struct planche_budget *budget, struct planche_error *error)
{
    bool f32 = setup->precision == PLANCHE_PRECISION_F32;
    const struct planche_gpu_pool_options options = {
        .devices = setup->devices,
        .path = f32 ? PLANCHE_GPU_PATH_F32 : setup->gpu_path,
        .memory = setup->device_memory,
        .tile = setup->tile,
        .profile = setup->profile,
        .pool = setup->pool,
        .log = setup->log,
    };
    struct planche_gpu_pool *gpus;
    enum planche_status status =
        planche_gpu_pool_create(&gpus, setup->net, &options, budget, error);
    if (!status && setup->precision == PLANCHE_PRECISION_F16 && is_f32(gpus)) {
        status = planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                              "%s has no half precision, so use f32", planche_gpu_pool_name(gpus));
        planche_gpu_pool_destroy(&gpus);
    }
    if (!status)
        *state = gpus;
    return status;
}

static void describe(const void *state, struct planche_executor_info *info)
{
    *info = (struct planche_executor_info){
        .precision = is_f32(state) ? "f32" : "f16",
        .device = planche_gpu_pool_name(state),
        .path = planche_gpu_pool_path_name(state),
        .lanes = planche_gpu_pool_max_pages(state),
        .plan_bytes = PLAN_BYTES,
    };
}

/* What it takes to hold all rows of the page and of its result: all of the page is read beforehand,
 * and all of the result is there before any of it is waited for, so that no GPU waits for a decoder
 * or an encoder. */
static uint64_t whole_bytes(const struct planche_executor_page *page, uint64_t result_rows)
{
    uint64_t bytes = result_rows * (page->emit_row_bytes + sizeof(int64_t));
    return page->decodes ? bytes + page->height * page->fetch_row_bytes : bytes;
}

static enum planche_status plan(const void *state, const struct planche_executor_page *page,
                                uint64_t memory, struct planche_budget *budget,
                                struct planche_executor_plan **out, uint64_t *least,
                                struct planche_error *error)
{
    struct planche_gpu_page own_page = {
        .width = page->width,
        .height = page->height,
        .colours = page->colours,
        .depth = page->depth,
        .alpha = page->alpha,
        .floats = page->values,
        .chunk = planche_gpu_pool_chunk(state),
    };
    uint64_t bytes = planche_gpu_pool_page_memory(state, &own_page);
    uint64_t result_rows = (uint64_t)page->height * planche_gpu_pool_scale(state);
    if (bytes > memory || whole_bytes(page, result_rows) > memory - bytes) {
        own_page.chunk = 0; /* smaller transfers leave more to rows */
        bytes = planche_gpu_pool_page_memory(state, &own_page);
    }
    *least = bytes;
    if (bytes > memory)
        return planche_fail(error, PLANCHE_ERROR_BUDGET, "no room for rows on their way to a GPU");
    struct vulkan_plan *own = planche_calloc(budget, 1, sizeof(*own));
    if (!own)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a plan");
    bool whole = page->holds && whole_bytes(page, result_rows) <= memory - bytes;
    own_page.streams = page->holds && !whole;
    own->page = own_page;
    own->shared = (struct planche_executor_plan){
        .bytes = bytes + (whole ? whole_bytes(page, result_rows) : 0),
        .fetch_rows = whole && page->decodes ? page->height : 1,
        .emit_rows = whole ? (int64_t)result_rows : 1,
        .reads_ahead = whole && page->decodes,
    };
    *out = &own->shared;
    return PLANCHE_OK;
}

static void unplan(struct planche_executor_plan *plan)
{
    planche_free(plan);
}

static void expect(void *state, const struct planche_executor_plan *plan)
{
    const struct vulkan_plan *own = (const struct vulkan_plan *)(const void *)plan;
    planche_gpu_pool_expect(state, &own->page);
}

static enum planche_status run(void *state, const struct planche_executor_plan *plan,
                               const struct planche_page_io *io, struct planche_budget *budget,
                               struct planche_executor_result *result, struct planche_error *error)
{
    const struct vulkan_plan *own = (const struct vulkan_plan *)(const void *)plan;
    struct planche_gpu_page_result page = {0};
    enum planche_status status = planche_gpu_pool_run(state, &own->page, io, budget, &page, error);
    result->device_ms += page.ms;
    result->tiles += page.tiles;
    result->device = page.name;
    result->another = page.another;
    return status;
}

static size_t profile(const void *state, struct planche_layer_profile *entries, size_t count)
{
    return planche_gpu_pool_get_profile(state, entries, count);
}

static bool alive(const void *state)
{
    return planche_gpu_pool_alive(state);
}

const struct planche_executor_ops planche_vulkan_executor = {
    .name = "vulkan",
    .title = "a GPU",
    .kind = "GPU",
    .precisions = PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_AUTO) |
                  PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_F32) |
                  PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_F16),
    .usual = PLANCHE_PRECISION_F16,
    .takes_devices = true,
    .takes_paths = true,
    .rows = true,
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .plan = plan,
    .unplan = unplan,
    .expect = expect,
    .run = run,
    .profile = profile,
    .alive = alive,
};
