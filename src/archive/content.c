/* SPDX-License-Identifier: MIT */
/* Contents of entries that are written: opening and copying them. */
#include "archive/content.h"

#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum planche_status planche_content_open(struct planche_content *content,
                                         const struct planche_added *added,
                                         struct planche_error *error)
{
    struct stat info;
    content->fd = open(added->content, O_RDONLY | O_CLOEXEC);
    if (content->fd >= 0 && fstat(content->fd, &info) == 0 && S_ISREG(info.st_mode)) {
        content->size = (uint64_t)info.st_size;
        return PLANCHE_OK;
    }
    enum planche_status status =
        planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read: %s", added->content,
                     content->fd < 0 ? strerror(errno) : "is not a regular file");
    if (content->fd >= 0)
        close(content->fd);
    return status;
}

static enum planche_status report(struct planche_archive_writer *writer, size_t size,
                                  struct planche_error *error)
{
    writer->done += size;
    double part = writer->total ? (double)writer->done / (double)writer->total : 1;
    if (writer->progress && writer->progress(writer->user, part < 1 ? part : 1))
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "%s: cancelled", writer->path);
    return PLANCHE_OK;
}

enum planche_status planche_content_copy(struct planche_content *content,
                                         struct planche_archive_writer *writer,
                                         const struct planche_added *added, planche_content_fn take,
                                         void *user, struct planche_error *error)
{
    enum planche_status status = report(writer, 0, error);
    uint64_t left = content->size;
    while (status == PLANCHE_OK && left > 0) {
        ssize_t got = read(content->fd, writer->buffer,
                           left < PLANCHE_CONTENT_BYTES ? (size_t)left : PLANCHE_CONTENT_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            status = planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read: %s", added->content,
                                  got < 0 ? strerror(errno) : "it has become shorter");
        else if (!take(user, writer->buffer, (size_t)got))
            status = PLANCHE_ERROR_INTERNAL;
        else
            status = report(writer, (size_t)got, error);
        left -= got > 0 ? (size_t)got : 0;
    }
    close(content->fd);
    return status;
}

void planche_archive_writer_announce(const struct planche_archive_writer *writer, const char *path)
{
    struct stat info;
    if (writer->appear && lstat(path, &info) == 0)
        writer->appear(writer->appear_user, &info);
}
