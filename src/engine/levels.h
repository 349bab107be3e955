/* SPDX-License-Identifier: MIT */
/* Levels of cleaning of an engine whose pages choose theirs: for each a plan and networks of its
 * own, which are made when the first page wants them. The engine's own are the level of pages of
 * which nothing is known. */
#ifndef PLANCHE_ENGINE_LEVELS_H
#define PLANCHE_ENGINE_LEVELS_H

#include "choice/auto_model.h"
#include "engine/engine_network.h"

/* What a page runs by. */
struct planche_level_set {
    const struct planche_scale_plan *plan;
    struct planche_engine_networks *networks;
};

struct planche_engine_level {
    struct planche_scale_plan plan;
    struct planche_engine_networks networks;
};

struct planche_levels {
    /* The owner's, constant once the engine is made. */
    bool chosen; /* pages choose */
    struct planche_level_set own;
    enum planche_precision precision;
    const struct planche_executor_registry *registry;
    struct planche_mutex mutex;
    struct planche_engine_level *list[PLANCHE_AUTO_LEVELS]; /* NULL: nobody wanted it yet */
};

/* own, registry: of the engine, which outlives the levels. */
void planche_levels_init(struct planche_levels *levels, struct planche_level_set own,
                         const struct planche_executor_registry *registry);
void planche_levels_destroy(struct planche_levels *levels);

/* Whether pages choose their level: the model is "auto" or one of Planche's own by name, and no
 * level was asked for. */
bool planche_levels_are_chosen(const struct planche_engine_options *options);
/* What a page of this level (an index) runs by; those of an engine whose pages do not choose are
 * all alike. Thread-safe. Errors: MEMORY. */
enum planche_status planche_levels_get(struct planche_levels *levels, unsigned level,
                                       struct planche_level_set *set, struct planche_error *error);
/* As planche_engine_networks_find_idle, of all levels but the engine's own. */
void planche_levels_find_idle(struct planche_levels *levels, struct planche_idle_network *idle);
/* Bytes of the networks of all levels but the engine's own. */
uint64_t planche_levels_bytes(struct planche_levels *levels);

#endif
