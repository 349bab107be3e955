/* SPDX-License-Identifier: MIT */
/* Vulkan: the library, found at run time, its devices, their memory and their pipelines. */
#ifndef PLANCHE_BACKEND_VULKAN_DEVICE_H
#define PLANCHE_BACKEND_VULKAN_DEVICE_H

#include "backend/vulkan/functions.h"
#include "base/alloc.h"
#include "base/log.h"
#include "os/thread.h"

#include <planche/gpu.h>

#include <stdatomic.h>
#include <stdbool.h>

/* libvulkan and an instance, which all share and nobody destroys: drivers do not survive being
 * unloaded. */
struct planche_vk {
    struct planche_vk_functions fn; /* those of the library and the instance */
    VkInstance instance;
    uint32_t device_count;
    VkPhysicalDevice *devices; /* hardware first, in the library's order */
};

/* Errors: UNSUPPORTED (no libvulkan, no Vulkan 1.2), MEMORY. Without devices: OK. */
enum planche_status planche_vk_create(struct planche_vk **out, struct planche_error *error);
void planche_vk_destroy(struct planche_vk **vk);
/* Fills info (all fields) for a device. */
void planche_vk_describe(const struct planche_vk *vk, uint32_t index,
                         struct planche_gpu_info *info);
/* Whether a folder of device files (NULL: "/dev") has one of a GPU: without any there is no need to
 * ask Vulkan, which loads all its drivers for that. */
bool planche_gpu_is_likely(const char *folder);

/* Of the shaders for matrix units. */
#define PLANCHE_GPU_SUBGROUP 32
/* Of a workgroup whose matrices are its own: these may have any multiples of 16 rows and columns.
 */
#define PLANCHE_GPU_NV2_THREADS 64

struct planche_gpu_device {
    struct planche_vk_functions fn; /* those of the device as well */
    uint32_t index;
    VkPhysicalDevice physical;
    VkDevice device;
    VkPhysicalDeviceProperties properties;
    VkPhysicalDeviceMemoryProperties memory;
    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    enum planche_gpu_path path; /* never AUTO */
    unsigned value_bytes;       /* of activations: 4 (F32) or 2 */
    uint32_t subgroup_size;
    uint64_t max_allocation; /* bytes of one block of memory and of its buffer */
    bool has_budget;         /* VK_EXT_memory_budget */
    bool software;
    uint32_t compute_family, transfer_family; /* may be the same */
    VkQueue compute, transfer;                /* likewise */
    struct planche_mutex queue_mutex;         /* for every submission */
    double timestamp_ms;                      /* of a tick; 0: the device has none */
    uint64_t timestamp_mask;                  /* the bits that timestamps have */
    VkDescriptorSetLayout set_layout; /* binding 0: the arguments, a dynamic uniform block */
    VkPipelineLayout pipeline_layout;
    VkPipelineCache cache; /* loaded from and saved to the disk */
    uint64_t cache_size;   /* bytes of it that the disk has */
    atomic_bool lost;      /* no more work for it */
    atomic_bool abandoned; /* it never stopped working: nothing of it may be destroyed */
    struct planche_log log;
    struct planche_budget *budget;
    struct planche_mutex pipeline_mutex;
    struct planche_cond pipeline_made;
    struct planche_gpu_pipeline *pipelines; /* all that were made */
};

/* Opens a device for a path (AUTO: the best it has). The pipeline cache comes from
 * $XDG_CACHE_HOME/planche (or ~/.cache/planche); a cache that cannot be read or written is a line
 * in the log, no error. Errors: UNSUPPORTED (names what is missing), MEMORY, DEVICE. */
enum planche_status
planche_gpu_device_open(struct planche_gpu_device **out, const struct planche_vk *vk,
                        uint32_t index, enum planche_gpu_path path, const struct planche_log *log,
                        struct planche_budget *budget, struct planche_error *error);
/* Saves the pipeline cache if there is more in it than there was. No work may be in flight, unless
 * the device is lost. */
void planche_gpu_device_close(struct planche_gpu_device **device);

/* Writes the pipeline cache to the disk if there is more in it than there was. Thread-safe. */
void planche_gpu_cache_save(struct planche_gpu_device *device);

