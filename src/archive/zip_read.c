/* SPDX-License-Identifier: MIT */
/* ZIP reader (CBZ, EPUB): entries as the central directory names them. Sizes and checksums are
 * held against what is there. */
#include "archive/format.h"
#include "archive/inflater.h"
#include "archive/zip.h"
#include "archive/zip_directory.h"
#include "archive/zip_packed.h"
#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#define INPUT_BYTES ((size_t)64 << 10)

/* State of the reader. */
struct zip {
    struct planche_zip_directory directory;
    struct planche_zip_record record; /* the current entry */
    bool begun;                       /* its data */
    bool ended;                       /* its packed stream */
    uint64_t at, left;                /* of its packed bytes */
    uint64_t produced;
    uint32_t crc;
    uint8_t *input;
    bool inflating; /* inflater is made */
    z_stream inflater;
    bool disagrees; /* a header with the directory: that was told */
    bool elsewhere; /* the entry is unpacked by the program */
    struct planche_unpacker unpacker;
};

static const char *bad_kind(uint32_t mode, bool folder)
{
    switch (mode & ZIP_MODE_KIND) {
    case 0: /* unknown */
    case ZIP_MODE_FILE:
        return NULL;
    case ZIP_MODE_FOLDER:
        return folder ? NULL : "is a folder and a file";
    case ZIP_MODE_LINK:
        return "is a symbolic link, which books may not have";
    default:
        return "is a device or another special file";
    }
}

static enum planche_status next(struct planche_archive *archive, struct planche_raw_entry *entry,
                                bool *end, struct planche_error *error)
{
    struct zip *zip = archive->state;
    struct planche_zip_record *record = &zip->record;
    enum planche_status status =
        planche_zip_directory_next(&zip->directory, archive, record, end, error);
    if (status || *end)
        return status;
    size_t length = strlen(record->name);
    bool folder = length > 0 && (record->name[length - 1] == '/' ||
                                 (record->name[length - 1] == '\\' && record->size == 0));
    zip->begun = false;
    planche_unpacker_stop(&zip->unpacker);
    *entry = (struct planche_raw_entry){.name = record->name,
                                        .folder = folder,
                                        .bad = bad_kind(record->mode, folder),
                                        .mtime = record->mtime,
                                        .comment = record->comment_size ? record->comment : NULL,
                                        .comment_size = record->comment_size,
                                        .size = record->size};
    return PLANCHE_OK;
}

static enum planche_status start_program(struct planche_archive *archive,
                                         struct planche_error *error)
{
    struct zip *zip = archive->state;
    const struct planche_zip_packed packed = {
        .method = zip->record.method,
        .marked_end = zip->record.flags & ZIP_FLAG_LZMA_END,
        .at = zip->at,
        .bytes = zip->left,
        .size = zip->record.size,
    };
    return planche_zip_packed_start(&zip->unpacker, archive, &packed, error);
}

/* The directory has shown that the file has these bytes, or had them. */
static enum planche_status read_file(struct planche_archive *archive, void *data, size_t size,
                                     uint64_t at, struct planche_error *error)
{
    int64_t got = planche_fd_read_at(archive->fd, data, size, at);
    if (got == (int64_t)size)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s: cannot be read: %s", archive->path,
                        archive->name, planche_fd_short_reason(got));
}

static enum planche_status begin(struct planche_archive *archive, struct planche_error *error)
{
    struct zip *zip = archive->state;
    const struct planche_zip_record *record = &zip->record;
    uint8_t head[ZIP_LOCAL_BYTES];
    uint64_t start = record->start + zip->directory.shift;
    bool packed = record->method != ZIP_STORED && record->method != ZIP_DEFLATED;
    if (packed && !planche_zip_packed_known(record->method))
        return planche_zip_packed_fail(archive, record->method, error);
    enum planche_status status = read_file(archive, head, sizeof head, start, error);
    if (status)
        return status;
    zip->at = start + ZIP_LOCAL_BYTES + get16(head + 26) + get16(head + 28);
    zip->left = record->packed;
    uint64_t bound = planche_zip_directory_bound(&zip->directory, start);
    if (get32(head) != ZIP_LOCAL || get16(head + 6) & ZIP_FLAG_ENCRYPTED)
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "is not where the ZIP's directory says it is");
    if (get16(head + 8) != record->method && !zip->disagrees) {
        planche_log_write(archive->log, PLANCHE_LOG_WARNING,
                          "%s: %s: its own header and the ZIP's directory disagree about how it is "
                          "packed; the directory counts",
                          archive->path, archive->name);
        zip->disagrees = true;
    }
    if (zip->at > bound || zip->left > bound - zip->at)
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "overlaps what lies behind it in the ZIP");
    if (zip->inflating)
        (void)inflateReset(&zip->inflater); /* fails only for what was never made */
    zip->inflater.avail_in = 0;
    zip->produced = 0;
    zip->crc = 0;
    zip->begun = true;
    zip->elsewhere = packed && record->size > 0;
    zip->ended = record->method == ZIP_STORED;
    return zip->elsewhere ? start_program(archive, error) : PLANCHE_OK;
}

