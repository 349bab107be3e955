/* SPDX-License-Identifier: MIT */
/* Whole files in memory. */
#include "base/file.h"

#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum planche_status fail_errno(struct planche_error *error, const char *path, int code)
{
    bool missing = code == ENOENT || code == ENOTDIR;
    return planche_fail(error, missing ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO, "%s: %s", path,
                        strerrordesc_np(code));
}

/* The size of an open regular file that fits in max_size. */
static enum planche_status check_file(int file, const char *path, uint64_t max_size, size_t *size,
                                      struct planche_error *error)
{
    struct stat info;
    if (fstat(file, &info) != 0)
        return fail_errno(error, path, errno);
    if (!S_ISREG(info.st_mode))
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: not a regular file", path);
    if ((uint64_t)info.st_size > max_size || (uint64_t)info.st_size >= SIZE_MAX)
        return planche_fail(error, PLANCHE_ERROR_LIMIT, "%s: %llu bytes, at most %llu are accepted",
                            path, (unsigned long long)info.st_size, (unsigned long long)max_size);
    *size = (size_t)info.st_size;
    return PLANCHE_OK;
}

static enum planche_status read_fully(int file, const char *path, char *data, size_t size,
                                      struct planche_error *error)
{
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(file, data + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(error, path, errno);
        if (got == 0)
            return planche_fail(error, PLANCHE_ERROR_IO, "%s: became shorter while it was read",
                                path);
        have += (size_t)got;
    }
    return PLANCHE_OK;
}

enum planche_status planche_file_read(const char *path, uint64_t max_size,
                                      struct planche_budget *budget, void **data, size_t *size,
                                      struct planche_error *error)
{
    char *block = NULL;
    *data = NULL;
    *size = 0;
    /* Not blocking, so that a pipe without a writer cannot hold us. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return fail_errno(error, path, errno);
    enum planche_status status = check_file(file, path, max_size, size, error);
    if (status != PLANCHE_OK || *size == 0)
        goto done;
    block = planche_alloc(budget, *size + 1);
    if (!block) {
        status = planche_fail_memory(error, budget, *size, path);
        goto done;
    }
    block[*size] = 0;
    status = read_fully(file, path, block, *size, error);
done:
    if (status == PLANCHE_OK) {
        *data = block;
    } else {
        planche_free(block);
        *size = 0;
    }
    close(file);
    return status;
}
