/* SPDX-License-Identifier: MIT */
/* The GPUs of the machine, as Vulkan shows them. */
#ifndef PLANCHE_GPU_H
#define PLANCHE_GPU_H

#include <planche/cancel.h>
#include <planche/error.h>
#include <planche/log.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a GPU computes convolutions, from the plainest to the fastest. */
enum planche_gpu_path {
    PLANCHE_GPU_PATH_AUTO = 0,
    PLANCHE_GPU_PATH_F32 = 1, /* everything in float */
    PLANCHE_GPU_PATH_F16 = 2, /* tensors and weights in half precision, sums in float */
    PLANCHE_GPU_PATH_KHR = 3, /* likewise, with VK_KHR_cooperative_matrix */
    PLANCHE_GPU_PATH_NV2 = 4, /* likewise, with VK_NV_cooperative_matrix2 */
    PLANCHE_GPU_PATH_WGMMA =
        5 /* KHR, and kernels of NVIDIA's Hopper for what they make (VK_NVX_binary_import) */
};

enum planche_gpu_type {
    PLANCHE_GPU_OTHER = 0,
    PLANCHE_GPU_INTEGRATED = 1,
    PLANCHE_GPU_DISCRETE = 2,
    PLANCHE_GPU_VIRTUAL = 3,
    PLANCHE_GPU_SOFTWARE = 4 /* runs on the CPU: used only if it is named by number */
};

/* Description of a GPU. It points to nothing. */
struct planche_gpu_info {
    size_t struct_size;
    unsigned index; /* as options.backend counts: "vulkan:INDEX" */
    enum planche_gpu_type type;
    enum planche_gpu_path path;   /* the fastest that it supports; AUTO: it cannot be used */
    uint64_t memory, free_memory; /* of the device, bytes; free_memory as the driver reports now */
    unsigned api_major, api_minor;
    char name[256];
    char driver[256];
    char extensions[256]; /* those that Planche can use, separated by spaces */
    char reason[256];     /* path AUTO: what the device lacks; else "" */
    char tuning[128]; /* what planche_gpu_tune has found to be best, in words; "": nothing yet */
};
#define PLANCHE_GPU_INFO_INIT PLANCHE_STRUCT_INIT(struct planche_gpu_info)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_gpu_info_init(struct planche_gpu_info *out, size_t size);

/* Describes device `index` (0 ..); hardware comes first. Errors: NOT_FOUND past the last,
 * UNSUPPORTED where there is no Vulkan 1.2, MEMORY. */
PLANCHE_API enum planche_status planche_gpu_get_info(unsigned index, struct planche_gpu_info *info,
                                                     struct planche_error *error);
/* What planche_gpu_tune measures with. */
struct planche_gpu_tune_options {
    size_t struct_size;
    double seconds;              /* that it takes at most, about, but for one page; 0: 60 */
    const char *model;           /* as of an engine; NULL: Planche's own "medium", enlarging by 2 */
    unsigned scale;              /* likewise; 0: the model's own */
    const char *model_directory; /* likewise */
    struct planche_cancel *cancel; /* owned by the caller; requested, it ends it; NULL */
    planche_log_fn log;            /* a line for each value that is measured; NULL: silent */
    void *log_user;
};
#define PLANCHE_GPU_TUNE_OPTIONS_INIT PLANCHE_STRUCT_INIT(struct planche_gpu_tune_options)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_gpu_tune_options_init(struct planche_gpu_tune_options *out, size_t size);

/* Measures what suits device `index` best: its path, pages and transfers at once, tiles, workgroups
 * of matrix products; by pages as large as 1200x1800, if the device is fast. Keeps the result in
 * the cache folder, beside the pipeline cache, for this device with this driver. Engines that are
 * created later take it: its path where their options say AUTO, the rest with that path. No choice
 * changes a byte of what a path makes. options: NULL: defaults. While it runs, no other engine
 * should be created in this process: it would take what is being measured. Errors: as
 * planche_gpu_get_info and planche_engine_create; CANCELLED; IO: the file cannot be written. */
PLANCHE_API enum planche_status planche_gpu_tune(unsigned index,
                                                 const struct planche_gpu_tune_options *options,
                                                 struct planche_error *error);

/* "f32", "f16", "khr", "nv2", "wgmma"; "auto". */
PLANCHE_API const char *planche_gpu_path_name(enum planche_gpu_path path);

#ifdef __cplusplus
}
#endif
#endif
