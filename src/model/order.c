/* SPDX-License-Identifier: MIT */
/* Topological sort: finds the graph's input and output and puts the layers between them in an order
 * in which producers come first. Layers that do not reach the output are left out. */
#include "model/graph.h"

#include "base/status.h"

#include <string.h>

static enum planche_status find_input(struct planche_graph *graph, struct planche_error *error)
{
    graph->input = -1;
    for (int i = 0; i < graph->layer_count; i++) {
        const struct planche_layer *layer = &graph->layers[i];
        if (layer->type != PLANCHE_LAYER_INPUT)
            continue;
        if (graph->input >= 0)
            return planche_layer_fail(graph, layer, PLANCHE_ERROR_UNSUPPORTED, error,
                                      "networks with more than one input are not supported");
        graph->input = layer->outputs[0];
    }
    if (graph->input < 0)
        return planche_fail(error, PLANCHE_ERROR_MODEL, "%s: the network has no Input layer",
                            graph->name);
    return PLANCHE_OK;
}

/* Of several blobs that nobody reads, the one with a usual name is the output, else the last. */
static enum planche_status find_output(struct planche_graph *graph, struct planche_error *error)
{
    const char *const *names = graph->output_names;
    graph->output = -1;
    for (int i = 0; i < graph->layer_count; i++)
        for (int j = 0; j < graph->layers[i].output_count; j++)
            if (!graph->blobs[graph->layers[i].outputs[j]].consumed)
                graph->output = graph->layers[i].outputs[j];
    for (int i = 0; i < graph->blob_count; i++)
        for (int j = 0; names && names[j]; j++)
            if (!graph->blobs[i].consumed && strcmp(graph->blobs[i].name, names[j]) == 0)
                graph->output = i;
    if (graph->output < 0)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: the network has no output: every blob is read by some layer",
                            graph->name);
    return PLANCHE_OK;
}

enum mark { UNSEEN = 0, OPEN, DONE };

/* A depth-first walk against the arrows with its own stack: files may be deep. */
static enum planche_status walk(struct planche_graph *graph, int start, int *stack, int *next,
                                unsigned char *marks, struct planche_error *error)
{
    int depth = 1;
    stack[0] = start;
    marks[start] = OPEN;
    while (depth > 0) {
        int index = stack[depth - 1], producer;
        const struct planche_layer *layer = &graph->layers[index];
        if (next[index] == layer->input_count) {
            marks[index] = DONE;
            graph->order[graph->order_count++] = index;
            depth--;
            continue;
        }
        producer = graph->blobs[layer->inputs[next[index]++]].producer;
        if (marks[producer] == OPEN)
            return planche_layer_fail(graph, layer, PLANCHE_ERROR_MODEL, error,
                                      "its inputs depend on its own output");
        if (marks[producer] == UNSEEN) {
            marks[producer] = OPEN;
            stack[depth++] = producer;
        }
    }
    return PLANCHE_OK;
}

enum planche_status planche_graph_order(struct planche_graph *graph, struct planche_error *error)
{
    size_t count = (size_t)graph->layer_count;
    int *stack = planche_graph_alloc(graph, count, sizeof(*stack));
    int *next = planche_graph_alloc(graph, count, sizeof(*next));
    unsigned char *marks = planche_graph_alloc(graph, count, 1);
    enum planche_status status;
    int live;
    graph->order = planche_graph_alloc(graph, count, sizeof(*graph->order));
    if (!stack || !next || !marks || !graph->order)
        return planche_graph_no_memory(graph, error);
    status = find_input(graph, error);
    if (status == PLANCHE_OK)
        status = find_output(graph, error);
    if (status == PLANCHE_OK)
        status = walk(graph, graph->blobs[graph->output].producer, stack, next, marks, error);
    live = graph->order_count;
    /* What does not reach the output is walked too, only to find cycles. */
    for (int i = 0; status == PLANCHE_OK && i < graph->layer_count; i++)
        if (marks[i] == UNSEEN)
            status = walk(graph, i, stack, next, marks, error);
    graph->order_count = live;
    return status;
}
