/* SPDX-License-Identifier: MIT */
/* Lowering of a graph: takes the layers in order and makes steps of those that cannot be folded
 * into views, lists of inputs or the step before them. */
#include "model/lower/lower.h"

#include "base/status.h"
#include "model/lower/channels.h"
#include "model/lower/kernel.h"
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
    out->apart = false;
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

/* One operand has one channel, which stands for all. */
static enum planche_status lower_spread(struct planche_builder *builder,
                                        const struct planche_layer *layer)
{
    const struct planche_graph_blob *blobs = builder->graph->blobs;
    struct planche_view inputs[2];
    struct planche_step *step;
    enum planche_status status = planche_builder_single(builder, layer->inputs[0], &inputs[0]);
    if (status == PLANCHE_OK)
        status = planche_builder_single(builder, layer->inputs[1], &inputs[1]);
    for (int i = 0; status == PLANCHE_OK && i < 2; i++)
        if (blobs[layer->inputs[i]].channels == 1)
            status = planche_channels_spread(builder, layer, &inputs[i],
                                             blobs[layer->outputs[0]].channels);
    if (status != PLANCHE_OK)
        return status;
    step = planche_builder_add(builder, PLANCHE_STEP_BINARY, layer, inputs, 2);
    if (!step)
        return planche_builder_no_memory(builder);
    step->binary = layer->binary;
    return PLANCHE_OK;
}

/* scale and bias that do what an operation with a value does; false: there are none. */
static bool scale_of(enum planche_binary_op op, float value, float *scale, float *bias)
{
    *scale = 1;
    *bias = 0;
    switch (op) {
    case PLANCHE_BINARY_ADD:
        *bias = value;
        return true;
    case PLANCHE_BINARY_SUB:
        *bias = -value;
        return true;
    case PLANCHE_BINARY_RSUB:
        *scale = -1;
        *bias = value;
        return true;
    case PLANCHE_BINARY_MUL:
        *scale = value;
        return true;
    case PLANCHE_BINARY_DIV:
        *scale = 1 / value;
        return true;
    default:
        return false;
    }
}

