/* SPDX-License-Identifier: MIT */
/* Anonymous memory mappings, Linux. */
#include "os/mapping.h"

#include <sys/mman.h>

void *planche_mapping_create(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void planche_mapping_destroy(void *memory, size_t size)
{
    munmap(memory, size);
}

bool planche_mapping_cut(void *memory, size_t size, size_t kept)
{
    return mremap(memory, size, kept, 0) != MAP_FAILED;
}

void *planche_mapping_resize(void *memory, size_t size, size_t wanted)
{
    void *moved = mremap(memory, size, wanted, MREMAP_MAYMOVE);
    return moved == MAP_FAILED ? NULL : moved;
}

void planche_mapping_prefer_huge(void *memory, size_t size)
{
    madvise(memory, size, MADV_HUGEPAGE);
}

void planche_mapping_forget(void *memory, size_t size)
{
    madvise(memory, size, MADV_FREE);
}
