/* SPDX-License-Identifier: MIT */
/* Tuning values: choices that change how fast a device is, and no byte of a path's results. */
#ifndef PLANCHE_BACKEND_VULKAN_TUNE_VALUES_H
#define PLANCHE_BACKEND_VULKAN_TUNE_VALUES_H

#include <planche/gpu.h>

/* A plain value. */
struct planche_gpu_tuning {
    enum planche_gpu_path path; /* that is fastest, not F32; AUTO: the device's best */
    unsigned pages;             /* that run at once, 1 .. 8 */
    unsigned transfer;          /* MiB of a transfer: 2, 4 .. 32 */
    unsigned rows;              /* workgroups of matrix products have so many times fewer rows of
                                   pixels than the table has: 1, 2, 4 */
    unsigned tile;              /* side, of networks without page-wide averages; 0: as large as
                                   memory allows; a multiple of 64, up to 4096 */
};

/* Most characters of a tuning in words, the end included. */
#define PLANCHE_GPU_TUNING_TEXT 128
/* "path khr, 3 pages at once, transfers of 8 MiB". */
void planche_gpu_tuning_describe(const struct planche_gpu_tuning *tuning, char *text, size_t size);

/* For planche_gpu_tune and tests: devices that are opened from now on take this and no file; NULL:
 * what they have. Thread-safe. */
void planche_gpu_tuning_override(const struct planche_gpu_tuning *tuning);

#endif
