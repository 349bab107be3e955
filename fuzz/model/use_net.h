/* SPDX-License-Identifier: MIT */
/* What engines rely on: a net that loads has sizes for pages as its recipe pads them. */
#ifndef PLANCHE_FUZZ_USE_NET_H
#define PLANCHE_FUZZ_USE_NET_H

#include "net/net.h"

#include <stdlib.h>

static inline void use_net(const struct planche_net *net)
{
    const struct planche_recipe *recipe = &net->recipe;
    struct planche_shape *shapes = calloc((size_t)net->tensor_count, sizeof(*shapes));
    struct planche_shape out;
    int64_t size = recipe->multiple + 2 * (int64_t)recipe->pad;
    if (!shapes)
        return;
    if (!planche_net_shapes(net, size, size, shapes))
        abort();
    out = planche_view_shape(&net->output, shapes);
    if (out.height < recipe->crop + recipe->scale || out.width < recipe->crop + recipe->scale)
        abort();
    for (int i = 0; i < net->step_count; i++)
        if (planche_step_macs(net, &net->steps[i], shapes) < 0)
            abort();
    free(shapes);
}

#endif
