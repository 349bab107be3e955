/* SPDX-License-Identifier: MIT */
/* CPU features, for callers. */
#include "os/cpu.h"

#include <planche/engine.h>

uint32_t planche_cpu_features(void)
{
    return planche_cpu_detect();
}
