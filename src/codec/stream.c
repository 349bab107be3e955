/* SPDX-License-Identifier: MIT */
/* Encoded bytes from a file or from memory. */
#include "codec/stream.h"

#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)64 << 10)

static enum planche_status system_failure(const struct planche_stream *stream,
                                          struct planche_error *error)
{
    enum planche_status status =
        planche_file_is_absent(errno) ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO;
    return planche_fail(error, status, "%s: %s", stream->name, strerror(errno));
}

/* Whatever comes, the stream has the descriptor. */
static enum planche_status take_file(struct planche_stream *stream,
                                     const struct planche_file_info *info,
                                     struct planche_budget *budget, struct planche_error *error)
{
    if (info->kind != PLANCHE_FILE_REGULAR)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", stream->name,
                            info->kind == PLANCHE_FILE_FOLDER
                                ? "is a folder"
                                : "is a pipe, a device or another special file; pages are read "
                                  "from regular files");
    stream->size = info->size;
    stream->buffer = planche_alloc(budget, BUFFER_SIZE);
    if (!stream->buffer)
        return planche_fail_memory(error, budget, BUFFER_SIZE, stream->name);
    return PLANCHE_OK;
}

enum planche_status planche_stream_open(struct planche_stream *stream,
                                        const struct planche_source *source, const char *name,
                                        struct planche_budget *budget, struct planche_error *error)
{
    struct planche_file_info info;
    *stream = (struct planche_stream){.name = name, .fd = -1};
    if (source->path) {
        stream->fd = planche_fd_open(source->path, 0, &info);
        enum planche_status status = stream->fd < 0 ? system_failure(stream, error)
                                                    : take_file(stream, &info, budget, error);
        if (status)
            planche_stream_close(stream);
        return status;
    }
    stream->memory = source->data;
    stream->size = source->size;
    return planche_stream_rewind(stream, error);
}

enum planche_status planche_stream_open_fd(struct planche_stream *stream, int fd, const char *name,
                                           struct planche_budget *budget,
                                           struct planche_error *error)
{
    struct planche_file_info info;
    *stream = (struct planche_stream){.name = name, .fd = fd};
    enum planche_status status = planche_fd_info(fd, &info)
                                     ? take_file(stream, &info, budget, error)
                                     : system_failure(stream, error);
    if (status == PLANCHE_OK)
        status = planche_stream_rewind(stream, error);
    if (status)
        planche_stream_close(stream);
    return status;
}

void planche_stream_close(struct planche_stream *stream)
{
    planche_fd_close(&stream->fd);
    planche_free(stream->buffer);
    stream->buffer = NULL;
}

static enum planche_status refill(struct planche_stream *stream, struct planche_error *error)
{
    int64_t got = planche_fd_read(stream->fd, stream->buffer, BUFFER_SIZE);
    if (got < 0)
        return system_failure(stream, error);
    stream->next = stream->buffer;
    stream->left = (size_t)got;
    return PLANCHE_OK;
}

enum planche_status planche_stream_next(struct planche_stream *stream, const uint8_t **data,
                                        size_t *size, struct planche_error *error)
{
    if (stream->left == 0 && stream->fd >= 0) {
        enum planche_status status = refill(stream, error);
        if (status)
            return status;
    }
    *data = stream->next;
    *size = stream->left;
    stream->left = 0;
    return PLANCHE_OK;
}

enum planche_status planche_stream_read(struct planche_stream *stream, void *data, size_t size,
                                        size_t *got, struct planche_error *error)
{
    for (*got = 0; *got < size;) {
        const uint8_t *piece;
        size_t have;
        enum planche_status status = planche_stream_next(stream, &piece, &have, error);
        if (status || have == 0)
            return status;
        size_t take = have < size - *got ? have : size - *got;
        memcpy((uint8_t *)data + *got, piece, take);
        *got += take;
        stream->next = piece + take;
        stream->left = have - take;
    }
    return PLANCHE_OK;
}

enum planche_status planche_stream_read_at(const struct planche_stream *stream, uint64_t at,
                                           void *data, size_t size, size_t *got,
                                           struct planche_error *error)
{
    uint64_t left = at < stream->size ? stream->size - at : 0;
    size_t take = left < size ? (size_t)left : size;
    *got = 0;
    if (take == 0)
        return PLANCHE_OK;
    if (stream->fd < 0) {
        memcpy(data, stream->memory + at, take);
        *got = take;
        return PLANCHE_OK;
    }
    int64_t count = planche_fd_read_at(stream->fd, data, take, at);
    if (count < 0)
        return system_failure(stream, error);
    *got = (size_t)count;
    return PLANCHE_OK;
}

enum planche_status planche_stream_rewind(struct planche_stream *stream,
                                          struct planche_error *error)
{
    stream->next = stream->memory;
    stream->left = stream->fd >= 0 ? 0 : (size_t)stream->size;
    if (stream->fd >= 0 && !planche_fd_rewind(stream->fd))
        return system_failure(stream, error);
    return PLANCHE_OK;
}

enum planche_status planche_stream_hold(struct planche_stream *stream,
                                        struct planche_budget *budget, const uint8_t **data,
                                        size_t *size, struct planche_error *error)
{
    enum planche_status status = planche_stream_rewind(stream, error);
    *data = stream->memory;
    *size = (size_t)stream->size;
    if (status || stream->fd < 0)
        return status;
    uint8_t *whole = stream->size < SIZE_MAX ? planche_alloc(budget, *size) : NULL;
    if (!whole)
        return planche_fail_memory(error, budget, stream->size, stream->name);
    size_t got;
    status = planche_stream_read(stream, whole, *size, &got, error);
    if (status == PLANCHE_OK && got < *size)
        status = planche_fail(error, PLANCHE_ERROR_IO, "%s: the file changed while it was read",
                              stream->name);
    planche_free(stream->buffer);
    stream->buffer = whole;
    stream->next = NULL;
    stream->left = 0;
    *data = whole;
    return status;
}
