/* SPDX-License-Identifier: MIT */
/* ZIP writer (CBZ, EPUB): entries are stored, since images are packed already, or deflated where
 * that makes them smaller; the same entries give the same bytes. */
#include "archive/format.h"
#include "archive/inflater.h"
#include "archive/zip.h"
#include "base/status.h"
#include "io/atomic_file.h"
#include "os/fd.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define VERSION        20u
#define VERSION_64     45u
#define UNIX_FILE      (0100644u << 16)
#define UNIX_FOLDER    (0040755u << 16 | 0x10u)
#define FIRST_DOS_TIME 315532800  /* 1980-01-01 00:00:00 */
#define LAST_DOS_TIME  4354819198 /* 2107-12-31 23:59:58 */
#define EXTRA64_BYTES  28u

/* Entries from this size on have sizes of 64 bits: they may become larger when they are packed. */
#define WIDE_BYTES UINT64_C(0xf0000000)

/* What tells whether packing is worth it. */
#define TRIAL_BYTES ((size_t)64 << 10)

/* The deflater is flushed after each piece, which takes at least 35 bits. A match of 258 bytes
 * takes two, so a piece of zeros becomes 37 bytes or more, and no content is packed to less than a
 * 900th: readers take less than a thousandth for a decompression bomb. A packed piece fits in
 * TRIAL_BYTES.
 */
#define PIECE_BYTES ((size_t)32 << 10)

/* Where the archive's bytes go. The first failure stays: what follows it writes nothing. */
struct sink {
    struct planche_archive_writer *writer;
    struct planche_error *error;
    enum planche_status status;
    uint64_t at; /* bytes written */
    uint32_t crc;
    uint64_t left;   /* of the content that is packed; 0: it is stored */
    bool deflating;  /* deflater is made */
    uint8_t *packed; /* TRIAL_BYTES */
    z_stream deflater;
};

static bool put(struct sink *sink, const void *data, size_t size)
{
    sink->at += size;
    if (!sink->status && size)
        sink->status = planche_atomic_file_write(sink->writer->file, data, size, sink->error);
    return !sink->status;
}

/* Packs a part of a content into sink->packed, which has room of so many bytes. Returns how many
 * were written; 0: they do not fit. */
static size_t pack(struct sink *sink, const void *data, size_t size, size_t room, bool last)
{
    z_stream *deflater = &sink->deflater;
    deflater->next_in = (Bytef *)data;
    deflater->avail_in = (uInt)size;
    deflater->next_out = sink->packed;
    deflater->avail_out = (uInt)room;
    int result = deflate(deflater, last ? Z_FINISH : Z_SYNC_FLUSH);
    bool whole = last ? result == Z_STREAM_END : result == Z_OK && deflater->avail_out > 0;
    return whole ? room - deflater->avail_out : 0;
}

static void put_packed(struct sink *sink, const uint8_t *data, size_t size)
{
    for (size_t at = 0, piece; at < size && !sink->status; at += piece) {
        piece = size - at < PIECE_BYTES ? size - at : PIECE_BYTES;
        sink->left -= piece;
        size_t packed = pack(sink, data + at, piece, TRIAL_BYTES, sink->left == 0);
        if (packed > 0)
            put(sink, sink->packed, packed);
        else
            sink->status = planche_fail(sink->error, PLANCHE_ERROR_INTERNAL,
                                        "%s: zlib cannot pack it", sink->writer->path);
    }
}

static enum planche_status put_content(void *user, const void *data, size_t size,
                                       struct planche_error *error)
{
    struct sink *sink = user;
    (void)error; /* the sink has it */
    sink->crc = (uint32_t)crc32_z(sink->crc, data, size);
    if (sink->left > 0)
        put_packed(sink, data, size);
    else
        put(sink, data, size);
    return sink->status;
}

static enum planche_status make_deflater(struct sink *sink, struct planche_error *error)
{
    struct planche_budget *budget = sink->writer->budget;
    if (!sink->packed)
        sink->packed = planche_alloc(budget, TRIAL_BYTES);
    if (sink->packed && !sink->deflating)
        sink->deflating =
            planche_deflater_init(&sink->deflater, Z_DEFAULT_COMPRESSION, -MAX_WBITS, budget);
    return sink->deflating ? PLANCHE_OK
                           : planche_fail_memory(error, budget, TRIAL_BYTES, sink->writer->path);
}

/* Whether the beginning of a content becomes smaller by a tenth. The type of an EPUB must not be
 * packed. */