static enum planche_status fetch(struct planche_archive *archive, void *data, size_t size,
                                 struct planche_error *error)
{
    struct zip *zip = archive->state;
    enum planche_status status = read_file(archive, data, size, zip->at, error);
    if (status)
        return status;
    zip->at += size;
    zip->left -= size;
    return PLANCHE_OK;
}

static enum planche_status make_inflater(struct planche_archive *archive,
                                         struct planche_error *error)
{
    struct zip *zip = archive->state;
    if (!zip->input)
        zip->input = planche_alloc(archive->budget, INPUT_BYTES);
    zip->inflating =
        zip->input && planche_inflater_init(&zip->inflater, -MAX_WBITS, archive->budget);
    return zip->inflating ? PLANCHE_OK
                          : planche_fail_memory(error, archive->budget, INPUT_BYTES, archive->path);
}

/* At least one byte, or the end of the stream. What comes before a fault counts: it comes again. */
static enum planche_status unpack(struct planche_archive *archive, void *data, size_t size,
                                  size_t *got, struct planche_error *error)
{
    struct zip *zip = archive->state;
    z_stream *inflater = &zip->inflater;
    enum planche_status status = zip->inflating ? PLANCHE_OK : make_inflater(archive, error);
    inflater->next_out = data;
    inflater->avail_out = (uInt)(size < UINT32_MAX ? size : UINT32_MAX);
    while (status == PLANCHE_OK && !zip->ended && inflater->next_out == data) {
        if (inflater->avail_in == 0 && zip->left > 0) {
            inflater->avail_in = (uInt)(zip->left < INPUT_BYTES ? zip->left : INPUT_BYTES);
            inflater->next_in = zip->input;
            status = fetch(archive, zip->input, inflater->avail_in, error);
        }
        int result = status ? Z_OK : inflate(inflater, Z_NO_FLUSH);
        zip->ended = result == Z_STREAM_END;
        if (result == Z_MEM_ERROR)
            status = planche_fail_memory(error, archive->budget, 1 << MAX_WBITS, archive->path);
        else if (result != Z_OK && result != Z_STREAM_END)
            status = planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                        result == Z_BUF_ERROR ? "is cut short" : "is damaged");
    }
    *got = (size_t)(inflater->next_out - (Bytef *)data);
    return *got ? PLANCHE_OK : status;
}

static enum planche_status unpack_elsewhere(struct planche_archive *archive, void *data,
                                            size_t size, size_t *got, struct planche_error *error)
{
    struct zip *zip = archive->state;
    bool lost;
    enum planche_status status =
        planche_unpacker_read(&zip->unpacker, data, size, got, &lost, error);
    if (!status && *got == 0) {
        zip->left = 0;
        planche_unpacker_stop(&zip->unpacker);
    }
    return status;
}

static enum planche_status finish(struct planche_archive *archive, struct planche_error *error)
{
    struct zip *zip = archive->state;
    if (zip->produced != zip->record.size || zip->left > 0 || zip->inflater.avail_in > 0)
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "has another size than the ZIP says");
    if (zip->crc != zip->record.crc)
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "is damaged: its checksum is wrong");
    return PLANCHE_OK;
}

