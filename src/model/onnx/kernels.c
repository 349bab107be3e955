/* SPDX-License-Identifier: MIT */
/* Nodes with kernels: convolutions and dense layers, and the reading of their weights. */
#include "model/onnx/state.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define MAX_PAD 1024

/* Rows (0) and columns (1) of a window. */
struct window {
    int kernel[2], stride[2], dilation[2], before[2], after[2];
    enum planche_pad_mode mode;
};

static enum planche_status get_pair(planche_onnx_t *t, const char *name, int min, int max, int *out)
{
    int64_t *list;
    int count;
    enum planche_status status = planche_onnx_integers(t, name, -1, &list, &count);
    if (status != PLANCHE_OK || !list)
        return status;
    if (count != 2)
        return planche_onnx_unsupported(t, "%s has %d numbers: only two axes are supported", name,
                                        count);
    for (int i = 0; i < 2; i++) {
        if (list[i] < min || list[i] > max)
            return planche_onnx_unsupported(t, "%s of %lld is not supported (%d to %d)", name,
                                            (long long)list[i], min, max);
        out[i] = (int)list[i];
    }
    return PLANCHE_OK;
}

/* Kernel sizes come from the weights, which stand last in their shape. */
static enum planche_status get_window(planche_onnx_t *t, const struct planche_onnx_tensor *weights,
                                      struct window *window)
{
    enum planche_status status;
    int stated[2];
    *window = (struct window){.stride = {1, 1}, .dilation = {1, 1}};
    if (weights->rank != 4)
        return planche_onnx_unsupported(t, "kernels of %d axes are not supported, only of 2",
                                        weights->rank - 2);
    for (int i = 0; i < 2; i++) {
        int64_t size = weights->dims[2 + i];
        if (size < 1 || size > PLANCHE_GRAPH_KERNEL)
            return planche_onnx_unsupported(t, "a kernel of %lld is not supported (1 to %d)",
                                            (long long)size, PLANCHE_GRAPH_KERNEL);
        window->kernel[i] = stated[i] = (int)size;
    }
    status = get_pair(t, "kernel_shape", 1, PLANCHE_GRAPH_KERNEL, stated);
    if (status == PLANCHE_OK && memcmp(stated, window->kernel, sizeof(stated)) != 0)
        status = planche_onnx_wrong(t, "kernel_shape does not fit the weights");
    if (status == PLANCHE_OK)
        status = get_pair(t, "strides", 1, PLANCHE_GRAPH_KERNEL, window->stride);
    if (status == PLANCHE_OK)
        status = get_pair(t, "dilations", 1, PLANCHE_GRAPH_KERNEL, window->dilation);
    return status;
}

static enum planche_status get_pads(planche_onnx_t *t, struct window *window)
{
    int64_t *list;
    int count;
    enum planche_status status = planche_onnx_integers(t, "pads", -1, &list, &count);
    if (status != PLANCHE_OK || !list)
        return status;
    if (count != 4)
        return planche_onnx_wrong(t, "pads has %d numbers, not 4", count);
    for (int i = 0; i < 4; i++) {
        if (list[i] < 0 || list[i] > MAX_PAD)
            return planche_onnx_unsupported(t, "a padding of %lld is not supported (0 to %d)",
                                            (long long)list[i], MAX_PAD);
        (i < 2 ? window->before : window->after)[i % 2] = (int)list[i];
    }
    return PLANCHE_OK;
}

static int extent(const struct window *window, int axis)
{
    return (window->kernel[axis] - 1) * window->dilation[axis] + 1;
}

/* "SAME": as many rows come out as go in, divided by the stride. */
static enum planche_status pad_same(planche_onnx_t *t, const struct planche_onnx_value *in,
                                    bool upper, struct window *window)
{
    for (int i = 0; i < 2; i++) {
        struct planche_onnx_number size = i ? in->width : in->height, quotient;
        int stride = window->stride[i], total;
        if (!planche_onnx_floor_div(size, stride, &quotient))
            return planche_onnx_sized(t, "the padding (auto_pad)");
        int rest = (int)(size.base - quotient.base * stride);
        total = extent(window, i) - (rest ? rest : stride);
        total = total > 0 ? total : 0;
        window->before[i] = upper ? total / 2 : total - total / 2;
        window->after[i] = total - window->before[i];
    }
    return PLANCHE_OK;
}

