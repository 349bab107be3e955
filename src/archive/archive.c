/* SPDX-License-Identifier: MIT */
/* Checks that hold for every format of archive, whatever its headers say: path traversal (zip slip)
 * by names, and decompression bombs, by the limits on sizes, numbers and ratios. */
#include "archive/archive.h"

#include "archive/format.h"
#include "archive/unpack_protocol.h"
#include "archive/volumes.h"
#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PIECE_BYTES ((size_t)16 << 10)
/* Entries whose names others have: each is compared with those. */
#define MAX_REPEATS 1000u

static enum planche_status open_path(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_file_info info;
    archive->fd = planche_fd_open(archive->path, 0, &info);
    if (archive->fd < 0)
        return planche_fail(
            error, planche_file_is_absent(errno) ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
            "%s: cannot be read: %s", archive->path, strerror(errno));
    if (info.kind == PLANCHE_FILE_REGULAR)
        archive->file_size = info.size;
    else if (info.kind != PLANCHE_FILE_FOLDER)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: is neither a file nor a folder",
                            archive->path);
    return PLANCHE_OK;
}

/* Names the volume that is missing, if one is. */
static enum planche_status explain_volumes(const struct planche_archive *archive,
                                           enum planche_status status, struct planche_error *error)
{
    char missing[PATH_MAX];
    if (status != PLANCHE_ERROR_UNSUPPORTED || !strstr(error->message, PLANCHE_REFUSAL_VOLUME) ||
        !planche_volumes_find_missing(archive->path, missing))
        return status;
    return planche_fail(error, status,
                        "%s: is one of several volumes of an archive, and %s is missing; find it, "
                        "unpack them (unrar x, 7z x), and take the folder instead",
                        archive->path, missing);
}

static enum planche_status open_container(struct planche_archive *archive,
                                          struct planche_error *error)
{
    switch (archive->container) {
    case PLANCHE_CONTAINER_ZIP:
    case PLANCHE_CONTAINER_EPUB:
        return planche_zip_open(archive, error);
    case PLANCHE_CONTAINER_FOLDER:
        return planche_folder_open(archive, error);
    case PLANCHE_CONTAINER_RAR:
    case PLANCHE_CONTAINER_7Z:
    case PLANCHE_CONTAINER_TAR:
        return planche_unpacked_open(archive, error);
    case PLANCHE_CONTAINER_PDF:
        return planche_pdf_open(archive, error);
    default:
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s: is not a book (a folder, ZIP, RAR, 7z, tar, EPUB or PDF)",
                            archive->path);
    }
}

enum planche_status planche_archive_open(struct planche_archive **out, const char *path,
                                         const struct planche_archive_limits *limits,
                                         struct planche_budget *budget,
                                         const struct planche_log *log,
                                         const struct planche_archive_help *help,
                                         struct planche_error *error)
{
    *out = NULL;
    struct planche_archive *archive = planche_calloc(budget, 1, sizeof *archive);
    if (!archive)
        return planche_fail_memory(error, budget, sizeof *archive, path);
    archive->fd = -1;
    archive->budget = archive->names.budget = budget;
    archive->log = log;
    archive->limits = *limits;
    if (help)
        archive->help = *help;
    archive->path = planche_strdup(budget, path);
    enum planche_status status = PLANCHE_OK;
    if (!archive->path)
        status = planche_fail_memory(error, budget, strlen(path), path);
    if (status == PLANCHE_OK)
        status = open_path(archive, error);
    if (status == PLANCHE_OK) {
        int reason;
        archive->container = planche_archive_locate(archive->fd, path, &archive->start, &reason);
        status = reason ? planche_fail(error, planche_status_of(reason), "%s: cannot be read: %s",
                                       path, strerror(reason))
                        : open_container(archive, error);
        if (status == PLANCHE_ERROR_DATA && archive->container && planche_volumes_is_piece(path))
            status = planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                                  "%s: " PLANCHE_REFUSAL_VOLUME " (or it is damaged)", path);
    }
    if (status) {
        explain_volumes(archive, status, error);
        planche_archive_close(&archive);
    }
    *out = archive;
    return status;
}

