/* SPDX-License-Identifier: MIT */
/* What an engine is made of. */
#ifndef PLANCHE_ENGINE_ENGINE_H
#define PLANCHE_ENGINE_ENGINE_H

#include "backend/backend.h"
#include "backend/cpu/pass.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/pool.h"
#include "engine/gate.h"
#include "engine/origin.h"

/* What changes while pages run: the engine itself does not. */
struct planche_engine_state {
    struct planche_budget budget;
    struct planche_gate gate;
    struct planche_origin origin;
    struct planche_node_profile *profile; /* NULL: not wanted */
};

struct planche_engine {
    struct planche_engine_state *state;
    struct planche_log log;
    struct planche_net *net;
    struct planche_program *program;
    struct planche_pool *pool;
    char *model, *variant;
    enum planche_se se;
    enum planche_precision precision;
    uint64_t max_pixels;
    uint64_t weight_bytes; /* in use once the engine is made: everything but pages */
    const char *isa;
    double macs_per_pixel;
};

/* What max_pixels means when it is 0. */
#define PLANCHE_MAX_PIXELS UINT64_C(500000000)

/* Memory of the process that no budget sees: code, stacks, libraries. Counted so that the process
 * as a whole keeps to the limit. */
#define PLANCHE_PROCESS_BYTES ((uint64_t)8 << 20)

#endif
