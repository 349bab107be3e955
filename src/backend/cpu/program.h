/* SPDX-License-Identifier: MIT */
/* Program: a network compiled for the CPU, nodes with kernels chosen and weights packed. Immutable
 * and shared by all pages. */
#ifndef PLANCHE_BACKEND_CPU_PROGRAM_H
#define PLANCHE_BACKEND_CPU_PROGRAM_H

#include "backend/cpu/tail.h"
#include "base/pool.h"
#include "kernels/kernels.h"
#include "net/net.h"
#include "net/receptive_field.h"

/* An input of a node: a view of a tensor and how the node reads it. */
struct planche_edge {
    struct planche_view view;
    struct planche_receptive_field rows, columns;
};

enum planche_node_kind {
    PLANCHE_NODE_FETCH, /* page rows from the caller -> the page tensor */
    PLANCHE_NODE_PAD,   /* page tensor -> tensor 0, reflected */
    PLANCHE_NODE_CONV,
    PLANCHE_NODE_WINOGRAD,
    PLANCHE_NODE_BINARY, /* this and the next two: what the tail does */
    PLANCHE_NODE_BINARY_SCALAR,
    PLANCHE_NODE_CHANNEL,
    PLANCHE_NODE_BINARY_VECTOR,
    PLANCHE_NODE_CONCAT,
    PLANCHE_NODE_INTERP,
    PLANCHE_NODE_SHUFFLE,
    PLANCHE_NODE_POOL,
    PLANCHE_NODE_DEPTHWISE,
    PLANCHE_NODE_NORM,
    PLANCHE_NODE_BORDER, /* padding within the network */
    PLANCHE_NODE_ATTENTION,
    PLANCHE_NODE_EMIT, /* the network's output, cropped -> the caller */
};

/* The largest factor of a shuffle that EMIT does. */
#define PLANCHE_PUT_FACTOR 8

/* Kernel taps that meet in output pixels of one phase; convolutions have one phase, deconvolutions
 * stride x stride. */
struct planche_phase {
    int tap_count;
    int16_t *tap_y, *tap_x; /* kernel rows and columns */
    float **weights;        /* packed, of each group of output blocks */
};

/* What a convolution or deconvolution runs with. */
struct planche_conv_program {
    bool narrow;    /* few planar outputs: conv_narrow */
    bool via_lanes; /* planar to planar: computed in lanes, then taken apart */
    unsigned in_channels;
    unsigned *in_lane; /* [in_channels]: the place among the lanes of all inputs */
    unsigned in_lanes; /* up to the last one in use */
    unsigned in_blocks, out_blocks, depth;
    float *bias, *slope; /* [out lanes] */
    int phases_y, phases_x;
    struct planche_phase *phases; /* [phases_y * phases_x] */
    float *winograd;              /* packed, Winograd only */
    float *depthwise;             /* [block][tap][lane], depthwise only */
    enum planche_precision precision;
    planche_conv_fn run;
    planche_winograd_fn run_winograd; /* Winograd only */
    size_t weight_floats;             /* all packed weights */
    size_t tiles;                     /* Winograd: tiles per call that suit the cache */
};

struct planche_node {
    enum planche_node_kind kind;
    const struct planche_step *step; /* NULL for FETCH, PAD and EMIT */
    const char *name;
    int output; /* tensor; -1 for POOL and EMIT */
    int edge_count;
    struct planche_edge *edges; /* step inputs, residuals, other operands of the tail */
    int level;                  /* averages that must be known first: see plan.h */
    int tile, anchor;           /* output rows come in groups that end at anchor modulo tile */
    int shuffle; /* SHUFFLE, and EMIT if it does the last shuffle: factor; edge 1, if there is one,
                    is enlarged and added */
    struct planche_tail tail; /* done to what the node has just made; of an elementwise node, which
                                 makes nothing before, all that it does */
    struct planche_conv_program *conv;
    float *channel; /* NORM: scale, bias, slope, one after another; ATTENTION: what the pixels of a
                       window add to each other, [head][pixel][PLANCHE_ATTENTION_LENGTH] */
    float attention_factor;
};

struct planche_tensor_layout {
    int channels;
    unsigned lanes, blocks;        /* 1 or 16 lanes */
    int margin_left, margin_right; /* zero columns that convolutions read beyond the edges */
    int producer;                  /* node */
    int slot_class;                /* tensors of a class have the same blocks, of about the same
                                      width */
};

/* Program: a network compiled for the CPU. It owns its nodes, layouts and weights, and is immutable
 * once it is made. */
struct planche_program {
    struct planche_budget *budget;
    const struct planche_net *net;
    uint32_t features;
    struct planche_kernels kernels; /* for these features */
    enum planche_precision precision;
    int page_tensor; /* index of the unpadded page: net->tensor_count */
    int tensor_count;
    struct planche_tensor_layout *tensors;
    int slot_class_count;
    int node_count;
    struct planche_node *nodes; /* topological order; the last one is EMIT */
    int levels;                 /* passes that average before the last one */
    int *tensor_level;          /* [net->tensor_count]: net/levels.h; a vector is known after the
                                   pass of its level */
    size_t scratch_bytes;       /* one worker's */
    float *weights;             /* of all convolutions, packed */
    uint64_t weight_bytes;      /* of these */
};

/* net must outlive the program; its convolution weights are not needed any more afterwards.
 * features as from planche_cpu_select, AMX after planche_cpu_permit: bf16 without AVX512BF16 works,
 * slowly; pool packs the weights. Errors: UNSUPPORTED, MEMORY, BUDGET.
 */
enum planche_status planche_program_create(struct planche_program **out,
                                           const struct planche_net *net, uint32_t features,
                                           enum planche_precision precision, uint64_t l2_bytes,
                                           struct planche_pool *pool, struct planche_budget *budget,
                                           struct planche_error *error);
void planche_program_destroy(struct planche_program **program);

/* Of an ATTENTION step whose output has so many blocks: bytes of a worker's scratch; the node's
 * `channel`, NULL without memory. */
size_t planche_attention_scratch(const struct planche_step *step, unsigned blocks);
float *planche_attention_offsets(struct planche_budget *budget, const struct planche_step *step);

/* "winograd", "conv", "deconv", "add", ...: what a node does, for profiles. */
const char *planche_node_kind_name(const struct planche_node *node);
/* Rounds to the group borders of a node: the largest border <= y, the smallest >= y. */
int64_t planche_node_group_floor(const struct planche_node *node, int64_t y);
int64_t planche_node_group_ceil(const struct planche_node *node, int64_t y);

#endif
