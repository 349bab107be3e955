/* SPDX-License-Identifier: MIT */
/* MoSR: gated convolutions, of which a part of the channels goes through a separate kernel each.
 * Source: chaiNNer-org/spandrel, architectures/MoSR. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include "base/status.h"

#include <stdio.h>

#define TURNED 8 /* ensemble: results that are averaged before the shuffle */

static bool detect(const struct planche_state *state)
{
    return planche_arch_tensor(state, "gblocks.1.norm.weight") &&
           planche_arch_tensor(state, "gblocks.1.conv.weight") &&
           planche_arch_tensor(state, "shortcut.conv11.weight");
}

static int add_block(struct planche_arch_builder *builder, int input, int block)
{
    const struct planche_state *state = builder->state;
    int hidden = planche_arch_size(state, 1, "gblocks.%d.fc2.weight", block);
    int part = planche_arch_size(state, 0, "gblocks.%d.conv.weight", block), gate, x, parts[2];
    x = planche_arch_norm(builder, input, PLANCHE_NORM_LAYER, 1e-6f, "gblocks.%d.norm", block);
    x = planche_arch_conv(builder, x, "gblocks.%d.fc1", block);
    if (part < 1 || part > hidden) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL, "the channels of block %d do not fit",
                          block);
        return -1;
    }
    gate = planche_arch_act(builder, planche_arch_slice(builder, x, 0, hidden), PLANCHE_ACT_MISH);
    parts[1] = planche_arch_slice(builder, x, 2 * hidden - part, part);
    parts[1] = planche_arch_conv(builder, parts[1], "gblocks.%d.conv", block);
    planche_arch_last_layer(builder)->groups = part;
    if (part < hidden) {
        parts[0] = planche_arch_slice(builder, x, hidden, hidden - part);
        parts[1] = planche_arch_concat(builder, parts, 2);
    }
    x = planche_arch_conv(builder, planche_arch_mul(builder, gate, parts[1]), "gblocks.%d.fc2",
                          block);
    x = planche_arch_act(builder, x, PLANCHE_ACT_MISH);
    return planche_arch_plus(builder, planche_arch_sum(builder, x, 1, input, 1), -0.5f);
}

static int add_tail(struct planche_arch_builder *builder, int x, int at)
{
    for (int i = 0; i < 2; i++)
        x = planche_arch_act(builder, planche_arch_conv(builder, x, "gblocks.%d", at + 2 * i),
                             PLANCHE_ACT_MISH);
    return planche_arch_conv(builder, x, "gblocks.%d", at + 4);
}

static int add_shortcut(struct planche_arch_builder *builder, int page)
{
    int x = page;
    for (int i = 0; i <= 2; i += 2)
        x = planche_arch_act(builder, planche_arch_conv(builder, x, "shortcut.block.%d", i),
                             PLANCHE_ACT_MISH);
    x = planche_arch_sum(builder, x, 1, planche_arch_conv(builder, page, "shortcut.conv11"), 1);
    return planche_arch_plus(builder, x, -0.5f);
}

/* The average of TURNED convolutions as one. */
static enum planche_status average(const struct planche_arch_builder *builder,
                                   const struct planche_arch_source *source,
                                   struct planche_layer *layer)
{
    const struct planche_state_tensor *parts[2] = {
        source->weights, planche_arch_tensor(builder->state, "upsampler.in_to_k.bias")};
    float *to[2] = {layer->weights, layer->bias};
    enum planche_status status = PLANCHE_OK;
    for (int p = 0; !status && p < 2; p++) {
        size_t count = (size_t)parts[p]->count / TURNED;
        float *from = planche_calloc(builder->graph->budget, count * TURNED, sizeof(*from));
        if (!from)
            return planche_graph_no_memory(builder->graph, builder->error);
        status = planche_state_read(builder->state, parts[p], from, count * TURNED, builder->error);
        for (size_t i = 0; !status && i < count; i++) {
            double sum = 0;
            for (size_t t = 0; t < TURNED; t++)
                sum += from[t * count + i];
            to[p][i] = (float)(sum / TURNED);
        }
        planche_free(from);
    }
    return status;
}

static int add_averaged(struct planche_arch_builder *builder, int x)
{
    struct planche_arch_source *source;
    struct planche_layer *layer;
    x = planche_arch_conv(builder, x, "upsampler.in_to_k");
    layer = planche_arch_last_layer(builder);
    source = planche_arch_last_source(builder);
    if (x < 0)
        return -1;
    if (layer->channels % TURNED != 0 || !source->bias)
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the tensors of 'upsampler.in_to_k' do not fit");
    layer->channels /= TURNED;
    layer->weight_count /= TURNED;
    /* What is not averaged must not be read to where the average goes. */
    source->bias = NULL;
    source->fill = average;
    return builder->status ? -1 : x;
}

/* Whether the result comes from a convolution that is averaged. */
static bool measure(struct planche_arch_builder *builder, bool *averaged)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    int all = planche_arch_size(state, 0, "upsampler.in_to_k.weight") / TURNED;
    *averaged = all > 0;
    if (!*averaged)
        all = planche_arch_size(state, 0, "upsampler.0.weight");
    facts->in = planche_arch_size(state, 1, "gblocks.0.weight");
    if (planche_arch_tensor(state, "upsampler.init_pos") ||
        planche_arch_tensor(state, "upsampler.offset.weight"))
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a MoSR network " PLANCHE_ARCH_DYSAMPLE);
    else if (!planche_arch_shuffled(all, facts->in, &facts->scale, &facts->out))
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of 'upsampler' are those of no scale");
    return !builder->status;
}

static void build(struct planche_arch_builder *builder)
{
    int at = 1, page, x;
    bool averaged;
    if (!measure(builder, &averaged))
        return;
    page = planche_arch_input(builder, builder->facts.in);
    x = planche_arch_conv(builder, page, "gblocks.0");
    for (; planche_arch_tensor(builder->state, "gblocks.%d.fc1.weight", at); at++)
        x = add_block(builder, x, at);
    snprintf(builder->facts.size, sizeof(builder->facts.size), "%d channels, %d blocks",
             planche_arch_size(builder->state, 0, "gblocks.0.weight"), at - 1);
    x = add_tail(builder, x, at);
    x = planche_arch_sum(builder, x, 1, add_shortcut(builder, page), 1);
    x = averaged ? add_averaged(builder, x) : planche_arch_conv(builder, x, "upsampler.0");
    planche_arch_shuffle(builder, x, builder->facts.scale);
}

const struct planche_arch planche_arch_mosr = {.name = "MoSR", .detect = detect, .build = build};
