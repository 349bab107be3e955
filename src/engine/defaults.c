/* SPDX-License-Identifier: MIT */
/* What an engine takes when its owner does not say. */
#include "os/system.h"

#include <planche/engine.h>
#include <stddef.h>

void planche_engine_defaults(uint64_t *memory, unsigned *threads)
{
    if (memory != NULL)
        *memory = planche_system_memory() / 4;
    if (threads != NULL)
        *threads = planche_system_cpus();
}
