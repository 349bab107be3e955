/* SPDX-License-Identifier: MIT */
/* Fault injection, for tests: counters of calls, and the call of each kind that fails. */
#include "backend/vulkan/fault.h"

#include <stdatomic.h>

static _Atomic uint64_t calls[PLANCHE_GPU_FAULT_COUNT], fail_calls[PLANCHE_GPU_FAULT_COUNT];

void planche_gpu_fail_at(enum planche_gpu_fault fault, uint64_t n)
{
    atomic_store(&fail_calls[fault], 0);
    atomic_store(&calls[fault], 0);
    atomic_store(&fail_calls[fault], n);
}

bool planche_gpu_must_fail(enum planche_gpu_fault fault)
{
    uint64_t call = atomic_fetch_add(&calls[fault], 1) + 1;
    return call == atomic_load(&fail_calls[fault]);
}
