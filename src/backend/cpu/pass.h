/* SPDX-License-Identifier: MIT */
/* Streaming schedule: in a pass, rows stream from the page (or from retained tensors) through some
 * of the nodes to sinks.
 *
 * The rows of tensors lie in slots, not in a ring buffer for each tensor. A row takes a slot when
 * it is made and gives it back when its last reader is done; the slot given back last is taken
 * first, so that rows are written over memory that is still in the cache, and a pass holds no more
 * rows than are alive at once. Tensors with rows of about the same size share slots of one class.
 * How many slots a class needs is found by running the schedule without arithmetic. A tensor
 * retained for later passes has memory of its own for all rows.
 *
 * The schedule pulls: rows are requested of a sink, and a node first requests of its inputs
 * what they lack. So everything is made at the last moment, a few rows at a time, and
 * read while it is in the cache. */
#ifndef PLANCHE_BACKEND_CPU_PASS_H
#define PLANCHE_BACKEND_CPU_PASS_H

#include "backend/cpu/program.h"
#include "backend/executor.h"
#include "base/pool.h"
#include "net/rect.h"

/* Columns of a pooled tensor are summed in segments of this many, counted from the view's left
 * edge, in order; the sums of segments add up as integers, which makes the averages independent of
 * stripes, bands and threads. */
#define PLANCHE_POOL_SEGMENT 32
/* Rows of nodes that have no tiles, made at a time: as many as a tile has. */
#define PLANCHE_PASS_ROWS PLANCHE_WINOGRAD_TILE_MAX
/* Fixed-point scale of those integers. */
#define PLANCHE_POOL_SCALE 1048576.0

/* A page's sizes. */
struct planche_geometry {
    int64_t page_width, page_height;
    struct planche_shape *shapes; /* [program->tensor_count] */
};

/* A tensor that is retained whole between passes. */
struct planche_retained {
    float *data;      /* NULL: not retained */
    bool overwritten; /* the memory is another tensor's already, which is made over this one */
};

struct planche_pass_spec {
    const struct planche_program *program;
    const struct planche_geometry *geometry;
    struct planche_rect region; /* of the page, in pixels: what the sinks own */
    int level; /* pools of this level are sinks; program->levels + 1: the page's output is */
    int first; /* nodes before this one do not run: their tensors are retained or not needed */
    const bool
        *store; /* [tensor_count]: tensors to retain; NULL: none. Needs the whole page as region */
    int band;   /* groups of rows that a round advances, >= 1 */
    unsigned workers;
};

/* Rows and columns of a tensor that the pass holds. */
struct planche_buffer {
    bool used, retained;
    struct planche_rect rect;        /* needed */
    int producer;                    /* node that makes it in this pass */
    int64_t freed;                   /* rows before this one are not needed any more */
    int64_t height;                  /* most rows kept at once */
    int64_t origin;                  /* column that a row in memory begins with */
    size_t block_stride, row_stride; /* floats */
    float **rows;                    /* [height]: row y, from its origin on, is y % height */
};

/* Memory for rows of the tensors of one class, which have the same layout. */
struct planche_slots {
    int64_t x0, x1;      /* columns, margins included */
    size_t floats;       /* of a slot */
    int64_t count, used; /* slots in all; taken */
    float **free;        /* [count]: those not taken are the first count - used */
};

/* A node's part in a pass. */
struct planche_part {
    bool active;
    int output; /* the tensor it makes in this pass: its own, or that of the excite; -1: none */
    int excite; /* BINARY_VECTOR node that this one does in passing; -1: none */
    struct planche_rect rect; /* of its output; for sinks what they own */
    int64_t done;
    double macs;       /* of plain convolutions */
    size_t sum_offset; /* POOL: where a worker keeps its sums */
};

/* An edge of an active node that reads a tensor. */
struct planche_consumer {
    int node, edge;
};

