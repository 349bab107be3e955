/* SPDX-License-Identifier: MIT */
/* Compact (SRVGGNetCompact of Real-ESRGAN): convolutions with PReLU, a pixel shuffle, and the page
 * added to the result. Source: xinntao/Real-ESRGAN, realesrgan/archs/srvgg_arch.py. */
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <stdio.h>

static bool detect(const struct planche_state *state)
{
    return planche_arch_size(state, 3, "body.0.weight") == 3 &&
           (planche_arch_size(state, 0, "body.1.weight") > 0 ||
            planche_arch_size(state, 3, "body.2.weight") == 3);
}

/* The highest number of a convolution. */
static int find_last(const struct planche_state *state)
{
    int last = 0;
    while (planche_arch_tensor(state, "body.%d.weight", last + 2))
        last += 2;
    return last;
}

static void build(struct planche_arch_builder *builder)
{
    const struct planche_state *state = builder->state;
    struct planche_arch_facts *facts = &builder->facts;
    int last = find_last(state), page, x;
    facts->in = planche_arch_size(state, 1, "body.0.weight");
    if (!planche_arch_tensor(state, "body.1.weight")) {
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a network of the architecture Compact with another activation than "
                          "PReLU, which its tensors do not tell: only PReLU is supported");
        return;
    }
    if (!planche_arch_shuffled(planche_arch_size(state, 0, "body.%d.weight", last), facts->in,
                               &facts->scale, &facts->out)) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the channels of 'body.%d.weight' are those of no scale", last);
        return;
    }
    snprintf(facts->size, sizeof(facts->size), "%d channels, %d layers",
             planche_arch_size(state, 0, "body.0.weight"), last / 2);
    page = x = planche_arch_input(builder, facts->in);
    for (int i = 0; i < last; i += 2) {
        x = planche_arch_conv(builder, x, "body.%d", i);
        x = planche_arch_prelu(builder, x, "body.%d.weight", i + 1);
    }
    x = planche_arch_conv(builder, x, "body.%d", last);
    x = planche_arch_shuffle(builder, x, facts->scale);
    page = planche_arch_nearest(builder, page, facts->scale);
    planche_arch_sum(builder, x, 1, page, 1);
}

const struct planche_arch planche_arch_compact = {
    .name = "Compact (SRVGG)", .detect = detect, .build = build};
