/* SPDX-License-Identifier: MIT */
/* Keys of results. */
#include "cache/key.h"

#include "base/little_endian.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

_Static_assert(PLANCHE_CACHE_KEY_BYTES == SHA256_DIGEST_SIZE, "a key is a sha256");

static void add_size(struct planche_cache_hash *hash, uint64_t size)
{
    uint8_t bytes[8];
    put64(bytes, size);
    sha256_update(&hash->context, sizeof bytes, bytes);
}

void planche_cache_hash_begin(struct planche_cache_hash *hash)
{
    sha256_init(&hash->context);
}

void planche_cache_hash_add(struct planche_cache_hash *hash, const char *name, const void *data,
                            size_t size)
{
    size_t length = strlen(name);
    add_size(hash, length);
    sha256_update(&hash->context, length, (const uint8_t *)name);
    add_size(hash, size);
    if (size > 0)
        sha256_update(&hash->context, size, data);
}

void planche_cache_hash_text(struct planche_cache_hash *hash, const char *name, const char *text)
{
    /* The 0 tells "" from NULL. */
    planche_cache_hash_add(hash, name, text, text ? strlen(text) + 1 : 0);
}

void planche_cache_hash_number(struct planche_cache_hash *hash, const char *name, uint64_t number)
{
    uint8_t bytes[8];
    put64(bytes, number);
    planche_cache_hash_add(hash, name, bytes, sizeof bytes);
}

void planche_cache_hash_end(struct planche_cache_hash *hash, struct planche_cache_key *key)
{
    sha256_digest(&hash->context, sizeof key->bytes, key->bytes);
}

void planche_cache_key_text(const struct planche_cache_key *key, char text[PLANCHE_CACHE_KEY_TEXT])
{
    planche_text_hex(text, key->bytes, sizeof key->bytes);
}

void planche_cache_key_tag(const struct planche_cache_key *key, char tag[PLANCHE_CACHE_KEY_TAG])
{
    char text[PLANCHE_CACHE_KEY_TEXT];
    planche_cache_key_text(key, text);
    snprintf(tag, PLANCHE_CACHE_KEY_TAG, "\"%.32s\"", text);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool planche_cache_key_parse(struct planche_cache_key *key, const char *text)
{
    if (strlen(text) != PLANCHE_CACHE_KEY_TEXT - 1)
        return false;
    for (size_t i = 0; i < sizeof key->bytes; i++) {
        int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        key->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
