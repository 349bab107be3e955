/* SPDX-License-Identifier: MIT */
/* Any bytes as the gzip of a tar, which planche-unpack unpacks beside libarchive: it ends, and says
 * why if not at the end. */
#include "gunzip.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes that deflate makes of one byte at most. */
#define MAX_RATIO 1032u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gunzip gunzip;
    uint64_t total = 0;
    int64_t got = 1;
    int fd = memfd_create("gzip", MFD_CLOEXEC);
    if (fd < 0)
        return 0;
    gunzip = (struct gunzip){0};
    if (write(fd, data, size) == (ssize_t)size && gunzip_start(&gunzip, fd)) {
        while ((got = gunzip_next(&gunzip)) > 0)
            total += (uint64_t)got;
        if (total > (size + 1) * MAX_RATIO || (got < 0) != (gunzip.fault != NULL) ||
            gunzip.at > size)
            abort();
        inflateEnd(&gunzip.inflater);
    }
    close(fd);
    return 0;
}
