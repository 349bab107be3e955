/* SPDX-License-Identifier: MIT */
/* Check of a ZIP that was written: its directory is read as any other's. The contents are not read
 * again: their checksums were made of what was written. */
#include "archive/zip.h"
#include "archive/zip_directory.h"
#include "base/status.h"
#include "io/atomic_file.h"
#include "os/fd.h"

#include <errno.h>
#include <string.h>

#define CRC_IN_LOCAL 14u

/* Whether an entry begins where the directory says, with the checksum that was put in last. */
static bool begins(const struct planche_archive *archive, const struct planche_added *added)
{
    uint8_t head[ZIP_LOCAL_BYTES];
    return planche_fd_read_at(archive->fd, head, sizeof head, added->start) ==
               (int64_t)sizeof head &&
           get32(head) == ZIP_LOCAL && get32(head + CRC_IN_LOCAL) == added->crc;
}

static bool is_same(const struct planche_zip_record *record, const struct planche_added *added)
{
    return record->crc == added->crc && record->size == added->size &&
           record->method == added->method && record->packed == added->packed_size &&
           record->start == added->start &&
           strncmp(record->name, added->name, strlen(added->name)) == 0;
}

static enum planche_status compare(struct planche_zip_directory *directory,
                                   const struct planche_archive *archive,
                                   const struct planche_archive_writer *writer,
                                   struct planche_error *error)
{
    struct planche_zip_record record;
    bool end = false;
    for (size_t i = 0; i <= writer->count; i++) {
        enum planche_status status =
            planche_zip_directory_next(directory, archive, &record, &end, error);
        if (status)
            return status;
        if (end != (i == writer->count) || (!end && !(is_same(&record, writer->entries[i]) &&
                                                      begins(archive, writer->entries[i]))))
            return planche_fail(error, PLANCHE_ERROR_DATA, "%s: has other entries than it should",
                                archive->path);
    }
    return PLANCHE_OK;
}

static enum planche_status check(struct planche_archive *archive,
                                 const struct planche_archive_writer *writer,
                                 struct planche_error *error)
{
    struct planche_zip_directory directory = {0};
    enum planche_status status = planche_zip_directory_read(&directory, archive, error);
    if (!status)
        status = compare(&directory, archive, writer, error);
    planche_zip_directory_free(&directory);
    /* The file was sound when it was written. */
    if (status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_UNSUPPORTED) {
        struct planche_error why = *error;
        status = planche_fail(error, PLANCHE_ERROR_IO,
                              "the disk does not give back what was written: %s", why.message);
    }
    return status;
}

enum planche_status planche_zip_check(const struct planche_archive_writer *writer,
                                      struct planche_error *error)
{
    struct planche_file_info info;
    struct planche_archive archive = {
        .container = writer->container,
        .path = writer->path,
        .budget = writer->budget,
        .limits = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
    };
    archive.fd = planche_fd_open(planche_atomic_file_temporary_path(writer->file),
                                 PLANCHE_FD_NO_LINK, &info);
    if (archive.fd < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read again: %s", writer->path,
                            strerror(errno));
    archive.file_size = info.size;
    enum planche_status status = check(&archive, writer, error);
    planche_fd_close(&archive.fd);
    return status;
}
