/* SPDX-License-Identifier: MIT */
/* Memory planning for a page: which passes, what is retained between them, whether the page is
 * divided into stripes, and the bytes it takes.
 *
 * A network with L levels of page-wide averages takes L passes that end in averages and one that
 * ends in the page. A later pass starts from the page again, or from tensors that an earlier one
 * retained. */
#ifndef PLANCHE_BACKEND_CPU_PLAN_H
#define PLANCHE_BACKEND_CPU_PLAN_H

#include "backend/cpu/pass.h"

/* Checkpoint between passes: nodes before `first` need not run again, since the tensors they make
 * for later nodes are retained. */
struct planche_checkpoint {
    int first;   /* 0: nothing is retained */
    bool *store; /* [tensor_count] */
};

struct planche_plan_options {
    uint64_t memory; /* bytes for everything the plan takes; 0: no limit */
    uint64_t fetch_row_bytes,
        emit_row_bytes; /* what the caller holds per row of fetch_rows, emit_rows */
    enum planche_se se;
    unsigned workers;
};

struct planche_plan {
    const struct planche_program *program;
    struct planche_budget *budget;
    struct planche_plan_options options;
    struct planche_geometry page, sample; /* sample: what the averages come from */
    int64_t sample_bands;                 /* 0: the sample is the page */
    struct planche_checkpoint
        *checkpoints; /* [levels + 2]: after pass 1..levels; 0 and levels + 1 retain nothing */
    int band;         /* rows of tiles made at a time */
    int64_t stripe, segment;       /* width and height of the page's regions */
    int64_t fetch_rows, emit_rows; /* rows of the page the caller should hold to fetch them again;
                                      result rows in flight */
    uint64_t bytes;                /* most that the plan takes, the caller's rows included */
    double macs;
};

/* Rows of one band of the sample. */
#define PLANCHE_SAMPLE_BAND 64

/* Errors: BUDGET: *smallest (may be NULL) is what would do; LIMIT for a page that cannot be;
 * MEMORY. */
enum planche_status planche_plan_create(struct planche_plan **out,
                                        const struct planche_program *program, int64_t width,
                                        int64_t height, const struct planche_plan_options *options,
                                        struct planche_budget *budget, uint64_t *smallest,
                                        struct planche_error *error);
void planche_plan_destroy(struct planche_plan **plan);

/* Runs the page. Thread-safe for different plans. profile: [node_count] to add to, or NULL. */
enum planche_status planche_plan_run(const struct planche_plan *plan, struct planche_pool *pool,
                                     const struct planche_page_io *io,
                                     struct planche_node_profile *profile,
                                     struct planche_error *error);

/* The geometry that pass 1..levels+1 works on. */
const struct planche_geometry *planche_plan_geometry(const struct planche_plan *plan, int level);
/* The page row that a row of the sample is. */
int64_t planche_plan_sample_row(const struct planche_plan *plan, int64_t row);

/* The whole page's pass of a level with the plan's present checkpoints. */
struct planche_pass_spec planche_plan_spec(const struct planche_plan *plan, int level);

/* What a page takes when it is divided into regions of stripe x segment pixels and nothing is
 * retained. */
struct planche_regions_size {
    uint64_t bytes;     /* no region of any pass takes more */
    int64_t fetch_rows; /* most rows of the page that a region reads */
    double macs;        /* of all passes, about */
};
/* Errors: MEMORY, LIMIT. */
enum planche_status planche_regions_measure(const struct planche_plan *plan, int64_t stripe,
                                            int64_t segment, struct planche_regions_size *size,
                                            struct planche_error *error);

/* Chooses plan->checkpoints for whole-page passes so that as little as possible is computed
 * twice within `memory` bytes for retained tensors; costs as in cost.h. Errors: MEMORY. */
enum planche_status planche_checkpoints_choose(struct planche_plan *plan, uint64_t memory,
                                               struct planche_error *error);
/* Bytes retained while a pass runs: what it starts from and what it retains. */
uint64_t planche_checkpoints_bytes(const struct planche_plan *plan, int level);

#endif
