/* SPDX-License-Identifier: MIT */
/* Going on until everything is read or written, whatever interrupts. */
#include "os/fd.h"

#include <errno.h>
#include <unistd.h>

/* Whether what write returned lets it go on; then *done counts it. */
static bool count(ssize_t put, size_t *done)
{
    if (put == 0)
        errno = ENOSPC;
    if (put > 0)
        *done += (size_t)put;
    return put > 0 || (put < 0 && errno == EINTR);
}

bool planche_fd_write(int fd, const void *data, size_t size)
{
    const char *bytes = data;
    for (size_t done = 0; done < size;) {
        if (!count(write(fd, bytes + done, size - done), &done))
            return false;
    }
    return true;
}

bool planche_fd_write_at(int fd, const void *data, size_t size, uint64_t offset)
{
    const char *bytes = data;
    for (size_t done = 0; done < size;) {
        if (!count(pwrite(fd, bytes + done, size - done, (off_t)(offset + done)), &done))
            return false;
    }
    return true;
}

int64_t planche_fd_read_at(int fd, void *data, size_t size, uint64_t offset)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, (char *)data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}
