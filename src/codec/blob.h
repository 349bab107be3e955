/* SPDX-License-Identifier: MIT */
/* Blobs: bytes counted in a budget, metadata for instance. */
#ifndef PLANCHE_CODEC_BLOB_H
#define PLANCHE_CODEC_BLOB_H

#include "codec/codec.h"

/* Most that EXIF or XMP may hold: it can be compressed, and a small file must not become a large
 * process. */
#define PLANCHE_MAX_METADATA ((size_t)16 << 20)

/* Makes *blob hold size bytes (which may be 0), to be filled in, with one zero byte behind them;
 * what it held is freed. Errors: MEMORY, BUDGET; name begins the message. */
enum planche_status planche_blob_make(struct planche_blob *blob, size_t size,
                                      struct planche_budget *budget, const char *name,
                                      struct planche_error *error);
/* Makes *blob a copy of size bytes (which may be 0), with one zero byte behind them so that XMP may
 * be used as text; what it held is freed. Errors: MEMORY, BUDGET; name begins the message. */
enum planche_status planche_blob_set(struct planche_blob *blob, const void *data, size_t size,
                                     struct planche_budget *budget, const char *name,
                                     struct planche_error *error);
/* The same for XMP out of a file: LIMIT if it is larger than what any program writes, since it is
 * searched. */
enum planche_status planche_blob_set_xmp(struct planche_blob *blob, const void *data, size_t size,
                                         struct planche_budget *budget, const char *name,
                                         struct planche_error *error);
void planche_blob_free(struct planche_blob *blob);
void planche_metadata_free(struct planche_metadata *metadata);

#endif
