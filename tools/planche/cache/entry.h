/* SPDX-License-Identifier: MIT */
/* Entries: the format of the files that results are kept in.
 *
 * A head, then the content to the end of the file. All numbers are little-endian.
 *
 *    0  8  "PLNCHRES"
 *    8  4  version of the format, 1
 *   12  4  bytes of the head, checksum included
 *   16  8  bytes of the content
 *   24  8  time of storing, ns since 1970
 *   32 32  key
 *   64 32  sha256 of the content
 *   96  4  bytes of the texts
 *  100  .  texts, a 0 behind each: type, then name and value of each header
 *    .  8  first bytes of the sha256 of all that is before
 */
#ifndef PLANCHE_CACHE_ENTRY_H
#define PLANCHE_CACHE_ENTRY_H

#include "cache/key.h"
#include "cache/result.h"

#define PLANCHE_CACHE_HEAD_FIXED    100
#define PLANCHE_CACHE_HEAD_CHECKSUM 8
/* The longest head. */
#define PLANCHE_CACHE_HEAD_BYTES                                                                   \
    (PLANCHE_CACHE_HEAD_FIXED + PLANCHE_CACHE_TEXT_BYTES + PLANCHE_CACHE_HEAD_CHECKSUM)

/* Writes the head of a result that is stored now; returns its bytes. */
size_t planche_cache_head_write(uint8_t head[PLANCHE_CACHE_HEAD_BYTES],
                                const struct planche_cache_key *key,
                                const struct planche_cache_result *result, int64_t now);
/* Reads the head of a file: size bytes of it are there, of the file_size that it has. Fills all
 * that is known of the result but where its content is read from, which is offset. False: it is no
 * sound head of this key and of a file of this size. */
bool planche_cache_head_read(const uint8_t *head, size_t size, uint64_t file_size,
                             const struct planche_cache_key *key,
                             struct planche_cache_result *result);

/* Whether a file, of which the first size bytes are there, is one that a cache has written, sound
 * or not: it has an entry's first bytes, or the key of its name (NULL: it has none), or nothing but
 * what a power cut leaves, no bytes or zeros. Names alone tell nothing: object stores have such. */
bool planche_cache_head_is_ours(const uint8_t *head, size_t size,
                                const struct planche_cache_key *key);
/* Bytes of a file that are enough for it. */
#define PLANCHE_CACHE_HEAD_LOOK 64

#endif
