/* SPDX-License-Identifier: MIT */
/* Executor list: the registry, the choice by the engine's options, and making what is needed. */
#include "engine/executors.h"

#include "backend/cpu/cpu.h"
#include "backend/vulkan/vulkan.h"
#include "base/status.h"

#include <assert.h>
#include <string.h>

#define PRECISIONS (PLANCHE_PRECISION_INT8 + 1)

static const struct planche_executor_ops *const every[] = {
    &planche_vulkan_executor,
    &planche_cpu_executor,
};
const struct planche_executor_registry planche_executors_registered = {
    .ops = every,
    .count = sizeof(every) / sizeof(every[0]),
};

/* What options.backend says. */
struct choice {
    bool known;
    const struct planche_executor_ops *only; /* the one that is wanted; NULL: any */
    const char *devices;                     /* behind "NAME:"; NULL: all */
};

static bool is_list_of_numbers(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    while (digits > 0 && text[digits] == ',') {
        text += digits + 1;
        digits = strspn(text, "0123456789");
    }
    return digits > 0 && text[digits] == '\0';
}

static struct choice read_choice(const struct planche_executor_registry *registry,
                                 const struct planche_engine_options *options)
{
    const char *backend = options->backend;
    if (!backend || !*backend || strcmp(backend, "auto") == 0)
        return (struct choice){.known = true};
    for (size_t i = 0; i < registry->count; i++) {
        const struct planche_executor_ops *ops = registry->ops[i];
        size_t length = strlen(ops->name);
        if (strcmp(backend, ops->name) == 0)
            return (struct choice){.known = true, .only = ops};
        if (ops->takes_devices && strncmp(backend, ops->name, length) == 0 &&
            backend[length] == ':' && is_list_of_numbers(backend + length + 1))
            return (struct choice){true, ops, backend + length + 1};
    }
    return (struct choice){0};
}

static bool has_precision(const struct planche_executor_ops *ops, enum planche_precision precision)
{
    return ops->precisions & PLANCHE_PRECISION_BIT(precision);
}

/* A list in the words of messages: "a", "a and b", "a, b and c". What does not fit is left out. */
struct list {
    char text[192];
    size_t length;
};

static void put(struct list *list, const char *text)
{
    size_t length = strlen(text), room = sizeof(list->text) - 1 - list->length;
    length = length < room ? length : room;
    memcpy(list->text + list->length, text, length);
    list->length += length;
    list->text[list->length] = '\0';
}

/* index: of the item, of count. */
static void put_item(struct list *list, size_t index, size_t count, const char *item)
{
    if (index > 0)
        put(list, index + 1 == count ? " and " : ", ");
    put(list, item);
}

static const char *precision_name(enum planche_precision precision)
{
    static const char *const names[PRECISIONS] = {"auto", "f32", "bf16", "f16", "int8"};
    return names[precision];
}

/* "f16 and f32": what can be asked of it, that which it takes by itself first. */
static struct list list_precisions(const struct planche_executor_ops *ops)
{
    struct list list = {0};
    size_t count = 0, index = 0;
    for (int p = PLANCHE_PRECISION_F32; p < PRECISIONS; p++)
        count += has_precision(ops, (enum planche_precision)p);
    put_item(&list, index++, count, precision_name(ops->usual));
    for (int p = PLANCHE_PRECISION_F32; p < PRECISIONS; p++)
        if ((enum planche_precision)p != ops->usual &&
            has_precision(ops, (enum planche_precision)p))
            put_item(&list, index++, count, precision_name((enum planche_precision)p));
    return list;
}

/* "GPUs": those that have the precision; none: "". */
static struct list list_kinds(const struct planche_executor_registry *registry,
                              enum planche_precision precision)
{
    struct list list = {0};
    size_t count = 0, index = 0;
    for (size_t i = 0; i < registry->count; i++)
        count += has_precision(registry->ops[i], precision);
    for (size_t i = 0; i < registry->count; i++) {
        if (!has_precision(registry->ops[i], precision))
            continue;
        put_item(&list, index++, count, registry->ops[i]->kind);
        put(&list, "s");
    }
    return list;
}

static void put_numbered(struct list *list, size_t *index, size_t count, const char *name,
                         const char *suffix)
{
    put_item(list, (*index)++, count, name);
    put(list, suffix);
}

/* "auto, cpu, vulkan, vulkan:N and vulkan:N,M": from the one that can be had everywhere on. */
static struct list list_backends(const struct planche_executor_registry *registry)
{
    struct list list = {0};
    size_t count = 1 + registry->count, index = 0;
    for (size_t i = 0; i < registry->count; i++)
        count += registry->ops[i]->takes_devices ? 2 : 0;
    put_item(&list, index++, count, "auto");
    for (size_t i = registry->count; i-- > 0;) {
        const struct planche_executor_ops *ops = registry->ops[i];
        put_item(&list, index++, count, ops->name);
        if (!ops->takes_devices)
            continue;
        put_numbered(&list, &index, count, ops->name, ":N");
        put_numbered(&list, &index, count, ops->name, ":N,M");
    }
    return list;
}

