/* SPDX-License-Identifier: MIT */
/* Tuning files: text of one form only, with the device's key and a checksum. */
#include "backend/vulkan/tune/tuning.h"

#include "backend/vulkan/path_name.h"
#include "backend/vulkan/pipeline_cache.h"
#include "base/status.h"
#include "io/temp_name.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/system.h"
#include "os/thread.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* Files of another version say something else. */
#define VERSION  1
#define MAX_FILE 512

/* Pages that a device runs at once: one computes while the pixels of others are on their way. A
 * device that takes its memory from the host's runs fewer. */
#define DISCRETE_PAGES 5
#define SHARED_PAGES   2
#define MAX_PAGES      8
#define TRANSFER       8
#define MIN_TRANSFER   2
#define MAX_TRANSFER   32
#define MAX_ROWS       4
#define TILE_STEP      64
#define MAX_TILE       4096

struct planche_gpu_tuning planche_gpu_tuning_default(const VkPhysicalDeviceProperties *properties)
{
    bool discrete = properties->deviceType == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    return (struct planche_gpu_tuning){
        .pages = discrete ? DISCRETE_PAGES : SHARED_PAGES, .transfer = TRANSFER, .rows = 1};
}

static bool is_power(unsigned value, unsigned most)
{
    return value > 0 && value <= most && (value & (value - 1)) == 0;
}

bool planche_gpu_tuning_is_valid(const struct planche_gpu_tuning *tuning)
{
    return tuning->path >= PLANCHE_GPU_PATH_AUTO && tuning->path <= PLANCHE_GPU_PATH_WGMMA &&
           tuning->path != PLANCHE_GPU_PATH_F32 && tuning->pages >= 1 &&
           tuning->pages <= MAX_PAGES && tuning->transfer >= MIN_TRANSFER &&
           is_power(tuning->transfer, MAX_TRANSFER) && is_power(tuning->rows, MAX_ROWS) &&
           tuning->tile % TILE_STEP == 0 && tuning->tile <= MAX_TILE;
}

void planche_gpu_tuning_describe(const struct planche_gpu_tuning *tuning, char *text, size_t size)
{
    char tile[32] = "", rows[32] = "";
    if (tuning->tile)
        snprintf(tile, sizeof tile, ", tiles of %u", tuning->tile);
    if (tuning->rows > 1)
        snprintf(rows, sizeof rows, ", rows / %u", tuning->rows);
    snprintf(text, size, "path %s, %u page%s at once, transfers of %u MiB%s%s",
             planche_vk_path_name(tuning->path), tuning->pages, tuning->pages == 1 ? "" : "s",
             tuning->transfer, tile, rows);
}

static enum planche_status file_name(const VkPhysicalDeviceProperties *properties,
                                     char path[PATH_MAX], struct planche_error *error)
{
    return planche_gpu_cache_file(properties, "tuning", ".txt", path, error);
}

/* All of a file. A valid one is what this makes of its values. */
static void format(const struct planche_gpu_tuning *tuning,
                   const VkPhysicalDeviceProperties *properties, char text[MAX_FILE])
{
    int length = snprintf(text, MAX_FILE,
                          "planche tuning %d\ndevice %04x-%04x driver %08x\npath %s\npages %u\n"
                          "transfer %u\nrows %u\ntile %u\n",
                          VERSION, properties->vendorID, properties->deviceID,
                          properties->driverVersion, planche_vk_path_name(tuning->path),
                          tuning->pages, tuning->transfer, tuning->rows, tuning->tile);
    unsigned long sum = crc32_z(crc32_z(0, NULL, 0), (const Bytef *)text, (size_t)length);
    snprintf(text + length, MAX_FILE - (size_t)length, "check %08lx\n", sum);
}

/* The path of a name, -1: none. */
static int path_of(const char *name)
{
    for (int p = PLANCHE_GPU_PATH_AUTO; p <= PLANCHE_GPU_PATH_WGMMA; p++)
        if (strcmp(planche_vk_path_name((enum planche_gpu_path)p), name) == 0)
            return p;
    return -1;
}

/* Why a file's text says nothing, or NULL. Numbers are of few digits, and the text must be what
 * they make, to the byte. */
