/* SPDX-License-Identifier: MIT */
/* libvulkan, found at run time, an instance, and its devices. */
#include "backend/vulkan/instance.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/trace.h"
#include "os/dl.h"
#include "os/thread.h"

#include <assert.h>
#include <string.h>

#ifdef __APPLE__
#define LIBRARY "libvulkan.1.dylib"
#else
#define LIBRARY "libvulkan.so.1"
#endif

/* Functions that an instance does not know stay as they are. */
static void load_functions(struct planche_vk_functions *fn, VkInstance instance)
{
    PFN_vkVoidFunction found;
#define PLANCHE_VK(name)                                                                           \
    found = fn->GetInstanceProcAddr(instance, "vk" #name);                                         \
    if (found)                                                                                     \
        fn->name = (PFN_vk##name)found;
#include "backend/vulkan/functions.def"
#undef PLANCHE_VK
}

/* The name of a function that is not there, or NULL. */
static const char *missing_function(const struct planche_vk_functions *fn)
{
#define PLANCHE_VK(name)                                                                           \
    if (!fn->name)                                                                                 \
        return "vk" #name;
#define PLANCHE_VK_OPTIONAL(name)
#include "backend/vulkan/functions.def"
#undef PLANCHE_VK
    return NULL;
}

static enum planche_status load_library(struct planche_vk *vk, struct planche_error *error)
{
    const char *reason;
    void *library = planche_dl_open(LIBRARY, &reason);
    if (!library)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "there is no Vulkan here: %s (install the GPU's driver, and libvulkan)",
                            reason);
    vk->fn.GetInstanceProcAddr =
        (PFN_vkGetInstanceProcAddr)planche_dl_find(library, "vkGetInstanceProcAddr");
    if (!vk->fn.GetInstanceProcAddr)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            LIBRARY " has no vkGetInstanceProcAddr: it is not Vulkan's");
    load_functions(&vk->fn, VK_NULL_HANDLE);
    uint32_t version = 0;
    if (!vk->fn.CreateInstance || !vk->fn.EnumerateInstanceVersion ||
        vk->fn.EnumerateInstanceVersion(&version) != VK_SUCCESS || version < VK_API_VERSION_1_2)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            LIBRARY " is too old: Vulkan 1.2 is needed");
    return PLANCHE_OK;
}

/* Extensions of the instance that are enabled where they are there. */
struct extensions {
    bool portability; /* MoltenVK and its like are only shown to who says that they may be */
    bool labels;      /* only for a trace */
};

static enum planche_status find_extensions(const struct planche_vk *vk, struct extensions *found,
                                           struct planche_error *error)
{
    uint32_t count = 0;
    *found = (struct extensions){0};
    assert(vk->fn.EnumerateInstanceExtensionProperties);
    if (vk->fn.EnumerateInstanceExtensionProperties(NULL, &count, NULL) != VK_SUCCESS || !count)
        return PLANCHE_OK;
    VkExtensionProperties *list = planche_calloc(NULL, count, sizeof *list);
    if (!list)
        return planche_fail_memory(error, NULL, count * sizeof *list, "Vulkan");
    vk->fn.EnumerateInstanceExtensionProperties(NULL, &count, list);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = list[i].extensionName;
        found->portability |= strcmp(name, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME) == 0;
        found->labels |= strcmp(name, VK_EXT_DEBUG_UTILS_EXTENSION_NAME) == 0;
    }
    planche_free(list);
    found->labels &= (planche_trace_wanted() & PLANCHE_TRACE_GPU) != 0;
    return PLANCHE_OK;
}

