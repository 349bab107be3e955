/* SPDX-License-Identifier: MIT */
/* The node in work: its inputs, attributes and failures, and the layers that it becomes. */
#include "model/onnx/state.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum planche_status fail(planche_onnx_t *t, enum planche_status status, const char *format,
                                va_list args)
{
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    vsnprintf(message, sizeof(message), format, args);
    return planche_onnx_fail(t->model, t->node, status, "%s", message);
}

enum planche_status planche_onnx_unsupported(planche_onnx_t *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum planche_status status = fail(t, PLANCHE_ERROR_UNSUPPORTED, format, args);
    va_end(args);
    return status;
}

enum planche_status planche_onnx_wrong(planche_onnx_t *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum planche_status status = fail(t, PLANCHE_ERROR_MODEL, format, args);
    va_end(args);
    return status;
}

enum planche_status planche_onnx_sized(planche_onnx_t *t, const char *what)
{
    t->depends_on_size = true;
    return planche_onnx_unsupported(
        t, "%s depends on the size of the page in a way that is not supported", what);
}

void *planche_onnx_take(planche_onnx_t *t, size_t count, size_t size, enum planche_status *status)
{
    void *memory = planche_graph_alloc(t->graph, count ? count : 1, size);
    if (!memory)
        *status = planche_graph_no_memory(t->graph, t->model->error);
    return memory;
}

struct planche_onnx_value *planche_onnx_input(const planche_onnx_t *t, int index)
{
    if (index >= t->node->input_count || t->node->inputs[index] < 0)
        return NULL;
    return &t->values[t->node->inputs[index]];
}

struct planche_onnx_value *planche_onnx_output(const planche_onnx_t *t, int index)
{
    if (index >= t->node->output_count || t->node->outputs[index] < 0)
        return NULL;
    return &t->values[t->node->outputs[index]];
}

const struct planche_onnx_tensor *planche_onnx_constant(const planche_onnx_t *t, int index)
{
    const struct planche_onnx_value *value = planche_onnx_input(t, index);
    return value && value->kind == PLANCHE_ONNX_TENSOR ? value->tensor : NULL;
}

void planche_onnx_set(planche_onnx_t *t, const struct planche_onnx_value *value)
{
    struct planche_onnx_value *out = planche_onnx_output(t, 0);
    if (out)
        *out = *value;
}

struct planche_onnx_value planche_onnx_made(const struct planche_layer *layer,
                                            const struct planche_onnx_value *like)
{
    struct planche_onnx_value value = *like;
    value.kind = PLANCHE_ONNX_PICTURE;
    value.blob = layer->outputs[0];
    value.layout = NULL;
    value.edges = (struct planche_onnx_edges){0, 0, 0, 0};
    return value;
}

int64_t planche_onnx_integer(const planche_onnx_t *t, const char *name, int64_t fallback)
{
    const struct planche_onnx_attribute *attribute = planche_onnx_find_attribute(t->node, name);
    return attribute ? attribute->integer : fallback;
}

float planche_onnx_real(const planche_onnx_t *t, const char *name, float fallback)
{
    const struct planche_onnx_attribute *attribute = planche_onnx_find_attribute(t->node, name);
    return attribute ? attribute->real : fallback;
}

const char *planche_onnx_text(const planche_onnx_t *t, const char *name, const char *fallback)
{
    const struct planche_onnx_attribute *attribute = planche_onnx_find_attribute(t->node, name);
    return attribute ? attribute->text : fallback;
}

bool planche_onnx_axis(int64_t axis, int rank, int *out)
{
    axis += axis < 0 ? rank : 0;
    *out = (int)axis;
    return axis >= 0 && axis < rank;
}

static enum planche_status integers_of(planche_onnx_t *t, const struct planche_onnx_tensor *tensor,
                                       int64_t **list, int *count)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_onnx_number *numbers;
    const char *why = planche_onnx_unreadable(tensor);
    if (why || tensor->count > PLANCHE_ONNX_LIST)
        return planche_onnx_unsupported(t, "a list of numbers %s",
                                        why ? why : "that it needs is too long");
    numbers = planche_onnx_take(t, (size_t)tensor->count, sizeof(*numbers), &status);
    *list = planche_onnx_take(t, (size_t)tensor->count, sizeof(**list), &status);
    if (status == PLANCHE_OK)
        status = planche_onnx_numbers(t->model, tensor, numbers);
    for (uint64_t i = 0; status == PLANCHE_OK && i < tensor->count; i++) {
        if (!planche_onnx_is_constant(numbers[i]))
            return planche_onnx_sized(t, "a number of it");
        (*list)[i] = (int64_t)fmax(fmin(numbers[i].base, 0x1p62), -0x1p62);
    }
    *count = (int)tensor->count;
    return status;
}

