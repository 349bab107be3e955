/* SPDX-License-Identifier: MIT */
/* waifu2x's plain networks of seven convolutions without padding: upconv_7 (2x) and vgg_7 (1x).
 * Source: nagadomi/nunif, waifu2x/models/upconv_7.py and vgg_7.py. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <stdio.h>

#define LAST 12 /* number of the last convolution; activations have numbers, too */

static bool detect(const struct planche_state *state)
{
    return planche_arch_size(state, 3, "net.0.weight") == 3 &&
           planche_arch_tensor(state, "net.10.weight") &&
           planche_arch_tensor(state, "net.%d.weight", LAST) &&
           !planche_arch_tensor(state, "net.1.weight") &&
           !planche_arch_tensor(state, "net.%d.weight", LAST + 2);
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    bool enlarges = planche_arch_size(state, 3, "net.%d.weight", LAST) == 4;
    int x;
    facts->in = planche_arch_size(state, 1, "net.0.weight");
    facts->out = planche_arch_size(state, enlarges ? 1 : 0, "net.%d.weight", LAST);
    facts->scale = enlarges ? 2 : 1;
    snprintf(facts->size, sizeof(facts->size), "%s", enlarges ? "upconv_7" : "vgg_7");
    x = planche_arch_input(builder, facts->in);
    for (int i = 0; i < LAST; i += 2) {
        x = planche_arch_conv(builder, x, "net.%d", i);
        planche_arch_bare(builder);
        x = planche_arch_leaky(builder, x, 0.1f);
    }
    if (enlarges) {
        planche_arch_deconv(builder, x, 2, 3, "net.%d", LAST);
        return;
    }
    planche_arch_conv(builder, x, "net.%d", LAST);
    planche_arch_bare(builder);
}

const struct planche_arch planche_arch_waifu2x = {
    .name = "waifu2x", .detect = detect, .build = build};
