/* SPDX-License-Identifier: MIT */
/* Counts what libjpeg allocates. Its memory manager is a table of functions that each object owns,
 * so wrappers can reserve room in the budget before the real ones allocate: a picture's coefficient
 * buffers are refused before they exist. Pools are released as a whole, like libjpeg's own. */
#include "base/checked.h"
#include "codec/jpeg/jpeg.h"

static struct planche_jpeg_memory *memory_of(j_common_ptr cinfo)
{
    return &((struct planche_jpeg *)cinfo->client_data)->memory;
}

static void reserve(j_common_ptr cinfo, int pool, size_t count, size_t size)
{
    struct planche_jpeg *jpeg = cinfo->client_data;
    struct planche_jpeg_memory *memory = &jpeg->memory;
    size_t bytes;
    if (!planche_mul_size(count, size, &bytes))
        bytes = SIZE_MAX;
    if (planche_budget_reserve(memory->budget, bytes)) {
        memory->used[pool] += bytes;
        return;
    }
    planche_jpeg_leave(cinfo,
                       planche_fail_memory(jpeg->trap.error, memory->budget, bytes, jpeg->name));
}

static void release(j_common_ptr cinfo, int pool)
{
    struct planche_jpeg_memory *memory = memory_of(cinfo);
    planche_budget_release(memory->budget, memory->used[pool]);
    memory->used[pool] = 0;
}

static void *alloc_small(j_common_ptr cinfo, int pool, size_t size)
{
    reserve(cinfo, pool, 1, size);
    return memory_of(cinfo)->original.alloc_small(cinfo, pool, size);
}

static void *alloc_large(j_common_ptr cinfo, int pool, size_t size)
{
    reserve(cinfo, pool, 1, size);
    return memory_of(cinfo)->original.alloc_large(cinfo, pool, size);
}

static JSAMPARRAY alloc_sarray(j_common_ptr cinfo, int pool, JDIMENSION width, JDIMENSION rows)
{
    reserve(cinfo, pool, rows, width + sizeof(void *));
    return memory_of(cinfo)->original.alloc_sarray(cinfo, pool, width, rows);
}

static JBLOCKARRAY alloc_barray(j_common_ptr cinfo, int pool, JDIMENSION width, JDIMENSION rows)
{
    reserve(cinfo, pool, rows, width * sizeof(JBLOCK) + sizeof(void *));
    return memory_of(cinfo)->original.alloc_barray(cinfo, pool, width, rows);
}

static jvirt_sarray_ptr request_virt_sarray(j_common_ptr cinfo, int pool, boolean zero,
                                            JDIMENSION width, JDIMENSION rows, JDIMENSION access)
{
    reserve(cinfo, pool, rows, width + sizeof(void *));
    return memory_of(cinfo)->original.request_virt_sarray(cinfo, pool, zero, width, rows, access);
}

static jvirt_barray_ptr request_virt_barray(j_common_ptr cinfo, int pool, boolean zero,
                                            JDIMENSION width, JDIMENSION rows, JDIMENSION access)
{
    reserve(cinfo, pool, rows, width * sizeof(JBLOCK) + sizeof(void *));
    return memory_of(cinfo)->original.request_virt_barray(cinfo, pool, zero, width, rows, access);
}

static void free_pool(j_common_ptr cinfo, int pool)
{
    memory_of(cinfo)->original.free_pool(cinfo, pool);
    release(cinfo, pool);
}

static void self_destruct(j_common_ptr cinfo)
{
    for (int pool = 0; pool < JPOOL_NUMPOOLS; pool++)
        release(cinfo, pool);
    memory_of(cinfo)->original.self_destruct(cinfo);
}

void planche_jpeg_count_memory(struct planche_jpeg *jpeg, j_common_ptr cinfo,
                               struct planche_budget *budget)
{
    struct jpeg_memory_mgr *manager = cinfo->mem;
    jpeg->memory.budget = budget;
    jpeg->memory.original = *manager;
    manager->alloc_small = alloc_small;
    manager->alloc_large = alloc_large;
    manager->alloc_sarray = alloc_sarray;
    manager->alloc_barray = alloc_barray;
    manager->request_virt_sarray = request_virt_sarray;
    manager->request_virt_barray = request_virt_barray;
    manager->free_pool = free_pool;
    manager->self_destruct = self_destruct;
}
