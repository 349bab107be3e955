/* SPDX-License-Identifier: MIT */
/* base/alloc.h in planche-decode: everything comes from malloc, which counts (child/memory.h), so
 * that readers and the libraries behind them are held to the same budget. */
#include "base/alloc.h"

#include "base/status.h"
#include "codec/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void *planche_alloc(struct planche_budget *budget, size_t size)
{
    void *block = NULL;
    (void)budget;
    return size > 0 && posix_memalign(&block, PLANCHE_ALIGN, size) == 0 ? block : NULL;
}

void *planche_calloc(struct planche_budget *budget, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *block = planche_alloc(budget, bytes);
    if (block)
        memset(block, 0, bytes);
    return block;
}

void *planche_realloc(struct planche_budget *budget, void *block, size_t size)
{
    (void)budget;
    return size > 0 ? realloc(block, size) : NULL;
}

void planche_free(void *block)
{
    free(block);
}

/* What is reserved for libraries is an estimate; here their allocations are counted themselves. */
bool planche_budget_reserve(struct planche_budget *budget, uint64_t bytes)
{
    (void)budget;
    (void)bytes;
    return true;
}

void planche_budget_release(struct planche_budget *budget, uint64_t bytes)
{
    (void)budget;
    (void)bytes;
}

/* Libraries that end the process are welcome to: the process is there for that. */
bool planche_foreign_enter(uint64_t bytes)
{
    (void)bytes;
    return true;
}

void planche_foreign_leave(uint64_t bytes)
{
    (void)bytes;
}

enum planche_status planche_decoder_enter(const struct planche_decoder *decoder, uint64_t bytes,
                                          struct planche_error *error)
{
    (void)decoder;
    (void)bytes;
    (void)error;
    return PLANCHE_OK;
}

/* The library knows whether the budget or the system had none. */
enum planche_status planche_fail_memory(struct planche_error *error,
                                        const struct planche_budget *budget, uint64_t bytes,
                                        const char *what)
{
    (void)budget;
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory for %" PRIu64 " bytes", what,
                        bytes);
}
