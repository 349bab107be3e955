/* SPDX-License-Identifier: MIT */
/* Device pool: opens devices, and divides pages and memory among them. */
#include "backend/vulkan/device_pool.h"

#include "backend/vulkan/create_program.h"
#include "backend/vulkan/open_device.h"
#include "backend/vulkan/pipeline_cache.h"
#include "backend/vulkan/prepare_weights.h"
#include "backend/vulkan/probe.h"
#include "backend/vulkan/trial/trial.h"
#include "backend/vulkan/vulkan.h"
#include "base/status.h"
#include "base/trace.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the memory that is free, what is left to others. */
#define LEFT_TO_OTHERS 5

/* Without a list all hardware is wanted. */
static void want_hardware(const struct planche_gpu_pool *gpus, bool wanted[PLANCHE_MAX_GPUS])
{
    for (uint32_t i = 0; i < gpus->vk->device_count && i < PLANCHE_MAX_GPUS; i++) {
        struct planche_gpu_info info = PLANCHE_GPU_INFO_INIT;
        planche_vk_describe(gpus->vk, i, &info);
        wanted[i] = info.type != PLANCHE_GPU_SOFTWARE;
    }
}

/* The caller's list ("0,2"): numbers with commas between, of devices that exist, each once. */
static enum planche_status read_list(const struct planche_gpu_pool *gpus, const char *devices,
                                     bool wanted[PLANCHE_MAX_GPUS], struct planche_error *error)
{
    for (const char *at = devices; *at;) {
        char *end;
        unsigned long number = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : PLANCHE_MAX_GPUS;
        if (*at < '0' || *at > '9' || (*end && *end != ',') || (*end == ',' && !end[1]))
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "'%s' is no list of GPUs: numbers with commas between", devices);
        if (number >= gpus->vk->device_count || number >= PLANCHE_MAX_GPUS)
            return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                                "there is no GPU %lu; see the list of GPUs", number);
        if (wanted[number])
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "GPU %lu is named twice", number);
        wanted[number] = true;
        at = *end ? end + 1 : end;
    }
    return PLANCHE_OK;
}

static enum planche_status find_wanted(const struct planche_gpu_pool *gpus, const char *devices,
                                       bool wanted[PLANCHE_MAX_GPUS], struct planche_error *error)
{
    if (devices && *devices)
        return read_list(gpus, devices, wanted, error);
    want_hardware(gpus, wanted);
    return PLANCHE_OK;
}

/* *lost: by kernels of wgmma, in the trial. */
static enum planche_status open_on_path(struct planche_gpu_pool *gpus, uint32_t index,
                                        const struct planche_net *net,
                                        const struct planche_gpu_pool_options *options,
                                        enum planche_gpu_path path, bool *lost,
                                        struct planche_error *error)
{
    struct planche_gpu_device *device;
    double start = planche_trace_start(&gpus->log, PLANCHE_TRACE_GPU);
    enum planche_status status =
        planche_gpu_device_open(&device, gpus->vk, index, path, &gpus->log, gpus->budget, error);
    if (status)
        return status;
    planche_trace_took(&gpus->log, PLANCHE_TRACE_GPU, start, "opening GPU %u", index);
    start = planche_trace_start(&gpus->log, PLANCHE_TRACE_GPU);
    uint64_t free = planche_gpu_free_memory(device);
    uint64_t memory = options->memory ? options->memory : free - free / LEFT_TO_OTHERS;
    status = planche_gpu_context_create(&gpus->contexts[gpus->count], device, net, memory, options,
                                        gpus->budget, error);
    if (status)
        return status;
    struct planche_gpu_context **context = &gpus->contexts[gpus->count];
    planche_trace_took(&gpus->log, PLANCHE_TRACE_GPU, start, "pipelines and weights");
    start = planche_trace_start(&gpus->log, PLANCHE_TRACE_GPU);
    status = planche_gpu_trial(*context, options->pool, error);
    *lost = status && atomic_load(&device->lost) && device->path == PLANCHE_GPU_PATH_WGMMA;
    if (!status)
        status = planche_gpu_prepare_weights(*context, error);
    planche_trace_took(&gpus->log, PLANCHE_TRACE_GPU, start, "the trial, and weights laid out");
    if (!status) {
        planche_gpu_cache_save(device); /* a process that is killed later has compiled for others */
        if (options->profile)
            status = planche_gpu_context_start_profile(*context, error);
    }
    if (status)
        planche_gpu_context_destroy(context);
    else
        gpus->count++;
    return status;
}

