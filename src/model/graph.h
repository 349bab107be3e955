/* SPDX-License-Identifier: MIT */
/* An ncnn network as its files state it: layers with typed attributes and weights, blobs by name.
 * The loader fills it from untrusted files; the simplifier turns it into a planche_net. */
#ifndef PLANCHE_MODEL_GRAPH_H
#define PLANCHE_MODEL_GRAPH_H

#include "model/file.h"
#include "net/net.h"

#define PLANCHE_GRAPH_LAYERS   16384
#define PLANCHE_GRAPH_BLOBS    32768
#define PLANCHE_GRAPH_NAME     255
#define PLANCHE_GRAPH_CHANNELS 4096
#define PLANCHE_GRAPH_KERNEL   31
#define PLANCHE_GRAPH_ARRAY    64 /* elements of an array parameter, inputs of a layer */
#define PLANCHE_GRAPH_PARAMS   32 /* parameter ids are below this */

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
    PLANCHE_LAYER_INNER,
    PLANCHE_LAYER_SCALE,
    PLANCHE_LAYER_ACTIVATION /* ReLU, Clip and Sigmoid standing alone */
};

/* One "id=value" of a layer's line; a plain value is an array of one. */
struct planche_ncnn_param {
    int id;
    bool array;
    int count;
    double *values;
    bool integer; /* all values are written as integers */
};

enum planche_crop_form { PLANCHE_CROP_SLICE, PLANCHE_CROP_OFFSETS, PLANCHE_CROP_REFERENCE };

/* Of one axis. SLICE: from start to end, counted from the far edge when negative (end also when
 * 0). OFFSETS: start cut away, after cut away, at most size kept (0: no limit). REFERENCE: start
 * cut away, the reference's size kept. */
struct planche_crop_axis {
    int start, end, after, size;
};

struct planche_layer {
    enum planche_layer_type type;
    const char *type_name, *name;
    int line;
    int input_count, output_count;
    int *inputs, *outputs; /* blobs */
    int param_count;
    struct planche_ncnn_param *params;

    int channels; /* Convolution, Deconvolution, InnerProduct: outputs; Input: its channels */
    int kernel_w, kernel_h, stride_w, stride_h, dilation_w, dilation_h;
    int pad_top, pad_left, pad_bottom, pad_right;
    bool has_bias;
    size_t weight_count, data_count; /* weights; slopes or scales */
    enum planche_activation activation;
    float act[2];
    int op; /* BinaryOp, Eltwise (0 product, 1 sum, 2 maximum), Interp mode */
    bool with_scalar;
    float scalar;
    float factor_w, factor_h;
    int shuffle;
    const double *coefficients; /* Eltwise: one per input, or NULL */
    enum planche_crop_form crop_form;
    struct planche_crop_axis crop_y, crop_x;
    /* Owned until the simplifier takes them, but for kernels, which lie in graph->kernels.
     * data: slopes or scales. */
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
};

struct planche_graph_chunk;

struct planche_graph {
    struct planche_budget *budget;
    const char *param_name, *bin_name;
    char *text;
    struct planche_graph_chunk *chunks;
    int layer_count, blob_count, blob_limit;
    struct planche_layer *layers;
    struct planche_graph_blob *blobs;
    int *slots; /* hash table of blob index + 1 */
    size_t slot_count;
    /* From planche_ncnn_read_weights: what the kernels of all convolutions lie in. The net takes
     * it. */
    float *kernels;
    size_t kernel_floats; /* taken from it */
    /* From planche_graph_order: */
    int input, output; /* blobs */
    int order_count;
    int *order; /* live layers, producers first */
};

/* Memory that lives as long as the graph; NULL when there is no room. */
void *planche_graph_alloc(struct planche_graph *graph, size_t count, size_t size);
void planche_graph_destroy(struct planche_graph *graph);

/* The blob of a name, made if there is none; -1 without memory, -2 when there are more than
 * blob_limit. */
int planche_graph_blob(struct planche_graph *graph, const char *name);

/* "FILE:LINE: layer 'NAME' (TYPE): ..." */
__attribute__((format(printf, 5, 6))) enum planche_status
planche_layer_fail(const struct planche_graph *graph, const struct planche_layer *layer,
                   enum planche_status status, struct planche_error *error, const char *format,
                   ...);
enum planche_status planche_graph_no_memory(const struct planche_graph *graph,
                                            struct planche_error *error);

/* A number as .param files have it, whatever the locale; false if text is anything else. */
bool planche_ncnn_number(const char *text, double *value, bool *integer);

/* Whether the layer's weights are those of a convolution, not of a dense layer; known once
 * planche_graph_channels has run. */
static inline bool planche_layer_has_kernel(const struct planche_graph *graph,
                                            const struct planche_layer *layer)
{
    return layer->weight_count > 0 && !graph->blobs[layer->outputs[0]].vector;
}

/* The steps of loading, in this order. */
enum planche_status planche_ncnn_parse(struct planche_graph *graph, struct planche_error *error);
enum planche_status planche_ncnn_decode(const struct planche_graph *graph,
                                        struct planche_layer *layer, struct planche_error *error);
enum planche_status planche_ncnn_read_weights(struct planche_graph *graph,
                                              struct planche_model_file *file,
                                              struct planche_error *error);
enum planche_status planche_graph_order(struct planche_graph *graph, struct planche_error *error);
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

/* Builds the net's tensors, steps and output; takes the weights out of the graph. */
enum planche_status planche_graph_lower(struct planche_graph *graph,
                                        const struct planche_crop *cuts, struct planche_net *net,
                                        struct planche_error *error);

#endif