void planche_archive_close(struct planche_archive **archive)
{
    struct planche_archive *closed = *archive;
    if (!closed)
        return;
    if (closed->ops)
        closed->ops->close(closed);
    planche_fd_close(&closed->fd);
    planche_name_set_free(&closed->names);
    planche_free(closed->path);
    planche_free(closed);
    *archive = NULL;
}

const void *planche_archive_comment(const struct planche_archive *archive, size_t *size)
{
    *size = archive->comment_size;
    return archive->comment;
}

static enum planche_status check_limits(struct planche_archive *archive, uint64_t entry_bytes,
                                        uint64_t total_bytes, struct planche_error *error)
{
    const struct planche_archive_limits *limits = &archive->limits;
    if (entry_bytes > limits->entry_bytes)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: %s: unpacks to more than %" PRIu64
                            " bytes (option max_entry_bytes)",
                            archive->path, archive->name, limits->entry_bytes);
    if (total_bytes > limits->total_bytes)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: %s: up to here, it unpacks to more than %" PRIu64
                            " bytes (option max_bytes)",
                            archive->path, archive->name, limits->total_bytes);
    uint64_t most;
    if (__builtin_mul_overflow(archive->file_size, limits->ratio, &most))
        most = UINT64_MAX;
    if (archive->ops->ratio && total_bytes > most)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: %s: up to here, it unpacks to more than %" PRIu64
                            " times its size (option max_ratio)",
                            archive->path, archive->name, limits->ratio);
    return PLANCHE_OK;
}

/* One line for the archive, however many names are like this one. */
static void warn_stripped(struct planche_archive *archive, const char *name)
{
    if (!archive->stripped)
        planche_log_write(archive->log, PLANCHE_LOG_WARNING,
                          "%s: has names that begin at the root or with a drive letter, which is "
                          "left out (\"%s\" is taken for \"%s\")",
                          archive->path, name, archive->name);
    archive->stripped = true;
}

static enum planche_status fail_names(const struct planche_archive *archive,
                                      struct planche_error *error)
{
    return planche_fail_memory(error, archive->budget, archive->names.count * 16, archive->path);
}

/* The name of the entry is that of another file: it gets a number, "001 (2).jpg". */
static enum planche_status number_name(struct planche_archive *archive, struct planche_error *error)
{
    enum planche_name_found found = PLANCHE_NAME_TAKEN;
    if (++archive->repeats > MAX_REPEATS)
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s: more than %u entries have the name of another", archive->path,
                            MAX_REPEATS);
    if (strlen(archive->name) > PLANCHE_ENTRY_NAME_BYTES - PLANCHE_NAME_NUMBER_BYTES)
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "two entries of the archive have this name");
    strcpy(archive->again, archive->name);
    for (unsigned number = 2; found == PLANCHE_NAME_TAKEN || found == PLANCHE_NAME_CLASH;
         number++) {
        planche_name_number(archive->again, number, archive->name);
        found = planche_name_set_add(&archive->names, archive->name, false);
    }
    return found == PLANCHE_NAME_NO_MEMORY ? fail_names(archive, error) : PLANCHE_OK;
}

/* No two entries have one name. *accepted: it is an entry, not a folder we had. */
static enum planche_status add_name(struct planche_archive *archive, bool folder, bool *accepted,
                                    struct planche_error *error)
{
    *accepted = true;
    switch (planche_name_set_add(&archive->names, archive->name, folder)) {
    case PLANCHE_NAME_NEW:
        return PLANCHE_OK;
    case PLANCHE_NAME_AGAIN:
        *accepted = false;
        return PLANCHE_OK;
    case PLANCHE_NAME_TAKEN:
        return number_name(archive, error);
    case PLANCHE_NAME_CLASH:
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "a file and a folder of the archive have this name");
    case PLANCHE_NAME_IN_FILE:
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "lies in a folder that is a file elsewhere in the archive");
    default:
        return fail_names(archive, error);
    }
}

/* Path traversal: makes the name plain or refuses it. *accepted: the entry is one, not the root or
 * a folder we had. */
