/* SPDX-License-Identifier: MIT */
/* Budgeted allocation. A block is preceded by a header of PLANCHE_ALIGN bytes that remembers its
 * size and its budget. Large blocks are mappings of their own, so that what is freed leaves the
 * process at once and resident memory shows what is in use; or it goes to a block cache, within the
 * limit. */
#include "base/alloc.h"

#include "base/checked.h"
#include "base/status.h"
#include "os/mapping.h"
#include "os/thread.h"

#include <stdlib.h>
#include <string.h>

/* Blocks from this size on are mapped. Not under AddressSanitizer, which sees overruns and leaks
 * only of what malloc hands out. */
#define MAP_THRESHOLD ((size_t)1 << 20)
/* Mappings from this size on may have huge pages. */
#define HUGE_THRESHOLD ((size_t)4 << 20)
#define HUGE_PAGE      ((uintptr_t)2 << 20)
/* Freed blocks below HUGE_THRESHOLD that are kept, and the most that is left over when one serves
 * another request, which no budget counts. */
#define SMALL_BLOCKS 8
#define SMALL_EXCESS ((size_t)128 << 10)
/* Cached blocks are cut at multiples of this: of pages of all systems, and little beside a block.
 */
#define GRAIN ((size_t)64 << 10)

#if defined(__SANITIZE_ADDRESS__)
#define USE_MAPPINGS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define USE_MAPPINGS 0
#endif
#endif
#ifndef USE_MAPPINGS
#define USE_MAPPINGS 1
#endif

struct header {
    struct planche_budget *budget;
    struct header *next; /* in a block cache */
    size_t size;         /* what the caller asked for and the budget counts */
    size_t allotted;     /* bytes behind the header that are really there */
    bool mapped, zero;   /* zero: the block's memory is as the system gave it */
};
_Static_assert(sizeof(struct header) <= PLANCHE_ALIGN, "the header must fit before the block");

/* Freed mappings. Those below HUGE_THRESHOLD, rows of a narrow page, serve requests of about their
 * size: they are neither divided nor made one, and do not take from the large ones. */
struct planche_block_cache {
    struct planche_mutex lock;
    struct header *blocks;           /* under lock; ascending addresses */
    struct header *small;            /* under lock; the one freed last comes first */
    _Atomic uint64_t bytes;          /* changes under lock */
    struct planche_mutex spare_lock; /* taken before any other */
    struct planche_spare *spares;    /* under spare_lock */
    _Atomic uint64_t spare_bytes;
};

static _Atomic uint64_t calls, fail_call;
static atomic_bool fail_forever;

void planche_alloc_fail_at(uint64_t n, bool forever)
{
    atomic_store(&fail_call, 0);
    atomic_store(&calls, 0);
    atomic_store(&fail_forever, forever);
    atomic_store(&fail_call, n);
}

uint64_t planche_alloc_count(void)
{
    return atomic_load(&calls);
}

/* Counts a call; true: this is one that the tests want to fail. */
static bool must_fail(void)
{
    uint64_t call = atomic_fetch_add(&calls, 1) + 1;
    uint64_t target = atomic_load(&fail_call);
    return target && (call == target || (call > target && atomic_load(&fail_forever)));
}

void planche_budget_init(struct planche_budget *budget, uint64_t limit)
{
    planche_budget_init_part(budget, NULL, limit);
}

void planche_budget_init_part(struct planche_budget *budget, struct planche_budget *parent,
                              uint64_t limit)
{
    budget->limit = limit;
    budget->parent = parent;
    budget->cache = parent ? parent->cache : NULL;
    atomic_init(&budget->used, 0);
    atomic_init(&budget->peak, 0);
    atomic_init(&budget->refused, false);
}

static void raise_peak(struct planche_budget *budget, uint64_t used)
{
    uint64_t peak = atomic_load(&budget->peak);
    while (used > peak && !atomic_compare_exchange_weak(&budget->peak, &peak, used)) {
    }
}

static bool take_one(struct planche_budget *budget, uint64_t bytes)
{
    uint64_t limit = budget->limit ? budget->limit : UINT64_MAX;
    uint64_t used = atomic_load(&budget->used), wanted;
    do {
        if (__builtin_add_overflow(used, bytes, &wanted) || wanted > limit)
            return false;
    } while (!atomic_compare_exchange_weak(&budget->used, &used, wanted));
    raise_peak(budget, wanted);
    return true;
}

