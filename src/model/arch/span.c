/* SPDX-License-Identifier: MIT */
/* SPAN: six blocks whose result is weighted by itself. Source: hongyuanyu/SPAN,
 * basicsr/archs/span_arch.py. */
#include "model/arch/span.h"
#include "model/arch/builder.h"
#include "model/arch/conv3xc.h"
#include "model/arch/keys.h"

#include <stdio.h>

#define BLOCKS 6

static bool detect(const struct planche_state *state)
{
    return planche_arch_tensor(state, "block_1.c1_r.sk.weight") &&
           planche_arch_tensor(state, "conv_2.sk.weight") &&
           planche_arch_tensor(state, "conv_cat.weight") &&
           planche_arch_tensor(state, "upsampler.0.weight");
}

int planche_arch_span_block(struct planche_arch_builder *builder, int x, const char *key,
                            enum planche_activation activation, int *inner)
{
    int y = planche_arch_conv3xc(builder, x, 1, "%s.c1_r", key), gate;
    *inner = y = planche_arch_act(builder, y, activation);
    y = planche_arch_conv3xc(builder, y, 1, "%s.c2_r", key);
    y = planche_arch_act(builder, y, activation);
    y = planche_arch_conv3xc(builder, y, 1, "%s.c3_r", key);
    gate = planche_arch_plus(builder, planche_arch_act(builder, y, PLANCHE_ACT_SIGMOID), -0.5f);
    return planche_arch_mul(builder, planche_arch_sum(builder, y, 1, x, 1), gate);
}

/* Less the mean of the pages it was trained with, in steps of 8 bits; neither is in the file. */
static int add_range(struct planche_arch_builder *builder, int x)
{
    static const float shift[] = {-0.4488f * 255, -0.4371f * 255, -0.4040f * 255};
    if (planche_arch_tensor(builder->state, "no_norm"))
        return x;
    if (builder->facts.in != 3)
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a SPAN network whose mean colour is not known");
    return planche_arch_shift(builder, x, 255, shift, 3);
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    int head, x, parts[4], inner = -1;
    char key[32];
    facts->in = planche_arch_size(state, 1, "conv_1.sk.weight");
    if (!planche_arch_shuffled(planche_arch_size(state, 0, "upsampler.0.weight"), facts->in,
                               &facts->scale, &facts->out)) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of 'upsampler.0.weight' are those of no scale");
        return;
    }
    snprintf(facts->size, sizeof(facts->size), "%d channels",
             planche_arch_size(state, 0, "conv_1.sk.weight"));
    x = add_range(builder, planche_arch_input(builder, facts->in));
    head = x = planche_arch_conv3xc(builder, x, 1, "conv_1");
    parts[2] = -1;
    for (int block = 1; block <= BLOCKS; block++) {
        snprintf(key, sizeof(key), "block_%d", block);
        x = planche_arch_span_block(builder, x, key, PLANCHE_ACT_SILU, &inner);
        if (block == 1)
            parts[2] = x;
    }
    parts[0] = head;
    parts[1] = planche_arch_conv3xc(builder, x, 1, "conv_2");
    parts[3] = inner;
    x = planche_arch_conv(builder, planche_arch_concat(builder, parts, 4), "conv_cat");
    planche_arch_shuffle(builder, planche_arch_conv(builder, x, "upsampler.0"), facts->scale);
}

const struct planche_arch planche_arch_span = {.name = "SPAN", .detect = detect, .build = build};
