/* SPDX-License-Identifier: MIT */
/* Choosing the loader of a file. */
#include "model/loader.h"

#include <assert.h>

const struct planche_model_loader *
planche_model_loader_choose(const struct planche_model_loader *const *loaders, size_t count,
                            const char *name, const uint8_t *head, size_t size)
{
    assert(count > 0);
    for (size_t i = 0; i + 1 < count; i++)
        if (loaders[i]->recognise(name, head, size))
            return loaders[i];
    return loaders[count - 1];
}
