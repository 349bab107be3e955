/* SPDX-License-Identifier: MIT */
/* Tensors, steps and values that the lowering makes. */
#include "model/lower/builder.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum planche_status planche_builder_no_memory(const struct planche_builder *builder)
{
    return planche_graph_no_memory(builder->graph, builder->error);
}

/* Makes room for one more element; false without memory. */
static bool grow(struct planche_budget *budget, void **array, int count, int *limit, size_t size)
{
    int wanted = *limit ? *limit * 2 : 64;
    void *bigger;
    if (count < *limit)
        return true;
    bigger = planche_realloc(budget, *array, (size_t)wanted * size);
    if (!bigger)
        return false;
    *array = bigger;
    *limit = wanted;
    return true;
}

int planche_builder_tensor(struct planche_builder *builder, int blob)
{
    const struct planche_graph_blob *info = &builder->graph->blobs[blob];
    struct planche_net *net = builder->net;
    void *tensors = net->tensors, *producers = builder->producers;
    int limit = builder->tensor_limit;
    bool ok = grow(net->budget, &producers, net->tensor_count, &limit, sizeof(int));
    builder->producers = producers;
    ok = ok && grow(net->budget, &tensors, net->tensor_count, &builder->tensor_limit,
                    sizeof(*net->tensors));
    net->tensors = tensors;
    if (!ok)
        return -1;
    net->tensors[net->tensor_count] =
        (struct planche_tensor){.channels = info->channels, .vector = info->vector};
    snprintf(net->tensors[net->tensor_count].name, sizeof(net->tensors->name), "%s", info->name);
    builder->producers[net->tensor_count] = -1;
    return net->tensor_count++;
}

struct planche_value *planche_builder_value(const struct planche_builder *builder, int blob)
{
    return &builder->values[builder->roots[blob]];
}

bool planche_builder_set(struct planche_builder *builder, int blob, int tensor)
{
    struct planche_value *value = planche_builder_value(builder, blob);
    value->parts = planche_graph_alloc(builder->graph, 1, sizeof(*value->parts));
    if (!value->parts || tensor < 0)
        return false;
    value->count = 1;
    value->apart = false;
    value->unshuffle = NULL;
    value->parts[0] = (struct planche_view){.tensor = tensor};
    value->sole = builder->uses[builder->roots[blob]] == 1;
    return true;
}

bool planche_view_is_cut(const struct planche_view *view)
{
    return view->top || view->left || view->bottom || view->right;
}

static struct planche_step *add_step(struct planche_builder *builder, enum planche_step_op op,
                                     const struct planche_layer *layer,
                                     const struct planche_view *inputs, int input_count, int blob)
{
    struct planche_net *net = builder->net;
    int tensor = planche_builder_tensor(builder, blob);
    void *steps = net->steps;
    bool ok = grow(net->budget, &steps, net->step_count, &builder->step_limit, sizeof(*net->steps));
    struct planche_step *step;
    net->steps = steps;
    if (!ok || tensor < 0)
        return NULL;
    step = &net->steps[net->step_count];
    *step = (struct planche_step){.op = op, .output = tensor, .self = 1, .other = 1, .vector = -1};
    snprintf(step->name, sizeof(step->name), "%s", layer->name);
    step->inputs = planche_calloc(net->budget, (size_t)input_count, sizeof(*step->inputs));
    if (!step->inputs)
        return NULL;
    memcpy(step->inputs, inputs, (size_t)input_count * sizeof(*inputs));
    step->input_count = input_count;
    builder->producers[tensor] = net->step_count++;
    return planche_builder_set(builder, blob, tensor) ? step : NULL;
}

struct planche_step *planche_builder_add(struct planche_builder *builder, enum planche_step_op op,
                                         const struct planche_layer *layer,
                                         const struct planche_view *inputs, int input_count)
{
    return add_step(builder, op, layer, inputs, input_count, layer->outputs[0]);
}

enum planche_status planche_builder_copy(struct planche_builder *builder, int blob)
{
    const struct planche_layer *layer =
        &builder->graph->layers[builder->graph->blobs[blob].producer];
    const struct planche_value *value = planche_builder_value(builder, blob);
    if (!add_step(builder, PLANCHE_STEP_CONCAT, layer, value->parts, value->count, blob))
        return planche_builder_no_memory(builder);
    return PLANCHE_OK;
}

enum planche_status planche_builder_single(struct planche_builder *builder, int blob,
                                           struct planche_view *view)
{
    enum planche_status status = PLANCHE_OK;
    if (planche_builder_value(builder, blob)->unshuffle)
        status = builder->unshuffle(builder, blob);
    else if (planche_builder_value(builder, blob)->count > 1)
        status = planche_builder_copy(builder, blob);
    *view = planche_builder_value(builder, blob)->parts[0];
    return status;
}

enum planche_status planche_builder_whole(struct planche_builder *builder, int blob,
                                          struct planche_view *view)
{
    enum planche_status status = planche_builder_single(builder, blob, view);
    if (status == PLANCHE_OK && planche_view_is_cut(view)) {
        status = planche_builder_copy(builder, blob);
        *view = planche_builder_value(builder, blob)->parts[0];
    }
    return status;
}

struct planche_step *planche_builder_host(const struct planche_builder *builder, int blob)
{
    const struct planche_value *value = planche_builder_value(builder, blob);
    int producer;
    if (!value->sole || value->count != 1 || value->unshuffle ||
        planche_view_is_cut(&value->parts[0]))
        return NULL;
    producer = builder->producers[value->parts[0].tensor];
    return producer < 0 ? NULL : &builder->net->steps[producer];
}

/* One step's dependencies by number: inputs, residuals, vector. */
static int dependency(const struct planche_step *step, int number)
{
    if (number < step->input_count)
        return step->inputs[number].tensor;
    number -= step->input_count;
    if (number < step->residual_count)
        return step->residuals[number].view.tensor;
    return number == step->residual_count ? step->vector : -2;
}

/* Depth first from each step in turn, so that steps move no further than they must. marks: 0 new,
 * 1 waiting, 2 placed. */
static int place(const struct planche_builder *builder, int first, int *stack, int *next,
                 unsigned char *marks, struct planche_step *sorted, int placed)
{
    int depth = 0;
    if (!marks[first])
        stack[depth++] = first;
    while (depth > 0) {
        int index = stack[depth - 1];
        int tensor = dependency(&builder->net->steps[index], next[index]++);
        int producer = tensor < 0 ? -1 : builder->producers[tensor];
        marks[index] = 1;
        if (tensor == -2) {
            marks[index] = 2;
            sorted[placed++] = builder->net->steps[index];
            depth--;
        } else if (producer >= 0 && !marks[producer]) {
            stack[depth++] = producer;
        }
    }
    return placed;
}

enum planche_status planche_builder_sort(struct planche_builder *builder)
{
    struct planche_net *net = builder->net;
    size_t count = (size_t)net->step_count;
    int *stack = planche_graph_alloc(builder->graph, count, sizeof(*stack));
    int *next = planche_graph_alloc(builder->graph, count, sizeof(*next));
    unsigned char *marks = planche_graph_alloc(builder->graph, count, 1);
    struct planche_step *sorted = planche_calloc(net->budget, count, sizeof(*sorted));
    int placed = 0;
    if (!stack || !next || !marks || !sorted) {
        planche_free(sorted);
        return planche_builder_no_memory(builder);
    }
    for (int i = 0; i < net->step_count; i++)
        placed = place(builder, i, stack, next, marks, sorted, placed);
    planche_free(net->steps);
    net->steps = sorted;
    return PLANCHE_OK;
}
