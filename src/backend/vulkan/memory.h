/* SPDX-License-Identifier: MIT */
/* Device memory and buffers. */
#ifndef PLANCHE_BACKEND_VULKAN_MEMORY_H
#define PLANCHE_BACKEND_VULKAN_MEMORY_H

#include "backend/vulkan/device.h"

/* What lies in a buffer begins at a multiple of so many bytes. */
#define PLANCHE_GPU_ALIGN UINT64_C(256)
static inline uint64_t planche_gpu_align(uint64_t bytes)
{
    return (bytes + PLANCHE_GPU_ALIGN - 1) / PLANCHE_GPU_ALIGN * PLANCHE_GPU_ALIGN;
}

/* Device memory with one buffer over all of it. Not thread-safe; the owner destroys it. */
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
/* size > 0. Drivers say what a block may have at least (max_allocation), and often give more: only
 * the size of a buffer is a limit. Errors: MEMORY. */
enum planche_status planche_gpu_memory_create(struct planche_gpu_memory *memory,
                                              struct planche_gpu_device *device, uint64_t size,
                                              enum planche_gpu_memory_kind kind,
                                              struct planche_error *error);
/* Nothing may use it any more, unless the device is lost. */
void planche_gpu_memory_destroy(struct planche_gpu_memory *memory);

/* Most blocks of an arena. */
#define PLANCHE_GPU_ARENA_BLOCKS 32

/* Arena: device memory with offsets of its own, in one block, or in several where a driver gives no
 * block that is large enough. Not thread-safe; the owner destroys it. */
struct planche_gpu_arena {
    uint64_t size;
    uint64_t block; /* offsets of one block's begin and the next one's are so far apart; 0: there is
                       one, whatever is planned in it */
    unsigned count;
    struct planche_gpu_memory blocks[PLANCHE_GPU_ARENA_BLOCKS];
};
/* block: bytes of a block at most, a multiple of 256; 0: one for all. Errors: MEMORY, DEVICE. */
enum planche_status planche_gpu_arena_create(struct planche_gpu_arena *arena,
                                             struct planche_gpu_device *device, uint64_t size,
                                             uint64_t block, struct planche_error *error);
void planche_gpu_arena_destroy(struct planche_gpu_arena *arena);
/* The address of an offset below the size. */
VkDeviceAddress planche_gpu_arena_address(const struct planche_gpu_arena *arena, uint64_t offset);

/* Bytes of device memory that are free now (as the driver has it, or else the heap's size). */
uint64_t planche_gpu_free_memory(const struct planche_gpu_device *device);

#endif
