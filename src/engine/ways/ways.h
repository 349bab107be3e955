/* SPDX-License-Identifier: MIT */
/* Ways of an engine whose model is a choice: for each alternative but the first, which is the
 * engine's own, a plan and networks, which are made when the first page wants them. */
#ifndef PLANCHE_ENGINE_WAYS_H
#define PLANCHE_ENGINE_WAYS_H

#include "engine/levels.h"
#include "model/choices.h"

struct planche_executor_ops;

struct planche_engine_way {
    struct planche_mutex mutex;  /* of planned and planning */
    struct planche_cond changed; /* one of them */
    bool planned; /* plan is there, and constant; false: a file must be loaded, which has a scale */
    bool planning;                   /* by a page's thread, without the mutex */
    struct planche_scale_plan begun; /* constant; of files to be loaded, or whole */
    struct planche_scale_plan plan;
    struct planche_engine_networks networks; /* set: that of begun until plan is there */
    struct planche_levels levels;
};

/* Constant once the engine is made, but for the ways themselves. */
struct planche_engine_ways {
    struct planche_choices choices;        /* one alternative: nothing is chosen */
    struct planche_engine_options options; /* for plans; has no strings */
    struct planche_engine_way *list[PLANCHE_MAX_ALTERNATIVES]; /* [0]: NULL */
};

/* The engine's options for one of the alternatives: a level of cleaning is for those that have
 * levels. */
struct planche_engine_options planche_ways_options(const struct planche_engine_ways *ways,
                                                   unsigned index);
/* Makes all ways but the first, as the engine's own set is. Errors: NOT_FOUND (a model, a file),
 * ARGUMENT, MEMORY. */
enum planche_status planche_ways_create(struct planche_engine_ways *ways,
                                        const struct planche_levels *own, const char *directory,
                                        struct planche_error *error);
void planche_ways_destroy(struct planche_engine_ways *ways);
/* Loads the files of a plan that knows no scales yet, and finishes it. Errors: as
 * planche_engine_networks_make. */
enum planche_status planche_ways_finish(struct planche_scale_plan *plan,
                                        struct planche_engine_networks *networks,
                                        const struct planche_alternative *models,
                                        const struct planche_engine_options *options,
                                        const struct planche_executor_ops *ops,
                                        const struct planche_cancel_token *cancel,
                                        struct planche_error *error);
/* What a page of this alternative (not the first) and level runs by. *set is empty if the way has
 * no plan yet: planche_ways_plan makes it, for who has no reservation. Thread-safe. */
enum planche_status planche_ways_get(struct planche_engine_ways *ways, unsigned index,
                                     unsigned level, struct planche_level_set *set,
                                     struct planche_error *error);
/* Makes the way's plan if it has none. Of several callers one does, and the others wait. Errors: as
 * planche_ways_finish; CANCELLED, DEADLINE while another is waited for. Thread-safe. */
enum planche_status planche_ways_plan(struct planche_engine_ways *ways, unsigned index,
                                      const struct planche_executor_ops *ops,
                                      const struct planche_cancel_token *cancel,
                                      struct planche_error *error);
/* Whether pages of an alternative wait for its black and white point; of any. */
bool planche_ways_have_levels(const struct planche_engine_ways *ways);
/* As planche_engine_networks_find_idle, of all ways but the first. */
void planche_ways_find_idle(struct planche_engine_ways *ways, struct planche_idle_network *idle);
/* Bytes of the networks of all ways but the first. */
uint64_t planche_ways_bytes(struct planche_engine_ways *ways);

#endif
