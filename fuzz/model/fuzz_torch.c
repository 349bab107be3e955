/* SPDX-License-Identifier: MIT */
/* The loader of what torch.save writes, in both forms: the archive and the unpickler. */
#include "fuzz_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_weights("fuzz.pth", data, size);
    return 0;
}
