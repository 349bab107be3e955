/* SPDX-License-Identifier: MIT */
/* RAR, 7z and tar through libarchive, in order. */
#include "reader.h"

#include "gunzip.h"

#include "os/fd.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)64 << 10)
#define TAR_BLOCK   512u
/* Behind the end of a tar in gzip. */
#define MAX_PADDING ((uint64_t)64 << 20)

/* As large as its buffers, and the program has one reader. */
static struct gunzip gunzip;

static bool fail(struct unpack_reader *reader, enum planche_status status, bool fatal,
                 const char *text)
{
    reader->status = status;
    reader->fatal = fatal;
    snprintf(reader->text, sizeof reader->text, "%s", text);
    return false;
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

static bool explain(struct unpack_reader *reader, bool fatal)
{
    static const struct meaning no_memory = {"", PLANCHE_ERROR_MEMORY, "no memory to unpack it"};
    static const struct meaning unreadable = {"", PLANCHE_ERROR_IO, "cannot be read"};
    const char *text = archive_error_string(reader->archive);
    int number = archive_errno(reader->archive);
    const struct meaning *found = meanings;
    if (number == ENOMEM || number == EIO)
        found = number == EIO ? &unreadable : &no_memory;
    while (!strstr(text ? text : "", found->words))
        found++;
    reader->status = found->status;
    reader->fatal = fatal;
    snprintf(reader->text, sizeof reader->text, text ? "%s (%s)" : "%s", found->plain, text);
    return false;
}

static la_ssize_t read_gzip(struct archive *archive, void *user, const void **data)
{
    struct gunzip *gunzip = user;
    int64_t got = gunzip_next(gunzip);
    *data = gunzip->out;
    if (got < 0)
        archive_set_error(archive, gunzip->reason, "%s", gunzip->fault);
    return got < 0 ? ARCHIVE_FATAL : (la_ssize_t)got;
}

static bool begins_gzip(void)
{
    uint8_t magic[2];
    return planche_fd_read_at(PLANCHE_UNPACK_ARCHIVE, magic, 2, 0) == 2 && magic[0] == 0x1f &&
           magic[1] == 0x8b;
}

static int support(struct archive *archive, enum unpack_kind kind)
{
    int result = ARCHIVE_OK;
    if (kind == UNPACK_RAR)
        result =
            archive_read_support_format_rar(archive) | archive_read_support_format_rar5(archive);
    else if (kind == UNPACK_7Z)
        result = archive_read_support_format_7zip(archive);
    else
        result =
            archive_read_support_format_tar(archive) | archive_read_support_filter_bzip2(archive) |
            archive_read_support_filter_xz(archive) | archive_read_support_filter_zstd(archive);
    return result;
}

/* A plain tar has no checksum of all, but blocks of zeroes that end it. */
static bool check_tar_end(struct unpack_reader *reader)
{
    static const uint8_t zeroes[TAR_BLOCK];
    static uint8_t last[TAR_BLOCK];
    uint64_t size = reader->blocks.file_size;
    bool packed = reader->gzip || archive_filter_count(reader->archive) > 1;
    if (packed || (size >= 2 * TAR_BLOCK &&
                   planche_fd_read_at(PLANCHE_UNPACK_ARCHIVE, last, TAR_BLOCK, size - TAR_BLOCK) ==
                       TAR_BLOCK &&
                   memcmp(last, zeroes, TAR_BLOCK) == 0))
        return true;
    return fail(reader, PLANCHE_ERROR_DATA, true, "is a tar that is cut short");
}

static bool open_archive(struct unpack_reader *reader)
{
    int result = reader->gzip
                     ? archive_read_open(reader->archive, &gunzip, NULL, read_gzip, NULL)
                     : archive_read_open_fd(reader->archive, PLANCHE_UNPACK_ARCHIVE, BLOCK_BYTES);
    if (result != ARCHIVE_OK)
        return explain(reader, true);
    return reader->kind != UNPACK_TAR || check_tar_end(reader);
}

bool unpack_open(struct unpack_reader *reader, enum unpack_kind kind)
{
    *reader = (struct unpack_reader){.kind = kind, .blocks.fd = PLANCHE_UNPACK_ARCHIVE};
    off_t size = lseek(PLANCHE_UNPACK_ARCHIVE, 0, SEEK_END);
    if (size < 0 || lseek(PLANCHE_UNPACK_ARCHIVE, 0, SEEK_SET) < 0)
        return fail(reader, PLANCHE_ERROR_IO, true, strerror(errno));
    reader->blocks.file_size = (uint64_t)size;
    reader->gzip = kind == UNPACK_TAR && begins_gzip();
    reader->archive = archive_read_new();
    if (!reader->archive || (reader->gzip && !gunzip_start(&gunzip, PLANCHE_UNPACK_ARCHIVE)))
        return fail(reader, PLANCHE_ERROR_MEMORY, true, "no memory to unpack it");
    if (support(reader->archive, kind) != ARCHIVE_OK)
        return fail(reader, PLANCHE_ERROR_UNSUPPORTED, true,
                    "libarchive was built without what this needs");
    return open_archive(reader);
}

static uint32_t kind_flags(struct archive_entry *entry)
{
    __LA_MODE_T kind = archive_entry_filetype(entry);
    if (kind == AE_IFLNK || archive_entry_symlink(entry))
        return PLANCHE_UNPACK_SYMLINK;
    if (archive_entry_hardlink(entry))
        return PLANCHE_UNPACK_HARDLINK;
    if (kind == AE_IFDIR)
        return PLANCHE_UNPACK_FOLDER;
    return kind == AE_IFREG ? 0 : PLANCHE_UNPACK_SPECIAL;
}

/* In UTF-8, or bytes that say nothing of what they are. */
static const char *entry_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name)
        name = archive_entry_pathname(entry);
    return name ? name : "";
}