static size_t total_of(const struct header *block)
{
    return block->allotted + PLANCHE_ALIGN;
}

static void destroy_block(struct planche_block_cache *cache, struct header *block)
{
    atomic_fetch_sub(&cache->bytes, block->allotted);
    planche_mapping_destroy(block, total_of(block));
}

/* Gives back small blocks behind the first `count`, under the lock. */
static void shrink_small(struct planche_block_cache *cache, unsigned count)
{
    struct header **link = &cache->small;
    for (; *link && count > 0; count--)
        link = &(*link)->next;
    while (*link) {
        struct header *block = *link;
        *link = block->next;
        destroy_block(cache, block);
    }
}

/* Gives cached blocks back until no more than `most` bytes are left. */
static void shrink_cache(struct planche_block_cache *cache, uint64_t most)
{
    planche_mutex_lock(&cache->lock);
    if (atomic_load(&cache->bytes) > most)
        shrink_small(cache, 0);
    while (cache->blocks && atomic_load(&cache->bytes) > most) {
        struct header *block = cache->blocks;
        const uint64_t excess = atomic_load(&cache->bytes) - most;
        const size_t total = total_of(block);
        if (excess < total && total - excess > HUGE_THRESHOLD) {
            /* The end of it is enough: blocks that became one again are large. */
            const size_t kept = (total - (size_t)excess) / GRAIN * GRAIN;
            block->allotted = kept - PLANCHE_ALIGN;
            atomic_fetch_sub(&cache->bytes, total - kept);
            planche_mapping_destroy((char *)block + kept, total - kept);
            break;
        }
        cache->blocks = block->next;
        destroy_block(cache, block);
    }
    planche_mutex_unlock(&cache->lock);
}

/* Lets the system take whole pages of so many bytes; the header stays. */
static void forget_pages(struct header *block, uintptr_t page)
{
    uintptr_t end = (uintptr_t)block + total_of(block);
    uintptr_t first = ((uintptr_t)block / page + 1) * page;
    if (first < end)
        planche_mapping_forget((void *)first, end - first);
}

void planche_budget_cache_trim(struct planche_budget *budget)
{
    struct planche_block_cache *cache = budget->cache;
    if (!cache)
        return;
    planche_mutex_lock(&cache->lock);
    for (struct header *block = cache->blocks; block; block = block->next)
        forget_pages(block, HUGE_PAGE);
    for (struct header *block = cache->small; block; block = block->next)
        forget_pages(block, GRAIN);
    planche_mutex_unlock(&cache->lock);
}

/* Has owners give back spare memory until no more than `most` bytes are left. */
static void shrink_spares(struct planche_block_cache *cache, uint64_t most)
{
    planche_mutex_lock(&cache->spare_lock);
    for (struct planche_spare *spare = cache->spares; spare; spare = spare->next)
        if (atomic_load(&cache->spare_bytes) > most)
            spare->give_back(spare->user);
    planche_mutex_unlock(&cache->spare_lock);
}

static const struct planche_budget *whole_of(const struct planche_budget *budget)
{
    while (budget->parent)
        budget = budget->parent;
    return budget;
}

/* What is used has grown: what is held makes room, and then what is spare. The budget has a block
 * cache. */
static void keep_limit(const struct planche_budget *budget)
{
    budget = whole_of(budget);
    uint64_t used = atomic_load(&budget->used);
    uint64_t room = !budget->limit ? UINT64_MAX : budget->limit > used ? budget->limit - used : 0;
    if (atomic_load(&budget->cache->bytes) > room)
        shrink_cache(budget->cache, room);
    uint64_t spare = atomic_load(&budget->cache->spare_bytes);
    uint64_t held = atomic_load(&budget->cache->bytes);
    if (spare && (held > room || spare > room - held))
        shrink_spares(budget->cache, held > room ? 0 : room - held);
}

bool planche_budget_spare_attach(struct planche_budget *budget, struct planche_spare *spare)
{
    struct planche_block_cache *cache = budget ? whole_of(budget)->cache : NULL;
    if (!cache)
        return false;
    planche_mutex_lock(&cache->spare_lock);
    spare->next = cache->spares;
    cache->spares = spare;
    planche_mutex_unlock(&cache->spare_lock);
    return true;
}