static enum planche_status find_pads(planche_onnx_t *t, const struct planche_onnx_value *in,
                                     struct window *window)
{
    const char *mode = planche_onnx_text(t, "auto_pad", "NOTSET");
    if (strcmp(mode, "NOTSET") == 0 || !*mode)
        return get_pads(t, window);
    if (strcmp(mode, "VALID") == 0)
        return PLANCHE_OK;
    if (strcmp(mode, "SAME_UPPER") == 0 || strcmp(mode, "SAME_LOWER") == 0)
        return pad_same(t, in, mode[5] == 'U', window);
    return planche_onnx_wrong(t, "auto_pad is '%.20s', which is none", mode);
}

static void set_window(struct planche_layer *layer, const struct window *window)
{
    layer->kernel_h = window->kernel[0];
    layer->kernel_w = window->kernel[1];
    layer->stride_h = window->stride[0];
    layer->stride_w = window->stride[1];
    layer->dilation_h = window->dilation[0];
    layer->dilation_w = window->dilation[1];
    layer->pad_top = window->before[0];
    layer->pad_left = window->before[1];
    layer->pad_bottom = window->after[0];
    layer->pad_right = window->after[1];
    layer->pad_mode = window->mode;
}

static enum planche_status set_bias(planche_onnx_t *t, struct planche_layer *layer, int index)
{
    const struct planche_onnx_tensor *bias = planche_onnx_constant(t, index);
    if (!planche_onnx_input(t, index))
        return PLANCHE_OK;
    if (!bias)
        return planche_onnx_unsupported(t, "its bias is computed from the page");
    if (bias->count != (uint64_t)layer->channels)
        return planche_onnx_wrong(t, "%llu biases do not fit %d channels",
                                  (unsigned long long)bias->count, layer->channels);
    layer->has_bias = true;
    return planche_onnx_values(t, bias, &layer->bias);
}

/* The weights of a kernel node: known, readable, and of a form that fits the input. */
static enum planche_status get_weights(planche_onnx_t *t, const struct planche_onnx_value *in,
                                       const struct planche_onnx_tensor **weights)
{
    const char *why;
    *weights = planche_onnx_constant(t, 1);
    if (in->kind != PLANCHE_ONNX_PICTURE)
        return planche_onnx_unsupported(t, "its input does not depend on the page");
    if (!*weights)
        return planche_onnx_unsupported(t, "its weights are computed from the page");
    why = planche_onnx_unreadable(*weights);
    if (why)
        return planche_onnx_unsupported(t, "the tensor '%.80s' %s", (*weights)->name, why);
    return PLANCHE_OK;
}

static enum planche_status check_outputs(planche_onnx_t *t, int64_t outputs)
{
    if (outputs < 1 || outputs > PLANCHE_GRAPH_CHANNELS)
        return planche_onnx_unsupported(t, "%lld output channels are not supported (1 to %d)",
                                        (long long)outputs, PLANCHE_GRAPH_CHANNELS);
    return PLANCHE_OK;
}

static void set_weights(planche_onnx_t *t, struct planche_layer *layer,
                        const struct planche_onnx_kernel *kernel)
{
    layer->groups = kernel->groups;
    layer->weight_count = (size_t)kernel->tensor->count;
    t->kernels[layer - t->graph->layers] = *kernel;
}

/* A border that is yet to be put round the picture is the convolution's own padding, unless it has
 * another kind of its own. */
static enum planche_status take_border(planche_onnx_t *t, struct planche_onnx_value *in,
                                       struct window *window)
{
    const struct planche_onnx_edges edges = in->edges;
    const int before[2] = {edges.top, edges.left}, after[2] = {edges.bottom, edges.right};
    bool own = window->before[0] || window->before[1] || window->after[0] || window->after[1];
    if (in->vector || (in->border != PLANCHE_PAD_ZERO && own))
        return planche_onnx_settle(t, in);
    window->mode = in->border;
    for (int i = 0; i < 2; i++) {
        window->before[i] += before[i];
        window->after[i] += after[i];
        /* The sizes of the picture have them already. */
        struct planche_onnx_number *size = i ? &in->width : &in->height;
        *size = planche_onnx_plus(*size, -(before[i] + after[i]));
    }
    in->edges = (struct planche_onnx_edges){0, 0, 0, 0};
    return PLANCHE_OK;
}

