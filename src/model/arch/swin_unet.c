/* SPDX-License-Identifier: MIT */
/* waifu2x's swin_unet: a U-net of blocks with attention within windows, every other block with
 * windows that begin half of one later. Source: nagadomi/nunif, waifu2x/models/swin_unet.py;
 * pytorch/vision, torchvision/models/swin_transformer.py. That rolls the picture for the later
 * windows and keeps what does not belong together apart with a mask: the same as windows that end
 * at the edges. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EDGE   6 /* rows and columns that are cut off behind the first convolutions */
#define RADIUS 3 /* of the kernel that smooths */
#define SMOOTH (2 * RADIUS + 1)

static bool detect(const struct planche_state *state)
{
    return planche_arch_tensor(state, "unet.patch.0.weight") &&
           planche_arch_tensor(state, "unet.swin1.block.0.attn.qkv.weight") &&
           planche_arch_tensor(state, "unet.swin5.block.0.attn.qkv.weight");
}

static int add_norm(struct planche_arch_builder *builder, int x, const char *key, int number)
{
    char name[64];
    snprintf(name, sizeof(name), "%s.norm%d", key, number);
    if (!planche_arch_tensor(builder->state, "%s.weight", name))
        return x;
    return planche_arch_norm(builder, x, PLANCHE_NORM_LAYER, 1e-5f, "%s", name);
}

static int add_block(struct planche_arch_builder *builder, int input, const char *key, int shift)
{
    int x = add_norm(builder, input, key, 1);
    x = planche_arch_conv(builder, x, "%s.attn.qkv", key);
    x = planche_arch_attention(builder, x, shift, "%s.attn.relative_position_bias_table", key);
    x = planche_arch_conv(builder, x, "%s.attn.proj", key);
    input = planche_arch_sum(builder, input, 1, x, 1);
    x = planche_arch_conv(builder, add_norm(builder, input, key, 2), "%s.mlp.0", key);
    x = planche_arch_conv(builder, planche_arch_act(builder, x, PLANCHE_ACT_GELU), "%s.mlp.3", key);
    return planche_arch_sum(builder, input, 1, x, 1);
}

static int add_blocks(struct planche_arch_builder *builder, int x, int part)
{
    char key[48];
    for (int i = 0;; i++) {
        snprintf(key, sizeof(key), "unet.swin%d.block.%d", part, i);
        if (!planche_arch_tensor(builder->state, "%s.attn.qkv.weight", key))
            return x;
        x = add_block(builder, x, key, i % 2);
    }
}

static int add_down(struct planche_arch_builder *builder, int x, int number)
{
    struct planche_layer *layer;
    x = planche_arch_conv(builder, x, "unet.down%d.conv", number);
    planche_arch_bare(builder);
    layer = planche_arch_last_layer(builder);
    layer->stride_w = layer->stride_h = 2;
    return x;
}

static int add_up(struct planche_arch_builder *builder, int x, int number)
{
    return planche_arch_shuffle(builder, planche_arch_conv(builder, x, "unet.up%d.proj", number),
                                2);
}

