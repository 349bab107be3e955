/* SPDX-License-Identifier: MIT */
/* Block headers of RAR 4 and RAR 5 archives, as far as libarchive does not look at them: checksums
 * of contents, encryption of RAR 5 files, volumes of a split archive. Source: RARLAB's description
 * of the formats. */
#ifndef PLANCHE_UNPACK_RAR_BLOCKS_H
#define PLANCHE_UNPACK_RAR_BLOCKS_H

#include <planche/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As much of a block's header as is looked at. */
#define RAR_HEAD_BYTES 4096u

/* Zero but for fd, from and file_size. */
struct rar_blocks {
    int fd;
    uint64_t from;      /* where the archive begins in the file */
    uint64_t file_size; /* of the archive */
    uint64_t at;        /* of the block */
    uint64_t length;    /* of the block, with its data */
    uint8_t head[RAR_HEAD_BYTES];
    size_t size; /* bytes in head */
    bool five, end;
    bool solid; /* an archive whose entries must be unpacked to come to the next */
    /* Of the current file. The name lies in head, if it is one without an encoding; else its size
     * is 0. */
    size_t name_at, name_size;
    bool has_crc;
    uint32_t crc; /* CRC-32 */
};

/* Goes on behind the header of the next file; *file is false when there is none. Errors: DATA,
 * UNSUPPORTED (encrypted, volumes), IO; *text says why. */
enum planche_status rar_blocks_next(struct rar_blocks *blocks, bool *file, const char **text);

#endif
