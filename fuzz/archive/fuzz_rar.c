/* SPDX-License-Identifier: MIT */
/* Any bytes as the blocks of a RAR, which planche-unpack reads beside libarchive. */
#include "rar_blocks.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rar_blocks blocks = {.fd = memfd_create("rar", MFD_CLOEXEC), .file_size = size};
    const char *text;
    bool file = true;
    if (blocks.fd < 0)
        return 0;
    if (write(blocks.fd, data, size) == (ssize_t)size)
        while (file && rar_blocks_next(&blocks, &file, &text) == PLANCHE_OK)
            if (blocks.at > size)
                abort();
    close(blocks.fd);
    return 0;
}
