/* SPDX-License-Identifier: MIT */
/* The chains of blocks that RAR 4 and RAR 5 archives are, as RARLAB describes them. */
#include "archive/scan.h"
#include "archive/zip.h"
#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* As much of a block's header as is looked at. */
#define HEAD_BYTES 4096u
#define RAR4_BYTES 7u
/* For an entry, with what goes with it. */
#define MAX_BLOCKS 8u
/* What libarchive has beside the window. */
#define STATE_BYTES ((uint64_t)8 << 20)

struct rar {
    const struct planche_archive *archive;
    struct planche_scan *scan;
    struct planche_error *error;
    uint64_t at; /* of the block */
    uint64_t blocks;
    uint8_t head[HEAD_BYTES];
    size_t size;     /* bytes in head */
    uint64_t length; /* of the block, with its data */
    uint64_t window; /* the largest */
    bool end;
};

static enum planche_status fail_volume(const struct rar *rar)
{
    return planche_fail(rar->error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: is one of several volumes of an archive", rar->archive->path);
}

static enum planche_status fail_encrypted(const struct rar *rar)
{
    return planche_fail(rar->error, PLANCHE_ERROR_UNSUPPORTED, "%s: is encrypted",
                        rar->archive->path);
}

static enum planche_status fail_damaged(const struct rar *rar)
{
    return planche_fail(rar->error, PLANCHE_ERROR_DATA, "%s: is a RAR that is damaged",
                        rar->archive->path);
}

static enum planche_status fetch(struct rar *rar)
{
    int64_t got = planche_fd_read_at(rar->archive->fd, rar->head, sizeof rar->head, rar->at);
    rar->size = got < 0 ? 0 : (size_t)got;
    return got < 0 ? planche_fail(rar->error, PLANCHE_ERROR_IO, "%s: cannot be read: %s",
                                  rar->archive->path, strerror(errno))
                   : PLANCHE_OK;
}

static bool keep_crc(struct rar *rar, uint64_t crc)
{
    struct planche_scan *scan = rar->scan;
    if (scan->count == scan->room) {
        size_t room = scan->room ? scan->room * 2 : 64;
        uint64_t *crcs = planche_realloc(rar->archive->budget, scan->crcs, room * sizeof *crcs);
        if (!crcs)
            return false;
        scan->crcs = crcs;
        scan->room = room;
    }
    scan->crcs[scan->count++] = crc;
    return true;
}

static enum planche_status add_file(struct rar *rar, uint64_t window, uint64_t crc)
{
    if (window > rar->window)
        rar->window = window;
    if (rar->scan->count >= rar->archive->limits.entries)
        return planche_fail(rar->error, PLANCHE_ERROR_LIMIT,
                            "%s: has more than %" PRIu64 " entries (--max-entries)",
                            rar->archive->path, rar->archive->limits.entries);
    return keep_crc(rar, crc) ? PLANCHE_OK
                              : planche_fail_memory(rar->error, rar->archive->budget,
                                                    rar->scan->room * 16, rar->archive->path);
}

/* RAR 4's other way to pack says how much memory it takes in the first bytes. */
static uint64_t model_bytes(const struct rar *rar, size_t head_size)
{
    uint8_t first[2];
    if (planche_fd_read_at(rar->archive->fd, first, 2, rar->at + head_size) != 2)
        return 0;
    bool model = first[0] & 0x80, sized = first[0] & 0x20;
    return model && sized ? ((uint64_t)first[1] + 1) << 20 : 0;
}

static enum planche_status scan_file4(struct rar *rar, unsigned flags, size_t head_size)
{
    const uint8_t *p = rar->head;
    if (head_size < 32 || rar->size < 32)
        return fail_damaged(rar);
    uint64_t packed = get32(p + 7);
    if (flags & 0x100 && head_size >= 40 && rar->size >= 40)
        packed |= (uint64_t)get32(p + 32) << 32;
    rar->length = head_size + packed;
    if (flags & 0x3)
        return fail_volume(rar);
    if (flags & 0x4)
        return fail_encrypted(rar);
    unsigned size = flags >> 5 & 7;
    uint64_t window = size == 7 ? 0 : (uint64_t)0x10000 << size;
    if (p[2] == 0x74 && p[25] != 0x30)
        window += model_bytes(rar, head_size);
    /* Of a folder it is nothing. */
    uint64_t crc = size == 7 ? PLANCHE_NO_CRC : get32(p + 16);
    return p[2] == 0x74 ? add_file(rar, window, crc) : PLANCHE_OK;
}

static enum planche_status scan_block4(struct rar *rar)
{
    const uint8_t *p = rar->head;
    /* Old archives have no block that ends them. */
    rar->end = rar->size == 0;
    if (rar->end)
        return PLANCHE_OK;
    if (rar->size < RAR4_BYTES)
        return fail_damaged(rar);
    unsigned kind = p[2], flags = get16(p + 3);
    size_t head_size = get16(p + 5);
    if (head_size < RAR4_BYTES)
        return fail_damaged(rar);
    rar->length = head_size;
    if (kind == 0x73 && flags & 0x80)
        return fail_encrypted(rar);
    if (kind == 0x73 && flags & 0x1)
        return fail_volume(rar);
    if (kind == 0x74 || kind == 0x7a)
        return scan_file4(rar, flags, head_size);
    if (kind == 0x7b) {
        rar->end = true;
        return flags & 0x1 ? fail_volume(rar) : PLANCHE_OK;
    }
    if (flags & 0x8000 && rar->size >= 11)
        rar->length += get32(p + 7);
    return PLANCHE_OK;
}

/* A number of RAR 5; past the end of what is there it is 0 and *p becomes end + 1. */
static uint64_t take(const uint8_t **p, const uint8_t *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
        uint8_t byte = *(*p)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    *p = end + 1;
    return 0;
}

/* Among what is said of a file besides: that it is encrypted. */
static bool has_encryption(const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        uint64_t size = take(&p, end);
        if (p > end || size == 0 || size > (uint64_t)(end - p))
            return false;
        const uint8_t *next = p + size;
        if (take(&p, next) == 1)
            return true;
        p = next;
    }
    return false;
}

