/* SPDX-License-Identifier: MIT */
/* Keys of pages. */
#include "pages/keys.h"

#include "os/thread.h"
#include "pages/digests.h"

#include <stdlib.h>

struct planche_pages_keys {
    const struct planche_engine_options *base;
    const char *commit;
    bool shared;
    struct planche_pages_digests *digests;
    struct planche_mutex lock; /* of all below */
    bool known;
    struct planche_cache_key machine;
};

struct planche_pages_keys *planche_pages_keys_create(const struct planche_engine_options *base,
                                                     const char *commit, bool shared)
{
    struct planche_pages_keys *keys = calloc(1, sizeof *keys);
    if (keys == NULL)
        return NULL;
    keys->digests = planche_pages_digests_create();
    if (keys->digests == NULL) {
        free(keys);
        return NULL;
    }
    keys->base = base;
    keys->commit = commit;
    keys->shared = shared;
    planche_mutex_init(&keys->lock);
    return keys;
}

void planche_pages_keys_destroy(struct planche_pages_keys *keys)
{
    if (keys == NULL)
        return;
    planche_mutex_destroy(&keys->lock);
    planche_pages_digests_destroy(keys->digests);
    free(keys);
}

static void ask_machine(struct planche_pages_keys *keys)
{
    planche_mutex_lock(&keys->lock);
    if (!keys->known && keys->shared)
        planche_cache_shared_key(&keys->machine, keys->base);
    else if (!keys->known)
        planche_cache_machine_key(&keys->machine, keys->base, keys->commit);
    keys->known = true;
    planche_mutex_unlock(&keys->lock);
}

void planche_pages_keys_prepare(struct planche_pages_keys *keys, const char *model)
{
    struct planche_engine_options options = *keys->base;
    struct planche_cache_key engine;
    struct planche_error error = {0};
    ask_machine(keys);
    if (model != NULL)
        options.model = model;
    /* Files are read here, and later only looked at. What is wrong with them is told when a page
     * comes. */
    planche_cache_engine_key(&engine, &keys->machine, &options, &error);
}

enum planche_status planche_pages_keys_get(struct planche_pages_keys *keys, const void *data,
                                           size_t size, const struct planche_cli_request *request,
                                           struct planche_cache_key *key,
                                           struct planche_error *error)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    struct planche_cache_key engine;
    ask_machine(keys);
    enum planche_status status =
        planche_cache_engine_key(&engine, &keys->machine, &request->engine, error);
    if (status != PLANCHE_OK)
        return status;
    planche_pages_digests_get(keys->digests, data, size, digest);
    planche_cache_page_key(key, &engine, digest, &request->page);
    return PLANCHE_OK;
}