static enum planche_status conv_sizes(planche_onnx_t *t, const struct window *window,
                                      struct planche_onnx_value *value)
{
    for (int i = 0; i < 2; i++) {
        struct planche_onnx_number *size = i ? &value->width : &value->height;
        double more = window->before[i] + window->after[i] - extent(window, i);
        if (!planche_onnx_floor_div(planche_onnx_plus(*size, more), window->stride[i], size))
            return planche_onnx_sized(t, "the size of its result");
        size->base++;
    }
    return PLANCHE_OK;
}

/* A node with a kernel: what it reads, and its weights. */
struct kernel_node {
    struct planche_onnx_value in;
    const struct planche_onnx_tensor *weights;
    struct window window;
    int64_t groups;
    bool transposed;
};

static enum planche_status check_groups(planche_onnx_t *t, const struct kernel_node *node)
{
    const int64_t *dims = node->weights->dims, channels = node->in.channels, groups = node->groups;
    bool fits = groups >= 1 && groups <= channels && channels % groups == 0;
    if (fits && node->transposed && dims[0] == channels)
        return PLANCHE_OK;
    if (fits && !node->transposed && dims[1] == channels / groups && dims[0] % groups == 0)
        return PLANCHE_OK;
    return planche_onnx_wrong(t,
                              "weights for %lld channels in %lld groups do not fit %d input "
                              "channels",
                              (long long)dims[node->transposed ? 0 : 1], (long long)groups,
                              node->in.channels);
}

/* What convolutions and transposed ones begin with. */
static enum planche_status begin_kernel(planche_onnx_t *t, struct kernel_node *node)
{
    enum planche_status status;
    node->in = *planche_onnx_input(t, 0);
    node->groups = planche_onnx_integer(t, "group", 1);
    status = get_weights(t, &node->in, &node->weights);
    if (status == PLANCHE_OK && node->transposed)
        status = planche_onnx_settle(t, &node->in);
    if (status == PLANCHE_OK && node->in.layout)
        status = planche_onnx_apply_layout(t, &node->in);
    if (status == PLANCHE_OK)
        status = get_window(t, node->weights, &node->window);
    return status == PLANCHE_OK ? check_groups(t, node) : status;
}

/* The node's layer, with its weights and its bias, and its result but for the size. */
static enum planche_status add_kernel(planche_onnx_t *t, const struct kernel_node *node,
                                      int64_t channels, struct planche_onnx_value *made)
{
    enum planche_status status = check_outputs(t, channels);
    enum planche_layer_type type =
        node->transposed ? PLANCHE_LAYER_DECONVOLUTION : PLANCHE_LAYER_CONVOLUTION;
    struct planche_layer *layer =
        status == PLANCHE_OK ? planche_onnx_layer(t, type, node->in.blob, -1, &status) : NULL;
    if (!layer)
        return status;
    set_window(layer, &node->window);
    layer->channels = (int)channels;
    const struct planche_onnx_kernel kernel = {
        .form = node->transposed ? PLANCHE_ONNX_KERNEL_TRANSPOSED : PLANCHE_ONNX_KERNEL_PLAIN,
        .tensor = node->weights,
        .inputs = node->in.channels,
        .groups = (int)node->groups,
        .factor = 1};
    set_weights(t, layer, &kernel);
    *made = planche_onnx_made(layer, &node->in);
    made->channels = layer->channels;
    return set_bias(t, layer, 2);
}

enum planche_status planche_onnx_conv(planche_onnx_t *t)
{
    struct kernel_node node = {.transposed = false};
    struct planche_onnx_value made = {0};
    enum planche_status status = begin_kernel(t, &node);
    if (status == PLANCHE_OK)
        status = find_pads(t, &node.in, &node.window);
    if (status == PLANCHE_OK)
        status = take_border(t, &node.in, &node.window);
    if (status == PLANCHE_OK)
        status = add_kernel(t, &node, node.weights->dims[0], &made);
    if (status == PLANCHE_OK && !node.in.vector)
        status = conv_sizes(t, &node.window, &made);
    if (status == PLANCHE_OK)
        planche_onnx_set(t, &made);
    return status;
}

