/* SPDX-License-Identifier: MIT */
/* Anonymous memory mappings, Linux. */
#include "os/mapping.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of x86 and of Arm with small pages. */
#define HUGE_PAGE ((uintptr_t)2 << 20)

void *planche_mapping_create(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Cuts a mapping of `size` bytes and a huge page more to `size` bytes from a boundary on. */
static void *cut_to_boundary(void *memory, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)memory;
    uintptr_t first = (start + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t end = (first + size + page - 1) / page * page;
    uintptr_t limit = (start + size + HUGE_PAGE + page - 1) / page * page;
    /* If the system cannot unmap (too many mappings), untouched address space stays reserved. */
    if (first > start)
        munmap(memory, first - start);
    if (limit > end)
        munmap((void *)end, limit - end);
    return (void *)first;
}

void *planche_mapping_create_huge(size_t size)
{
    void *memory = planche_mapping_create(size);
    if (memory && (uintptr_t)memory % HUGE_PAGE) {
        void *larger = planche_mapping_create(size + HUGE_PAGE);
        if (larger) {
            munmap(memory, size);
            memory = cut_to_boundary(larger, size);
        }
    }
    if (memory)
        madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

void planche_mapping_destroy(void *memory, size_t size)
{
    munmap(memory, size);
}

void *planche_mapping_resize(void *memory, size_t size, size_t wanted)
{
    void *moved = mremap(memory, size, wanted, MREMAP_MAYMOVE);
    return moved == MAP_FAILED ? NULL : moved;
}

void planche_mapping_forget(void *memory, size_t size)
{
    madvise(memory, size, MADV_FREE);
}