/* Keys' kernel with a = -0.5, as PyTorch has it where it smooths. */
static double cubic(double x)
{
    x = fabs(x);
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/* What a pixel is made of by an enlargement by two and a reduction by two, both smooth: each of the
 * eight pixels that the reduction reads is one of four that the page has. */
static void find_taps(double taps[SMOOTH])
{
    memset(taps, 0, SMOOTH * sizeof(*taps));
    for (int i = -3; i <= 4; i++) {
        double place = (i + 0.5) / 2 - 0.5;
        for (int j = -RADIUS; j <= RADIUS; j++)
            taps[j + RADIUS] += cubic((i - 0.5) / 2) / 2 * cubic(j - place);
    }
}

static enum planche_status fill_smooth(const struct planche_arch_builder *builder,
                                       const struct planche_arch_source *source,
                                       struct planche_layer *layer)
{
    double taps[SMOOTH];
    (void)builder;
    (void)source;
    find_taps(taps);
    for (size_t i = 0; i < layer->weight_count; i++)
        layer->weights[i] = (float)(taps[i / SMOOTH % SMOOTH] * taps[i % SMOOTH]);
    return PLANCHE_OK;
}

/* nunif's pre_antialias: the page is enlarged and reduced before anything else. */
static int add_smooth(struct planche_arch_builder *builder, int x, int channels)
{
    struct planche_layer *layer;
    if (!builder->state->antialiased)
        return x;
    x = planche_arch_add(builder, PLANCHE_LAYER_CONVOLUTION, x, -1);
    layer = planche_arch_last_layer(builder);
    layer->channels = layer->groups = channels;
    layer->kernel_w = layer->kernel_h = SMOOTH;
    layer->stride_w = layer->stride_h = layer->dilation_w = layer->dilation_h = 1;
    layer->weight_count = (size_t)channels * SMOOTH * SMOOTH;
    planche_arch_last_source(builder)->fill = fill_smooth;
    return x;
}

static int add_patch(struct planche_arch_builder *builder, int x)
{
    for (int i = 0; i <= 2; i += 2) {
        x = planche_arch_conv(builder, x, "unet.patch.%d", i);
        planche_arch_bare(builder);
        x = planche_arch_leaky(builder, x, 0.1f);
    }
    return planche_arch_crop(builder, x, EDGE);
}

/* What is added to a part's result, through a dense layer in the networks of scale 4. */
static int add_skip(struct planche_arch_builder *builder, int x, int skip, int number)
{
    if (planche_arch_tensor(builder->state, "unet.proj%d.weight", number))
        skip = planche_arch_conv(builder, skip, "unet.proj%d", number);
    return planche_arch_sum(builder, x, 1, skip, 1);
}

static int add_unet(struct planche_arch_builder *builder, int x)
{
    int first, second;
    first = add_blocks(builder, add_patch(builder, x), 1);
    second = add_blocks(builder, add_down(builder, first, 1), 2);
    x = add_blocks(builder, add_down(builder, second, 2), 3);
    x = add_blocks(builder, add_skip(builder, add_up(builder, x, 2), second, 1), 4);
    return add_blocks(builder, add_skip(builder, add_up(builder, x, 1), first, 2), 5);
}

/* The network of scale 8 has two dense layers at its end. */
static bool measure(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    bool two = planche_arch_tensor(state, "unet.to_image.proj.2.weight");
    int all = planche_arch_size(state, 0,
                                two ? "unet.to_image.proj.2.weight" : "unet.to_image.proj.weight");
    int width = planche_arch_size(state, 0, "unet.patch.2.weight");
    facts->in = planche_arch_size(state, 1, "unet.patch.0.weight");
    snprintf(facts->size, sizeof(facts->size), "%d channels%s", width,
             planche_arch_tensor(state, "unet.swin1.block.0.norm1.weight") ? ", layer norm" : "");
    if (!planche_arch_shuffled(all, facts->in, &facts->scale, &facts->out))
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of 'unet.to_image.proj' are those of no scale");
    else if (state->network && strcmp(state->network, "waifu2x.swin_unet_downscaled") == 0)
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a swin_unet of scale 4 that makes its result smaller afterwards, "
                          "which is not built: take the file of scale 4, and the size that is "
                          "wanted");
    return !builder->status;
}

static void build(struct planche_arch_builder *builder)
{
    int x;
    if (!measure(builder))
        return;
    x = planche_arch_input(builder, builder->facts.in);
    x = add_unet(builder, add_smooth(builder, x, builder->facts.in));
    if (planche_arch_tensor(builder->state, "unet.to_image.proj.2.weight")) {
        x = planche_arch_leaky(builder, planche_arch_conv(builder, x, "unet.to_image.proj.0"),
                               0.2f);
        x = planche_arch_conv(builder, x, "unet.to_image.proj.2");
    } else {
        x = planche_arch_conv(builder, x, "unet.to_image.proj");
    }
    planche_arch_shuffle(builder, x, builder->facts.scale);
}

const struct planche_arch planche_arch_swin_unet = {
    .name = "waifu2x swin_unet", .detect = detect, .build = build};
