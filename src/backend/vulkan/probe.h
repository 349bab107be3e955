/* SPDX-License-Identifier: MIT */
/* Hardware probe: whether this machine can have a GPU, asked before any driver is loaded. */
#ifndef PLANCHE_BACKEND_VULKAN_PROBE_H
#define PLANCHE_BACKEND_VULKAN_PROBE_H

#include <stdbool.h>

/* Whether a folder of device files (NULL: "/dev") has one of a GPU: without any there is no need to
 * ask Vulkan, which loads all its drivers for that. */
bool planche_gpu_is_likely(const char *folder);

#endif
