/* SPDX-License-Identifier: MIT */
/* Writing on until everything is written, whatever interrupts. */
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
