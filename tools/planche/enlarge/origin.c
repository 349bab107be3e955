/* SPDX-License-Identifier: MIT */
/* Stamps and digests of sources, beside their enlargement. */
#include "enlarge/origin.h"

#include "base/text.h"

static void digest(void *user)
{
    struct planche_cli_origin *origin = user;
    const struct planche_cancel_token process = {.handle = origin->cancel};
    const struct planche_cancel_token cancel = {.handle = &origin->stopped, .parent = &process};
    uint8_t bytes[PLANCHE_IO_DIGEST_BYTES];
    origin->digested = planche_content_digest(origin->path, &cancel, bytes);
    if (origin->digested)
        planche_text_hex(origin->digest, bytes, sizeof bytes);
}

void planche_cli_origin_begin(struct planche_cli_origin *origin, const char *path, bool beside,
                              const struct planche_cancel *cancel)
{
    *origin = (struct planche_cli_origin){.path = path, .cancel = cancel};
    origin->known = planche_stamp_take(&origin->stamp, path);
    origin->beside =
        origin->known && beside && planche_thread_start(&origin->thread, digest, origin);
}

void planche_cli_origin_end(struct planche_cli_origin *origin, bool made)
{
    struct planche_stamp after;
    if (!made)
        planche_cancel_set(&origin->stopped);
    if (origin->beside)
        planche_thread_join(&origin->thread);
    else if (origin->known && made)
        digest(origin);
    /* What has changed meanwhile was perhaps not what was read. */
    if (origin->digested && !(planche_stamp_take(&after, origin->path) &&
                              planche_stamp_is_same(&origin->stamp, &after)))
        *origin->digest = 0;
}
