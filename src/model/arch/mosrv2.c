/* SPDX-License-Identifier: MIT */
/* MoSRv2: gated convolutions, of which a part of the channels goes through separate kernels of 3x3,
 * 1x11 and 11x1. Source: the-database/traiNNer-redux, traiNNer/archs/mosrv2_arch.py. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <stdio.h>

static bool detect(const struct planche_state *state)
{
    return (planche_arch_tensor(state, "gblocks.1.conv.dwconv_hw.weight") ||
            planche_arch_tensor(state, "gblocks.2.conv.dwconv_hw.weight")) &&
           planche_arch_tensor(state, "to_img.0.weight");
}

/* Each channel by a kernel of its own. */
static int add_separate(struct planche_arch_builder *builder, int x, int begin, int count,
                        int block, const char *name)
{
    x = planche_arch_slice(builder, x, begin, count);
    x = planche_arch_conv(builder, x, "gblocks.%d.conv.%s", block, name);
    planche_arch_last_layer(builder)->groups = count;
    return x;
}

static int add_block(struct planche_arch_builder *builder, int input, int block)
{
    const struct planche_state *state = builder->state;
    int hidden = planche_arch_size(state, 1, "gblocks.%d.fc2.weight", block);
    int channels = planche_arch_size(state, 0, "gblocks.%d.fc2.weight", block);
    int part = planche_arch_size(state, 0, "gblocks.%d.conv.dwconv_hw.weight", block);
    int first = 2 * hidden - channels, parts[5], count = 0, x, gate;
    if (planche_arch_tensor(state, "gblocks.%d.norm.weight", block))
        x = planche_arch_norm(builder, input, PLANCHE_NORM_LAYER, 1e-6f, "gblocks.%d.norm", block);
    else
        x = planche_arch_norm(builder, input, PLANCHE_NORM_RMS, 1e-12f, "gblocks.%d.norm", block);
    x = planche_arch_conv(builder, x, "gblocks.%d.fc1", block);
    if (hidden < channels || part < 1 || 3 * part >= channels) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL, "the channels of block %d do not fit",
                          block);
        return -1;
    }
    gate = planche_arch_act(builder, planche_arch_slice(builder, x, 0, hidden), PLANCHE_ACT_MISH);
    /* What is gated as it is: what lies before the kernels' part, and its beginning. */
    parts[count++] = planche_arch_slice(builder, x, hidden, hidden - 3 * part);
    first += channels - 3 * part;
    parts[count++] = add_separate(builder, x, first, part, block, "dwconv_hw");
    parts[count++] = add_separate(builder, x, first + part, part, block, "dwconv_w");
    parts[count++] = add_separate(builder, x, first + 2 * part, part, block, "dwconv_h");
    x = planche_arch_mul(builder, gate, planche_arch_concat(builder, parts, count));
    x = planche_arch_conv(builder, x, "gblocks.%d.fc2", block);
    x = planche_arch_act(builder, x, PLANCHE_ACT_MISH);
    x = planche_arch_scale(builder, x, "gblocks.%d.gamma", block);
    return planche_arch_sum(builder, x, 1, input, 1);
}

static int add_tail(struct planche_arch_builder *builder, int x, int at)
{
    x = planche_arch_act(builder, planche_arch_conv(builder, x, "gblocks.%d", at),
                         PLANCHE_ACT_MISH);
    x = planche_arch_act(builder, planche_arch_conv(builder, x, "gblocks.%d", at + 2),
                         PLANCHE_ACT_MISH);
    return planche_arch_conv(builder, x, "gblocks.%d", at + 4);
}

/* Pixels are taken apart by the number that their channels tell; the shuffle is of 4 then. */
static bool measure(struct planche_arch_builder *builder, int head, int *factor, int *shuffle)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    int in = planche_arch_size(state, 1, "gblocks.%d.weight", head);
    *factor = head == 0 ? 1 : in % 16 == 0 ? 4 : 2;
    facts->in = in / (*factor * *factor);
    if (planche_arch_tensor(state, "to_img.2.weight") ||
        planche_arch_tensor(state, "to_img.1.weight"))
        planche_arch_fail(
            builder, PLANCHE_ERROR_UNSUPPORTED,
            "is a MoSRv2 network that enlarges in another way than by a pixel shuffle, "
            "which is not built");
    else if (!planche_arch_shuffled(planche_arch_size(state, 0, "to_img.0.weight"), facts->in,
                                    shuffle, &facts->out) ||
             *shuffle % *factor != 0)
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of 'to_img.0.weight' are those of no scale");
    facts->scale = *shuffle / *factor;
    return !builder->status;
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    int head = planche_arch_tensor(state, "gblocks.0.weight") ? 0 : 1;
    int factor = 1, shuffle = 1, at = head + 1, page, x;
    if (!measure(builder, head, &factor, &shuffle))
        return;
    page = planche_arch_input(builder, builder->facts.in);
    x = planche_arch_unshuffled_conv(builder, page, factor, "gblocks.%d", head);
    for (; planche_arch_tensor(state, "gblocks.%d.fc1.weight", at); at++)
        x = add_block(builder, x, at);
    snprintf(builder->facts.size, sizeof(builder->facts.size), "%d channels, %d blocks%s",
             planche_arch_size(state, 0, "gblocks.%d.weight", head), at - head - 1,
             factor > 1 ? ", unshuffled" : "");
    x = planche_arch_conv(builder, add_tail(builder, x, at), "to_img.0");
    x = planche_arch_shuffle(builder, x, shuffle);
    page = planche_arch_nearest(builder, page, builder->facts.scale);
    if (builder->facts.scale > 1)
        planche_arch_last_layer(builder)->interp = PLANCHE_INTERP_BILINEAR;
    planche_arch_sum(builder, x, 1, page, 1);
}

const struct planche_arch planche_arch_mosrv2 = {
    .name = "MoSRv2", .detect = detect, .build = build};
