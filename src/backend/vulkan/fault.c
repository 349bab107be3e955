/* SPDX-License-Identifier: MIT */
/* Fault injection, for tests: counters of calls, and the call of each kind that fails. */
#include "backend/vulkan/fault.h"

#include <stdatomic.h>

static _Atomic uint64_t calls[PLANCHE_GPU_FAULT_COUNT], fail_calls[PLANCHE_GPU_FAULT_COUNT];

#define PATIENCE_MS 30000.0

static _Atomic double patience;

double planche_gpu_patience(void)
{
    double ms = atomic_load(&patience);
    return ms > 0 ? ms : PATIENCE_MS;
}

void planche_gpu_set_patience(double ms)
{
    atomic_store(&patience, ms);
}

static atomic_bool pretended_matrices;

void planche_gpu_pretend_matrices(bool pretended)
{
    atomic_store(&pretended_matrices, pretended);
}

bool planche_gpu_pretends_matrices(void)
{
    return atomic_load(&pretended_matrices);
}

static atomic_int pretended_kernels;

void planche_gpu_pretend_kernels(enum planche_gpu_pretended_kernels pretended)
{
    atomic_store(&pretended_kernels, (int)pretended);
}

enum planche_gpu_pretended_kernels planche_gpu_pretended_kernels(void)
{
    return (enum planche_gpu_pretended_kernels)atomic_load(&pretended_kernels);
}

static atomic_bool forced_winograd;

void planche_gpu_force_winograd(bool forced)
{
    atomic_store(&forced_winograd, forced);
}

bool planche_gpu_forces_winograd(void)
{
    return atomic_load(&forced_winograd);
}

static atomic_uint spoiled_variants, refused_variants;

void planche_gpu_spoil_variants(unsigned spoiled, unsigned refused)
{
    atomic_store(&spoiled_variants, spoiled);
    atomic_store(&refused_variants, refused);
}

unsigned planche_gpu_spoiled_variants(void)
{
    return atomic_load(&spoiled_variants);
}

unsigned planche_gpu_refused_variants(void)
{
    return atomic_load(&refused_variants);
}

static _Atomic uint64_t refused_above, stated;

void planche_gpu_refuse_blocks(uint64_t bytes)
{
    atomic_store(&refused_above, bytes);
    atomic_store(&stated, bytes);
}

bool planche_gpu_refuses_block(uint64_t bytes)
{
    uint64_t most = atomic_load(&refused_above);
    return most && bytes > most;
}

void planche_gpu_understate_blocks(uint64_t bytes)
{
    atomic_store(&refused_above, 0);
    atomic_store(&stated, bytes);
}

uint64_t planche_gpu_stated_block(uint64_t bytes)
{
    uint64_t instead = atomic_load(&stated);
    return instead && instead < bytes ? instead : bytes;
}

void planche_gpu_fail_at(enum planche_gpu_fault fault, uint64_t n)
{
    atomic_store(&fail_calls[fault], 0);
    atomic_store(&calls[fault], 0);
    atomic_store(&fail_calls[fault], n);
}

uint64_t planche_gpu_calls(enum planche_gpu_fault fault)
{
    return atomic_load(&calls[fault]);
}

bool planche_gpu_must_fail(enum planche_gpu_fault fault)
{
    uint64_t call = atomic_fetch_add(&calls[fault], 1) + 1;
    return call == atomic_load(&fail_calls[fault]);
}
