/* SPDX-License-Identifier: MIT */
/* Opening devices, and dividing pages and memory among them. */
#include "backend/vulkan/device_pool.h"

#include "backend/vulkan/create_program.h"
#include "backend/vulkan/open_device.h"
#include "backend/vulkan/pipeline_cache.h"
#include "backend/vulkan/prepare_weights.h"
#include "backend/vulkan/probe.h"
#include "backend/vulkan/vulkan.h"
#include "base/status.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the memory that is free, what is left to others. */
#define LEFT_TO_OTHERS 5

/* Without a list all hardware is wanted. */
static void want_hardware(const struct planche_gpus *gpus, bool wanted[PLANCHE_GPUS])
{
    for (uint32_t i = 0; i < gpus->vk->device_count && i < PLANCHE_GPUS; i++) {
        struct planche_gpu_info info = PLANCHE_GPU_INFO_INIT;
        planche_vk_describe(gpus->vk, i, &info);
        wanted[i] = info.type != PLANCHE_GPU_SOFTWARE;
    }
}

/* The caller's list ("0,2"): numbers with commas between, of devices that exist, each once. */
static enum planche_status read_list(const struct planche_gpus *gpus, const char *devices,
                                     bool wanted[PLANCHE_GPUS], struct planche_error *error)
{
    for (const char *at = devices; *at;) {
        char *end;
        unsigned long number = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : PLANCHE_GPUS;
        if (*at < '0' || *at > '9' || (*end && *end != ',') || (*end == ',' && !end[1]))
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "'%s' is no list of GPUs: numbers with commas between", devices);
        if (number >= gpus->vk->device_count || number >= PLANCHE_GPUS)
            return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                                "there is no GPU %lu; planche info lists those there are", number);
        if (wanted[number])
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "GPU %lu is named twice", number);
        wanted[number] = true;
        at = *end ? end + 1 : end;
    }
    return PLANCHE_OK;
}

static enum planche_status find_wanted(const struct planche_gpus *gpus, const char *devices,
                                       bool wanted[PLANCHE_GPUS], struct planche_error *error)
{
    if (devices && *devices)
        return read_list(gpus, devices, wanted, error);
    want_hardware(gpus, wanted);
    return PLANCHE_OK;
}

static enum planche_status open_unit(struct planche_gpus *gpus, uint32_t index,
                                     const struct planche_net *net,
                                     const struct planche_gpus_options *options,
                                     struct planche_error *error)
{
    struct planche_gpu_device *device;
    enum planche_status status = planche_gpu_device_open(&device, gpus->vk, index, options->path,
                                                         &gpus->log, gpus->budget, error);
    if (status)
        return status;
    uint64_t free = planche_gpu_free_memory(device);
    uint64_t memory = options->memory ? options->memory : free - free / LEFT_TO_OTHERS;
    status = planche_gpu_context_create(&gpus->units[gpus->count], device, net, memory, options,
                                        gpus->budget, error);
    if (status)
        return status;
    struct planche_gpu_context **unit = &gpus->units[gpus->count];
    status = planche_gpu_prepare_weights(*unit, error);
    if (!status) {
        planche_gpu_cache_save(device); /* a process that is killed later has compiled for others */
        if (options->profile)
            status = planche_gpu_context_start_profile(*unit, error);
    }
    if (status)
        planche_gpu_context_destroy(unit);
    else
        gpus->count++;
    return status;
}

static void note_left_out(const struct planche_gpus *gpus, uint32_t index,
                          const struct planche_error *reason)
{
    planche_log_write(&gpus->log, PLANCHE_LOG_WARNING, "GPU %u is left out: %s", index,
                      reason->message);
}

/* One that cannot be used is no reason not to use the others; what was wrong with the last is what
 * the caller is told if none is left, and is then not said here, too. */
static enum planche_status open_units(struct planche_gpus *gpus, const struct planche_net *net,
                                      const struct planche_gpus_options *options,
                                      const bool wanted[PLANCHE_GPUS], struct planche_error *error)
{
    struct planche_error reason;
    uint32_t failed = PLANCHE_GPUS;
    enum planche_status status = planche_fail(
        &reason, PLANCHE_ERROR_UNSUPPORTED, "there is no GPU with Vulkan 1.2%s",
        gpus->vk->device_count ? " but software (planche info lists what there is)" : "");
    for (uint32_t i = 0; i < gpus->vk->device_count && i < PLANCHE_GPUS; i++) {
        struct planche_error problem;
        if (!wanted[i])
            continue;
        enum planche_status opened = open_unit(gpus, i, net, options, &problem);
        if (!opened)
            continue;
        if (failed < PLANCHE_GPUS)
            note_left_out(gpus, failed, &reason);
        failed = i;
        reason = problem;
        status = opened;
    }
    if (gpus->count && failed < PLANCHE_GPUS)
        note_left_out(gpus, failed, &reason);
    else if (!gpus->count && error)
        *error = reason;
    return gpus->count ? PLANCHE_OK : status;
}

