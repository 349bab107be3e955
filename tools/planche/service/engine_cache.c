/* SPDX-License-Identifier: MIT */
/* The engines of the resident process: made once per model, scale and level, kept while in use and
 * for as long as there is room. */
#include "service/engine_cache.h"

#include "base/cancel.h"

#include "base/status.h"
#include "cli/hints.h"
#include "cli/model_options.h"
#include "os/clock.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    char *model; /* NULL: the slot is free */
    unsigned scale;
    enum planche_denoise denoise;
    int has_level;
    double level;
    struct planche_engine *engine; /* NULL while it is being made */
    unsigned users;
    uint64_t last_use;
};

struct planche_cli_engine_cache {
    const struct planche_engine_options *base;
    uint64_t memory; /* of each */
    struct planche_mutex lock;
    struct planche_cond changed;
    uint64_t uses;
    unsigned waiting; /* who have to wait because all engines are in use */
    void (*loaded)(void *user, const char *model, double ms, const struct planche_engine *engine);
    void *loaded_user;
    void (*waits)(void *user);
    void *waits_user;
    unsigned capacity;
    struct slot slots[];
};

struct planche_cli_engine_cache *
planche_cli_engine_cache_create(const struct planche_engine_options *base, unsigned capacity)
{
    struct planche_cli_engine_cache *engines =
        calloc(1, sizeof *engines + capacity * sizeof engines->slots[0]);
    if (engines == NULL)
        return NULL;
    uint64_t memory = base->memory;
    if (memory == 0)
        planche_engine_defaults(&memory, NULL);
    planche_cli_hint_engines(capacity);
    engines->base = base;
    engines->memory = memory / capacity > 0 ? memory / capacity : 1;
    engines->capacity = capacity;
    planche_mutex_init(&engines->lock);
    planche_cond_init(&engines->changed);
    return engines;
}

static void empty_slot(struct slot *slot)
{
    planche_engine_destroy(&slot->engine);
    free(slot->model);
    *slot = (struct slot){0};
}

void planche_cli_engine_cache_destroy(struct planche_cli_engine_cache *engines)
{
    if (engines == NULL)
        return;
    for (unsigned i = 0; i < engines->capacity; i++)
        empty_slot(&engines->slots[i]);
    planche_cond_destroy(&engines->changed);
    planche_mutex_destroy(&engines->lock);
    free(engines);
}

static struct slot *find(struct planche_cli_engine_cache *engines, const char *model,
                         const struct planche_engine_options *wanted)
{
    for (unsigned i = 0; i < engines->capacity; i++) {
        struct slot *slot = &engines->slots[i];
        if (slot->model != NULL && strcmp(slot->model, model) == 0 &&
            slot->scale == wanted->scale && slot->denoise == wanted->denoise &&
            slot->has_level == wanted->has_level &&
            (!slot->has_level || slot->level == wanted->level))
            return slot;
    }
    return NULL;
}

/* A free slot, or the least recently used one that nobody uses; NULL: all are in use. */
static struct slot *find_room(struct planche_cli_engine_cache *engines)
{
    struct slot *best = NULL;
    for (unsigned i = 0; i < engines->capacity; i++) {
        struct slot *slot = &engines->slots[i];
        if (slot->users == 0 && (best == NULL || slot->last_use < best->last_use))
            best = slot;
    }
    return best;
}

/* Makes the slot's engine with the lock open, so that others go on. The slot has a user, so it is
 * not taken meanwhile. */
static enum planche_status fill_slot(struct planche_cli_engine_cache *engines, struct slot *slot,
                                     struct planche_error *error)
{
    struct planche_engine_options options = *engines->base;
    struct planche_engine *engine = NULL;
    options.model = slot->model;
    options.scale = slot->scale;
    options.denoise = slot->denoise;
    options.has_level = slot->has_level;
    options.level = slot->level;
    options.memory = engines->memory;
    planche_mutex_unlock(&engines->lock);
    double start = planche_clock_ms();
    enum planche_status status = planche_engine_create(&engine, &options, error);
    if (engines->loaded != NULL)
        engines->loaded(engines->loaded_user, slot->model, planche_clock_ms() - start, engine);
    planche_mutex_lock(&engines->lock);
    slot->engine = engine;
    if (status != PLANCHE_OK)
        empty_slot(slot);
    planche_cond_broadcast(&engines->changed);
    return status;
}

