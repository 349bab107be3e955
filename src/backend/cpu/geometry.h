/* SPDX-License-Identifier: MIT */
/* A plan and its geometry: the sizes of the page and of the sample that the averages come from, and
 * the passes that follow from them. */
#ifndef PLANCHE_BACKEND_CPU_GEOMETRY_H
#define PLANCHE_BACKEND_CPU_GEOMETRY_H

#include "backend/cpu/cost.h"

/* Checkpoint between passes: nodes before `first` need not run again, since the tensors they make
 * for later nodes are retained. */
struct planche_checkpoint {
    int first;   /* 0: nothing is retained */
    bool *store; /* [tensor_count] */
};

struct planche_plan_options {
    uint64_t memory; /* bytes for everything the plan takes; 0: no limit */
    uint64_t extra;  /* of memory, those that are only taken where they pay: PLANCHE_PLAN_PAYS */
    uint64_t held;   /* bytes that are free and not new to the process */
    unsigned pages;  /* that memory new to the process is going to serve; 0 is 1 */
    struct planche_cost_machine machine; /* rate 0: memory that is new costs nothing */
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
    double cost;    /* in the unit of cost.h */
    double seconds; /* about, for the page, with what its memory costs; 0: not known */
    /* The plan that was passed over for this one; 0: none. */
    uint64_t other_bytes;
    double other_seconds;
};

/* The most of the time with usual memory that a page may take with more. */
#define PLANCHE_PLAN_PAYS 0.8

/* A byte that is new to the process, in the unit of cost.h, with all workers at work. */
static inline double planche_plan_price(const struct planche_plan_options *options)
{
    return options->machine.new_byte * options->machine.rate * options->workers /
           (options->pages ? options->pages : 1);
}

/* Rows of one band of the sample. */
#define PLANCHE_SAMPLE_BAND 64

/* Fills plan->page and plan->sample. Errors: MEMORY; LIMIT for a page that does not suit the model.
 */
enum planche_status planche_plan_set_page(struct planche_plan *plan, int64_t width, int64_t height,
                                          struct planche_error *error);
/* The geometry that pass 1..levels+1 works on. */
const struct planche_geometry *planche_plan_geometry(const struct planche_plan *plan, int level);
/* The page row that a row of the sample is. */
int64_t planche_plan_sample_row(const struct planche_plan *plan, int64_t row);

/* The whole page's pass of a level with the plan's present checkpoints. */
struct planche_pass_spec planche_plan_spec(const struct planche_plan *plan, int level);

#endif
