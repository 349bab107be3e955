/* SPDX-License-Identifier: MIT */
/* Format detection by the first bytes (magic numbers), and by what is in a packed file or a folder.
 */
#include "archive/detect.h"

#include "archive/format.h"
#include "archive/name.h"
#include "base/alloc.h"
#include "base/little_endian.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define HEAD_BYTES 1024
#define TAR_BLOCK  512u

static bool is_used_folder(int fd, int *reason)
{
    bool used = false;
    struct planche_listing listing;
    if (!planche_listing_open_fd(&listing, fd)) {
        *reason = errno;
        return false;
    }
    for (const char *name; !used && (name = planche_listing_next(&listing)) != NULL;)
        used = !planche_name_is_work(name);
    *reason = used ? 0 : errno;
    planche_listing_close(&listing);
    return used;
}

static bool begins(const uint8_t *head, size_t size, const char *magic, size_t length)
{
    return size >= length && memcmp(head, magic, length) == 0;
}
#define BEGINS(magic) begins(head, size, magic, sizeof(magic) - 1)

/* An EPUB as it should be: its type is the first entry, stored. */
static bool begins_epub(const uint8_t *head, size_t size)
{
    static const char type[] = "mimetypeapplication/epub+zip";
    return size >= 30 + sizeof type - 1 && memcmp(head + 26, "\10\0\0\0", 4) == 0 &&
           memcmp(head + 30, type, sizeof type - 1) == 0;
}

/* By what tars are packed; whether there is a tar inside is another question. */
static bool is_packed(const uint8_t *head, size_t size)
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

static bool begins_tar(const uint8_t *head, size_t size)
{
    uint32_t wanted, sum = 8 * ' ';
    if (size < TAR_BLOCK || head[0] == 0 || !read_octal(head + 148, 8, &wanted))
        return false;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i < 148 || i >= 156 ? head[i] : 0;
    return sum == wanted;
}

/* Programs that unpack themselves: of Windows, of Linux, scripts. */
static bool is_program(const uint8_t *head, size_t size)
{
    return BEGINS("MZ") ||
           BEGINS("\x7f"
                  "ELF") ||
           BEGINS("#!");
}

/* Bytes of a program in which the archive behind it begins. */
#define PROGRAM_BYTES ((size_t)2 << 20)

/* Whether an archive begins here, and not just its signature in the code that unpacks it. */
static enum planche_container begins_archive(const uint8_t *head, size_t size)
{
    if (size < 32)
        return PLANCHE_CONTAINER_AUTO;
    if (BEGINS("Rar!\x1a\7\0") && head[9] == 0x73)
        return PLANCHE_CONTAINER_RAR;
    if (BEGINS("Rar!\x1a\7\1\0") && (head[13] == 1 || head[13] == 4))
        return PLANCHE_CONTAINER_RAR;
    if (BEGINS("7z\xbc\xaf\x27\x1c") && get32(head + 8) == crc32(0, head + 12, 20))
        return PLANCHE_CONTAINER_7Z;
    return PLANCHE_CONTAINER_AUTO;
}

/* The archive behind a program. */
static enum planche_container find_archive(int fd, uint64_t *start)
{
    enum planche_container found = PLANCHE_CONTAINER_AUTO;
    uint8_t *data = planche_alloc(NULL, PROGRAM_BYTES);
    int64_t got = data ? planche_fd_read_at(fd, data, PROGRAM_BYTES, 0) : 0;
    for (size_t at = 1; data && !found && (int64_t)at < got; at++) {
        const uint8_t *next = data + at;
        if (*next == 'R' || *next == '7')
            found = begins_archive(next, (size_t)got - at);
        *start = found ? at : 0;
    }
    planche_free(data);
    return found;
}

static bool has_book_name(const char *path)
{
    static const char *const extensions[] = {".cbz", ".zip", ".epub", ".cbr", ".rar",
                                             ".cb7", ".7z",  ".cbt",  ".tar"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof extensions / sizeof *extensions; i++)
        if (strcasecmp(dot, extensions[i]) == 0)
            return true;
    return false;
}

