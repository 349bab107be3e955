/* SPDX-License-Identifier: MIT */
/* ArtCNN: residual blocks of three convolutions, those with ReLU. Source: the-database/
 * traiNNer-redux, traiNNer/archs/artcnn_arch.py. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <stdio.h>

static bool detect(const struct planche_state *state)
{
    return planche_arch_tensor(state, "res_block.0.conv.0.0.weight") &&
           planche_arch_tensor(state, "depth_to_space.upscale.0.weight");
}

static int add_block(struct planche_arch_builder *builder, int x, int block)
{
    int y = planche_arch_conv(builder, x, "res_block.%d.conv.0.0", block);
    y = planche_arch_act(builder, y, PLANCHE_ACT_RELU);
    y = planche_arch_conv(builder, y, "res_block.%d.conv.1.0", block);
    y = planche_arch_act(builder, y, PLANCHE_ACT_RELU);
    y = planche_arch_conv(builder, y, "res_block.%d.conv.2", block);
    return planche_arch_sum(builder, y, 1, x, 1);
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    int blocks = planche_arch_run(state, "res_block.", ".conv.2.weight"), head, x;
    facts->in = planche_arch_size(state, 1, "conv0.weight");
    if (!planche_arch_shuffled(planche_arch_size(state, 0, "depth_to_space.upscale.0.weight"),
                               facts->in, &facts->scale, &facts->out)) {
        planche_arch_fail(
            builder, PLANCHE_ERROR_MODEL,
            "the channels of 'depth_to_space.upscale.0.weight' are those of no scale");
        return;
    }
    snprintf(facts->size, sizeof(facts->size), "%d channels, %d blocks",
             planche_arch_size(state, 0, "conv0.weight"), blocks);
    head = x = planche_arch_conv(builder, planche_arch_input(builder, facts->in), "conv0");
    for (int block = 0; block < blocks; block++)
        x = add_block(builder, x, block);
    x = planche_arch_conv(builder, x, "res_block.%d", blocks);
    x = planche_arch_sum(builder, x, 1, head, 1);
    x = planche_arch_conv(builder, x, "depth_to_space.upscale.0");
    planche_arch_shuffle(builder, x, facts->scale);
}

const struct planche_arch planche_arch_artcnn = {
    .name = "ArtCNN", .detect = detect, .build = build};
