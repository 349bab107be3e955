/* SPDX-License-Identifier: MIT */
/* From the reference's layers to the library's graph: what a loader of files does, for networks of
 * random_operators.h. */
#include "operators_graph.h"

#include "model/lower/lower.h"
#include "ref_internal.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum planche_layer_type type;
} types[] = {
    {"Input", PLANCHE_LAYER_INPUT},
    {"Convolution", PLANCHE_LAYER_CONVOLUTION},
    {"BinaryOp", PLANCHE_LAYER_BINARY},
    {"Concat", PLANCHE_LAYER_CONCAT},
    {"Interp", PLANCHE_LAYER_INTERP},
    {"PixelShuffle", PLANCHE_LAYER_SHUFFLE},
    {"Reorg", PLANCHE_LAYER_UNSHUFFLE},
    {"Activation", PLANCHE_LAYER_ACTIVATION},
    {"Part", PLANCHE_LAYER_SLICE},
    {"MemoryData", PLANCHE_LAYER_CONSTANT},
    {"Norm", PLANCHE_LAYER_NORM},
    {"Padding", PLANCHE_LAYER_PAD},
    {"Deconvolution", PLANCHE_LAYER_DECONVOLUTION},
};

static float *floats(struct planche_graph *graph, const double *values, size_t count)
{
    float *copy = planche_calloc(graph->budget, count, sizeof(*copy));
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = (float)values[i];
    return copy;
}

static void set_kernel(struct planche_layer *layer, const struct ref_layer *from)
{
    layer->channels = (int)ref_get(from, 0, 0);
    layer->kernel_w = (int)ref_get(from, 1, 0);
    layer->kernel_h = (int)ref_get(from, 11, layer->kernel_w);
    layer->dilation_w = layer->dilation_h = (int)ref_get(from, 2, 1);
    layer->stride_w = layer->stride_h = (int)ref_get(from, 3, 1);
    layer->pad_left = layer->pad_right = (int)ref_get(from, 4, 0);
    layer->pad_top = layer->pad_bottom = (int)ref_get(from, 14, layer->pad_left);
    layer->groups = (int)ref_get(from, 7, 1);
    layer->weight_count = (size_t)from->weight_count;
}

static void set_attributes(struct planche_layer *layer, const struct ref_layer *from)
{
    static const enum planche_pad_mode pads[] = {PLANCHE_PAD_ZERO, PLANCHE_PAD_EDGE,
                                                 PLANCHE_PAD_REFLECT};
    layer->shuffle = (int)ref_get(from, 0, 1);
    layer->position_major = ref_get(from, 1, 0) != 0;
    layer->interp = (enum planche_interp_mode)ref_get(from, 0, 1);
    layer->factor_h = (float)ref_get(from, 1, 1);
    layer->factor_w = (float)ref_get(from, 2, 1);
    layer->place = (enum planche_interp_place)ref_get(from, 7, 0);
    layer->cubic = (float)ref_get(from, 8, 0);
    layer->binary = (enum planche_binary_op)ref_get(from, 0, 0);
    switch (layer->type) {
    case PLANCHE_LAYER_CONVOLUTION:
    case PLANCHE_LAYER_DECONVOLUTION:
        layer->pad_mode = pads[(int)ref_get(from, 17, 0)];
        set_kernel(layer, from);
        break;
    case PLANCHE_LAYER_INPUT:
        layer->channels = (int)ref_get(from, 2, 0);
        break;
    case PLANCHE_LAYER_SLICE:
        layer->slice_begin = (int)ref_get(from, 0, 0);
        layer->channels = (int)ref_get(from, 1, 0);
        break;
    case PLANCHE_LAYER_PAD:
        layer->pad_top = (int)ref_get(from, 0, 0);
        layer->pad_bottom = (int)ref_get(from, 1, 0);
        layer->pad_left = (int)ref_get(from, 2, 0);
        layer->pad_right = (int)ref_get(from, 3, 0);
        layer->pad_mode = pads[(int)ref_get(from, 4, 0)];
        break;
    case PLANCHE_LAYER_NORM:
        layer->eps = (float)ref_get(from, 1, 0);
        layer->norm = (enum planche_norm)ref_get(from, 2, 0);
        break;
    default:
        break;
    }
    layer->activation = (enum planche_activation)ref_get(from, 9, 0);
    for (int i = 0; i < 2 && from->has[10] && i < from->count[10]; i++)
        layer->act[i] = (float)from->value[10][i];
}

