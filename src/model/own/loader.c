/* SPDX-License-Identifier: MIT */
/* Loader of Planche's own networks: their graph, and their weights at one level of cleaning. */
#include "model/loader.h"

#include "base/status.h"
#include "model/own/format.h"

#include <stdio.h>
#include <string.h>

/* A graph while its layers are added, each with one output. */
struct build {
    struct planche_graph *graph;
    bool fits; /* there was memory so far */
};

static bool recognise(const char *name, const uint8_t *head, size_t size)
{
    size_t length = strlen(name), end = strlen(PLANCHE_OWN_EXTENSION);
    return planche_own_recognise(head, size) ||
           (length >= end && strcmp(name + length - end, PLANCHE_OWN_EXTENSION) == 0);
}

/* Input, convolutions with their activations, and what enlarges. */
static unsigned count_layers(const struct planche_own_shape *shape)
{
    return 1 + 2 * planche_own_layers(shape) - 1 + (shape->scale > 1 ? 3 : 1);
}

static bool begin(struct build *build, const struct planche_own_shape *shape)
{
    struct planche_graph *graph = build->graph;
    graph->blob_limit = (int)count_layers(shape);
    graph->layers = planche_graph_alloc(graph, count_layers(shape), sizeof(*graph->layers));
    build->fits = graph->layers != NULL;
    return build->fits;
}

/* A layer that is named by its type and a number, and so is its output. b may be -1, and a too. */
static struct planche_layer *add(struct build *build, enum planche_layer_type type,
                                 const char *kind, int a, int b)
{
    struct planche_graph *graph = build->graph;
    struct planche_layer *layer = &graph->layers[graph->layer_count];
    char *name = planche_graph_alloc(graph, 1, 24);
    int *blobs = planche_graph_alloc(graph, 3, sizeof(*blobs));
    if (!name || !blobs) {
        build->fits = false;
        return layer;
    }
    snprintf(name, 24, "%s%d", kind, graph->layer_count);
    *layer = (struct planche_layer){
        .type = type,
        .type_name = kind,
        .name = name,
        .input_count = (a >= 0) + (b >= 0),
        .output_count = 1,
        .inputs = blobs,
        .outputs = blobs + 2,
    };
    blobs[0] = a;
    blobs[1] = b;
    blobs[2] = planche_graph_blob(graph, name);
    build->fits = blobs[2] >= 0;
    for (int i = 0; build->fits && i < layer->input_count; i++)
        graph->blobs[blobs[i]].consumed = true;
    if (build->fits)
        graph->blobs[blobs[2]].producer = graph->layer_count++;
    return layer;
}

static int output_of(const struct planche_layer *layer)
{
    return layer->outputs[0];
}

static struct planche_layer *
add_convolution(struct build *build, const struct planche_own_shape *shape, unsigned k, int below)
{
    struct planche_layer *layer = add(build, PLANCHE_LAYER_CONVOLUTION, "conv", below, -1);
    unsigned outputs = planche_own_outputs(shape, k);
    layer->channels = (int)outputs;
    layer->kernel_w = layer->kernel_h = 3;
    layer->stride_w = layer->stride_h = layer->dilation_w = layer->dilation_h = 1;
    layer->pad_top = layer->pad_left = layer->pad_bottom = layer->pad_right = 1;
    layer->has_bias = true;
    layer->weight_count = (size_t)outputs * planche_own_inputs(shape, k) * 9;
    return layer;
}

/* The result, from the last convolution and the page. */
static void add_end(struct build *build, const struct planche_own_shape *shape, int deep, int page)
{
    float factor = (float)shape->scale;
    if (shape->scale > 1 && build->fits) {
        struct planche_layer *layer = add(build, PLANCHE_LAYER_SHUFFLE, "shuffle", deep, -1);
        layer->shuffle = (int)shape->scale;
        deep = build->fits ? output_of(layer) : -1;
    }
    if (shape->scale > 1 && build->fits) {
        struct planche_layer *layer = add(build, PLANCHE_LAYER_INTERP, "repeat", page, -1);
        layer->interp = PLANCHE_INTERP_NEAREST;
        layer->factor_w = layer->factor_h = factor;
        page = build->fits ? output_of(layer) : -1;
    }
    if (build->fits)
        add(build, PLANCHE_LAYER_BINARY, "sum", deep, page)->binary = PLANCHE_BINARY_ADD;
}

static enum planche_status build_graph(struct planche_graph *graph,
                                       const struct planche_own_shape *shape,
                                       struct planche_error *error)
{
    struct build build = {.graph = graph};
    int page = -1, below = -1;
    if (begin(&build, shape)) {
        struct planche_layer *input = add(&build, PLANCHE_LAYER_INPUT, "page", -1, -1);
        input->channels = (int)shape->colours;
        page = below = build.fits ? output_of(input) : -1;
    }
    for (unsigned k = 0; build.fits && k < planche_own_layers(shape); k++) {
        struct planche_layer *layer = add_convolution(&build, shape, k, below);
        if (build.fits && k <= shape->depth) {
            layer = add(&build, PLANCHE_LAYER_PRELU, "act", output_of(layer), -1);
            layer->data_count = shape->channels;
        }
        below = build.fits ? output_of(layer) : -1;
    }
    add_end(&build, shape, below, page);
    return build.fits ? PLANCHE_OK : planche_graph_no_memory(graph, error);
}

static enum planche_status read_weights(struct planche_own_reader *reader)
{
    struct planche_graph *graph = reader->graph;
    unsigned layers = planche_own_layers(&reader->wanted);
    size_t floats = 0;
    for (unsigned k = 0; k < layers; k++)
        floats += graph->layers[1 + 2 * k].weight_count;
    graph->kernels = planche_alloc(graph->budget, floats * sizeof(float));
    if (!graph->kernels)
        return planche_graph_no_memory(graph, reader->error);
    enum planche_status status = PLANCHE_OK;
    for (unsigned k = 0; !status && k < layers; k++) {
        struct planche_layer *convolution = &graph->layers[1 + 2 * k];
        status =
            planche_own_read_layer(reader, k, convolution, k + 1 < layers ? convolution + 1 : NULL);
    }
    return status;
}

static enum planche_status load(struct planche_graph *graph, struct planche_model_file *file,
                                const struct planche_model_source *source,
                                struct planche_error *error)
{
    struct planche_own_reader reader = {
        .graph = graph, .file = file, .level = source->form.level, .error = error};
    enum planche_status status = planche_own_read_header(file, &reader.stored, error);
    if (status)
        return status;
    reader.wanted = reader.stored;
    if (source->form.grey)
        reader.wanted.colours = 1;
    if (source->form.clean)
        reader.wanted.scale = 1;
    status = build_graph(graph, &reader.wanted, error);
    if (!status)
        status = planche_graph_order(graph, error);
    if (!status)
        status = planche_graph_channels(graph, error);
    return status ? status : read_weights(&reader);
}

const struct planche_model_loader planche_own_loader = {
    .format = "planche",
    .extensions = (const char *const[]){PLANCHE_OWN_EXTENSION, NULL},
    .recognise = recognise,
    .load = load,
};