/* *reason is set if it cannot be told: none of both, then. */
static enum planche_container tell_zip(int fd, const char *path, int *reason)
{
    struct planche_error error;
    bool epub;
    enum planche_status status = planche_zip_is_epub(fd, path, &epub, &error);
    *reason = status == PLANCHE_OK ? 0 : status == PLANCHE_ERROR_MEMORY ? ENOMEM : EIO;
    return status ? PLANCHE_CONTAINER_AUTO : epub ? PLANCHE_CONTAINER_EPUB : PLANCHE_CONTAINER_ZIP;
}

/* A ZIP is found from its end, so anything may come before it. But an image with a ZIP behind it is
 * a page, unless it is called a book. */
static enum planche_container find_behind(int fd, const char *path, const uint8_t *head,
                                          size_t size, uint64_t *start, int *reason)
{
    enum planche_container found = PLANCHE_CONTAINER_AUTO;
    bool program = is_program(head, size);
    if (program)
        found = find_archive(fd, start);
    if (!found && (program || has_book_name(path)) && planche_zip_is_there(fd, path))
        found = tell_zip(fd, path, reason);
    return found;
}

static enum planche_container recognise_file(int fd, const char *path, uint64_t *start, int *reason)
{
    uint8_t head[HEAD_BYTES];
    int64_t got = planche_fd_read_at(fd, head, sizeof head, 0);
    size_t size = got < 0 ? 0 : (size_t)got;
    *reason = got < 0 ? errno : 0;
    /* The second is the mark of an archive in several volumes, the third an empty archive. */
    if (BEGINS("PK\3\4") || BEGINS("PK\7\10") || BEGINS("PK\5\6"))
        return begins_epub(head, size) ? PLANCHE_CONTAINER_EPUB : tell_zip(fd, path, reason);
    if (BEGINS("Rar!\x1a\7\0") || BEGINS("Rar!\x1a\7\1\0"))
        return PLANCHE_CONTAINER_RAR;
    if (BEGINS("7z\xbc\xaf\x27\x1c"))
        return PLANCHE_CONTAINER_7Z;
    if (begins_tar(head, size) || (is_packed(head, size) && planche_unpacked_is_tar(fd, path)))
        return PLANCHE_CONTAINER_TAR;
    /* Other things may come before. */
    if (memmem(head, size, "%PDF-", 5))
        return PLANCHE_CONTAINER_PDF;
    return find_behind(fd, path, head, size, start, reason);
}

enum planche_container planche_archive_locate(int fd, const char *path, uint64_t *start,
                                              int *reason)
{
    struct planche_file_info info;
    *start = 0;
    *reason = 0;
    if (!planche_fd_info(fd, &info)) {
        *reason = errno;
        return PLANCHE_CONTAINER_AUTO;
    }
    if (info.kind == PLANCHE_FILE_FOLDER && is_used_folder(fd, reason))
        return PLANCHE_CONTAINER_FOLDER;
    return info.kind == PLANCHE_FILE_REGULAR ? recognise_file(fd, path, start, reason)
                                             : PLANCHE_CONTAINER_AUTO;
}

enum planche_container planche_archive_detect(const char *path, int *reason)
{
    uint64_t start;
    int fd = planche_fd_open(path, 0, NULL);
    *reason = fd < 0 ? errno : 0;
    if (fd < 0)
        return PLANCHE_CONTAINER_AUTO;
    enum planche_container container = planche_archive_locate(fd, path, &start, reason);
    planche_fd_close(&fd);
    return container;
}

const char *planche_archive_extension(enum planche_container container)
{
    static const char *const extensions[] = {
        [PLANCHE_CONTAINER_ZIP] = "cbz", [PLANCHE_CONTAINER_EPUB] = "epub",
        [PLANCHE_CONTAINER_RAR] = "cbr", [PLANCHE_CONTAINER_7Z] = "cb7",
        [PLANCHE_CONTAINER_TAR] = "cbt", [PLANCHE_CONTAINER_PDF] = "pdf",
    };
    size_t index = (size_t)container;
    bool known = index < sizeof extensions / sizeof extensions[0] && extensions[index];
    return known ? extensions[index] : "";
}
