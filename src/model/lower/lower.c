/* SPDX-License-Identifier: MIT */
/* Lowering of a graph: takes the layers in order and makes steps of those that cannot be folded
 * into views, lists of inputs or the step before them. */
#include "model/lower/lower.h"

#include "base/status.h"
#include "model/lower/builder.h"
#include "net/layout.h"

#include <string.h>

static enum planche_status check(const struct planche_builder *builder, bool ok)
{
    return ok ? PLANCHE_OK : planche_builder_no_memory(builder);
}

/* out is the same as in; one more reader may stand behind it. */
static enum planche_status lower_alias(struct planche_builder *builder,
                                       const struct planche_layer *layer)
{
    struct planche_value *out = planche_builder_value(builder, layer->outputs[0]);
    *out = *planche_builder_value(builder, layer->inputs[0]);
    out->sole = out->sole && builder->uses[builder->roots[layer->outputs[0]]] == 1;
    return PLANCHE_OK;
}

/* An activation as a step of its own on a tensor that some step has just made for a blob. */
static enum planche_status add_channel_step(struct planche_builder *builder,
                                            struct planche_layer *layer, struct planche_view input)
{
    struct planche_step *step =
        planche_builder_add(builder, PLANCHE_STEP_CHANNEL, layer, &input, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    if (layer->type == PLANCHE_LAYER_SCALE) {
        step->scale = layer->data;
        step->bias = layer->bias;
        layer->data = layer->bias = NULL;
    } else {
        planche_fuse_set_activation(step, layer);
    }
    return PLANCHE_OK;
}

static bool is_joinable(const struct planche_builder *builder, const struct planche_value *value)
{
    for (int i = 0; i < value->count; i++) {
        int channels = builder->net->tensors[value->parts[i].tensor].channels;
        if (!planche_channels_are_joinable(channels, i + 1 == value->count))
            return false;
    }
    return true;
}

/* Leaves the input's value such that a kernel can read it. Zero padding belongs to the edges of
 * what is there, so a kernel that pads needs the crop made real. */
static enum planche_status prepare_input(struct planche_builder *builder,
                                         const struct planche_layer *layer)
{
    const struct planche_value *value = planche_builder_value(builder, layer->inputs[0]);
    bool pads = layer->pad_top || layer->pad_left || layer->pad_bottom || layer->pad_right;
    bool cut = false;
    struct planche_view view;
    for (int i = 0; i < value->count; i++)
        cut = cut || planche_view_is_cut(&value->parts[i]);
    if (pads && cut)
        return planche_builder_whole(builder, layer->inputs[0], &view);
    if (value->count > 1 && !is_joinable(builder, value))
        return planche_builder_single(builder, layer->inputs[0], &view);
    return PLANCHE_OK;
}

static void set_kernel(struct planche_step *step, struct planche_layer *layer)
{
    bool inner = step->op == PLANCHE_STEP_INNER;
    step->kernel_w = inner ? 1 : layer->kernel_w;
    step->kernel_h = inner ? 1 : layer->kernel_h;
    step->stride_w = inner ? 1 : layer->stride_w;
    step->stride_h = inner ? 1 : layer->stride_h;
    step->dilation_w = inner ? 1 : layer->dilation_w;
    step->dilation_h = inner ? 1 : layer->dilation_h;
    step->pad_top = layer->pad_top;
    step->pad_left = layer->pad_left;
    step->pad_bottom = layer->pad_bottom;
    step->pad_right = layer->pad_right;
    step->weights = layer->weights;
    step->bias = layer->bias;
    layer->weights = layer->bias = NULL;
}

static enum planche_status lower_kernel(struct planche_builder *builder,
                                        struct planche_layer *layer)
{
    const struct planche_graph_blob *blob = &builder->graph->blobs[layer->outputs[0]];
    enum planche_status status = prepare_input(builder, layer);
    const struct planche_value *value = planche_builder_value(builder, layer->inputs[0]);
    enum planche_step_op op = PLANCHE_STEP_CONV;
    struct planche_step *step;
    if (status == PLANCHE_OK && (layer->groups > 1 || layer->pad_mode != PLANCHE_PAD_ZERO))
        status = planche_layer_fail(builder->graph, layer, PLANCHE_ERROR_UNSUPPORTED,
                                    builder->error, "this convolution is not supported yet");
    if (status != PLANCHE_OK)
        return status;
    if (blob->vector)
        op = PLANCHE_STEP_INNER;
    else if (layer->type == PLANCHE_LAYER_DECONVOLUTION)
        op = PLANCHE_STEP_DECONV;
    step = planche_builder_add(builder, op, layer, value->parts, value->count);
    if (!step)
        return planche_builder_no_memory(builder);
    set_kernel(step, layer);
    if (layer->activation > PLANCHE_ACT_LEAKY && op != PLANCHE_STEP_INNER)
        return add_channel_step(builder, layer, (struct planche_view){.tensor = step->output});
    planche_fuse_set_activation(step, layer);
    return PLANCHE_OK;
}

static enum planche_status lower_channel(struct planche_builder *builder,
                                         struct planche_layer *layer)
{
    struct planche_view view;
    enum planche_status status;
    if (layer->type == PLANCHE_LAYER_SCALE ? planche_fuse_scale(builder, layer)
                                           : planche_fuse_activation(builder, layer))
        return PLANCHE_OK;
    if (builder->graph->blobs[layer->inputs[0]].vector)
        return planche_layer_fail(builder->graph, layer, PLANCHE_ERROR_UNSUPPORTED, builder->error,
                                  "on a pooled vector it must follow a dense layer");
    status = planche_builder_whole(builder, layer->inputs[0], &view);
    return status == PLANCHE_OK ? add_channel_step(builder, layer, view) : status;
}

static enum planche_binary_op mirrored(enum planche_binary_op op)
{
    switch (op) {
    case PLANCHE_BINARY_SUB:
        return PLANCHE_BINARY_RSUB;
    case PLANCHE_BINARY_RSUB:
        return PLANCHE_BINARY_SUB;
    case PLANCHE_BINARY_DIV:
        return PLANCHE_BINARY_RDIV;
    case PLANCHE_BINARY_RDIV:
        return PLANCHE_BINARY_DIV;
    default:
        return op;
    }
}

/* Picture and vector, in either order. */
static enum planche_status lower_vector(struct planche_builder *builder,
                                        const struct planche_layer *layer,
                                        enum planche_binary_op op)
{
    bool swapped = builder->graph->blobs[layer->inputs[0]].vector;
    int vector = planche_builder_value(builder, layer->inputs[!swapped])->parts[0].tensor;
    struct planche_view view;
    enum planche_status status = planche_builder_single(builder, layer->inputs[swapped], &view);
    struct planche_step *step;
    if (status != PLANCHE_OK)
        return status;
    step = planche_builder_add(builder, PLANCHE_STEP_BINARY_VECTOR, layer, &view, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    step->binary = swapped ? mirrored(op) : op;
    step->vector = vector;
    return PLANCHE_OK;
}

/* out = self * a (op) other * b; sums go into the convolution that made a or b if they can. */
static enum planche_status lower_pair(struct planche_builder *builder,
                                      const struct planche_layer *layer, enum planche_binary_op op,
                                      int a, float self, int b, float other)
{
    struct planche_view inputs[2];
    enum planche_status status = planche_builder_single(builder, a, &inputs[0]);
    struct planche_step *step;
    if (status == PLANCHE_OK)
        status = planche_builder_single(builder, b, &inputs[1]);
    if (status != PLANCHE_OK)
        return status;
    if (op == PLANCHE_BINARY_ADD &&
        planche_fuse_residual(builder, a, self, b, other, layer->outputs[0]))
        return PLANCHE_OK;
    step = planche_builder_add(builder, PLANCHE_STEP_BINARY, layer, inputs, 2);
    if (!step)
        return planche_builder_no_memory(builder);
    step->binary = op;
    step->self = self;
    step->other = other;
    return PLANCHE_OK;
}

static enum planche_status lower_binary(struct planche_builder *builder,
                                        const struct planche_layer *layer)
{
    enum planche_binary_op op = layer->binary;
    struct planche_view view;
    enum planche_status status;
    struct planche_step *step;
    if (!layer->with_scalar && (builder->graph->blobs[layer->inputs[0]].vector ||
                                builder->graph->blobs[layer->inputs[1]].vector))
        return lower_vector(builder, layer, op);
    if (!layer->with_scalar && op == PLANCHE_BINARY_SUB)
        return lower_pair(builder, layer, PLANCHE_BINARY_ADD, layer->inputs[0], 1, layer->inputs[1],
                          -1);
    if (!layer->with_scalar && op == PLANCHE_BINARY_RSUB)
        return lower_pair(builder, layer, PLANCHE_BINARY_ADD, layer->inputs[0], -1,
                          layer->inputs[1], 1);
    if (!layer->with_scalar)
        return lower_pair(builder, layer, op, layer->inputs[0], 1, layer->inputs[1], 1);
    status = planche_builder_single(builder, layer->inputs[0], &view);
    if (status != PLANCHE_OK)
        return status;
    step = planche_builder_add(builder, PLANCHE_STEP_BINARY_SCALAR, layer, &view, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    step->binary = op;
    step->scalar = layer->scalar;
    return PLANCHE_OK;
}

/* More than two operands: pairwise, the intermediate results under the name of the last. */
static enum planche_status lower_eltwise(struct planche_builder *builder,
                                         const struct planche_layer *layer)
{
    bool weighted = layer->binary == PLANCHE_BINARY_ADD && layer->coefficients;
    int out = layer->outputs[0], left = layer->inputs[0];
    float self = weighted ? (float)layer->coefficients[0] : 1;
    enum planche_status status = PLANCHE_OK;
    for (int i = 1; status == PLANCHE_OK && i < layer->input_count; i++) {
        float other = weighted ? (float)layer->coefficients[i] : 1;
        status = lower_pair(builder, layer, layer->binary, left, self, layer->inputs[i], other);
        left = out;
        self = 1;
        planche_builder_value(builder, out)->sole =
            i + 1 < layer->input_count || builder->uses[builder->roots[out]] == 1;
    }
    return status;
}

static enum planche_status gather(struct planche_builder *builder,
                                  const struct planche_layer *layer, int *count)
{
    *count = 0;
    for (int i = 0; i < layer->input_count; i++) {
        struct planche_view view;
        /* Concatenations of concatenations may grow beyond all bounds. */
        if (*count + planche_builder_value(builder, layer->inputs[i])->count >
            PLANCHE_BUILDER_PARTS - layer->input_count) {
            enum planche_status status = planche_builder_single(builder, layer->inputs[i], &view);
            if (status != PLANCHE_OK)
                return status;
        }
        *count += planche_builder_value(builder, layer->inputs[i])->count;
    }
    return PLANCHE_OK;
}

static enum planche_status lower_concat(struct planche_builder *builder,
                                        const struct planche_layer *layer)
{
    struct planche_value *out = planche_builder_value(builder, layer->outputs[0]);
    enum planche_status status;
    int count;
    if (layer->input_count == 1)
        return lower_alias(builder, layer);
    status = gather(builder, layer, &count);
    if (status != PLANCHE_OK)
        return status;
    *out = (struct planche_value){
        .parts = planche_graph_alloc(builder->graph, (size_t)count, sizeof(*out->parts))};
    if (!out->parts)
        return planche_builder_no_memory(builder);
    for (int i = 0; i < layer->input_count; i++) {
        const struct planche_value *in = planche_builder_value(builder, layer->inputs[i]);
        memcpy(out->parts + out->count, in->parts, (size_t)in->count * sizeof(*in->parts));
        out->count += in->count;
    }
    return PLANCHE_OK;
}

static enum planche_status lower_crop(struct planche_builder *builder,
                                      const struct planche_layer *layer)
{
    const struct planche_crop *cut = &builder->crops[layer - builder->graph->layers];
    struct planche_value *out = planche_builder_value(builder, layer->outputs[0]);
    const struct planche_view *parts;
    lower_alias(builder, layer);
    parts = out->parts;
    out->parts = planche_graph_alloc(builder->graph, (size_t)out->count, sizeof(*out->parts));
    for (int i = 0; out->parts && i < out->count; i++) {
        out->parts[i] = parts[i];
        out->parts[i].top += cut->top;
        out->parts[i].left += cut->left;
        out->parts[i].bottom += cut->bottom;
        out->parts[i].right += cut->right;
    }
    return check(builder, out->parts != NULL);
}

static enum planche_status lower_interp(struct planche_builder *builder,
                                        const struct planche_layer *layer)
{
    struct planche_view view;
    enum planche_status status;
    struct planche_step *step;
    if (layer->factor_w == 1 && layer->factor_h == 1)
        return lower_alias(builder, layer);
    status = planche_builder_whole(builder, layer->inputs[0], &view);
    if (status != PLANCHE_OK)
        return status;
    step = planche_builder_add(builder, PLANCHE_STEP_INTERP, layer, &view, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    step->interp = layer->interp;
    step->factor_w = layer->factor_w;
    step->factor_h = layer->factor_h;
    return PLANCHE_OK;
}

static enum planche_status lower_simple(struct planche_builder *builder,
                                        const struct planche_layer *layer)
{
    bool pool = layer->type == PLANCHE_LAYER_POOLING;
    struct planche_view view;
    enum planche_status status;
    struct planche_step *step;
    if (!pool && layer->shuffle == 1)
        return lower_alias(builder, layer);
    status = planche_builder_single(builder, layer->inputs[0], &view);
    if (status != PLANCHE_OK)
        return status;
    step = planche_builder_add(builder, pool ? PLANCHE_STEP_POOL : PLANCHE_STEP_SHUFFLE, layer,
                               &view, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    step->shuffle = layer->shuffle;
    return PLANCHE_OK;
}

static enum planche_status lower(struct planche_builder *builder, struct planche_layer *layer)
{
    switch (layer->type) {
    case PLANCHE_LAYER_INPUT:
        return check(builder,
                     planche_builder_set(builder, layer->outputs[0],
                                         planche_builder_tensor(builder, layer->outputs[0])));
    case PLANCHE_LAYER_SPLIT:
        return PLANCHE_OK;
    case PLANCHE_LAYER_CONVOLUTION:
    case PLANCHE_LAYER_DECONVOLUTION:
    case PLANCHE_LAYER_INNER:
        return lower_kernel(builder, layer);
    case PLANCHE_LAYER_PRELU:
    case PLANCHE_LAYER_ACTIVATION:
        return lower_channel(builder, layer);
    case PLANCHE_LAYER_SCALE:
        if (layer->input_count == 2)
            return lower_vector(builder, layer, PLANCHE_BINARY_MUL);
        return lower_channel(builder, layer);
    case PLANCHE_LAYER_BINARY:
        return lower_binary(builder, layer);
    case PLANCHE_LAYER_ELTWISE:
        return lower_eltwise(builder, layer);
    case PLANCHE_LAYER_CONCAT:
        return lower_concat(builder, layer);
    case PLANCHE_LAYER_CROP:
        return lower_crop(builder, layer);
    case PLANCHE_LAYER_INTERP:
        return lower_interp(builder, layer);
    case PLANCHE_LAYER_SHUFFLE:
    case PLANCHE_LAYER_POOLING:
        return lower_simple(builder, layer);
    default:
        return planche_layer_fail(builder->graph, layer, PLANCHE_ERROR_UNSUPPORTED, builder->error,
                                  "this layer is not supported yet");
    }
    return PLANCHE_ERROR_INTERNAL;
}

static bool is_read(const struct planche_builder *builder, const struct planche_layer *layer)
{
    return builder->uses[builder->roots[layer->outputs[0]]] > 0;
}

/* A crop's reference lends its size only: that is no reading. */
static int inputs_read(const struct planche_layer *layer)
{
    if (layer->type == PLANCHE_LAYER_SPLIT)
        return 0;
    return layer->type == PLANCHE_LAYER_CROP ? 1 : layer->input_count;
}

/* Roots in the order of the layers, then, against it, the readers of each root. */
static bool count_uses(struct planche_builder *builder)
{
    struct planche_graph *graph = builder->graph;
    size_t count = (size_t)graph->blob_count;
    builder->roots = planche_graph_alloc(graph, count, sizeof(*builder->roots));
    builder->uses = planche_graph_alloc(graph, count, sizeof(*builder->uses));
    builder->values = planche_graph_alloc(graph, count, sizeof(*builder->values));
    if (!builder->roots || !builder->uses || !builder->values)
        return false;
    for (int i = 0; i < graph->order_count; i++) {
        const struct planche_layer *layer = &graph->layers[graph->order[i]];
        bool split = layer->type == PLANCHE_LAYER_SPLIT;
        for (int j = 0; j < layer->output_count; j++)
            builder->roots[layer->outputs[j]] =
                split ? builder->roots[layer->inputs[0]] : layer->outputs[j];
    }
    builder->uses[builder->roots[graph->output]]++;
    for (int i = graph->order_count - 1; i >= 0; i--) {
        const struct planche_layer *layer = &graph->layers[graph->order[i]];
        for (int j = 0; is_read(builder, layer) && j < inputs_read(layer); j++)
            builder->uses[builder->roots[layer->inputs[j]]]++;
    }
    return true;
}

/* The output is never the network's input itself. */
static enum planche_status set_output(struct planche_builder *builder)
{
    struct planche_view *output = &builder->net->output;
    enum planche_status status = planche_builder_single(builder, builder->graph->output, output);
    if (status == PLANCHE_OK && output->tensor == 0) {
        status = planche_builder_copy(builder, builder->graph->output);
        *output = planche_builder_value(builder, builder->graph->output)->parts[0];
    }
    return status;
}

enum planche_status planche_graph_lower(struct planche_graph *graph,
                                        const struct planche_crop *crops, struct planche_net *net,
                                        struct planche_error *error)
{
    struct planche_builder builder = {.graph = graph, .net = net, .crops = crops, .error = error};
    enum planche_status status = check(&builder, count_uses(&builder));
    for (int i = 0; status == PLANCHE_OK && i < graph->order_count; i++) {
        struct planche_layer *layer = &graph->layers[graph->order[i]];
        if (layer->type == PLANCHE_LAYER_INPUT || is_read(&builder, layer))
            status = lower(&builder, layer);
    }
    if (status == PLANCHE_OK)
        status = set_output(&builder);
    if (status == PLANCHE_OK)
        status = planche_builder_sort(&builder);
    planche_free(builder.producers);
    return status;
}