static enum planche_status read_entry(struct planche_archive *archive, void *data, size_t size,
                                      size_t *got, struct planche_error *error)
{
    struct zip *zip = archive->state;
    enum planche_status status = zip->begun ? PLANCHE_OK : begin(archive, error);
    *got = 0;
    if (status == PLANCHE_OK && zip->record.method == ZIP_STORED) {
        *got = (size_t)(zip->left < size ? zip->left : size);
        status = fetch(archive, data, *got, error);
    } else if (status == PLANCHE_OK && zip->elsewhere) {
        status = unpack_elsewhere(archive, data, size, got, error);
    } else if (status == PLANCHE_OK && zip->record.method != ZIP_DEFLATED) {
        zip->left = 0; /* nothing, whatever it is packed by */
    } else if (status == PLANCHE_OK && !zip->ended) {
        status = unpack(archive, data, size, got, error);
    }
    if (status)
        return status;
    zip->crc = (uint32_t)crc32_z(zip->crc, data, *got);
    zip->produced += *got;
    if (zip->produced > zip->record.size)
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "has another size than the ZIP says");
    return *got ? PLANCHE_OK : finish(archive, error);
}

static void close_zip(struct planche_archive *archive)
{
    struct zip *zip = archive->state;
    if (!zip)
        return;
    planche_zip_directory_free(&zip->directory);
    planche_unpacker_stop(&zip->unpacker);
    if (zip->inflating)
        inflateEnd(&zip->inflater);
    planche_free(zip->input);
    planche_free(zip);
    archive->state = NULL;
}

static const struct planche_archive_ops ops = {
    .backslashes = true, .ratio = true, .next = next, .read = read_entry, .close = close_zip};

enum planche_status planche_zip_open(struct planche_archive *archive, struct planche_error *error)
{
    struct zip *zip = planche_calloc(archive->budget, 1, sizeof *zip);
    archive->ops = &ops;
    archive->state = zip;
    if (!zip)
        return planche_fail_memory(error, archive->budget, sizeof *zip, archive->path);
    zip->unpacker = (struct planche_unpacker)PLANCHE_UNPACKER_NONE;
    enum planche_status status = planche_zip_directory_read(&zip->directory, archive, error);
    archive->comment = zip->directory.comment;
    archive->comment_size = zip->directory.comment_size;
    return status;
}

static enum planche_status is_epub_type(struct planche_archive *archive, bool *epub,
                                        struct planche_error *error)
{
    static const char type[] = "application/epub+zip";
    char text[64];
    size_t filled = 0, got = 0;
    do {
        filled += got;
        enum planche_status status =
            read_entry(archive, text + filled, sizeof text - filled, &got, error);
        if (status)
            return status;
    } while (got > 0 && filled + got < sizeof text);
    while (filled > 0 && strchr(" \t\r\n", text[filled - 1]))
        filled--;
    *epub = filled == sizeof type - 1 && memcmp(text, type, filled) == 0;
    return PLANCHE_OK;
}

/* Opens a file to look what is in it; to be closed in any case. */
static enum planche_status look_into(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_file_info info;
    archive->limits.entries = 100000;
    if (!planche_fd_info(archive->fd, &info))
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", archive->path, strerror(errno));
    archive->file_size = info.size;
    return planche_zip_open(archive, error);
}

bool planche_zip_is_there(int fd, const char *path)
{
    struct planche_archive archive = {.fd = fd, .path = (char *)path};
    struct planche_error error;
    bool there = look_into(&archive, &error) == PLANCHE_OK;
    const struct zip *zip = archive.state;
    there = there && zip && zip->directory.count > 0;
    close_zip(&archive);
    return there;
}

enum planche_status planche_zip_is_epub(int fd, const char *path, bool *epub,
                                        struct planche_error *error)
{
    struct planche_archive archive = {.fd = fd, .path = (char *)path};
    struct planche_raw_entry entry;
    bool end = false;
    *epub = false;
    enum planche_status status = look_into(&archive, error);
    while (status == PLANCHE_OK && archive.state && !end) {
        status = next(&archive, &entry, &end, error);
        if (status == PLANCHE_OK && !end && strcmp(entry.name, "mimetype") == 0) {
            status = is_epub_type(&archive, epub, error);
            end = true;
        }
    }
    close_zip(&archive);
    return status == PLANCHE_ERROR_IO || status == PLANCHE_ERROR_MEMORY ? status : PLANCHE_OK;
}
