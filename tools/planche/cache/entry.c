/* SPDX-License-Identifier: MIT */
/* Heads of entries. */
#include "cache/entry.h"

#include "base/little_endian.h"
#include "io/digest.h"

#include <string.h>

static const uint8_t magic[8] = {'P', 'L', 'N', 'C', 'H', 'R', 'E', 'S'};
#define VERSION 1

static void make_checksum(const uint8_t *head, size_t size, uint8_t checksum[8])
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    planche_digest_of(head, size, digest);
    memcpy(checksum, digest, PLANCHE_CACHE_HEAD_CHECKSUM);
}

size_t planche_cache_head_write(uint8_t head[PLANCHE_CACHE_HEAD_BYTES],
                                const struct planche_cache_key *key,
                                const struct planche_cache_result *result, int64_t now)
{
    size_t checked = PLANCHE_CACHE_HEAD_FIXED + result->text_size;
    size_t size = checked + PLANCHE_CACHE_HEAD_CHECKSUM;
    memcpy(head, magic, sizeof magic);
    put32(head + 8, VERSION);
    put32(head + 12, (uint32_t)size);
    put64(head + 16, result->size);
    put64(head + 24, (uint64_t)now);
    memcpy(head + 32, key->bytes, sizeof key->bytes);
    memcpy(head + 64, result->digest, sizeof result->digest);
    put32(head + 96, (uint32_t)result->text_size);
    memcpy(head + PLANCHE_CACHE_HEAD_FIXED, result->text, result->text_size);
    make_checksum(head, checked, head + checked);
    return size;
}

bool planche_cache_head_read(const uint8_t *head, size_t size, uint64_t file_size,
                             const struct planche_cache_key *key,
                             struct planche_cache_result *result)
{
    const size_t least = PLANCHE_CACHE_HEAD_FIXED + PLANCHE_CACHE_HEAD_CHECKSUM;
    uint8_t checksum[PLANCHE_CACHE_HEAD_CHECKSUM];
    if (size < least || memcmp(head, magic, sizeof magic) != 0 || get32(head + 8) != VERSION)
        return false;
    size_t length = get32(head + 12), texts = get32(head + 96);
    if (length > size || texts > PLANCHE_CACHE_TEXT_BYTES || length != least + texts)
        return false;
    make_checksum(head, length - sizeof checksum, checksum);
    if (memcmp(head + length - sizeof checksum, checksum, sizeof checksum) != 0 ||
        memcmp(head + 32, key->bytes, sizeof key->bytes) != 0)
        return false;
    result->offset = length;
    result->size = get64(head + 16);
    result->stored = (int64_t)get64(head + 24);
    memcpy(result->digest, head + 64, sizeof result->digest);
    result->text_size = texts;
    memcpy(result->text, head + PLANCHE_CACHE_HEAD_FIXED, texts);
    return file_size >= length && result->size == file_size - length &&
           planche_cache_result_index(result);
}

bool planche_cache_head_is_ours(const uint8_t *head, size_t size,
                                const struct planche_cache_key *key)
{
    static const uint8_t zeros[PLANCHE_CACHE_HEAD_LOOK];
    size_t first = size < sizeof magic ? size : sizeof magic;
    size_t looked = size < sizeof zeros ? size : sizeof zeros;
    return memcmp(head, magic, first) == 0 || memcmp(head, zeros, looked) == 0 ||
           (key && size >= 32 + sizeof key->bytes &&
            memcmp(head + 32, key->bytes, sizeof key->bytes) == 0);
}
