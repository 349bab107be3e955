/* SPDX-License-Identifier: MIT */
/* Passes of a page: the networks of its chain, one after the other, from the page's input to its
 * output.
 *
 * What one network makes is the next one's page: its colours, 16 bits a sample. So a chain makes
 * what single runs make that keep 16 bits between them, on every executor, and each pass is planned
 * as any page is. Between two networks on the CPU rows are relayed (engine/passes/relay.h), if the
 * one behind reads its page once, and the budget holds both; else the page between them is whole,
 * in the budget. Transparency does not take part: it is enlarged once, by the product of the
 * scales. A chain without networks passes the page on. */
#ifndef PLANCHE_ENGINE_PAGE_PASSES_H
#define PLANCHE_ENGINE_PAGE_PASSES_H

#include "engine/network.h"
#include "engine/scale_chain.h"

/* What networks leave each other. */
struct planche_page_between {
    struct planche_pixels pixels;
    struct planche_output output; /* of the pass before it */
    struct planche_input input;   /* of the pass behind it */
    bool relays;                  /* rows, not the pixels */
    struct planche_relay relay;
};

/* Of one page, for its thread. */
struct planche_page_passes {
    /* The owner's. */
    struct planche_network_io io; /* of the page; net and tta are not used */
    struct planche_budget *budget;
    bool turns;                        /* tta */
    struct planche_memory_terms terms; /* before plans are made */

    unsigned count, scale;
    struct planche_network list[PLANCHE_MAX_PASSES];
    struct planche_page_between between[PLANCHE_MAX_PASSES - 1]; /* behind each but the last */
    double share[PLANCHE_MAX_PASSES];                            /* of the arithmetic */
    double done;                           /* shares of passes that have run */
    double shown;                          /* share of what runs */
    struct planche_executor_result result; /* of all */
};

/* Takes the networks of a page whose input is open: executors and nets, one for each of the chain.
 */
void planche_page_passes_choose(struct planche_page_passes *passes,
                                const struct planche_chain *chain,
                                const struct planche_executor *const *executors,
                                const struct planche_net *const *nets, const double *macs);
/* Describes what lies between the passes, and tells the outputs what they are going to get, once
 * the page's output is described. */
void planche_page_passes_describe(struct planche_page_passes *passes);
/* The next six as those of network.h. */
uint64_t planche_page_passes_overhead(const struct planche_page_passes *passes);
enum planche_status planche_page_passes_plan(struct planche_page_passes *passes, uint64_t memory,
                                             uint64_t *least, struct planche_error *error);
void planche_page_passes_unplan(struct planche_page_passes *passes);
uint64_t planche_page_passes_bytes(const struct planche_page_passes *passes);
double planche_page_passes_macs(const struct planche_page_passes *passes);
struct planche_page_estimate planche_page_passes_estimate(const struct planche_page_passes *passes);
/* Whether they keep the engine's threads busy. */
bool planche_page_passes_use_pool(const struct planche_page_passes *passes);
/* The machine of the last pass: "the CPU", "cpu"; NULL: no network runs. */
const struct planche_executor_ops *
planche_page_passes_machine(const struct planche_page_passes *passes);
/* Runs all. Errors: as planche_network_run. */
enum planche_status planche_page_passes_run(struct planche_page_passes *passes,
                                            struct planche_error *error);
void planche_page_passes_close(struct planche_page_passes *passes);

#endif
