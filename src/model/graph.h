/* SPDX-License-Identifier: MIT */
/* Computation graph of a model as its files state it: layers with attributes and weights, blobs by
 * name. No file format's numbers stand here: a loader (loader.h) maps them while it fills the graph
 * from untrusted files, and the lowering (lower/lower.h) turns the graph into a planche_net. */
#ifndef PLANCHE_MODEL_GRAPH_H
#define PLANCHE_MODEL_GRAPH_H

#include "base/alloc.h"
#include "net/net.h"

#define PLANCHE_GRAPH_LAYERS   16384
#define PLANCHE_GRAPH_BLOBS    32768
#define PLANCHE_GRAPH_NAME     255
#define PLANCHE_GRAPH_CHANNELS PLANCHE_NET_CHANNELS
#define PLANCHE_GRAPH_KERNEL   31
#define PLANCHE_GRAPH_INPUTS   64 /* of a layer */

enum planche_layer_type {
    PLANCHE_LAYER_INPUT,
    PLANCHE_LAYER_SPLIT,
    PLANCHE_LAYER_CONVOLUTION,
    PLANCHE_LAYER_DECONVOLUTION,
    PLANCHE_LAYER_PRELU,
    PLANCHE_LAYER_BINARY,
    PLANCHE_LAYER_ELTWISE,
    PLANCHE_LAYER_CONCAT,
    PLANCHE_LAYER_CROP,
    PLANCHE_LAYER_INTERP,
    PLANCHE_LAYER_SHUFFLE,
    PLANCHE_LAYER_POOLING,
    PLANCHE_LAYER_INNER, /* dense */
    PLANCHE_LAYER_SCALE,
    PLANCHE_LAYER_ACTIVATION, /* standing alone, the same for all channels */
    PLANCHE_LAYER_UNSHUFFLE,  /* the inverse of SHUFFLE */
    PLANCHE_LAYER_SLICE,      /* channels slice_begin .. slice_begin + channels - 1 */
    PLANCHE_LAYER_CONSTANT,   /* no input: `channels` values in data, the same for all pixels. Only
                                 BINARY reads it: one value, or one for each channel */
    PLANCHE_LAYER_NORM,       /* each pixel over its channels, times data, plus bias */
    PLANCHE_LAYER_PAD,        /* pad_top .. pad_right more rows and columns; edges of the page */
    PLANCHE_LAYER_ATTENTION   /* PLANCHE_STEP_ATTENTION (net/net.h); its offsets are data */
};

/* Crop of one axis: the rows or columns [start, end), at most size of them (0: no limit). A
 * negative start counts from the far edge, as does an end that is not positive. */
struct planche_crop_axis {
    int start, end, size;
};

/* Attributes that a layer's type does not use are zero. */
struct planche_layer {
    enum planche_layer_type type;
    const char *type_name, *name; /* as in the file, for messages */
    int line;                     /* of the file, for messages; 0: the file has no lines */
    int input_count, output_count;
    int *inputs, *outputs; /* blobs */

    /* Convolutions, dense layers: outputs; INPUT: its channels, 0: not stated; SLICE: as many, 0:
     * all that follow; CONSTANT: values. */
    int channels;
    int groups; /* CONVOLUTION, DECONVOLUTION; 0 is 1. Weights: [output][input of its group]... */
    int slice_begin;
    int kernel_w, kernel_h, stride_w, stride_h, dilation_w, dilation_h;
    int pad_top, pad_left, pad_bottom, pad_right; /* DECONVOLUTION: cut away from the result */
    enum planche_pad_mode pad_mode;               /* CONVOLUTION, PAD */
    bool has_bias;
    size_t weight_count, data_count; /* weights; slopes or scales */
    enum planche_activation activation;
    float act[2];
    enum planche_binary_op binary;   /* BINARY; ELTWISE: MUL, ADD or MAX */
    enum planche_interp_mode interp; /* INTERP */
    enum planche_interp_place place; /* INTERP */
    float cubic;                     /* INTERP, BICUBIC: Keys' a; 0: -0.75 */
    enum planche_norm norm;          /* NORM */
    float eps;                       /* NORM */
    bool with_scalar;                /* BINARY: the second operand is scalar */
    float scalar;
    float factor_w, factor_h;
    int heads, window, shift; /* ATTENTION */
    int turned;               /* for a loader: how the axes of what it makes lie */
    int shuffle;
    bool position_major; /* SHUFFLE, UNSHUFFLE: channel (i * r + j) * C + c, not c * r * r + i * r +
                            j, is at row i, column j of the r x r pixels of channel c */
    const double *coefficients; /* ELTWISE, ADD: one per input, or NULL */
    struct planche_crop_axis crop_y, crop_x;
    bool crop_to_reference; /* from start on, as much is kept as the second input has */
    /* Owned until the lowering takes them, but for kernels, which lie in graph->kernels:
     * [output][input][kernel row][kernel column]. data: slopes, scales or values. */
    float *weights, *bias, *data;
};