/* Kernels of wgmma may be what a device is lost by: where it was not asked for them, it is opened
 * once more without them. */
static enum planche_status open_context(struct planche_gpu_pool *gpus, uint32_t index,
                                        const struct planche_net *net,
                                        const struct planche_gpu_pool_options *options,
                                        struct planche_error *error)
{
    bool lost = false;
    struct planche_error reason;
    enum planche_status status =
        open_on_path(gpus, index, net, options, options->path, &lost, &reason);
    if (lost && options->path == PLANCHE_GPU_PATH_AUTO) {
        planche_log_write(&gpus->log, PLANCHE_LOG_WARNING,
                          "GPU %u takes the path khr: kernels for wgmma were tried, and %s", index,
                          reason.message);
        status = open_on_path(gpus, index, net, options, PLANCHE_GPU_PATH_KHR, &lost, &reason);
    }
    if (status && error)
        *error = reason;
    return status;
}

static void note_left_out(const struct planche_gpu_pool *gpus, uint32_t index,
                          const struct planche_error *reason)
{
    planche_log_write(&gpus->log, PLANCHE_LOG_WARNING, "GPU %u is left out: %s", index,
                      reason->message);
}

/* Opens the wanted devices. One that cannot be used is left out, and the log says why. If none is
 * left, the error says what was wrong with the last one, and the log does not say it again. */
static enum planche_status open_contexts(struct planche_gpu_pool *gpus,
                                         const struct planche_net *net,
                                         const struct planche_gpu_pool_options *options,
                                         const bool wanted[PLANCHE_MAX_GPUS],
                                         struct planche_error *error)
{
    struct planche_error reason;
    uint32_t failed = PLANCHE_MAX_GPUS;
    enum planche_status status =
        planche_fail(&reason, PLANCHE_ERROR_UNSUPPORTED, "there is no GPU with Vulkan 1.2%s",
                     gpus->vk->device_count ? " but software; see the list of GPUs" : "");
    for (uint32_t i = 0; i < gpus->vk->device_count && i < PLANCHE_MAX_GPUS; i++) {
        struct planche_error problem;
        if (!wanted[i])
            continue;
        enum planche_status opened = open_context(gpus, i, net, options, &problem);
        if (!opened)
            continue;
        if (failed < PLANCHE_MAX_GPUS)
            note_left_out(gpus, failed, &reason);
        failed = i;
        reason = problem;
        status = opened;
    }
    if (gpus->count && failed < PLANCHE_MAX_GPUS)
        note_left_out(gpus, failed, &reason);
    else if (!gpus->count && error)
        *error = reason;
    return gpus->count ? PLANCHE_OK : status;
}

static enum planche_status join_names(struct planche_gpu_pool *gpus, struct planche_error *error)
{
    size_t size = 1;
    for (unsigned u = 0; u < gpus->count; u++)
        size += strlen(gpus->contexts[u]->device->name) + 3;
    gpus->name = planche_calloc(gpus->budget, 1, size);
    if (!gpus->name)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the GPUs");
    for (unsigned u = 0, at = 0; u < gpus->count; u++)
        at += (unsigned)snprintf(gpus->name + at, size - at, "%s%s", u ? " + " : "",
                                 gpus->contexts[u]->device->name);
    return PLANCHE_OK;
}

