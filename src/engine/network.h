/* SPDX-License-Identifier: MIT */
/* Network of a page: planned for the memory there is, then run by an executor, once or in eight
 * orientations (test-time augmentation). */
#ifndef PLANCHE_ENGINE_NETWORK_H
#define PLANCHE_ENGINE_NETWORK_H

#include "engine/network_io.h"

/* Memory terms: what a page's memory is worth. */
struct planche_memory_terms {
    uint64_t extra; /* bytes of its memory that it takes only where they make it a fifth faster */
    unsigned pages; /* that memory taken for it is going to serve; 0 is 1 */
};

/* What a page takes, about, with its plan and with the one that was passed over for it. */
struct planche_page_estimate {
    uint64_t bytes, other_bytes;   /* other: 0: there was none */
    double seconds, other_seconds; /* 0: not known */
};

/* Of one page, for its thread. */
struct planche_network {
    /* The owner's, set before anything else. input and output are described when plans are made. */
    struct planche_network_io io;
    const struct planche_executor *executor;
    struct planche_budget *budget;
    bool turns;                        /* tta */
    struct planche_memory_terms terms; /* set before a plan is made */

    /* Of the page as it is, and with rows for columns: that one only of a page that turns. */
    struct planche_executor_plan *upright, *sideways;
    struct planche_executor_result result;
};

/* Tells the output what it is going to get. */
void planche_network_describe(struct planche_network *network);
/* Bytes that a planned page takes beside planche_network_bytes: the bookkeeping of its plans, and
 * with tta a row of the result. */
uint64_t planche_network_overhead(const struct planche_network *network);
/* Makes a plan for `memory` bytes. Errors: BUDGET (*least is what would do, 0: not known), LIMIT,
 * MEMORY. */
enum planche_status planche_network_plan(struct planche_network *network, uint64_t memory,
                                         uint64_t *least, struct planche_error *error);
void planche_network_unplan(struct planche_network *network);
/* What the plan needs until the network is done, with its rows of the page and of the result. */
uint64_t planche_network_bytes(const struct planche_network *network);
/* Its arithmetic; 0 where no plan takes more than another. */
double planche_network_macs(const struct planche_network *network);
struct planche_page_estimate planche_network_estimate(const struct planche_network *network);
/* Starts input and output and runs the plan: the output has every row then. Errors: those of both,
 * and of the executor, after which rows may have been written. */
enum planche_status planche_network_run(struct planche_network *network,
                                        struct planche_error *error);
/* Frees what only the network needed. */
void planche_network_close(struct planche_network *network);

#endif
