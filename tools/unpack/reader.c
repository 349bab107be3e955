/* SPDX-License-Identifier: MIT */
/* RAR, 7z, tar and packed data of ZIPs through libarchive, in order. */
#include "reader.h"

#include "gunzip.h"

#include "base/little_endian.h"
#include "os/fd.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

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

#define DAMAGED "is damaged or cut short"
#define BEYOND  "is packed in a way that cannot be read"
static const struct meaning meanings[] = {
    {"nsupported block header size", PLANCHE_ERROR_DATA, DAMAGED},
    {"ncrypt", PLANCHE_ERROR_UNSUPPORTED, PLANCHE_REFUSAL_ENCRYPTED},
    {"assphrase", PLANCHE_ERROR_UNSUPPORTED, PLANCHE_REFUSAL_ENCRYPTED},
    {"ulti-volume", PLANCHE_ERROR_UNSUPPORTED, PLANCHE_REFUSAL_VOLUME},
    {"ultivolume", PLANCHE_ERROR_UNSUPPORTED, PLANCHE_REFUSAL_VOLUME},
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

/* What libarchive reads of the file: a part, as if it were all. */
static uint8_t block[BLOCK_BYTES];

static la_ssize_t read_source(struct archive *archive, void *user, const void **data)
{
    struct unpack_reader *reader = user;
    uint64_t left = reader->source.bytes - reader->at;
    int64_t got = planche_fd_read_at(PLANCHE_UNPACK_ARCHIVE, block,
                                     left < sizeof block ? (size_t)left : sizeof block,
                                     reader->source.from + reader->at);
    if (got < 0) {
        archive_set_error(archive, EIO, "%s", strerror(errno));
        return ARCHIVE_FATAL;
    }
    reader->at += (uint64_t)got;
    *data = block;
    return (la_ssize_t)got;
}

static la_int64_t skip_source(struct archive *archive, void *user, la_int64_t request)
{
    struct unpack_reader *reader = user;
    uint64_t left = reader->source.bytes - reader->at, wanted = (uint64_t)request;
    (void)archive;
    if (wanted > left)
        wanted = left;
    reader->at += wanted;
    return (la_int64_t)wanted;
}

static la_int64_t seek_source(struct archive *archive, void *user, la_int64_t offset, int whence)
{
    struct unpack_reader *reader = user;
    uint64_t base = whence == SEEK_CUR ? reader->at : whence == SEEK_END ? reader->source.bytes : 0;
    la_int64_t at = 0;
    (void)archive;
    if (__builtin_add_overflow((la_int64_t)base, offset, &at) || at < 0 ||
        (uint64_t)at > reader->source.bytes)
        return ARCHIVE_FATAL;
    reader->at = (uint64_t)at;
    return at;
}

/* A ZIP's LZMA data: a version, and how many bytes of properties follow. */
#define LZMA_HEAD_BYTES       4u
#define LZMA_PROPERTIES_BYTES 5u

/* The header of an .lzma file, which the same data would have outside of a ZIP. */
static la_ssize_t read_lzma(struct archive *archive, void *user, const void **data)
{
    static uint8_t head[LZMA_PROPERTIES_BYTES + 8];
    struct unpack_reader *reader = user;
    uint8_t own[LZMA_HEAD_BYTES + LZMA_PROPERTIES_BYTES];
    if (reader->at > 0)
        return read_source(archive, user, data);
    if (reader->source.bytes < sizeof own ||
        planche_fd_read_at(PLANCHE_UNPACK_ARCHIVE, own, sizeof own, reader->source.from) !=
            (int64_t)sizeof own ||
        get16(own + 2) != LZMA_PROPERTIES_BYTES) {
        archive_set_error(archive, EILSEQ, "the LZMA properties are missing");
        return ARCHIVE_FATAL;
    }
    memcpy(head, own + LZMA_HEAD_BYTES, LZMA_PROPERTIES_BYTES);
    for (unsigned i = 0; i < 8; i++)
        head[LZMA_PROPERTIES_BYTES + i] = (uint8_t)(reader->source.size >> 8 * i);
    reader->at = sizeof own;
    *data = head;
    return sizeof head;
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

/* Exactly what packed data of a ZIP are packed by, whatever they begin with. */
static int support_packed(struct archive *archive, enum unpack_kind kind)
{
    static const int filters[] = {[UNPACK_BZIP2] = ARCHIVE_FILTER_BZIP2,
                                  [UNPACK_LZMA] = ARCHIVE_FILTER_LZMA,
                                  [UNPACK_XZ] = ARCHIVE_FILTER_XZ,
                                  [UNPACK_ZSTD] = ARCHIVE_FILTER_ZSTD};
    return archive_read_support_format_raw(archive) |
           archive_read_append_filter(archive, filters[kind]);
}

static int support(struct archive *archive, enum unpack_kind kind)
{
    switch (kind) {
    case UNPACK_RAR:
        return archive_read_support_format_rar(archive) | archive_read_support_format_rar5(archive);
    case UNPACK_7Z:
        return archive_read_support_format_7zip(archive);
    case UNPACK_TAR:
        return archive_read_support_format_tar(archive) |
               archive_read_support_filter_bzip2(archive) |
               archive_read_support_filter_xz(archive) | archive_read_support_filter_zstd(archive);
    default:
        return support_packed(archive, kind);
    }
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
    struct archive *archive = reader->archive;
    int result;
    if (reader->gzip) {
        result = archive_read_open(archive, &gunzip, NULL, read_gzip, NULL);
    } else {
        result = archive_read_set_callback_data(archive, reader) |
                 archive_read_set_read_callback(archive, reader->kind == UNPACK_LZMA ? read_lzma
                                                                                     : read_source);
        if (reader->kind < UNPACK_BZIP2)
            result |= archive_read_set_skip_callback(archive, skip_source) |
                      archive_read_set_seek_callback(archive, seek_source);
        if (result == ARCHIVE_OK)
            result = archive_read_open1(archive);
    }
    if (result != ARCHIVE_OK)
        return explain(reader, true);
    return reader->kind != UNPACK_TAR || check_tar_end(reader);
}

bool unpack_open(struct unpack_reader *reader, const struct unpack_source *source)
{
    *reader = (struct unpack_reader){
        .kind = source->kind,
        .source = *source,
        .blocks = {.fd = PLANCHE_UNPACK_ARCHIVE, .from = source->from, .file_size = source->bytes}};
    reader->gzip = reader->kind == UNPACK_TAR && begins_gzip();
    reader->archive = archive_read_new();
    if (!reader->archive || (reader->gzip && !gunzip_start(&gunzip, PLANCHE_UNPACK_ARCHIVE)))
        return fail(reader, PLANCHE_ERROR_MEMORY, true, "no memory to unpack it");
    if (support(reader->archive, reader->kind) != ARCHIVE_OK)
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
    /* Some programs store permissions without a type; what is so is a file. */
    return kind == AE_IFREG || kind == 0 ? 0 : PLANCHE_UNPACK_SPECIAL;
}

/* A name of an old RAR as it is stored: libarchive takes the second half of some Japanese letters
 * for a backslash. NULL: there is none such. */
static const char *stored_name(const struct rar_blocks *blocks)
{
    static char name[RAR_HEAD_BYTES + 1];
    bool plain = true;
    if (blocks->name_size == 0)
        return NULL;
    memcpy(name, blocks->head + blocks->name_at, blocks->name_size);
    name[blocks->name_size] = 0;
    for (size_t i = 0; i < blocks->name_size; i++)
        plain = plain && name[i] > 0;
    return plain || strlen(name) < blocks->name_size ? NULL : name;
}

/* In UTF-8, or bytes that say nothing of what they are. */
static const char *entry_name(const struct unpack_reader *reader, struct archive_entry *entry)
{
    const char *stored = reader->kind == UNPACK_RAR ? stored_name(&reader->blocks) : NULL;
    if (stored)
        return stored;
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
        return fail(reader, PLANCHE_ERROR_UNSUPPORTED, true, PLANCHE_REFUSAL_ENCRYPTED);
    *name = entry_name(reader, found);
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
