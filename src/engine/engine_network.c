/* SPDX-License-Identifier: MIT */
/* Networks of an engine: their files, and loading one when a page needs it. */
#include "engine/engine_network.h"

#include "backend/executor.h"
#include "base/status.h"
#include "model/catalogue.h"
#include "model/load.h"
#include "model/own/networks.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file_info.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct paths {
    char param[PATH_MAX], bin[PATH_MAX];
};

void planche_engine_networks_init(struct planche_engine_networks *networks,
                                  const struct planche_scale_set *set,
                                  const struct planche_executor_registry *registry,
                                  struct planche_budget *budget,
                                  struct planche_admission *admission)
{
    networks->set = set;
    networks->budget = budget;
    networks->admission = admission;
    planche_mutex_init(&networks->mutex);
    planche_cond_init(&networks->changed);
    for (unsigned i = 0; i < PLANCHE_MAX_NETWORKS; i++) {
        planche_model_digest_init(&networks->list[i].digest);
        planche_executors_init(&networks->list[i].executors, registry, budget, admission);
    }
}

void planche_engine_networks_destroy(struct planche_engine_networks *networks)
{
    for (unsigned i = 0; i < PLANCHE_MAX_NETWORKS; i++) {
        struct planche_engine_network *network = &networks->list[i];
        planche_executors_destroy(&network->executors);
        planche_net_destroy(&network->net);
        planche_model_digest_destroy(&network->digest);
    }
    planche_free(networks->directory);
    planche_cond_destroy(&networks->changed);
    planche_mutex_destroy(&networks->mutex);
}

/* "dir/name.param" and "dir/name.bin" */
static enum planche_status format_path(char *path, const char *stem, const char *extension,
                                       struct planche_error *error)
{
    int length = snprintf(path, PATH_MAX, "%s%s", stem, extension);
    if (length < 0 || length >= PATH_MAX)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long", stem);
    return PLANCHE_OK;
}

static enum planche_status find_custom(struct paths *paths, const char *path,
                                       struct planche_error *error)
{
    size_t stem = strlen(path) - 6;
    if (stem >= PATH_MAX - 8)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the model's path is too long");
    snprintf(paths->param, PATH_MAX, "%s", path);
    snprintf(paths->bin, PATH_MAX, "%.*s.bin", (int)stem, path);
    return PLANCHE_OK;
}

static enum planche_status find_variant(struct paths *paths,
                                        const struct planche_model_variant *variant,
                                        const char *directory, struct planche_error *error)
{
    char stem[PATH_MAX];
    enum planche_status status = planche_catalogue_check(variant, directory, 0, error);
    if (!status)
        status = planche_catalogue_locate(variant, directory, stem, sizeof(stem), error);
    if (!status)
        status = format_path(paths->param, stem, ".param", error);
    if (!status)
        status = format_path(paths->bin, stem, ".bin", error);
    return status;
}

/* Where a network comes from; its names are those of *paths or static. */
static enum planche_status find_source(const struct planche_engine_networks *networks,
                                       const struct planche_scale_network *wanted,
                                       struct paths *paths, struct planche_model_source *source,
                                       struct planche_error *error)
{
    source->form = wanted->form;
    source->param_path = paths->param;
    source->bin_path = paths->bin;
    if (wanted->variant && wanted->own) {
        const struct planche_own_network *network =
            planche_own_find(wanted->variant, wanted->form.grey, &source->form);
        source->param_path = wanted->variant->model;
        source->param = network->data;
        source->param_size = network->size;
        return PLANCHE_OK;
    }
    if (wanted->variant)
        return find_variant(paths, wanted->variant, networks->directory, error);
    assert(wanted->path);
    if (!planche_model_has_partner(wanted->path))
        return format_path(paths->param, wanted->path, "", error);
    return find_custom(paths, wanted->path, error);
}

static double macs_per_pixel(const struct planche_net *net, struct planche_budget *budget)
{
    const int64_t side = 1200;
    struct planche_shape *shapes =
        planche_calloc(budget, (size_t)net->tensor_count, sizeof(*shapes));
    double macs = 0;
    if (shapes && planche_net_shapes(net, side, side, shapes))
        for (int s = 0; s < net->step_count; s++)
            macs += planche_step_macs(net, &net->steps[s], shapes);
    planche_free(shapes);
    return macs / ((double)side * (double)side);
}

/* Of its kernels. */
static uint64_t weight_bytes(const struct planche_net *net)
{
    uint64_t count = 0;
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        if (!planche_step_has_kernel(step))
            continue;
        uint64_t inputs =
            step->op == PLANCHE_STEP_DEPTHWISE ? 1 : (uint64_t)planche_step_in_channels(net, step);
        count += (uint64_t)step->kernel_h * (uint64_t)step->kernel_w * inputs *
                 (uint64_t)net->tensors[step->output].channels;
    }
    return count * sizeof(float);
}

