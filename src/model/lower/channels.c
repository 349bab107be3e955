/* SPDX-License-Identifier: MIT */
/* Layers that only rearrange channels. Where they cannot be taken into a convolution beside them
 * they become one with weights of 0 and 1, which every backend has, and which changes no value. */
#include "model/lower/channels.h"

#include "base/checked.h"
#include "base/status.h"

#include <string.h>

/* Weights that a layer without any may get, or one in groups: as many as a dense layer of the
 * largest networks has. */
#define MOST_WEIGHTS ((size_t)64 << 20)

enum planche_status planche_channels_weights(struct planche_builder *builder,
                                             const struct planche_layer *layer, size_t outputs,
                                             size_t inputs, size_t taps, float **weights)
{
    size_t count;
    *weights = NULL;
    if (!planche_mul_size(outputs, inputs, &count) || !planche_mul_size(count, taps, &count) ||
        count > MOST_WEIGHTS)
        return planche_layer_fail(builder->graph, layer, PLANCHE_ERROR_UNSUPPORTED, builder->error,
                                  "it has too many channels");
    *weights = planche_calloc(builder->net->budget, count, sizeof(**weights));
    return *weights ? PLANCHE_OK : planche_builder_no_memory(builder);
}

/* A convolution of 0 and 1, side x side pixels of the view to one. */
static enum planche_status add_copy(struct planche_builder *builder,
                                    const struct planche_layer *layer,
                                    const struct planche_view *view, int side, int outputs,
                                    float *weights)
{
    struct planche_step *step = planche_builder_add(builder, PLANCHE_STEP_CONV, layer, view, 1);
    if (!step) {
        planche_free(weights);
        return planche_builder_no_memory(builder);
    }
    step->kernel_w = step->kernel_h = step->stride_w = step->stride_h = side;
    step->dilation_w = step->dilation_h = 1;
    step->weights = weights;
    step->owns_weights = step->copies = true;
    builder->net->tensors[step->output].channels = outputs;
    return PLANCHE_OK;
}

enum planche_status planche_channels_pick(struct planche_builder *builder,
                                          const struct planche_layer *layer,
                                          const struct planche_view *view, const int *sources,
                                          int count)
{
    size_t inputs = (size_t)builder->net->tensors[view->tensor].channels;
    float *weights;
    enum planche_status status =
        planche_channels_weights(builder, layer, (size_t)count, inputs, 1, &weights);
    for (int c = 0; weights && c < count; c++)
        weights[(size_t)c * inputs + (size_t)sources[c]] = 1;
    return status == PLANCHE_OK ? add_copy(builder, layer, view, 1, count, weights) : status;
}

/* Sources for planche_channels_pick. */
static int *list(struct planche_builder *builder, int count)
{
    return planche_graph_alloc(builder->graph, (size_t)count, sizeof(int));
}

enum planche_status planche_channels_spread(struct planche_builder *builder,
                                            const struct planche_layer *layer,
                                            struct planche_view *view, int channels)
{
    int *sources = list(builder, channels);
    enum planche_status status;
    if (!sources)
        return planche_builder_no_memory(builder);
    status = planche_channels_pick(builder, layer, view, sources, channels);
    if (status == PLANCHE_OK)
        *view = planche_builder_value(builder, layer->outputs[0])->parts[0];
    return status;
}

/* The place of row i, column j of channel c among what an unshuffle makes of `channels`. */
static size_t unshuffled(const struct planche_layer *layer, int channels, int c, int i, int j)
{
    int r = layer->shuffle;
    return (size_t)(layer->position_major ? (i * r + j) * channels + c : c * r * r + i * r + j);
}

enum planche_status planche_channels_unshuffle(struct planche_builder *builder, int blob)
{
    struct planche_value *value = planche_builder_value(builder, blob);
    const struct planche_layer *layer = value->unshuffle;
    struct planche_view view;
    int r = layer->shuffle, channels;
    size_t square = (size_t)r * (size_t)r;
    float *weights;
    value->unshuffle = NULL;
    enum planche_status status = planche_builder_single(builder, layer->inputs[0], &view);
    if (status != PLANCHE_OK)
        return status;
    channels = builder->net->tensors[view.tensor].channels;
    status = planche_channels_weights(builder, layer, (size_t)channels * square, (size_t)channels,
                                      square, &weights);
    for (int c = 0; weights && c < channels; c++)
        for (int i = 0; i < r; i++)
            for (int j = 0; j < r; j++)
                weights[(unshuffled(layer, channels, c, i, j) * (size_t)channels + (size_t)c) *
                            square +
                        (size_t)(i * r + j)] = 1;
    return status == PLANCHE_OK
               ? add_copy(builder, layer, &view, r, channels * (int)square, weights)
               : status;
}

/* The kernel of one output in its new order; a convolution of what an unshuffle makes is one of its
 * input, with a kernel and a stride that are r times as large. */
static void widen_kernel(const struct planche_layer *layer, const struct planche_layer *unshuffle,
                         int channels, const float *from, float *to)
{
    int r = unshuffle->shuffle, kw = layer->kernel_w, kh = layer->kernel_h;
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < kh * r; y++)
            for (int x = 0; x < kw * r; x++)
                *to++ = from[(unshuffled(unshuffle, channels, c, y % r, x % r) * (size_t)kh +
                              (size_t)(y / r)) *
                                 (size_t)kw +
                             (size_t)(x / r)];
}