struct planche_graph_blob {
    const char *name;
    int producer; /* layer, -1 until known */
    int first_use_line;
    bool consumed;
    uint64_t hash;
    /* From planche_graph_channels: */
    int channels;
    bool vector;
    bool constant; /* a CONSTANT's, which then is a vector too */
};

/* What the files say of the network, and a loader finds; "" and 0: it does not know. */
struct planche_graph_facts {
    const char *format; /* of the loader; static */
    char architecture[48], size[48], licence[64];
    int scale, in, out; /* in, out: channels */
};

struct planche_graph_chunk;

struct planche_graph {
    struct planche_budget *budget;
    const char *name; /* of the file, for messages; outlives the graph */
    struct planche_graph_facts facts;
    /* Names that the format's exporters give to the output, for graphs in which several blobs are
     * read by nobody; ends with NULL, or NULL. */
    const char *const *output_names;
    int multiple; /* pages must have a multiple of so many rows and columns; 0: any */
    /* What the network's numbers are of a page's, 0..1, as the loader knows; 0: it does not. */
    float in_scale, out_scale, in_bias, out_bias;
    struct planche_graph_chunk *chunks;
    int layer_count, blob_count, blob_limit;
    struct planche_layer *layers;
    struct planche_graph_blob *blobs;
    int *slots; /* hash table of blob index + 1 */
    size_t slot_count;
    /* What the kernels of all convolutions lie in. The net takes it. */
    float *kernels;
    size_t kernel_floats; /* taken from it */
    /* From planche_graph_order: */
    int input, output; /* blobs */
    int order_count;
    int *order; /* live layers, producers first */
};

/* Zeroed memory that lives as long as the graph; NULL when there is none. */
void *planche_graph_alloc(struct planche_graph *graph, size_t count, size_t size);
void planche_graph_destroy(struct planche_graph *graph);

/* The blob of a name, made if there is none; -1 without memory, -2 when there are more than
 * blob_limit. */
int planche_graph_blob(struct planche_graph *graph, const char *name);

/* Adds a layer, of the type and the names of another, that makes one blob, output, of others. There
 * is room in graph->layers; output may be what planche_graph_blob gave. NULL: without memory, or
 * without an output. */
struct planche_layer *planche_graph_add(struct planche_graph *graph,
                                        const struct planche_layer *like, const int *inputs,
                                        int input_count, int output);

/* "FILE:LINE: layer 'NAME' (TYPE): ..."; without ":LINE" for files that have no lines. */
__attribute__((format(printf, 5, 6))) enum planche_status
planche_layer_fail(const struct planche_graph *graph, const struct planche_layer *layer,
                   enum planche_status status, struct planche_error *error, const char *format,
                   ...);
enum planche_status planche_graph_no_memory(const struct planche_graph *graph,
                                            struct planche_error *error);

/* Whether the layer's weights are those of a convolution, not of a dense layer; known once
 * planche_graph_channels has run. */
static inline bool planche_layer_has_kernel(const struct planche_graph *graph,
                                            const struct planche_layer *layer)
{
    return layer->weight_count > 0 && !graph->blobs[layer->outputs[0]].vector;
}

/* Finds the input, the output and an order of the layers between them. Errors: MODEL, UNSUPPORTED,
 * MEMORY, BUDGET. */
enum planche_status planche_graph_order(struct planche_graph *graph, struct planche_error *error);
/* Checks the layers in that order against each other and fills the blobs' channels. A loader may
 * read weights after this only: no layer then claims more of them than its shape has. Errors:
 * MODEL, UNSUPPORTED. */
enum planche_status planche_graph_channels(struct planche_graph *graph,
                                           struct planche_error *error);

/* Rows and columns that a crop layer cuts away. */
struct planche_crop {
    int top, left, bottom, right;
};

/* Fills shapes[blob_count] (live spatial blobs) and cuts[layer_count] (crops) for an input size.
 * When sizes do not agree: a layer index in *culprit and the reason in *why, false. */
bool planche_graph_sizes(const struct planche_graph *graph, struct planche_shape input,
                         struct planche_shape *shapes, struct planche_crop *cuts, int *culprit,
                         const char **why);

/* Finds the sizes at which the graph is consistent: the recipe (pixel scaling left alone), the
 * constant cuts of all crops, and how much smaller the output is than scale times the input. */
enum planche_status planche_recipe_derive(const struct planche_graph *graph,
                                          struct planche_recipe *recipe, struct planche_crop *cuts,
                                          int64_t *shrink, struct planche_error *error);

#endif
