/* SPDX-License-Identifier: MIT */
/* Pipelines on the disk: what one process has compiled, the next one has at once.
 *
 * The file is a head of ours, since drivers trust what they are given, and the driver's data. */
#include "backend/vulkan/pipeline_cache.h"

#include "backend/vulkan/check.h"
#include "backend/vulkan/pipeline.h"
#include "base/status.h"
#include "base/text.h"
#include "io/cache_dir.h"
#include "io/temp_name.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/system.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* Shaders change with versions, and what became of the old ones stays in the file: one that has
 * grown beyond this is begun anew. */
#define MAX_BYTES ((uint64_t)64 << 20)

struct head {
    char magic[8];
    uint64_t size;     /* of the data that follows */
    uint64_t checksum; /* its CRC-32 */
};
static const char magic[8] = "PLANCHE1";

enum planche_status planche_gpu_cache_file(const VkPhysicalDeviceProperties *properties,
                                           const char *stem, const char *suffix, char *path,
                                           struct planche_error *error)
{
    char uuid[2 * VK_UUID_SIZE + 1], name[128];
    planche_text_hex(uuid, properties->pipelineCacheUUID, VK_UUID_SIZE);
    snprintf(name, sizeof name, "%s-%04x-%04x-%08x-%s%s", stem, properties->vendorID,
             properties->deviceID, properties->driverVersion, uuid, suffix);
    return planche_cache_path(path, PATH_MAX, name, error);
}

static enum planche_status file_name(const struct planche_gpu_device *device, char path[PATH_MAX],
                                     struct planche_error *error)
{
    return planche_gpu_cache_file(&device->properties, "pipelines", ".bin", path, error);
}

static bool read_all(int fd, void *data, size_t size)
{
    return planche_fd_read_all(fd, data, size) == (int64_t)size;
}

/* Whether the driver's own head, at the beginning of the data, names this device and driver. */
static bool is_ours(const struct planche_gpu_device *device, const void *data, size_t size)
{
    VkPipelineCacheHeaderVersionOne head;
    if (size < sizeof head)
        return false;
    memcpy(&head, data, sizeof head);
    return head.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
           head.vendorID == device->properties.vendorID &&
           head.deviceID == device->properties.deviceID &&
           memcmp(head.pipelineCacheUUID, device->properties.pipelineCacheUUID, VK_UUID_SIZE) == 0;
}

static uint64_t checksum_of(const void *data, size_t size)
{
    return crc32_z(crc32_z(0, NULL, 0), data, size);
}

/* The data of an open file, to be freed, or why there is none. */
static const char *read_data(const struct planche_gpu_device *device, int fd,
                             const struct planche_file_info *info, void **data, size_t *size)
{
    struct head head;
    *data = NULL;
    if (info->kind != PLANCHE_FILE_REGULAR || !read_all(fd, &head, sizeof head) ||
        memcmp(head.magic, magic, sizeof magic) != 0)
        return "it is no file of Planche's";
    if (head.size > MAX_BYTES)
        return "it has grown too large";
    if (head.size == 0 || info->size != head.size + sizeof head)
        return "it is cut short";
    *size = (size_t)head.size;
    *data = planche_alloc(device->budget, *size);
    if (!*data)
        return "there is no memory for it";
    if (!read_all(fd, *data, *size) || checksum_of(*data, *size) != head.checksum)
        return "it is damaged";
    return is_ours(device, *data, *size) ? NULL : "it is another driver's";
}

/* NULL: no cache to begin with; the log says why if it is worth a word. */
static void *read_file(struct planche_gpu_device *device, size_t *size)
{
    char path[PATH_MAX];
    void *data = NULL;
    struct planche_error ignored;
    if (file_name(device, path, &ignored) != PLANCHE_OK)
        return NULL;
    struct planche_file_info info;
    int fd = planche_fd_open(path, 0, &info);
    const char *problem = fd < 0 ? strerror(errno) : read_data(device, fd, &info, &data, size);
    bool absent = fd < 0 && errno == ENOENT;
    planche_fd_close(&fd);
    if (!problem)
        return data;
    if (!absent)
        planche_log_write(&device->log, PLANCHE_LOG_INFO, "%s: not used: %s", path, problem);
    planche_free(data);
    return NULL;
}

enum planche_status planche_gpu_cache_load(struct planche_gpu_device *device,
                                           struct planche_error *error)
{
    size_t size = 0;
    void *data = read_file(device, &size);
    VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                      .initialDataSize = data ? size : 0,
                                      .pInitialData = data};
    VkResult result = device->fn.CreatePipelineCache(device->device, &info, NULL, &device->cache);
    if (result == VK_SUCCESS && data)
        device->cache_size = size;
    planche_free(data);
    return planche_gpu_check(device, result, "making a pipeline cache", error);
}

/* False: errno says why. */
static bool write_temporary(const char *path, const void *data, size_t size)
{
    struct head head = {.size = size, .checksum = checksum_of(data, size)};
    memcpy(head.magic, magic, sizeof magic);
    int fd = planche_fd_create(path, 0600);
    if (fd < 0)
        return false;
    bool written = planche_fd_write(fd, &head, sizeof head) && planche_fd_write(fd, data, size);
    return planche_fd_close(&fd) && written;
}

/* Under a name of its own first: other processes may read or write the file meanwhile. */
static void write_file(struct planche_gpu_device *device, const void *data, size_t size)
{
    char path[PATH_MAX], temporary[PATH_MAX];
    uint64_t number = planche_system_process() << 32 ^ (uint32_t)((uintptr_t)device >> 6);
    struct planche_error ignored;
    if (file_name(device, path, &ignored) != PLANCHE_OK ||
        planche_temp_name_numbered(temporary, sizeof temporary, path, number) >= sizeof temporary)
        return;
    if (planche_folder_make_parents(path, 0700) && write_temporary(temporary, data, size) &&
        planche_file_rename(temporary, path)) {
        device->cache_size = size;
        return;
    }
    planche_log_write(&device->log, PLANCHE_LOG_INFO, "%s: not written: %s", path, strerror(errno));
    planche_file_remove(temporary);
}

void planche_gpu_cache_save(struct planche_gpu_device *device)
{
    size_t size = 0;
    planche_mutex_lock(&device->pipeline_mutex);
    VkResult result = device->fn.GetPipelineCacheData(device->device, device->cache, &size, NULL);
    bool more = result == VK_SUCCESS && device->pipelines && size > device->cache_size;
    void *data = more ? planche_alloc(device->budget, size) : NULL;
    if (data) {
        result = device->fn.GetPipelineCacheData(device->device, device->cache, &size, data);
        if (result == VK_SUCCESS)
            write_file(device, data, size);
        planche_free(data);
    }
    planche_mutex_unlock(&device->pipeline_mutex);
}