static void describe(struct unpack_reader *reader, struct archive_entry *found,
                     struct planche_unpack_entry *entry)
{
    bool sized = archive_entry_size_is_set(found);
    bool solid = reader->kind == UNPACK_RAR && reader->blocks.solid;
    *entry = (struct planche_unpack_entry){
        .size = sized ? (uint64_t)archive_entry_size(found) : 0,
        .passed = (uint64_t)archive_filter_bytes(reader->archive, 0),
        .mtime = archive_entry_mtime_is_set(found) ? archive_entry_mtime(found) : 0,
        .flags = kind_flags(found) | (sized ? (uint32_t)PLANCHE_UNPACK_SIZED : 0) |
                 (solid ? (uint32_t)PLANCHE_UNPACK_SOLID : 0)};
}

/* Steps to the file's block, or behind the last. */
static bool next_block(struct unpack_reader *reader, bool end)
{
    const char *text;
    bool file = false;
    enum planche_status status = PLANCHE_OK;
    reader->has_crc = false;
    if (reader->kind != UNPACK_RAR)
        return true;
    do
        status = rar_blocks_next(&reader->blocks, &file, &text);
    while (status == PLANCHE_OK && end && file);
    if (status)
        return fail(reader, status, true, text);
    reader->has_crc = file && reader->blocks.has_crc;
    reader->expected = reader->blocks.crc;
    return true;
}

/* The checksum of a gzip comes behind the end of the tar. */
static bool check_end(struct unpack_reader *reader)
{
    const void *data;
    la_ssize_t got = 1;
    for (uint64_t padding = 0; reader->gzip && got > 0; padding += (uint64_t)got) {
        got = read_gzip(reader->archive, &gunzip, &data);
        if (got < 0)
            return fail(reader, PLANCHE_ERROR_DATA, true, gunzip.fault);
        if (padding > MAX_PADDING)
            return fail(reader, PLANCHE_ERROR_DATA, true, "has too much behind its end");
    }
    return next_block(reader, true);
}

bool unpack_next(struct unpack_reader *reader, struct planche_unpack_entry *entry,
                 const char **name, bool *end)
{
    struct archive_entry *found = NULL;
    int result;
    do
        result = archive_read_next_header(reader->archive, &found);
    while (result == ARCHIVE_RETRY);
    *end = result == ARCHIVE_EOF;
    if (*end)
        return check_end(reader);
    /* What the blocks say is clearer than that libarchive cannot go on. */
    if (!next_block(reader, false))
        return false;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
        return explain(reader, true);
    if (archive_entry_is_encrypted(found))
        return fail(reader, PLANCHE_ERROR_UNSUPPORTED, true, ENCRYPTED);
    *name = entry_name(found);
    reader->crc = 0;
    describe(reader, found, entry);
    return true;
}

bool unpack_read(struct unpack_reader *reader, void *data, size_t size, size_t *got)
{
    la_ssize_t result;
    do
        result = archive_read_data(reader->archive, data, size);
    while (result == ARCHIVE_RETRY);
    if (result < 0)
        return explain(reader, result == ARCHIVE_FATAL);
    *got = (size_t)result;
    reader->crc = (uint32_t)crc32_z(reader->crc, data, *got);
    if (*got == 0 && reader->has_crc && reader->crc != reader->expected)
        return fail(reader, PLANCHE_ERROR_DATA, false, "is damaged: its checksum is wrong");
    return true;
}