/* Output padding gives back what the padding at the far edges cut away. */
static enum planche_status transposed_pads(planche_onnx_t *t, struct window *window)
{
    const char *mode = planche_onnx_text(t, "auto_pad", "NOTSET");
    int more[2] = {0, 0};
    enum planche_status status = get_pair(t, "output_padding", 0, PLANCHE_GRAPH_KERNEL, more);
    if (status == PLANCHE_OK && planche_onnx_find_attribute(t->node, "output_shape"))
        return planche_onnx_unsupported(t, "a fixed output shape is not supported");
    if (status == PLANCHE_OK && (!*mode || strcmp(mode, "NOTSET") == 0))
        status = get_pads(t, window);
    for (int i = 0; status == PLANCHE_OK && i < 2; i++) {
        /* As many rows come out as go in, times the stride. */
        int total = extent(window, i) + more[i] - window->stride[i];
        if (strncmp(mode, "SAME_", 5) == 0 && total >= 0) {
            window->before[i] = mode[5] == 'U' ? total / 2 : total - total / 2;
            window->after[i] = total - window->before[i];
        } else if (strncmp(mode, "SAME_", 5) == 0) {
            return planche_onnx_unsupported(t, "this auto_pad is not supported");
        }
        window->after[i] -= more[i];
        if (window->after[i] < 0)
            return planche_onnx_unsupported(t, "output padding beyond the padding");
    }
    return status;
}

enum planche_status planche_onnx_conv_transpose(planche_onnx_t *t)
{
    struct kernel_node node = {.transposed = true};
    const struct window *window = &node.window;
    struct planche_onnx_value made = {0};
    enum planche_status status = begin_kernel(t, &node);
    if (status == PLANCHE_OK)
        status = transposed_pads(t, &node.window);
    if (status != PLANCHE_OK)
        return status;
    int64_t each = node.weights->dims[1];
    status = add_kernel(t, &node, each > PLANCHE_GRAPH_CHANNELS ? each : each * node.groups, &made);
    for (int i = 0; status == PLANCHE_OK && i < 2; i++) {
        struct planche_onnx_number *size = i ? &made.width : &made.height;
        *size = planche_onnx_plus(planche_onnx_times(*size, window->stride[i]),
                                  extent(window, i) - window->stride[i] - window->before[i] -
                                      window->after[i]);
    }
    if (status == PLANCHE_OK)
        planche_onnx_set(t, &made);
    return status;
}

/* A product with the last axis of a picture, if that is its channels: a convolution of one place.
 */
static enum planche_status product(planche_onnx_t *t, const struct planche_onnx_tensor *weights)
{
    struct planche_onnx_value value;
    struct planche_layer *layer;
    int blob, rank, axis = planche_onnx_channel_axis(planche_onnx_input(t, 0), &rank);
    enum planche_status status = PLANCHE_OK;
    if (axis < 0 || axis != rank - 1 || rank < 3 || strcmp(t->node->type, "MatMul") != 0)
        return planche_onnx_unsupported(t, "products of matrices are supported only for the "
                                           "channels of pictures and for averages of the page");
    if (weights->rank != 2 || weights->dims[0] != planche_onnx_input(t, 0)->channels)
        return planche_onnx_wrong(t, "its weights do not fit %d channels",
                                  planche_onnx_input(t, 0)->channels);
    status = check_outputs(t, weights->dims[1]);
    if (status == PLANCHE_OK)
        status = planche_onnx_below(t, 0, &value, &blob);
    layer = status == PLANCHE_OK
                ? planche_onnx_layer(t, PLANCHE_LAYER_CONVOLUTION, blob, -1, &status)
                : NULL;
    if (!layer)
        return status;
    set_window(layer, &(struct window){.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}});
    layer->channels = (int)weights->dims[1];
    const struct planche_onnx_kernel kernel = {.form = PLANCHE_ONNX_KERNEL_TRANSPOSED,
                                               .tensor = weights,
                                               .inputs = value.channels,
                                               .groups = 1,
                                               .factor = 1};
    set_weights(t, layer, &kernel);
    value.blob = layer->outputs[0];
    value.channels = layer->channels;
    status = planche_onnx_resize_layout(t, &value);
    planche_onnx_set(t, &value);
    return status;
}

