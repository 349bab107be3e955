/* SPDX-License-Identifier: MIT */
/* Entry contents for archive writers: opening and copying them. */
#include "archive/content.h"

#include "base/cancel.h"
#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <string.h>

enum planche_status planche_content_fail(const struct planche_added *added, const char *reason,
                                         struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read: %s", added->content, reason);
}

enum planche_status planche_content_open(struct planche_content *content,
                                         const struct planche_added *added,
                                         struct planche_error *error)
{
    struct planche_file_info info;
    content->fd = planche_fd_open(added->content, 0, &info);
    if (content->fd >= 0 && info.kind == PLANCHE_FILE_REGULAR) {
        content->size = info.size;
        content->lone = info.names == 1;
        return PLANCHE_OK;
    }
    enum planche_status status = planche_content_fail(
        added, content->fd < 0 ? strerror(errno) : "is not a regular file", error);
    planche_fd_close(&content->fd);
    return status;
}

static enum planche_status report(struct planche_archive_writer *writer, size_t size,
                                  struct planche_error *error)
{
    writer->done += size;
    double part = writer->total ? (double)writer->done / (double)writer->total : 1;
    if (writer->progress)
        writer->progress(writer->user, part < 1 ? part : 1);
    return planche_cancel_fail(writer->cancel, error);
}

enum planche_status planche_content_copy(struct planche_content *content,
                                         struct planche_archive_writer *writer,
                                         const struct planche_added *added, planche_content_fn take,
                                         void *user, struct planche_error *error)
{
    enum planche_status status = report(writer, 0, error);
    uint64_t left = content->size;
    while (status == PLANCHE_OK && left > 0) {
        size_t size = left < PLANCHE_CONTENT_BYTES ? (size_t)left : PLANCHE_CONTENT_BYTES;
        int64_t got = planche_fd_read_all(content->fd, writer->buffer, size);
        if (got < (int64_t)size)
            status = planche_content_fail(added, planche_fd_short_reason(got), error);
        else
            status = take(user, writer->buffer, size, error);
        if (!status)
            status = report(writer, size, error);
        left -= size;
    }
    planche_fd_close(&content->fd);
    return status;
}

enum planche_status planche_content_pass(struct planche_content *content,
                                         struct planche_archive_writer *writer,
                                         struct planche_error *error)
{
    planche_fd_close(&content->fd);
    return report(writer, content->size, error);
}

void planche_archive_writer_announce(const struct planche_archive_writer *writer, const char *path)
{
    struct planche_file_info info;
    if (writer->appear && planche_file_find_link(path, &info) == PLANCHE_FILE_PRESENT)
        writer->appear(writer->appear_user, &info);
}