static enum planche_status join_names(struct planche_gpus *gpus, struct planche_error *error)
{
    size_t size = 1;
    for (unsigned u = 0; u < gpus->count; u++)
        size += strlen(gpus->units[u]->device->name) + 3;
    gpus->name = planche_calloc(gpus->budget, 1, size);
    if (!gpus->name)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the GPUs");
    for (unsigned u = 0, at = 0; u < gpus->count; u++)
        at += (unsigned)snprintf(gpus->name + at, size - at, "%s%s", u ? " + " : "",
                                 gpus->units[u]->device->name);
    return PLANCHE_OK;
}

enum planche_status planche_gpus_create(struct planche_gpus **out, const struct planche_net *net,
                                        const struct planche_gpus_options *options,
                                        struct planche_budget *budget, struct planche_error *error)
{
    bool wanted[PLANCHE_GPUS] = {false};
    bool any = !options->devices || !*options->devices;
    *out = NULL;
    if (any && !planche_gpu_is_likely(NULL))
        return planche_fail(
            error, PLANCHE_ERROR_UNSUPPORTED,
            "there is no GPU (software is used only by its number in planche info)");
    struct planche_gpus *gpus = *out = planche_calloc(budget, 1, sizeof(*gpus));
    if (!gpus)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the GPUs");
    gpus->budget = budget;
    gpus->log = options->log;
    gpus->tile = options->tile;
    planche_mutex_init(&gpus->mutex);
    enum planche_status status = planche_vk_create(&gpus->vk, error);
    if (!status)
        status = find_wanted(gpus, options->devices, wanted, error);
    if (!status)
        status = open_units(gpus, net, options, wanted, error);
    if (!status)
        status = join_names(gpus, error);
    if (status)
        planche_gpus_destroy(out);
    return status;
}

void planche_gpus_destroy(struct planche_gpus **gpus)
{
    struct planche_gpus *g = *gpus;
    if (!g)
        return;
    for (unsigned u = 0; u < g->count; u++)
        planche_gpu_context_destroy(&g->units[u]);
    planche_vk_destroy(&g->vk);
    planche_free(g->name);
    planche_mutex_destroy(&g->mutex);
    planche_free(g);
    *gpus = NULL;
}

/* How long pages wait for a unit with one more. What nobody has timed yet is tried first: were the
 * guess of its speed too low, it would never get a page. */
static double busy_for(struct planche_gpu_context *unit)
{
    if (!unit->active && !atomic_load(&unit->timed))
        return 0;
    return (unit->active + 1) / atomic_load(&unit->macs_per_ms);
}

static struct planche_gpu_context *least_busy(const struct planche_gpus *gpus)
{
    struct planche_gpu_context *best = NULL;
    double least = 0;
    for (unsigned u = 0; u < gpus->count; u++) {
        struct planche_gpu_context *unit = gpus->units[u];
        double busy = busy_for(unit);
        if (atomic_load(&unit->device->lost) || (best && busy >= least))
            continue;
        best = unit;
        least = busy;
    }
    return best;
}

/* The unit whose pages will be done first, with one page more; NULL: none is left. */
static struct planche_gpu_context *choose_unit(struct planche_gpus *gpus)
{
    planche_mutex_lock(&gpus->mutex);
    struct planche_gpu_context *unit = least_busy(gpus);
    if (unit)
        unit->active++;
    planche_mutex_unlock(&gpus->mutex);
    return unit;
}

static void leave_unit(struct planche_gpus *gpus, struct planche_gpu_context *unit)
{
    planche_mutex_lock(&gpus->mutex);
    assert(unit->active > 0);
    unit->active--;
    planche_mutex_unlock(&gpus->mutex);
}

static struct planche_gpu_slot *take_idle_slot(struct planche_gpu_context *unit)
{
    planche_mutex_lock(&unit->slot_mutex);
    struct planche_gpu_slot *slot = unit->slots;
    if (slot)
        unit->slots = slot->next;
    planche_mutex_unlock(&unit->slot_mutex);
    return slot;
}

enum planche_status planche_gpus_enter(struct planche_gpus *gpus, struct planche_gpu_context **unit,
                                       struct planche_gpu_slot **slot, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    *slot = NULL;
    *unit = choose_unit(gpus);
    if (!*unit)
        return planche_fail(error, PLANCHE_ERROR_DEVICE, "no GPU is left");
    *slot = take_idle_slot(*unit);
    if (!*slot)
        status = planche_gpu_slot_create(slot, *unit, error);
    if (status)
        leave_unit(gpus, *unit);
    return status;
}

/* Frees the blocks of idle slots: others need the memory. slot_mutex is held, here and below. */
static void free_idle_blocks(struct planche_gpu_context *unit)
{
    for (struct planche_gpu_slot *slot = unit->slots; slot; slot = slot->next) {
        unit->blocks -= slot->block.size;
        planche_gpu_memory_destroy(&slot->block);
    }
}

