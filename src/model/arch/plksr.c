/* SPDX-License-Identifier: MIT */
/* PLKSR: large kernels on a part of the channels; RealPLKSR: the form of it that normalises each
 * pixel. The one with group norm takes averages of the whole page in every block. Source:
 * the-database/traiNNer-redux, traiNNer/archs/plksr_arch.py and realplksr_arch.py. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <stdio.h>

static bool detect(const struct planche_state *state)
{
    return planche_arch_tensor(state, "feats.0.weight") &&
           planche_arch_tensor(state, "feats.1.lk.conv.weight") &&
           planche_arch_tensor(state, "feats.1.channel_mixer.0.weight");
}

/* A large kernel on the first channels; the others stay. */
static int add_partial(struct planche_arch_builder *builder, int x, int block, int all)
{
    int part = planche_arch_size(builder->state, 1, "feats.%d.lk.conv.weight", block), parts[2];
    if (part >= all)
        return planche_arch_conv(builder, x, "feats.%d.lk.conv", block);
    parts[0] = planche_arch_slice(builder, x, 0, part);
    parts[0] = planche_arch_conv(builder, parts[0], "feats.%d.lk.conv", block);
    parts[1] = planche_arch_slice(builder, x, part, all - part);
    return planche_arch_concat(builder, parts, 2);
}

static int add_rest(struct planche_arch_builder *builder, int x, int input, int block)
{
    if (planche_arch_tensor(builder->state, "feats.%d.attn.f.0.weight", block)) {
        int gate = planche_arch_conv(builder, x, "feats.%d.attn.f.0", block);
        x = planche_arch_mul(builder, x, planche_arch_act(builder, gate, PLANCHE_ACT_SIGMOID));
    }
    x = planche_arch_conv(builder, x, "feats.%d.refine", block);
    return planche_arch_sum(builder, x, 1, input, 1);
}

static int add_block(struct planche_arch_builder *builder, int input, int block, int channels)
{
    int x =
        planche_arch_norm(builder, input, PLANCHE_NORM_LAYER, 1e-6f, "feats.%d.layer_norm", block);
    x = planche_arch_conv(builder, x, "feats.%d.channel_mixer.0", block);
    x = planche_arch_act(builder, x, PLANCHE_ACT_MISH);
    x = planche_arch_conv(builder, x, "feats.%d.channel_mixer.2", block);
    x = add_partial(builder, x, block, channels);
    return add_rest(builder, x, input, block);
}

static bool detect_plksr(const struct planche_state *state)
{
    return planche_arch_tensor(state, "feats.0.weight") &&
           planche_arch_tensor(state, "feats.1.channe_mixer.0.weight"); /* its own spelling */
}

/* Three kernels, high, broad and small, on the first channels. */
static int add_crossed(struct planche_arch_builder *builder, int x, int block, int all)
{
    int part = planche_arch_size(builder->state, 0, "feats.%d.lk.nn_conv.weight", block), parts[2];
    int from = planche_arch_slice(builder, x, 0, part), y;
    y = planche_arch_conv(builder, from, "feats.%d.lk.mn_conv", block);
    y = planche_arch_sum(builder, y, 1,
                         planche_arch_conv(builder, from, "feats.%d.lk.nm_conv", block), 1);
    parts[0] = planche_arch_sum(builder, y, 1,
                                planche_arch_conv(builder, from, "feats.%d.lk.nn_conv", block), 1);
    if (part >= all)
        return parts[0];
    parts[1] = planche_arch_slice(builder, x, part, all - part);
    return planche_arch_concat(builder, parts, 2);
}

static int add_plksr_block(struct planche_arch_builder *builder, int input, int block, int channels)
{
    int x = planche_arch_conv(builder, input, "feats.%d.channe_mixer.0", block);
    x = planche_arch_act(builder, x, PLANCHE_ACT_GELU);
    x = planche_arch_conv(builder, x, "feats.%d.channe_mixer.2", block);
    x = planche_arch_tensor(builder->state, "feats.%d.lk.nn_conv.weight", block)
            ? add_crossed(builder, x, block, channels)
            : add_partial(builder, x, block, channels);
    return add_rest(builder, x, input, block);
}

static bool check(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    if (planche_arch_tensor(state, "to_img.init_pos"))
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a RealPLKSR network " PLANCHE_ARCH_DYSAMPLE);
    else if (!planche_arch_tensor(state, "feats.1.layer_norm.weight"))
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a RealPLKSR network with group norm, which is not supported: each of "
                          "its blocks needs averages of the whole page");
    return !builder->status;
}

/* The convolution behind the last block: dropout may stand between. */
static int find_last(const struct planche_state *state, int blocks)
{
    return planche_arch_tensor(state, "feats.%d.weight", blocks + 1) ? blocks + 1 : blocks + 2;
}

static void build_of(struct planche_arch_builder *builder, const char *mixer,
                     int (*block_of)(struct planche_arch_builder *, int, int, int))
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    int channels = planche_arch_size(state, 0, "feats.0.weight"), blocks = 0, last, page, x;
    while (planche_arch_tensor(state, "feats.%d.%s.0.weight", blocks + 1, mixer))
        blocks++;
    last = find_last(state, blocks);
    facts->in = planche_arch_size(state, 1, "feats.0.weight");
    if (!planche_arch_shuffled(planche_arch_size(state, 0, "feats.%d.weight", last), facts->in,
                               &facts->scale, &facts->out)) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of 'feats.%d.weight' are those of no scale", last);
        return;
    }
    snprintf(facts->size, sizeof(facts->size), "%d channels, %d blocks", channels, blocks);
    page = planche_arch_input(builder, facts->in);
    x = planche_arch_conv(builder, page, "feats.0");
    for (int block = 1; block <= blocks; block++)
        x = block_of(builder, x, block, channels);
    x = planche_arch_shuffle(builder, planche_arch_conv(builder, x, "feats.%d", last),
                             facts->scale);
    planche_arch_sum(builder, x, 1, planche_arch_nearest(builder, page, facts->scale), 1);
}

static void build(struct planche_arch_builder *builder)
{
    if (check(builder))
        build_of(builder, "channel_mixer", add_block);
}

static void build_plksr(struct planche_arch_builder *builder)
{
    if (planche_arch_tensor(builder->state, "feats.1.lk.convs.0.weight"))
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a PLKSR network with sparse kernels, whose spacing its weights do "
                          "not tell");
    else
        build_of(builder, "channe_mixer", add_plksr_block);
}

const struct planche_arch planche_arch_realplksr = {
    .name = "RealPLKSR", .detect = detect, .build = build};
const struct planche_arch planche_arch_plksr = {
    .name = "PLKSR", .detect = detect_plksr, .build = build_plksr};
