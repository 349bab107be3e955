/* SPDX-License-Identifier: MIT */
/* Lowering of convolutions, deconvolutions and dense layers: what they read, groups, and outputs
 * that slices divide. */
#include "model/lower/kernel.h"

#include "base/status.h"
#include "model/lower/channels.h"
#include "model/lower/groups.h"
#include "net/layout.h"

#include <string.h>

static bool is_joinable(const struct planche_builder *builder, const struct planche_value *value)
{
    for (int i = 0; i < value->count; i++) {
        int channels = builder->net->tensors[value->parts[i].tensor].channels;
        if (!planche_channels_are_joinable(channels, i + 1 == value->count))
            return false;
    }
    return true;
}

static bool pads(const struct planche_layer *layer)
{
    return layer->pad_top || layer->pad_left || layer->pad_bottom || layer->pad_right;
}

/* The rows and columns that a layer pads with become a tensor's own. */
static enum planche_status pad_input(struct planche_builder *builder, struct planche_layer *layer,
                                     const struct planche_view *view)
{
    struct planche_step *step = planche_builder_add(builder, PLANCHE_STEP_PAD, layer, view, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    step->pad_mode = layer->pad_mode;
    step->pad_top = layer->pad_top;
    step->pad_left = layer->pad_left;
    step->pad_bottom = layer->pad_bottom;
    step->pad_right = layer->pad_right;
    builder->net->tensors[step->output].channels = builder->net->tensors[view->tensor].channels;
    return PLANCHE_OK;
}

enum planche_status planche_lower_pad(struct planche_builder *builder, struct planche_layer *layer)
{
    struct planche_view view;
    enum planche_status status = planche_builder_whole(builder, layer->inputs[0], &view);
    return status == PLANCHE_OK ? pad_input(builder, layer, &view) : status;
}

/* Leaves the input's value such that a kernel can read it. Zero padding belongs to the edges of
 * what is there, so a kernel that pads needs the crop made real. */
static enum planche_status prepare_input(struct planche_builder *builder,
                                         struct planche_layer *layer, bool single,
                                         struct planche_value *input)
{
    struct planche_value *value = planche_builder_value(builder, layer->inputs[0]);
    bool cut = false;
    struct planche_view view;
    enum planche_status status = PLANCHE_OK;
    for (int i = 0; i < value->count; i++)
        cut = cut || planche_view_is_cut(&value->parts[i]);
    if (pads(layer) && cut)
        status = planche_builder_whole(builder, layer->inputs[0], &view);
    else if (value->unshuffle || (value->count > 1 && (single || !is_joinable(builder, value))))
        status = planche_builder_single(builder, layer->inputs[0], &view);
    *input = *planche_builder_value(builder, layer->inputs[0]);
    if (status != PLANCHE_OK || layer->pad_mode == PLANCHE_PAD_ZERO || !pads(layer))
        return status;
    status = planche_builder_whole(builder, layer->inputs[0], &view);
    if (status == PLANCHE_OK)
        status = pad_input(builder, layer, &view);
    layer->pad_top = layer->pad_left = layer->pad_bottom = layer->pad_right = 0;
    *input = *planche_builder_value(builder, layer->outputs[0]);
    return status;
}

static void set_kernel(struct planche_step *step, const struct planche_layer *layer)
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
}

/* The activation, in the kernel or behind it. *tensor: what holds the result. */
static enum planche_status set_activation(struct planche_builder *builder,
                                          struct planche_layer *layer, struct planche_step *step,
                                          int *tensor)
{
    int channels = builder->net->tensors[step->output].channels;
    struct planche_view made = {.tensor = step->output};
    *tensor = step->output;
    if (step->op == PLANCHE_STEP_INNER || planche_activation_is_slope(layer->activation)) {
        planche_fuse_set_activation(step, layer);
        return PLANCHE_OK;
    }
    step = planche_builder_add(builder, PLANCHE_STEP_CHANNEL, layer, &made, 1);
    if (!step)
        return planche_builder_no_memory(builder);
    planche_fuse_set_activation(step, layer);
    builder->net->tensors[step->output].channels = channels;
    *tensor = step->output;
    return PLANCHE_OK;
}

static enum planche_status add_kernel(struct planche_builder *builder, struct planche_layer *layer,
                                      enum planche_step_op op, const struct planche_value *input,
                                      bool owned)
{
    struct planche_step *step = planche_builder_add(builder, op, layer, input->parts, input->count);
    int tensor;
    if (!step) {
        if (owned)
            planche_free(layer->weights);
        return planche_builder_no_memory(builder);
    }
    set_kernel(step, layer);
    step->weights = layer->weights;
    step->owns_weights = owned;
    step->bias = layer->bias;
    layer->weights = layer->bias = NULL;
    return set_activation(builder, layer, step, &tensor);
}

/* Some of the outputs, as a tensor of their own. weights: theirs, which the step then owns; NULL:
 * those of the layer. */