/* Frees the slot's block so that waiting pages can allocate. */
static void give_up_block(struct planche_gpu_context *unit, struct planche_gpu_slot *slot)
{
    assert(unit->blocks >= slot->block.size && unit->holders >= slot->holds);
    unit->blocks -= slot->block.size;
    planche_gpu_memory_destroy(&slot->block);
    unit->holders -= slot->holds;
    slot->holds = false;
    planche_cond_broadcast(&unit->slot_changed);
}

/* A page that is alone may have more than half, of which an earlier one's arena can be. Nothing is
 * in flight then. */
static void make_way(struct planche_gpu_context *unit, uint64_t block)
{
    if (block <= unit->memory / 2)
        return;
    planche_mutex_lock(&unit->arena_mutex);
    if (unit->arena.size > planche_gpus_arena_limit(unit, block))
        planche_gpu_memory_destroy(&unit->arena);
    planche_mutex_unlock(&unit->arena_mutex);
}

static bool must_wait(const struct planche_gpu_context *unit, uint64_t bytes)
{
    return unit->holders && unit->blocks + bytes > unit->memory / 2;
}

/* Waits until other pages have given back what is too much. slot_mutex is held. */
static enum planche_status wait_for_others(struct planche_gpu_context *unit, uint64_t bytes,
                                           const struct planche_cancel_token *cancel,
                                           struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    while (!status && must_wait(unit, bytes))
        if (!planche_cancel_wait(cancel, &unit->slot_changed, &unit->slot_mutex))
            status = planche_cancel_fail(cancel, error);
    return status;
}

enum planche_status planche_gpus_fit(struct planche_gpu_context *unit,
                                     struct planche_gpu_slot *slot, uint64_t bytes,
                                     const struct planche_cancel_token *cancel,
                                     struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    planche_mutex_lock(&unit->slot_mutex);
    if (slot->block.size < bytes) {
        give_up_block(unit, slot);
        if (unit->blocks + bytes > unit->memory / 2)
            free_idle_blocks(unit);
        status = wait_for_others(unit, bytes, cancel, error);
        if (!status) {
            make_way(unit, bytes);
            status = planche_gpu_slot_fit(unit, slot, bytes, error);
        }
        if (!status)
            unit->blocks += slot->block.size;
    }
    if (!status && !slot->holds) {
        slot->holds = true;
        unit->holders++;
    }
    planche_mutex_unlock(&unit->slot_mutex);
    return status;
}

uint64_t planche_gpus_arena_limit(const struct planche_gpu_context *unit, uint64_t block)
{
    uint64_t half = unit->memory / 2;
    return block <= half ? unit->memory - half : block < unit->memory ? unit->memory - block : 0;
}

void planche_gpus_leave(struct planche_gpus *gpus, struct planche_gpu_context *unit,
                        struct planche_gpu_slot *slot)
{
    planche_mutex_lock(&unit->slot_mutex);
    assert(unit->holders >= slot->holds);
    unit->holders -= slot->holds;
    slot->holds = false;
    slot->next = unit->slots;
    unit->slots = slot;
    planche_cond_broadcast(&unit->slot_changed);
    planche_mutex_unlock(&unit->slot_mutex);
    leave_unit(gpus, unit);
}

bool planche_gpus_alive(const struct planche_gpus *gpus)
{
    for (unsigned u = 0; u < gpus->count; u++)
        if (!atomic_load(&gpus->units[u]->device->lost))
            return true;
    return false;
}

unsigned planche_gpus_lanes(const struct planche_gpus *gpus)
{
    return 2 * gpus->count;
}

const char *planche_gpus_name(const struct planche_gpus *gpus)
{
    return gpus->name;
}

const char *planche_gpus_path_name(const struct planche_gpus *gpus)
{
    return planche_vk_path_name(gpus->units[0]->device->path);
}

/* Steps, with the page's pixels before and behind them, of one unit. */
static void add_profile(const struct planche_gpu_context *unit,
                        struct planche_layer_profile *entries, size_t count)
{
    const struct planche_net *net = unit->program->net;
    for (size_t i = 0; i < count; i++) {
        bool is_load = i == 0, is_store = i == (size_t)net->step_count + 1;
        entries[i].name = is_load ? "page" : is_store ? "output" : net->steps[i - 1].name;
        entries[i].kind = is_load    ? "load"
                          : is_store ? "store"
                                     : planche_gpu_step_kind(unit->program, (int)i - 1);
        entries[i].ms += (double)atomic_load(&unit->step_ns[i]) / 1e6;
        entries[i].macs += (double)atomic_load(&unit->step_macs[i]);
    }
}

size_t planche_gpus_get_profile(const struct planche_gpus *gpus,
                                struct planche_layer_profile *entries, size_t count)
{
    size_t all = (size_t)gpus->units[0]->program->net->step_count + 2;
    if (!gpus->units[0]->profile)
        return 0;
    if (entries && count > all)
        count = all;
    if (entries)
        memset(entries, 0, count * sizeof(*entries));
    for (unsigned u = 0; entries && u < gpus->count; u++)
        if (gpus->units[u]->profile)
            add_profile(gpus->units[u], entries, count);
    return all;
}
