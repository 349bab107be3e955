/* SPDX-License-Identifier: MIT */
/* Reader of a model file, from disk or from memory. */
#ifndef PLANCHE_MODEL_FILE_H
#define PLANCHE_MODEL_FILE_H

#include "base/alloc.h"

#include <planche/error.h>
#include <stdbool.h>
#include <stdint.h>

#define PLANCHE_MODEL_FILE_LIMIT (UINT64_C(1) << 30)
#define PLANCHE_MODEL_TEXT_LIMIT (UINT64_C(16) << 20)

struct planche_model_file {
    const char *name;
    const uint8_t *data; /* NULL: read from fd */
    int fd;
    uint64_t size, position;
};

/* What one of Planche's own networks is to become; no matter to other models. */
struct planche_model_form {
    double level; /* of cleaning, -1 to 3 */
    bool grey;    /* of one colour */
    bool clean;   /* of scale 1 */
};

/* A model's one or two files. */
struct planche_model_source {
    struct planche_model_form form;
    const char *param_path,
        *bin_path; /* names in messages; read unless the memory below is given */
    const void *param, *bin;
    size_t param_size, bin_size;
    int *param_fd, *bin_fd; /* NULL, or what is to own the descriptors of files that were read */
};

/* data may be NULL: then the file at name is opened. It must be a regular file. Errors: NOT_FOUND,
 * IO. */
enum planche_status planche_model_file_open(struct planche_model_file *file, const char *name,
                                            const void *data, size_t size,
                                            struct planche_error *error);
/* Checks that the file has at most limit bytes. Errors: MODEL. */
enum planche_status planche_model_file_limit(const struct planche_model_file *file, uint64_t limit,
                                             struct planche_error *error);
/* The first bytes, at most size of them, without moving the position; returns how many. */
size_t planche_model_file_peek(const struct planche_model_file *file, void *out, size_t size);
/* Exactly size bytes. Errors: IO. The caller has checked that they are there. */
enum planche_status planche_model_file_read(struct planche_model_file *file, void *out, size_t size,
                                            struct planche_error *error);
/* Likewise from a byte on, without moving the position. */
enum planche_status planche_model_file_read_at(const struct planche_model_file *file, void *out,
                                               size_t size, uint64_t at,
                                               struct planche_error *error);
uint64_t planche_model_file_left(const struct planche_model_file *file);
void planche_model_file_close(struct planche_model_file *file);
/* Likewise, but the descriptor goes to *owner unless owner is NULL: -1 if there is none. */
void planche_model_file_hand_over(struct planche_model_file *file, int *owner);

#endif
