/* SPDX-License-Identifier: MIT */
/* From a state dict to a graph with weights. */
#include "model/arch/load.h"

#include "base/status.h"

#include <string.h>

#define LAYERS_PER_TENSOR 8
#define LAYERS_MORE       64

static bool begin(struct planche_arch_builder *builder)
{
    struct planche_graph *graph = builder->graph;
    int limit = LAYERS_MORE + LAYERS_PER_TENSOR * (builder->state->count < PLANCHE_GRAPH_LAYERS
                                                       ? builder->state->count
                                                       : PLANCHE_GRAPH_LAYERS);
    builder->layer_limit = limit < PLANCHE_GRAPH_LAYERS ? limit : PLANCHE_GRAPH_LAYERS;
    graph->blob_limit = builder->layer_limit;
    graph->layers =
        planche_graph_alloc(graph, (size_t)builder->layer_limit + 1, sizeof(*graph->layers));
    builder->sources =
        planche_graph_alloc(graph, (size_t)builder->layer_limit + 1, sizeof(*builder->sources));
    if (!graph->layers || !builder->sources)
        builder->status = planche_graph_no_memory(graph, builder->error);
    return !builder->status;
}

/* One block for the kernels of all convolutions, no larger than the file could fill. */
static enum planche_status allocate_kernels(struct planche_arch_builder *builder)
{
    struct planche_graph *graph = builder->graph;
    uint64_t floats = 0;
    for (int i = 0; i < graph->layer_count; i++)
        if (planche_layer_has_kernel(graph, &graph->layers[i]))
            floats += graph->layers[i].weight_count;
    if (floats > builder->state->file->size)
        return planche_fail(builder->error, PLANCHE_ERROR_MODEL,
                            "%s: its tensors share their numbers: that is no network that was "
                            "trained",
                            graph->name);
    if (floats == 0)
        return PLANCHE_OK;
    graph->kernels = planche_alloc(graph->budget, (size_t)floats * sizeof(float));
    return graph->kernels ? PLANCHE_OK : planche_graph_no_memory(graph, builder->error);
}

/* Memory for count floats, unless there is some already. */
static bool provide(struct planche_arch_builder *builder, float **to, size_t count)
{
    if (!*to && count > 0)
        *to = planche_calloc(builder->graph->budget, count, sizeof(float));
    return *to || count == 0;
}

static enum planche_status read_layer(struct planche_arch_builder *builder, int index)
{
    struct planche_graph *graph = builder->graph;
    struct planche_layer *layer = &graph->layers[index];
    const struct planche_arch_source *source = &builder->sources[index];
    bool kernel = planche_layer_has_kernel(graph, layer);
    enum planche_status status = PLANCHE_OK;
    if (kernel) {
        layer->weights = graph->kernels + graph->kernel_floats;
        graph->kernel_floats += layer->weight_count;
    }
    size_t biases = layer->has_bias ? (size_t)layer->channels : 0;
    if (!provide(builder, &layer->weights, layer->weight_count) ||
        !provide(builder, &layer->data, layer->data_count) ||
        !provide(builder, &layer->bias, biases))
        return planche_graph_no_memory(graph, builder->error);
    if (source->data)
        status = planche_state_read(builder->state, source->data, layer->data, layer->data_count,
                                    builder->error);
    if (!status && source->bias)
        status =
            planche_state_read(builder->state, source->bias, layer->bias, biases, builder->error);
    if (!status && source->fill)
        return source->fill(builder, source, layer);
    if (!status && source->weights)
        status = planche_state_read(builder->state, source->weights, layer->weights,
                                    layer->weight_count, builder->error);
    return status;
}

static enum planche_status read_weights(struct planche_arch_builder *builder)
{
    enum planche_status status = allocate_kernels(builder);
    for (int i = 0; !status && i < builder->graph->layer_count; i++)
        status = read_layer(builder, i);
    return status;
}

enum planche_status planche_arch_load(struct planche_graph *graph,
                                      const struct planche_state *state,
                                      const struct planche_arch *arch,
                                      struct planche_arch_facts *facts, struct planche_error *error)
{
    struct planche_arch_builder builder = {.graph = graph, .state = state, .error = error};
    enum planche_status status;
    if (!arch->build)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: is a network of the architecture %s, which is not supported: %s",
                            graph->name, arch->name, arch->reason);
    if (begin(&builder))
        arch->build(&builder);
    status = builder.status;
    *facts = builder.facts;
    if (!status)
        status = planche_graph_order(graph, error);
    if (!status)
        status = planche_graph_channels(graph, error);
    return status ? status : read_weights(&builder);
}
