/* SPDX-License-Identifier: MIT */
/* What an engine's model came from: files, or bytes of the library. Their digest tells models apart
 * whatever they are called; as it takes longer than an engine may, it is made when it is first
 * asked for. */
#ifndef PLANCHE_MODEL_DIGEST_H
#define PLANCHE_MODEL_DIGEST_H

#include "os/file_info.h"
#include "os/thread.h"

#include <planche/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_MODEL_DIGEST_FILES 2 /* .param, .bin */
#define PLANCHE_MODEL_DIGEST_BYTES 32

struct planche_model_digest {
    struct planche_mutex mutex;
    /* Kept open, so that others in their place do not matter; -1: not open. */
    int files[PLANCHE_MODEL_DIGEST_FILES];
    struct planche_file_info noted[PLANCHE_MODEL_DIGEST_FILES]; /* as they were; zeroes: none */
    const void *data; /* of the library; NULL: the files */
    size_t size;
    bool known;
    uint8_t digest[PLANCHE_MODEL_DIGEST_BYTES];
};

void planche_model_digest_init(struct planche_model_digest *model);
/* When the files have been read through the descriptors, which are the digest's from then on. */
void planche_model_digest_note(struct planche_model_digest *model);
/* Whether these files, in the same order, are those that were loaded, unchanged; -1: there is none.
 */
bool planche_model_digest_is_of(const struct planche_model_digest *model,
                                const int files[PLANCHE_MODEL_DIGEST_FILES]);
/* The digest of what was loaded. Any thread. Errors: IO, also when somebody has written into the
 * files since. */
enum planche_status planche_model_digest_get(struct planche_model_digest *model,
                                             uint8_t digest[PLANCHE_MODEL_DIGEST_BYTES],
                                             struct planche_error *error);
/* Closes the files: they were not loaded after all. */
void planche_model_digest_close(struct planche_model_digest *model);
void planche_model_digest_destroy(struct planche_model_digest *model);

#endif