static enum planche_status accept(struct planche_archive *archive,
                                  const struct planche_raw_entry *raw, bool *accepted,
                                  struct planche_error *error)
{
    bool stripped;
    const char *bad =
        planche_name_plain(raw->name, archive->ops->backslashes, archive->name, &stripped);
    *accepted = false;
    if (bad)
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s: the name of an entry %s: \"%s\"; unpack it with another program, "
                            "and take the folder",
                            archive->path, bad, raw->name);
    if (raw->bad)
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA, raw->bad);
    if (archive->name[0] == 0 && raw->folder)
        return PLANCHE_OK;
    if (archive->name[0] == 0)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the name of an entry is empty: \"%s\"",
                            archive->path, raw->name);
    if (stripped)
        warn_stripped(archive, raw->name);
    return add_name(archive, raw->folder, accepted, error);
}

/* Decompression bombs that their headers admit: what is too much need not be tried, and is too much
 * for some kinds to pass over, as they unpack it. */
static enum planche_status check_header(struct planche_archive *archive,
                                        const struct planche_raw_entry *raw,
                                        struct planche_error *error)
{
    uint64_t size = raw->size == PLANCHE_SIZE_UNKNOWN ? 0 : raw->size;
    if (__builtin_add_overflow(archive->declared_bytes, size, &archive->declared_bytes))
        archive->declared_bytes = UINT64_MAX;
    uint64_t total = archive->declared_bytes;
    return check_limits(archive, size, total > raw->passed ? total : raw->passed, error);
}

static enum planche_status next(struct planche_archive *archive, struct planche_raw_entry *raw,
                                bool *end, struct planche_error *error)
{
    for (bool accepted = false; !accepted;) {
        *raw = (struct planche_raw_entry){.size = PLANCHE_SIZE_UNKNOWN};
        archive->name[0] = archive->again[0] = 0;
        enum planche_status status = archive->ops->next(archive, raw, end, error);
        if (status || *end)
            return status;
        if (archive->entries++ >= archive->limits.entries)
            return planche_fail(error, PLANCHE_ERROR_LIMIT,
                                "%s: has more than %" PRIu64 " entries (option max_entries)",
                                archive->path, archive->limits.entries);
        status = accept(archive, raw, &accepted, error);
        if (status == PLANCHE_OK)
            status = check_header(archive, raw, error);
        if (status)
            return status;
    }
    return PLANCHE_OK;
}

/* Skips an entry that must be unpacked to come to the next, held against the limits. */
static void pass_over(struct planche_archive *archive)
{
    char piece[PIECE_BYTES];
    struct planche_error error;
    size_t got;
    while (archive->reading)
        planche_archive_read(archive, piece, sizeof piece, &got, &error);
}

enum planche_status planche_archive_next(struct planche_archive *archive,
                                         struct planche_archive_entry *entry, bool *end,
                                         struct planche_error *error)
{
    struct planche_raw_entry raw;
    *end = false;
    if (archive->must_read)
        pass_over(archive);
    archive->reading = archive->must_read = false;
    if (archive->failed == PLANCHE_OK) {
        archive->failed = next(archive, &raw, end, &archive->failure);
        explain_volumes(archive, archive->failed, &archive->failure);
    }
    if (archive->failed) {
        *error = archive->failure;
        return archive->failed;
    }
    if (*end)
        return PLANCHE_OK;
    archive->reading = !raw.folder;
    archive->must_read = raw.must_read;
    archive->entry_bytes = 0;
    *entry = (struct planche_archive_entry){.name = archive->name,
                                            .folder = raw.folder,
                                            .mtime = raw.mtime,
                                            .comment = raw.comment,
                                            .comment_size = raw.comment_size,
                                            .again = archive->again[0] ? archive->again : NULL};
    return PLANCHE_OK;
}

enum planche_status planche_archive_read(struct planche_archive *archive, void *data, size_t size,
                                         size_t *got, struct planche_error *error)
{
    *got = 0;
    if (!archive->reading || size == 0)
        return PLANCHE_OK;
    enum planche_status status = archive->ops->read(archive, data, size, got, error);
    archive->entry_bytes += *got;
    archive->total_bytes += *got;
    if (status == PLANCHE_OK && *got > 0) {
        /* No other entry may be tried: to pass over the rest of this one may take the rest. */
        archive->failed =
            check_limits(archive, archive->entry_bytes, archive->total_bytes, &archive->failure);
        status = archive->failed;
        if (status)
            *error = archive->failure;
    }
    if (status || *got == 0)
        archive->reading = false;
    if (status)
        *got = 0;
    return status;
}
