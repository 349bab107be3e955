/* SPDX-License-Identifier: MIT */
/* Digests of pages that come again. */
#include "pages/digests.h"

#include "os/system.h"
#include "os/thread.h"

#include <nettle/umac.h>
#include <stdlib.h>
#include <string.h>

/* Pages that are remembered; a power of 2. A page takes the place of another. */
#define PLACES 4096
/* Of less the sha256 is as quick. */
#define LEAST_BYTES 4096

struct known {
    uint8_t hash[UMAC64_DIGEST_SIZE];
    uint64_t size; /* 0: nothing is known */
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
};

struct planche_pages_digests {
    struct umac64_ctx keyed; /* never changed: copies hash */
    struct planche_mutex lock;
    struct known known[PLACES];
};

struct planche_pages_digests *planche_pages_digests_create(void)
{
    static const uint8_t nonce[UMAC_MIN_NONCE_SIZE];
    uint8_t key[UMAC_KEY_SIZE];
    struct planche_pages_digests *digests = calloc(1, sizeof *digests);
    if (digests == NULL || !planche_system_random(key, sizeof key)) {
        free(digests);
        return NULL;
    }
    umac64_set_key(&digests->keyed, key);
    /* The same for all: hashes are compared, and shown to nobody. */
    umac64_set_nonce(&digests->keyed, sizeof nonce, nonce);
    planche_mutex_init(&digests->lock);
    explicit_bzero(key, sizeof key);
    return digests;
}

void planche_pages_digests_destroy(struct planche_pages_digests *digests)
{
    if (digests == NULL)
        return;
    planche_mutex_destroy(&digests->lock);
    free(digests);
}

static struct known *place_of(struct planche_pages_digests *digests, const uint8_t *hash)
{
    uint32_t number;
    memcpy(&number, hash, sizeof number);
    return &digests->known[number % PLACES];
}

bool planche_pages_digests_get(struct planche_pages_digests *digests, const void *data, size_t size,
                               uint8_t digest[PLANCHE_IO_DIGEST_BYTES])
{
    uint8_t hash[UMAC64_DIGEST_SIZE];
    if (size < LEAST_BYTES) {
        planche_digest_of(data, size, digest);
        return false;
    }
    struct umac64_ctx context = digests->keyed;
    umac64_update(&context, size, data);
    umac64_digest(&context, sizeof hash, hash);
    struct known *place = place_of(digests, hash);
    planche_mutex_lock(&digests->lock);
    bool found = place->size == size && memcmp(place->hash, hash, sizeof hash) == 0;
    if (found)
        memcpy(digest, place->digest, sizeof place->digest);
    planche_mutex_unlock(&digests->lock);
    if (found)
        return true;
    planche_digest_of(data, size, digest);
    planche_mutex_lock(&digests->lock);
    memcpy(place->hash, hash, sizeof hash);
    memcpy(place->digest, digest, sizeof place->digest);
    place->size = size;
    planche_mutex_unlock(&digests->lock);
    return false;
}