enum planche_status planche_gpu_pool_create(struct planche_gpu_pool **out,
                                            const struct planche_net *net,
                                            const struct planche_gpu_pool_options *options,
                                            struct planche_budget *budget,
                                            struct planche_error *error)
{
    bool wanted[PLANCHE_MAX_GPUS] = {false};
    bool any = !options->devices || !*options->devices;
    *out = NULL;
    if (any && !planche_gpu_is_likely(NULL))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "there is no GPU; one that is software must be named by its number; "
                            "see the list of GPUs");
    struct planche_gpu_pool *gpus = *out = planche_calloc(budget, 1, sizeof(*gpus));
    if (!gpus)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the GPUs");
    gpus->budget = budget;
    gpus->log = options->log;
    gpus->tile = options->tile;
    planche_mutex_init(&gpus->mutex);
    planche_cond_init(&gpus->turn_changed);
    planche_cond_init(&gpus->warm_ended);
    double start = planche_trace_start(&gpus->log, PLANCHE_TRACE_GPU);
    enum planche_status status = planche_vk_create(&gpus->vk, error);
    planche_trace_took(&gpus->log, PLANCHE_TRACE_GPU, start, "Vulkan and a list of devices");
    if (!status)
        status = find_wanted(gpus, options->devices, wanted, error);
    if (!status)
        status = open_contexts(gpus, net, options, wanted, error);
    if (!status)
        status = join_names(gpus, error);
    if (status)
        planche_gpu_pool_destroy(out);
    return status;
}

void planche_gpu_pool_await(struct planche_gpu_pool *gpus,
                            const struct planche_cancel_token *cancel)
{
    bool waits = true;
    planche_mutex_lock(&gpus->mutex);
    while (waits && gpus->warming)
        waits = planche_cancel_wait(cancel, &gpus->warm_ended, &gpus->mutex);
    planche_mutex_unlock(&gpus->mutex);
}

void planche_gpu_pool_destroy(struct planche_gpu_pool **gpus)
{
    struct planche_gpu_pool *g = *gpus;
    if (!g)
        return;
    if (g->warm_started)
        planche_thread_join(&g->warm);
    for (unsigned u = 0; u < g->count; u++)
        planche_gpu_context_destroy(&g->contexts[u]);
    planche_vk_destroy(&g->vk);
    planche_free(g->name);
    planche_mutex_destroy(&g->mutex);
    planche_cond_destroy(&g->turn_changed);
    planche_cond_destroy(&g->warm_ended);
    planche_free(g);
    *gpus = NULL;
}

/* How long pages wait for a context with one more. What nobody has timed yet is tried first: were
 * the guess of its speed too low, it would never get a page. */
static double busy_for(struct planche_gpu_context *context)
{
    if (!context->active && !atomic_load(&context->timed))
        return 0;
    return (context->active + 1) / atomic_load(&context->macs_per_ms);
}

static struct planche_gpu_context *least_busy(const struct planche_gpu_pool *gpus)
{
    struct planche_gpu_context *best = NULL;
    double least = 0;
    for (unsigned u = 0; u < gpus->count; u++) {
        struct planche_gpu_context *context = gpus->contexts[u];
        double busy = busy_for(context);
        if (atomic_load(&context->device->lost) || (best && busy >= least))
            continue;
        best = context;
        least = busy;
    }
    return best;
}

static void leave_queue(struct planche_gpu_context *context, const struct planche_gpu_turn *turn)
{
    struct planche_gpu_turn **link = &context->turns;
    while (*link != turn)
        link = &(*link)->next;
    *link = turn->next;
}

/* Waits for a turn on the context. False: the token has fired, or the device is lost. The mutex is
 * held. */
static bool take_turn(struct planche_gpu_pool *gpus, struct planche_gpu_context *context,
                      const struct planche_cancel_token *cancel)
{
    struct planche_gpu_turn turn = {0}, **link = &context->turns;
    bool waits = true;
    while (*link)
        link = &(*link)->next;
    *link = &turn;
    while (waits && !atomic_load(&context->device->lost) &&
           (context->turns != &turn || context->running >= context->turn_limit))
        waits = planche_cancel_wait(cancel, &gpus->turn_changed, &gpus->mutex);
    leave_queue(context, &turn);
    bool taken = waits && !atomic_load(&context->device->lost);
    context->running += taken;
    planche_cond_broadcast(&gpus->turn_changed); /* the next may be first now */
    return taken;
}

/* The context whose pages will be done first, with one page more; NULL: none is left, or the token
 * has fired. */
static struct planche_gpu_context *choose_context(struct planche_gpu_pool *gpus, bool turn,
                                                  const struct planche_cancel_token *cancel)
{
    struct planche_gpu_context *context = NULL;
    bool chosen = false;
    planche_mutex_lock(&gpus->mutex);
    while (!chosen && planche_cancel_check(cancel) == PLANCHE_OK && (context = least_busy(gpus))) {
        context->active++;
        chosen = !turn || take_turn(gpus, context, cancel);
        if (!chosen)
            context->active--;
    }
    planche_mutex_unlock(&gpus->mutex);
    return chosen ? context : NULL;
}

