/* SPDX-License-Identifier: MIT */
/* The loader of ONNX models: an input is a file. */
#include "model/load.h"
#include "use_net.h"

#include <stdlib.h>

#define BUDGET (UINT64_C(256) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct planche_model_source source = {
        .param_path = "fuzz.onnx",
        .param = size ? data : (const uint8_t *)"",
        .param_size = size,
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
