/* SPDX-License-Identifier: MIT */
/* The files that an engine's model came from. Their digest tells models apart whatever they are
 * called; as it takes longer than an engine may, it is made when it is first asked for. */
#ifndef PLANCHE_ENGINE_MODEL_DIGEST_H
#define PLANCHE_ENGINE_MODEL_DIGEST_H

#include <planche/error.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define PLANCHE_ORIGIN_FILES        2 /* .param, .bin */
#define PLANCHE_ORIGIN_DIGEST_BYTES 32

struct planche_origin {
    pthread_mutex_t mutex;
    /* Kept open, so that others in their place do not matter; -1: not open. */
    int files[PLANCHE_ORIGIN_FILES];
    struct timespec changed[PLANCHE_ORIGIN_FILES];
    bool known;
    uint8_t digest[PLANCHE_ORIGIN_DIGEST_BYTES];
};

void planche_origin_init(struct planche_origin *origin);
/* When the files have been read through the descriptors, which are the origin's from then on. */
void planche_origin_note(struct planche_origin *origin);
/* The digest of what was loaded. Any thread. Errors: IO, also when somebody has written into the
 * files since. */
enum planche_status planche_origin_digest(struct planche_origin *origin,
                                          uint8_t digest[PLANCHE_ORIGIN_DIGEST_BYTES],
                                          struct planche_error *error);
void planche_origin_destroy(struct planche_origin *origin);

#endif
