/* SPDX-License-Identifier: MIT */
/* RCAN: groups of blocks that each weight their channels by averages of the page. Source:
 * chaiNNer-org/spandrel, architectures/RCAN. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <math.h>
#include <stdio.h>

#define MAX_AVERAGES 24 /* docs/adding-an-architecture.md */

static bool detect(const struct planche_state *state)
{
    return (planche_arch_tensor(state, "head.0.weight") ||
            planche_arch_tensor(state, "head.1.weight")) &&
           planche_arch_tensor(state, "body.0.body.0.body.3.conv_du.0.weight");
}

static int add_block(struct planche_arch_builder *builder, int input, int group, int block)
{
    int x = planche_arch_conv(builder, input, "body.%d.body.%d.body.0", group, block), y;
    x = planche_arch_act(builder, x, PLANCHE_ACT_RELU);
    x = planche_arch_conv(builder, x, "body.%d.body.%d.body.2", group, block);
    y = planche_arch_add(builder, PLANCHE_LAYER_POOLING, x, -1);
    y = planche_arch_conv(builder, y, "body.%d.body.%d.body.3.conv_du.0", group, block);
    y = planche_arch_act(builder, y, PLANCHE_ACT_RELU);
    y = planche_arch_conv(builder, y, "body.%d.body.%d.body.3.conv_du.2", group, block);
    y = planche_arch_mul(builder, x, planche_arch_act(builder, y, PLANCHE_ACT_SIGMOID));
    return planche_arch_sum(builder, y, 1, input, 1);
}

static int block_count(const struct planche_state *state, int group)
{
    int count = 0;
    while (planche_arch_tensor(state, "body.%d.body.%d.body.0.weight", group, count))
        count++;
    return count;
}

/* All groups, and what comes behind them. */
static int add_body(struct planche_arch_builder *builder, int input)
{
    int x = input, group = 0, blocks;
    for (; (blocks = block_count(builder->state, group)) > 0; group++) {
        int y = x;
        for (int block = 0; block < blocks; block++)
            y = add_block(builder, y, group, block);
        y = planche_arch_conv(builder, y, "body.%d.body.%d", group, blocks);
        x = planche_arch_sum(builder, y, 1, x, 1);
    }
    return planche_arch_sum(builder, planche_arch_conv(builder, x, "body.%d", group), 1, input, 1);
}

/* A shuffle's factor by its convolution's channels. */
static int step_of(const struct planche_state *state, int at)
{
    int out = planche_arch_size(state, 0, "tail.0.%d.weight", at);
    int in = planche_arch_size(state, 1, "tail.0.%d.weight", at);
    return in > 0 && out == 9 * in ? 3 : in > 0 && out == 4 * in ? 2 : 0;
}

/* *factor: by which the head takes pixels apart. */
static bool measure(struct planche_arch_builder *builder, int head, int *factor)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    int in = planche_arch_size(state, 1, "head.%d.weight", head), scale = 1, groups = 0,
        averages = 0;
    facts->in = facts->out = planche_arch_size(state, 0, "tail.1.weight");
    for (*factor = 1; facts->in > 0 && *factor < 4 && in > facts->in * *factor * *factor;)
        *factor *= 2;
    for (int at = 0; scale > 0 && scale < 16 && planche_arch_tensor(state, "tail.0.%d.weight", at);
         at += 2)
        scale *= step_of(state, at);
    facts->scale = scale / *factor;
    for (int count; (count = block_count(state, groups)) > 0; groups++)
        averages += count;
    snprintf(facts->size, sizeof(facts->size), "%d channels, %d blocks%s",
             planche_arch_size(state, 0, "head.%d.weight", head), averages,
             *factor > 1 ? ", unshuffled" : "");
    if (averages > MAX_AVERAGES)
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is an RCAN network whose %d blocks each need averages of the whole "
                          "page, which those before it have to be through with: up to %d are "
                          "supported",
                          averages, MAX_AVERAGES);
    else if (in != facts->in * *factor * *factor || facts->scale < 1 || scale % *factor != 0)
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of 'tail' are those of no "
                          "scale");
    return !builder->status;
}

/* What a page's values are multiplied by, from what is added to them: it is in no tensor. */
static float find_range(struct planche_arch_builder *builder)
{
    const struct planche_state_tensor *mean = planche_arch_tensor(builder->state, "sub_mean.bias");
    float values[3] = {0};
    enum planche_status status;
    if (builder->facts.in != 3 || !mean || mean->count != 3) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL, "the tensor 'sub_mean.bias' does not fit");
        return 1;
    }
    status = planche_state_read(builder->state, mean, values, 3, builder->error);
    if (status) {
        builder->status = status;
        return 1;
    }
    return fabsf(values[0]) > 2 ? 255 : 1;
}

static void build(struct planche_arch_builder *builder)
{
    static const float none[3] = {0};
    const struct planche_state *state = builder->state;
    int head = planche_arch_tensor(state, "head.0.weight") ? 0 : 1, factor, x;
    bool shifted = planche_arch_tensor(state, "sub_mean.weight");
    float range = 1;
    if (!measure(builder, head, &factor))
        return;
    x = planche_arch_input(builder, builder->facts.in);
    if (shifted) {
        range = find_range(builder);
        x = planche_arch_shift(builder, x, range, none, 3);
        x = planche_arch_conv(builder, x, "sub_mean");
    }
    x = add_body(builder, planche_arch_unshuffled_conv(builder, x, factor, "head.%d", head));
    for (int at = 0; planche_arch_tensor(state, "tail.0.%d.weight", at); at += 2)
        x = planche_arch_shuffle(builder, planche_arch_conv(builder, x, "tail.0.%d", at),
                                 step_of(state, at));
    x = planche_arch_conv(builder, x, "tail.1");
    if (shifted)
        planche_arch_shift(builder, planche_arch_conv(builder, x, "add_mean"), 1 / range, none, 3);
}

const struct planche_arch planche_arch_rcan = {.name = "RCAN", .detect = detect, .build = build};
