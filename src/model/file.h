/* SPDX-License-Identifier: MIT */
/* Bytes of a model file, from disk or from memory. */
#ifndef PLANCHE_MODEL_FILE_H
#define PLANCHE_MODEL_FILE_H

#include "base/alloc.h"

#include <planche/error.h>
#include <stdint.h>

#define PLANCHE_MODEL_FILE_LIMIT  (UINT64_C(1) << 30)
#define PLANCHE_MODEL_PARAM_LIMIT (UINT64_C(16) << 20)

struct planche_model_file {
    const char *name;
    const uint8_t *data; /* NULL: read from fd */
    int fd;
    uint64_t size, position;
};

/* data may be NULL: then the file at name is opened. It must be a regular file of at most limit
 * bytes. */
enum planche_status planche_model_file_open(struct planche_model_file *file, const char *name,
                                            const void *data, size_t size, uint64_t limit,
                                            struct planche_error *error);
/* Exactly size bytes. Errors: IO. The caller has checked that they are there. */
enum planche_status planche_model_file_read(struct planche_model_file *file, void *out, size_t size,
                                            struct planche_error *error);
uint64_t planche_model_file_left(const struct planche_model_file *file);
void planche_model_file_close(struct planche_model_file *file);

#endif
