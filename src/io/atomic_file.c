/* SPDX-License-Identifier: MIT */
/* The truthful output file: a temporary file in the same folder, synced, then renamed. Where the
 * file system can, it has no name until it is synced: a process that is killed leaves nothing. */
#include "io/atomic_file.h"

#include "base/status.h"
#include "io/temp_name.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_BYTES ((size_t)256 << 10)
#define ATTEMPTS     16
/* Bytes that a large file has at least for the disk when it is told to begin: it writes while more
 * comes, and the sync in the end does not wait for all of it. */
#define BEGIN_BYTES ((uint64_t)8 << 20)

struct planche_atomic_file {
    const struct planche_log *log; /* may be NULL */
    struct planche_budget *budget;
    char *path, *temporary;
    size_t temporary_size;
    size_t folder; /* bytes of path that are the folder, with its slash; 0: the current one */
    int fd;
    int reason;       /* errno of the write that failed; 0: none has */
    uint64_t written; /* bytes */
    uint64_t begun;   /* of these the disk has been told to begin with */
    bool overwrite;
    bool unsynced;
    bool created; /* the temporary file is there */
    uint8_t *buffer;
    size_t filled;
};

static enum planche_status say(struct planche_error *error, const char *path, int reason)
{
    bool no_folder;
    const char *why = planche_file_why_unmade(path, reason, &no_folder);
    if (reason == EEXIST)
        return planche_fail(error, PLANCHE_ERROR_EXISTS,
                            "%s: exists already and is not overwritten", path);
    if (no_folder)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "%s: %s", path, why);
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be written: %s", path, why);
}

enum planche_status planche_atomic_file_check(const char *path, bool overwrite,
                                              struct planche_error *error)
{
    struct planche_file_info info;
    if (*path == 0 || path[strlen(path) - 1] == '/')
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "\"%s\" is not the name of a file",
                            path);
    enum planche_file_state there = planche_file_find_link(path, &info);
    if (there == PLANCHE_FILE_ABSENT)
        return PLANCHE_OK;
    if (there == PLANCHE_FILE_PRESENT)
        there = planche_file_find(path, &info);
    if (there == PLANCHE_FILE_UNKNOWN)
        return say(error, path, errno);
    /* Renaming onto a device or a folder would do harm or fail late. */
    if (there == PLANCHE_FILE_PRESENT && info.kind != PLANCHE_FILE_REGULAR)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", path,
                            info.kind == PLANCHE_FILE_FOLDER
                                ? "is a folder"
                                : "is a pipe, a device or another special file; results are "
                                  "written to regular files");
    return overwrite ? PLANCHE_OK : say(error, path, EEXIST);
}

static enum planche_status set_names(struct planche_atomic_file *file, const char *path,
                                     struct planche_error *error)
{
    file->folder = planche_temp_name_folder(path);
    file->temporary_size = file->folder + PLANCHE_TEMP_NAME_BYTES;
    file->path = planche_strdup(file->budget, path);
    file->temporary = planche_calloc(file->budget, 1, file->temporary_size);
    file->buffer = planche_alloc(file->budget, BUFFER_BYTES);
    if (file->path && file->temporary && file->buffer)
        return PLANCHE_OK;
    return planche_fail_memory(error, file->budget, BUFFER_BYTES, path);
}

/* Where the temporary file may be, by a new name: makes it, or gives one without a name that. */
static bool make_named(struct planche_atomic_file *file)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        uint64_t number;
        if (!planche_system_random(&number, sizeof number))
            return false;
        planche_temp_name_numbered(file->temporary, file->temporary_size, file->path, number);
        if (file->fd < 0)
            file->created = (file->fd = planche_fd_create(file->temporary, 0666)) >= 0;
        else
            file->created = planche_fd_name(file->fd, file->temporary);
        if (file->created)
            return true;
        if (errno != EEXIST)
            return false;
    }
    errno = EIO;
    return false;
}

static enum planche_status make_temporary(struct planche_atomic_file *file,
                                          struct planche_error *error)
{
    snprintf(file->temporary, file->temporary_size, "%.*s", (int)file->folder, file->path);
    file->fd = planche_fd_create_nameless(file->folder > 0 ? file->temporary : ".", 0666);
    if (file->fd >= 0 || make_named(file))
        return PLANCHE_OK;
    return say(error, file->path, errno);
}

enum planche_status planche_atomic_file_create(struct planche_atomic_file **out, const char *path,
                                               bool overwrite, struct planche_budget *budget,
                                               struct planche_error *error)
{
    *out = NULL;
    enum planche_status status = planche_atomic_file_check(path, overwrite, error);
    if (status)
        return status;
    struct planche_atomic_file *file = planche_calloc(budget, 1, sizeof *file);
    if (!file)
        return planche_fail_memory(error, budget, sizeof *file, path);
    file->budget = budget;
    file->overwrite = overwrite;
    file->fd = -1;
    status = set_names(file, path, error);
    if (status == PLANCHE_OK)
        status = make_temporary(file, error);
    if (status)
        planche_atomic_file_destroy(&file);
    *out = file;
    return status;
}

