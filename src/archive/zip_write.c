/* SPDX-License-Identifier: MIT */
/* ZIP writer (CBZ, EPUB): entries are stored, since images are packed already; the same entries
 * give the same bytes. */
#include "archive/format.h"
#include "archive/zip.h"
#include "base/status.h"
#include "io/atomic_file.h"

#include <string.h>
#include <time.h>
#include <zlib.h>

#define VERSION        20u
#define VERSION_64     45u
#define UNIX_FILE      (0100644u << 16)
#define UNIX_FOLDER    (0040755u << 16 | 0x10u)
#define FIRST_DOS_TIME 315532800  /* 1980-01-01 00:00:00 */
#define LAST_DOS_TIME  4354819198 /* 2107-12-31 23:59:58 */
#define EXTRA64_BYTES  28u
#define CRC_IN_LOCAL   14u

/* Where the archive's bytes go. The first failure stays: what follows it writes nothing. */
struct sink {
    struct planche_archive_writer *writer;
    struct planche_error *error;
    enum planche_status status;
    uint64_t at; /* bytes written */
    uint32_t crc;
};

static bool put(struct sink *sink, const void *data, size_t size)
{
    sink->at += size;
    if (!sink->status && size)
        sink->status = planche_atomic_file_write(sink->writer->file, data, size, sink->error);
    return !sink->status;
}

static enum planche_status put_content(void *user, const void *data, size_t size,
                                       struct planche_error *error)
{
    struct sink *sink = user;
    (void)error; /* the sink has it */
    sink->crc = (uint32_t)crc32_z(sink->crc, data, size);
    put(sink, data, size);
    return sink->status;
}

