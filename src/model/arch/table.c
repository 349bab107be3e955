/* SPDX-License-Identifier: MIT */
/* Table of architectures, in the order in which a state dict is held against them. */
#include "model/arch/table.h"

static const char page_attention[] =
    "its attention looks at the whole page at once, so that it needs memory beyond measure or a "
    "page that is cut into tiles, which then show";
static const char page_averages[] =
    "each of its blocks needs averages of the whole page, and attention between pixels, which is "
    "not built";
static const char attention[] = "its attention between pixels is not built";

/* Known, but not built: those with particular names first. */
static const struct known {
    const char *keys[2]; /* that all have */
    struct planche_arch arch;
} unbuilt[] = {
    {{"residual_layer.0.residual_layer.0.layer.0.fn.0.weight", "input.weight"},
     {.name = "OmniSR", .reason = page_attention}},
    {{"before_RG.1.weight", "layers.0.blocks.0.gamma"}, {.name = "RGT", .reason = page_attention}},
    {{"before_RG.1.weight", "conv_first.weight"}, {.name = "DAT", .reason = page_attention}},
    {{"layers.0.residual_group.td"}, {.name = "ATD", .reason = page_attention}},
    {{"layers.0.residual_group.layers.0.sigma"}, {.name = "ATD", .reason = page_attention}},
    {{"relative_position_index_SA"}, {.name = "HAT", .reason = page_averages}},
    {{"layers.0.residual_group.blocks.0.conv_block.cab.0.weight"},
     {.name = "HAT", .reason = page_averages}},
    {{"norm_start.weight", "norm_end.weight"}, {.name = "GRL", .reason = attention}},
    {{"layers.0.swin1.norm1.weight"}, {.name = "DRCT", .reason = attention}},
    {{"layers.0.adjust1.weight"}, {.name = "DRCT", .reason = attention}},
    {{"groups.0.blocks.0.attn.bias"}, {.name = "FDAT", .reason = page_attention}},
    {{"layers.0.residual_group.blocks.0.attn.aligned_relative_position_index"},
     {.name = "SRFormer", .reason = attention}},
    {{"layers.0.residual_group.blocks.0.norm1.weight", "patch_embed.proj.weight"},
     {.name = "Swin2SR", .reason = attention}},
    {{"layers.0.residual_group.blocks.0.norm1.weight",
      "layers.0.residual_group.blocks.0.mlp.fc1.bias"},
     {.name = "SwinIR", .reason = attention}},
    {{"m_head.0.weight", "m_tail.0.weight"}, {.name = "SCUNet", .reason = attention}},
    {{"upsampler.MetaUpsample"}, {.name = "FDAT or its kin", .reason = page_attention}},
};

/* Those with particular names first. */
static const struct planche_arch *const built[] = {
    &planche_arch_compact,   &planche_arch_rrdb,   &planche_arch_cunet,  &planche_arch_waifu2x,
    &planche_arch_cugan,     &planche_arch_spanf3, &planche_arch_span,   &planche_arch_artcnn,
    &planche_arch_realplksr, &planche_arch_plksr,  &planche_arch_mosrv2, &planche_arch_spanplus,
    &planche_arch_rtmosr,    &planche_arch_rcan,   &planche_arch_mosr,   &planche_arch_swin_unet,
};

const struct planche_arch *planche_arch_find(const struct planche_state *state)
{
    for (size_t i = 0; i < sizeof(built) / sizeof(built[0]); i++)
        if (built[i]->detect(state))
            return built[i];
    for (size_t i = 0; i < sizeof(unbuilt) / sizeof(unbuilt[0]); i++)
        if (planche_state_find(state, unbuilt[i].keys[0]) &&
            (!unbuilt[i].keys[1] || planche_state_find(state, unbuilt[i].keys[1])))
            return &unbuilt[i].arch;
    return NULL;
}
