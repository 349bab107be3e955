/* SPDX-License-Identifier: MIT */
/* The central directory of a ZIP: found from the end of the file, read record by record through a
 * window, and checked for entries that overlap before anything is unpacked. */
#include "archive/zip_directory.h"

#include "archive/unpack_protocol.h"
#include "archive/zip.h"
#include "base/checked.h"
#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

/* Holds the longest record: three lengths of 16 bits. */
#define WINDOW_BYTES ((size_t)256 << 10)

static enum planche_status fail_data(const struct planche_archive *archive,
                                     struct planche_error *error, const char *what)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: %s", archive->path, what);
}

static int64_t read_window(const struct planche_archive *archive, uint8_t *to, uint64_t offset)
{
    if (!archive->data)
        return planche_fd_read_at(archive->fd, to, WINDOW_BYTES, offset);
    uint64_t left = offset < archive->file_size ? archive->file_size - offset : 0;
    size_t size = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
    memcpy(to, archive->data + (archive->file_size - left), size);
    return (int64_t)size;
}

/* size bytes of the file at offset, through the window; NULL and an error. */
static const uint8_t *look(struct planche_zip_directory *directory,
                           const struct planche_archive *archive, uint64_t offset, size_t size,
                           struct planche_error *error)
{
    if (offset < directory->window_at || size > directory->window_size ||
        offset - directory->window_at > directory->window_size - size) {
        int64_t got = read_window(archive, directory->window, offset);
        directory->window_at = offset;
        directory->window_size = got < 0 ? 0 : (size_t)got;
        if (got < 0) {
            planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read: %s", archive->path,
                         strerror(errno));
            return NULL;
        }
        if (directory->window_size < size) {
            fail_data(archive, error, "is cut short");
            return NULL;
        }
    }
    return directory->window + (offset - directory->window_at);
}

/* The record at the end of the file, behind which only its comment comes; some write more behind.
 * NULL: there is none. */
static const uint8_t *find_end(struct planche_zip_directory *directory,
                               const struct planche_archive *archive, struct planche_error *error)
{
    uint64_t most = ZIP_END_BYTES + 0xffff;
    size_t size = (size_t)(archive->file_size < most ? archive->file_size : most);
    const uint8_t *tail = look(directory, archive, archive->file_size - size, size, error);
    const uint8_t *loose = NULL;
    for (size_t at = size; tail && at-- > 0;) {
        if (size - at < ZIP_END_BYTES || get32(tail + at) != ZIP_END)
            continue;
        size_t comment = get16(tail + at + 20), behind = size - at - ZIP_END_BYTES;
        if (comment == behind)
            return tail + at;
        if (comment < behind && !loose)
            loose = tail + at;
    }
    if (tail && !loose)
        fail_data(archive, error, "is a ZIP that is cut short: its directory is missing");
    return loose;
}

/* The 64-bit record that stands in for the end at end_at, if there is one. */
static enum planche_status read_end64(struct planche_zip_directory *directory,
                                      const struct planche_archive *archive, uint64_t *end_at,
                                      struct planche_error *error)
{
    if (*end_at < ZIP_LOCATOR64_BYTES + ZIP_END64_BYTES)
        return PLANCHE_OK;
    uint64_t locator_at = *end_at - ZIP_LOCATOR64_BYTES;
    const uint8_t *p = look(directory, archive, locator_at, ZIP_LOCATOR64_BYTES, error);
    if (!p)
        return error->status;
    if (get32(p) != ZIP_LOCATOR64)
        return PLANCHE_OK;
    uint64_t at = get64(p + 8), usual = locator_at - ZIP_END64_BYTES;
    if (get32(p + 4) != 0 || get32(p + 16) > 1)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: %s", archive->path,
                            PLANCHE_REFUSAL_VOLUME);
    p = look(directory, archive, usual, ZIP_END64_BYTES, error);
    if (p && get32(p) == ZIP_END64)
        at = usual;
    else if (p && at < usual)
        p = look(directory, archive, at, ZIP_END64_BYTES, error);
    if (!p)
        return error->status;
    if (get32(p) != ZIP_END64)
        return fail_data(archive, error, "is a ZIP whose directory is missing");
    directory->declared = get64(p + 32);
    directory->end = get64(p + 40); /* its size, */
    directory->start = get64(p + 48);
    *end_at = at;
    return PLANCHE_OK;
}

