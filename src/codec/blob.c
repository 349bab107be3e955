/* SPDX-License-Identifier: MIT */
/* Blobs: bytes counted in a budget. */
#include "codec/blob.h"

#include "base/checked.h"
#include "base/status.h"

#include <string.h>

enum planche_status planche_blob_make(struct planche_blob *blob, size_t size,
                                      struct planche_budget *budget, const char *name,
                                      struct planche_error *error)
{
    size_t total;
    planche_blob_free(blob);
    if (size == 0)
        return PLANCHE_OK;
    if (!planche_add_size(size, 1, &total))
        total = SIZE_MAX;
    uint8_t *data = planche_alloc(budget, total);
    if (!data)
        return planche_fail_memory(error, budget, total, name);
    data[size] = 0;
    *blob = (struct planche_blob){data, size};
    return PLANCHE_OK;
}

enum planche_status planche_blob_set(struct planche_blob *blob, const void *data, size_t size,
                                     struct planche_budget *budget, const char *name,
                                     struct planche_error *error)
{
    enum planche_status status = planche_blob_make(blob, size, budget, name, error);
    if (status == PLANCHE_OK && size > 0)
        memcpy(blob->data, data, size);
    return status;
}

enum planche_status planche_blob_set_xmp(struct planche_blob *blob, const void *data, size_t size,
                                         struct planche_budget *budget, const char *name,
                                         struct planche_error *error)
{
    if (size > PLANCHE_MAX_METADATA)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: the image has more than 16 MiB of metadata", name);
    return planche_blob_set(blob, data, size, budget, name, error);
}

void planche_blob_free(struct planche_blob *blob)
{
    planche_free(blob->data);
    *blob = (struct planche_blob){NULL, 0};
}

void planche_metadata_free(struct planche_metadata *metadata)
{
    planche_blob_free(&metadata->icc);
    planche_blob_free(&metadata->exif);
    planche_blob_free(&metadata->xmp);
}