static enum planche_status scan_file5(struct rar *rar, const uint8_t *p, const uint8_t *end,
                                      uint64_t extra)
{
    if (extra <= (uint64_t)(end - p) && has_encryption(end - extra, end))
        return fail_encrypted(rar);
    uint64_t flags = take(&p, end);
    take(&p, end);
    take(&p, end);
    size_t time = flags & 2 ? 4 : 0, checksum = flags & 4 ? 4 : 0;
    if (p > end || (size_t)(end - p) < time + checksum)
        return fail_damaged(rar);
    uint64_t crc = checksum ? get32(p + time) : PLANCHE_NO_CRC;
    p += time + checksum;
    uint64_t packing = take(&p, end);
    return add_file(rar, flags & 1 ? 0 : (uint64_t)0x20000 << (packing >> 10 & 15), crc);
}

static enum planche_status scan_block5(struct rar *rar)
{
    const uint8_t *p = rar->head + 4, *end = rar->head + rar->size;
    if (rar->size == 0)
        return planche_fail(rar->error, PLANCHE_ERROR_DATA, "%s: is a RAR that is cut short",
                            rar->archive->path);
    if (rar->size < 7)
        return fail_damaged(rar);
    uint64_t head_size = take(&p, end);
    if (p > end || head_size == 0 || head_size > 0x200000)
        return fail_damaged(rar);
    rar->length = (uint64_t)(p - rar->head) + head_size;
    if (head_size < (uint64_t)(end - p))
        end = p + head_size;
    uint64_t kind = take(&p, end), flags = take(&p, end);
    uint64_t extra = flags & 1 ? take(&p, end) : 0, data = flags & 2 ? take(&p, end) : 0;
    if (p > end || data > INT64_MAX)
        return fail_damaged(rar);
    rar->length += data;
    if (kind == 4)
        return fail_encrypted(rar);
    uint64_t about = kind == 1 ? take(&p, end) : 0;
    if (flags & 0x18 || about & 1)
        return fail_volume(rar);
    rar->scan->solid = rar->scan->solid || about & 4;
    rar->end = kind == 5;
    if (kind == 5 && take(&p, end) & 1)
        return fail_volume(rar);
    return kind == 2 ? scan_file5(rar, p, end, extra) : PLANCHE_OK;
}

/* Blocks are small beside what it takes to look at them. */
static enum planche_status count_block(struct rar *rar)
{
    uint64_t entries = rar->archive->limits.entries;
    if (rar->blocks++ / MAX_BLOCKS <= entries)
        return PLANCHE_OK;
    return planche_fail(rar->error, PLANCHE_ERROR_LIMIT,
                        "%s: has more than %u blocks for each of %" PRIu64
                        " entries (--max-entries)",
                        rar->archive->path, MAX_BLOCKS, entries);
}

enum planche_status planche_scan_rar(const struct planche_archive *archive,
                                     struct planche_scan *scan, struct planche_error *error)
{
    struct rar rar = {.archive = archive, .scan = scan, .error = error};
    enum planche_status status = fetch(&rar);
    bool five = rar.size > 6 && rar.head[6] == 1;
    rar.at = five ? 8 : 7;
    while (status == PLANCHE_OK && !rar.end) {
        status = fetch(&rar);
        if (status == PLANCHE_OK)
            status = five ? scan_block5(&rar) : scan_block4(&rar);
        if (status == PLANCHE_OK)
            status = count_block(&rar);
        if (status == PLANCHE_OK && rar.length > archive->file_size - rar.at)
            status = planche_fail(error, PLANCHE_ERROR_DATA, "%s: is a RAR that is cut short",
                                  archive->path);
        rar.at += rar.length;
    }
    scan->memory = rar.window + STATE_BYTES;
    return status;
}