/* The directory ends where its end record begins; what it lacks lies before the archive. */
static enum planche_status place(struct planche_zip_directory *directory,
                                 const struct planche_archive *archive, uint64_t end_at,
                                 struct planche_error *error)
{
    uint64_t size = directory->end, start = directory->start;
    if (size > end_at || start > end_at - size)
        return fail_data(archive, error, "is a ZIP whose directory does not lie in the file");
    const uint8_t *p = size < 4 ? NULL : look(directory, archive, start, 4, error);
    if (p && get32(p) == ZIP_CENTRAL)
        directory->shift = 0;
    else
        directory->shift = end_at - size - start;
    directory->start = start + directory->shift;
    directory->end = directory->start + size;
    directory->at = directory->start;
    return PLANCHE_OK;
}

static enum planche_status find(struct planche_zip_directory *directory,
                                const struct planche_archive *archive, struct planche_error *error)
{
    const uint8_t *p = look(directory, archive, 0, ZIP_END_BYTES, error);
    bool spanned = p && get32(p) == ZIP_SPANNED;
    if (p)
        p = find_end(directory, archive, error);
    if (!p && spanned && error->status == PLANCHE_ERROR_DATA)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: %s", archive->path,
                            PLANCHE_REFUSAL_VOLUME);
    if (!p)
        return error->status;
    uint64_t end_at = directory->window_at + (uint64_t)(p - directory->window);
    uint16_t disk = get16(p + 4), first = get16(p + 6), here = get16(p + 8), all = get16(p + 10);
    directory->declared = all;
    directory->end = get32(p + 12);
    directory->start = get32(p + 16);
    directory->comment_size = get16(p + 20);
    if (directory->comment_size > 0) {
        directory->comment = planche_alloc(archive->budget, directory->comment_size);
        if (!directory->comment)
            return planche_fail_memory(error, archive->budget, directory->comment_size,
                                       archive->path);
        memcpy(directory->comment, p + ZIP_END_BYTES, directory->comment_size);
    }
    enum planche_status status = read_end64(directory, archive, &end_at, error);
    if (status)
        return status;
    if ((disk != 0 && disk != 0xffff) || (first != 0 && first != 0xffff) || here != all)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: %s", archive->path,
                            PLANCHE_REFUSAL_VOLUME);
    return place(directory, archive, end_at, error);
}

/* DOS times have no zone; they are taken as UTC, as they are written. */
static int64_t dos_time(uint16_t date, uint16_t time)
{
    struct tm tm = {.tm_year = (date >> 9) + 80,
                    .tm_mon = ((date >> 5) & 15) - 1,
                    .tm_mday = date & 31,
                    .tm_hour = time >> 11,
                    .tm_min = (time >> 5) & 63,
                    .tm_sec = (time & 31) * 2};
    return date == 0 ? 0 : timegm(&tm);
}

/* A field of 64 bits in the extra field if the record's own is all ones. */
static bool take64(uint64_t *value, const uint8_t **p, size_t *left)
{
    if (*value != 0xffffffffu)
        return true;
    if (*left < 8)
        return false;
    *value = get64(*p);
    *p += 8;
    *left -= 8;
    return true;
}

/* Info-ZIP's name in UTF-8 counts while it belongs to the name that is there. */
static void take_name(struct planche_zip_record *record, const uint8_t *p, size_t size,
                      const uint8_t *raw, size_t raw_size)
{
    if (size < 5 || size - 5 > PLANCHE_ENTRY_NAME_BYTES || p[0] != 1 || memchr(p + 5, 0, size - 5))
        return;
    if (get32(p + 1) != crc32(0, raw, (uInt)raw_size))
        return;
    planche_charset_decode(NULL, (const char *)p + 5, size - 5, record->name);
}