static enum planche_status check_precision(const struct planche_executor_registry *registry,
                                           const struct planche_executor_ops *only,
                                           enum planche_precision precision,
                                           struct planche_error *error)
{
    const struct list kinds = list_kinds(registry, precision);
    if (!kinds.length)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "no backend has precision %s",
                            precision_name(precision));
    if (!only || has_precision(only, precision))
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "precision %s is for %s; %ss have %s",
                        precision_name(precision), kinds.text, only->kind,
                        list_precisions(only).text);
}

/* All paths but F32 multiply in half precision. */
static enum planche_status check_path(const struct planche_executor_ops *only,
                                      enum planche_precision precision, enum planche_gpu_path path,
                                      struct planche_error *error)
{
    bool halves = path > PLANCHE_GPU_PATH_F32, plain = path == PLANCHE_GPU_PATH_F32;
    if ((precision == PLANCHE_PRECISION_F32 && halves) ||
        (precision == PLANCHE_PRECISION_F16 && plain))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "precision %s contradicts the GPU path %s: give only one "
                            "of (option precision) and (option gpu_path)",
                            precision_name(precision), planche_vk_path_name(path));
    if (path != PLANCHE_GPU_PATH_AUTO && only && !only->takes_paths)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "the path %s is for GPUs, not %s",
                            planche_vk_path_name(path), only->title);
    return PLANCHE_OK;
}

enum planche_status planche_executors_check(const struct planche_executor_registry *registry,
                                            const struct planche_engine_options *options,
                                            struct planche_error *error)
{
    const struct choice choice = read_choice(registry, options);
    if (options->precision < PLANCHE_PRECISION_AUTO || (int)options->precision >= PRECISIONS)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown precision: %d",
                            (int)options->precision);
    if (options->gpu_path < PLANCHE_GPU_PATH_AUTO || options->gpu_path > PLANCHE_GPU_PATH_WGMMA)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown GPU path: %d",
                            (int)options->gpu_path);
    if (options->tile && (options->tile < 16 || options->tile % 4))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "a tile of %u pixels: it must be a multiple of 4, at least 16",
                            options->tile);
    if (!choice.known)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "unknown backend %s: there are %s",
                            options->backend, list_backends(registry).text);
    enum planche_status status = check_precision(registry, choice.only, options->precision, error);
    return status ? status : check_path(choice.only, options->precision, options->gpu_path, error);
}

void planche_executors_init(struct planche_executors *executors,
                            const struct planche_executor_registry *registry,
                            struct planche_budget *budget, struct planche_admission *admission)
{
    *executors =
        (struct planche_executors){.registry = registry, .budget = budget, .admission = admission};
    planche_mutex_init(&executors->mutex);
    planche_cond_init(&executors->changed);
}

uint64_t planche_executors_drop(struct planche_executors *executors)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < executors->count; i++) {
        struct planche_executor *executor = &executors->list[i];
        assert(executor->phase != PLANCHE_EXECUTOR_MAKING);
        if (executor->phase == PLANCHE_EXECUTOR_READY)
            executor->ops->destroy(executor->state);
        executor->phase = PLANCHE_EXECUTOR_UNMADE;
        bytes += executor->aside;
        executor->aside = 0;
    }
    atomic_store(&executors->bytes, 0);
    return bytes;
}

void planche_executors_destroy(struct planche_executors *executors)
{
    planche_executors_drop(executors);
    executors->count = 0;
    planche_free(executors->devices);
    planche_cond_destroy(&executors->changed);
    planche_mutex_destroy(&executors->mutex);
}

void planche_executors_add(struct planche_executors *executors,
                           const struct planche_executor_ops *ops,
                           const struct planche_executor_setup *setup)
{
    assert(executors->count < PLANCHE_MAX_EXECUTORS);
    struct planche_executor *executor = &executors->list[executors->count++];
    *executor = (struct planche_executor){.ops = ops, .setup = *setup};
    executors->log = setup->log;
}

static enum planche_status make(struct planche_executor *executor, struct planche_budget *budget,
                                struct planche_error *error)
{
    enum planche_status status =
        executor->ops->create(&executor->state, &executor->setup, budget, error);
    if (!status && !executor->info.precision) /* one that is made again has it, for any thread */
        executor->ops->describe(executor->state, &executor->info);
    executor->setup.devices = NULL;
    return status;
}

