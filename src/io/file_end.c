/* SPDX-License-Identifier: MIT */
/* Ends of image files and ZIP archives: whether one was cut off, without decoding it. */
#include "io/file_end.h"

#include "os/fd.h"

#include <string.h>

/* More boxes than an image has. */
#define BOXES 4096

static uint32_t big_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool ends_with(int fd, uint64_t size, const void *end, size_t length)
{
    uint8_t found[16];
    return size >= length &&
           planche_fd_read_at(fd, found, length, size - length) == (int64_t)length &&
           memcmp(found, end, length) == 0;
}

static bool ends_with_riff(int fd, uint64_t size)
{
    uint8_t head[8];
    if (planche_fd_read_at(fd, head, sizeof head, 0) != (int64_t)sizeof head)
        return false;
    uint32_t length =
        (uint32_t)head[7] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[5] << 8 | head[4];
    return (uint64_t)length + sizeof head <= size;
}

/* A box of length 0 reaches to the end, wherever that is: then nothing is known. */
static bool ends_with_box(int fd, uint64_t size)
{
    uint64_t at = 0;
    for (int i = 0; i < BOXES && at < size; i++) {
        uint8_t head[16] = {0};
        int64_t got = planche_fd_read_at(fd, head, sizeof head, at);
        uint64_t length = big_32(head);
        if (length == 1)
            length = (uint64_t)big_32(head + 8) << 32 | big_32(head + 12);
        if (length == 0 && got >= 8)
            return true;
        if (got < 8 || length < 8 || length > size - at)
            return false;
        at += length;
    }
    return at == size;
}

/* A ZIP archive's end record (APPNOTE 4.3.16) and the comment behind it, of which longer ones are
 * unusual. */
#define ZIP_END  22
#define ZIP_TAIL 1024

static bool ends_with_record(int fd, uint64_t size)
{
    static const uint8_t sign[] = {'P', 'K', 5, 6};
    uint8_t end[ZIP_TAIL];
    const size_t length = size < sizeof end ? (size_t)size : sizeof end;
    bool found = false;
    if (planche_fd_read_at(fd, end, length, size - length) != (int64_t)length)
        return false;
    for (size_t at = 0; !found && at + ZIP_END <= length; at++) {
        size_t comment = end[at + 20] | (size_t)end[at + 21] << 8;
        found = memcmp(end + at, sign, sizeof sign) == 0 && at + ZIP_END + comment <= length;
    }
    return found;
}

/* What a file is, its first bytes tell; one that begins like none of these is not whole. */
static bool is_whole(int fd, uint64_t size)
{
    static const uint8_t iend[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
    static const uint8_t eoi[] = {0xff, 0xd9};
    uint8_t head[12] = {0};
    if (planche_fd_read_at(fd, head, sizeof head, 0) < 2)
        return false;
    if (memcmp(head, "\x89PNG", 4) == 0)
        return ends_with(fd, size, iend, sizeof iend);
    if (memcmp(head, "\xff\xd8", 2) == 0)
        return ends_with(fd, size, eoi, sizeof eoi);
    if (memcmp(head, "RIFF", 4) == 0)
        return ends_with_riff(fd, size);
    if (memcmp(head, "PK", 2) == 0)
        return ends_with_record(fd, size);
    if (memcmp(head, "\xff\x0a", 2) == 0)
        return true; /* of a JPEG XL file without boxes nothing is known */
    bool boxes = memcmp(head + 4, "ftyp", 4) == 0 || memcmp(head + 4, "JXL ", 4) == 0;
    return boxes && ends_with_box(fd, size);
}

bool planche_file_is_cut(const char *path)
{
    struct planche_file_info info;
    int fd = planche_fd_open(path, 0, &info);
    bool cut =
        fd < 0 || info.kind != PLANCHE_FILE_REGULAR || info.size == 0 || !is_whole(fd, info.size);
    planche_fd_close(&fd);
    return cut;
}
