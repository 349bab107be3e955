/* SPDX-License-Identifier: MIT */
/* The network's part of a page: planned for the memory there is, then run, by the CPU's executor or
 * on GPUs, once or in eight orientations. */
#ifndef PLANCHE_ENGINE_NETWORK_H
#define PLANCHE_ENGINE_NETWORK_H

#include "backend/cpu/plan.h"
#include "engine/engine.h"
#include "engine/output.h"
#include "engine/tta.h"

struct planche_network {
    /* The owner's, set before anything else. input and output are described when plans are made. */
    const struct planche_engine *engine;
    const struct planche_program *program; /* NULL: on the engine's GPUs */
    struct planche_budget *budget;
    struct planche_input *input;
    struct planche_output *output;
    bool turns; /* tta */
    /* Called often, done in 0..1. */
    void (*progress)(void *user, double done);
    void *user;
    const struct planche_cancel_token *cancel;
    const struct planche_trace *trace;

    struct planche_plan *plan;
    struct planche_plan *sideways; /* of the page with rows for columns; NULL: no tta */
    /* On GPUs: all rows of the page are read beforehand, and all of the result are there before any
     * is waited for, so that no GPU waits for a decoder or an encoder. */
    bool whole;
    uint64_t bytes; /* of the plan, on GPUs */
    struct planche_tta *tta;
    int turn; /* of tta */
    double gpu_ms;
    unsigned tiles;
};

/* Tells the output what it is going to get. */
void planche_network_describe(struct planche_network *network);
/* Bytes that anything planned takes beside planche_network_bytes: the plan itself, small change. */
uint64_t planche_network_overhead(const struct planche_network *network);
/* Makes a plan for `memory` bytes. Errors: BUDGET (*least is what would do, 0: not known), LIMIT,
 * MEMORY. */
enum planche_status planche_network_plan(struct planche_network *network, uint64_t memory,
                                         uint64_t *least, struct planche_error *error);
void planche_network_unplan(struct planche_network *network);
/* What the plan needs until the network is done, with its rows of the page and of the result. */
uint64_t planche_network_bytes(const struct planche_network *network);
/* Its arithmetic; 0 on GPUs, where no plan takes more than another. */
double planche_network_macs(const struct planche_network *network);
/* Starts input and output and runs the plan: the output has every row then. Errors: those of both,
 * CANCELLED; DEVICE, MEMORY and BUDGET on GPUs, after which rows may have been written. */
enum planche_status planche_network_run(struct planche_network *network,
                                        struct planche_error *error);
/* Frees what only the network needed. */
void planche_network_close(struct planche_network *network);

/* Between network.c and the two ways: memory as above, but without what tta takes. */
struct planche_tta_options planche_network_tta_options(const struct planche_network *network);
uint64_t planche_network_tta_memory(const struct planche_network *network);
enum planche_status planche_network_cpu_plan(struct planche_network *network, uint64_t memory,
                                             uint64_t *least, struct planche_error *error);
enum planche_status planche_network_cpu_run(struct planche_network *network,
                                            struct planche_error *error);
enum planche_status planche_network_gpu_plan(struct planche_network *network, uint64_t memory,
                                             uint64_t *least, struct planche_error *error);
enum planche_status planche_network_gpu_run(struct planche_network *network,
                                            struct planche_error *error);
/* Whether all rows of the page are to be held at once. */
bool planche_network_reads_ahead(const struct planche_network *network);
void planche_network_report(void *user, double done);

#endif
