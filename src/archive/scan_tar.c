/* SPDX-License-Identifier: MIT */
/* Tars, and what they are packed with: how far back each unpacker must remember. */
#include "archive/scan.h"
#include "archive/zip.h"
#include "base/status.h"
#include "os/fd.h"

#include <string.h>

#define BLOCK_BYTES 512u
#define STATE_BYTES ((uint64_t)2 << 20)
#define BZIP2_BYTES ((uint64_t)4 << 20)
/* Where the head does not tell: what zstd takes at most without being told more. */
#define ZSTD_WINDOW ((uint64_t)128 << 20)

static bool begins(const uint8_t *head, size_t size, const char *magic, size_t length)
{
    return size >= length && memcmp(head, magic, length) == 0;
}
#define BEGINS(magic) begins(head, size, magic, sizeof(magic) - 1)

bool planche_tar_is_packed(const uint8_t *head, size_t size)
{
    return BEGINS("\x1f\x8b\x08") || BEGINS("BZh") || BEGINS("\xfd\x37zXZ\0") ||
           BEGINS("\x28\xb5\x2f\xfd");
}

/* A number in octal digits, with blanks around it. */
static bool read_octal(const uint8_t *p, size_t size, uint32_t *value)
{
    size_t at = 0;
    *value = 0;
    while (at < size && p[at] == ' ')
        at++;
    size_t first = at;
    for (; at < size && p[at] >= '0' && p[at] <= '7'; at++)
        *value = *value * 8 + (uint32_t)(p[at] - '0');
    return at > first;
}

bool planche_tar_begins(const uint8_t *head, size_t size)
{
    uint32_t wanted, sum = 8 * ' ';
    if (size < BLOCK_BYTES || head[0] == 0 || !read_octal(head + 148, 8, &wanted))
        return false;
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        sum += i < 148 || i >= 156 ? head[i] : 0;
    return sum == wanted;
}

/* A number of the xz format; past the end *p becomes end + 1. */
static uint64_t take(const uint8_t **p, const uint8_t *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *p < end && shift < 63; shift += 7) {
        uint8_t byte = *(*p)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    *p = end + 1;
    return 0;
}

/* The dictionary of the first block; the others have the same, unless somebody means harm. */
static uint64_t xz_window(const uint8_t *head, size_t size)
{
    const uint8_t *p = head + 14, *end = head + size;
    if (size < 16)
        return 0;
    uint8_t flags = head[13];
    for (unsigned i = 0; i < (flags >> 6 & 1u) + (flags >> 7 & 1u); i++)
        take(&p, end);
    for (unsigned i = 0; i <= (flags & 3u) && p < end; i++) {
        uint64_t id = take(&p, end), length = take(&p, end);
        if (p > end || length > (uint64_t)(end - p))
            return 0;
        if (id == 0x21 && length == 1 && *p <= 40)
            return *p == 40 ? UINT32_MAX : (uint64_t)(2 | (*p & 1)) << (*p / 2 + 11);
        p += length;
    }
    return 0;
}

static uint64_t zstd_window(const uint8_t *head, size_t size)
{
    if (size < 16 || head[4] & 0x20)
        return size < 16 ? 0 : ZSTD_WINDOW;
    uint64_t base = (uint64_t)1 << (10 + (head[5] >> 3));
    return base + base / 8 * (head[5] & 7);
}

static enum planche_status check_end(const struct planche_archive *archive,
                                     struct planche_error *error)
{
    uint8_t last[BLOCK_BYTES], zeroes[BLOCK_BYTES] = {0};
    uint64_t size = archive->file_size;
    if (size >= 2 * BLOCK_BYTES &&
        planche_fd_read_at(archive->fd, last, sizeof last, size - BLOCK_BYTES) == BLOCK_BYTES &&
        memcmp(last, zeroes, sizeof last) == 0)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: is a tar that is cut short", archive->path);
}

enum planche_status planche_scan_tar(const struct planche_archive *archive,
                                     struct planche_scan *scan, struct planche_error *error)
{
    uint8_t head[64];
    int64_t got = planche_fd_read_at(archive->fd, head, sizeof head, 0);
    size_t size = got < 0 ? 0 : (size_t)got;
    uint64_t window = 0;
    if (BEGINS("BZh"))
        window = BZIP2_BYTES;
    else if (BEGINS("\xfd\x37zXZ\0"))
        window = xz_window(head, size);
    else if (BEGINS("\x28\xb5\x2f\xfd"))
        window = zstd_window(head, size);
    scan->memory = STATE_BYTES + window;
    scan->gzip = BEGINS("\x1f\x8b\x08");
    return planche_tar_is_packed(head, size) ? PLANCHE_OK : check_end(archive, error);
}
