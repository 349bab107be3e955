/* SPDX-License-Identifier: MIT */
/* What an engine is made of. */
#ifndef PLANCHE_ENGINE_ENGINE_H
#define PLANCHE_ENGINE_ENGINE_H

#include "backend/backend.h"
#include "backend/cpu/pass.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/pool.h"
#include "engine/admission.h"
#include "engine/model_digest.h"
#include "os/thread.h"

#include <planche/engine.h>

struct planche_gpu_pool;

/* What an engine with GPUs needs on the CPU when they fail: see fallback.h. */
struct planche_fallback {
    struct planche_mutex mutex;
    struct planche_budget budget;    /* of the program */
    struct planche_program *program; /* NULL: not needed yet */
    atomic_bool warned;
};

/* What changes while pages run: the engine itself does not. */
struct planche_engine_state {
    struct planche_budget budget;
    struct planche_admission admission;
    struct planche_model_digest origin;
    struct planche_node_profile *profile; /* of the CPU; NULL: not wanted */
    struct planche_fallback fallback;
};

struct planche_engine {
    struct planche_engine_state *state;
    struct planche_log log;
    struct planche_net *net;
    struct planche_gpu_pool *gpus;   /* NULL: pages run on the CPU */
    struct planche_program *program; /* NULL: pages run on GPUs; then see fallback.h */
    uint32_t features;               /* of the CPU, that are used */
    struct planche_kernels kernels;  /* for these features */
    struct planche_pool *pool;
    char *model, *variant;
    enum planche_se se;
    const char *precision;
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