void planche_budget_spare_detach(struct planche_budget *budget, struct planche_spare *spare)
{
    struct planche_block_cache *cache = whole_of(budget)->cache;
    planche_mutex_lock(&cache->spare_lock);
    struct planche_spare **link = &cache->spares;
    while (*link != spare)
        link = &(*link)->next;
    *link = spare->next;
    planche_mutex_unlock(&cache->spare_lock);
}

void planche_budget_spare_keep(struct planche_budget *budget, uint64_t bytes)
{
    atomic_fetch_add(&whole_of(budget)->cache->spare_bytes, bytes);
    planche_budget_release(budget, bytes);
}

void planche_budget_spare_take(struct planche_budget *budget, uint64_t bytes)
{
    atomic_fetch_sub(&whole_of(budget)->cache->spare_bytes, bytes);
}

uint64_t planche_budget_spare_held(const struct planche_budget *budget)
{
    const struct planche_block_cache *cache = whole_of(budget)->cache;
    return cache ? atomic_load(&cache->spare_bytes) : 0;
}

static bool budget_take(struct planche_budget *budget, uint64_t bytes)
{
    for (struct planche_budget *b = budget; b; b = b->parent) {
        if (take_one(b, bytes))
            continue;
        for (struct planche_budget *taken = budget; taken != b; taken = taken->parent)
            atomic_fetch_sub(&taken->used, bytes);
        atomic_store(&budget->refused, true);
        return false;
    }
    return true;
}

bool planche_budget_cache_enable(struct planche_budget *budget)
{
    budget->cache = planche_calloc(NULL, 1, sizeof *budget->cache);
    if (!budget->cache)
        return false;
    planche_mutex_init(&budget->cache->lock);
    planche_mutex_init(&budget->cache->spare_lock);
    return true;
}

void planche_budget_cache_purge(struct planche_budget *budget)
{
    if (!budget->cache)
        return;
    shrink_cache(budget->cache, 0);
    shrink_spares(budget->cache, 0);
}

void planche_budget_cache_destroy(struct planche_budget *budget)
{
    if (!budget->cache)
        return;
    shrink_cache(budget->cache, 0);
    planche_mutex_destroy(&budget->cache->lock);
    planche_mutex_destroy(&budget->cache->spare_lock);
    planche_free(budget->cache);
    budget->cache = NULL;
}

uint64_t planche_budget_cache_held(const struct planche_budget *budget)
{
    return budget->cache ? atomic_load(&budget->cache->bytes) : 0;
}

bool planche_budget_reserve(struct planche_budget *budget, uint64_t bytes)
{
    if (must_fail() || !budget_take(budget, bytes))
        return false;
    if (budget && budget->cache)
        keep_limit(budget);
    return true;
}

void planche_budget_release(struct planche_budget *budget, uint64_t bytes)
{
    for (; budget; budget = budget->parent)
        atomic_fetch_sub(&budget->used, bytes);
}

/* Of all calls that are under way. */
static _Atomic uint64_t foreign_bytes;

bool planche_foreign_enter(uint64_t bytes)
{
    uint64_t all = atomic_fetch_add(&foreign_bytes, bytes) + bytes;
    void *memory = must_fail() || all > PTRDIFF_MAX ? NULL : planche_mapping_create((size_t)all);
    if (memory)
        planche_mapping_destroy(memory, (size_t)all);
    else
        planche_foreign_leave(bytes);
    return memory != NULL;
}

void planche_foreign_leave(uint64_t bytes)
{
    atomic_fetch_sub(&foreign_bytes, bytes);
}

static bool has_room(const struct planche_budget *budget, uint64_t bytes)
{
    uint64_t wanted;
    return !budget->limit || (!__builtin_add_overflow(atomic_load(&budget->used), bytes, &wanted) &&
                              wanted <= budget->limit);
}

enum planche_status planche_fail_memory(struct planche_error *error,
                                        const struct planche_budget *budget, uint64_t bytes,
                                        const char *what)
{
    while (budget && has_room(budget, bytes))
        budget = budget->parent;
    if (!budget)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: the system has no %llu bytes left",
                            what, (unsigned long long)bytes);
    return planche_fail(error, PLANCHE_ERROR_BUDGET,
                        "%s: %llu bytes do not fit in the memory budget of %llu bytes, %llu of "
                        "which are in use; give it more",
                        what, (unsigned long long)bytes, (unsigned long long)budget->limit,
                        (unsigned long long)atomic_load(&budget->used));
}

