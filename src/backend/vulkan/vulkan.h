/* SPDX-License-Identifier: MIT */
/* Pages on GPUs: what the engine sees of the Vulkan backend. */
#ifndef PLANCHE_BACKEND_VULKAN_VULKAN_H
#define PLANCHE_BACKEND_VULKAN_VULKAN_H

#include "backend/executor.h"
#include "backend/vulkan/path_name.h"
#include "backend/vulkan/tune/values.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/trace.h"
#include "net/net.h"

#include <planche/engine.h>
#include <planche/gpu.h>

/* As planche_gpu_get_info; info has this library's size. */
enum planche_status planche_vk_get_info(unsigned index, struct planche_gpu_info *info,
                                        struct planche_error *error);

/* What a device begins with, and keeping what suits it better. Errors: those of
 * planche_gpu_get_info; IO. */
enum planche_status planche_vk_tuning_default(unsigned index, struct planche_gpu_tuning *tuning,
                                              struct planche_error *error);
enum planche_status planche_vk_tuning_save(unsigned index, const struct planche_gpu_tuning *tuning,
                                           struct planche_error *error);

/* A pool of GPUs with a network on them. Thread-safe. */
struct planche_gpu_pool;

struct planche_gpu_pool_options {
    const char *devices;        /* NULL or "": every GPU that is not software; else numbers as
                                   planche_vk_get_info counts them, with commas between */
    enum planche_gpu_path path; /* AUTO: the fastest that a device has */
    uint64_t memory; /* most bytes to take of each device; 0: four fifths of what is free */
    unsigned tile;   /* side of a tile, pixels of the page; 0: as large as memory allows */
    bool profile;
    struct planche_pool *pool; /* helps to compile shaders */
    struct planche_log log;
};

/* Opens the devices and puts the network on each: net must outlive them, its kernels need not. A
 * device that cannot be used is left out, and the log says why; none that can be is an error.
 * Errors: UNSUPPORTED (no Vulkan, no such device), ARGUMENT (devices), MEMORY, BUDGET, DEVICE. */
enum planche_status planche_gpu_pool_create(struct planche_gpu_pool **out,
                                            const struct planche_net *net,
                                            const struct planche_gpu_pool_options *options,
                                            struct planche_budget *budget,
                                            struct planche_error *error);
void planche_gpu_pool_destroy(struct planche_gpu_pool **gpus);

/* A page as the caller has it and wants it. */
struct planche_gpu_page {
    uint32_t width, height;
    unsigned colours; /* 1 or 3 */
    unsigned depth;   /* 8 or 16 */
    bool alpha;       /* rows have alpha behind their colours, in and out; not with `floats` */
    bool floats;      /* rows of the result are `colours` planes of float, 0..1 before clamping */
    bool streams;     /* rows wait for a decoder or an encoder: the page takes no other's turn */
    uint64_t chunk;   /* bytes of a transfer; 0: as few as make sense */
};

/* Bytes of a transfer where memory is no question. */
uint64_t planche_gpu_pool_chunk(const struct planche_gpu_pool *gpus);

/* Host memory that running such a page takes from the budget. */
uint64_t planche_gpu_pool_page_memory(const struct planche_gpu_pool *gpus,
                                      const struct planche_gpu_page *page);

/* Says that such a page is going to be run. At the first call a thread takes the memory for it
 * (arena, page buffer, staging memory), while the caller decodes the page. */
void planche_gpu_pool_expect(struct planche_gpu_pool *gpus, const struct planche_gpu_page *page);

struct planche_gpu_page_result {
    double ms;        /* GPU time, all dispatches of the page */
    unsigned device;  /* index of the device that ran it */
    const char *name; /* likewise; the pool's */
    unsigned tiles;
    bool another; /* the page failed with this device, which is lost, and another is there */
};

/* Runs a page, with the rows of io, on whichever device is free first; waits for one. Thread-safe.
 * DEVICE: something is wrong with the GPUs (lost, a timeout, a result that cannot be true). MEMORY,
 * BUDGET: the GPU has too little for the smallest tile, or for the one that was asked for, or the
 * host has. After any of these rows may have been emitted, and the page should be run elsewhere
 * from its start. Other errors: those of fetch and emit, CANCELLED, LIMIT (more pixels than can be
 * counted). */
enum planche_status
planche_gpu_pool_run(struct planche_gpu_pool *gpus, const struct planche_gpu_page *page,
                     const struct planche_page_io *io, struct planche_budget *budget,
                     struct planche_gpu_page_result *result, struct planche_error *error);

/* How many times the network enlarges. */
unsigned planche_gpu_pool_scale(const struct planche_gpu_pool *gpus);
/* Whether any device is still fit to run pages. */
bool planche_gpu_pool_alive(const struct planche_gpu_pool *gpus);
/* Pages that can be worth having on the GPUs at once. */
unsigned planche_gpu_pool_max_pages(const struct planche_gpu_pool *gpus);
/* Names of the devices in use, joined by " + "; the path of the first. */
const char *planche_gpu_pool_name(const struct planche_gpu_pool *gpus);
const char *planche_gpu_pool_path_name(const struct planche_gpu_pool *gpus);

/* Time of every step so far, from timestamp queries: as planche_engine_get_profile. */
size_t planche_gpu_pool_get_profile(const struct planche_gpu_pool *gpus,
                                    struct planche_layer_profile *entries, size_t count);

extern const struct planche_executor_ops planche_vulkan_executor;

#endif
