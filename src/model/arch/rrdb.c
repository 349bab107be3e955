/* SPDX-License-Identifier: MIT */
/* RRDB (ESRGAN, Real-ESRGAN, BSRGAN, ESRGAN+): residual blocks of dense blocks, then enlargement by
 * two with a convolution behind each. One network, whose tensors have four sets of names. Sources:
 * xinntao/ESRGAN, RRDBNet_arch.py and its first version; cszn/BSRGAN, models/network_rrdbnet.py;
 * ncarraz/ESRGANplus, codes/models/modules/block.py. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <stdio.h>
#include <string.h>

enum form { NONE, OLD, NEW, BSRGAN };

/* What was found of a network. */
struct shape {
    enum form form;
    bool plus;             /* ESRGAN+: a 1x1 convolution in each dense block */
    int blocks, ups, last; /* ups: enlargements; last: number of the old form's last convolution */
    int in, out, unshuffle, factor; /* factor: of an enlargement */
    const char *up;
};

static enum form find_form(const struct planche_state *state)
{
    if (planche_arch_tensor(state, "model.0.weight") &&
        planche_arch_tensor(state, "model.1.sub.0.RDB1.conv1.0.weight"))
        return OLD;
    if (!planche_arch_tensor(state, "conv_first.weight"))
        return NONE;
    if (planche_arch_tensor(state, "body.0.rdb1.conv1.weight"))
        return NEW;
    return planche_arch_tensor(state, "RRDB_trunk.0.RDB1.conv1.weight") ? BSRGAN : NONE;
}

static bool detect(const struct planche_state *state)
{
    return find_form(state) != NONE;
}

static int up_count(const struct planche_state *state, const char *prefix)
{
    int count = 0;
    while (planche_arch_tensor(state, "%s%d.weight", prefix, count + 1))
        count++;
    return count;
}

/* In the old form all behind the blocks is numbered: three for each enlargement (repetition,
 * convolution, activation), then a convolution, an activation and the last convolution. */
static void measure_old(const struct planche_state *state, struct shape *shape)
{
    shape->blocks = planche_arch_run(state, "model.1.sub.", ".RDB1.conv1.0.weight");
    for (int i = 2; i < 32; i++)
        if (planche_arch_tensor(state, "model.%d.weight", i))
            shape->last = i;
    shape->ups = (shape->last - 4) / 3;
    shape->in = planche_arch_size(state, 1, "model.0.weight");
    shape->out = planche_arch_size(state, 0, "model.%d.weight", shape->last);
    shape->plus = planche_arch_tensor(state, "model.1.sub.0.RDB1.conv1x1.weight");
}

static void measure_others(const struct planche_state *state, struct shape *shape)
{
    bool new = shape->form == NEW;
    shape->blocks = new ? planche_arch_run(state, "body.", ".rdb1.conv1.weight")
                        : planche_arch_run(state, "RRDB_trunk.", ".RDB1.conv1.weight");
    shape->up = planche_arch_tensor(state, "conv_up1.weight") ? "conv_up" : "upconv";
    shape->ups = up_count(state, shape->up);
    shape->in = planche_arch_size(state, 1, "conv_first.weight");
    shape->out = planche_arch_size(state, 0, "conv_last.weight");
    shape->plus = planche_arch_tensor(state, new ? "body.0.rdb1.conv1x1.weight"
                                                 : "RRDB_trunk.0.RDB1.conv1x1.weight");
}

/* A network whose input has more channels than its result takes the page apart first. */
static void find_scale(struct planche_arch_builder *builder, struct shape *shape)
{
    int scale = 1;
    shape->unshuffle = shape->in == 4 * shape->out ? 2 : shape->in == 16 * shape->out ? 4 : 1;
    /* One enlargement of three has the same tensors as one of two. */
    shape->factor =
        shape->ups == 1 && shape->unshuffle == 1 && planche_arch_named_scale(builder, 3) ? 3 : 2;
    for (int i = 0; i < shape->ups; i++)
        scale *= shape->factor;
    builder->facts.in = shape->in / (shape->unshuffle * shape->unshuffle);
    builder->facts.out = shape->out;
    builder->facts.scale = scale / shape->unshuffle;
    if (shape->ups > 4 || (shape->form == OLD && shape->last != 4 + 3 * shape->ups))
        planche_arch_fail(
            builder, PLANCHE_ERROR_UNSUPPORTED,
            "is a network of the architecture ESRGAN with another tail than is known");
    else if (builder->facts.scale < 1)
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a network that makes pages smaller, which is not supported");
}

