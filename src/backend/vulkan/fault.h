/* SPDX-License-Identifier: MIT */
/* Fault injection, for tests: the n-th allocation, submission or wait fails. */
#ifndef PLANCHE_BACKEND_VULKAN_FAULT_H
#define PLANCHE_BACKEND_VULKAN_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* For tests: what goes wrong at the n-th call from now (1 is the next); n of 0 switches that off.
 */
enum planche_gpu_fault {
    PLANCHE_GPU_FAULT_ALLOCATION, /* planche_gpu_memory_create: no device memory */
    PLANCHE_GPU_FAULT_SUBMIT,     /* planche_gpu_submit: the device is lost; nothing is submitted */
    PLANCHE_GPU_FAULT_WAIT, /* planche_gpu_queue_wait: it takes too long; nothing is waited for */
    PLANCHE_GPU_FAULT_COUNT
};
void planche_gpu_fail_at(enum planche_gpu_fault fault, uint64_t n);
/* Calls of that kind since planche_gpu_fail_at. */
uint64_t planche_gpu_calls(enum planche_gpu_fault fault);
/* Counts a call; true: it is to go wrong. */
bool planche_gpu_must_fail(enum planche_gpu_fault fault);

/* For tests: devices that are opened from now on take the path KHR without matrix units, by
 * conv_soft.comp. */
void planche_gpu_pretend_matrices(bool pretended);
bool planche_gpu_pretends_matrices(void);

/* For tests: devices that are opened from now on by the path WGMMA have its kernels from a driver
 * that fails (wgmma/pretend.c); AUTO is WGMMA then, if matrices are pretended as well. */
enum planche_gpu_pretended_kernels {
    PLANCHE_GPU_KERNELS_REAL,
    PLANCHE_GPU_KERNELS_ABSENT,     /* the extension's functions are not there */
    PLANCHE_GPU_KERNELS_REFUSED,    /* the driver does not take them */
    PLANCHE_GPU_KERNELS_INCOMPLETE, /* it does not find all of them */
    PLANCHE_GPU_KERNELS_WRONG       /* it takes them, and they do nothing */
};
void planche_gpu_pretend_kernels(enum planche_gpu_pretended_kernels pretended);
enum planche_gpu_pretended_kernels planche_gpu_pretended_kernels(void);

/* For tests: software devices make convolutions by Winograd, too, whose shader takes them seconds
 * to compile. */
void planche_gpu_force_winograd(bool forced);
bool planche_gpu_forces_winograd(void);

/* For tests: pipelines of these products (bits of enum planche_gpu_variant) that are made
 * from now on compute something else, or are refused; 0: none. */
void planche_gpu_spoil_variants(unsigned spoiled, unsigned refused);
unsigned planche_gpu_spoiled_variants(void);
unsigned planche_gpu_refused_variants(void);

/* How long a device may stand still before it counts as lost, in ms; for tests another time, 0: the
 * usual one. */
double planche_gpu_patience(void);
void planche_gpu_set_patience(double ms);

/* For tests: blocks of memory of more bytes are refused; 0: by the driver alone. Devices that are
 * opened from now on say that as their max_allocation, where it is less than theirs. */
void planche_gpu_refuse_blocks(uint64_t bytes);
bool planche_gpu_refuses_block(uint64_t bytes);
/* For tests: devices that are opened from now on say so, but give what they have; 0: they say
 * what is so. */
void planche_gpu_understate_blocks(uint64_t bytes);
/* What a device is to say instead of `bytes`. */
uint64_t planche_gpu_stated_block(uint64_t bytes);

#endif
