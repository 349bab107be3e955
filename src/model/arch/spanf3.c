/* SPDX-License-Identifier: MIT */
/* SPANF3: blocks that a 1x1 convolution weights. Source: the-database/traiNNer-redux,
 * traiNNer/archs/spanf3_arch.py. */
#include "model/arch/builder.h"
#include "model/arch/conv3xc.h"
#include "model/arch/keys.h"

#include <stdio.h>

static bool detect(const struct planche_state *state)
{
    return planche_arch_tensor(state, "block_1.att_conv.weight") &&
           planche_arch_tensor(state, "to_pixel.sk.weight");
}

static int add_block(struct planche_arch_builder *builder, int x, int block, int *inner)
{
    int y = planche_arch_conv3xc(builder, x, 1, "block_%d.c1_r", block), gate;
    *inner = y = planche_arch_act(builder, y, PLANCHE_ACT_RELU);
    y = planche_arch_conv3xc(builder, y, 1, "block_%d.c2_r", block);
    y = planche_arch_act(builder, y, PLANCHE_ACT_RELU);
    y = planche_arch_conv3xc(builder, y, 1, "block_%d.c3_r", block);
    gate = planche_arch_conv(builder, y, "block_%d.att_conv", block);
    gate = planche_arch_act(builder, gate, PLANCHE_ACT_TANH);
    return planche_arch_mul(builder, planche_arch_sum(builder, y, 1, x, 1), gate);
}

/* A network that takes pixels apart has another name for its head, and always a shuffle of 4. */
static const char *measure(struct planche_arch_builder *builder, int *factor, int *shuffle)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    bool apart = planche_arch_tensor(state, "conv_1.1.sk.weight");
    const char *head = apart ? "conv_1.1" : "conv_1";
    int in = planche_arch_size(state, 1, "%s.sk.weight", head);
    int all = planche_arch_size(state, 0, "to_pixel.sk.weight");
    *factor = !apart ? 1 : in % 16 == 0 ? 4 : 2;
    facts->in = in / (*factor * *factor);
    if (!planche_arch_shuffled(all, facts->in, shuffle, &facts->out) || (apart && *shuffle != 4))
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of 'to_pixel.sk.weight' are those of no scale");
    else
        facts->scale = *shuffle / *factor;
    return head;
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    int factor, shuffle = 1, blocks = 0, head, x, parts[4], inner = -1;
    const char *key = measure(builder, &factor, &shuffle);
    while (planche_arch_tensor(state, "block_%d.att_conv.weight", blocks + 1))
        blocks++;
    snprintf(builder->facts.size, sizeof(builder->facts.size), "%d channels, %d blocks%s",
             planche_arch_size(state, 0, "%s.sk.weight", key), blocks,
             factor > 1 ? ", unshuffled" : "");
    x = planche_arch_input(builder, builder->facts.in);
    head = x = planche_arch_conv3xc(builder, x, factor, "%s", key);
    parts[2] = -1;
    for (int block = 1; block <= blocks; block++) {
        x = add_block(builder, x, block, &inner);
        if (block == 1)
            parts[2] = x;
    }
    parts[0] = head;
    parts[1] = x;
    parts[3] = inner;
    x = planche_arch_conv(builder, planche_arch_concat(builder, parts, 4), "conv_cat");
    x = planche_arch_conv3xc(builder, x, 1, "to_pixel");
    planche_arch_shuffle(builder, x, shuffle);
}

const struct planche_arch planche_arch_spanf3 = {
    .name = "SPANF3", .detect = detect, .build = build};