/* A dense layer of averages; on pictures it would mix their columns. */
enum planche_status planche_onnx_gemm(planche_onnx_t *t)
{
    const struct planche_onnx_value *in = planche_onnx_input(t, 0);
    const struct planche_onnx_tensor *weights;
    enum planche_status status = get_weights(t, in, &weights);
    bool matmul = strcmp(t->node->type, "MatMul") == 0;
    bool rows = !matmul && planche_onnx_integer(t, "transB", 0) != 0;
    struct planche_layer *layer;
    if (status != PLANCHE_OK)
        return status;
    if (!in->vector || in->rank != 2 || planche_onnx_integer(t, "transA", 0) != 0)
        return product(t, weights);
    if (weights->rank != 2 || weights->dims[rows ? 1 : 0] != in->channels)
        return planche_onnx_wrong(t, "its weights do not fit %d channels", in->channels);
    status = check_outputs(t, weights->dims[rows ? 0 : 1]);
    layer = status == PLANCHE_OK ? planche_onnx_layer(t, PLANCHE_LAYER_INNER, in->blob, -1, &status)
                                 : NULL;
    if (!layer)
        return status;
    layer->channels = (int)weights->dims[rows ? 0 : 1];
    layer->kernel_w = layer->kernel_h = 1;
    const struct planche_onnx_kernel kernel = {
        .form = rows ? PLANCHE_ONNX_KERNEL_PLAIN : PLANCHE_ONNX_KERNEL_TRANSPOSED,
        .tensor = weights,
        .inputs = in->channels,
        .groups = 1,
        .factor = matmul ? 1 : planche_onnx_real(t, "alpha", 1)};
    set_weights(t, layer, &kernel);
    if (!matmul)
        status = set_bias(t, layer, 2);
    float beta = planche_onnx_real(t, "beta", 1);
    for (int i = 0; status == PLANCHE_OK && layer->bias && i < layer->channels; i++)
        layer->bias[i] *= beta;
    struct planche_onnx_value made = planche_onnx_made(layer, in);
    made.channels = layer->channels;
    planche_onnx_set(t, &made);
    return status;
}

/* Weights by input in the file become weights by output. */
static void turn(const struct planche_onnx_kernel *kernel, const struct planche_layer *layer,
                 const float *from, float *to)
{
    size_t outputs = (size_t)layer->channels, inputs = (size_t)kernel->inputs;
    size_t groups = (size_t)kernel->groups, group_out = outputs / groups;
    size_t group_in = inputs / groups, taps = layer->weight_count / (outputs * group_in);
    for (size_t o = 0; o < outputs; o++)
        for (size_t i = 0; i < group_in; i++) {
            size_t in = o / group_out * group_in + i;
            memcpy(to + (o * group_in + i) * taps, from + (in * group_out + o % group_out) * taps,
                   taps * sizeof(*to));
        }
}

static enum planche_status read_kernel(planche_onnx_t *t, const struct planche_layer *layer,
                                       const struct planche_onnx_kernel *kernel, float *to)
{
    enum planche_status status;
    float *from;
    if (kernel->form == PLANCHE_ONNX_KERNEL_CHOICE) {
        size_t one = layer->weight_count / (size_t)layer->channels;
        memset(to, 0, layer->weight_count * sizeof(*to));
        for (size_t o = 0; o < (size_t)layer->channels; o++)
            to[o * one + (size_t)kernel->choice[o]] = 1;
        return PLANCHE_OK;
    }
    if (kernel->form == PLANCHE_ONNX_KERNEL_PLAIN) {
        status = planche_onnx_floats(t->model, kernel->tensor, to);
    } else {
        status = planche_onnx_values(t, kernel->tensor, &from);
        if (status == PLANCHE_OK)
            turn(kernel, layer, from, to);
        planche_free(from);
    }
    for (size_t i = 0; status == PLANCHE_OK && kernel->factor != 1 && i < layer->weight_count; i++)
        to[i] *= kernel->factor;
    return status;
}

enum planche_status planche_onnx_read_kernels(planche_onnx_t *t)
{
    struct planche_graph *graph = t->graph;
    enum planche_status status = PLANCHE_OK;
    size_t floats = 0;
    for (int i = 0; i < graph->layer_count; i++)
        if (planche_layer_has_kernel(graph, &graph->layers[i]))
            floats += graph->layers[i].weight_count;
    if (floats > 0) {
        graph->kernels = planche_calloc(graph->budget, floats, sizeof(float));
        if (!graph->kernels)
            return planche_graph_no_memory(graph, t->model->error);
    }
    for (int i = 0; status == PLANCHE_OK && i < graph->layer_count; i++) {
        struct planche_layer *layer = &graph->layers[i];
        if (!layer->weight_count)
            continue;
        if (planche_layer_has_kernel(graph, layer)) {
            layer->weights = graph->kernels + graph->kernel_floats;
            graph->kernel_floats += layer->weight_count;
        } else {
            layer->weights = planche_calloc(graph->budget, layer->weight_count, sizeof(float));
            if (!layer->weights)
                return planche_graph_no_memory(graph, t->model->error);
        }
        status = read_kernel(t, layer, &t->kernels[i], layer->weights);
    }
    return status;
}
