/* SPDX-License-Identifier: MIT */
/* The loader of .safetensors files, with all architectures behind it. */
#include "fuzz_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_weights("fuzz.safetensors", data, size);
    return 0;
}
