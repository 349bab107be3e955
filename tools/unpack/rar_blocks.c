/* SPDX-License-Identifier: MIT */
/* Walks the chain of blocks that a RAR archive is. */
#include "rar_blocks.h"

#include "archive/unpack_protocol.h"
#include "base/little_endian.h"
#include "os/fd.h"

#define RAR4_BYTES 7u

#define DAMAGED   "is a RAR that is damaged"
#define CUT_SHORT "is a RAR that is cut short"

/* Why a block cannot be taken, or OK. */
struct verdict {
    enum planche_status status;
    const char *text;
};
static const struct verdict fine = {PLANCHE_OK, NULL};
static const struct verdict volume = {PLANCHE_ERROR_UNSUPPORTED, PLANCHE_REFUSAL_VOLUME};
static const struct verdict encrypted = {PLANCHE_ERROR_UNSUPPORTED, PLANCHE_REFUSAL_ENCRYPTED};
static const struct verdict damaged = {PLANCHE_ERROR_DATA, DAMAGED};
static const struct verdict cut_short = {PLANCHE_ERROR_DATA, CUT_SHORT};
static const struct verdict unreadable = {PLANCHE_ERROR_IO, "cannot be read"};

static struct verdict take_file4(struct rar_blocks *blocks, unsigned flags, size_t head_size,
                                 bool *file)
{
    const uint8_t *p = blocks->head;
    if (head_size < 32 || blocks->size < 32)
        return damaged;
    uint64_t packed = get32(p + 7);
    if (flags & 0x100 && head_size >= 40 && blocks->size >= 40)
        packed |= (uint64_t)get32(p + 32) << 32;
    blocks->length = head_size + packed;
    if (flags & 0x3)
        return volume;
    if (flags & 0x4)
        return encrypted;
    blocks->name_at = flags & 0x100 ? 40 : 32;
    blocks->name_size = flags & 0x200 ? 0 : get16(p + 26);
    if (blocks->name_size > blocks->size - 32 || blocks->name_at > blocks->size - blocks->name_size)
        blocks->name_size = 0;
    /* A folder's means nothing. */
    blocks->has_crc = (flags >> 5 & 7) != 7;
    blocks->crc = get32(p + 16);
    *file = p[2] == 0x74;
    return fine;
}

static struct verdict take_block4(struct rar_blocks *blocks, bool *file)
{
    const uint8_t *p = blocks->head;
    /* Old archives have no block that ends them. */
    blocks->end = blocks->size == 0;
    if (blocks->end)
        return fine;
    if (blocks->size < RAR4_BYTES)
        return damaged;
    unsigned kind = p[2], flags = get16(p + 3);
    size_t head_size = get16(p + 5);
    if (head_size < RAR4_BYTES)
        return damaged;
    blocks->length = head_size;
    if (kind == 0x73 && flags & 0x80)
        return encrypted;
    if (kind == 0x73 && flags & 0x1)
        return volume;
    if (kind == 0x74 || kind == 0x7a)
        return take_file4(blocks, flags, head_size, file);
    if (kind == 0x7b) {
        blocks->end = true;
        return flags & 0x1 ? volume : fine;
    }
    if (flags & 0x8000 && blocks->size >= 11)
        blocks->length += get32(p + 7);
    return fine;
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

/* Among a file's extra records: that of encryption. */
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

static struct verdict take_file5(struct rar_blocks *blocks, const uint8_t *p, const uint8_t *end,
                                 uint64_t extra)
{
    if (extra <= (uint64_t)(end - p) && has_encryption(end - extra, end))
        return encrypted;
    uint64_t flags = take(&p, end);
    take(&p, end);
    take(&p, end);
    size_t time = flags & 2 ? 4 : 0;
    blocks->has_crc = flags & 4;
    if (p > end || (size_t)(end - p) < time + (blocks->has_crc ? 4 : 0))
        return damaged;
    if (blocks->has_crc)
        blocks->crc = get32(p + time);
    return fine;
}

static struct verdict take_block5(struct rar_blocks *blocks, bool *file)
{
    const uint8_t *p = blocks->head + 4, *end = blocks->head + blocks->size;
    if (blocks->size == 0)
        return cut_short;
    if (blocks->size < RAR4_BYTES)
        return damaged;
    uint64_t head_size = take(&p, end);
    if (p > end || head_size == 0 || head_size > 0x200000)
        return damaged;
    blocks->length = (uint64_t)(p - blocks->head) + head_size;
    if (head_size < (uint64_t)(end - p))
        end = p + head_size;
    uint64_t kind = take(&p, end), flags = take(&p, end);
    uint64_t extra = flags & 1 ? take(&p, end) : 0, data = flags & 2 ? take(&p, end) : 0;
    if (p > end || data > INT64_MAX)
        return damaged;
    blocks->length += data;
    if (kind == 4)
        return encrypted;
    uint64_t about = kind == 1 ? take(&p, end) : 0;
    if (flags & 0x18 || about & 1)
        return volume;
    blocks->solid = blocks->solid || about & 4;
    blocks->end = kind == 5;
    if (kind == 5 && take(&p, end) & 1)
        return volume;
    *file = kind == 2;
    return *file ? take_file5(blocks, p, end, extra) : fine;
}

static struct verdict take_block(struct rar_blocks *blocks, bool *file)
{
    int64_t got = planche_fd_read_at(blocks->fd, blocks->head, sizeof blocks->head,
                                     blocks->from + blocks->at);
    if (got < 0)
        return unreadable;
    blocks->size = (size_t)got;
    if (blocks->at == 0) {
        blocks->five = blocks->size > 6 && blocks->head[6] == 1;
        blocks->length = blocks->five ? 8 : 7;
        return fine;
    }
    return blocks->five ? take_block5(blocks, file) : take_block4(blocks, file);
}

enum planche_status rar_blocks_next(struct rar_blocks *blocks, bool *file, const char **text)
{
    struct verdict verdict = fine;
    *file = false;
    blocks->name_size = 0;
    while (verdict.status == PLANCHE_OK && !blocks->end && !*file) {
        blocks->length = 0;
        verdict = take_block(blocks, file);
        if (verdict.status == PLANCHE_OK && blocks->length > blocks->file_size - blocks->at)
            verdict = cut_short;
        blocks->at += blocks->length;
    }
    *text = verdict.text;
    return verdict.status;
}
