/* SPDX-License-Identifier: MIT */
/* Heads of entries of the cache: an input is a file. It is read as it is, and once more with
 * lengths and a checksum that are right, so that what follows them is reached. */
#include "base/little_endian.h"
#include "cache/entry.h"
#include "io/digest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is what is written again. */
static void read_head(const uint8_t *data, size_t size)
{
    uint8_t again[PLANCHE_CACHE_HEAD_BYTES];
    struct planche_cache_key key = {{0}};
    struct planche_cache_result *result = planche_cache_result_make(NULL, -1);
    size_t there = size < PLANCHE_CACHE_HEAD_BYTES ? size : PLANCHE_CACHE_HEAD_BYTES;
    if (!result)
        return;
    if (size >= 64)
        memcpy(&key, data + 32, sizeof key);
    if (planche_cache_head_read(data, there, size, &key, result)) {
        size_t length = planche_cache_head_write(again, &key, result, result->stored);
        if (length != result->offset || memcmp(again, data, length) != 0 ||
            result->offset + result->size != size || !*result->type)
            abort();
        for (size_t i = 0; i < result->header_count; i++) {
            const struct planche_cache_header *header = &result->headers[i];
            if (!*header->name || strpbrk(header->name, "\r\n: ") || strpbrk(header->value, "\r\n"))
                abort();
        }
    }
    planche_cache_result_release(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    read_head(data, size);
    if (size < PLANCHE_CACHE_HEAD_FIXED + PLANCHE_CACHE_HEAD_CHECKSUM)
        return 0;
    uint8_t *copy = malloc(size);
    size_t texts = size - PLANCHE_CACHE_HEAD_FIXED - PLANCHE_CACHE_HEAD_CHECKSUM;
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    texts = texts < data[96] ? texts : data[96];
    size_t head = PLANCHE_CACHE_HEAD_FIXED + texts + PLANCHE_CACHE_HEAD_CHECKSUM;
    put32(copy + 12, (uint32_t)head);
    put64(copy + 16, size - head);
    put32(copy + 96, (uint32_t)texts);
    planche_digest_of(copy, PLANCHE_CACHE_HEAD_FIXED + texts, digest);
    memcpy(copy + PLANCHE_CACHE_HEAD_FIXED + texts, digest, PLANCHE_CACHE_HEAD_CHECKSUM);
    read_head(copy, size);
    free(copy);
    return 0;
}
