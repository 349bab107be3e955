/* SPDX-License-Identifier: MIT */
/* Any bytes as a page of an upstream: its size is known, or it is not. */
#include "proxy/size.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t width, height;
    char *copy = malloc(size > 0 ? size : 1); /* so that a byte beyond it is noticed */
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    if (planche_proxy_read_size(copy, size, &width, &height) != (width > 0 && height > 0))
        abort();
    free(copy);
    return 0;
}
