/* SPDX-License-Identifier: MIT */
/* Gzip decompression, all members and their checksums, which libarchive's own filter does not
 * check; unlike zlib's gzread, it gives out what comes before a fault. */
#ifndef PLANCHE_UNPACK_GUNZIP_H
#define PLANCHE_UNPACK_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#define GUNZIP_BYTES ((size_t)64 << 10)

struct gunzip {
    int fd;
    uint64_t at; /* in the file */
    z_stream inflater;
    bool ended;        /* the last member is complete */
    const char *fault; /* NULL: none */
    int reason;        /* errno's kind: EIO, ENOMEM, EILSEQ */
    uint8_t in[GUNZIP_BYTES], out[GUNZIP_BYTES];
};

/* Reads from the beginning of fd, whose position stays. False: no memory. */
bool gunzip_start(struct gunzip *gunzip, int fd);
/* The number of next bytes in out; 0: the end; -1: fault says why. */
int64_t gunzip_next(struct gunzip *gunzip);

#endif
