/* SPDX-License-Identifier: MIT */
/* Executor interface: what runs the network's part of pages, on one kind of machine.
 *
 * An executor is a folder beside this file with one table of functions, struct
 * planche_executor_ops. The engine keeps a list of executors in order of preference (the registry
 * in engine/executors.c), makes each when a page first needs it, and gives a page that one could
 * not make to the next. A page is planned first, for the memory that is available, and then run;
 * rows come and go through struct planche_page_io, so that an executor knows neither files nor
 * codecs. */
#ifndef PLANCHE_BACKEND_EXECUTOR_H
#define PLANCHE_BACKEND_EXECUTOR_H

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/log.h"
#include "base/trace.h"

#include <planche/engine.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct planche_net;
struct planche_pool;

/* Network inputs and outputs have three channels, or one, which then is the first of three planes.
 */
#define PLANCHE_PLANES 3

/* Page I/O: the caller's side of a page that runs. All calls come from the thread that runs the
 * page. An executor uses one pair of functions: values, or whole rows of pixels. */
struct planche_page_io {
    void *user;
    /* Fills one row of the page, columns x .. x + count - 1, as network input values. Rows ascend
     * within a pass; a smaller y begins another pass. */
    enum planche_status (*fetch)(void *user, int64_t y, int64_t x, size_t count,
                                 float *const planes[PLANCHE_PLANES], struct planche_error *error);
    /* Takes a part of a row of network output values for the enlarged page; every pixel comes once.
     * Any threads may call it at the same time, for up to emit_rows rows (see struct
     * planche_executor_plan) from the first one on that emit has not finished. */
    void (*put)(void *user, int64_t y, int64_t x, size_t count,
                const float *const planes[PLANCHE_PLANES]);
    /* Columns x .. x + count - 1 of row y have all been put. Called by the page's thread; rows
     * ascend but where the page is cut into stripes. */
    enum planche_status (*emit)(void *user, int64_t y, int64_t x, size_t count,
                                struct planche_error *error);
    /* Called often, done in 0..1; may be NULL. */
    void (*progress)(void *user, double done);
    const struct planche_cancel_token *cancel; /* checked as often; may be NULL */
    /* Writes row y of the page, 0 .. height - 1 in order, once each: interleaved samples. */
    enum planche_status (*fetch_row)(void *user, int64_t y, void *row, struct planche_error *error);
    /* Takes row y of the result, in order, once each: samples as the page has them, or planes of
     * values in 0..1 before clamping. */
    enum planche_status (*emit_row)(void *user, int64_t y, const void *row,
                                    struct planche_error *error);
    const struct planche_trace *trace; /* may be NULL */
};

/* What an executor is made with. */
struct planche_executor_setup {
    const struct planche_net *net; /* outlives the executor; its kernels need not */
    const char *model;             /* its name, for messages */
    const char *devices; /* behind "NAME:" in the engine's backend; NULL: all; until made */
    enum planche_precision precision;
    enum planche_se se;
    enum planche_gpu_path gpu_path;
    uint64_t device_memory; /* bytes to take of each device; 0: a default */
    unsigned tile;          /* side in pixels; 0: as large as memory allows */
    bool profile;
    uint32_t features;         /* of the CPU, that may be used */
    struct planche_pool *pool; /* the engine's */
    struct planche_log log;
};

/* What an executor is, once made. Strings are its own, or static. */
struct planche_executor_info {
    const char *precision; /* "f32", ... */
    const char *device;    /* NULL: the CPU */
    const char *path;      /* of a GPU; NULL */
    unsigned lanes;        /* pages that are worth having beside those that keep the pool busy */
    uint64_t plan_bytes;   /* at most, of a plan's bookkeeping */
};

/* A page as the caller has it and wants it. */
struct planche_executor_page {
    uint32_t width, height;
    unsigned colours; /* 1 or 3 */
    unsigned depth;   /* 8 or 16 */
    bool alpha;       /* rows have alpha behind their colours, in and out; not with values */
    bool values;      /* rows of the result are planes of values */
    bool decodes;     /* its rows are read from a file */
    bool holds;       /* the caller can hold rows; else it has all of the page already */
    /* What the caller takes for each row of the page, and of the result, that it holds. */
    uint64_t fetch_row_bytes, emit_row_bytes;
    uint64_t extra; /* of the memory for its plan, those bytes that are to be taken only where they
                       make the page a fifth faster */
    uint64_t held;  /* bytes of the budget that are free and not new to the process */
    unsigned pages; /* of this kind, that memory taken for this one is going to serve; 0 is 1 */
    const struct planche_trace *trace; /* may be NULL */
};