bool planche_channels_can_widen(const struct planche_builder *builder,
                                const struct planche_layer *layer)
{
    const struct planche_value *value = planche_builder_value(builder, layer->inputs[0]);
    return value->unshuffle && value->count == 1 &&
           builder->net->tensors[value->parts[0].tensor].channels <= PLANCHE_PLANAR_CHANNELS &&
           layer->type == PLANCHE_LAYER_CONVOLUTION && layer->groups <= 1 &&
           layer->dilation_w == 1 && layer->dilation_h == 1 &&
           layer->pad_mode == PLANCHE_PAD_ZERO &&
           layer->kernel_w * value->unshuffle->shuffle <= PLANCHE_GRAPH_KERNEL &&
           layer->kernel_h * value->unshuffle->shuffle <= PLANCHE_GRAPH_KERNEL;
}

enum planche_status planche_channels_widen(struct planche_builder *builder,
                                           struct planche_layer *layer)
{
    const struct planche_value *value = planche_builder_value(builder, layer->inputs[0]);
    const struct planche_layer *unshuffle = value->unshuffle;
    int r = unshuffle->shuffle, channels = builder->net->tensors[value->parts[0].tensor].channels;
    size_t count = layer->weight_count / (size_t)layer->channels;
    float *kernel = planche_calloc(builder->net->budget, count, sizeof(*kernel));
    if (!kernel)
        return planche_builder_no_memory(builder);
    for (int o = 0; o < layer->channels; o++) {
        float *weights = layer->weights + (size_t)o * count;
        widen_kernel(layer, unshuffle, channels, weights, kernel);
        memcpy(weights, kernel, count * sizeof(*kernel));
    }
    planche_free(kernel);
    layer->kernel_w *= r;
    layer->kernel_h *= r;
    layer->stride_w *= r;
    layer->stride_h *= r;
    layer->pad_top *= r;
    layer->pad_left *= r;
    layer->pad_bottom *= r;
    layer->pad_right *= r;
    return PLANCHE_OK;
}

int planche_channels_parts(const struct planche_builder *builder, const struct planche_value *value,
                           int begin, int count, int *first)
{
    int channel = 0, parts = 0;
    for (int i = 0; i < value->count && channel < begin + count; i++) {
        if (channel == begin)
            *first = i;
        parts += channel >= begin;
        channel += builder->net->tensors[value->parts[i].tensor].channels;
        if (channel > begin && parts == 0)
            return 0;
    }
    return channel == begin + count ? parts : 0;
}

enum planche_status planche_channels_slice(struct planche_builder *builder,
                                           const struct planche_layer *layer)
{
    const struct planche_value *in = planche_builder_value(builder, layer->inputs[0]);
    struct planche_value *out = planche_builder_value(builder, layer->outputs[0]);
    int count = builder->graph->blobs[layer->outputs[0]].channels, first = 0;
    int parts =
        in->unshuffle ? 0 : planche_channels_parts(builder, in, layer->slice_begin, count, &first);
    struct planche_view view;
    if (parts > 0) {
        *out = (struct planche_value){
            .count = parts,
            .parts = in->parts + first,
            .sole = in->apart && builder->uses[builder->roots[layer->outputs[0]]] == 1,
        };
        return PLANCHE_OK;
    }
    enum planche_status status = planche_builder_single(builder, layer->inputs[0], &view);
    int *sources = list(builder, count);
    if (status != PLANCHE_OK || !sources)
        return status != PLANCHE_OK ? status : planche_builder_no_memory(builder);
    for (int c = 0; c < count; c++)
        sources[c] = layer->slice_begin + c;
    return planche_channels_pick(builder, layer, &view, sources, count);
}

enum planche_status planche_channels_to_major(struct planche_builder *builder,
                                              const struct planche_layer *layer,
                                              struct planche_view *view)
{
    int square = layer->shuffle * layer->shuffle;
    int all = builder->net->tensors[view->tensor].channels, channels = all / square;
    int *sources = list(builder, all);
    enum planche_status status;
    if (!sources)
        return planche_builder_no_memory(builder);
    for (int c = 0; c < all; c++)
        sources[c] = c % square * channels + c / square;
    status = planche_channels_pick(builder, layer, view, sources, all);
    if (status == PLANCHE_OK)
        *view = planche_builder_value(builder, layer->outputs[0])->parts[0];
    return status;
}

/* Slices that read a blob, in the order of their channels; 0: something else reads it too, or they
 * overlap. */
static int find_slices(const struct planche_builder *builder, int blob,
                       const struct planche_layer **slices)
{
    const struct planche_graph *graph = builder->graph;
    int root = builder->roots[blob], count = 0;
    for (int i = 0; i < graph->order_count; i++) {
        const struct planche_layer *layer = &graph->layers[graph->order[i]];
        int at = count;
        for (int j = 0; j < layer->input_count; j++)
            if (layer->type != PLANCHE_LAYER_SPLIT && builder->roots[layer->inputs[j]] == root &&
                layer->type != PLANCHE_LAYER_SLICE)
                return 0;
        if (layer->type != PLANCHE_LAYER_SLICE || builder->roots[layer->inputs[0]] != root)
            continue;
        if (count == PLANCHE_CHANNELS_SLICES)
            return 0;
        for (; at > 0 && slices[at - 1]->slice_begin > layer->slice_begin; at--)
            slices[at] = slices[at - 1];
        slices[at] = layer;
        count++;
    }
    return builder->uses[root] == count ? count : 0;
}

int planche_channels_divide(const struct planche_builder *builder, int blob, int *begins)
{
    const struct planche_layer *slices[PLANCHE_CHANNELS_SLICES];
    int count = find_slices(builder, blob, slices), end = 0;
    for (int i = 0; i < count; i++) {
        if (slices[i]->slice_begin != end)
            return 0;
        begins[i] = end;
        end += builder->graph->blobs[slices[i]->outputs[0]].channels;
    }
    begins[count] = end;
    return count > 1 && end == builder->graph->blobs[blob].channels ? count : 0;
}