static bool read_extra(struct planche_zip_record *record, const uint8_t *extra, size_t size,
                       const uint8_t *raw, size_t raw_size)
{
    while (size >= 4) {
        uint16_t kind = get16(extra);
        size_t length = get16(extra + 2);
        const uint8_t *p = extra + 4;
        /* Broken fields of others are theirs. */
        if (length > size - 4)
            break;
        if (kind == ZIP_EXTRA_64) {
            size_t left = length;
            if (!take64(&record->size, &p, &left) || !take64(&record->packed, &p, &left) ||
                !take64(&record->start, &p, &left))
                return false;
        } else if (kind == ZIP_EXTRA_TIME && length >= 5 && p[0] & 1) {
            record->mtime = (int32_t)get32(p + 1);
        } else if (kind == ZIP_EXTRA_UTF8_NAME) {
            take_name(record, p, length, raw, raw_size);
        }
        extra += 4 + length;
        size -= 4 + length;
    }
    return true;
}

enum planche_status planche_zip_directory_next(struct planche_zip_directory *directory,
                                               const struct planche_archive *archive,
                                               struct planche_zip_record *record, bool *end,
                                               struct planche_error *error)
{
    static const char broken[] = "is a ZIP whose directory is damaged";
    uint64_t left = directory->end - directory->at;
    *end = left == 0;
    if (*end)
        return PLANCHE_OK;
    const uint8_t *p = NULL;
    if (left < ZIP_CENTRAL_BYTES)
        return fail_data(archive, error, broken);
    p = look(directory, archive, directory->at, ZIP_CENTRAL_BYTES, error);
    if (!p)
        return error->status;
    size_t name = get16(p + 28), extra = get16(p + 30), comment = get16(p + 32);
    size_t size = ZIP_CENTRAL_BYTES + name + extra + comment;
    if (get32(p) != ZIP_CENTRAL || left < size)
        return fail_data(archive, error, broken);
    p = look(directory, archive, directory->at, size, error);
    if (!p)
        return error->status;
    const uint8_t *raw = p + ZIP_CENTRAL_BYTES;
    if (name > PLANCHE_ENTRY_NAME_BYTES)
        return fail_data(archive, error, "the name of an entry is longer than 4096 bytes");
    if (memchr(raw, 0, name))
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s: the name of an entry has a NUL: \"%.*s\"", archive->path,
                            (int)name, (const char *)raw);
    *record = (struct planche_zip_record){
        .flags = get16(p + 8),
        .method = get16(p + 10),
        .crc = get32(p + 16),
        .mode = p[5] == ZIP_HOST_UNIX ? get32(p + 38) >> 16 : 0,
        .packed = get32(p + 20),
        .size = get32(p + 24),
        .start = get32(p + 42),
        .mtime = dos_time(get16(p + 14), get16(p + 12)),
        .name = directory->name,
        .comment = raw + name + extra,
        .comment_size = comment,
    };
    bool marked = record->flags & ZIP_FLAG_UTF8;
    if (!marked && !directory->checked &&
        !planche_charset_hear(&directory->charset, (const char *)raw, name, directory->name))
        return planche_fail_memory(error, archive->budget, name, archive->path);
    planche_charset_decode(marked ? NULL : &directory->charset, (const char *)raw, name,
                           directory->name);
    uint16_t disk = get16(p + 34);
    if (!read_extra(record, raw + name, extra, raw, name))
        return fail_data(archive, error, broken);
    if (disk != 0 && disk != 0xffff)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: %s", archive->path,
                            PLANCHE_REFUSAL_VOLUME);
    directory->at += size;
    return PLANCHE_OK;
}

/* What one record alone tells: where it lies, and that it is not for us. */
static enum planche_status check_record(const struct planche_zip_directory *directory,
                                        const struct planche_archive *archive,
                                        const struct planche_zip_record *record,
                                        struct planche_zip_extent *extent,
                                        struct planche_error *error)
{
    if (record->flags & (ZIP_FLAG_ENCRYPTED | ZIP_FLAG_STRONG | ZIP_FLAG_MASKED))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: %s: %s", archive->path,
                            record->name, PLANCHE_REFUSAL_ENCRYPTED);
    uint64_t room = directory->start - directory->shift;
    if (record->start > room || room - record->start < ZIP_LOCAL_BYTES ||
        record->packed > room - record->start - ZIP_LOCAL_BYTES)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s: %s: does not lie in the file",
                            archive->path, record->name);
    extent->start = record->start + directory->shift;
    extent->end = extent->start + ZIP_LOCAL_BYTES + record->packed;
    return PLANCHE_OK;
}

