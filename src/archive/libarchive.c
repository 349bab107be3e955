/* SPDX-License-Identifier: MIT */
/* RAR, 7z and tar through libarchive, in order. It allocates by itself: what it will take is
 * reserved beforehand. It knows characters only through the locale, so its calls run in one that
 * has UTF-8; the rest of the program keeps its own. */
#include "archive/charset.h"
#include "archive/gunzip.h"
#include "archive/scan.h"
#include "base/status.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK_BYTES ((size_t)64 << 10)
/* Behind the end of a tar in gzip. */
#define MAX_PADDING ((uint64_t)64 << 20)

struct packed {
    struct archive *reader;
    locale_t locale; /* 0: there is none */
    uint64_t reserved;
    struct planche_scan scan;
    struct planche_gunzip *gunzip; /* of a tar packed by gzip */
    size_t taken;                  /* entries */
    uint64_t size, produced;       /* of the entry */
    uint32_t crc;                  /* of what was produced */
    bool must_read;                /* the entry; unless it has ended, none can follow */
    bool lost;                     /* nothing can be read any more */
    struct planche_error why;
    char name[3 * PLANCHE_ENTRY_NAME_BYTES + 1];
};

static locale_t enter_locale(const struct packed *packed)
{
    return packed->locale ? uselocale(packed->locale) : (locale_t)0;
}

static void leave_locale(const struct packed *packed, locale_t old)
{
    if (packed->locale)
        uselocale(old);
}

/* What libarchive's words mean, the first that are found. */
struct meaning {
    const char *words;
    enum planche_status status;
    const char *plain;
};

#define DAMAGED   "is damaged or cut short"
#define ENCRYPTED "is encrypted"
#define VOLUME    "is one of several volumes of an archive"
#define BEYOND    "is packed in a way that cannot be read"
static const struct meaning meanings[] = {
    {"nsupported block header size", PLANCHE_ERROR_DATA, DAMAGED},
    {"ncrypt", PLANCHE_ERROR_UNSUPPORTED, ENCRYPTED},
    {"assphrase", PLANCHE_ERROR_UNSUPPORTED, ENCRYPTED},
    {"ulti-volume", PLANCHE_ERROR_UNSUPPORTED, VOLUME},
    {"ultivolume", PLANCHE_ERROR_UNSUPPORTED, VOLUME},
    {"nsupported", PLANCHE_ERROR_UNSUPPORTED, BEYOND},
    {"not supported", PLANCHE_ERROR_UNSUPPORTED, BEYOND},
    {"", PLANCHE_ERROR_DATA, DAMAGED},
};

static enum planche_status explain(struct planche_archive *archive, struct planche_error *error)
{
    static const struct meaning no_memory = {"", PLANCHE_ERROR_MEMORY, "no memory to unpack it"};
    static const struct meaning unreadable = {"", PLANCHE_ERROR_IO, "cannot be read"};
    struct packed *packed = archive->state;
    const char *text = archive_error_string(packed->reader);
    int number = archive_errno(packed->reader);
    text = text ? text : "no reason given";
    const struct meaning *found = meanings;
    if (number == ENOMEM || number == EIO)
        found = number == EIO ? &unreadable : &no_memory;
    while (!strstr(text, found->words))
        found++;
    return planche_fail(error, found->status, "%s: %s%s%s (%s)", archive->path, archive->name,
                        archive->name[0] ? ": " : "", found->plain, text);
}

/* As explain, when nothing can follow. */
static enum planche_status lose(struct planche_archive *archive, struct planche_error *error)
{
    struct packed *packed = archive->state;
    packed->lost = true;
    explain(archive, &packed->why);
    if (error)
        *error = packed->why;
    return packed->why.status;
}

static const char *bad_kind(struct archive_entry *entry)
{
    __LA_MODE_T kind = archive_entry_filetype(entry);
    if (kind == AE_IFLNK || archive_entry_symlink(entry))
        return "is a symbolic link, which books may not have";
    if (archive_entry_hardlink(entry))
        return "is a hard link, which books may not have";
    return kind == AE_IFREG || kind == AE_IFDIR ? NULL : "is a device or another special file";
}

/* Names are UTF-8 in this locale, or bytes that say nothing of what they are. */
static const char *entry_name(struct packed *packed, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name)
        name = archive_entry_pathname(entry);
    if (!name)
        name = "";
    /* A longer one is refused for its length. */
    size_t length = strnlen(name, PLANCHE_ENTRY_NAME_BYTES + 1);
    if (length > PLANCHE_ENTRY_NAME_BYTES)
        return name;
    planche_charset_decode(NULL, name, length, packed->name);
    return packed->name;
}