/* Most machines lack most devices: DEBUG. A device that is there but of no use: WARNING. */
static void note_failure(const struct planche_executors *executors,
                         const struct planche_executor_ops *ops, enum planche_status status,
                         const struct planche_error *error)
{
    enum planche_log_level level =
        status == PLANCHE_ERROR_UNSUPPORTED ? PLANCHE_LOG_DEBUG : PLANCHE_LOG_WARNING;
    planche_log_write(&executors->log, level, "no %s is used: %s", ops->kind, error->message);
}

/* Makes one of the registry the first of the list. */
static enum planche_status open_first(struct planche_executors *executors,
                                      const struct planche_executor_ops *ops,
                                      const struct planche_executor_setup *setup,
                                      struct planche_error *error)
{
    struct planche_executor_setup own = *setup;
    if (!ops->samples)
        own.se = PLANCHE_SE_EXACT;
    planche_executors_add(executors, ops, &own);
    enum planche_status status = make(&executors->list[0], executors->budget, error);
    if (status)
        executors->count = 0;
    else
        executors->list[0].phase = PLANCHE_EXECUTOR_READY;
    return status;
}

/* Those behind the first make the pages that it could not make. Their pages must look like the
 * first one's: the same averages, and the precision that was asked for where they have it. The
 * profile is of the first alone. */
static void add_others(struct planche_executors *executors, size_t first,
                       const struct planche_executor_setup *setup)
{
    const struct planche_executor_registry *registry = executors->registry;
    for (size_t i = first + 1; i < registry->count; i++) {
        struct planche_executor_setup own = *setup;
        own.devices = NULL;
        own.profile = false;
        own.se = executors->list[0].setup.se;
        if (!has_precision(registry->ops[i], setup->precision))
            own.precision = PLANCHE_PRECISION_AUTO;
        planche_executors_add(executors, registry->ops[i], &own);
    }
}

static struct planche_executor_setup complete_setup(const struct planche_executor_setup *setup,
                                                    const struct planche_engine_options *options,
                                                    const char *devices)
{
    struct planche_executor_setup full = *setup;
    full.devices = devices;
    full.precision = options->precision;
    full.se = options->se;
    full.gpu_path = options->gpu_path;
    full.device_memory = options->gpu_memory;
    full.tile = options->tile;
    full.profile = options->profile != 0;
    return full;
}

static bool suits(const struct planche_executor_ops *ops,
                  const struct planche_engine_options *options)
{
    return has_precision(ops, options->precision) &&
           (options->gpu_path == PLANCHE_GPU_PATH_AUTO || ops->takes_paths);
}

enum planche_status planche_executors_open(struct planche_executors *executors,
                                           const struct planche_engine_options *options,
                                           const struct planche_executor_setup *setup,
                                           struct planche_error *error)
{
    const struct planche_executor_registry *registry = executors->registry;
    const struct choice choice = read_choice(registry, options);
    const struct planche_executor_setup full = complete_setup(setup, options, choice.devices);
    struct planche_error reason = {0};
    enum planche_status status = PLANCHE_ERROR_UNSUPPORTED;
    const char *tried = "";
    if (choice.devices) {
        executors->devices = planche_strdup(executors->budget, choice.devices);
        if (!executors->devices)
            return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the engine");
    }
    for (size_t i = 0; status && i < registry->count; i++) {
        const struct planche_executor_ops *ops = registry->ops[i];
        bool wanted = choice.only ? ops == choice.only : suits(ops, options);
        bool last = choice.only || i + 1 == registry->count;
        if (!wanted)
            continue;
        tried = ops->title;
        status = open_first(executors, ops, &full, last ? error : &reason);
        if (!status)
            add_others(executors, i, &full);
        else if (last)
            return status;
        else
            note_failure(executors, ops, status, &reason);
    }
    if (!status)
        return PLANCHE_OK;
    /* The last of the registry does not suit, and no other that does can be had. */
    if (!tried[0])
        return planche_fail(error, status, "no backend has GPU paths");
    bool path = options->gpu_path != PLANCHE_GPU_PATH_AUTO;
    return planche_fail(error, status, "%s %s needs %s: %s", path ? "the path" : "precision",
                        path ? planche_vk_path_name(options->gpu_path)
                             : precision_name(options->precision),
                        tried, reason.message);
}

void planche_executors_follow(struct planche_executors *executors,
                              const struct planche_executors *other, const struct planche_net *net)
{
    const unsigned count = other->count;
    for (unsigned i = 0; i < count; i++) {
        struct planche_executor_setup setup = other->list[i].setup;
        setup.net = net;
        setup.devices = i == 0 ? other->devices : NULL;
        setup.profile = false;
        executors->count = i;
        planche_executors_add(executors, other->list[i].ops, &setup);
    }
}

void planche_executors_renew(struct planche_executors *executors, const struct planche_net *net)
{
    for (unsigned i = 0; i < executors->count; i++)
        executors->list[i].setup.net = net;
    executors->list[0].setup.devices = executors->devices;
}

