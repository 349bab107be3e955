/* SPDX-License-Identifier: MIT */
/* Keys of results: a sha256 over everything that decides their bytes. */
#ifndef PLANCHE_CACHE_KEY_H
#define PLANCHE_CACHE_KEY_H

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_CACHE_KEY_BYTES 32
/* In hexadecimal, with the 0 at its end. */
#define PLANCHE_CACHE_KEY_TEXT (2 * PLANCHE_CACHE_KEY_BYTES + 1)

struct planche_cache_key {
    uint8_t bytes[PLANCHE_CACHE_KEY_BYTES];
};

/* A key in the making: named values, in an order that is always the same. Names and lengths are
 * hashed with the values, so that no two lists of values have one key. */
struct planche_cache_hash {
    struct sha256_ctx context;
};

void planche_cache_hash_begin(struct planche_cache_hash *hash);
void planche_cache_hash_add(struct planche_cache_hash *hash, const char *name, const void *data,
                            size_t size);
/* text may be NULL, which is not the same as "". */
void planche_cache_hash_text(struct planche_cache_hash *hash, const char *name, const char *text);
void planche_cache_hash_number(struct planche_cache_hash *hash, const char *name, uint64_t number);
void planche_cache_hash_end(struct planche_cache_hash *hash, struct planche_cache_key *key);

void planche_cache_key_text(const struct planche_cache_key *key, char text[PLANCHE_CACHE_KEY_TEXT]);
/* The entity tag of the result, with its quotes. */
#define PLANCHE_CACHE_KEY_TAG 35
void planche_cache_key_tag(const struct planche_cache_key *key, char tag[PLANCHE_CACHE_KEY_TAG]);
/* The key that such a text is of. False: it is none. */
bool planche_cache_key_parse(struct planche_cache_key *key, const char *text);

#endif
