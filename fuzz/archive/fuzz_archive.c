/* SPDX-License-Identifier: MIT */
/* Reads any bytes as a book: every entry to its end, and nothing may be left in the budget. PDFs
 * are left out: other programs read them. The checksums of a 7z's header are put right first, or
 * they would keep everything else from being looked at. */
#include "archive/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put32(uint8_t *p, unsigned long value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static void mend_7z(uint8_t *data, size_t size)
{
    uint64_t offset, length;
    if (size < 32 || memcmp(data, "7z\xbc\xaf\x27\x1c", 6) != 0)
        return;
    memcpy(&offset, data + 12, 8);
    memcpy(&length, data + 20, 8);
    if (offset <= size - 32 && length <= size - 32 - offset)
        put32(data + 28, crc32(0, data + 32 + offset, (uInt)length));
    put32(data + 8, crc32(0, data + 12, 20));
}

static void read_book(const char *path)
{
    static uint8_t piece[4096];
    const struct planche_archive_limits limits = {1000, 1 << 22, 1 << 24, 1000};
    struct planche_budget budget;
    struct planche_archive *archive;
    struct planche_error error;
    bool end = false;
    int reason;
    planche_budget_init(&budget, 64 << 20);
    if (planche_archive_detect(path, &reason) != PLANCHE_CONTAINER_PDF &&
        planche_archive_open(&archive, path, &limits, &budget, NULL, NULL, &error) == PLANCHE_OK) {
        struct planche_archive_entry entry;
        size_t got;
        while (planche_archive_next(archive, &entry, &end, &error) == PLANCHE_OK && !end)
            while (planche_archive_read(archive, piece, sizeof piece, &got, &error) == PLANCHE_OK &&
                   got > 0)
                continue;
        planche_archive_close(&archive);
    }
    if (budget.used != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    uint8_t *copy = malloc(size + 1);
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (copy && fd >= 0) {
        memcpy(copy, data, size);
        mend_7z(copy, size);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (write(fd, copy, size) == (ssize_t)size)
            read_book(path);
    }
    if (fd >= 0)
        close(fd);
    free(copy);
    return 0;
}