/* Loads the net; files: what is to own the descriptors of its files. source: without paths. */
static enum planche_status load_net(const struct planche_engine_networks *networks,
                                    struct planche_engine_network *network, int *files,
                                    struct planche_budget *budget,
                                    struct planche_model_source *source,
                                    struct planche_error *error)
{
    const struct planche_scale_network *wanted = &networks->set->list[network - networks->list];
    struct paths paths = {"", ""};
    *source = (struct planche_model_source){.param_fd = &files[0], .bin_fd = &files[1]};
    enum planche_status status = find_source(networks, wanted, &paths, source, error);
    if (!status)
        status = planche_model_load(&network->net, source, wanted->variant, budget, error);
    if (!status)
        status = planche_model_check_channels(network->net, source->param_path, error);
    source->param_path = source->bin_path = NULL;
    return status;
}

/* One that was given up: what is known of it is constant, so its files must be as they were. */
static enum planche_status load_again(const struct planche_engine_networks *networks,
                                      struct planche_engine_network *network,
                                      struct planche_budget *budget, struct planche_error *error)
{
    struct planche_model_source source;
    int files[PLANCHE_MODEL_DIGEST_FILES] = {-1, -1};
    enum planche_status status = load_net(networks, network, files, budget, &source, error);
    if (!status && !planche_model_digest_is_of(&network->digest, files))
        status = planche_fail(error, PLANCHE_ERROR_IO,
                              "%s: the model's files have changed since they were loaded; load it "
                              "again",
                              network->name);
    for (int i = 0; i < PLANCHE_MODEL_DIGEST_FILES; i++)
        planche_fd_close(&files[i]);
    return status;
}

static enum planche_status load(const struct planche_engine_networks *networks,
                                struct planche_engine_network *network,
                                struct planche_budget *budget, struct planche_error *error)
{
    struct planche_model_source source;
    if (network->known)
        return load_again(networks, network, budget, error);
    enum planche_status status =
        load_net(networks, network, network->digest.files, budget, &source, error);
    if (status)
        return status;
    network->digest.data = source.param;
    network->digest.size = source.param_size;
    planche_model_digest_note(&network->digest);
    network->recipe = network->net->recipe;
    network->macs_per_pixel = macs_per_pixel(network->net, budget);
    network->weight_bytes = weight_bytes(network->net);
    network->name = networks->set->list[network - networks->list].name;
    network->known = true;
    return PLANCHE_OK;
}

enum planche_status planche_engine_networks_place(struct planche_engine_networks *networks,
                                                  const char *directory,
                                                  struct planche_error *error)
{
    networks->directory = directory ? planche_strdup(networks->budget, directory) : NULL;
    return networks->directory || !directory
               ? PLANCHE_OK
               : planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the engine");
}

enum planche_status planche_engine_networks_load(struct planche_engine_networks *networks,
                                                 struct planche_error *error)
{
    struct planche_engine_network *network = &networks->list[networks->primary];
    enum planche_status status = load(networks, network, networks->budget, error);
    if (!status)
        network->phase = PLANCHE_NETWORK_LOADED;
    atomic_store(&network->lean, true); /* the owner drops the kernels */
    return status;
}

void planche_engine_networks_follow(struct planche_engine_networks *networks,
                                    const struct planche_scale_set *set)
{
    planche_mutex_lock(&networks->mutex);
    networks->set = set;
    planche_mutex_unlock(&networks->mutex);
}

/* The place in a network's list that stands for this kind of machine. */
static unsigned place_of(const struct planche_engine_network *network,
                         const struct planche_executor_ops *ops)
{
    unsigned i = 0;
    while (i + 1 < network->executors.count && network->executors.list[i].ops != ops)
        i++;
    return i;
}

void planche_engine_networks_release(struct planche_engine_networks *networks, unsigned index)
{
    struct planche_engine_network *network = &networks->list[index];
    planche_mutex_lock(&networks->mutex);
    assert(network->users > 0);
    network->users--;
    network->last_use = planche_clock_ns();
    planche_mutex_unlock(&networks->mutex);
}

const struct planche_executor *
planche_engine_networks_take(struct planche_engine_networks *networks, unsigned index,
                             const struct planche_executor_ops *ops)
{
    struct planche_engine_network *network = &networks->list[index];
    const struct planche_executor *executor = NULL;
    planche_mutex_lock(&networks->mutex);
    if (network->phase == PLANCHE_NETWORK_LOADED)
        executor = planche_executors_find(&network->executors, place_of(network, ops));
    network->users += executor != NULL;
    planche_mutex_unlock(&networks->mutex);
    return executor;
}