/* Leaves vk->instance NULL where there is no driver. */
static enum planche_status create_instance(struct planche_vk *vk, struct planche_error *error)
{
    struct extensions extensions;
    const char *names[2];
    uint32_t count = 0;
    enum planche_status status = find_extensions(vk, &extensions, error);
    if (status != PLANCHE_OK)
        return status;
    if (extensions.portability)
        names[count++] = VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME;
    if (extensions.labels)
        names[count++] = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                     .pApplicationName = "planche",
                                     .pEngineName = "planche",
                                     .apiVersion = VK_API_VERSION_1_2};
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .flags = extensions.portability ? VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR : 0,
        .pApplicationInfo = &application,
        .enabledExtensionCount = count,
        .ppEnabledExtensionNames = names};
    VkResult result = vk->fn.CreateInstance(&info, NULL, &vk->instance);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
        vk->instance = VK_NULL_HANDLE;
        return PLANCHE_OK;
    }
    if (result == VK_ERROR_OUT_OF_HOST_MEMORY)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "Vulkan: no memory for an instance");
    if (result != VK_SUCCESS)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "Vulkan: creating an instance failed with result %d", result);
    load_functions(&vk->fn, vk->instance);
    vk->labels = extensions.labels && vk->fn.SetDebugUtilsObjectNameEXT &&
                 vk->fn.CmdBeginDebugUtilsLabelEXT && vk->fn.CmdEndDebugUtilsLabelEXT;
    const char *missing = missing_function(&vk->fn);
    if (missing && vk->fn.DestroyInstance)
        vk->fn.DestroyInstance(vk->instance, NULL);
    return missing ? planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                                  LIBRARY " has no %s: Vulkan 1.2 is needed", missing)
                   : PLANCHE_OK;
}

static bool is_software(const struct planche_vk *vk, VkPhysicalDevice device)
{
    VkPhysicalDeviceProperties properties;
    vk->fn.GetPhysicalDeviceProperties(device, &properties);
    return properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

/* Puts hardware first; the library's order stays otherwise. */
static void sort_devices(struct planche_vk *vk, const VkPhysicalDevice *found)
{
    uint32_t at = 0;
    for (int software = 0; software < 2; software++) {
        for (uint32_t i = 0; i < vk->device_count; i++) {
            if (is_software(vk, found[i]) == software)
                vk->devices[at++] = found[i];
        }
    }
}

static enum planche_status list_devices(struct planche_vk *vk, struct planche_error *error)
{
    uint32_t count = 0;
    if (vk->fn.EnumeratePhysicalDevices(vk->instance, &count, NULL) != VK_SUCCESS || !count)
        return PLANCHE_OK;
    VkPhysicalDevice *found = planche_calloc(NULL, count, sizeof *found);
    vk->devices = planche_calloc(NULL, count, sizeof *vk->devices);
    if (!found || !vk->devices) {
        planche_free(found);
        return planche_fail_memory(error, NULL, count * sizeof *found, "Vulkan");
    }
    VkResult result = vk->fn.EnumeratePhysicalDevices(vk->instance, &count, found);
    if (result == VK_SUCCESS || result == VK_INCOMPLETE)
        vk->device_count = count;
    sort_devices(vk, found);
    planche_free(found);
    return PLANCHE_OK;
}

/* The process's only instance: the end of an instance unloads the drivers, which not all of them
 * survive, and loading them again takes long. */
static struct planche_mutex shared_mutex = PLANCHE_MUTEX_INIT;
static struct planche_vk shared; /* without devices; under the mutex */

static enum planche_status share_instance(struct planche_error *error)
{
    if (shared.instance)
        return PLANCHE_OK;
    struct planche_vk vk = {0};
    enum planche_status status = load_library(&vk, error);
    if (status == PLANCHE_OK)
        status = create_instance(&vk, error);
    if (status == PLANCHE_OK)
        shared = vk;
    return status;
}

enum planche_status planche_vk_create(struct planche_vk **out, struct planche_error *error)
{
    struct planche_vk *vk = planche_calloc(NULL, 1, sizeof *vk);
    *out = NULL;
    if (!vk)
        return planche_fail_memory(error, NULL, sizeof *vk, "Vulkan");
    planche_mutex_lock(&shared_mutex);
    enum planche_status status = share_instance(error);
    *vk = shared;
    if (status == PLANCHE_OK && vk->instance)
        status = list_devices(vk, error);
    planche_mutex_unlock(&shared_mutex);
    if (status != PLANCHE_OK)
        planche_vk_destroy(&vk);
    *out = vk;
    return status;
}

void planche_vk_destroy(struct planche_vk **vk)
{
    struct planche_vk *gone = *vk;
    *vk = NULL;
    if (!gone)
        return;
    planche_free(gone->devices);
    planche_free(gone);
}
