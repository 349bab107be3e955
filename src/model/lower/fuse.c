/* SPDX-License-Identifier: MIT */
/* Operator fusion: layers that disappear into the step before them. */
#include "model/lower/builder.h"

#include <stdio.h>

/* The host's tensor becomes the value of another blob. */
static void rename_output(struct planche_builder *builder, const struct planche_step *host, int out)
{
    struct planche_value *value = planche_builder_value(builder, out);
    struct planche_tensor *tensor = &builder->net->tensors[host->output];
    snprintf(tensor->name, sizeof(tensor->name), "%s", builder->graph->blobs[out].name);
    value->sole = builder->uses[builder->roots[out]] == 1;
}

static bool can_activate(const struct planche_step *host, const struct planche_layer *layer)
{
    if (host->activation != PLANCHE_ACT_NONE)
        return false;
    if (planche_step_has_kernel(host))
        return host->residual_count == 0 && planche_activation_is_slope(layer->activation);
    if (host->op == PLANCHE_STEP_INNER)
        return layer->data_count <= 1;
    return host->op == PLANCHE_STEP_CHANNEL;
}

void planche_fuse_set_activation(struct planche_step *step, struct planche_layer *layer)
{
    step->activation = layer->activation;
    step->act[0] = layer->act[0];
    step->act[1] = layer->act[1];
    if (layer->type != PLANCHE_LAYER_PRELU)
        return;
    step->activation = PLANCHE_ACT_LEAKY;
    step->act[0] = layer->data[0];
    if (layer->data_count <= 1)
        return;
    step->activation = PLANCHE_ACT_SLOPES;
    step->slope = layer->data;
    layer->data = NULL;
}

static struct planche_step *part_host(const struct planche_builder *builder,
                                      const struct planche_value *value, int part)
{
    int producer = builder->producers[value->parts[part].tensor];
    if (producer < 0 || planche_view_is_cut(&value->parts[part]))
        return NULL;
    return &builder->net->steps[producer];
}

/* All parts of a value are activated, or none. Slopes of the channels stay together. */
static bool activate_parts(struct planche_builder *builder, struct planche_layer *layer)
{
    const struct planche_value *value = planche_builder_value(builder, layer->inputs[0]);
    if (!value->sole || value->unshuffle || layer->data_count > 1)
        return false;
    for (int i = 0; i < value->count; i++) {
        const struct planche_step *host = part_host(builder, value, i);
        if (!host || !planche_step_has_kernel(host) || !can_activate(host, layer))
            return false;
    }
    for (int i = 0; i < value->count; i++)
        planche_fuse_set_activation(part_host(builder, value, i), layer);
    struct planche_value *out = planche_builder_value(builder, layer->outputs[0]);
    *out = *value;
    out->sole = builder->uses[builder->roots[layer->outputs[0]]] == 1;
    return true;
}

bool planche_fuse_activation(struct planche_builder *builder, struct planche_layer *layer)
{
    if (planche_builder_value(builder, layer->inputs[0])->count > 1)
        return activate_parts(builder, layer);
    struct planche_step *host = planche_builder_host(builder, layer->inputs[0]);
    if (!host || !can_activate(host, layer))
        return false;
    *planche_builder_value(builder, layer->outputs[0]) =
        *planche_builder_value(builder, layer->inputs[0]);
    planche_fuse_set_activation(host, layer);
    rename_output(builder, host, layer->outputs[0]);
    return true;
}

static bool can_scale(const struct planche_step *host)
{
    return host && !host->copies &&
           (planche_step_has_kernel(host) || host->op == PLANCHE_STEP_INNER) &&
           host->activation == PLANCHE_ACT_NONE && host->residual_count == 0;
}

bool planche_fuse_scale(struct planche_builder *builder, struct planche_layer *layer)
{
    struct planche_step *host = planche_builder_host(builder, layer->inputs[0]);
    size_t count;
    if (!can_scale(host))
        return false;
    count = (size_t)host->kernel_w * (size_t)host->kernel_h;
    if (host->op != PLANCHE_STEP_DEPTHWISE)
        count *= (size_t)planche_step_in_channels(builder->net, host);
    for (size_t i = 0; i < layer->data_count; i++) {
        for (size_t j = 0; j < count; j++)
            host->weights[i * count + j] *= layer->data[i];
        if (host->bias)
            host->bias[i] = (float)((double)host->bias[i] * layer->data[i] +
                                    (layer->bias ? layer->bias[i] : 0));
    }
    if (!host->bias) {
        host->bias = layer->bias;
        layer->bias = NULL;
    }
    *planche_builder_value(builder, layer->outputs[0]) =
        *planche_builder_value(builder, layer->inputs[0]);
    rename_output(builder, host, layer->outputs[0]);
    return true;
}

static bool can_add(const struct planche_step *host)
{
    return host && planche_step_has_kernel(host) && host->residual_count < PLANCHE_RESIDUALS;
}

bool planche_fuse_residual(struct planche_builder *builder, int a, float self, int b, float other,
                           int out)
{
    struct planche_step *host = planche_builder_host(builder, a);
    struct planche_step *second = planche_builder_host(builder, b);
    struct planche_value source;
    if (!can_add(host) || (can_add(second) && second > host)) {
        /* The operand that is computed later hosts: the other one is there already. */
        int blob = a;
        float factor = self;
        host = second;
        a = b;
        self = other;
        b = blob;
        other = factor;
    }
    if (!can_add(host))
        return false;
    source = *planche_builder_value(builder, a);
    host->residuals[host->residual_count++] = (struct planche_residual){
        .view = planche_builder_value(builder, b)->parts[0], .self = self, .other = other};
    *planche_builder_value(builder, out) = source;
    rename_output(builder, host, out);
    return true;
}