void planche_engine_networks_find_idle(struct planche_engine_networks *networks,
                                       struct planche_idle_network *idle)
{
    planche_mutex_lock(&networks->mutex);
    for (unsigned i = 0; i < PLANCHE_MAX_NETWORKS; i++) {
        const struct planche_engine_network *network = &networks->list[i];
        idle->users += network->users;
        if (network->users || network->phase != PLANCHE_NETWORK_LOADED ||
            (networks->keeps_primary && i == networks->primary))
            continue;
        idle->count++;
        if (idle->networks && idle->last_use <= network->last_use)
            continue;
        idle->networks = networks;
        idle->index = i;
        idle->last_use = network->last_use;
    }
    planche_mutex_unlock(&networks->mutex);
}

static void set_phase(struct planche_engine_networks *networks, unsigned index,
                      enum planche_network_phase phase)
{
    planche_mutex_lock(&networks->mutex);
    networks->list[index].phase = phase;
    planche_cond_broadcast(&networks->changed);
    planche_mutex_unlock(&networks->mutex);
}

bool planche_engine_networks_unload(const struct planche_idle_network *idle)
{
    struct planche_engine_networks *networks = idle->networks;
    struct planche_engine_network *network = &networks->list[idle->index];
    planche_mutex_lock(&networks->mutex);
    bool unloads = network->phase == PLANCHE_NETWORK_LOADED && network->users == 0;
    if (unloads)
        network->phase = PLANCHE_NETWORK_LOADING;
    planche_mutex_unlock(&networks->mutex);
    if (!unloads)
        return false;
    planche_log_write(&networks->leader->log, PLANCHE_LOG_DEBUG,
                      "network %s is given up: no page runs on it", network->name);
    uint64_t bytes = planche_executors_drop(&network->executors) + atomic_load(&network->aside);
    if (idle->index == networks->primary && !atomic_load(&networks->lost))
        atomic_store(&networks->lost, bytes);
    planche_net_destroy(&network->net);
    atomic_store(&network->lean, false);
    set_phase(networks, idle->index, PLANCHE_NETWORK_UNLOADED);
    planche_admission_put_back(networks->admission, bytes);
    return true;
}

/* Of a file that a model names, with the one beside it. */
static uint64_t file_bytes(const char *path)
{
    struct planche_file_info info = {0}, partner = {0};
    struct paths paths;
    struct planche_error ignored;
    planche_file_find(path, &info);
    if (planche_model_has_partner(path) && !find_custom(&paths, path, &ignored))
        planche_file_find(paths.bin, &partner);
    return info.size + partner.size;
}

/* Weights are most of it; those of half precision take twice their file, and files that are not the
 * catalogue's may have to be read beside what is made of them. Networks that are made of one file
 * have as many weights as its primary network. What is too much is given back. */
static uint64_t estimate(const struct planche_engine_networks *networks,
                         const struct planche_scale_network *wanted)
{
    const struct planche_model_variant *variant = wanted->variant;
    const uint64_t more = (uint64_t)1 << 20;
    const unsigned primary = networks->primary;
    struct planche_model_form form = wanted->form;
    if (!variant && primary < PLANCHE_MAX_NETWORKS &&
        networks->set->list[primary].path == wanted->path)
        return 2 * networks->list[primary].weight_bytes + more;
    if (!variant)
        return 4 * file_bytes(wanted->path) + more;
    if (wanted->own)
        return planche_own_weight_bytes(planche_own_find(variant, form.grey, &form)) + more;
    return 2 * (variant->bin_size + variant->param_size) + more;
}

/* With what its executor asks for next, at most: of the 9 weights of a 3x3 kernel Winograd's
 * transform makes 64. A file's estimate is twice its weights. */
static uint64_t with_packed(const struct planche_scale_network *wanted, uint64_t bytes)
{
    const uint64_t most = UINT64_MAX / 16, weights = wanted->variant ? bytes : bytes / 2;
    return bytes < most ? bytes + weights / 9 * 64 + weights / 2 + ((uint64_t)2 << 20) : bytes;
}

