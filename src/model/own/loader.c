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

/* Input, convolutions with their activations, the addition of the middle, and what enlarges. */
static unsigned count_layers(const struct planche_own_shape *shape)
{
    return 1 + 2 * planche_own_layers(shape) - 1 + (shape->inner ? 1 : 0) +
           (shape->scale > 1 ? 3 : 1);
}

static bool begin(struct build *build, const struct planche_own_shape *shape)
{
    struct planche_graph *graph = build->graph;
    graph->blob_limit = (int)count_layers(shape);
    graph->layers = planche_graph_alloc(graph, count_layers(shape), sizeof(*graph->layers));
    build->fits = graph->layers != NULL;
    return build->fits;
}

/* A layer that is named by its type and a number, and so is its output; without memory a spare one.
 * b may be -1, and a too. */
static struct planche_layer *add(struct build *build, enum planche_layer_type type,
                                 const char *kind, int a, int b)
{
    struct planche_graph *graph = build->graph;
    const int inputs[] = {a, b};
    struct planche_layer *layer = NULL;
    char *name = planche_graph_alloc(graph, 1, 24);
    if (name) {
        const struct planche_layer like = {.type = type, .type_name = kind, .name = name};
        snprintf(name, 24, "%s%d", kind, graph->layer_count);
        layer = planche_graph_add(graph, &like, inputs, (a >= 0) + (b >= 0),
                                  planche_graph_blob(graph, name));
    }
    build->fits = layer != NULL;
    return layer ? layer : &graph->layers[graph->layer_count];
}

static int output_of(const struct planche_layer *layer)
{
    return layer->outputs[0];
}

static struct planche_layer *add_convolution(struct build *build, struct planche_own_layer own,
                                             int below)
{
    const bool up = own.kind == PLANCHE_OWN_UP, square = own.kind == PLANCHE_OWN_SQUARE;
    struct planche_layer *layer =
        add(build, up ? PLANCHE_LAYER_DECONVOLUTION : PLANCHE_LAYER_CONVOLUTION,
            up ? "deconv" : "conv", below, -1);
    layer->channels = (int)own.outputs;
    layer->kernel_w = layer->kernel_h = (int)planche_own_side(own);
    layer->stride_w = layer->stride_h = square ? 1 : 2;
    layer->dilation_w = layer->dilation_h = 1;
    layer->pad_top = layer->pad_left = layer->pad_bottom = layer->pad_right = square ? 1 : 0;
    layer->has_bias = true;
    layer->weight_count = planche_own_weights(own);
    return layer;
}

/* Layer k with its activation, and what is added behind it: *kept, which is the blob before the
 * middle. Returns the blob of the result, -1 without memory. */
static int add_layer(struct build *build, const struct planche_own_shape *shape, unsigned k,
                     int below, int *kept)
{
    const struct planche_own_layer own = planche_own_layer(shape, k);
    if (own.kind == PLANCHE_OWN_DOWN)
        *kept = below;
    struct planche_layer *layer = add_convolution(build, own, below);
    if (build->fits && !own.last) {
        layer = add(build, PLANCHE_LAYER_PRELU, "act", output_of(layer), -1);
        layer->data_count = own.outputs;
    }
    if (build->fits && own.kind == PLANCHE_OWN_UP) {
        layer = add(build, PLANCHE_LAYER_BINARY, "join", output_of(layer), *kept);
        layer->binary = PLANCHE_BINARY_ADD;
    }
    return build->fits ? output_of(layer) : -1;
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
    int page = -1, below = -1, kept = -1;
    if (begin(&build, shape)) {
        struct planche_layer *input = add(&build, PLANCHE_LAYER_INPUT, "page", -1, -1);
        input->channels = (int)shape->colours;
        page = below = build.fits ? output_of(input) : -1;
    }
    for (unsigned k = 0; build.fits && k < planche_own_layers(shape); k++)
        below = add_layer(&build, shape, k, below, &kept);
    add_end(&build, shape, below, page);
    return build.fits ? PLANCHE_OK : planche_graph_no_memory(graph, error);
}

static bool has_kernel(const struct planche_layer *layer)
{
    return layer->type == PLANCHE_LAYER_CONVOLUTION || layer->type == PLANCHE_LAYER_DECONVOLUTION;
}

static enum planche_status read_weights(struct planche_own_reader *reader)
{
    struct planche_graph *graph = reader->graph;
    const unsigned layers = planche_own_layers(&reader->wanted);
    size_t floats = 0;
    for (int i = 0; i < graph->layer_count; i++)
        floats += graph->layers[i].weight_count;
    graph->kernels = planche_alloc(graph->budget, floats * sizeof(float));
    if (!graph->kernels)
        return planche_graph_no_memory(graph, reader->error);
    enum planche_status status = PLANCHE_OK;
    unsigned k = 0;
    for (int i = 0; !status && i < graph->layer_count; i++) {
        struct planche_layer *layer = &graph->layers[i];
        if (!has_kernel(layer))
            continue;
        status = planche_own_read_layer(reader, k, layer, k + 1 < layers ? layer + 1 : NULL);
        k++;
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