enum planche_status planche_budget_reclassify_oom(enum planche_status status,
                                                  const struct planche_budget *budget,
                                                  struct planche_error *error)
{
    if (status != PLANCHE_ERROR_MEMORY || !atomic_load(&budget->refused))
        return status;
    const struct planche_error before = *error;
    return planche_fail(error, PLANCHE_ERROR_BUDGET,
                        "%s: it does not fit in the memory budget of %llu bytes; give it more",
                        before.message, (unsigned long long)budget->limit);
}

static struct header *header_of(void *block)
{
    return (struct header *)((char *)block - PLANCHE_ALIGN);
}

static void *block_of(struct header *header)
{
    return (char *)header + PLANCHE_ALIGN;
}

static struct header *map_block(size_t total)
{
    return total >= HUGE_THRESHOLD ? planche_mapping_create_huge(total)
                                   : planche_mapping_create(total);
}

/* Puts a block in its place by address, under the lock. Neighbours are the parts of a mapping that
 * was divided: they become one again. */
static void insert_block(struct planche_block_cache *cache, struct header *block)
{
    struct header **link = &cache->blocks, *before = NULL;
    while (*link && *link < block) {
        before = *link;
        link = &before->next;
    }
    block->next = *link;
    *link = block;
    atomic_fetch_add(&cache->bytes, block->allotted);
    for (struct header *first = before ? before : block; first->next && first <= block;) {
        struct header *second = first->next;
        if ((char *)first + total_of(first) != (char *)second) {
            first = second;
            continue;
        }
        first->next = second->next;
        first->allotted += total_of(second);
        atomic_fetch_add(&cache->bytes, PLANCHE_ALIGN);
    }
}

/* Leaves `total` bytes and less than two grains more, which no budget counts, to a block that is
 * not cached any more, and caches the rest, under the lock. */
static void divide(struct planche_block_cache *cache, struct header *block, size_t total)
{
    const size_t has = total_of(block);
    const size_t kept = (total + GRAIN - 1) / GRAIN * GRAIN;
    if (has < kept + GRAIN)
        return;
    struct header *rest = (struct header *)(void *)((char *)block + kept);
    *rest = (struct header){.allotted = has - kept - PLANCHE_ALIGN, .mapped = true};
    block->allotted = kept - PLANCHE_ALIGN;
    insert_block(cache, rest);
}

static void insert_small(struct planche_block_cache *cache, struct header *block)
{
    block->next = cache->small;
    cache->small = block;
    atomic_fetch_add(&cache->bytes, block->allotted);
    shrink_small(cache, SMALL_BLOCKS);
}

/* A small block of about `total` bytes, under the lock; NULL: there is none. */
static struct header *take_small(struct planche_block_cache *cache, size_t total)
{
    for (struct header **link = &cache->small; *link; link = &(*link)->next) {
        struct header *block = *link;
        if (total_of(block) < total || total_of(block) - total > SMALL_EXCESS)
            continue;
        *link = block->next;
        atomic_fetch_sub(&cache->bytes, block->allotted);
        return block;
    }
    return NULL;
}

/* The smallest cached block that has `total` bytes, the rest of it left in the cache; NULL: there
 * is none. Under the lock. */
static struct header *take_large(struct planche_block_cache *cache, size_t total)
{
    struct header **best = NULL;
    for (struct header **link = &cache->blocks; *link; link = &(*link)->next)
        if (total_of(*link) >= total && (!best || total_of(*link) < total_of(*best)))
            best = link;
    struct header *found = best ? *best : NULL;
    if (found) {
        *best = found->next;
        atomic_fetch_sub(&cache->bytes, found->allotted);
        divide(cache, found, total);
    }
    return found;
}

/* A cached block that has `total` bytes, of arbitrary content; NULL: there is none. */
static struct header *take_cached(struct planche_block_cache *cache, size_t total)
{
    planche_mutex_lock(&cache->lock);
    struct header *found =
        total < HUGE_THRESHOLD ? take_small(cache, total) : take_large(cache, total);
    planche_mutex_unlock(&cache->lock);
    return found;
}