static void set_values(struct planche_graph *graph, struct planche_layer *layer,
                       const struct ref_layer *from)
{
    size_t count = (size_t)ref_get(from, 0, 0);
    if (from->weights) {
        layer->weights = graph->kernels + graph->kernel_floats;
        for (int i = 0; i < from->weight_count; i++)
            graph->kernels[graph->kernel_floats++] = (float)from->weights[i];
    }
    if (from->bias)
        layer->bias = floats(graph, from->bias, count);
    if (!from->extra)
        return;
    layer->data = floats(graph, from->extra, count);
    layer->data_count = count;
    if (layer->type == PLANCHE_LAYER_CONSTANT)
        layer->channels = (int)count;
}

static void add_layer(struct planche_graph *graph, const struct ref_net *net,
                      const struct ref_layer *from)
{
    int index = graph->layer_count++;
    struct planche_layer *layer = &graph->layers[index];
    layer->type_name = from->type;
    layer->name = from->name;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].name, from->type) == 0)
            layer->type = types[i].type;
    layer->input_count = from->nin;
    layer->output_count = from->nout;
    layer->inputs = planche_graph_alloc(graph, (size_t)from->nin + 1, sizeof(int));
    layer->outputs = planche_graph_alloc(graph, (size_t)from->nout + 1, sizeof(int));
    for (int i = 0; i < from->nin; i++) {
        layer->inputs[i] = planche_graph_blob(graph, net->blobs[from->in[i]]);
        graph->blobs[layer->inputs[i]].consumed = true;
    }
    for (int i = 0; i < from->nout; i++) {
        layer->outputs[i] = planche_graph_blob(graph, net->blobs[from->out[i]]);
        graph->blobs[layer->outputs[i]].producer = index;
    }
    set_attributes(layer, from);
    set_values(graph, layer, from);
}

enum planche_status operators_net(struct planche_net **out, const struct ref_net *reference,
                                  struct planche_budget *budget, struct planche_error *error)
{
    struct planche_graph graph = {.budget = budget, .name = "operators"};
    struct planche_net *net = planche_calloc(budget, 1, sizeof(*net));
    size_t weights = 1;
    int64_t shrink;
    net->budget = budget;
    graph.blob_limit = reference->blob_count;
    graph.layers =
        planche_graph_alloc(&graph, (size_t)reference->layer_count, sizeof(*graph.layers));
    for (int i = 0; i < reference->layer_count; i++)
        weights += (size_t)reference->layers[i].weight_count;
    graph.kernels = planche_calloc(budget, weights, sizeof(float));
    for (int i = 0; i < reference->layer_count; i++)
        add_layer(&graph, reference, &reference->layers[i]);
    struct planche_crop *crops =
        planche_graph_alloc(&graph, (size_t)graph.layer_count, sizeof(*crops));
    net->recipe = (struct planche_recipe){.in_scale = 1, .out_scale = 1};
    enum planche_status status = planche_graph_order(&graph, error);
    if (!status)
        status = planche_graph_channels(&graph, error);
    if (!status)
        status = planche_recipe_derive(&graph, &net->recipe, crops, &shrink, error);
    net->kernels = graph.kernels;
    graph.kernels = NULL;
    if (!status)
        status = planche_graph_lower(&graph, crops, net, error);
    planche_graph_destroy(&graph);
    if (status)
        planche_net_destroy(&net);
    *out = net;
    return status;
}
