/* SPDX-License-Identifier: MIT */
/* Hardware probe: looks for device files, without Vulkan. Asking Vulkan loads every driver that is
 * installed, some 60 MB, and a machine without a GPU often has several. */
#include "backend/vulkan/probe.h"

#include "os/file.h"
#include "os/file_info.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#ifdef __linux__
/* What kernel drivers make that have nothing in /dev/dri: NVIDIA's, also Jetson's; WSL's; Arm's and
 * Qualcomm's own. */
static const char *const files[] = {"nvidiactl", "nvhost-gpu", "nvgpu", "dxg", "mali0", "kgsl-3d0"};

static bool has_render_node(const char *folder)
{
    char path[PATH_MAX];
    struct planche_listing listing;
    const char *name;
    bool found = false;
    snprintf(path, sizeof path, "%s/dri", folder);
    if (!planche_listing_open(&listing, path))
        return false;
    while (!found && (name = planche_listing_next(&listing)))
        found = strncmp(name, "renderD", 7) == 0;
    planche_listing_close(&listing);
    return found;
}

bool planche_gpu_is_likely(const char *folder)
{
    if (!folder)
        folder = "/dev";
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        if (planche_file_find(path, NULL) == PLANCHE_FILE_PRESENT)
            return true;
    }
    return has_render_node(folder);
}
#else
bool planche_gpu_is_likely(const char *folder)
{
    (void)folder;
    return true;
}
#endif