static enum planche_status choose_method(struct sink *sink, const struct planche_content *content,
                                         struct planche_added *added, struct planche_error *error)
{
    uint8_t *data = sink->writer->buffer;
    added->method = ZIP_STORED;
    if (added->packed || strcmp(added->name, "mimetype") == 0)
        return PLANCHE_OK;
    int64_t got = planche_fd_read_at(content->fd, data, TRIAL_BYTES, 0);
    if (got < 0)
        return planche_content_fail(added, strerror(errno), error);
    size_t size = (size_t)got, most = size - (size + 9) / 10;
    if (most == 0)
        return PLANCHE_OK;
    enum planche_status status = make_deflater(sink, error);
    if (status)
        return status;
    (void)deflateReset(&sink->deflater); /* fails only for what was never made */
    if (pack(sink, data, size, most, true) > 0)
        added->method = ZIP_DEFLATED;
    (void)deflateReset(&sink->deflater);
    return PLANCHE_OK;
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
    bool wide = added->size >= WIDE_BYTES;
    p = put16(p, extra ? VERSION_64 : VERSION);
    p = put16(p, is_ascii(added->name) ? 0 : ZIP_FLAG_UTF8);
    p = put16(p, added->method);
    p = put32(p, dos_time(added->mtime));
    p = put32(p, added->crc);
    p = put32(p, wide ? UINT32_MAX : (uint32_t)added->packed_size);
    p = put32(p, wide ? UINT32_MAX : (uint32_t)added->size);
    p = put16(p, (unsigned)name_size);
    return put16(p, (unsigned)extra);
}

/* The 64-bit field; returns its size. In a local header it has both sizes or is not there. */
static size_t make_extra64(uint8_t *extra, const struct planche_added *added, bool local)
{
    uint8_t *p = extra + 4;
    if (added->size >= WIDE_BYTES)
        p = put64(put64(p, added->size), added->packed_size);
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

/* What stands before a content. Its sizes and its checksum are put in again when they are known. */
struct local {
    uint8_t head[ZIP_LOCAL_BYTES], extra[EXTRA64_BYTES];
    size_t extra_size;
};

static void make_local(struct local *local, const struct planche_added *added)
{
    local->extra_size = make_extra64(local->extra, added, true);
    put_common(put32(local->head, ZIP_LOCAL), added, name_bytes(added), local->extra_size);
}

static bool put_local(struct sink *sink, const struct planche_added *added)
{
    struct local local;
    make_local(&local, added);
    return put(sink, local.head, sizeof local.head) && put_name(sink, added) &&
           put(sink, local.extra, local.extra_size);
}

static enum planche_status renew_local(struct sink *sink, const struct planche_added *added,
                                       struct planche_error *error)
{
    struct planche_atomic_file *file = sink->writer->file;
    struct local local;
    make_local(&local, added);
    enum planche_status status =
        planche_atomic_file_patch(file, added->start, local.head, sizeof local.head, error);
    if (status || !local.extra_size)
        return status;
    return planche_atomic_file_patch(file, added->start + ZIP_LOCAL_BYTES + name_bytes(added),
                                     local.extra, local.extra_size, error);
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
    added->start = sink->at;
    added->crc = 0;
    added->size = added->packed_size = 0;
    if (!added->content)
        return put_local(sink, added) ? PLANCHE_OK : sink->status;
    enum planche_status status = planche_content_open(&content, added, error);
    if (status)
        return status;
    status = choose_method(sink, &content, added, error);
    if (status) {
        planche_fd_close(&content.fd);
        return status;
    }
    added->size = added->packed_size = content.size;
    sink->crc = 0;
    put_local(sink, added);
    uint64_t from = sink->at;
    sink->left = added->method == ZIP_DEFLATED ? content.size : 0;
    status = planche_content_copy(&content, sink->writer, added, put_content, sink, error);
    if (!status)
        status = sink->status;
    if (status)
        return status;
    added->packed_size = sink->at - from;
    added->crc = sink->crc;
    return renew_local(sink, added, error);
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

static enum planche_status put_all(struct planche_archive_writer *writer,
                                   struct planche_error *error)
{
    struct sink sink = {.writer = writer, .error = error};
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; i < writer->count && !status; i++)
        status = put_entry(&sink, writer->entries[i], error);
    if (!status && !put_directory(&sink))
        status = sink.status;
    if (sink.deflating)
        (void)deflateEnd(&sink.deflater); /* what was discarded is only told */
    planche_free(sink.packed);
    return status;
}

enum planche_status planche_zip_write(struct planche_archive_writer *writer,
                                      struct planche_error *error)
{
    if (writer->container == PLANCHE_CONTAINER_EPUB && !bring_type_first(writer))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: an EPUB has an entry \"mimetype\"",
                            writer->path);
    enum planche_status status = put_all(writer, error);
    if (!status)
        status = planche_atomic_file_sync(writer->file, error);
    if (!status)
        status = planche_zip_check(writer, error);
    if (status)
        return status;
    planche_archive_writer_announce(writer, planche_atomic_file_temporary_path(writer->file));
    return planche_atomic_file_commit(writer->file, error);
}
