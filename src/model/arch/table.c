/* SPDX-License-Identifier: MIT */
/* Table of architectures, in the order in which a state dict is held against them. */
#include "model/arch/table.h"

static bool has(const struct planche_state *state, const char *name)
{
    return planche_state_find(state, name) != NULL;
}

static bool is_omnisr(const struct planche_state *state)
{
    return has(state, "residual_layer.0.residual_layer.0.layer.0.fn.0.weight") &&
           has(state, "input.weight");
}

static bool is_dat(const struct planche_state *state)
{
    return has(state, "conv_first.weight") && has(state, "before_RG.1.weight");
}

static bool is_hat(const struct planche_state *state)
{
    return has(state, "relative_position_index_SA");
}

static bool is_swinir(const struct planche_state *state)
{
    return has(state, "layers.0.residual_group.blocks.0.norm1.weight") &&
           has(state, "layers.0.residual_group.blocks.0.mlp.fc1.bias");
}

static bool is_drct(const struct planche_state *state)
{
    return has(state, "layers.0.swin1.norm1.weight") || has(state, "layers.0.adjust1.weight");
}

static bool is_fdat(const struct planche_state *state)
{
    return has(state, "groups.0.blocks.0.attn.bias") || has(state, "upsampler.MetaUpsample");
}

static bool is_atd(const struct planche_state *state)
{
    return has(state, "layers.0.residual_group.td") ||
           has(state, "layers.0.residual_group.layers.0.sigma");
}

static bool is_rcan(const struct planche_state *state)
{
    return has(state, "head.0.weight") && has(state, "body.0.body.0.body.3.conv_du.0.weight");
}

static const char averages[] =
    "its blocks need averages of the whole page, each of those before, in hundreds of passes";
static const char whole_page[] =
    "it looks at the whole page at once, so that it needs memory beyond measure or a page that is "
    "cut into tiles, which then show";
static const char attention[] = "its attention between pixels is not built";

/* Known, but not built. */
static const struct planche_arch unbuilt[] = {
    {"OmniSR", is_omnisr, NULL, whole_page}, {"DAT", is_dat, NULL, whole_page},
    {"HAT", is_hat, NULL, whole_page},       {"ATD", is_atd, NULL, whole_page},
    {"DRCT", is_drct, NULL, attention},      {"FDAT", is_fdat, NULL, whole_page},
    {"SwinIR", is_swinir, NULL, attention},  {"RCAN", is_rcan, NULL, averages},
};

/* Those with particular names first. */
static const struct planche_arch *const built[] = {
    &planche_arch_compact,   &planche_arch_rrdb,   &planche_arch_cunet,  &planche_arch_waifu2x,
    &planche_arch_cugan,     &planche_arch_spanf3, &planche_arch_span,   &planche_arch_artcnn,
    &planche_arch_realplksr, &planche_arch_plksr,  &planche_arch_mosrv2, &planche_arch_spanplus,
    &planche_arch_rtmosr,    &planche_arch_mosr,
};

const struct planche_arch *planche_arch_find(const struct planche_state *state)
{
    for (size_t i = 0; i < sizeof(built) / sizeof(built[0]); i++)
        if (built[i]->detect(state))
            return built[i];
    for (size_t i = 0; i < sizeof(unbuilt) / sizeof(unbuilt[0]); i++)
        if (unbuilt[i].detect(state))
            return &unbuilt[i];
    return NULL;
}