static enum planche_status fail_set_aside(struct planche_engine_networks *networks,
                                          const struct planche_scale_network *wanted,
                                          uint64_t bytes, const struct planche_cancel_token *cancel,
                                          struct planche_error *error)
{
    enum planche_status status = planche_cancel_fail(cancel, error);
    if (status)
        return status;
    return planche_fail(
        error, PLANCHE_ERROR_BUDGET,
        "another network of the model (%s) needs %llu MiB, and the memory budget of %llu MiB does "
        "not leave as much; raise it (option memory = %lluM)",
        wanted->name, (unsigned long long)(bytes >> 20) + 1,
        (unsigned long long)(networks->budget->limit >> 20),
        (unsigned long long)planche_admission_enough(networks->admission, networks->budget->limit,
                                                     with_packed(wanted, bytes)));
}

/* Loads it with memory of pages to come. Its phase is LOADING, the mutex is not held. */
static enum planche_status load_later(struct planche_engine_networks *networks,
                                      struct planche_engine_network *network,
                                      const struct planche_scale_network *wanted,
                                      const struct planche_cancel_token *cancel,
                                      struct planche_error *error)
{
    uint64_t bytes = network->needed ? network->needed : estimate(networks, wanted);
    if (!planche_admission_set_aside(networks->admission, bytes, cancel))
        return fail_set_aside(networks, wanted, bytes, cancel, error);
    planche_budget_init_part(&network->budget, networks->budget, bytes);
    atomic_store(&network->aside, bytes);
    enum planche_status status = load(networks, network, &network->budget, error);
    status = planche_budget_reclassify_oom(status, &network->budget, error);
    if (!status && &network->executors == networks->leader)
        planche_executors_renew(&network->executors, network->net);
    else if (!status)
        planche_executors_follow(&network->executors, networks->leader, network->net);
    if (!status)
        return PLANCHE_OK;
    planche_net_destroy(&network->net);
    if (!network->known)
        planche_model_digest_close(&network->digest);
    planche_admission_put_back(networks->admission, bytes);
    return status;
}

/* The network is held then. */
static enum planche_status ensure_loaded(struct planche_engine_networks *networks, unsigned index,
                                         const struct planche_cancel_token *cancel,
                                         struct planche_error *error)
{
    struct planche_engine_network *network = &networks->list[index];
    enum planche_status status = PLANCHE_OK;
    planche_mutex_lock(&networks->mutex);
    while (!status && network->phase == PLANCHE_NETWORK_LOADING)
        if (!planche_cancel_wait(cancel, &networks->changed, &networks->mutex))
            status = planche_cancel_fail(cancel, error);
    if (!status && network->phase == PLANCHE_NETWORK_UNLOADED) {
        network->phase = PLANCHE_NETWORK_LOADING;
        planche_mutex_unlock(&networks->mutex);
        status = load_later(networks, network, &networks->set->list[index], cancel, error);
        planche_mutex_lock(&networks->mutex);
        network->phase = status ? PLANCHE_NETWORK_UNLOADED : PLANCHE_NETWORK_LOADED;
        planche_cond_broadcast(&networks->changed);
    }
    network->users += !status;
    planche_mutex_unlock(&networks->mutex);
    return status;
}

/* When no executor is left to be made, nobody packs the kernels again. */
static void drop_kernels(struct planche_engine_networks *networks, unsigned index)
{
    struct planche_engine_network *network = &networks->list[index];
    if (network->executors.count > 1 || atomic_exchange(&network->lean, true))
        return;
    planche_net_drop_kernels(network->net);
    uint64_t used = atomic_load(&network->budget.used), aside = atomic_load(&network->aside);
    if (used >= aside)
        return;
    atomic_store(&network->aside, used);
    planche_admission_put_back(networks->admission, aside - used);
}

enum planche_status planche_engine_networks_make(struct planche_engine_networks *networks,
                                                 unsigned index,
                                                 const struct planche_executor_ops *ops,
                                                 const struct planche_cancel_token *cancel,
                                                 const struct planche_executor **executor,
                                                 struct planche_error *error)
{
    struct planche_engine_network *network = &networks->list[index];
    enum planche_status status = ensure_loaded(networks, index, cancel, error);
    if (status)
        return status;
    status =
        planche_executors_get(&network->executors, place_of(network, ops), cancel, executor, error);
    if (status)
        planche_engine_networks_release(networks, index);
    else
        drop_kernels(networks, index);
    return status;
}

uint64_t planche_engine_networks_bytes(struct planche_engine_networks *networks)
{
    uint64_t bytes = 0;
    planche_mutex_lock(&networks->mutex);
    for (unsigned i = 0; i < networks->set->count; i++)
        if (networks->list[i].phase == PLANCHE_NETWORK_LOADED)
            bytes += atomic_load(&networks->list[i].budget.used) +
                     atomic_load(&networks->list[i].executors.bytes);
    planche_mutex_unlock(&networks->mutex);
    return bytes;
}
