/* SPDX-License-Identifier: MIT */
/* The loader of Planche's own networks: an input is a byte that says what is to be made of the
 * network, and a file. */
#include "model/load.h"

#include <stdlib.h>

#define BUDGET (UINT64_C(64) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t kind = size ? data[0] : 0;
    const struct planche_model_source source = {
        .param_path = "fuzz.planche",
        .param = size ? data + 1 : (const uint8_t *)"",
        .param_size = size ? size - 1 : 0,
        .form = {.level = (kind >> 5) - 1.5, .grey = kind & 1, .clean = kind & 2},
    };
    struct planche_budget budget;
    struct planche_error error;
    struct planche_net *net;
    planche_budget_init(&budget, BUDGET);
    if (planche_model_load(&net, &source, NULL, &budget, &error) == PLANCHE_OK &&
        (net->tensors[0].channels != net->tensors[net->output.tensor].channels ||
         (source.form.grey && net->tensors[0].channels != 1) ||
         (source.form.clean && net->recipe.scale != 1)))
        abort();
    planche_net_destroy(&net);
    if (budget.used != 0)
        abort();
    return 0;
}
