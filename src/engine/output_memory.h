/* SPDX-License-Identifier: MIT */
/* The bytes that a page becomes when its caller wants no file. The caller keeps them, so they
 * belong to no budget, but while the call runs they are counted. */
#ifndef PLANCHE_ENGINE_OUTPUT_MEMORY_H
#define PLANCHE_ENGINE_OUTPUT_MEMORY_H

#include "codec/codec.h"

/* A block that grows. data is to be planche_free()d. */
struct planche_output_memory {
    struct planche_budget *budget; /* NULL: nothing was written */
    uint8_t *data;
    size_t size, capacity; /* bytes; capacity is reserved in budget */
};

/* For planche_page_job; user is the memory. */
enum planche_status planche_output_memory_begin(void *user, struct planche_budget *budget,
                                                unsigned part, struct planche_error *error);
uint64_t planche_output_memory_needed(void *user, const struct planche_image_info *info,
                                      const struct planche_page_options *options, unsigned parts);
/* Errors: BUDGET, MEMORY, LIMIT. */
enum planche_status planche_output_memory_write(void *user, const void *data, size_t size,
                                                struct planche_error *error);

#endif