/* Bytes of device memory that are free now (as the driver has it, or else the heap's size). */
uint64_t planche_gpu_free_memory(const struct planche_gpu_device *device);

/* OK for VK_SUCCESS; else DEVICE (MEMORY for the two out-of-memory results) with a message that
 * names what failed, the device and the result. A device that is lost, or late (VK_TIMEOUT), is
 * remembered as lost. */
enum planche_status planche_gpu_check(struct planche_gpu_device *device, VkResult result,
                                      const char *what, struct planche_error *error);

/* vkQueueSubmit of one batch, under the queues' mutex. Errors: as planche_gpu_check. */
enum planche_status planche_gpu_submit(struct planche_gpu_device *device, VkQueue queue,
                                       const VkSubmitInfo *batch, struct planche_error *error);

/* After a submission or a wait failed: whether what was submitted has come to an end, for which it
 * may take two seconds. If not, the device is abandoned: what work may still touch must not be
 * destroyed (planche_gpu_memory_destroy and planche_gpu_device_close know). Thread-safe. */
bool planche_gpu_rest(struct planche_gpu_device *device);

/* For tests: what goes wrong at the n-th call from now (1 is the next); n of 0 switches that off.
 */
enum planche_gpu_fault {
    PLANCHE_GPU_FAULT_ALLOCATION, /* planche_gpu_memory_create: no device memory */
    PLANCHE_GPU_FAULT_SUBMIT,     /* planche_gpu_submit: the device is lost; nothing is submitted */
    PLANCHE_GPU_FAULT_WAIT, /* planche_gpu_queue_wait: it takes too long; nothing is waited for */
    PLANCHE_GPU_FAULT_COUNT
};
void planche_gpu_fail_at(enum planche_gpu_fault fault, uint64_t n);
/* Counts a call; true: it is to go wrong. */
bool planche_gpu_must_fail(enum planche_gpu_fault fault);

/* What lies in a block of memory begins at a multiple of so many bytes. */
#define PLANCHE_GPU_ALIGN UINT64_C(256)
static inline uint64_t planche_gpu_align(uint64_t bytes)
{
    return (bytes + PLANCHE_GPU_ALIGN - 1) / PLANCHE_GPU_ALIGN * PLANCHE_GPU_ALIGN;
}

/* A block of memory that is one buffer. */
enum planche_gpu_memory_kind {
    PLANCHE_GPU_MEMORY_DEVICE,
    PLANCHE_GPU_MEMORY_UPLOAD,  /* the host writes it in order */
    PLANCHE_GPU_MEMORY_DOWNLOAD /* the host reads it: cached */
};
struct planche_gpu_memory {
    struct planche_gpu_device *device;
    VkDeviceMemory memory;
    VkBuffer buffer; /* storage, uniform, transfer in both directions, device address */
    VkDeviceAddress address;
    uint64_t size;
    uint8_t *host; /* NULL: DEVICE. Coherent. */
    bool counted;  /* in the device's budget */
};
/* size > 0. Errors: MEMORY (also when size exceeds max_allocation). */
enum planche_status planche_gpu_memory_create(struct planche_gpu_memory *memory,
                                              struct planche_gpu_device *device, uint64_t size,
                                              enum planche_gpu_memory_kind kind,
                                              struct planche_error *error);
/* Nothing may use it any more, unless the device is lost. */
void planche_gpu_memory_destroy(struct planche_gpu_memory *memory);

/* The shaders, by name: PLANCHE_SHADER_<NAME> for each line of shaders.def. Each is built for f32
 * and f16 activations where it has both. */
enum planche_shader {
#define PLANCHE_SHADER(name, pixels_x, pixels_y, values_z) PLANCHE_SHADER_##name,
#include "backend/vulkan/shaders.def"
#undef PLANCHE_SHADER
    PLANCHE_SHADER_COUNT
};

#define PLANCHE_GPU_CONSTANTS 24

/* The pipeline of a shader with specialization constants 0 .. count - 1; made at the first call,
 * owned by the device. Thread-safe: whoever wants what another thread is making waits for it.
 * Errors: MEMORY, DEVICE. */
enum planche_status planche_gpu_pipeline_get(struct planche_gpu_device *device,
                                             enum planche_shader shader, const int32_t *constants,
                                             unsigned count, VkPipeline *out,
                                             struct planche_error *error);

#endif