/* False: the block is not for a block cache. */
static bool cache_block(struct header *block)
{
    struct planche_block_cache *cache = block->budget ? block->budget->cache : NULL;
    if (!cache || !block->mapped)
        return false;
    const struct planche_budget *budget = block->budget;
    planche_mutex_lock(&cache->lock);
    if (total_of(block) < HUGE_THRESHOLD)
        insert_small(cache, block);
    else
        insert_block(cache, block);
    planche_mutex_unlock(&cache->lock);
    keep_limit(budget);
    return true;
}

/* Memory for a block, with its header filled in. */
static struct header *obtain(struct planche_budget *budget, size_t size)
{
    bool mapped = USE_MAPPINGS && size >= MAP_THRESHOLD;
    size_t total;
    if (!planche_add_size(size, 2 * PLANCHE_ALIGN - 1, &total) || total > PTRDIFF_MAX)
        return NULL;
    total -= total % PLANCHE_ALIGN;
    struct planche_block_cache *cache = budget ? budget->cache : NULL;
    struct header *cached = cache && mapped ? take_cached(cache, total) : NULL;
    if (cache)
        keep_limit(budget);
    struct header *header = cached   ? cached
                            : mapped ? map_block(total)
                                     : aligned_alloc(PLANCHE_ALIGN, total);
    if (!header)
        return NULL;
    header->zero = mapped && !cached;
    header->budget = budget;
    header->size = size;
    if (!cached)
        header->allotted = total - PLANCHE_ALIGN;
    header->mapped = mapped;
    return header;
}

static void give_back(struct header *header)
{
    if (cache_block(header))
        return;
    if (header->mapped)
        planche_mapping_destroy(header, header->allotted + PLANCHE_ALIGN);
    else
        free(header);
}

static struct header *allocate(struct planche_budget *budget, size_t size)
{
    if (size == 0 || must_fail() || !budget_take(budget, size))
        return NULL;
    struct header *header = obtain(budget, size);
    if (!header)
        planche_budget_release(budget, size);
    return header;
}

void *planche_alloc(struct planche_budget *budget, size_t size)
{
    struct header *header = allocate(budget, size);
    return header ? block_of(header) : NULL;
}

void *planche_calloc(struct planche_budget *budget, size_t count, size_t size)
{
    size_t total;
    if (!planche_mul_size(count, size, &total))
        return NULL;
    struct header *header = allocate(budget, total);
    if (!header)
        return NULL;
    return header->zero ? block_of(header) : memset(block_of(header), 0, total);
}

/* A block of another size with the same content; the old one is gone on success. */
static struct header *resize(struct header *old, size_t size)
{
    size_t total;
    if (old->mapped && size >= MAP_THRESHOLD && planche_add_size(size, PLANCHE_ALIGN, &total)) {
        struct header *header = planche_mapping_resize(old, total_of(old), total);
        if (header) {
            header->size = size;
            header->allotted = size;
            return header;
        }
    }
    struct header *header = obtain(old->budget, size);
    if (!header)
        return NULL;
    memcpy(block_of(header), block_of(old), size < old->size ? size : old->size);
    give_back(old);
    return header;
}

void *planche_realloc(struct planche_budget *budget, void *block, size_t size)
{
    if (!block)
        return planche_alloc(budget, size);
    struct header *old = header_of(block);
    struct planche_budget *owner = old->budget;
    size_t old_size = old->size;
    if (size == 0 || must_fail() || (size > old_size && !budget_take(owner, size - old_size)))
        return NULL;
    if (owner && owner->cache)
        keep_limit(owner);
    struct header *header = resize(old, size);
    if (!header) {
        if (size > old_size)
            planche_budget_release(owner, size - old_size);
        return NULL;
    }
    if (size < old_size)
        planche_budget_release(owner, old_size - size);
    return block_of(header);
}

void planche_free(void *block)
{
    if (!block)
        return;
    struct header *header = header_of(block);
    planche_budget_release(header->budget, header->size);
    give_back(header);
}

char *planche_strdup(struct planche_budget *budget, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = planche_alloc(budget, size);
    return copy ? memcpy(copy, text, size) : NULL;
}
