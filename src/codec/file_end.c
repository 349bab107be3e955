/* SPDX-License-Identifier: MIT */
/* Ends of image files: whether one was cut off, without decoding it. */
#include "codec/file_end.h"

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
    static const uint8_t codestream[] = {0xff, 0x0a};
    uint64_t at = 0;
    for (int i = 0; i < BOXES && at < size; i++) {
        uint8_t head[16] = {0};
        int64_t got = planche_fd_read_at(fd, head, sizeof head, at);
        uint64_t length = big_32(head);
        if (i == 0 && memcmp(head, codestream, sizeof codestream) == 0)
            return true; /* of a JPEG XL file without boxes nothing is known either */
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

static bool is_whole(int fd, uint64_t size, enum planche_format format)
{
    static const uint8_t iend[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
    static const uint8_t eoi[] = {0xff, 0xd9};
    switch (format) {
    case PLANCHE_FORMAT_PNG:
        return ends_with(fd, size, iend, sizeof iend);
    case PLANCHE_FORMAT_JPEG:
        return ends_with(fd, size, eoi, sizeof eoi);
    case PLANCHE_FORMAT_WEBP:
        return ends_with_riff(fd, size);
    case PLANCHE_FORMAT_AVIF:
    case PLANCHE_FORMAT_JXL:
        return ends_with_box(fd, size);
    default:
        return true;
    }
}

bool planche_file_is_cut(const char *path, enum planche_format format)
{
    struct planche_file_info info;
    int fd = planche_fd_open(path, 0, &info);
    bool cut = fd < 0 || info.kind != PLANCHE_FILE_REGULAR || info.size == 0 ||
               !is_whole(fd, info.size, format);
    planche_fd_close(&fd);
    return cut;
}
