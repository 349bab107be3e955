/* SPDX-License-Identifier: MIT */
/* Engine structure: a model made ready to run, and what its pages share. */
#ifndef PLANCHE_ENGINE_ENGINE_H
#define PLANCHE_ENGINE_ENGINE_H

#include "base/alloc.h"
#include "base/log.h"
#include "base/pool.h"
#include "engine/admission.h"
#include "engine/engine_network.h"
#include "engine/levels.h"
#include "engine/scale_chain.h"
#include "engine/ways/ways.h"
#include "kernels/kernels.h"
#include "net/net.h"

#include <planche/engine.h>

/* Mutable state: what changes while pages run. Each part has its own lock. */
struct planche_engine_state {
    struct planche_budget budget;
    struct planche_admission admission;
    struct planche_engine_networks networks; /* of plan.set */
    struct planche_levels levels;            /* of pages that choose another */
    struct planche_engine_ways ways;         /* of pages that choose another model */
    _Atomic unsigned pages, expected;        /* pages made so far, and known to come in all */
};

/* Immutable once it is made: any number of threads may use it. It owns all that it points to. */
struct planche_engine {
    struct planche_isolation *isolation; /* NULL: pages are decoded in this process */
    struct planche_engine_state *state;
    uint64_t process; /* that made it: in a child of fork() its threads do not exist */
    struct planche_log log;
    struct planche_scale_plan plan;
    unsigned primary;  /* network that was loaded with the engine: others do as it does */
    char *directory;   /* of model files; NULL: the cache */
    uint32_t features; /* of the CPU, that are used */
    struct planche_kernels kernels; /* for these features: pages need them whatever runs them */
    struct planche_pool *pool;
    char *model;
    enum planche_se se;
    uint64_t max_pixels;
    /* Bytes that the process takes with one page unless more make it a fifth faster; 0: no matter.
     */
    uint64_t usual_bytes;
    uint64_t base_bytes; /* in use once the engine is made: everything but pages */
    const char *isa;
};

/* The network that was loaded with the engine. */
static inline struct planche_engine_network *
planche_engine_primary(const struct planche_engine *engine)
{
    return &engine->state->networks.list[engine->state->networks.primary];
}

/* Bytes of the budget that are no page's: with the weights of networks and executors that were made
 * since. */
static inline uint64_t planche_engine_weight_bytes(const struct planche_engine *engine)
{
    return engine->base_bytes - atomic_load(&engine->state->networks.lost) +
           planche_engine_networks_bytes(&engine->state->networks) +
           planche_levels_bytes(&engine->state->levels) + planche_ways_bytes(&engine->state->ways);
}

/* What max_pixels means when it is 0. */
#define PLANCHE_MAX_PIXELS UINT64_C(500000000)

/* Memory of the process that no budget sees: code, stacks, libraries. Counted so that the process
 * as a whole keeps to the limit. */
#define PLANCHE_PROCESS_BYTES ((uint64_t)8 << 20)

#endif