static enum planche_status lower_scalar(struct planche_builder *builder,
                                        const struct planche_layer *layer, int input,
                                        enum planche_binary_op op, float scalar)
{
    struct planche_view view;
    enum planche_status status = planche_builder_single(builder, input, &view);
    struct planche_step *step;
    if (status != PLANCHE_OK)
        return status;
    step = planche_builder_add(builder, PLANCHE_STEP_BINARY_SCALAR, layer, &view, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    step->binary = op;
    step->scalar = scalar;
    return PLANCHE_OK;
}

/* A value per channel is what a SCALE layer does, which can become a part of the kernel before. */
static enum planche_status lower_constants(struct planche_builder *builder,
                                           const struct planche_layer *layer,
                                           enum planche_binary_op op, int *input,
                                           const struct planche_layer *constant)
{
    size_t count = (size_t)constant->channels;
    struct planche_layer scale = *layer;
    enum planche_status status = PLANCHE_OK;
    bool fits = builder->graph->blobs[*input].channels == constant->channels;
    scale.type = PLANCHE_LAYER_SCALE;
    scale.inputs = input;
    scale.input_count = 1;
    scale.data_count = count;
    scale.data = planche_calloc(builder->net->budget, count, sizeof(float));
    scale.bias = planche_calloc(builder->net->budget, count, sizeof(float));
    if (!scale.data || !scale.bias)
        status = planche_builder_no_memory(builder);
    for (size_t c = 0; status == PLANCHE_OK && fits && c < count; c++)
        fits = scale_of(op, constant->data[c], &scale.data[c], &scale.bias[c]);
    if (status == PLANCHE_OK)
        status = fits ? lower_channel(builder, &scale)
                      : planche_layer_fail(builder->graph, layer, PLANCHE_ERROR_UNSUPPORTED,
                                           builder->error,
                                           "this operation on a constant is not supported");
    planche_free(scale.data);
    planche_free(scale.bias);
    return status;
}

static enum planche_status lower_constant(struct planche_builder *builder,
                                          const struct planche_layer *layer)
{
    const struct planche_graph *graph = builder->graph;
    bool swapped = graph->blobs[layer->inputs[0]].constant;
    int root = builder->roots[layer->inputs[!swapped]], *input = &layer->inputs[swapped];
    const struct planche_layer *constant = &graph->layers[graph->blobs[root].producer];
    enum planche_binary_op op = swapped ? mirrored(layer->binary) : layer->binary;
    if (graph->blobs[*input].vector)
        return planche_layer_fail(graph, layer, PLANCHE_ERROR_UNSUPPORTED, builder->error,
                                  "this arithmetic on pooled vectors is not supported");
    if (constant->channels == 1)
        return lower_scalar(builder, layer, *input, op, constant->data[0]);
    return lower_constants(builder, layer, op, input, constant);
}

static enum planche_status lower_binary(struct planche_builder *builder,
                                        const struct planche_layer *layer)
{
    const struct planche_graph_blob *blobs = builder->graph->blobs;
    enum planche_binary_op op = layer->binary;
    if (layer->with_scalar)
        return lower_scalar(builder, layer, layer->inputs[0], op, layer->scalar);
    if (blobs[layer->inputs[0]].constant || blobs[layer->inputs[1]].constant)
        return lower_constant(builder, layer);
    if (blobs[layer->inputs[0]].channels != blobs[layer->inputs[1]].channels)
        return lower_spread(builder, layer);
    if (blobs[layer->inputs[0]].vector || blobs[layer->inputs[1]].vector)
        return lower_vector(builder, layer, op);
    if (op == PLANCHE_BINARY_SUB)
        return lower_pair(builder, layer, PLANCHE_BINARY_ADD, layer->inputs[0], 1, layer->inputs[1],
                          -1);
    if (op == PLANCHE_BINARY_RSUB)
        return lower_pair(builder, layer, PLANCHE_BINARY_ADD, layer->inputs[0], -1,
                          layer->inputs[1], 1);
    return lower_pair(builder, layer, op, layer->inputs[0], 1, layer->inputs[1], 1);
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
        if (planche_builder_value(builder, layer->inputs[i])->unshuffle ||
            *count + planche_builder_value(builder, layer->inputs[i])->count >
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
    struct planche_view view;
    enum planche_status status = PLANCHE_OK;
    if (planche_builder_value(builder, layer->inputs[0])->unshuffle)
        status = planche_builder_single(builder, layer->inputs[0], &view);
    if (status != PLANCHE_OK)
        return status;
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
    step->place = layer->place;
    step->cubic = layer->cubic != 0 ? layer->cubic : -0.75f;
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
    if (status == PLANCHE_OK && !pool && layer->position_major)
        status = planche_channels_to_major(builder, layer, &view);
    if (status != PLANCHE_OK)
        return status;
    step = planche_builder_add(builder, pool ? PLANCHE_STEP_POOL : PLANCHE_STEP_SHUFFLE, layer,
                               &view, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    step->shuffle = layer->shuffle;
    return PLANCHE_OK;
}

/* Waits for a convolution that takes it in. */
static enum planche_status lower_unshuffle(struct planche_builder *builder,
                                           const struct planche_layer *layer)
{
    struct planche_value *out = planche_builder_value(builder, layer->outputs[0]);
    struct planche_view view;
    enum planche_status status;
    if (layer->shuffle == 1)
        return lower_alias(builder, layer);
    status = planche_builder_whole(builder, layer->inputs[0], &view);
    *out = (struct planche_value){
        .count = 1,
        .parts = planche_graph_alloc(builder->graph, 1, sizeof(*out->parts)),
        .unshuffle = layer,
    };
    if (status != PLANCHE_OK || !out->parts)
        return status != PLANCHE_OK ? status : planche_builder_no_memory(builder);
    out->parts[0] = view;
    return PLANCHE_OK;
}

static enum planche_status lower_norm(struct planche_builder *builder, struct planche_layer *layer)
{
    struct planche_view view;
    enum planche_status status = planche_builder_single(builder, layer->inputs[0], &view);
    struct planche_step *step;
    if (status != PLANCHE_OK)
        return status;
    step = planche_builder_add(builder, PLANCHE_STEP_NORM, layer, &view, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    step->norm = layer->norm;
    step->eps = layer->eps;
    step->scale = layer->data;
    step->bias = layer->bias;
    layer->data = layer->bias = NULL;
    return PLANCHE_OK;
}

static enum planche_status lower_attention(struct planche_builder *builder,
                                           struct planche_layer *layer)
{
    struct planche_view view;
    enum planche_status status = planche_builder_single(builder, layer->inputs[0], &view);
    struct planche_step *step;
    if (status != PLANCHE_OK)
        return status;
    step = planche_builder_add(builder, PLANCHE_STEP_ATTENTION, layer, &view, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    step->heads = layer->heads;
    step->window = layer->window;
    step->shift = layer->shift;
    step->offsets = layer->data;
    layer->data = NULL;
    return PLANCHE_OK;
}

/* A network that wants alpha sees an opaque page: the colours, and a channel of ones. Pages' alpha
 * is enlarged apart from them. */
static enum planche_status add_alpha(struct planche_builder *builder,
                                     const struct planche_layer *layer)
{
    const struct planche_recipe *recipe = &builder->net->recipe;
    const struct planche_view page = {.tensor = 0};
    static const int sources[] = {0, 1, 2, 0};
    builder->net->tensors[0].channels = 3;
    enum planche_status status = planche_channels_pick(builder, layer, &page, sources, 4);
    if (status != PLANCHE_OK)
        return status;
    struct planche_step *step = &builder->net->steps[builder->net->step_count - 1];
    step->bias = planche_calloc(builder->net->budget, 4, sizeof(float));
    if (!step->bias)
        return planche_builder_no_memory(builder);
    step->weights[9] = 0;
    step->bias[3] = recipe->in_scale != 0 ? recipe->in_scale + recipe->in_bias : 1;
    return PLANCHE_OK;
}

static enum planche_status lower_input(struct planche_builder *builder,
                                       const struct planche_layer *layer)
{
    int blob = layer->outputs[0], tensor = planche_builder_tensor(builder, blob);
    if (!planche_builder_set(builder, blob, tensor))
        return planche_builder_no_memory(builder);
    return builder->graph->blobs[blob].channels == 4 ? add_alpha(builder, layer) : PLANCHE_OK;
}

static enum planche_status lower(struct planche_builder *builder, struct planche_layer *layer)
{
    switch (layer->type) {
    case PLANCHE_LAYER_INPUT:
        return lower_input(builder, layer);
    case PLANCHE_LAYER_SPLIT:
        return PLANCHE_OK;
    case PLANCHE_LAYER_CONVOLUTION:
    case PLANCHE_LAYER_DECONVOLUTION:
    case PLANCHE_LAYER_INNER:
        return planche_lower_kernel(builder, layer);
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
    case PLANCHE_LAYER_UNSHUFFLE:
        return lower_unshuffle(builder, layer);
    case PLANCHE_LAYER_SLICE:
        return planche_channels_slice(builder, layer);
    case PLANCHE_LAYER_CONSTANT: /* BINARY takes its values */
        return PLANCHE_OK;
    case PLANCHE_LAYER_NORM:
        return lower_norm(builder, layer);
    case PLANCHE_LAYER_PAD:
        return planche_lower_pad(builder, layer);
    case PLANCHE_LAYER_ATTENTION:
        return lower_attention(builder, layer);
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
    static const int colours[] = {0, 1, 2};
    const struct planche_graph *graph = builder->graph;
    enum planche_status status = planche_builder_single(builder, graph->output, output);
    if (status == PLANCHE_OK && graph->blobs[graph->output].channels == 4) {
        const struct planche_view made = *output;
        status = planche_channels_pick(
            builder, &graph->layers[graph->blobs[graph->output].producer], &made, colours, 3);
        *output = planche_builder_value(builder, graph->output)->parts[0];
    }
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
    struct planche_builder builder = {.graph = graph,
                                      .net = net,
                                      .crops = crops,
                                      .error = error,
                                      .unshuffle = planche_channels_unshuffle};
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
