/* SPDX-License-Identifier: MIT */
/* One file of weights through the loader. */
#ifndef PLANCHE_FUZZ_MODEL_FUZZ_WEIGHTS_H
#define PLANCHE_FUZZ_MODEL_FUZZ_WEIGHTS_H

#include "model/load.h"

#include <stdlib.h>

#define BUDGET (UINT64_C(256) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What engines rely on: a net that loads has sizes for pages as its recipe pads them. */
static inline void fuzz_weights(const char *name, const uint8_t *data, size_t size)
{
    const struct planche_model_source source = {
        .param_path = name, .param = size ? data : (const uint8_t *)"", .param_size = size};
    struct planche_budget budget;
    struct planche_error error;
    struct planche_net *net;
    planche_budget_init(&budget, BUDGET);
    if (planche_model_load(&net, &source, NULL, &budget, &error) == PLANCHE_OK) {
        struct planche_shape *shapes = calloc((size_t)net->tensor_count, sizeof(*shapes));
        int64_t side = net->recipe.multiple + 2 * (int64_t)net->recipe.pad;
        if (shapes && !planche_net_shapes(net, side, side, shapes))
            abort();
        free(shapes);
    }
    planche_net_destroy(&net);
    if (budget.used != 0)
        abort();
}

#endif