static int compare_extents(const void *a, const void *b)
{
    const struct planche_zip_extent *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static enum planche_status check_overlaps(struct planche_zip_directory *directory,
                                          const struct planche_archive *archive,
                                          struct planche_error *error)
{
    if (directory->count > 0)
        qsort(directory->extents, directory->count, sizeof *directory->extents, compare_extents);
    for (size_t i = 1; i < directory->count; i++)
        if (directory->extents[i - 1].end > directory->extents[i].start)
            return fail_data(archive, error, "is a ZIP with entries that overlap");
    return PLANCHE_OK;
}

/* Room for one more extent. */
static enum planche_status grow(struct planche_zip_directory *directory,
                                const struct planche_archive *archive, struct planche_error *error)
{
    if (directory->count >= archive->limits.entries)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: has more than %" PRIu64 " entries (option max_entries)",
                            archive->path, archive->limits.entries);
    if (directory->count < directory->room)
        return PLANCHE_OK;
    size_t room = directory->room ? directory->room * 2 : 64, bytes;
    struct planche_zip_extent *extents =
        planche_mul_size(room, sizeof *extents, &bytes)
            ? planche_realloc(archive->budget, directory->extents, bytes)
            : NULL;
    if (!extents)
        return planche_fail_memory(error, archive->budget, room * sizeof *extents, archive->path);
    directory->extents = extents;
    directory->room = room;
    return PLANCHE_OK;
}

/* The number of entries has 16 bits in old archives, and some programs count wrong; other readers
 * go by the directory itself, too. */
static void check_count(const struct planche_zip_directory *directory,
                        const struct planche_archive *archive)
{
    if (directory->count != directory->declared)
        planche_log_write(archive->log, PLANCHE_LOG_WARNING,
                          "%s: says that it has %" PRIu64 " entries; it has %zu", archive->path,
                          directory->declared, directory->count);
}

static enum planche_status check_all(struct planche_zip_directory *directory,
                                     const struct planche_archive *archive,
                                     struct planche_error *error)
{
    for (bool end = false; !end;) {
        struct planche_zip_record record = {0};
        enum planche_status status =
            planche_zip_directory_next(directory, archive, &record, &end, error);
        if (!status && !end)
            status = grow(directory, archive, error);
        if (!status && !end)
            status = check_record(directory, archive, &record,
                                  &directory->extents[directory->count++], error);
        if (status)
            return status;
    }
    check_count(directory, archive);
    directory->at = directory->start;
    directory->checked = true;
    return check_overlaps(directory, archive, error);
}

enum planche_status planche_zip_directory_read(struct planche_zip_directory *directory,
                                               const struct planche_archive *archive,
                                               struct planche_error *error)
{
    directory->window = planche_alloc(archive->budget, WINDOW_BYTES);
    directory->name = planche_alloc(archive->budget, 3 * PLANCHE_ENTRY_NAME_BYTES + 1);
    if (!directory->window || !directory->name)
        return planche_fail_memory(error, archive->budget, WINDOW_BYTES, archive->path);
    enum planche_status status = find(directory, archive, error);
    return status ? status : check_all(directory, archive, error);
}

void planche_zip_directory_free(struct planche_zip_directory *directory)
{
    planche_free(directory->window);
    planche_free(directory->name);
    planche_charset_close(&directory->charset);
    planche_free(directory->extents);
    planche_free(directory->comment);
}

uint64_t planche_zip_directory_bound(const struct planche_zip_directory *directory, uint64_t start)
{
    size_t low = 0, high = directory->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (directory->extents[middle].start <= start)
            low = middle + 1;
        else
            high = middle;
    }
    return low < directory->count ? directory->extents[low].start : directory->start;
}