/* Keeps the reason of a failure: what follows fails for the same one. */
static bool keep_reason(struct planche_atomic_file *file, bool written)
{
    if (!written)
        file->reason = errno;
    return written;
}

static void begin_sync(struct planche_atomic_file *file, uint64_t least)
{
    if (file->written - file->begun < least)
        return;
    planche_fd_begin_sync(file->fd, file->begun, file->written - file->begun);
    file->begun = file->written;
}

static bool write_all(struct planche_atomic_file *file, const void *data, size_t size)
{
    if (!keep_reason(file, planche_fd_write(file->fd, data, size)))
        return false;
    file->written += size;
    begin_sync(file, BEGIN_BYTES);
    return true;
}

static bool flush(struct planche_atomic_file *file)
{
    size_t filled = file->filled;
    file->filled = 0;
    return write_all(file, file->buffer, filled);
}

static bool write_buffered(struct planche_atomic_file *file, const void *data, size_t size)
{
    if (size > BUFFER_BYTES - file->filled && !flush(file))
        return false;
    if (size >= BUFFER_BYTES)
        return write_all(file, data, size);
    memcpy(file->buffer + file->filled, data, size);
    file->filled += size;
    return true;
}

enum planche_status planche_atomic_file_write(void *user, const void *data, size_t size,
                                              struct planche_error *error)
{
    struct planche_atomic_file *file = user;
    bool written = !file->reason && write_buffered(file, data, size);
    return written ? PLANCHE_OK : say(error, file->path, file->reason);
}

enum planche_status planche_atomic_file_patch(struct planche_atomic_file *file, uint64_t offset,
                                              const void *data, size_t size,
                                              struct planche_error *error)
{
    bool written = !file->reason && flush(file) &&
                   keep_reason(file, planche_fd_write_at(file->fd, data, size, offset));
    return written ? PLANCHE_OK : say(error, file->path, file->reason);
}

void planche_atomic_file_set_unsynced(struct planche_atomic_file *file)
{
    file->unsynced = true;
}

static bool sync_file(struct planche_atomic_file *file)
{
    if (!file->unsynced)
        return planche_fd_sync(file->fd);
    begin_sync(file, 1);
    return true;
}

/* All bytes on the disk; where the file system cannot sync, close still tells of late errors. */
static bool sync_and_close(struct planche_atomic_file *file)
{
    if (file->reason || file->fd < 0)
        return !file->reason;
    if (!flush(file))
        return false;
    if (sync_file(file) && planche_fd_has_size(file->fd, file->written) &&
        (file->created || make_named(file)) && planche_fd_close(&file->fd))
        return true;
    file->reason = errno;
    return false;
}

enum planche_status planche_atomic_file_sync(struct planche_atomic_file *file,
                                             struct planche_error *error)
{
    if (!sync_and_close(file))
        return say(error, file->path, file->reason);
    planche_free(file->buffer);
    file->buffer = NULL;
    return PLANCHE_OK;
}

enum planche_status planche_atomic_file_commit(struct planche_atomic_file *file,
                                               struct planche_error *error)
{
    if (!sync_and_close(file))
        return say(error, file->path, file->reason);
    bool renamed = file->overwrite ? planche_file_rename(file->temporary, file->path)
                                   : planche_file_rename_new(file->temporary, file->path);
    if (!renamed)
        return say(error, file->path, errno);
    file->created = false;
    if (!file->unsynced)
        planche_folder_sync_parent(file->path);
    return PLANCHE_OK;
}

void planche_atomic_file_revoke(struct planche_atomic_file *file)
{
    planche_file_remove(file->path);
    planche_folder_sync_parent(file->path);
}

void planche_atomic_file_set_log(struct planche_atomic_file *file, const struct planche_log *log)
{
    file->log = log;
}

static void remove_temporary(const struct planche_atomic_file *file)
{
    if (!planche_file_remove(file->temporary) && errno != ENOENT)
        planche_log_write(file->log, PLANCHE_LOG_WARNING,
                          "%s: this unfinished file is left there, since it cannot be removed: %s",
                          file->temporary, strerror(errno));
}

void planche_atomic_file_destroy(struct planche_atomic_file **file)
{
    if (!*file)
        return;
    planche_fd_close(&(*file)->fd);
    if ((*file)->created)
        remove_temporary(*file);
    planche_free((*file)->buffer);
    planche_free((*file)->temporary);
    planche_free((*file)->path);
    planche_free(*file);
    *file = NULL;
}

const char *planche_atomic_file_temporary_path(const struct planche_atomic_file *file)
{
    return file->temporary;
}