/* The checksum of a gzip comes behind the end of the tar. */
static enum planche_status check_gzip(struct planche_archive *archive, struct planche_error *error)
{
    struct packed *packed = archive->state;
    int64_t got = 1;
    for (uint64_t padding = 0; packed->gunzip && got > 0; padding += (uint64_t)got) {
        got = planche_gunzip_next(packed->gunzip);
        if (got < 0)
            return planche_fail(error, PLANCHE_ERROR_DATA, "%s: %s", archive->path,
                                packed->gunzip->wrong);
        if (padding > MAX_PADDING)
            return planche_fail(error, PLANCHE_ERROR_DATA, "%s: has too much behind its end",
                                archive->path);
    }
    return PLANCHE_OK;
}

static enum planche_status next(struct planche_archive *archive, struct planche_raw_entry *entry,
                                bool *end, struct planche_error *error)
{
    struct packed *packed = archive->state;
    struct archive_entry *found = NULL;
    if (packed->lost) {
        if (error)
            *error = packed->why;
        return packed->why.status;
    }
    locale_t old = enter_locale(packed);
    int result;
    do
        result = archive_read_next_header(packed->reader, &found);
    while (result == ARCHIVE_RETRY);
    *end = result == ARCHIVE_EOF;
    enum planche_status status = PLANCHE_OK;
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) {
        bool known = archive_entry_size_is_set(found);
        packed->size = known ? (uint64_t)archive_entry_size(found) : PLANCHE_SIZE_UNKNOWN;
        packed->produced = 0;
        packed->crc = 0;
        packed->taken++;
        packed->must_read = !known || packed->scan.solid;
        *entry = (struct planche_raw_entry){
            .name = entry_name(packed, found),
            .folder = archive_entry_filetype(found) == AE_IFDIR,
            .bad = bad_kind(found),
            .mtime = archive_entry_mtime_is_set(found) ? archive_entry_mtime(found) : 0,
            .size = packed->size,
            .passed = (uint64_t)archive_filter_bytes(packed->reader, 0),
            .must_read = packed->must_read};
        if (archive_entry_is_encrypted(found))
            status = planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: %s: is encrypted",
                                  archive->path, entry->name);
    } else if (!*end) {
        status = lose(archive, error);
    }
    leave_locale(packed, old);
    return *end ? check_gzip(archive, error) : status;
}

static bool check_crc(const struct packed *packed)
{
    size_t index = packed->taken - 1;
    return index >= packed->scan.count || packed->scan.crcs[index] == PLANCHE_NO_CRC ||
           packed->scan.crcs[index] == packed->crc;
}

static enum planche_status read_some(struct planche_archive *archive, void *data, size_t size,
                                     size_t *got, struct planche_error *error)
{
    struct packed *packed = archive->state;
    locale_t old = enter_locale(packed);
    la_ssize_t result;
    do
        result = archive_read_data(packed->reader, data, size);
    while (result == ARCHIVE_RETRY);
    enum planche_status status = PLANCHE_OK;
    if (result == ARCHIVE_FATAL)
        status = lose(archive, error);
    else if (result < 0)
        status = explain(archive, error);
    leave_locale(packed, old);
    if (status)
        return status;
    *got = (size_t)result;
    packed->must_read = packed->must_read && *got > 0;
    packed->produced += *got;
    if (packed->scan.count > 0)
        packed->crc = (uint32_t)crc32_z(packed->crc, data, *got);
    bool known = packed->size != PLANCHE_SIZE_UNKNOWN;
    if (known &&
        (packed->produced > packed->size || (*got == 0 && packed->produced < packed->size)))
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "has another size than the archive says");
    if (*got == 0 && !check_crc(packed))
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "is damaged: its checksum is wrong");
    return PLANCHE_OK;
}

static enum planche_status read_entry(struct planche_archive *archive, void *data, size_t size,
                                      size_t *got, struct planche_error *error)
{
    struct packed *packed = archive->state;
    struct planche_error why = {0};
    enum planche_status status = read_some(archive, data, size, got, &why);
    if (status && error)
        *error = why;
    if (status && packed->must_read && !packed->lost) {
        packed->lost = true;
        packed->why = why;
    }
    return status;
}

