/* SPDX-License-Identifier: MIT */
/* Reader of a model file, from disk or from memory. */
#include "model/file.h"

#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <string.h>

static enum planche_status open_path(struct planche_model_file *file, struct planche_error *error)
{
    struct planche_file_info info;
    file->fd = planche_fd_open(file->name, 0, &info);
    if (file->fd < 0 && errno == ENOENT)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "%s: no such model file", file->name);
    if (file->fd < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot open the model file: %s",
                            file->name, strerror(errno));
    if (info.kind != PLANCHE_FILE_REGULAR)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: not a regular file", file->name);
    file->size = info.size;
    return PLANCHE_OK;
}

enum planche_status planche_model_file_open(struct planche_model_file *file, const char *name,
                                            const void *data, size_t size,
                                            struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    *file = (struct planche_model_file){.name = name, .data = data, .fd = -1, .size = size};
    if (!data)
        status = open_path(file, error);
    if (status != PLANCHE_OK)
        planche_model_file_close(file);
    return status;
}

enum planche_status planche_model_file_limit(const struct planche_model_file *file, uint64_t limit,
                                             struct planche_error *error)
{
    if (file->size <= limit)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_MODEL,
                        "%s: %llu bytes is too large for a model file (at most %llu)", file->name,
                        (unsigned long long)file->size, (unsigned long long)limit);
}

size_t planche_model_file_peek(const struct planche_model_file *file, void *out, size_t size)
{
    int64_t got;
    if (size > file->size)
        size = (size_t)file->size;
    if (file->data) {
        memcpy(out, file->data, size);
        return size;
    }
    got = planche_fd_read_at(file->fd, out, size, 0);
    return got > 0 ? (size_t)got : 0;
}

static enum planche_status read_fd(struct planche_model_file *file, uint8_t *out, size_t size,
                                   struct planche_error *error)
{
    int64_t got = planche_fd_read_all(file->fd, out, size);
    if (got == (int64_t)size)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: reading failed: %s", file->name,
                        got < 0 ? strerror(errno) : "the file became shorter");
}

enum planche_status planche_model_file_read(struct planche_model_file *file, void *out, size_t size,
                                            struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (size > planche_model_file_left(file))
        return planche_fail(error, PLANCHE_ERROR_MODEL, "%s: the file ends too early", file->name);
    if (file->data)
        memcpy(out, file->data + file->position, size);
    else
        status = read_fd(file, out, size, error);
    file->position += size;
    return status;
}

enum planche_status planche_model_file_read_at(const struct planche_model_file *file, void *out,
                                               size_t size, uint64_t at,
                                               struct planche_error *error)
{
    int64_t got;
    if (at > file->size || size > file->size - at)
        return planche_fail(error, PLANCHE_ERROR_MODEL, "%s: the file ends too early", file->name);
    if (file->data) {
        memcpy(out, file->data + at, size);
        return PLANCHE_OK;
    }
    got = planche_fd_read_at(file->fd, out, size, at);
    if (got == (int64_t)size)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: reading failed: %s", file->name,
                        got < 0 ? strerror(errno) : "the file became shorter");
}

uint64_t planche_model_file_left(const struct planche_model_file *file)
{
    return file->size - file->position;
}

void planche_model_file_close(struct planche_model_file *file)
{
    planche_fd_close(&file->fd);
}

void planche_model_file_hand_over(struct planche_model_file *file, int *owner)
{
    if (owner) {
        *owner = file->fd;
        file->fd = -1;
    }
    planche_model_file_close(file);
}
