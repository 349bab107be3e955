/* SPDX-License-Identifier: MIT */
/* Digests: the sha256 of files, folders and texts. */
#ifndef PLANCHE_IO_DIGEST_H
#define PLANCHE_IO_DIGEST_H

#include "base/cancel.h"
#include "os/file_info.h"

#include <stddef.h>

#define PLANCHE_IO_DIGEST_BYTES 32
/* In hexadecimal, with the 0 at its end. */
#define PLANCHE_IO_DIGEST_TEXT (2 * PLANCHE_IO_DIGEST_BYTES + 1)

/* Of all that can be read from where the descriptor stands. False: errno says why it cannot be. */
bool planche_fd_digest(int fd, uint8_t digest[PLANCHE_IO_DIGEST_BYTES]);
void planche_digest_of(const void *data, size_t size, uint8_t digest[PLANCHE_IO_DIGEST_BYTES]);

/* What a file or a folder is at a moment, cheaply: of a file its size and its time, of a folder the
 * number of bytes in it and a digest of all names, sizes and times. What Planche works on there is
 * left out. */
struct planche_stamp {
    uint64_t bytes;
    int64_t time;   /* ns since 1970, or of a folder a part of the digest */
    uint64_t names; /* of a folder: a part of the digest of the names alone */
};
/* False: there is none that can be read, errno says why. */
bool planche_stamp_take(struct planche_stamp *stamp, const char *path);
bool planche_stamp_is_same(const struct planche_stamp *a, const struct planche_stamp *b);
/* Of the content of a file, or of the names and contents of a folder's files. False also when
 * cancel, which may be NULL, has fired. */
bool planche_content_digest(const char *path, const struct planche_cancel_token *cancel,
                            uint8_t digest[PLANCHE_IO_DIGEST_BYTES]);

#endif
