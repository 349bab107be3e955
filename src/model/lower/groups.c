/* SPDX-License-Identifier: MIT */
/* Convolutions in groups as several convolutions, where the zeros that a dense one has between the
 * groups would cost more than it does to divide its input. Groups of few channels go together, so
 * that each convolution fills its blocks of lanes. */
#include "model/lower/groups.h"

#include "base/status.h"
#include "model/lower/channels.h"

#include <string.h>

/* Costs of a value in products: to write it (CPU back end, cost.c), and to do so for an activation
 * of its own. */
#define WRITE 18
#define AGAIN 40

static int64_t lanes(int channels)
{
    return ((int64_t)channels + PLANCHE_LANES - 1) / PLANCHE_LANES * PLANCHE_LANES;
}

static bool pays(const struct planche_layer *layer, int inputs, const struct planche_groups *groups)
{
    int64_t taps = (int64_t)layer->kernel_w * layer->kernel_h, parts = groups->parts;
    if (layer->type == PLANCHE_LAYER_DECONVOLUTION)
        taps = taps / (layer->stride_w * layer->stride_h) + 1;
    int64_t dense = taps * lanes(inputs) * lanes(layer->channels);
    int64_t each = taps * lanes(groups->inputs) * lanes(groups->outputs);
    int64_t divide = (lanes(inputs) + WRITE) * lanes(groups->inputs) * parts;
    return each * parts + divide + AGAIN * (int64_t)layer->channels < dense;
}

bool planche_groups_find(const struct planche_layer *layer, int inputs,
                         struct planche_groups *groups)
{
    for (int joined = 1; joined < layer->groups; joined++) {
        int parts = layer->groups / joined;
        *groups = (struct planche_groups){parts, joined, inputs / parts, layer->channels / parts};
        if (layer->groups % joined == 0 && parts <= PLANCHE_BUILDER_PARTS &&
            groups->outputs % PLANCHE_LANES == 0)
            return pays(layer, inputs, groups);
    }
    return false;
}

/* Channels [begin, begin + count) of the input, as they are there or copied. */
static enum planche_status take_input(struct planche_builder *builder, struct planche_layer *layer,
                                      const struct planche_value *input, int begin, int count,
                                      struct planche_value *taken)
{
    int first, parts = planche_channels_parts(builder, input, begin, count, &first);
    int *sources;
    struct planche_view view = input->parts[0];
    enum planche_status status = PLANCHE_OK;
    *taken = (struct planche_value){.count = parts, .parts = parts ? input->parts + first : NULL};
    if (parts)
        return status;
    if (input->count > 1)
        status = planche_builder_single(builder, layer->inputs[0], &view);
    sources = planche_graph_alloc(builder->graph, (size_t)count, sizeof(*sources));
    taken->parts = planche_graph_alloc(builder->graph, 1, sizeof(*taken->parts));
    if (status != PLANCHE_OK || !sources || !taken->parts)
        return status != PLANCHE_OK ? status : planche_builder_no_memory(builder);
    for (int c = 0; c < count; c++)
        sources[c] = begin + c;
    status = planche_channels_pick(builder, layer, &view, sources, count);
    taken->count = 1;
    if (status == PLANCHE_OK)
        taken->parts[0] = planche_builder_value(builder, layer->outputs[0])->parts[0];
    return status;
}

/* Weights of the groups that part number `part` consists of, as of a dense convolution. */
static enum planche_status part_weights(struct planche_builder *builder,
                                        const struct planche_layer *layer,
                                        const struct planche_groups *groups, int part,
                                        float **weights)
{
    size_t taps = (size_t)layer->kernel_w * (size_t)layer->kernel_h;
    size_t outputs = (size_t)groups->outputs, all = (size_t)groups->inputs * taps;
    size_t own = all / (size_t)groups->joined, group = outputs / (size_t)groups->joined;
    const float *from = layer->weights + (size_t)part * outputs * own;
    enum planche_status status =
        planche_channels_weights(builder, layer, outputs, (size_t)groups->inputs, taps, weights);
    for (size_t o = 0; status == PLANCHE_OK && o < outputs; o++)
        memcpy(*weights + o * all + o / group * own, from + o * own, own * sizeof(*from));
    return status;
}

enum planche_status planche_groups_add(struct planche_builder *builder, struct planche_layer *layer,
                                       enum planche_step_op op, const struct planche_value *input,
                                       const struct planche_groups *groups,
                                       planche_groups_add_fn *add)
{
    struct planche_view *made =
        planche_graph_alloc(builder->graph, (size_t)groups->parts, sizeof(*made));
    enum planche_status status = made ? PLANCHE_OK : planche_builder_no_memory(builder);
    for (int i = 0; made && status == PLANCHE_OK && i < groups->parts; i++) {
        struct planche_value taken;
        float *weights = NULL;
        status = take_input(builder, layer, input, i * groups->inputs, groups->inputs, &taken);
        if (status == PLANCHE_OK)
            status = part_weights(builder, layer, groups, i, &weights);
        if (status == PLANCHE_OK)
            status = add(builder, layer, op, &taken, i * groups->outputs, groups->outputs, weights,
                         &made[i]);
    }
    layer->weights = NULL;
    *planche_builder_value(builder, layer->outputs[0]) = (struct planche_value){
        .count = groups->parts,
        .parts = made,
        .sole = builder->uses[builder->roots[layer->outputs[0]]] == 1,
    };
    return status;
}