/* Date and time, as DOS keeps them, of a time in UTC. */
static uint32_t dos_time(int64_t mtime)
{
    int64_t clamped = mtime < FIRST_DOS_TIME  ? FIRST_DOS_TIME
                      : mtime > LAST_DOS_TIME ? LAST_DOS_TIME
                                              : mtime;
    time_t seconds = (time_t)clamped;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    uint32_t date = (uint32_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
    return date << 16 | (uint32_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static uint32_t field32(uint64_t value)
{
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

/* What local header and directory have in common, from the version on. */
static uint8_t *put_common(uint8_t *p, const struct planche_added *added, size_t name_size,
                           size_t extra)
{
    p = put16(p, extra ? VERSION_64 : VERSION);
    p = put16(p, is_ascii(added->name) ? 0 : ZIP_FLAG_UTF8);
    p = put16(p, ZIP_STORED);
    p = put32(p, dos_time(added->mtime));
    p = put32(p, added->crc);
    p = put32(p, field32(added->size));
    p = put32(p, field32(added->size));
    p = put16(p, (unsigned)name_size);
    return put16(p, (unsigned)extra);
}

/* The 64-bit field; returns its size. In a local header it has both sizes or is not there. */
static size_t make_extra64(uint8_t *extra, const struct planche_added *added, bool local)
{
    uint8_t *p = extra + 4;
    if (added->size >= UINT32_MAX)
        p = put64(put64(p, added->size), added->size);
    if (!local && added->start >= UINT32_MAX)
        p = put64(p, added->start);
    size_t size = (size_t)(p - extra) - 4;
    put16(put16(extra, ZIP_EXTRA_64), (unsigned)size);
    return size ? size + 4 : 0;
}

/* Names of folders end with a slash. */
static bool put_name(struct sink *sink, const struct planche_added *added)
{
    return put(sink, added->name, strlen(added->name)) && (added->content || put(sink, "/", 1));
}

static size_t name_bytes(const struct planche_added *added)
{
    return strlen(added->name) + !added->content;
}

static bool put_local(struct sink *sink, const struct planche_added *added)
{
    uint8_t head[ZIP_LOCAL_BYTES], extra[EXTRA64_BYTES];
    size_t extra_size = make_extra64(extra, added, true);
    put_common(put32(head, ZIP_LOCAL), added, name_bytes(added), extra_size);
    return put(sink, head, sizeof head) && put_name(sink, added) && put(sink, extra, extra_size);
}

static bool put_central(struct sink *sink, const struct planche_added *added)
{
    uint8_t head[ZIP_CENTRAL_BYTES], extra[EXTRA64_BYTES];
    size_t extra_size = make_extra64(extra, added, false);
    uint8_t *p = put32(head, ZIP_CENTRAL);
    p = put16(p, ZIP_HOST_UNIX << 8 | (extra_size ? VERSION_64 : VERSION));
    p = put_common(p, added, name_bytes(added), extra_size);
    p = put16(p, (unsigned)added->comment_size);
    p = put16(put16(p, 0), 0);
    p = put32(p, added->content ? UNIX_FILE : UNIX_FOLDER);
    put32(p, field32(added->start));
    return put(sink, head, sizeof head) && put_name(sink, added) && put(sink, extra, extra_size) &&
           put(sink, added->comment, added->comment_size);
}

static bool put_end64(struct sink *sink, uint64_t count, uint64_t start, uint64_t size)
{
    uint8_t end[ZIP_END64_BYTES + ZIP_LOCATOR64_BYTES], *p = end;
    p = put64(put32(p, ZIP_END64), ZIP_END64_BYTES - 12);
    p = put16(put16(p, ZIP_HOST_UNIX << 8 | VERSION_64), VERSION_64);
    p = put32(put32(p, 0), 0);
    p = put64(put64(p, count), count);
    p = put64(put64(p, size), start);
    p = put32(put32(p, ZIP_LOCATOR64), 0);
    put32(put64(p, start + size), 1);
    return put(sink, end, sizeof end);
}

static bool put_directory(struct sink *sink)
{
    const struct planche_archive_writer *writer = sink->writer;
    uint64_t start = sink->at, count = writer->count;
    for (size_t i = 0; i < writer->count; i++)
        if (!put_central(sink, writer->entries[i]))
            return false;
    uint64_t size = sink->at - start;
    if ((count >= 0xffff || start >= UINT32_MAX || size >= UINT32_MAX) &&
        !put_end64(sink, count, start, size))
        return false;
    uint8_t end[ZIP_END_BYTES], *p = put32(put32(end, ZIP_END), 0);
    p = put16(p, count < 0xffff ? (unsigned)count : 0xffff);
    p = put16(p, count < 0xffff ? (unsigned)count : 0xffff);
    p = put32(put32(p, field32(size)), field32(start));
    put16(p, (unsigned)writer->comment_size);
    return put(sink, end, sizeof end) && put(sink, writer->comment, writer->comment_size);
}

static enum planche_status put_entry(struct sink *sink, struct planche_added *added,
                                     struct planche_error *error)
{
    struct planche_content content;
    uint8_t crc[4];
    added->start = sink->at;
    added->crc = 0;
    added->size = 0;
    if (!added->content)
        return put_local(sink, added) ? PLANCHE_OK : sink->status;
    enum planche_status status = planche_content_open(&content, added, error);
    if (status)
        return status;
    added->size = content.size;
    sink->crc = 0;
    put_local(sink, added);
    status = planche_content_copy(&content, sink->writer, added, put_content, sink, error);
    if (!status)
        status = sink->status;
    if (status)
        return status;
    added->crc = sink->crc;
    put32(crc, added->crc);
    return planche_atomic_file_patch(sink->writer->file, added->start + CRC_IN_LOCAL, crc,
                                     sizeof crc, error);
}

/* An EPUB is known by its first entry. */
static bool bring_type_first(struct planche_archive_writer *writer)
{
    for (size_t i = 0; i < writer->count; i++) {
        struct planche_added *type = writer->entries[i];
        if (strcmp(type->name, "mimetype") != 0)
            continue;
        memmove(writer->entries + 1, writer->entries, i * sizeof *writer->entries);
        writer->entries[0] = type;
        return true;
    }
    return false;
}

enum planche_status planche_zip_write(struct planche_archive_writer *writer,
                                      struct planche_error *error)
{
    struct sink sink = {.writer = writer, .error = error};
    if (writer->container == PLANCHE_CONTAINER_EPUB && !bring_type_first(writer))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: an EPUB has an entry \"mimetype\"",
                            writer->path);
    for (size_t i = 0; i < writer->count; i++) {
        enum planche_status status = put_entry(&sink, writer->entries[i], error);
        if (status)
            return status;
    }
    if (!put_directory(&sink))
        return sink.status;
    enum planche_status status = planche_atomic_file_sync(writer->file, error);
    if (!status)
        status = planche_zip_check(writer, error);
    if (status)
        return status;
    planche_archive_writer_announce(writer, planche_atomic_file_temporary_path(writer->file));
    return planche_atomic_file_commit(writer->file, error);
}
