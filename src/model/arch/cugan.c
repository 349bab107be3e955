/* SPDX-License-Identifier: MIT */
/* Real-CUGAN, and the networks of waifu2x that it comes from (cunet, upcunet): two U-nets without
 * padding, of which the second mends what the first has made. The fast network and the one of scale
 * 4 end with a pixel shuffle and the page. Source: bilibili/ailab, Real-CUGAN/upcunet_v3.py;
 * nagadomi/nunif, waifu2x/models/cunet.py. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <stdio.h>
#include <string.h>

static bool detect(const struct planche_state *state)
{
    return planche_arch_size(state, 3, "unet1.conv1.conv.0.weight") == 3 &&
           planche_arch_size(state, 3, "unet2.conv_bottom.weight") == 3;
}

/* nunif's form clips what the first network makes. One of scale 2 is told from Real-CUGAN's by
 * nothing but what the file says of itself. */
static bool detect_cunet(const struct planche_state *state)
{
    return detect(state) &&
           (planche_arch_size(state, 3, "unet1.conv_bottom.weight") == 3 ||
            (state->network && strncmp(state->network, "waifu2x.", strlen("waifu2x.")) == 0));
}

/* Averages of the page, two dense layers, and what they say of each channel. */
static int add_averages(struct planche_arch_builder *builder, int x, const char *key)
{
    int y;
    if (!planche_arch_tensor(builder->state, "%s.seblock.conv1.weight", key))
        return x;
    y = planche_arch_add(builder, PLANCHE_LAYER_POOLING, x, -1);
    y = planche_arch_conv(builder, y, "%s.seblock.conv1", key);
    y = planche_arch_act(builder, y, PLANCHE_ACT_RELU);
    y = planche_arch_conv(builder, y, "%s.seblock.conv2", key);
    y = planche_arch_act(builder, y, PLANCHE_ACT_SIGMOID);
    return planche_arch_mul(builder, x, y);
}

/* A convolution that takes away what it would have padded. */
static int add_bare(struct planche_arch_builder *builder, int x, const char *key, int stride)
{
    struct planche_layer *layer;
    x = planche_arch_conv(builder, x, "%s", key);
    planche_arch_bare(builder);
    layer = planche_arch_last_layer(builder);
    layer->stride_w = layer->stride_h = stride;
    return x;
}

static int add_pair(struct planche_arch_builder *builder, int x, const char *key, int factor)
{
    char name[64];
    x = planche_arch_unshuffled_conv(builder, x, factor, "%s.conv.0", key);
    planche_arch_bare(builder);
    x = planche_arch_leaky(builder, x, 0.1f);
    snprintf(name, sizeof(name), "%s.conv.2", key);
    x = planche_arch_leaky(builder, add_bare(builder, x, name, 1), 0.1f);
    return add_averages(builder, x, key);
}

static int add_down(struct planche_arch_builder *builder, int x, const char *key)
{
    return planche_arch_leaky(builder, add_bare(builder, x, key, 2), 0.1f);
}

static int add_up(struct planche_arch_builder *builder, int x, const char *key)
{
    return planche_arch_leaky(builder, planche_arch_deconv(builder, x, 2, 0, "%s", key), 0.1f);
}

/* Scale of the first network, by the kernel of its end. */
static int first_scale(const struct planche_state *state)
{
    int kernel = planche_arch_size(state, 3, "unet1.conv_bottom.weight");
    return kernel == 5 ? 3 : kernel == 4 ? 2 : 1;
}

static int add_first(struct planche_arch_builder *builder, int x, int factor)
{
    int scale = first_scale(builder->state), y;
    x = add_pair(builder, x, "unet1.conv1", factor);
    y = add_down(builder, x, "unet1.conv1_down");
    y = add_up(builder, add_pair(builder, y, "unet1.conv2", 1), "unet1.conv2_up");
    x = planche_arch_sum(builder, planche_arch_crop(builder, x, 4), 1, y, 1);
    x = planche_arch_leaky(builder, add_bare(builder, x, "unet1.conv3", 1), 0.1f);
    if (scale == 1)
        return add_bare(builder, x, "unet1.conv_bottom", 1);
    return planche_arch_deconv(builder, x, scale, scale == 3 ? 2 : 3, "unet1.conv_bottom");
}

static int add_second(struct planche_arch_builder *builder, int x)
{
    int y, z;
    x = add_pair(builder, x, "unet2.conv1", 1);
    y = add_pair(builder, add_down(builder, x, "unet2.conv1_down"), "unet2.conv2", 1);
    z = add_pair(builder, add_down(builder, y, "unet2.conv2_down"), "unet2.conv3", 1);
    z = add_up(builder, z, "unet2.conv3_up");
    y = planche_arch_sum(builder, planche_arch_crop(builder, y, 4), 1, z, 1);
    y = add_up(builder, add_pair(builder, y, "unet2.conv4", 1), "unet2.conv4_up");
    x = planche_arch_sum(builder, planche_arch_crop(builder, x, 16), 1, y, 1);
    x = planche_arch_leaky(builder, add_bare(builder, x, "unet2.conv5", 1), 0.1f);
    return add_bare(builder, x, "unet2.conv_bottom", 1);
}

/* The pro networks compute with pixels of 0.15 to 0.85. */
static void set_range(struct planche_arch_builder *builder)
{
    bool pro = planche_arch_tensor(builder->state, "pro");
    builder->graph->in_scale = pro ? 0.7f : 1;
    builder->graph->in_bias = pro ? 0.15f : 0;
    builder->graph->out_scale = pro ? (float)(1 / 0.7) : 1;
    builder->graph->out_bias = pro ? (float)(-0.15 / 0.7) : 0;
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    bool final = planche_arch_tensor(state, "conv_final.weight");
    int in = planche_arch_size(state, 1, "unet1.conv1.conv.0.weight");
    int factor = in == 12 ? 2 : 1, scale = first_scale(state) * (final ? 2 : 1) / factor, page, x,
        y;
    builder->facts.in = builder->facts.out = in / (factor * factor);
    builder->facts.scale = scale;
    snprintf(builder->facts.size, sizeof(builder->facts.size), "%s%s",
             planche_arch_tensor(state, "pro") ? "pro" : "",
             planche_arch_tensor(state, "unet1.conv2.seblock.conv1.weight") ? "" : "no averages");
    set_range(builder);
    page = planche_arch_input(builder, builder->facts.in);
    x = add_first(builder, page, factor);
    if (detect_cunet(state) && !state->unclipped) {
        x = planche_arch_act(builder, x, PLANCHE_ACT_CLIP);
        planche_arch_last_layer(builder)->act[1] = 1;
    }
    y = add_second(builder, x);
    x = planche_arch_sum(builder, y, 1, planche_arch_crop(builder, x, 20), 1);
    if (!final)
        return;
    x = planche_arch_shuffle(builder, add_bare(builder, x, "conv_final", 1), 2);
    /* One pixel before the shuffle. The page is larger than the result by what all take away. */
    x = planche_arch_crop(builder, x, 2);
    page = planche_arch_crop(builder, planche_arch_nearest(builder, page, scale), 76);
    planche_arch_sum(builder, x, 1, page, 1);
}

const struct planche_arch planche_arch_cugan = {
    .name = "Real-CUGAN", .detect = detect, .build = build};
const struct planche_arch planche_arch_cunet = {
    .name = "waifu2x cunet", .detect = detect_cunet, .build = build};