static enum planche_status add_outputs(struct planche_builder *builder, struct planche_layer *layer,
                                       enum planche_step_op op, const struct planche_value *input,
                                       int begin, int count, float *weights,
                                       struct planche_view *made)
{
    struct planche_step *step = planche_builder_add(builder, op, layer, input->parts, input->count);
    size_t each = layer->weight_count / (size_t)layer->channels;
    if (!step) {
        planche_free(weights);
        return planche_builder_no_memory(builder);
    }
    set_kernel(step, layer);
    step->weights = weights ? weights : layer->weights + (size_t)begin * each;
    step->owns_weights = weights != NULL;
    builder->net->tensors[step->output].channels = count;
    if (layer->bias) {
        step->bias = planche_calloc(builder->net->budget, (size_t)count, sizeof(float));
        if (!step->bias)
            return planche_builder_no_memory(builder);
        memcpy(step->bias, layer->bias + begin, (size_t)count * sizeof(float));
    }
    *made = (struct planche_view){0};
    return set_activation(builder, layer, step, &made->tensor);
}

/* Outputs that slices divide are tensors of their own, so that nobody has to copy them. */
static enum planche_status add_divided(struct planche_builder *builder, struct planche_layer *layer,
                                       const struct planche_value *input, const int *begins,
                                       int count)
{
    struct planche_view *parts = planche_graph_alloc(builder->graph, (size_t)count, sizeof(*parts));
    enum planche_status status = parts ? PLANCHE_OK : planche_builder_no_memory(builder);
    for (int i = 0; parts && status == PLANCHE_OK && i < count; i++)
        status = add_outputs(builder, layer, PLANCHE_STEP_CONV, input, begins[i],
                             begins[i + 1] - begins[i], NULL, &parts[i]);
    layer->weights = NULL;
    *planche_builder_value(builder, layer->outputs[0]) =
        (struct planche_value){.count = count, .parts = parts, .apart = true};
    return status;
}

/* A grouped kernel as a dense one: weights between groups are zero. */
static enum planche_status ungroup(struct planche_builder *builder, struct planche_layer *layer,
                                   int inputs)
{
    size_t taps = (size_t)layer->kernel_w * (size_t)layer->kernel_h;
    size_t outputs = (size_t)layer->channels, groups = (size_t)layer->groups;
    size_t own = (size_t)inputs / groups * taps, all = (size_t)inputs * taps;
    float *weights;
    enum planche_status status =
        planche_channels_weights(builder, layer, outputs, (size_t)inputs, taps, &weights);
    for (size_t o = 0; status == PLANCHE_OK && o < outputs; o++)
        memcpy(weights + o * all + o / (outputs / groups) * own, layer->weights + o * own,
               own * sizeof(*weights));
    layer->weights = weights;
    return status;
}

/* Planar tensors have no lanes to work on side by side; a dense kernel costs them nothing. */
static bool is_depthwise(const struct planche_layer *layer, int inputs)
{
    return layer->type == PLANCHE_LAYER_CONVOLUTION && layer->groups == inputs &&
           layer->channels == inputs && inputs > PLANCHE_PLANAR_CHANNELS;
}

enum planche_status planche_lower_kernel(struct planche_builder *builder,
                                         struct planche_layer *layer)
{
    const struct planche_graph_blob *blobs = builder->graph->blobs;
    int inputs = blobs[layer->inputs[0]].channels, begins[PLANCHE_CHANNELS_SLICES + 1];
    struct planche_groups groups;
    bool depthwise = is_depthwise(layer, inputs), grouped = !depthwise && layer->groups > 1;
    bool several =
        grouped && !blobs[layer->outputs[0]].vector && planche_groups_find(layer, inputs, &groups);
    bool dense = grouped && !several;
    enum planche_step_op op = PLANCHE_STEP_CONV;
    struct planche_value input;
    enum planche_status status = PLANCHE_OK;
    if (planche_channels_can_widen(builder, layer)) {
        status = planche_channels_widen(builder, layer);
        input = *planche_builder_value(builder, layer->inputs[0]);
    } else {
        status = prepare_input(builder, layer, depthwise, &input);
    }
    if (status == PLANCHE_OK && dense)
        status = ungroup(builder, layer, inputs);
    if (status != PLANCHE_OK)
        return status;
    int divided = layer->type == PLANCHE_LAYER_CONVOLUTION && layer->groups <= 1
                      ? planche_channels_divide(builder, layer->outputs[0], begins)
                      : 0;
    if (divided)
        return add_divided(builder, layer, &input, begins, divided);
    if (blobs[layer->outputs[0]].vector)
        op = PLANCHE_STEP_INNER;
    else if (depthwise)
        op = PLANCHE_STEP_DEPTHWISE;
    else if (layer->type == PLANCHE_LAYER_DECONVOLUTION)
        op = PLANCHE_STEP_DECONV;
    if (several)
        return planche_groups_add(builder, layer, op, &input, &groups, add_outputs);
    return add_kernel(builder, layer, op, &input, dense);
}