static void leave_context(struct planche_gpu_pool *gpus, bool turn,
                          struct planche_gpu_context *context)
{
    planche_mutex_lock(&gpus->mutex);
    assert(context->active > 0 && context->running >= turn);
    context->active--;
    context->running -= turn;
    planche_cond_broadcast(&gpus->turn_changed);
    planche_mutex_unlock(&gpus->mutex);
}

static struct planche_gpu_page_slot *take_idle_slot(struct planche_gpu_context *context)
{
    planche_mutex_lock(&context->slot_mutex);
    struct planche_gpu_page_slot *slot = context->slots;
    if (slot)
        context->slots = slot->next;
    planche_mutex_unlock(&context->slot_mutex);
    return slot;
}

enum planche_status planche_gpu_pool_acquire(struct planche_gpu_pool *gpus, bool turn,
                                             const struct planche_cancel_token *cancel,
                                             struct planche_gpu_context **context,
                                             struct planche_gpu_page_slot **slot,
                                             struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    *slot = NULL;
    *context = choose_context(gpus, turn, cancel);
    if (!*context) {
        status = planche_cancel_fail(cancel, error);
        return status ? status : planche_fail(error, PLANCHE_ERROR_DEVICE, "no GPU is left");
    }
    *slot = take_idle_slot(*context);
    if (!*slot)
        status = planche_gpu_page_slot_create(slot, (*context)->device,
                                              planche_gpu_context_timestamps(*context),
                                              gpus->budget, error);
    if (status)
        leave_context(gpus, turn, *context);
    return status;
}

/* Frees the page buffers of idle slots: others need the memory. slot_mutex is held, here and below.
 */
static void free_idle_page_buffers(struct planche_gpu_context *context)
{
    for (struct planche_gpu_page_slot *slot = context->slots; slot; slot = slot->next) {
        context->page_buffer_bytes -= slot->page_buffer.size;
        planche_gpu_memory_destroy(&slot->page_buffer);
    }
}

/* Frees the slot's page buffer so that waiting pages can allocate. */
static void give_up_page_buffer(struct planche_gpu_context *context,
                                struct planche_gpu_page_slot *slot)
{
    assert(context->page_buffer_bytes >= slot->page_buffer.size && context->holders >= slot->holds);
    context->page_buffer_bytes -= slot->page_buffer.size;
    planche_gpu_memory_destroy(&slot->page_buffer);
    context->holders -= slot->holds;
    slot->holds = false;
    planche_cond_broadcast(&context->slot_changed);
}

/* What all page buffers together may have of a context's memory: a page's pixels take little beside
 * its tensors. */
static uint64_t page_buffers_share(const struct planche_gpu_context *context)
{
    return context->memory / 4;
}

/* A page that is alone may have more than that, of which an earlier one's arena can be. Nothing is
 * in flight then. */
static void make_way(struct planche_gpu_context *context, uint64_t page_buffer)
{
    if (page_buffer <= page_buffers_share(context))
        return;
    planche_mutex_lock(&context->arena_mutex);
    if (context->arena.size > planche_gpu_pool_arena_limit(context, page_buffer))
        planche_gpu_arena_destroy(&context->arena);
    planche_mutex_unlock(&context->arena_mutex);
}

static bool must_wait(const struct planche_gpu_context *context, uint64_t bytes)
{
    return context->holders && context->page_buffer_bytes + bytes > page_buffers_share(context);
}

/* Waits until other pages have given back what is too much. slot_mutex is held. */
static enum planche_status wait_for_others(struct planche_gpu_context *context, uint64_t bytes,
                                           const struct planche_cancel_token *cancel,
                                           struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    while (!status && must_wait(context, bytes))
        if (!planche_cancel_wait(cancel, &context->slot_changed, &context->slot_mutex))
            status = planche_cancel_fail(cancel, error);
    return status;
}

