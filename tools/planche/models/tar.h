/* SPDX-License-Identifier: MIT */
/* Writer of tarballs: regular files with plain names, in POSIX's ustar format; names that are too
 * long for that, as pax has them. The same files make the same bytes. */
#ifndef PLANCHE_MODELS_TAR_H
#define PLANCHE_MODELS_TAR_H

#include "io/atomic_file.h"

#include <stdint.h>

/* Begins a file of so many bytes, which the caller writes behind it. name: at most 4096 bytes.
 * Errors: ARGUMENT (name, size), IO. */
enum planche_status planche_cli_tar_begin(struct planche_atomic_file *tar, const char *name,
                                          uint64_t size, struct planche_error *error);
/* Ends a file of so many bytes: fills its last block. Error: IO. */
enum planche_status planche_cli_tar_end(struct planche_atomic_file *tar, uint64_t size,
                                        struct planche_error *error);
/* Ends the tarball. Error: IO. */
enum planche_status planche_cli_tar_close(struct planche_atomic_file *tar,
                                          struct planche_error *error);

#endif
