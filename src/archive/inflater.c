/* SPDX-License-Identifier: MIT */
/* Deflate by zlib, with its memory in a budget. */
#include "archive/inflater.h"

#include "base/checked.h"

static voidpf allocate(voidpf budget, uInt count, uInt size)
{
    size_t bytes;
    return planche_mul_size(count, size, &bytes) ? planche_alloc(budget, bytes) : NULL;
}

static void release(voidpf budget, voidpf block)
{
    (void)budget;
    planche_free(block);
}

bool planche_inflater_init(z_stream *inflater, int bits, struct planche_budget *budget)
{
    *inflater = (z_stream){.zalloc = allocate, .zfree = release, .opaque = budget};
    return inflateInit2(inflater, bits) == Z_OK;
}

bool planche_deflater_init(z_stream *deflater, int level, int bits, struct planche_budget *budget)
{
    *deflater = (z_stream){.zalloc = allocate, .zfree = release, .opaque = budget};
    return deflateInit2(deflater, level, Z_DEFLATED, bits, MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY) ==
           Z_OK;
}
