/* SPDX-License-Identifier: MIT */
/* RTMoSR: gated convolutions, of which a part of the channels goes through half the size. Source:
 * the-database/traiNNer-redux, traiNNer/archs/rtmosr_arch.py. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"
#include "model/arch/repconv.h"

#include <stdio.h>

static bool detect(const struct planche_state *state)
{
    return planche_arch_tensor(state, "body.0.norm.scale") &&
           planche_arch_repconv_size(state, 0, "body.0.conv.0.poll.1") &&
           planche_arch_repconv_size(state, 0, "to_img.0");
}

/* The largest of each 2x2 pixels: of the four parts that taking them apart makes. */
static int add_largest(struct planche_arch_builder *builder, int x, int channels)
{
    int apart = planche_arch_add(builder, PLANCHE_LAYER_UNSHUFFLE, x, -1), y = -1;
    planche_arch_last_layer(builder)->shuffle = 2;
    planche_arch_last_layer(builder)->position_major = true;
    for (int i = 0; i < 4; i++) {
        int part = planche_arch_slice(builder, apart, i * channels, channels);
        y = i ? planche_arch_mul(builder, y, part) : part;
        if (i)
            planche_arch_last_layer(builder)->binary = PLANCHE_BINARY_MAX;
    }
    return y;
}

/* What the averages of the page say of each channel. */
static int add_averages(struct planche_arch_builder *builder, int x, int block)
{
    int y;
    if (!planche_arch_tensor(builder->state, "body.%d.conv.2.squeezing.0.weight", block))
        return x;
    y = planche_arch_add(builder, PLANCHE_LAYER_POOLING, x, -1);
    y = planche_arch_conv(builder, y, "body.%d.conv.2.squeezing.0", block);
    y = planche_arch_act(builder, y, PLANCHE_ACT_RELU);
    y = planche_arch_conv(builder, y, "body.%d.conv.2.squeezing.2", block);
    y = planche_arch_act(builder, y, PLANCHE_ACT_HARDSIGMOID);
    planche_arch_last_layer(builder)->act[0] = 1.0f / 6;
    planche_arch_last_layer(builder)->act[1] = 0.5f;
    return planche_arch_mul(builder, x, y);
}

static int add_halved(struct planche_arch_builder *builder, int input, int block, int channels)
{
    int x = add_largest(builder, input, channels), y;
    x = planche_arch_repconv(builder, x, 1, "body.%d.conv.0.poll.1", block);
    y = planche_arch_add(builder, PLANCHE_LAYER_UNSHUFFLE, input, -1);
    planche_arch_last_layer(builder)->shuffle = 2;
    x = planche_arch_sum(builder, y, 1, x, 1);
    x = planche_arch_omnishift(builder, x, "body.%d.conv.1", block);
    return planche_arch_shuffle(builder, add_averages(builder, x, block), 2);
}

static int add_block(struct planche_arch_builder *builder, int input, int block)
{
    const struct planche_state *state = builder->state;
    char key[64];
    int hidden, part, x, gate, parts[2];
    snprintf(key, sizeof(key), "body.%d.fc1", block);
    hidden = planche_arch_repconv_size(state, 0, key) / 2;
    snprintf(key, sizeof(key), "body.%d.conv.0.poll.1", block);
    part = planche_arch_repconv_size(state, 1, key);
    if (part < 1 || part > hidden) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL, "the channels of block %d do not fit",
                          block);
        return -1;
    }
    x = planche_arch_norm(builder, input, PLANCHE_NORM_RMS, 1e-12f, "body.%d.norm", block);
    x = planche_arch_repconv(builder, x, 1, "body.%d.fc1", block);
    gate = planche_arch_act(builder, planche_arch_slice(builder, x, 0, hidden), PLANCHE_ACT_MISH);
    parts[1] =
        add_halved(builder, planche_arch_slice(builder, x, 2 * hidden - part, part), block, part);
    if (part < hidden) {
        parts[0] = planche_arch_slice(builder, x, hidden, hidden - part);
        parts[1] = planche_arch_concat(builder, parts, 2);
    }
    x = planche_arch_mul(builder, gate, parts[1]);
    x = planche_arch_tensor(state, "body.%d.fc2.weight", block)
            ? planche_arch_conv(builder, x, "body.%d.fc2", block)
            : planche_arch_repconv(builder, x, 1, "body.%d.fc2", block);
    return planche_arch_sum(builder, planche_arch_act(builder, x, PLANCHE_ACT_MISH), 1, input, 1);
}

/* A network that takes pixels apart has another name for its head, and always a shuffle of 4. */
static const char *measure(struct planche_arch_builder *builder, int *factor, int *shuffle)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    bool apart = planche_arch_repconv_size(state, 0, "to_feat.1") > 0;
    const char *head = apart ? "to_feat.1" : "to_feat";
    int in = planche_arch_repconv_size(state, 1, head);
    *factor = !apart ? 1 : in % 16 == 0 ? 4 : 2;
    facts->in = in / (*factor * *factor);
    if (!planche_arch_shuffled(planche_arch_repconv_size(state, 0, "to_img.0"), facts->in, shuffle,
                               &facts->out) ||
        (apart && *shuffle != 4))
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of 'to_img.0' are those of no scale");
    else
        facts->scale = *shuffle / *factor;
    return head;
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    int factor, shuffle = 1, blocks = 0, page, x;
    const char *head = measure(builder, &factor, &shuffle);
    page = planche_arch_input(builder, builder->facts.in);
    x = planche_arch_repconv(builder, page, factor, "%s", head);
    for (; planche_arch_tensor(state, "body.%d.norm.scale", blocks); blocks++)
        x = add_block(builder, x, blocks);
    snprintf(builder->facts.size, sizeof(builder->facts.size), "%d channels, %d blocks%s",
             planche_arch_repconv_size(state, 0, head), blocks, factor > 1 ? ", unshuffled" : "");
    x = planche_arch_repconv(builder, x, 1, "to_img.0");
    x = planche_arch_shuffle(builder, x, shuffle);
    page = planche_arch_nearest(builder, page, builder->facts.scale);
    planche_arch_sum(builder, x, 1, page, 1);
}

const struct planche_arch planche_arch_rtmosr = {
    .name = "RTMoSR", .detect = detect, .build = build};
