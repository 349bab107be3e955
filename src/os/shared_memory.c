/* SPDX-License-Identifier: MIT */
/* Shared memory, Linux: sealed anonymous files. */
#include "os/shared_memory.h"

#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool planche_shared_create(struct planche_shared *shared)
{
    *shared = (struct planche_shared)PLANCHE_SHARED_NONE;
    shared->fd = memfd_create("planche", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return shared->fd >= 0;
}

bool planche_shared_append(const struct planche_shared *shared, const void *data, size_t size)
{
    return planche_fd_write(shared->fd, data, size);
}

bool planche_shared_map(struct planche_shared *shared, size_t size)
{
    struct stat info;
    if (ftruncate(shared->fd, (off_t)size) < 0 ||
        fcntl(shared->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ||
        fstat(shared->fd, &info) < 0)
        return false;
    /* Before it was sealed, the other process could have cut it. */
    if (info.st_size != (off_t)size) {
        errno = EIO;
        return false;
    }
    void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, shared->fd, 0);
    if (data == MAP_FAILED)
        return false;
    shared->data = data;
    shared->size = size;
    return true;
}

void planche_shared_destroy(struct planche_shared *shared)
{
    if (shared->data)
        munmap(shared->data, shared->size);
    planche_fd_close(&shared->fd);
    shared->data = NULL;
}

void *planche_shared_attach(int fd, size_t *size)
{
    struct stat info;
    if (fstat(fd, &info) < 0 || info.st_size <= 0)
        return NULL;
    *size = (size_t)info.st_size;
    void *data = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return data == MAP_FAILED ? NULL : data;
}