/* A page's plan. Executors put their own part behind it. */
struct planche_executor_plan {
    uint64_t bytes;       /* of the host, most that running takes, the caller's rows included */
    double macs;          /* its arithmetic; 0: no plan takes more than another */
    double seconds;       /* of the page, about; 0: not known */
    uint64_t other_bytes; /* of the plan that was passed over for this one; 0: there was none */
    double other_seconds;
    int64_t fetch_rows; /* rows of the page that the caller is to hold, to fetch them again */
    int64_t emit_rows;  /* rows of the result that it is to have room for */
    bool reads_ahead;   /* all rows of the page are to be read before it runs */
    bool reads_once;    /* rows are fetched from the top, each once but for those that are held */
};

/* What running a page took, added to. */
struct planche_executor_result {
    double device_ms; /* time of a GPU */
    unsigned tiles;
    const char *device; /* the GPU's name, which lives as long as the executor; NULL: none */
    bool another; /* it failed with a device that is lost: another of the executor's may run it */
};

struct planche_executor_ops {
    const char *name;  /* in options and results: "cpu" */
    const char *title; /* in messages: "the CPU" */
    const char *kind;  /* in messages, to be put after "a", "no", and before "s": "CPU" */
    unsigned
        precisions; /* that can be asked for: a bit for each planche_precision; AUTO's is set */
    enum planche_precision usual; /* what AUTO means where the machine has it */
    bool absent;                  /* the build is without it */
    bool takes_devices;           /* "NAME:N,M" in options */
    bool takes_paths;             /* gpu_path in options */
    bool rows;                    /* it uses rows of pixels, not values */
    bool samples;                 /* it can take averages from a sample (PLANCHE_SE_SAMPLED) */
    /* A page keeps the engine's threads busy; else only the one that decodes and encodes it. */
    bool uses_pool;

    /* Host memory that create takes, about. Optional: it is not known, and what takes no part in
     * the choice of plans. */
    uint64_t (*bytes)(const struct planche_executor_setup *setup);
    /* Makes *state ready to run pages. budget counts all it takes of the host, for as long as it
     * lives. Errors: UNSUPPORTED (the machine has no such thing), ARGUMENT, MEMORY, BUDGET,
     * DEVICE. */
    enum planche_status (*create)(void **state, const struct planche_executor_setup *setup,
                                  struct planche_budget *budget, struct planche_error *error);
    /* No page runs. */
    void (*destroy)(void *state);
    /* All that follow are thread-safe. */
    void (*describe)(const void *state, struct planche_executor_info *info);

    /* Plans a page for `memory` bytes; *plan takes its bookkeeping from budget. Errors: BUDGET
     * (*least is what would do, 0: not known), LIMIT, MEMORY. */
    enum planche_status (*plan)(const void *state, const struct planche_executor_page *page,
                                uint64_t memory, struct planche_budget *budget,
                                struct planche_executor_plan **plan, uint64_t *least,
                                struct planche_error *error);
    void (*unplan)(struct planche_executor_plan *plan); /* NULL is fine */
    /* The page is going to be run, once it is decoded: what takes long may begin. Optional. */
    void (*expect)(void *state, const struct planche_executor_plan *plan);
    /* Runs a page, once or more often. Errors: those of io, CANCELLED, DEADLINE, LIMIT; DEVICE,
     * MEMORY, BUDGET: another executor may be able to run the page. It starts from the beginning,
     * though rows may have been emitted. */
    enum planche_status (*run)(void *state, const struct planche_executor_plan *plan,
                               const struct planche_page_io *io, struct planche_budget *budget,
                               struct planche_executor_result *result, struct planche_error *error);

    /* As planche_engine_get_profile. Optional: it has none. */
    size_t (*profile)(const void *state, struct planche_layer_profile *entries, size_t count);
    /* Whether it can still run pages. Optional: it always can. */
    bool (*alive)(const void *state);
};

#define PLANCHE_PRECISION_BIT(precision) (1u << (precision))

#endif
