/* SPDX-License-Identifier: MIT */
/* SPANPlus: SPAN's blocks with Mish, in groups, without a mean. Source: the-database/
 * traiNNer-redux, traiNNer/archs/spanplus_arch.py. */
#include "model/arch/builder.h"
#include "model/arch/conv3xc.h"
#include "model/arch/keys.h"
#include "model/arch/span.h"

#include <stdio.h>

static bool detect(const struct planche_state *state)
{
    return planche_arch_tensor(state, "feats.0.sk.weight") &&
           planche_arch_tensor(state, "feats.1.block_1.c1_r.sk.weight");
}

static int add_block(struct planche_arch_builder *builder, int x, int group, const char *name,
                     int *inner)
{
    char key[64];
    snprintf(key, sizeof(key), "feats.%d.%s", group, name);
    return planche_arch_span_block(builder, x, key, PLANCHE_ACT_MISH, inner);
}

/* *blocks: how many more there are. */
static int add_group(struct planche_arch_builder *builder, int input, int group, int *blocks)
{
    char name[32];
    int inner = -1, parts[4], x;
    parts[0] = input;
    parts[2] = x = add_block(builder, input, group, "block_1", &inner);
    *blocks += 2;
    for (int i = 0;
         planche_arch_tensor(builder->state, "feats.%d.block_n.%d.c1_r.sk.weight", group, i);
         i++, ++*blocks) {
        snprintf(name, sizeof(name), "block_n.%d", i);
        x = add_block(builder, x, group, name, &inner);
    }
    x = add_block(builder, x, group, "block_end", &parts[3]);
    parts[1] = planche_arch_conv3xc(builder, x, 1, "feats.%d.conv_2", group);
    return planche_arch_conv(builder, planche_arch_concat(builder, parts, 4), "feats.%d.conv_cat",
                             group);
}

static bool measure(struct planche_arch_builder *builder, const char **last)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    *last = planche_arch_tensor(state, "upsampler.weight") ? "upsampler" : "upsampler.0";
    facts->in = planche_arch_size(state, 1, "feats.0.sk.weight");
    if (planche_arch_tensor(state, "upsampler.offset.weight") ||
        planche_arch_tensor(state, "upsampler.init_pos"))
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a SPANPlus network " PLANCHE_ARCH_DYSAMPLE);
    else if (!planche_arch_shuffled(planche_arch_size(state, 0, "%s.weight", *last), facts->in,
                                    &facts->scale, &facts->out))
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of '%s.weight' are those of no scale", *last);
    return !builder->status;
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    const char *last;
    int blocks = 0, x;
    if (!measure(builder, &last))
        return;
    x = planche_arch_input(builder, builder->facts.in);
    x = planche_arch_conv3xc(builder, x, 1, "feats.0");
    for (int group = 1; planche_arch_tensor(state, "feats.%d.block_1.c1_r.sk.weight", group);
         group++)
        x = add_group(builder, x, group, &blocks);
    snprintf(builder->facts.size, sizeof(builder->facts.size), "%d channels, %d blocks",
             planche_arch_size(state, 0, "feats.0.sk.weight"), blocks);
    planche_arch_shuffle(builder, planche_arch_conv(builder, x, "%s", last), builder->facts.scale);
}

const struct planche_arch planche_arch_spanplus = {
    .name = "SPANPlus", .detect = detect, .build = build};
