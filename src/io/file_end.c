/* SPDX-License-Identifier: MIT */
/* Ends of image files and ZIP archives: whether one was cut off, without decoding it. */
#include "io/file_end.h"

#include "base/big_endian.h"
#include "base/little_endian.h"
#include "os/fd.h"

#include <string.h>

/* More boxes than an image has. */
#define BOXES 4096

/* So many bytes are read at once. */
#define WINDOW 1024

/* What the end of a file is known by. Readers pass over what lies behind it, so that it may stand
 * anywhere in the last bytes, of which not all are read at once. */
struct end {
    uint8_t sign[12];
    uint8_t sign_size, size; /* it begins with the sign, and takes so many bytes */
    bool archive;            /* its comment and its directory have to be there */
    uint32_t reach;
};

static const struct end iend = {
    {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82}, 12, 12, false, WINDOW};
static const struct end eoi = {{0xff, 0xd9}, 2, 2, false, WINDOW};
/* A ZIP archive's end record (APPNOTE 4.3.16); its comment is behind it. */
static const struct end record = {{'P', 'K', 5, 6}, 4, 22, true, 22 + UINT16_MAX + WINDOW};

/* The 64-bit record that stands in for an end record at this offset, and the locator between them,
 * which says where it is (APPNOTE 4.3.14 and 15). */
#define LOCATOR_64 20
#define RECORD_64  56

static bool has_directory_64(int fd, uint64_t at)
{
    uint8_t locator[LOCATOR_64], record_64[RECORD_64];
    if (at < LOCATOR_64 + RECORD_64 ||
        planche_fd_read_at(fd, locator, LOCATOR_64, at - LOCATOR_64) != LOCATOR_64 ||
        memcmp(locator, "PK\6\7", 4) != 0)
        return false;
    const uint64_t record_at = get64(locator + 8), most = at - LOCATOR_64 - RECORD_64;
    if (record_at > most || planche_fd_read_at(fd, record_64, RECORD_64, record_at) != RECORD_64 ||
        memcmp(record_64, "PK\6\6", 4) != 0)
        return false;
    const uint64_t size = get64(record_64 + 40), start = get64(record_64 + 48);
    return size <= record_at && start == record_at - size;
}

/* Whether the directory of an archive ends where its end record begins. That of an archive within
 * this one does not, as its offsets count from its own beginning: if it is stored, and the file was
 * cut behind it, its end record is the last. */
static bool has_directory(int fd, const uint8_t *found, uint64_t at)
{
    const uint64_t size = get32(found + 12), start = get32(found + 16), end = start + size;
    if (end == at)
        return true;
    bool wide = size == UINT32_MAX || start == UINT32_MAX || end + RECORD_64 + LOCATOR_64 == at;
    return wide && has_directory_64(fd, at);
}

static bool is_end(int fd, const struct end *end, const uint8_t *found, uint64_t at, uint64_t size)
{
    if (memcmp(found, end->sign, end->sign_size) != 0)
        return false;
    return !end->archive ||
           (get16(found + 20) <= size - at - end->size && has_directory(fd, found, at));
}

static bool has_end(int fd, uint64_t size, const struct end *end)
{
    uint8_t window[WINDOW];
    const uint64_t first = size > end->reach ? size - end->reach : 0;
    uint64_t until = size;
    for (bool more = true; more;) {
        const uint64_t at = until - first > WINDOW ? until - WINDOW : first;
        const size_t length = (size_t)(until - at);
        if (planche_fd_read_at(fd, window, length, at) != (int64_t)length)
            return false;
        for (size_t i = length; i >= end->size; i--) {
            if (is_end(fd, end, window + i - end->size, at + i - end->size, size))
                return true;
        }
        more = at > first;
        until = at + end->size - 1;
    }
    return false;
}

static bool has_riff(int fd, uint64_t size)
{
    uint8_t head[8];
    if (planche_fd_read_at(fd, head, sizeof head, 0) != (int64_t)sizeof head)
        return false;
    return (uint64_t)get32(head + 4) + sizeof head <= size;
}

/* The parts of a picture, as bits, that end with a box: of AVIF what it is like and its data, in
 * any order, of JPEG XL the only or the last box of its codestream (ISO/IEC 18181-2, 9.9). */
#define PARTS 3u

static unsigned get_parts(const uint8_t *type, const uint8_t *content)
{
    if (memcmp(type, "meta", 4) == 0)
        return 1;
    if (memcmp(type, "mdat", 4) == 0)
        return 2;
    bool last = memcmp(type, "jxlp", 4) == 0 && (*content & 0x80) != 0;
    return last || memcmp(type, "jxlc", 4) == 0 ? PARTS : 0;
}

/* The boxes of the picture have to be whole; readers pass over what lies behind them. A box of
 * length 0 reaches to the end, wherever that is: then nothing is known. */
static bool has_boxes(int fd, uint64_t size)
{
    uint64_t at = 0;
    unsigned parts = 0;
    for (int i = 0; i < BOXES && parts != PARTS && at < size; i++) {
        uint8_t head[20] = {0};
        int64_t got = planche_fd_read_at(fd, head, sizeof head, at);
        uint64_t length = get32_big(head);
        const unsigned head_size = length == 1 ? 16 : 8;
        if (length == 0)
            length = size - at;
        else if (length == 1)
            length = get64_big(head + 8);
        if (got < head_size || length < head_size || length > size - at)
            return false;
        parts |= get_parts(head + 4, head + head_size);
        at += length;
    }
    return parts == PARTS;
}

/* What a file is, its first bytes tell; one that begins like none of these is not whole. */
static bool is_whole(int fd, uint64_t size)
{
    uint8_t head[12] = {0};
    if (planche_fd_read_at(fd, head, sizeof head, 0) < 2)
        return false;
    if (memcmp(head, "\x89PNG", 4) == 0)
        return has_end(fd, size, &iend);
    if (memcmp(head, "\xff\xd8", 2) == 0)
        return has_end(fd, size, &eoi);
    if (memcmp(head, "RIFF", 4) == 0)
        return has_riff(fd, size);
    if (memcmp(head, "PK", 2) == 0)
        return has_end(fd, size, &record);
    if (memcmp(head, "\xff\x0a", 2) == 0)
        return true; /* of a JPEG XL file without boxes nothing is known */
    bool boxes = memcmp(head + 4, "ftyp", 4) == 0 || memcmp(head + 4, "JXL ", 4) == 0;
    return boxes && has_boxes(fd, size);
}

/* Whether a file begins like one that Planche writes. */
static bool is_ours(int fd)
{
    uint8_t head[12] = {0};
    if (planche_fd_read_at(fd, head, sizeof head, 0) != (int64_t)sizeof head)
        return false;
    return memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0 || memcmp(head, "\xff\xd8\xff", 3) == 0 ||
           (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0) ||
           memcmp(head, "PK\3\4", 4) == 0 || memcmp(head + 4, "ftypavif", 8) == 0 ||
           memcmp(head + 4, "JXL \r\n\x87\n", 8) == 0;
}

bool planche_file_lacks_end(const char *path)
{
    struct planche_file_info info;
    int fd = planche_fd_open(path, 0, &info);
    bool lacks =
        fd >= 0 && info.kind == PLANCHE_FILE_REGULAR && is_ours(fd) && !is_whole(fd, info.size);
    planche_fd_close(&fd);
    return lacks;
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