static void close_packed(struct planche_archive *archive)
{
    struct packed *packed = archive->state;
    if (!packed)
        return;
    if (packed->reader)
        archive_read_free(packed->reader);
    if (packed->locale)
        freelocale(packed->locale);
    planche_budget_release(archive->budget, packed->reserved);
    planche_free(packed->scan.crcs);
    planche_gunzip_destroy(&packed->gunzip);
    planche_free(packed);
    archive->state = NULL;
}

static const struct planche_archive_ops ops = {
    .backslashes = true, .ratio = true, .next = next, .read = read_entry, .close = close_packed};

static bool set_up(struct archive *reader, enum planche_container container)
{
    if (container == PLANCHE_CONTAINER_RAR)
        return archive_read_support_format_rar(reader) == ARCHIVE_OK &&
               archive_read_support_format_rar5(reader) == ARCHIVE_OK;
    if (container == PLANCHE_CONTAINER_7Z)
        return archive_read_support_format_7zip(reader) == ARCHIVE_OK;
    return archive_read_support_format_tar(reader) == ARCHIVE_OK &&
           archive_read_support_filter_bzip2(reader) == ARCHIVE_OK &&
           archive_read_support_filter_xz(reader) == ARCHIVE_OK &&
           archive_read_support_filter_zstd(reader) == ARCHIVE_OK;
}

static enum planche_status scan(const struct planche_archive *archive, struct planche_scan *found,
                                struct planche_error *error)
{
    if (archive->container == PLANCHE_CONTAINER_RAR)
        return planche_scan_rar(archive, found, error);
    if (archive->container == PLANCHE_CONTAINER_7Z)
        return planche_scan_7z(archive, found, error);
    return planche_scan_tar(archive, found, error);
}

static la_ssize_t read_gunzip(struct archive *reader, void *user, const void **data)
{
    struct planche_gunzip *gunzip = user;
    int64_t got = planche_gunzip_next(gunzip);
    *data = gunzip->out;
    if (got < 0)
        archive_set_error(reader, gunzip->reason, "%s", gunzip->wrong);
    return got < 0 ? ARCHIVE_FATAL : (la_ssize_t)got;
}

static bool open_reader(struct archive *reader, int fd, struct planche_gunzip *gunzip)
{
    if (gunzip)
        return archive_read_open(reader, gunzip, NULL, read_gunzip, NULL) == ARCHIVE_OK;
    return lseek(fd, 0, SEEK_SET) == 0 &&
           archive_read_open_fd(reader, fd, BLOCK_BYTES) == ARCHIVE_OK;
}

enum planche_status planche_libarchive_open(struct planche_archive *archive,
                                            struct planche_error *error)
{
    struct packed *packed = planche_calloc(archive->budget, 1, sizeof *packed);
    archive->ops = &ops;
    archive->state = packed;
    if (!packed)
        return planche_fail_memory(error, archive->budget, sizeof *packed, archive->path);
    enum planche_status status = scan(archive, &packed->scan, error);
    if (status)
        return status;
    uint64_t memory = packed->scan.memory;
    if (!planche_budget_reserve(archive->budget, memory))
        return planche_fail_memory(error, archive->budget, memory, archive->path);
    packed->reserved = memory;
    if (packed->scan.gzip)
        packed->gunzip = planche_gunzip_create(archive->fd, archive->budget);
    if (packed->scan.gzip && !packed->gunzip)
        return planche_fail_memory(error, archive->budget, sizeof *packed->gunzip, archive->path);
    packed->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    packed->reader = archive_read_new();
    if (!packed->reader)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory", archive->path);
    locale_t old = enter_locale(packed);
    if (!set_up(packed->reader, archive->container))
        status = planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                              "%s: libarchive was built without what this needs", archive->path);
    else if (!open_reader(packed->reader, archive->fd, packed->gunzip))
        status = explain(archive, error);
    leave_locale(packed, old);
    return status;
}

bool planche_libarchive_is_tar(int fd, bool gzip)
{
    struct archive *reader = archive_read_new();
    struct planche_gunzip *gunzip = gzip ? planche_gunzip_create(fd, NULL) : NULL;
    struct archive_entry *entry;
    bool is = reader && (!gzip || gunzip) && set_up(reader, PLANCHE_CONTAINER_TAR) &&
              open_reader(reader, fd, gunzip) &&
              archive_read_next_header(reader, &entry) >= ARCHIVE_WARN;
    /* Without memory nobody knows; who opens it is told why. */
    if (gzip && (!gunzip || gunzip->reason == ENOMEM))
        is = true;
    if (reader)
        archive_read_free(reader);
    planche_gunzip_destroy(&gunzip);
    return is;
}