enum planche_status planche_gpu_pool_ensure_size(struct planche_gpu_context *context,
                                                 struct planche_gpu_page_slot *slot, uint64_t bytes,
                                                 const struct planche_cancel_token *cancel,
                                                 struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    planche_mutex_lock(&context->slot_mutex);
    if (slot->page_buffer.size < bytes) {
        give_up_page_buffer(context, slot);
        if (context->page_buffer_bytes + bytes > page_buffers_share(context))
            free_idle_page_buffers(context);
        status = wait_for_others(context, bytes, cancel, error);
        if (!status) {
            make_way(context, bytes);
            status = planche_gpu_page_slot_ensure_size(slot, bytes, error);
        }
        if (!status)
            context->page_buffer_bytes += slot->page_buffer.size;
    }
    if (!status && !slot->holds) {
        slot->holds = true;
        context->holders++;
    }
    planche_mutex_unlock(&context->slot_mutex);
    return status;
}

uint64_t planche_gpu_pool_arena_limit(const struct planche_gpu_context *context,
                                      uint64_t page_buffer)
{
    uint64_t share = page_buffers_share(context);
    return page_buffer <= share            ? context->memory - share
           : page_buffer < context->memory ? context->memory - page_buffer
                                           : 0;
}

void planche_gpu_pool_release(struct planche_gpu_pool *gpus, bool turn,
                              struct planche_gpu_context *context,
                              struct planche_gpu_page_slot *slot)
{
    planche_mutex_lock(&context->slot_mutex);
    assert(context->holders >= slot->holds);
    context->holders -= slot->holds;
    slot->holds = false;
    slot->next = context->slots;
    context->slots = slot;
    planche_cond_broadcast(&context->slot_changed);
    planche_mutex_unlock(&context->slot_mutex);
    leave_context(gpus, turn, context);
}

bool planche_gpu_pool_alive(const struct planche_gpu_pool *gpus)
{
    for (unsigned u = 0; u < gpus->count; u++)
        if (!atomic_load(&gpus->contexts[u]->device->lost))
            return true;
    return false;
}

unsigned planche_gpu_pool_scale(const struct planche_gpu_pool *gpus)
{
    return gpus->contexts[0]->program->net->recipe.scale;
}

unsigned planche_gpu_pool_max_pages(const struct planche_gpu_pool *gpus)
{
    unsigned pages = 0;
    for (unsigned u = 0; u < gpus->count; u++)
        pages += gpus->contexts[u]->turn_limit;
    return pages;
}

const char *planche_gpu_pool_name(const struct planche_gpu_pool *gpus)
{
    return gpus->name;
}

const char *planche_gpu_pool_path_name(const struct planche_gpu_pool *gpus)
{
    return planche_vk_path_name(gpus->contexts[0]->device->path);
}

/* Steps, with the page's pixels before and behind them, of one context. */
static void add_profile(const struct planche_gpu_context *context,
                        struct planche_layer_profile *entries, size_t count)
{
    const struct planche_net *net = context->program->net;
    for (size_t i = 0; i < count; i++) {
        bool is_load = i == 0, is_store = i == (size_t)net->step_count + 1;
        entries[i].name = is_load ? "page" : is_store ? "output" : net->steps[i - 1].name;
        entries[i].kind = is_load    ? "load"
                          : is_store ? "store"
                                     : planche_gpu_step_kind(context->program, (int)i - 1);
        entries[i].ms += (double)atomic_load(&context->step_ns[i]) / 1e6;
        entries[i].macs += (double)atomic_load(&context->step_macs[i]);
        double longest = (double)atomic_load(&context->step_longest_ns[i]) / 1e6;
        if (longest > entries[i].longest_ms)
            entries[i].longest_ms = longest;
    }
}

size_t planche_gpu_pool_get_profile(const struct planche_gpu_pool *gpus,
                                    struct planche_layer_profile *entries, size_t count)
{
    size_t all = (size_t)gpus->contexts[0]->program->net->step_count + 2;
    if (!gpus->contexts[0]->profile)
        return 0;
    if (entries && count > all)
        count = all;
    if (entries)
        memset(entries, 0, count * sizeof(*entries));
    for (unsigned u = 0; entries && u < gpus->count; u++)
        if (gpus->contexts[u]->profile)
            add_profile(gpus->contexts[u], entries, count);
    return all;
}