/* The key of the n-th dense block of a block, in key[64]. */
static void name_dense(const struct shape *shape, int block, int dense, char *key)
{
    if (shape->form == OLD)
        snprintf(key, 64, "model.1.sub.%d.RDB%d", block, dense);
    else if (shape->form == NEW)
        snprintf(key, 64, "body.%d.rdb%d", block, dense);
    else
        snprintf(key, 64, "RRDB_trunk.%d.RDB%d", block, dense);
}

static int add_dense(struct planche_arch_builder *builder, const struct shape *shape, int input,
                     const char *key)
{
    const char *end = shape->form == OLD ? ".0" : "";
    int parts[5] = {input}, x = input;
    for (int i = 1; i <= 5; i++) {
        x = i > 1 ? planche_arch_concat(builder, parts, i) : input;
        x = planche_arch_conv(builder, x, "%s.conv%d%s", key, i, end);
        if (i == 5)
            break;
        x = planche_arch_leaky(builder, x, 0.2f);
        if (shape->plus && i == 2)
            x = planche_arch_sum(builder, x, 1,
                                 planche_arch_conv(builder, input, "%s.conv1x1", key), 1);
        if (shape->plus && i == 4)
            x = planche_arch_sum(builder, x, 1, parts[2], 1);
        parts[i] = x;
    }
    return planche_arch_sum(builder, x, 0.2f, input, 1);
}

static int add_block(struct planche_arch_builder *builder, const struct shape *shape, int input,
                     int block)
{
    int x = input;
    for (int dense = 1; dense <= 3; dense++) {
        char key[64];
        name_dense(shape, block, dense, key);
        x = add_dense(builder, shape, x, key);
    }
    return planche_arch_sum(builder, x, 0.2f, input, 1);
}

static int add_trunk(struct planche_arch_builder *builder, const struct shape *shape, int x)
{
    if (shape->form == OLD)
        return planche_arch_conv(builder, x, "model.1.sub.%d", shape->blocks);
    return planche_arch_conv(builder, x, shape->form == NEW ? "conv_body" : "trunk_conv");
}

static int add_up(struct planche_arch_builder *builder, const struct shape *shape, int x, int i)
{
    x = planche_arch_nearest(builder, x, shape->factor);
    if (shape->form == OLD)
        x = planche_arch_conv(builder, x, "model.%d", 3 + 3 * i);
    else
        x = planche_arch_conv(builder, x, "%s%d", shape->up, i + 1);
    return planche_arch_leaky(builder, x, 0.2f);
}

static void add_tail(struct planche_arch_builder *builder, const struct shape *shape, int x)
{
    bool old = shape->form == OLD;
    if (old)
        x = planche_arch_conv(builder, x, "model.%d", shape->last - 2);
    else
        x = planche_arch_conv(builder, x, shape->form == NEW ? "conv_hr" : "HRconv");
    x = planche_arch_leaky(builder, x, 0.2f);
    if (old)
        planche_arch_conv(builder, x, "model.%d", shape->last);
    else
        planche_arch_conv(builder, x, "conv_last");
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    struct shape shape = {.form = find_form(state)};
    const char *first = shape.form == OLD ? "model.0" : "conv_first";
    int head, x;
    if (shape.form == OLD)
        measure_old(state, &shape);
    else
        measure_others(state, &shape);
    find_scale(builder, &shape);
    snprintf(builder->facts.size, sizeof(builder->facts.size), "%d channels, %d blocks%s",
             planche_arch_size(state, 0, "%s.weight", first), shape.blocks,
             shape.unshuffle > 1 ? ", unshuffled" : "");
    x = planche_arch_input(builder, builder->facts.in);
    head = x = planche_arch_unshuffled_conv(builder, x, shape.unshuffle, "%s", first);
    for (int i = 0; i < shape.blocks; i++)
        x = add_block(builder, &shape, x, i);
    x = planche_arch_sum(builder, add_trunk(builder, &shape, x), 1, head, 1);
    for (int i = 0; i < shape.ups; i++)
        x = add_up(builder, &shape, x, i);
    add_tail(builder, &shape, x);
}

const struct planche_arch planche_arch_rrdb = {
    .name = "ESRGAN (RRDB)", .detect = detect, .build = build};