const struct planche_executor *planche_executors_find(struct planche_executors *executors,
                                                      unsigned index)
{
    const struct planche_executor *executor = &executors->list[index];
    assert(index < executors->count);
    planche_mutex_lock(&executors->mutex);
    bool ready = executor->phase == PLANCHE_EXECUTOR_READY;
    planche_mutex_unlock(&executors->mutex);
    return ready ? executor : NULL;
}

bool planche_executors_is_usable(struct planche_executors *executors, unsigned index)
{
    struct planche_executor *executor = &executors->list[index];
    assert(index < executors->count);
    if (index + 1 == executors->count || !executor->ops->alive)
        return true;
    planche_mutex_lock(&executors->mutex);
    bool ready = executor->phase == PLANCHE_EXECUTOR_READY;
    planche_mutex_unlock(&executors->mutex);
    if (!ready || executor->ops->alive(executor->state))
        return true;
    if (!atomic_exchange(&executor->reported, true))
        planche_log_write(&executors->log, PLANCHE_LOG_WARNING,
                          "%s cannot be used any more: pages are made on %s from now on",
                          executor->info.device ? executor->info.device : executor->ops->title,
                          executors->list[index + 1].ops->title);
    return false;
}

/* Weights are most of it; what is known of them is an estimate, and of executors that cannot say it
 * a guess. */
static uint64_t bytes_of(const struct planche_executor *executor)
{
    uint64_t bytes =
        executor->ops->bytes ? executor->ops->bytes(&executor->setup) : (uint64_t)16 << 20;
    return bytes + bytes / 16 + ((uint64_t)2 << 20);
}

uint64_t planche_executors_bytes(const struct planche_executors *executors, unsigned index)
{
    return bytes_of(&executors->list[index]);
}

static enum planche_status fail_set_aside(const struct planche_executors *executors,
                                          const struct planche_executor *executor, uint64_t bytes,
                                          const struct planche_cancel_token *cancel,
                                          struct planche_error *error)
{
    enum planche_status status = planche_cancel_fail(cancel, error);
    if (status)
        return status;
    return planche_fail(
        error, PLANCHE_ERROR_BUDGET,
        "%s needs %llu MiB for the weights of %s and the memory budget of %llu MiB does not leave "
        "as much; raise it (option memory = %lluM)",
        executor->ops->title, (unsigned long long)(bytes >> 20) + 1, executor->setup.model,
        (unsigned long long)(executors->budget->limit >> 20),
        (unsigned long long)planche_admission_enough(executors->admission, executors->budget->limit,
                                                     bytes));
}

/* Takes the memory from pages to come, then makes it. Its phase is MAKING, the mutex is not held:
 * who else needs it can be cancelled meanwhile. */
static enum planche_status make_later(struct planche_executors *executors,
                                      struct planche_executor *executor,
                                      const struct planche_cancel_token *cancel,
                                      struct planche_error *error)
{
    uint64_t bytes = bytes_of(executor);
    if (!planche_admission_set_aside(executors->admission, bytes, cancel))
        return fail_set_aside(executors, executor, bytes, cancel, error);
    /* Those that cannot say it also take buffers for pages from it, which pages have planned. */
    planche_budget_init_part(&executor->budget, executors->budget,
                             executor->ops->bytes ? bytes : 0);
    enum planche_status status = make(executor, &executor->budget, error);
    status = planche_budget_reclassify_oom(status, &executor->budget, error);
    executor->aside = status ? 0 : bytes;
    if (status)
        planche_admission_put_back(executors->admission, bytes);
    else
        atomic_fetch_add(&executors->bytes, atomic_load(&executor->budget.used));
    return status;
}

enum planche_status planche_executors_get(struct planche_executors *executors, unsigned index,
                                          const struct planche_cancel_token *cancel,
                                          const struct planche_executor **out,
                                          struct planche_error *error)
{
    struct planche_executor *executor = &executors->list[index];
    enum planche_status status = PLANCHE_OK;
    assert(index < executors->count);
    *out = executor;
    planche_mutex_lock(&executors->mutex);
    while (!status && executor->phase == PLANCHE_EXECUTOR_MAKING)
        if (!planche_cancel_wait(cancel, &executors->changed, &executors->mutex))
            status = planche_cancel_fail(cancel, error);
    if (!status && executor->phase == PLANCHE_EXECUTOR_UNMADE) {
        executor->phase = PLANCHE_EXECUTOR_MAKING;
        planche_mutex_unlock(&executors->mutex);
        status = make_later(executors, executor, cancel, error);
        planche_mutex_lock(&executors->mutex);
        executor->phase = status ? PLANCHE_EXECUTOR_UNMADE : PLANCHE_EXECUTOR_READY;
        planche_cond_broadcast(&executors->changed);
    }
    planche_mutex_unlock(&executors->mutex);
    return status;
}