static const char *parse(const char *text, const VkPhysicalDeviceProperties *properties,
                         struct planche_gpu_tuning *tuning)
{
    char path[8], again[MAX_FILE];
    int version = 0;
    if (sscanf(text, "planche tuning %5d\n", &version) != 1)
        return "it is no tuning of Planche's";
    if (version != VERSION)
        return "it is another version's";
    *tuning = (struct planche_gpu_tuning){0};
    if (sscanf(text,
               "planche tuning %*5d device %*17s driver %*8s path %7s pages %5u transfer %5u rows "
               "%5u tile %5u",
               path, &tuning->pages, &tuning->transfer, &tuning->rows, &tuning->tile) != 5 ||
        path_of(path) < 0)
        return "it is damaged";
    tuning->path = (enum planche_gpu_path)path_of(path);
    if (!planche_gpu_tuning_is_valid(tuning))
        return "its values cannot be";
    format(tuning, properties, again);
    return strcmp(again, text) == 0 ? NULL : "it is damaged, or another device's or driver's";
}

static const char *read_text(int fd, const struct planche_file_info *info, char text[MAX_FILE])
{
    if (info->kind != PLANCHE_FILE_REGULAR || info->size == 0 || info->size >= MAX_FILE)
        return "it is no tuning of Planche's";
    size_t size = (size_t)info->size;
    if (planche_fd_read_all(fd, text, size) != (int64_t)size)
        return "it cannot be read";
    text[size] = '\0';
    return strlen(text) == size ? NULL : "it is damaged";
}

bool planche_gpu_tuning_load(struct planche_gpu_tuning *tuning,
                             const VkPhysicalDeviceProperties *properties,
                             const struct planche_log *log)
{
    char path[PATH_MAX], text[MAX_FILE];
    struct planche_error ignored;
    struct planche_file_info info;
    if (file_name(properties, path, &ignored))
        return false;
    int fd = planche_fd_open(path, 0, &info);
    if (fd < 0 && errno == ENOENT)
        return false;
    const char *problem = fd < 0 ? strerror(errno) : read_text(fd, &info, text);
    planche_fd_close(&fd);
    if (!problem)
        problem = parse(text, properties, tuning);
    if (problem && log)
        planche_log_write(log, PLANCHE_LOG_INFO, "%s: not used: %s", path, problem);
    return !problem;
}

/* errno says why it is not written. */
static bool write_text(const char *path, const char *text)
{
    int fd = planche_fd_create(path, 0600);
    if (fd < 0)
        return false;
    bool written = planche_fd_write(fd, text, strlen(text));
    int problem = errno;
    bool closed = planche_fd_close(&fd);
    if (!written)
        errno = problem;
    return closed && written;
}

enum planche_status planche_gpu_tuning_save(const struct planche_gpu_tuning *tuning,
                                            const VkPhysicalDeviceProperties *properties,
                                            struct planche_error *error)
{
    char path[PATH_MAX], temporary[PATH_MAX], text[MAX_FILE];
    enum planche_status status = file_name(properties, path, error);
    if (status)
        return status;
    if (planche_temp_name_numbered(temporary, sizeof temporary, path, planche_system_process()) >=
        sizeof temporary)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: the path is too long", path);
    format(tuning, properties, text);
    if (planche_folder_make_parents(path, 0700) && write_text(temporary, text) &&
        planche_file_rename(temporary, path))
        return PLANCHE_OK;
    status = planche_fail(error, PLANCHE_ERROR_IO,
                          "%s: cannot be written: %s; set HOME or XDG_CACHE_HOME to a folder of "
                          "yours",
                          path, strerror(errno));
    planche_file_remove(temporary);
    return status;
}

static struct planche_mutex mutex = PLANCHE_MUTEX_INIT;
static struct planche_gpu_tuning overriding;
static bool overrides;

void planche_gpu_tuning_override(const struct planche_gpu_tuning *tuning)
{
    planche_mutex_lock(&mutex);
    overrides = tuning != NULL;
    if (tuning)
        overriding = *tuning;
    planche_mutex_unlock(&mutex);
}

struct planche_gpu_tuning planche_gpu_tuning_choose(const VkPhysicalDeviceProperties *properties,
                                                    const struct planche_log *log)
{
    struct planche_gpu_tuning tuning;
    planche_mutex_lock(&mutex);
    bool given = overrides;
    if (given)
        tuning = overriding;
    planche_mutex_unlock(&mutex);
    if (!given && !planche_gpu_tuning_load(&tuning, properties, log))
        tuning = planche_gpu_tuning_default(properties);
    return tuning;
}

void planche_gpu_tuning_change_path(struct planche_gpu_device *device, enum planche_gpu_path path)
{
    device->path = path;
    if (device->tuning.path != PLANCHE_GPU_PATH_AUTO && device->tuning.path != path)
        device->tuning = planche_gpu_tuning_default(&device->properties);
}
