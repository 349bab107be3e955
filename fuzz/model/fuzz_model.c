/* SPDX-License-Identifier: MIT */
/* The model loader: an input is a .param text, a zero byte and a .bin. */
#include "model/load.h"
#include "use_net.h"

#include <stdlib.h>
#include <string.h>

#define BUDGET (UINT64_C(256) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t param_size = zero ? (size_t)(zero - data) : size;
    const struct planche_model_source source = {
        .param_path = "fuzz.param",
        .bin_path = "fuzz.bin",
        .param = size ? data : (const uint8_t *)"",
        .param_size = param_size,
        .bin = zero ? zero + 1 : (const uint8_t *)"",
        .bin_size = zero ? size - param_size - 1 : 0,
    };
    struct planche_budget budget;
    struct planche_error error;
    struct planche_net *net;
    planche_budget_init(&budget, BUDGET);
    if (planche_model_load(&net, &source, NULL, &budget, &error) == PLANCHE_OK)
        use_net(net);
    planche_net_destroy(&net);
    if (budget.used != 0)
        abort();
    return 0;
}