/* Pass over a page: its row buffers, memory slots and sequence of requests. It belongs to one plan,
 * and runs on one page at a time. */
struct planche_pass {
    struct planche_pass_spec spec;
    struct planche_buffer *buffers; /* [tensor_count] */
    struct planche_slots *slots;    /* [slot_class_count] */
    struct planche_part *parts;     /* [node_count] */
    int64_t *goals;                 /* [node_count]: rows that are requested at present */
    int *stack;                     /* [node_count]: nodes with requests, the last one first */
    int depth;                      /* of the stack */
    int64_t round;                  /* of all sinks, 1..rounds */
    int sink;                       /* nodes before this one have had their request of this round */
    int *consumer_start;            /* [tensor_count + 1] into consumers */
    struct planche_consumer *consumers;
    int64_t rounds;
    double macs;
    size_t slab_bytes;  /* slots, zero row, scratch, sums, tables: allocated by planche_pass_run */
    size_t zero_floats; /* of the zero row */
    size_t sum_count;   /* fixed-point sums per worker, a multiple of 8 */
};

/* Works out ranges, slots and bytes; allocates only bookkeeping from budget. Errors: MEMORY,
 * LIMIT. */
enum planche_status planche_pass_create(struct planche_pass **out,
                                        const struct planche_pass_spec *spec,
                                        struct planche_budget *budget, struct planche_error *error);
void planche_pass_destroy(struct planche_pass **pass);

/* Bytes of one whole tensor as a pass retains it. False on overflow. */
bool planche_retained_bytes(const struct planche_program *program,
                            const struct planche_geometry *geometry, int tensor, size_t *bytes);

/* Time and arithmetic of every node, added up over passes and pages. */
struct planche_node_profile {
    _Atomic uint64_t ns, macs;
};

/* What a pass works with and on. */
struct planche_pass_data {
    struct planche_pool *pool;
    const struct planche_page_io *io;
    struct planche_retained *retained; /* [tensor_count] */
    const float *const *vectors;       /* [tensor_count]: known vectors, padded to whole blocks */
    int64_t *const *sums; /* [tensor_count]: fixed-point sums of pooled vectors, added to */
    double progress_from, progress_to;
    struct planche_node_profile *profile; /* [node_count], or NULL */
};
enum planche_status planche_pass_run(struct planche_pass *pass,
                                     const struct planche_pass_data *data,
                                     struct planche_budget *budget, struct planche_error *error);

/* Rows of the result that are put before the caller is told of them, in a pass that has this band.
 */
int64_t planche_pass_emit_rows(int band);

/* The schedule: start, then next until it says false. Next names the node that runs and how far its
 * rows get, advance has to follow when they are made. */
void planche_pass_start(struct planche_pass *pass);
bool planche_pass_next(struct planche_pass *pass, int *node, int64_t *done);
/* Notes that a node has done its rows up to `done`, and calls give for the rows [y0, y1) of tensors
 * in slots that nobody needs from now on. */
typedef void (*planche_give_fn)(struct planche_pass *pass, int tensor, int64_t y0, int64_t y1);
void planche_pass_advance(struct planche_pass *pass, int node, int64_t done, planche_give_fn give);

/* Whether all nodes have made all their rows and all slots are given back. */
bool planche_pass_is_over(const struct planche_pass *pass);

/* Input rows [*lo, *hi) in the tensor that output rows [y0, y1) of a node need through an edge. */
void planche_edge_rows(const struct planche_pass *pass, int node, int edge, int64_t y0, int64_t y1,
                       int64_t *lo, int64_t *hi);

/* A view that shows all of its tensor. */
static inline bool planche_view_is_whole(const struct planche_view *view)
{
    return view->top == 0 && view->left == 0 && view->bottom == 0 && view->right == 0;
}

/* The extent of a sink or node output. */
struct planche_shape planche_node_shape(const struct planche_program *program,
                                        const struct planche_geometry *geometry,
                                        const struct planche_node *node);

#endif
