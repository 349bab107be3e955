/* SPDX-License-Identifier: MIT */
/* planche doctor: GPUs, and why there are none. */
#include "doctor/checks.h"

#include "cli/number.h"
#include "os/dl.h"
#include "os/file.h"

#include <planche/planche.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the system says of GPUs, without Vulkan. */
struct devices {
    unsigned nodes, closed; /* that there are, and those of them that this user may not open */
    char node[300];         /* one of the closed ones, else one of all */
};

static void look_at(struct devices *devices, const char *folder, const char *prefix)
{
    struct planche_listing listing;
    const char *name;
    if (!planche_listing_open(&listing, folder))
        return;
    while ((name = planche_listing_next(&listing)) != NULL) {
        char path[sizeof devices->node];
        size_t length = strlen(prefix);
        if (strncmp(name, prefix, length) != 0 || name[length] < '0' || name[length] > '9')
            continue;
        snprintf(path, sizeof path, "%.32s/%.255s", folder, name);
        bool closed = access(path, R_OK | W_OK) != 0;
        if (devices->nodes == 0 || (closed && devices->closed == 0))
            snprintf(devices->node, sizeof devices->node, "%s", path);
        devices->nodes++;
        devices->closed += closed;
    }
    planche_listing_close(&listing);
}

static bool has_loader(void)
{
    const char *reason;
#ifdef __APPLE__
    return planche_dl_open("libvulkan.1.dylib", &reason) != NULL;
#else
    return planche_dl_open("libvulkan.so.1", &reason) != NULL;
#endif
}

/* A reason why there is no GPU: the text has a subject in its middle. */
struct cause {
    bool holds;
    enum planche_doctor_level level;
    const char *before, *subject, *after, *remedy;
};

/* Why Vulkan shows no GPU that is one. Pages are made by the CPU then: nothing fails. */
static void explain(struct planche_doctor_findings *findings, const char *said)
{
    struct devices devices = {0};
    struct planche_error error = {0};
    char undriven[PLANCHE_ERROR_MESSAGE_SIZE + 64];
    const char *drivers = getenv("VK_DRIVER_FILES");
    drivers = drivers != NULL && *drivers ? drivers : getenv("VK_ICD_FILENAMES");
    look_at(&devices, "/dev/dri", "renderD");
    look_at(&devices, "/dev", "nvidia");
    bool built = planche_build_check("vulkan", &error) == PLANCHE_OK;
    snprintf(undriven, sizeof undriven, "), but no Vulkan driver for it: %s",
             *said ? said : "Vulkan shows no device");
    const struct cause causes[] = {
        {!built, PLANCHE_DOCTOR_NOTE, "", error.message, "",
         "for GPUs, install a build with Vulkan"},
        {devices.nodes == 0, PLANCHE_DOCTOR_OK,
         "none: the system shows no GPU, and the CPU makes the pages; a container must be given "
         "its "
         "GPU (--device /dev/dri, --gpus all)",
         "", "", ""},
        {devices.closed > 0, PLANCHE_DOCTOR_NOTE, "none: this user may not open ", devices.node, "",
         "add this user to the group of that file (ls -l shows it, often render or video: sudo "
         "usermod -aG render USER), and log in again"},
        {!has_loader(), PLANCHE_DOCTOR_NOTE, "none: there is a GPU (", devices.node,
         "), but no Vulkan loader",
         "install libvulkan1, and the driver: mesa-vulkan-drivers for AMD and Intel, NVIDIA's own "
         "for NVIDIA"},
        {drivers != NULL && *drivers, PLANCHE_DOCTOR_NOTE,
         "none: the environment names Vulkan drivers (", drivers, ") that show no GPU",
         "unset VK_DRIVER_FILES and VK_ICD_FILENAMES, if that is not wanted"},
        {true, PLANCHE_DOCTOR_NOTE, "none: there is a GPU (", devices.node, undriven,
         "install the driver's Vulkan part: mesa-vulkan-drivers for AMD and Intel, "
         "nvidia-driver-libs or the vendor's driver for NVIDIA"},
    };
    const struct cause *cause = causes;
    while (!cause->holds)
        cause++;
    planche_doctor_add(findings, cause->level, "GPUs", cause->remedy, "%s%.512s%s", cause->before,
                       cause->subject, cause->after);
}

/* True if pages go to it without being asked for it. */
static bool add_gpu(struct planche_doctor_findings *findings, const struct planche_gpu_info *gpu)
{
    char name[24], memory[32];
    bool usable = gpu->path != PLANCHE_GPU_PATH_AUTO, software = gpu->type == PLANCHE_GPU_SOFTWARE;
    snprintf(name, sizeof name, "GPU %u", gpu->index);
    if (!usable)
        planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, name,
                           "a newer driver may have it; until then other GPUs or the CPU are used",
                           "%s, %s: cannot be used: %s", gpu->name, gpu->driver, gpu->reason);
    else
        planche_doctor_add(findings, PLANCHE_DOCTOR_OK, name, "",
                           "%s, Vulkan %u.%u, %s, %s of memory, path %s%s", gpu->name,
                           gpu->api_major, gpu->api_minor, gpu->driver,
                           planche_cli_format_bytes(gpu->memory, memory, sizeof memory),
                           planche_gpu_path_name(gpu->path),
                           software ? "; a CPU that acts as one, used only by number" : "");
    return usable && !software;
}

void planche_doctor_check_gpus(struct planche_doctor_findings *findings)
{
    struct planche_error error = {0};
    struct planche_gpu_info gpu = PLANCHE_GPU_INFO_INIT;
    unsigned real = 0;
    enum planche_status status;
    for (unsigned i = 0; (status = planche_gpu_get_info(i, &gpu, &error)) == PLANCHE_OK; i++) {
        bool used = add_gpu(findings, &gpu);
        real += used || gpu.type != PLANCHE_GPU_SOFTWARE;
    }
    if (real == 0)
        explain(findings, status == PLANCHE_ERROR_NOT_FOUND ? "" : error.message);
}