enum planche_status planche_cli_engine_cache_acquire(struct planche_cli_engine_cache *engines,
                                                     const struct planche_engine_options *wanted,
                                                     const struct planche_cancel_token *token,
                                                     const struct planche_engine **out,
                                                     struct planche_error *error)
{
    const char *model = wanted->model != NULL ? wanted->model : PLANCHE_CLI_DEFAULT_MODEL;
    enum planche_status status = planche_cancel_check(token);
    struct slot *slot = NULL, *room = NULL;
    planche_mutex_lock(&engines->lock);
    while (status == PLANCHE_OK) {
        slot = find(engines, model, wanted);
        if (slot == NULL)
            room = find_room(engines);
        if (slot != NULL ? slot->engine != NULL : room != NULL)
            break;
        engines->waiting += slot == NULL;
        if (slot == NULL && engines->waits != NULL)
            engines->waits(engines->waits_user);
        if (!planche_cancel_wait(token, &engines->changed, &engines->lock))
            status = planche_cancel_check(token);
        engines->waiting -= slot == NULL;
    }
    if (status != PLANCHE_OK) {
        planche_fail(error, status, "%s while it waited for its model",
                     planche_status_name(status));
    } else if (slot == NULL) {
        slot = room;
        empty_slot(slot);
        *slot = (struct slot){
            .model = strdup(model),
            .scale = wanted->scale,
            .denoise = wanted->denoise,
            .has_level = wanted->has_level,
            .level = wanted->level,
            .users = 1,
        };
        if (slot->model == NULL)
            status = planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
        else
            status = fill_slot(engines, slot, error);
        slot->users = 0;
    }
    if (status == PLANCHE_OK) {
        slot->users++;
        slot->last_use = ++engines->uses;
        *out = slot->engine;
    }
    planche_mutex_unlock(&engines->lock);
    return status;
}

void planche_cli_engine_cache_release(struct planche_cli_engine_cache *engines,
                                      const struct planche_engine *engine)
{
    planche_mutex_lock(&engines->lock);
    for (unsigned i = 0; i < engines->capacity; i++) {
        if (engines->slots[i].engine == engine)
            engines->slots[i].users--;
    }
    planche_cond_broadcast(&engines->changed);
    planche_mutex_unlock(&engines->lock);
}

void planche_cli_engine_cache_trim(struct planche_cli_engine_cache *engines)
{
    planche_mutex_lock(&engines->lock);
    for (unsigned i = 0; i < engines->capacity; i++) {
        if (engines->slots[i].users == 0)
            empty_slot(&engines->slots[i]);
    }
    planche_mutex_unlock(&engines->lock);
}

void planche_cli_engine_cache_on_load(struct planche_cli_engine_cache *engines,
                                      void (*loaded)(void *user, const char *model, double ms,
                                                     const struct planche_engine *engine),
                                      void *user)
{
    engines->loaded = loaded;
    engines->loaded_user = user;
}

void planche_cli_engine_cache_on_wait(struct planche_cli_engine_cache *engines,
                                      void (*waits)(void *user), void *user)
{
    engines->waits = waits;
    engines->waits_user = user;
}

void planche_cli_engine_cache_visit(
    struct planche_cli_engine_cache *engines,
    void (*visit)(void *user, const struct planche_engine_info *info, unsigned same), void *user)
{
    planche_mutex_lock(&engines->lock);
    for (unsigned i = 0; i < engines->capacity; i++) {
        struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
        unsigned same = 1;
        if (engines->slots[i].engine == NULL ||
            planche_engine_get_info(engines->slots[i].engine, &info, NULL) != PLANCHE_OK)
            continue;
        for (unsigned j = 0; j < i; j++)
            same += engines->slots[j].engine != NULL &&
                    strcmp(engines->slots[j].model, engines->slots[i].model) == 0;
        info.model = engines->slots[i].model;
        visit(user, &info, same);
    }
    planche_mutex_unlock(&engines->lock);
}

unsigned planche_cli_engine_cache_count(struct planche_cli_engine_cache *engines)
{
    unsigned count = 0;
    planche_mutex_lock(&engines->lock);
    for (unsigned i = 0; i < engines->capacity; i++)
        count += engines->slots[i].engine != NULL;
    planche_mutex_unlock(&engines->lock);
    return count;
}

bool planche_cli_engine_cache_is_wanted(struct planche_cli_engine_cache *engines)
{
    planche_mutex_lock(&engines->lock);
    bool wanted = engines->waiting > 0;
    planche_mutex_unlock(&engines->lock);
    return wanted;
}