enum planche_status planche_onnx_integers(planche_onnx_t *t, const char *name, int index,
                                          int64_t **list, int *count)
{
    const struct planche_onnx_attribute *attribute = planche_onnx_find_attribute(t->node, name);
    *list = NULL;
    *count = 0;
    if (attribute && attribute->integers) {
        *list = attribute->integers;
        *count = attribute->count;
        return PLANCHE_OK;
    }
    if (index < 0 || !planche_onnx_input(t, index))
        return PLANCHE_OK;
    if (!planche_onnx_constant(t, index))
        return planche_onnx_unsupported(t, "its input %d is computed from the page", index);
    return integers_of(t, planche_onnx_constant(t, index), list, count);
}

/* A copy of a text that lives as long as the graph, which outlives the model. */
static const char *keep(planche_onnx_t *t, const char *text, enum planche_status *status)
{
    size_t size = strlen(text) + 1;
    char *copy = planche_onnx_take(t, size, 1, status);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

/* A blob for the layer's output: under the node's name of it, or, since a node may need several
 * layers, a similar one. */
static int name_blob(planche_onnx_t *t, enum planche_status *status)
{
    struct planche_graph *graph = t->graph;
    int value = t->node->output_count ? t->node->outputs[0] : -1;
    const char *name =
        keep(t, value >= 0 ? planche_onnx_name(t->model, value) : t->node->name, status);
    int blob = name ? planche_graph_blob(graph, name) : -1;
    for (int i = 0; blob >= 0 && graph->blobs[blob].producer >= 0 && i < 4; i++) {
        char *other = planche_graph_alloc(graph, 1, 224);
        if (!other)
            return -1;
        snprintf(other, 224, "%.200s#%d%.*s", name, graph->layer_count, i, "###");
        blob = planche_graph_blob(graph, other);
    }
    return blob >= 0 && graph->blobs[blob].producer < 0 ? blob : -1;
}

struct planche_layer *planche_onnx_layers(planche_onnx_t *t, enum planche_layer_type type,
                                          const int *inputs, int count, enum planche_status *status)
{
    struct planche_graph *graph = t->graph;
    struct planche_layer *layer = NULL;
    if (graph->layer_count == t->layer_limit) {
        *status = planche_onnx_unsupported(t, "the network has too many layers");
        return NULL;
    }
    const int blob = name_blob(t, status);
    const struct planche_layer like = {.type = type,
                                       .name = keep(t, t->node->name, status),
                                       .type_name = keep(t, t->node->type, status)};
    if (like.name && like.type_name)
        layer = planche_graph_add(graph, &like, inputs, count, blob);
    if (!layer)
        *status = planche_graph_no_memory(graph, t->model->error);
    return layer;
}

struct planche_layer *planche_onnx_layer(planche_onnx_t *t, enum planche_layer_type type, int a,
                                         int b, enum planche_status *status)
{
    const int inputs[] = {a, b};
    return planche_onnx_layers(t, type, inputs, (a >= 0) + (b >= 0), status);
}

struct planche_layer *planche_onnx_choose(planche_onnx_t *t, int blob, int inputs, int outputs,
                                          int side, int *choice, enum planche_status *status)
{
    struct planche_layer *layer;
    if (outputs < 1 || outputs > PLANCHE_GRAPH_CHANNELS) {
        *status = planche_onnx_unsupported(t, "%d channels are too many or too few", outputs);
        return NULL;
    }
    layer = planche_onnx_layer(t, PLANCHE_LAYER_CONVOLUTION, blob, -1, status);
    if (!layer)
        return NULL;
    layer->channels = outputs;
    layer->kernel_w = layer->kernel_h = layer->stride_w = layer->stride_h = side;
    layer->dilation_w = layer->dilation_h = 1;
    layer->weight_count = (size_t)outputs * (size_t)inputs * (size_t)side * (size_t)side;
    t->kernels[layer - t->graph->layers] = (struct planche_onnx_kernel){
        .form = PLANCHE_ONNX_KERNEL_CHOICE, .inputs = inputs, .choice = choice};
    return layer;
}

enum planche_status planche_onnx_values(planche_onnx_t *t, const struct planche_onnx_tensor *tensor,
                                        float **values)
{
    const char *why = planche_onnx_unreadable(tensor);
    *values = NULL;
    if (why)
        return planche_onnx_unsupported(t, "the tensor '%.80s' %s", tensor->name, why);
    *values = planche_calloc(t->graph->budget, (size_t)tensor->count + 1, sizeof(**values));
    if (!*values)
        return planche_graph_no_memory(t->graph, t->model->error);
    return planche_onnx_floats(t->model, tensor, *values);
}
